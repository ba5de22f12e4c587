"""The Sphinx extension: derivations, tables, numbers and rules that a build works out, or checks.

Put ``"archcalc.sphinxext"`` among the `extensions` of ``conf.py``.  Then, in reStructuredText::

    .. archcalc:: mnist_cnn.yaml derivation

    It has :archcalc:`mnist_cnn.yaml parameters` parameters.

and the same in MyST.  ``:archcalc:`542,230 <mnist_cnn.yaml parameters>``` is checked: another
number there is a warning.  So are the blocks that ``archcalc docs`` fills.

Settings of ``conf.py``:

- ``archcalc_math``: ``"mathml"``, which browsers set by themselves (the default), or ``"sphinx"``,
  the way that Sphinx sets its own formulas, such as MathJax.
- ``archcalc_import``: whether ``module:attribute`` may be named; importing a module runs it.
- ``archcalc_check``: whether blocks between marks are checked (the default).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

import archcalc
from archcalc.explain import text
from archcalc.explain.doc_blocks import RST, SUFFIXES, Answer, Page, block_of, say_with
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Entry,
    Inline,
    Math,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from archcalc.frameworks.opening import beside
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.printing import to_latex, to_mathml, to_text
from archcalc.symbolic.shape import Shape

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["setup"]

_LOG = logging.getLogger(__name__)
_WAYS = (to_mathml, to_latex, to_text)


class formula(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils' nodes are named so
    """A formula in the forms that builders set: MathML, LaTeX, and plain text."""


# Answers as nodes


class _Setter:
    """An answer as nodes of docutils.

    Args:
        by_sphinx: whether formulas are set as Sphinx sets its own.
        label: by which its layers can be referred to; none where it is empty.
    """

    def __init__(self, by_sphinx: bool, label: str = "") -> None:
        self._by_sphinx = by_sphinx
        self._label = label

    def blocks(self, document: Document) -> list[nodes.Element]:
        """Paragraphs, tables and layers."""
        return [self._block(block) for block in document.blocks]

    def _block(self, block: Block) -> nodes.Element:
        match block:
            case Paragraph(content, kind):
                paragraph = nodes.paragraph("", "", *self.line(content))
                if kind == "warning":
                    return nodes.warning("", paragraph)
                inner = nodes.strong("", "", *paragraph.children)
                return nodes.paragraph("", "", inner) if kind == "total" else paragraph
            case Entry():
                return self._entry(block)
            case Table():
                return self._table(block)
            case Picture():
                words = addnodes.only(expr="not html")
                words += nodes.literal_block(block.mermaid, block.mermaid, language="text")
                return nodes.container("", nodes.raw("", block.svg, format="html"), words)

    def _entry(self, entry: Entry) -> nodes.Element:
        fields = nodes.field_list()
        for rule in entry.rules:
            note = [nodes.Text("   "), *self.line(rule.note)] if rule.note else []
            body = nodes.paragraph("", "", *self.line(rule.content), *note)
            name = nodes.field_name("", rule.label)
            fields += nodes.field("", name, nodes.field_body("", body))
        title = nodes.paragraph("", "", *self.line(entry.title), classes=["archcalc-title"])
        parts = [title, fields] if entry.rules else [title]
        section = nodes.container("", *parts, classes=["archcalc-entry"])
        path = next((part.text for part in entry.title if isinstance(part, Code)), "")
        if self._label and path:
            section["names"].append(nodes.fully_normalize_name(f"{self._label}/{path}"))
        return section

    def _table(self, table: Table) -> nodes.Element:
        group = nodes.tgroup(cols=len(table.align))
        columns = zip(table.head, *table.rows, strict=True)  # text has no other width for them
        for column in columns:
            widths = [len(cell if isinstance(cell, str) else text.line(cell)) for cell in column]
            group += nodes.colspec(colwidth=max(widths) + 2)
        if any(table.head):
            head = [(name,) if name else () for name in table.head]
            group += nodes.thead("", self._row(head, table.align))
        body = nodes.tbody()
        for number, cells in enumerate(table.rows):
            last = number >= len(table.rows) - table.footer
            body += self._row(cells, table.align, ["archcalc-total"] if last else [])
        group += body
        whole = nodes.table("", group, classes=["archcalc"])
        whole["classes"].append("colwidths-auto")
        if not table.caption:
            return whole
        under = nodes.paragraph("", "", *self.line(table.caption))
        return nodes.container("", whole, under)

    def _row(
        self, cells: Sequence[Iterable[Inline]], align: str, classes: Iterable[str] = ()
    ) -> nodes.row:
        row = nodes.row(classes=list(classes))
        for cell, side in zip(cells, align, strict=True):
            parts = self.line(cell)
            inner = [nodes.paragraph("", "", *parts)] if parts else []
            row += nodes.entry("", *inner, classes=["archcalc-right"] if side == "r" else [])
        return row

    def line(self, content: Iterable[Inline]) -> list[Node]:
        """What stands within a line."""
        return [self._inline(part) for part in content]

    def _inline(self, part: Inline) -> Node:
        match part:
            case str():
                return nodes.Text(part)
            case Math(expression, values, order):
                return self._formula(*(write(expression, values, order) for write in _WAYS))
            case Amount(value) if not isinstance(value, int):
                sign = text.plus(part)
                return self._formula(*(sign + write(value) for write in _WAYS))
            case Amount():
                return nodes.Text(text.inline(part))
            case Shape():
                return nodes.Text(text.inline(part))
            case Code(name):
                return nodes.literal("", name)
            case Strong(words):
                return nodes.strong("", words)

    def _formula(self, mathml: str, latex: str, plain: str) -> Node:
        if self._by_sphinx:
            return nodes.math(latex, latex)
        return formula("", "", mathml=mathml, latex=latex, plain=plain)


def _said(answer: Answer) -> str:
    """An answer within a line, as plain text."""
    return text.line(answer) if not isinstance(answer, Document) else text.render(answer)


# In documents


class _Asking:
    """What the directive and the role share: they answer an order in the document they stand in."""

    env: BuildEnvironment
    get_location: Callable[[], str]

    def answer(self, order: str, networks: dict[str, str], *, whole: bool) -> Answer:
        """What is asked for.

        Raises:
            ArchcalcError: it cannot be read, or is not there.
        """
        say = say_with(lambda name: self._opened(name))
        return say(block_of(order, RST, networks, whole=whole))

    def _opened(self, name: str) -> archcalc.network.Network:
        _, path = self.env.relfn2path(name)
        if Path(path).is_file():
            self.env.note_dependency(path)
        folder = Path(self.env.relfn2path(".")[1])
        return beside(folder, importing=bool(self.env.config.archcalc_import))(name)

    def setter(self, label: str = "") -> _Setter:
        """What makes nodes of an answer, as ``conf.py`` says."""
        return _Setter(self.env.config.archcalc_math == "sphinx", label)


class ArchcalcDirective(_Asking, SphinxDirective):
    """``.. archcalc:: FILE VIEW``, or a network in its content as YAML: ``.. archcalc:: VIEW``."""

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "set": directives.unchanged,
        "name": directives.unchanged,
        "caption": directives.unchanged,
    }

    def run(self) -> list[Node]:
        order = self.arguments[0] if self.arguments else ""
        networks = {"network": "\n".join(self.content)} if self.content else {}
        words = [*(["#network"] if networks else []), order, self.options.get("set", "")]
        label = self.options.get("name", "")
        try:
            answer = self.answer(" ".join(words), networks, whole=True)
        except ArchcalcError as error:
            raise self.error(f"archcalc: {error}") from None
        setter = self.setter(label)
        if isinstance(answer, Document):
            made = setter.blocks(answer)
        else:
            made = [nodes.paragraph("", "", *setter.line(answer))]
        self._name(made, label)
        return list(made)

    def _name(self, made: list[nodes.Element], label: str) -> None:
        """What can be referred to: the first table by its label, a layer by it and its path."""
        caption = self.options.get("caption")
        table = next((node for node in made if isinstance(node, nodes.table)), None)
        if caption and table is not None:
            table.insert(0, nodes.title("", caption))
        if label:
            (table if table is not None else made[0])["names"].append(
                nodes.fully_normalize_name(label)
            )
        for node in made:
            if node["names"]:
                self.set_source_info(node)
                self.state.document.note_explicit_target(node, node)


class ArchcalcRole(_Asking, SphinxRole):
    """``:archcalc:`FILE VIEW```; with a text before it in angle brackets, the text is checked."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        claimed, order = _titled(self.text)
        try:
            answer = self.answer(order, {}, whole=False)
        except ArchcalcError as error:
            problem = self.inliner.reporter.error(f"archcalc: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, problem)], [problem]
        said = _said(answer)
        if claimed is not None and _bare(claimed) != _bare(said):
            _LOG.warning(
                "stale: the text says %s, and %s is %s", claimed, order, said,
                location=self.get_location(), type="archcalc", subtype="stale",
            )  # fmt: skip
        if isinstance(answer, Document):
            problem = self.inliner.reporter.error(
                f"archcalc: {order} is more than a part of a line; use the directive",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, problem)], [problem]
        return self.setter().line(answer), []


