"""Pieces of a page: numbers that move, formulas, and lines of explanations with both in them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from html import escape

from sympy import Expr

from archcalc.explain import html
from archcalc.explain.document import Amount, Inline, Math, Rule
from archcalc.explain.drawing.vector import plainly
from archcalc.explain.live.program import Program
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.evaluate import Exact
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing import to_mathml
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape, needs_brackets
from archcalc.symbolic.substitution import substitute

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


def mathml(dim: Dim, values: object = None, order: object = (), *, apart: bool = False) -> str:
    """A formula, without the name space that HTML knows; `apart` where its lines may break."""
    set_ = to_mathml(dim, values, order, apart=apart)  # type: ignore[arg-type]
    return set_.replace(_XMLNS, "").replace("<wbr/>", "<wbr>")


class Markup:
    """Pieces of a page whose numbers follow a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.shared: dict[str, int] = {}

    def number(self, dim: Dim | Formula) -> str:
        """A number that moves; a formula where it has none, as that of each copy."""
        if isinstance(dim, Formula):
            dim = dim() if dim.is_number else dim.ordered
        if not isinstance(dim, Expr):
            return grouped(dim)
        if not self.program.moves(dim):
            return mathml(dim)
        shown = grouped(self.program.start(dim))
        return f"<span data-x={self.program.number(dim)}>{shown}</span>"

    def in_drawing(self, dim: Dim, neighbours: bool) -> str:
        """The same for a drawing, which has words instead of formulas."""
        if isinstance(dim, int) or not self.program.moves(dim):
            return plainly(dim, neighbours)
        start = self.program.start(dim)
        shown = "–" if start is None else str(start)
        return f"<tspan data-x={self.program.number(dim)} data-plain>{shown}</tspan>"

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
        """A line of words, formulas and numbers: an equation ends with a number that moves."""
        parts = list(content)
        shown = []
        for part, following in zip(parts, [*parts[1:], ""], strict=False):
            shown.append(self._inline(part))
            if isinstance(part, Math) and following != " = ":
                shown.append(self._ended(part))
        return "".join(shown)

    def _ended(self, last: Math) -> str:
        """The number that an equation comes to whose last form is a formula."""
        value = last.expression
        if isinstance(value, Expr):
            value = lower(substitute(plain(value), dict(last.values)))
        if not isinstance(value, Expr) or not self.program.moves(value):
            return ""
        return f" = <b>{self.number(value)}</b>"

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
        return f"{self.symbolic(value)}<b>{self.number(value)}</b>"

    def symbolic(self, value: Expr) -> str:
        """A place for a formula, which is shown on request: the page has each once."""
        shown = f"{mathml(value)} = "
        place = self.shared.setdefault(shown, len(self.shared))
        return f"<span class=sym data-m={place}></span>"
