"""Explanations as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

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
    Picture,
    Rule,
    Strong,
    Table,
)
from archcalc.explain.wrapping import fitted, in_parts, wrapped
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.printing.plain import spelled, visible
from archcalc.symbolic.shape import Shape

__all__ = ["Ink", "Look", "grouped", "inline", "line", "painted", "plus", "render"]

_NOTE_COLUMN = 78
"""Where the note at the end of a rule stands, if there is room."""

Ink: TypeAlias = Literal["name", "strong", "faint", "warning", "error"]

_CODES: dict[Ink, str] = {
    "name": "36", "strong": "1", "faint": "2", "warning": "1;33", "error": "1;31",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """How text is set.

    Attributes:
        width: columns of the terminal, at which lines are broken; ``None`` for no end of them.
        colour: whether a terminal shows it, which takes codes for colours.
        encoding: in whose signs it has to be said.
    """

    width: int | None = None
    colour: bool = False
    encoding: str = "utf-8"


def painted(words: str, ink: Ink | None, look: Look) -> str:
    """`words` in colour, where there is colour.

    >>> painted("conv2d", "name", Look(colour=True))
    '\\x1b[36mconv2d\\x1b[0m'
    """
    if not (look.colour and ink and words.strip()):
        return words
    return f"\x1b[{_CODES[ink]}m{words}\x1b[0m"


def render(document: Document, look: Look = Look()) -> str:
    """`document` as text, without a last line end."""
    return "\n".join(_block(block, look) for block in document.blocks)


def _block(block: Block, look: Look) -> str:
    match block:
        case Paragraph():
            return _paragraph(block, look)
        case Entry():
            return _entry(block, look)
        case Table():
            return _table(block, look)
        case Picture(_, mermaid):
            return mermaid


def _said(content: Iterable[Inline], look: Look) -> str:
    return spelled(line(content), look.encoding)


def _broken(words: str, look: Look, indent: int) -> list[str]:
    return [words] if look.width is None else wrapped(words, look.width, indent)


def _paragraph(paragraph: Paragraph, look: Look) -> str:
    warns = paragraph.kind == "warning"
    words = ("warning: " if warns else "") + _said(paragraph.content, look)
    ink: Ink | None = "strong" if paragraph.kind == "total" else None
    lines = [painted(part, ink, look) for part in _broken(words, look, 2)]
    if warns:
        lines[0] = painted("warning:", "warning", look) + lines[0].removeprefix("warning:")
    return "\n".join(lines)


def _entry(entry: Entry, look: Look) -> str:
    width = max((len(rule.label) for rule in entry.rules), default=0)
    lines = _broken(_said(entry.title, look), look, 4)
    name = _said(entry.title[:1], look)
    if lines[0].startswith(name):
        lines[0] = painted(name, "name", look) + lines[0].removeprefix(name)
    for rule in entry.rules:
        lines.extend(_rule(rule, width, look))
    return "\n".join(lines)


def _rule(rule: Rule, width: int, look: Look) -> list[str]:
    label = f"  {rule.label:<{width}}"
    words, note = _said(rule.content, look), _said(rule.note, look)
    first, *others = _broken(f"{label}  {words}", look, width + 6)
    lines = [painted(label, "faint", look) + first.removeprefix(label), *others]
    if not note:
        return lines
    last = others[-1] if others else first
    column = _NOTE_COLUMN if look.width is None else min(_NOTE_COLUMN, look.width - len(note))
    if look.width is None or len(last) + 1 + len(note) <= look.width:
        lines[-1] += " " * max(column - 1 - len(last), 0) + " " + painted(note, "faint", look)
    else:
        put = wrapped(" " * (width + 6) + note, look.width, width + 8)
        lines.extend(painted(part, "faint", look) for part in put)
    return lines


def _table(table: Table, look: Look) -> str:
    """A table; where it is too wide even so, its columns in parts, each after the first column."""
    every = [*([list(table.head)] if any(table.head) else []), *_cells(table, look)]
    parts = in_parts(list(zip(*every, strict=True)), look.width)
    drawn = [_part(_of_columns(table, part), look) for part in parts]
    if table.caption:
        drawn[-1] += "\n" + "\n".join(_broken(_said(table.caption, look), look, 2))
    return "\n\n".join(drawn)


def _cells(table: Table, look: Look) -> list[list[str]]:
    return [[_said(cell, look) for cell in row] for row in table.rows]


def _of_columns(table: Table, columns: Sequence[int]) -> Table:
    """A table with these of its columns."""
    return replace(
        table,
        head=tuple(table.head[i] for i in columns),
        align="".join(table.align[i] for i in columns),
        rows=tuple(tuple(row[i] for i in columns) for row in table.rows),
        caption=(),
    )


def _part(table: Table, look: Look) -> str:
    rows = _cells(table, look)
    names = [[len(cell) == 1 and isinstance(cell[0], Code) for cell in row] for row in table.rows]
    head = [list(table.head)] if any(table.head) else []
    widths = fitted(list(zip(*head, *rows, strict=True)), look.width)
    inks: list[list[Ink | None]] = [["name" if n else None for n in row] for row in names]
    for row in inks[len(inks) - table.footer :]:
        row[:] = ["strong"] * len(row)
    drawn = [_row(row, widths, table.align, ink, look) for row, ink in zip(rows, inks, strict=True)]
    plain = [_row(row, widths, table.align, [None] * len(row), look) for row in [*head, *rows]]
    rule = spelled("─", look.encoding) * max(len(line) for lines in plain for line in lines)
    rule = painted(rule, "faint", look)
    if table.footer:
        drawn.insert(len(drawn) - table.footer, [rule])
    if head:
        top = _row(head[0], widths, table.align, ["strong"] * len(widths), look)
        drawn[:0] = [top, [rule]] if table.ruled else [top]
    return "\n".join(line for lines in drawn for line in lines)


def _row(
    cells: Sequence[str], widths: list[int], align: str, inks: Sequence[Ink | None], look: Look
) -> list[str]:
    """The lines of a row, of which there is one if nothing had to be broken."""
    parts = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for i in range(max(map(len, parts))):
        placed = [
            _placed(part[i] if i < len(part) else "", width, side, ink, look)
            for part, width, side, ink in zip(parts, widths, align, inks, strict=True)
        ]
        lines.append("  ".join(placed).rstrip())
    return lines


def _placed(words: str, width: int, side: str, ink: Ink | None, look: Look) -> str:
    space = " " * (width - len(words))
    shown = painted(words, ink, look)
    return space + shown if side == "r" else shown + space


def line(content: Iterable[Inline]) -> str:
    """A line of running text."""
    return "".join(inline(part) for part in content)


def inline(part: Inline) -> str:
    """One piece of a line."""
    match part:
        case str():
            return visible(part)
        case Math(expression, values, order):
            return to_text(expression, values, order)
        case Amount(value, signed):
            return grouped(value, signed=signed)
        case Code(text) | Strong(text):
            return visible(text)
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
    return visible(str(value))


def plus(amount: Amount) -> str:
    """The plus before a formula that is shown with its sign, unless a minus stands there."""
    shown = amount.signed and not to_text(amount.value).startswith("−")
    return "+" if shown else ""
