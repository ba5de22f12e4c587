"""Pieces of a page: numbers that move, formulas, and the blocks of explanations with both in them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from html import escape

from sympy import Expr

from archcalc.explain import html
from archcalc.explain.document import Amount, Inline, Math, Rule
from archcalc.explain.live.program import Program
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.evaluate import Exact
from archcalc.symbolic.printing import to_mathml
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape, needs_brackets

__all__ = ["Markup", "escaped", "grouped", "mathml"]

_XMLNS = ' xmlns="http://www.w3.org/1998/Math/MathML"'


def escaped(words: object) -> str:
    """Words as they stand in HTML."""
    return escape(visible(str(words)))


def grouped(value: Exact | None) -> str:
    """A number with its thousands apart.

    >>> grouped(542230), grouped(Fraction(-1, 3)), grouped(None)
    ('542,230', '−1/3', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, Fraction):
        return f"{grouped(value.numerator)}/{grouped(value.denominator)}"
    return f"{value:,}".replace("-", "−")


def mathml(dim: Dim, values: object = None, order: object = ()) -> str:
    """A formula, without the name space that HTML knows."""
    return to_mathml(dim, values, order).replace(_XMLNS, "")  # type: ignore[arg-type]


class Markup:
    """Pieces of a page whose numbers follow a program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def number(self, dim: Dim | Formula) -> str:
        """A number that moves; a formula where it has none, as that of each copy."""
        if isinstance(dim, Formula):
            dim = dim() if dim.is_number else dim.ordered
        if not isinstance(dim, Expr):
            return grouped(dim)
        if not self.program.moves(dim):
            return mathml(dim)
        return (
            f'<span data-x="{self.program.number(dim)}">{grouped(self.program.start(dim))}</span>'
        )

    def in_drawing(self, dim: Dim) -> str:
        """The same for a drawing, which has words instead of formulas."""
        from archcalc.explain.drawing.vector import plainly

        if isinstance(dim, int) or not self.program.moves(dim):
            return plainly(dim)
        start = self.program.start(dim)
        shown = "–" if start is None else str(start)
        return f'<tspan data-x="{self.program.number(dim)}" data-plain="">{shown}</tspan>'

    def shape(self, shape: Shape) -> str:
        """A shape whose numbers move."""
        parts = []
        for dim in shape:
            bare = isinstance(dim, Expr) and not self.program.moves(dim)
            brackets = bare and len(shape) > 1 and needs_brackets(dim)
            parts.append(f"({self.number(dim)})" if brackets else self.number(dim))
        return " × ".join(parts) or "scalar"

    def rule(self, rule: Rule) -> str:
        """A line of an explanation: formulas, the numbers put in, and the result that moves."""
        note = self.line(rule.note)
        return (
            f"<tr><th scope=row>{escaped(rule.label)}</th><td>{self.line(rule.content)}</td>"
            f"<td>{note}</td></tr>"
        )

    def line(self, content: Iterable[Inline]) -> str:
        """A line of words, formulas and numbers."""
        return "".join(map(self._inline, content))

    def _inline(self, part: Inline) -> str:
        match part:
            case Math(expression, values, order):
                shown = mathml(expression, values, order)
                return f"<span class=put>{shown}</span>" if values else shown
            case Amount(value, signed):
                return self._amount(value, signed=signed)
            case Shape():
                return self.shape(part)
            case _:
                return html.inline(part)

    def _amount(self, value: Dim, *, signed: bool) -> str:
        plus = "+" if signed and isinstance(value, int) and value > 0 else ""
        if not isinstance(value, Expr):
            return plus + grouped(value)
        if not self.program.moves(value):
            return mathml(value)
        if value.is_Symbol:
            return self.number(value)
        return f"<span class=sym>{mathml(value)} = </span><b>{self.number(value)}</b>"
