"""A directive that lists every error: its class, its codes, what they say, and what mends it.

Classes say what they mean; what a code says stands where it is raised, in the source of archcalc,
which is read and not run.  So nothing here is written twice.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import archcalc
from archcalc import errors

SOURCE = Path(archcalc.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_MOST = 3
"""So many messages and hints of a code are shown."""
_OWN_WORDS = "*what was asked, in its own words*"


class Said(NamedTuple):
    """What is said in one place of the source."""

    code: str
    message: str
    hint: str


def table() -> Iterator[str]:
    """Every code, with what it says and what mends it, as Markdown.

    >>> (row,) = [row for row in table() if row.startswith("| `kernel-exceeds-input`")]
    >>> "kernel … does not fit input" in row, "use padding='same'" in row
    (True, True)
    """
    yield from ("| code | says | what mends it |", "|---|---|---|")
    for code in sorted({each.code for each in places()} - {"error"}):
        found = [each for each in places() if each.code == code]
        says = _listed([each.message for each in found]) or _OWN_WORDS
        yield f"| `{code}` | {says} | {_listed([each.hint for each in found])} |"


def classes() -> Iterator[str]:
    """Every class of errors, with what it means, as Markdown."""
    yield from ("| class | is a | means |", "|---|---|---|")
    for name, kind in _kinds():
        builtin = next(base for base in kind.__mro__ if base.__module__ == "builtins")
        yield f"| `{name}` | `{builtin.__name__}` | {_first_line(kind)} |"


def _kinds() -> list[tuple[str, type]]:
    named = ((name, getattr(errors, name)) for name in errors.__all__)
    return [(name, kind) for name, kind in named if isinstance(kind, type)]


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


@cache
def places() -> tuple[Said, ...]:
    """Every place of the source that gives a code, in the order of its files."""
    texts = [path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))]
    modules = [list(ast.walk(ast.parse(text))) for text in texts if "code" in text]
    taking = {name: place for nodes in modules for name, place in _taking_a_code(nodes)}
    return tuple(said for nodes in modules for said in _said_in(nodes, taking))


def _taking_a_code(nodes: list[ast.AST]) -> Iterator[tuple[str, int]]:
    """Functions that are given a code by position, and where."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            names = [arg.arg for arg in node.args.args if arg.arg not in ("self", "cls")]
            if "code" in names:
                yield node.name, names.index("code")


def _said_in(nodes: list[ast.AST], taking: dict[str, int]) -> Iterator[Said]:
    """What is said in a module: by classes, by defaults, and by calls."""
    assigned = _Assigned(nodes)
    for node in nodes:
        match node:
            case ast.ClassDef():
                meaning = (ast.get_docstring(node) or "").partition("\n")[0]
                for code in _codes(assigned.within(node, "default_code")):
                    yield Said(code, meaning, "")
            case ast.FunctionDef(args=args):
                for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
                    if arg.arg == "code":
                        yield from (Said(code, "", "") for code in _codes(default))
            case ast.Call():
                yield from _said(node, taking, assigned)


class _Assigned:
    """What names stand for in a module, where that is a text."""

    def __init__(self, nodes: list[ast.AST]) -> None:
        self._values: dict[str, list[tuple[int, ast.expr]]] = {}
        for node in nodes:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    self._values.setdefault(name, []).append((node.lineno, value))

    def at(self, node: ast.expr | None) -> ast.expr | None:
        """What `node` stands for, where it is a name: what was assigned to it last."""
        if not isinstance(node, ast.Name):
            return node
        before = [each for each in self._values.get(node.id, ()) if each[0] < node.lineno]
        return max(before, key=lambda each: each[0])[1] if before else node

    def within(self, kind: ast.ClassDef, name: str) -> ast.expr | None:
        """What is assigned to a name in a class."""
        lines = range(kind.lineno, (kind.end_lineno or kind.lineno) + 1)
        return next((value for line, value in self._values.get(name, ()) if line in lines), None)


def _said(call: ast.Call, taking: dict[str, int], assigned: _Assigned) -> Iterator[Said]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {word.arg: word.value for word in call.keywords}
    given = keywords.get("code")
    place = taking.get(name)
    if given is None and place is not None and place < len(call.args):
        given = call.args[place]
    for code in _codes(given):
        texts = (_text(assigned.at(node)) for node in call.args if node is not given)
        hint = _text(assigned.at(keywords.get("hint")))
        yield Said(code, next((text for text in texts if text.strip("… ")), ""), hint)


def _codes(node: ast.AST | None) -> list[str]:
    """The codes that an argument may be."""
    parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    return [value for value in values if isinstance(value, str) and CODE.fullmatch(value)]


def _text(node: ast.AST | None) -> str:
    """What an argument says, with … for what is put in; empty where it is no text."""
    match node:
        case ast.Constant(value=str(said)):
            return re.sub(r"\{[^}]*\}", "…", said)
        case ast.JoinedStr(values=parts):
            return re.sub("……+", "…", "".join(_text(part) or "…" for part in parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + (_text(right) or "…")
        case ast.IfExp(body=body):
            return _text(body)
    return ""


def _listed(texts: list[str]) -> str:
    """Texts, each once, as they can stand in a cell of a table."""
    shown = [text for text in dict.fromkeys(texts) if text.strip("… ")]
    lines = [re.sub(r"([|<>*_`\[\]\\$])", r"\\\1", text) for text in shown[:_MOST]]
    return "; ".join(lines) + (" …" if len(shown) > _MOST else "")


class ErrorsDirective(SphinxDirective):
    """The table of classes, or that of codes."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        rows = {"classes": classes, "codes": table}[self.arguments[0]]()
        made = self.parse_text_to_nodes("\n".join(rows))
        for node in made:
            node["classes"].append("names-whole")
        return made


def setup(app: Any) -> dict[str, bool]:
    """Offer the directive ``errors``."""
    app.add_directive("errors", ErrorsDirective)
    return {"parallel_read_safe": True}
