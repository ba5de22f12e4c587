"""A line of a sheet on a language model, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any, Literal, TypeAlias

from sympy import Symbol

from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Inlines,
    Math,
    Paragraph,
    Table,
    equation,
)
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import amount, binary_bytes, in_seconds
from archcalc.formula import Formula
from archcalc.symbolic.shown import Shown

__all__ = ["Group", "Made", "Part", "SheetLine"]

Group: TypeAlias = Literal[
    "parameters", "inference", "training", "compute", "approximations", "time", "overtaking"
]
"""What a line is about."""

_SAID = ("seconds", "FLOPs/byte", "parameters")
"""Units of what is no whole number, or is said to the unit, so that nothing stands behind it."""

_LONGEST = 60
"""A formula of more signs is not shown in a line, but where it is derived."""


@dataclass(frozen=True, slots=True)
class Part(Shown):
    """What one layer, one tensor or one kind of product adds to a line.

    Attributes:
        name: which one.
        times: how often.
        each: how much each time.
        unit: of that.
    """

    name: str
    times: Formula
    each: Formula
    unit: str = "numbers"


@dataclass(frozen=True, repr=False)
class SheetLine(Shown):
    """One figure of a sheet.

    Attributes:
        name: what it is.
        group: what it is about.
        formula: in ``batch`` and ``length``, and the symbols of the network.
        values: what is put in for symbols of the rule.
        result: the formula with the numbers of the deployment.
        unit: of the result.
        rule: what is shown as its formula; the formula itself where ``None``.
        note: what is shown in its place.
        parts: what it is made of, asked for when it is derived.
    """

    name: str
    group: Group
    formula: Formula
    values: Mapping[Symbol, Any]
    result: Any
    unit: str
    rule: Any = None
    note: str = ""
    parts: Callable[[], tuple[Part, ...]] = field(default=tuple, compare=False)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.said()}>"

    def said(self) -> str:
        """The result in words."""
        if not (isinstance(self.result, Formula) and self.result.is_number):
            return f"{self.result} {self.unit}".rstrip()
        value = Fraction(self.result())
        if self.unit == "bytes":
            return binary_bytes(ceil(value))
        if self.unit == "seconds":
            return in_seconds(value)
        if self.unit == "FLOPs/byte":
            return f"{float(value):,.1f}"
        if self.unit == "FLOPs":
            return _flops(value)
        return f"{ceil(value):,} {self.unit}".rstrip()

    def row(self) -> tuple[Inlines, ...]:
        """Name, result and formula."""
        return (self.name,), (self.said(),), self.forms()

    def forms(self, longest: int = _LONGEST) -> Inlines:
        """The rule, and the numbers put in; a note where there is one."""
        if self.note:
            return (self.note,)
        rule = self.formula.ordered if self.rule is None else self.rule
        order = tuple(self.values)
        shown = equation(Math(rule, {}, order), Math(rule, self.values, order))
        long = self.rule is None and len(str(self.formula)) > longest
        if long or (self.rule is None and self.formula.is_number):
            exact = isinstance(self.result, Formula) and self.result.is_number
            return (Amount(self.result()),) if exact and self.unit not in _SAID else ()
        return shown

    def data(self) -> dict[str, Any]:
        """As data."""
        number = isinstance(self.result, Formula) and self.result.is_number
        value = self.result() if number else str(self.result)
        return {
            "value": str(value) if isinstance(value, Fraction) else value,
            "unit": self.unit,
            "formula": self.formula.to_python(),
        } | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, repr=False)
class Made(Renderable):
    """A line derived: its formula, the numbers put in, and what each part adds.

    Attributes:
        line: the line.
        parts: what it is made of; empty where it is one formula.
    """

    line: SheetLine
    parts: tuple[Part, ...]

    def document(self) -> Document:
        line = self.line
        blocks: list[Block] = [Paragraph((f"{line.name}: {line.said()}",), "total")]
        forms = line.forms(longest=2000)
        if forms:
            blocks.append(Paragraph(forms))
        rows = tuple(
            ((Code(part.name),), (amount(part.times),), (amount(part.each),)) for part in self.parts
        )
        if rows:
            head = ("of", "times", f"{self.parts[0].unit} each time")
            blocks.append(Table(head, "lrr", rows))
        return Document(line.name, tuple(blocks))

    def to_dict(self) -> dict[str, Any]:
        parts = [
            {
                "of": p.name,
                "times": p.times.to_python(),
                "each": p.each.to_python(),
                "unit": p.unit,
            }
            for p in self.parts
        ]
        return {"name": self.line.name, **self.line.data(), "parts": parts}


def _flops(value: Fraction) -> str:
    number = float(value)
    for prefix in ("", "k", "M", "G", "T", "P", "E"):
        if number < 1000:
            return f"{number:,.4g} {prefix}FLOPs"
        number /= 1000
    return f"{number:,.4g} ZFLOPs"
