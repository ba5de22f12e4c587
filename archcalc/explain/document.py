"""What an explanation says, before it is set in any format.

An explanation is built once, from these few blocks; each format is a fold over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sympy import Expr, Symbol

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.printing.layout import Node, layout
from archcalc.symbolic.shape import Shape

__all__ = [
    "Amount",
    "Block",
    "Code",
    "Document",
    "Entry",
    "Inline",
    "Inlines",
    "Math",
    "Paragraph",
    "Picture",
    "Rule",
    "Strong",
    "Table",
    "equation",
    "joined",
]


@dataclass(frozen=True, slots=True)
class Math:
    """A formula; `values` are shown in place of symbols, `order` says how terms go."""

    expression: Expr | int
    values: Mapping[Symbol, Dim] = field(default_factory=dict)
    order: Sequence[Symbol] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """A result: a number with its thousands set apart, or a formula; `signed` shows a plus."""

    value: Any
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A name as it is written in code: a path, a class."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Emphasised text."""

    text: str


Inline: TypeAlias = str | Math | Amount | Code | Strong | Shape
Inlines: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of running text; `kind` is ``"warning"``, or ``"total"`` where it sums up."""

    content: Inlines
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One labelled line of an entry, with a note at its end."""

    label: str
    content: Inlines
    note: Inlines = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A titled group of rules: one layer of a derivation."""

    title: Inlines
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with headings; `align` has ``l`` or ``r`` for each; the last `footer` rows sum up.

    A `caption` stands under it.  Text has a line under the headings where the table is `ruled`.
    """

    head: tuple[str, ...]
    align: str
    rows: tuple[tuple[Inlines, ...], ...]
    footer: int = 0
    caption: Inlines = ()
    ruled: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """Something drawn: as SVG, and as a flowchart of Mermaid where there are only words."""

    svg: str
    mermaid: str


Block: TypeAlias = Paragraph | Entry | Table | Picture


@dataclass(frozen=True, slots=True)
class Document:
    """Blocks in order, under a title."""

    title: str
    blocks: tuple[Block, ...]


def equation(*forms: Math | Amount) -> Inlines:
    """Forms of one quantity with ``=`` between them; a form that says the same is left out."""
    kept: list[Math | Amount] = []
    said: list[Node] = []
    for form in forms:
        if isinstance(form, Math):
            node = layout(form.expression, form.values, form.order)
        else:
            node = layout(form.value)
        if node not in said:
            kept.append(form)
            said.append(node)
    parts: list[Inline] = []
    for form in kept:
        parts.extend([" = ", form] if parts else [form])
    return tuple(parts)


def joined(shapes: Iterable[Shape]) -> Inlines:
    """Shapes with commas between them."""
    return tuple(part for shape in shapes for part in (", ", shape))[1:]
