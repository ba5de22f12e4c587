"""Explanations as GitHub-flavoured Markdown with LaTeX between dollar signs."""

from __future__ import annotations

from collections.abc import Iterable

from archcalc.explain import text
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Entry,
    Inline,
    Math,
    Paragraph,
    Strong,
    Table,
)
from archcalc.symbolic.printing import to_latex
from archcalc.symbolic.shape import Shape, is_sum

__all__ = ["render"]

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>|#$~"})


def render(document: Document) -> str:
    """`document` as Markdown, without a last line end."""
    return "\n\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            if kind == "warning":
                return f"> **Warning.** {_line(content)}"
            return f"**{_line(content)}**" if kind == "total" else _line(content)
        case Entry(title, rules):
            items = [f"- {r.label}: {_line(r.content)}{_note(r.note)}" for r in rules]
            return (
                "\n".join([f"**{_line(title)}**", "", *items]) if items else f"**{_line(title)}**"
            )
        case Table():
            return _table(block)


def _note(note: Iterable[Inline]) -> str:
    said = _line(note)
    return f" *({said})*" if said else ""


def _table(table: Table) -> str:
    marks = ["---:" if side == "r" else ":---" for side in table.align]
    rows = [[_line(cell) for cell in row] for row in table.rows]
    for row in rows[len(rows) - table.footer :]:
        row[:] = [f"**{cell}**" if cell else "" for cell in row]
    head = [heading.translate(_SPECIAL) for heading in table.head]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])


def _line(content: Iterable[Inline]) -> str:
    return _joined(_inline(part) for part in content)


def _joined(parts: Iterable[str]) -> str:
    """The parts of a line; formulas that an equals sign joins become one formula."""
    return "".join(parts).replace("$ = $", " = ")


def _inline(part: Inline) -> str:
    match part:
        case str():
            return part if part == " = " else part.translate(_SPECIAL)
        case Math(expression, values, order):
            return f"${to_latex(expression, values, order)}$"
        case Amount(value) if isinstance(value, int):
            return f"${text.inline(part).replace(',', '{,}').replace('−', '-')}$"
        case Amount(value):
            return f"${to_latex(value)}$"
        case Code(name):
            return f"`{name}`"
        case Strong(words):
            return f"**{words.translate(_SPECIAL)}**"
        case Shape():
            return f"${latex_shape(part)}$"


def latex_shape(shape: Shape) -> str:
    """A shape as LaTeX: ``28 \\times 28 \\times 1``."""
    dims = [rf"\left({to_latex(dim)}\right)" if is_sum(dim) else to_latex(dim) for dim in shape]
    return r" \times ".join(dims) or r"\text{scalar}"
