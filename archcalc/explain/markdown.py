"""Explanations as GitHub-flavoured Markdown with LaTeX between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
from archcalc.explain.inline_math import inline_math, joined
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape

__all__ = ["code", "escaped", "line", "render"]

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>|#$~&"})


def escaped(words: str) -> str:
    """Running text with what Markdown takes for marks made harmless.

    >>> print(escaped("a|b *c*\\n"))
    a\\|b \\*c\\*\\\\n
    """
    return visible(words).translate(_SPECIAL)


def code(name: str) -> str:
    """A name between backticks, more of them than it has in a row itself.

    >>> print(code("a`b"), code("conv2d"))
    `` a`b `` `conv2d`
    """
    shown = visible(name)
    ticks = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    space = " " if len(ticks) > 1 or shown != shown.strip() or not shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def render(document: Document) -> str:
    """`document` as Markdown, without a last line end."""
    return "\n\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            if kind == "warning":
                return f"> **Warning.** {line(content)}"
            return f"**{line(content)}**" if kind == "total" else line(content)
        case Entry(title, rules):
            items = [f"- {escaped(r.label)}: {line(r.content)}{_note(r.note)}" for r in rules]
            return "\n".join([f"**{line(title)}**", "", *items]) if items else f"**{line(title)}**"
        case Table():
            return _table(block)
        case Picture(_, mermaid):
            return f"```mermaid\n{mermaid}\n```"


def _note(note: Iterable[Inline]) -> str:
    said = line(note)
    return f" *({said})*" if said else ""


def _table(table: Table) -> str:
    marks = ["---:" if side == "r" else ":---" for side in table.align]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    for row in rows[len(rows) - table.footer :]:
        row[:] = [f"**{cell}**" if cell else "" for cell in row]
    head = [escaped(heading) for heading in table.head]
    lines = [f"| {' | '.join(row)} |" for row in [head, marks, *rows]]
    return "\n".join([*lines, "", line(table.caption)] if table.caption else lines)


def _cell(content: Iterable[Inline]) -> str:
    """A cell, in which a bar ends the cell even where it stands in code."""
    return joined(
        _inline(part).replace("|", r"\|") if isinstance(part, Code) else _inline(part)
        for part in content
    )


def line(content: Iterable[Inline]) -> str:
    return joined(_inline(part) for part in content)


def _inline(part: Inline) -> str:
    match part:
        case str():
            return part if part == " = " else escaped(part)
        case Math() | Amount() | Shape():
            return inline_math(part)
        case Code(name):
            return code(name)
        case Strong(words):
            return f"**{escaped(words)}**"
