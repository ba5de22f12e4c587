"""Explanations as plain text."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr

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
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.shape import Shape

__all__ = ["grouped", "inline", "line", "render"]

_NOTE_COLUMN = 78
"""Where the note at the end of a rule stands, if there is room."""


def render(document: Document) -> str:
    """`document` as text, without a last line end."""
    return "\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            return f"warning: {line(content)}" if kind == "warning" else line(content)
        case Entry():
            return _entry(block)
        case Table():
            return _table(block)


def _entry(entry: Entry) -> str:
    width = max((len(rule.label) for rule in entry.rules), default=0)
    lines = [line(entry.title)]
    for rule in entry.rules:
        text = f"  {rule.label:<{width}}  {line(rule.content)}"
        if rule.note:
            text = f"{text:<{_NOTE_COLUMN - 1}} {line(rule.note)}"
        lines.append(text)
    return "\n".join(lines)


def _table(table: Table) -> str:
    rows = [tuple(line(cell) for cell in row) for row in table.rows]
    head = [table.head] if any(table.head) else []
    widths = [max(map(len, column)) for column in zip(*head, *rows, strict=True)]
    lines = [_row(row, widths, table.align) for row in [*head, *rows]]
    rule = "─" * max(map(len, lines))
    if head and table.ruled:
        lines.insert(1, rule)
    if table.footer:
        lines.insert(len(lines) - table.footer, rule)
    if table.caption:
        lines.append(line(table.caption))
    return "\n".join(lines)


def _row(cells: Iterable[str], widths: list[int], align: str) -> str:
    placed = [
        f"{cell:>{width}}" if side == "r" else f"{cell:<{width}}"
        for cell, width, side in zip(cells, widths, align, strict=True)
    ]
    return "  ".join(placed).rstrip()


def line(content: Iterable[Inline]) -> str:
    """A line of running text."""
    return "".join(inline(part) for part in content)


def inline(part: Inline) -> str:
    """One piece of a line."""
    match part:
        case str():
            return part
        case Math(expression, values, order):
            return to_text(expression, values, order)
        case Amount(value, signed):
            return grouped(value, signed=signed)
        case Code(text) | Strong(text):
            return text
        case Shape():
            return str(part)


def grouped(value: object, *, signed: bool = False) -> str:
    """A number with its thousands set apart, or a formula as it is.

    >>> grouped(542230), grouped(-10, signed=True)
    ('542,230', '−10')
    """
    if isinstance(value, int):
        return f"{value:{'+' if signed else ''},}".replace("-", "−")
    if isinstance(value, Expr):
        return plus(Amount(value, signed)) + to_text(value)
    return str(value)


def plus(amount: Amount) -> str:
    """The plus before a formula that is shown with its sign, unless a minus stands there."""
    shown = amount.signed and not to_text(amount.value).startswith("−")
    return "+" if shown else ""
