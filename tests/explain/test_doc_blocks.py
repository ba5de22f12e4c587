"""Documents that check themselves: found, filled, compared; in four kinds of document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import docutils.core
import docutils.utils
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

import archcalc as ac
from archcalc.explain.doc_blocks import (
    LATEX,
    MARKDOWN,
    RST,
    VIEWS,
    Answer,
    Block,
    Page,
    Say,
    Syntax,
    find_blocks,
    say_with,
)
from archcalc.explain.doc_blocks.blocks import filled, stale_blocks
from archcalc.frameworks.opening import beside
from tests.sampling import examples

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

PAGE = """# A page

<!-- archcalc: net.yaml summary n=10 -->
<!-- /archcalc -->

```markdown
<!-- archcalc: this is only shown -->
```

<!-- archcalc: net.yaml -->
old
<!-- /archcalc -->

The end.
"""

KINDS = {"a.md": MARKDOWN, "a.rst": RST, "a.tex": LATEX}


def says(words: str) -> Say:
    return lambda block: (words,)


def examples_say() -> Say:
    return say_with(beside(EXAMPLES))


def with_block(syntax: Syntax, order: str, text: str = "") -> str:
    """A block of one kind of document, on lines of its own."""
    opening, closing = syntax.marks
    return f"{opening.replace('FILE derivation', order)}\n{text}{closing}\n"


def test_blocks_are_found_filled_and_compared() -> None:
    blocks = find_blocks(PAGE)
    assert [(b.source, b.view, b.values, b.text, b.line) for b in blocks] == [
        ("net.yaml", "summary", (("n", "10"),), "", 3),
        ("net.yaml", "derivation", (), "old\n", 10),
    ]
    fresh = filled(PAGE, says("new!"))
    assert fresh.count("-->\nnew!\n<!--") == 2
    assert not stale_blocks(fresh, says("new!"))
    assert filled(fresh, says("new!")) == fresh


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("<!-- archcalc: a.yaml -->", "line 1: this block has no end"),
        ("<!-- archcalc: a.yaml -->\n<!-- archcalc: b.yaml -->\n<!-- /archcalc -->", "no end"),
        ("<!-- archcalc: -->\n<!-- /archcalc -->", "names no network"),
        ("<!-- archcalc: a.yaml n= -->\n<!-- /archcalc -->", "gives no symbol a value"),
        ("<!-- archcalc: a.yaml macs as=x -->\n<!-- /archcalc -->", "names no answers in Markdown"),
        ("<!-- archcalc: 'a -->\n<!-- /archcalc -->", "No closing quotation"),
        ("<!-- archcalc-network: a -->\nno listing", "no listing follows"),
        ("<!-- archcalc-network: 1 2 -->\n```\n```", "is not a name"),
    ],
)
def test_a_block_of_another_form_is_refused(order: str, said: str) -> None:
    with pytest.raises(ac.errors.SpecificationError) as caught:
        find_blocks(order)
    assert said in str(caught.value)
    assert caught.value.code == "bad-block"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("mnist_cnn.yaml poem", "'poem' is not a view of a network; there are derivation"),
        ("mnist_cnn.yaml summary dense", "takes no more"),
        ("mnist_cnn.yaml rule", "rule takes one layer"),
        ("mnist_cnn.yaml rule flattens", "no layer is called 'flattens'"),
        ("mnist_cnn.yaml macs conv3d", "no layer is called 'conv3d'"),
        ("mnist_cnn.yaml comparison", "takes one network"),
        ("mnist_cnn.yaml macs f=3", "f"),
        ("#mnist macs", "describes no network '#mnist'"),
        ("nowhere.yaml macs", "there is no such file"),
        ("os:system derivation", "os:system: it is not imported"),
        ("../../pyproject.toml macs", "pyproject.toml"),
    ],
)
@pytest.mark.parametrize("name", KINDS)
def test_what_cannot_be_answered_is_said_with_its_line(name: str, order: str, said: str) -> None:
    page = Page(name, "One line.\n\n" + with_block(KINDS[name], order))
    with pytest.raises(ac.ArchcalcError) as caught:
        page.stale(examples_say())
    assert said in str(caught.value)
    assert str(caught.value).startswith("line 3: ")


def test_more_than_a_part_of_a_line_needs_lines_of_its_own() -> None:
    page = Page("a.md", "x <!-- archcalc: mnist_cnn.yaml derivation --><!-- /archcalc -->")
    with pytest.raises(ac.ArchcalcError, match="a derivation is more than a part of a line"):
        page.stale(examples_say())


SENTENCE = (
    "It has <!-- archcalc: mnist_cnn.yaml parameters -->?<!-- /archcalc --> parameters, "
    "<!-- archcalc: mnist_cnn.yaml parameters conv2d -->?<!-- /archcalc --> of them first; "
    "<!-- archcalc: mnist_cnn.yaml bytes -->?<!-- /archcalc -->; "
    "<!-- archcalc: mnist_cnn.yaml output max_pooling2d -->?<!-- /archcalc -->; "
    "<!-- archcalc: mnist_cnn.yaml rule dense_1 -->?<!-- /archcalc -->; "
    "<!-- archcalc: mnist_symbols.yaml parameters k=3 n=100 -->?<!-- /archcalc -->; "
    "`<!-- archcalc: only shown -->`"
)


def test_numbers_and_rules_within_a_sentence() -> None:
    fresh = Page("a.md", SENTENCE).filled(examples_say())
    said = re.sub(r"(?<!`)<!--.*?-->(?!`)", "", fresh)
    assert said == (
        r"It has 542,230 parameters, 320 of them first; 2.07 MiB; $13 \times 13 \times 32$; "
        r"$\left(n_{\mathrm{in}} + 1\right) \cdot n_{\mathrm{out}} = "
        r"\left(100 + 1\right) \cdot 10 = 1{,}010$; "
        r"$10 \cdot f + 100 \cdot \left(169 \cdot f + 1\right) + 1010$; "
        "`<!-- archcalc: only shown -->`"
    ), said


CODE = "<!-- archcalc: mnist_cnn.yaml parameters -->?<!-- /archcalc -->"


@pytest.mark.parametrize(
    "text",
    [
        f"Words.\n\n    {CODE}\n",
        f"\t{CODE}\n",
        f"    first\n\n    {CODE} and `more` {CODE}\n",
        f"- one\n\nWords.\n\n    {CODE}\n",
        f"```\n- one\n```\n\n    {CODE}\n",
        f"# Words\n\n    {CODE}\nWords\n    {CODE}\n",
        f"Words\n    {CODE}\n",
        f"- one\n\n    {CODE}\n",
        f"10. one\n\n    {CODE}\n\n    {CODE}\n",
        f"- one\n  - two\n\n    {CODE}\n",
        f"   {CODE}\n",
    ],
)
def test_what_four_spaces_make_code_is_left_alone(text: str) -> None:
    """Code is what a reader of CommonMark takes for it."""
    reader = pytest.importorskip("markdown_it").MarkdownIt()
    code = reader.render(text).count("&lt;!-- archcalc")
    after = Page("a.md", text).filled(examples_say())
    assert after.count("542,230") == text.count(CODE) - code


EVERY_VIEW = [
    f"mnist_cnn.yaml {name} {'dense' * (view.takes == 'layer')}"
    f"{'lenet5.yaml' * (view.takes == 'network')}"
    for name, view in VIEWS.items()
]


@pytest.mark.parametrize("name", KINDS)
def test_one_changed_digit_is_found_in_every_view(name: str) -> None:
    syntax, telling = KINDS[name], examples_say()
    known: dict[tuple[str, str], Answer] = {}  # what is true is worked out once

    def say(block: Block) -> Answer:
        key = block.source, block.view
        return known[key] if key in known else known.setdefault(key, telling(block))

    page = Page(name, "".join(f"{with_block(syntax, order)}\n" for order in EVERY_VIEW))
    fresh = Page(name, page.filled(say))
    assert not fresh.stale(say)
    for block in find_blocks(fresh.text, syntax):
        found = re.search(r"\d", block.text)
        assert found, block
        place = block.start + found.start()
        digit = str((int(fresh.text[place]) + 1) % 10)
        changed = Page(name, fresh.text[:place] + digit + fresh.text[place + 1 :])
        (stale,) = changed.stale(say)
        assert stale.block.line == block.line
        assert any(line.startswith("-") for line in stale.diff().splitlines()[2:])
        assert changed.filled(say) == fresh.text


def test_a_network_that_the_document_describes() -> None:
    yaml = "input: [4]\nlayers: [{Dense: 2}]\n"
    indented = "".join(f"   {line}\n" for line in yaml.splitlines())
    pages = {
        "a.md": f"<!-- archcalc-network: one -->\n\n```yaml\n{yaml}```\n",
        "a.rst": f".. archcalc-network: one\n\n.. code:: yaml\n   :class: x\n\n{indented}\n",
        "b.rst": f".. archcalc-network: one\n\n::\n\n{indented}\n",
        "a.tex": "% archcalc-network: one\n"
        f"\\begin{{lstlisting}}[language=yaml]\n{yaml}\\end{{lstlisting}}\n",
    }
    for name, text in pages.items():
        syntax = Page(name, "").syntax
        page = Page(name, text + with_block(syntax, "#one parameters"))
        assert re.search(r"\b10\b", page.filled(examples_say()).partition("#one")[2]), name


def test_answers_that_a_document_names() -> None:
    say = examples_say()
    rst = with_block(RST, "mnist_cnn.yaml parameters as=total")
    assert ".. |total| replace:: 542,230\n" in Page("a.rst", rst).filled(say)
    tex = with_block(LATEX, "mnist_cnn.yaml rule dense_1 as=lastrule")
    assert r"\newcommand{\lastrule}{$\left(n_{" in Page("a.tex", tex).filled(say)


def test_docutils_reads_what_is_set() -> None:
    text = "Title\n=====\n\n" + "".join(
        f"{with_block(RST, order)}\n" for order in [*EVERY_VIEW, "mnist_as_printed.yaml summary"]
    )
    fresh = Page("a.rst", text).filled(examples_say())
    tree = docutils.core.publish_doctree(fresh, settings_overrides={"report_level": 2})
    problems = [str(node) for node in tree.findall() if node.tagname == "system_message"]
    assert not problems
    assert tree.astext().count("540,900") >= 2


# Lists and quotations


def test_a_block_within_a_list_or_a_quotation_stays_within() -> None:
    mark = "<!-- archcalc: mnist_cnn.yaml summary -->\n{0}<!-- /archcalc -->\n"
    text = f"- a\n  - b\n    {mark.format('    ')}\n> c\n> {mark.format('> ')}\nThe end.\n"
    fresh = Page("a.md", text).filled(examples_say())
    assert not Page("a.md", fresh).stale(examples_say())
    tree = SyntaxTreeNode(MarkdownIt().enable("table").parse(fresh))
    kinds = [[node.parent.type, node.parent.parent.type] for node in tree.walk()
             if node.type == "table" and node.parent and node.parent.parent]  # fmt: skip
    assert kinds == [["list_item", "bullet_list"], ["blockquote", "root"]]
    assert [node.type for node in tree.children] == ["bullet_list", "blockquote", "paragraph"]

    text = "* a\n\n  " + with_block(RST, "mnist_cnn.yaml derivation").replace("\n", "\n  ")
    fresh = Page("a.rst", f"{text.rstrip()}\n  Still a.\n").filled(examples_say())
    found = docutils.core.publish_doctree(fresh, settings_overrides={"report_level": 2})
    assert [node.tagname for node in found.children] == ["bullet_list"]


def test_a_listing_within_a_list_or_a_quotation() -> None:
    shown = "<!-- archcalc: a.yaml macs -->1<!-- /archcalc -->\n"
    for begin, lead in (("- ", "  "), ("1. ", "   "), ("> ", "> "), ("- > ", "  > ")):
        text = f"{begin}```\n{lead}{shown}{lead}```\n\n{shown}"
        assert [block.line for block in find_blocks(text)] == [5], begin
    yaml = "```yaml\n> input: [4]\n> layers:\n>   - Dense: 2\n> ```\n"
    page = Page(
        "a.md",
        f"> <!-- archcalc-network: one -->\n> {yaml}" + BLOCK.replace("mnist_cnn.yaml", "#one"),
    )
    assert "-->10<!--" in page.filled(examples_say())


# Nothing else is touched

TEXT = st.text(st.sampled_from("ab \n#`*_$%\\<>{}-.:|é\t\r1"), max_size=60)


@given(st.data(), st.sampled_from(sorted(KINDS)))
@examples()
def test_nothing_outside_the_marks_changes(data: st.DataObject, name: str) -> None:
    syntax = KINDS[name]
    pieces = data.draw(st.lists(TEXT, min_size=1, max_size=4))
    olds = [data.draw(st.sampled_from(["", "old\n"])) for _ in pieces]
    text = "\n\n".join(
        f"{piece}\n\n{with_block(syntax, 'a.yaml macs', old)}"
        for piece, old in zip(pieces, olds, strict=True)
    )
    try:
        blocks = find_blocks(text, syntax)
    except ac.errors.SpecificationError:  # a fence that runs over the end of a block, say
        assume(False)
    fresh = filled(text, says("12"), syntax)
    outside, place = [], 0
    for block in blocks:
        outside.append(text[place : block.start])
        place = block.end
    outside.append(text[place:])
    pattern = r"\s*12\s*".join(re.escape(part) for part in outside)
    assert re.fullmatch(pattern, fresh, re.DOTALL)
    assert filled(fresh, says("12"), syntax) == fresh


@given(TEXT, st.sampled_from(sorted(KINDS)))
@examples()
def test_text_without_marks_is_left_as_it_is(text: str, name: str) -> None:
    assert filled(text, says("12"), KINDS[name]) == text


def notebook(*cells: dict[str, Any], **style: Any) -> str:
    whole = {"cells": list(cells), "metadata": {"a": [1.0, 2e3]}, "nbformat": 4}
    return json.dumps(whole, **style)


def markdown(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


BLOCK = "It has <!-- archcalc: mnist_cnn.yaml parameters -->1<!-- /archcalc -->\n"


@pytest.mark.parametrize("style", [{}, {"indent": 1}, {"indent": 4}, {"indent": "\t"}])
@pytest.mark.parametrize("source", [BLOCK, [BLOCK], [BLOCK, "parameters, é.\n", "The end"]])
def test_cells_of_notebooks(style: dict[str, Any], source: str | list[str]) -> None:
    code = {"cell_type": "code", "metadata": {}, "source": [BLOCK], "outputs": []}
    text = notebook(code, markdown("# é"), markdown(source), ensure_ascii=False, **style)
    page = Page("a.ipynb", text)
    assert page.has_blocks
    (stale,) = page.stale(examples_say())
    assert (stale.cell, stale.block.text, stale.text) == (3, "1", "542,230")
    assert stale.diff("a.ipynb").startswith("--- a.ipynb, cell 3, line 1")
    head, _, tail = text.rpartition("-->1<!--")
    assert page.filled(examples_say()) == f"{head}-->542,230<!--{tail}"


def test_a_network_of_another_cell_and_an_error_in_one() -> None:
    described = "<!-- archcalc-network: one -->\n```yaml\ninput: [4]\nlayers: [{Dense: 2}]\n```\n"
    asking = "<!-- archcalc: #one parameters --><!-- /archcalc -->"
    page = Page("a.ipynb", notebook(markdown(described), markdown(asking)))
    assert "-->10<!--" in page.filled(examples_say())
    page = Page("a.ipynb", notebook(markdown("#"), markdown("\n<!-- archcalc: a -->")))
    with pytest.raises(ac.ArchcalcError, match="cell 2: line 2: this block has no end"):
        page.stale(examples_say())


NO_NOTEBOOKS = ["", "[]", "{", '{"cells": 3, "a": 1}', '{"cells": [{"a"}]}', "[" * 9999]


@pytest.mark.parametrize("text", NO_NOTEBOOKS)
def test_what_is_no_notebook(text: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        Page("a.ipynb", text).stale(examples_say())
    assert caught.value.code == "not-a-notebook"


def test_lines_end_as_the_document_has_them() -> None:
    text = with_block(MARKDOWN, "mnist_cnn.yaml derivation").replace("\n", "\r\n")
    fresh = Page("a.md", text).filled(examples_say())
    assert "\n" not in fresh.replace("\r\n", "")
    assert not Page("a.md", fresh).stale(examples_say())


@pytest.mark.parametrize(
    "yaml",
    [
        "!!python/object/apply:os.system [exit]",
        "input: [4]\nlayers: [{Dense: \"__import__('os').getpid()\"}]",
        "input: [4]\nlayers: [{Lambda: exit}]",
        "a: &a [*a]",
    ],
)
def test_a_hostile_block_executes_nothing(yaml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def refused(*_: Any) -> None:
        raise AssertionError("executed")

    monkeypatch.setattr(os, "system", refused)
    monkeypatch.setattr(os, "getpid", refused)
    text = f"<!-- archcalc-network: x -->\n```yaml\n{yaml}\n```\n"
    page = Page("a.md", text + with_block(MARKDOWN, "#x summary"))
    with pytest.raises(ac.ArchcalcError):
        page.stale(examples_say())


# Drawings and sheets


@pytest.mark.parametrize("ending", ["md", "rst", "tex"])
def test_a_drawing_and_a_sheet_are_blocks_too(ending: str) -> None:
    before, after = {
        "md": ("<!-- archcalc: {} -->", "<!-- /archcalc -->"),
        "rst": (".. archcalc: {}", ".. /archcalc"),
        "tex": ("% archcalc: {}", "% /archcalc"),
    }[ending]
    orders = ["a.yaml drawing right", "gpt.yaml sheet batch=2 length=1024 memory=24GiB",
              "gpt.yaml sheet cache length=1024"]  # fmt: skip
    text = "\n\n".join(f"{before.format(order)}\n{after}" for order in orders) + "\n"
    nets = {"a.yaml": "mnist_cnn.yaml", "gpt.yaml": "gpt2_small.yaml"}
    say = say_with(lambda name: ac.load(EXAMPLES / nets[name]))
    filled = Page(f"page.{ending}", text).filled(say)
    page = Page(f"page.{ending}", filled)
    assert page.stale(say) == []
    assert filled.count("Conv2D") == 1
    assert ("```mermaid\nflowchart LR\n" in filled) == (ending == "md")
    assert "72.00" in filled  # MiB: 2·2 bytes·12 layers·768·1024·2
    stale = Page(f"page.{ending}", filled.replace("Conv2D", "Conv3D")).stale(say)
    assert [block.block.view for block in stale] == ["drawing"]