def _titled(words: str) -> tuple[str | None, str]:
    """``claimed <order>``, or an order by itself.

    >>> _titled("542,230 <mnist_cnn.yaml parameters>"), _titled("mnist_cnn.yaml macs")
    (('542,230', 'mnist_cnn.yaml parameters'), (None, 'mnist_cnn.yaml macs'))
    """
    before, bracket, rest = words.partition("<")
    if bracket and rest.rstrip().endswith(">") and before.strip():
        return before.strip(), rest.rstrip()[:-1].strip()
    return None, words


def _bare(words: str) -> str:
    """What counts in comparing two texts: neither spaces nor how thousands are set apart."""
    return "".join(c for c in words if not c.isspace() and c not in ",_'\u202f\u00a0")


def _check(app: Sphinx, docname: str, _: list[str]) -> None:
    """Warn of blocks between marks that do not say what they should."""
    path = Path(app.env.doc2path(docname))
    if not (app.config.archcalc_check and path.suffix in SUFFIXES):
        return
    page = Page(path.name, path.read_bytes().decode("utf-8"))
    if not page.has_blocks:
        return
    say = say_with(beside(path.parent, importing=bool(app.config.archcalc_import)))
    try:
        for stale in page.stale(say):
            _LOG.warning(
                "stale: archcalc docs %s fills it\n%s", path.name, stale.diff(path.name),
                location=(docname, stale.block.line), type="archcalc", subtype="stale",
            )  # fmt: skip
    except ArchcalcError as error:
        _LOG.warning("archcalc: %s", error, location=docname, type="archcalc", subtype="block")


