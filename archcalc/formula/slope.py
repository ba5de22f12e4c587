"""The exact slope of a formula at a point, with floors as the quotients they are of."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

from sympy import Add, Expr, Max, Min, Mul, Pow, Symbol

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import NoSolutionError
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.sums import Sum
from archcalc.symbolic.written import evaluated

__all__ = ["derivative", "slope"]

_Rise: TypeAlias = tuple[Fraction, Fraction]
"""A value, and how fast it rises."""


def slope(expression: Expr, variable: Symbol, point: Mapping[Symbol, int]) -> Exact | None:
    """The partial derivative at `point`; ``None`` where there is no rational one.

    There is none where `variable` stands in an exponent or says how much is added up, and at the
    kink of a maximum.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k = symbols("h k")
    >>> slope(k**2*FloorDiv(h, 2), k, {h: 28, k: 3}), slope(2**k, k, {k: 3})
    (84, None)
    """
    rise = _Slope(variable, point).of(evaluated(expression))
    if rise is None:
        return None
    return rise[1].numerator if rise[1].denominator == 1 else rise[1]


def derivative(expression: Expr, variable: Symbol) -> Expr:
    """The derivative as sympy gives it: a floor stands still almost everywhere.

    Raises:
        NoSolutionError: there is none that is a formula, as at the kinks of a maximum.

    >>> from archcalc.symbolic import symbols
    >>> f, k = symbols("f k")
    >>> derivative(f*k**2 + k, k)
    2*f*k + 1
    """
    moving = (e for e in expression.atoms(Max, Min, Sum, Pow) if variable in e.free_symbols)
    if any(not e.is_Pow or variable in e.exp.free_symbols for e in moving):
        raise NoSolutionError(
            f"there is no derivative by {variable.name} that is a formula: it stands in a maximum, "
            f"an exponent or a sum",
            code="no-derivative",
            hint="sensitivity(…) says what one more costs",
        )
    return expression.diff(variable)


class _Slope:
    """One pass over an expression; what is shared is computed once."""

    def __init__(self, variable: Symbol, point: Mapping[Symbol, int]) -> None:
        self.variable = variable
        self.point = point
        self.known: dict[Expr, _Rise | None] = {}

    def of(self, e: Expr) -> _Rise | None:
        if e not in self.known:
            self.known[e] = self._compute(e)
        return self.known[e]

    def _compute(self, e: Expr) -> _Rise | None:
        if not e.args:
            return Fraction(evaluate(e, self.point)), Fraction(int(e is self.variable))
        if isinstance(e, Sum):
            return self._sum(e)
        parts = [self.of(a) for a in e.args]
        rises = [part for part in parts if part is not None]
        if len(rises) < len(parts):
            return None
        if isinstance(e, Add):
            return sum(v for v, _ in rises) + Fraction(0), sum(d for _, d in rises) + Fraction(0)
        if isinstance(e, Mul):
            return _product(rises)
        if isinstance(e, FloorDiv):
            (x, dx), (q, dq) = rises
            return x / q, (dx * q - x * dq) / q**2
        if isinstance(e, Max | Min):
            extreme = (max if isinstance(e, Max) else min)(v for v, _ in rises)
            slopes = {d for v, d in rises if v == extreme}
            return (extreme, slopes.pop()) if len(slopes) == 1 else None
        return self._power(*rises) if isinstance(e, Pow) else None

    def _sum(self, e: Sum) -> _Rise | None:
        if self.variable in e.count.free_symbols:
            return None
        value = rate = Fraction(0)
        for number in range(int(evaluate(e.count, self.point))):
            rise = _Slope(self.variable, {**self.point, e.index: number}).of(e.term)
            if rise is None:
                return None
            value, rate = value + rise[0], rate + rise[1]
        return value, rate

    @staticmethod
    def _power(base: _Rise, exponent: _Rise) -> _Rise | None:
        (b, db), (n, dn) = base, exponent
        if n.denominator != 1 or (dn and b != 1) or (n < 0 and b == 0):
            return None
        return b ** int(n), n * b ** int(n - 1) * db if n else Fraction(0)


def _product(rises: list[_Rise]) -> _Rise:
    value, rate = rises[0]
    for v, d in rises[1:]:
        value, rate = value * v, rate * v + value * d
    return value, rate
