"""Derivatives of a formula, by sympy: as a formula, and exactly at a point."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Add, Expr, Max, Min, Pow, Rational, Symbol

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import NoSolutionError
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.sums import Sum

__all__ = ["derivative", "slope"]


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


def slope(expression: Expr, variable: Symbol, point: Mapping[Symbol, int]) -> Exact | None:
    """The partial derivative at `point`, with floors as the quotients they are of.

    Args:
        expression: an expression of the symbols of `point`.
        variable: the symbol by which to differentiate.
        point: a number for every symbol.

    Returns:
        ``None`` where there is no rational one: where `variable` stands in an exponent or says how
        much is added up, and at the kink of a maximum.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k = symbols("h k")
    >>> slope(k**2*FloorDiv(h, 2), k, {h: 28, k: 3}), slope(2**k, k, {k: 3})
    (84, None)
    """
    try:
        line = _Line(variable, point).of(plain(expression))
    except _KinkError:
        return None
    return _rate(line, variable, point)


def _rate(line: Expr, variable: Symbol, point: Mapping[Symbol, int]) -> Exact | None:
    rate = line.diff(variable).xreplace({variable: Rational(point[variable])})
    if not isinstance(rate, Rational):
        return None
    return int(rate.p) if rate.q == 1 else Fraction(int(rate.p), int(rate.q))


class _KinkError(Exception):
    """There is no derivative at the point."""


class _Line:
    """An expression near a point along one of its symbols, where it is smooth.

    Floors are quotients, a maximum is its largest argument, sums are added up, and the other
    symbols are numbers.  What is shared is rewritten once.
    """

    def __init__(self, variable: Symbol, point: Mapping[Symbol, int]) -> None:
        self.variable = variable
        self.point = point
        self.known: dict[Expr, Expr] = {}

    def of(self, e: Expr) -> Expr:
        """
        Raises:
            _KinkError: `e` is not smooth there.
        """
        if e not in self.known:
            self.known[e] = self._rewritten(e)
        return self.known[e]

    def _rewritten(self, e: Expr) -> Expr:
        if not e.args:
            return e if e == self.variable else Rational(evaluate(e, self.point))
        if isinstance(e, Sum):
            return self._sum(e)
        args = [self.of(a) for a in e.args]
        if isinstance(e, FloorDiv):
            return args[0] / args[1]
        if isinstance(e, Max | Min):
            return self._extreme(e, args)
        if isinstance(e, Pow) and args[1].is_number and not args[1].is_Integer:
            raise _KinkError  # sympy would take numbers apart to find the root
        return e.func(*args)

    def _sum(self, e: Sum) -> Expr:
        if self.variable in e.count.free_symbols:
            raise _KinkError
        points = ({**self.point, e.index: i} for i in range(int(evaluate(e.count, self.point))))
        return Add(*[_Line(self.variable, point).of(e.term) for point in points])

    def _extreme(self, e: Expr, args: list[Expr]) -> Expr:
        here = {self.variable: Rational(self.point[self.variable])}
        values = [line.xreplace(here) for line in args]
        if not all(isinstance(value, Rational) for value in values):
            raise _KinkError
        extreme = e.func(*values)
        reached = [line for line, value in zip(args, values, strict=True) if value == extreme]
        if len({_rate(line, self.variable, self.point) for line in reached}) > 1:
            raise _KinkError
        return reached[0]