# Builders

_STYLE = """
table.archcalc td.archcalc-right, table.archcalc th.archcalc-right { text-align: right;
  font-variant-numeric: tabular-nums; }
table.archcalc tr.archcalc-total td { border-top: 1px solid currentColor; font-weight: 600; }
div.archcalc-entry { margin: 1rem 0; overflow-x: auto; }
div.archcalc-entry p.archcalc-title { margin-bottom: .2rem; white-space: pre-wrap; }
div.archcalc-entry dl.field-list { margin: 0 0 0 1rem; }
math { math-style: normal; }
"""
_STYLE_FILE = "archcalc-sphinx.css"


def _write_style(app: Sphinx, failed: Exception | None) -> None:
    if failed is None and app.builder.format == "html":
        folder = Path(app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _STYLE_FILE).write_text(_STYLE, encoding="utf-8")


def _in_html(translator: Any, node: nodes.Element) -> None:
    translator.body.append(node["mathml"])
    raise nodes.SkipNode


def _in_latex(translator: Any, node: nodes.Element) -> None:
    translator.body.append(rf"\({node['latex']}\)")
    raise nodes.SkipNode


def _in_text(translator: Any, node: nodes.Element) -> None:
    translator.add_text(node["plain"])
    raise nodes.SkipNode


def _in_roff(translator: Any, node: nodes.Element) -> None:
    translator.visit_Text(nodes.Text(node["plain"]))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls to load the extension."""
    app.add_config_value("archcalc_math", "mathml", "env", (str,))
    app.add_config_value("archcalc_import", False, "env", (bool,))
    app.add_config_value("archcalc_check", True, "", (bool,))
    app.add_node(
        formula,
        html=(_in_html, None),
        latex=(_in_latex, None),
        text=(_in_text, None),
        man=(_in_roff, None),
        texinfo=(_in_roff, None),
    )
    app.add_directive("archcalc", ArchcalcDirective)
    app.add_role("archcalc", ArchcalcRole())
    app.add_css_file(_STYLE_FILE)
    app.connect("source-read", _check)
    app.connect("build-finished", _write_style)
    return {
        "version": archcalc.__version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
