"""Explanations as reStructuredText, for docutils and Sphinx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import indent

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
from archcalc.explain.inline_math import inline_math
from archcalc.explain.inline_math import joined as joined_math
from archcalc.explain.text import inline
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape

__all__ = ["escaped", "line", "render"]

_SPECIAL = re.compile(r"[\\`*_|<>\[\]:]")
_ROLE = re.compile(r"^(?::math:`|``|\*\*)")


def escaped(words: str) -> str:
    r"""Running text with what reStructuredText takes for marks made harmless.

    >>> print(escaped("a_ *b* `c`"))
    a\_ \*b\* \`c\`
    """
    return _SPECIAL.sub(r"\\\g<0>", visible(words))


def render(document: Document) -> str:
    """`document` as reStructuredText, without a last line end."""
    return "\n\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            if kind == "warning":
                return f".. warning:: {line(content)}"
            return line([_strong(content)]) if kind == "total" else line(content)
        case Entry(title, rules):
            items = [f"- {escaped(r.label)}: {line(r.content)}{_note(r.note)}" for r in rules]
            return "\n".join([line(title), "", *items]) if items else line(title)
        case Table():
            return _table(block)
        case Picture(_, mermaid):
            return "::\n\n" + indent(mermaid, "   ")


def _strong(content: Iterable[Inline]) -> Strong:
    """One emphasised run: reStructuredText has no formula inside of one."""
    return Strong(
        "".join(part.text if isinstance(part, Code) else inline(part) for part in content)
    )


def _note(note: Iterable[Inline]) -> str:
    said = line(note)
    return f" ({said})" if said else ""


def _table(table: Table) -> str:
    """A ``list-table``, whose cells may hold anything."""
    heads = [[escaped(name) for name in table.head]] if any(table.head) else []
    rows = [[line(cell) for cell in row] for row in table.rows]
    options = [
        ".. list-table::",
        *(["   :header-rows: 1"] if heads else []),
        "   :widths: auto",
        "",
    ]
    drawn = [f"   {'* -' if i == 0 else '  -'} {cell}".rstrip() for row in [*heads, *rows]
             for i, cell in enumerate(row)]  # fmt: skip
    under = ["", line(table.caption)] if table.caption else []
    return "\n".join([*options, *drawn, *under])


def line(content: Iterable[Inline]) -> str:
    r"""A line of text; marks that touch a letter are set apart from it without a space.

    >>> print(line(["params ", Amount(320), "s"]))
    params :math:`320`\ s
    """
    said = "".join(_apart(_merged(content)))
    return said.strip()


def _merged(content: Iterable[Inline]) -> Iterator[str]:
    """The parts; formulas with an equals sign between them are one formula."""
    run: list[str] = []
    for part in content:
        if isinstance(part, Math | Amount | Shape) or (part == " = " and run):
            run.append(" = " if isinstance(part, str) else inline_math(part))
            continue
        yield from _formulas(run)
        run = []
        yield _inline(part)
    yield from _formulas(run)


def _formulas(run: list[str]) -> Iterator[str]:
    for piece in re.split(r"(?<=\$)(?=\$| = $)", joined_math(run)):
        if piece.startswith("$"):
            yield f":math:`{piece[1:-1]}`"
        elif piece:
            yield piece


def _apart(parts: Iterable[str]) -> Iterator[str]:
    before = ""
    for part in parts:
        if not part:
            continue
        marked, was_marked = bool(_ROLE.match(part)), bool(_ROLE.match(before))
        if (marked and before and not before[-1].isspace()) or (
            was_marked and not marked and not part[0].isspace() and part[0] not in ".,;:!?)"
        ):
            yield r"\ "
        yield part
        before = part


def _inline(part: Inline) -> str:
    match part:
        case str():
            return escaped(part)
        case Code(name):
            return _literal(name)
        case Strong(words):
            return f"**{escaped(words)}**" if words.strip() else escaped(words)
        case _:
            return f":math:`{inline_math(part)[1:-1]}`"


def _literal(name: str) -> str:
    """A name as a literal; one that a literal cannot hold is escaped text."""
    shown = visible(name)
    if not shown or shown != shown.strip() or "`" in shown:
        return escaped(shown) or r"\ "
    return f"``{shown}``"
