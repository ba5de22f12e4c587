"""Whether two formulas are the same."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Symbol

from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.rewrite import expandable
from archcalc.symbolic.compare import equal
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.sums import with_common_powers

__all__ = ["canonical", "same"]

_TRIED = (1, 2, 3, 5, 12, 64, 97)
"""Numbers at which two formulas are compared: small, odd, even and divisible."""


def canonical(expression: Expr) -> Expr:
    """`expression` multiplied out, or as it is where that would be too large."""
    return with_common_powers(expression.expand() if expandable(expression) else expression)


def same(a: ExpressionLike, b: ExpressionLike) -> bool | None:
    """Whether `a` and `b` are the same for all values of their symbols.

    They are not where one point tells them apart; it must be one at which both exist.
    """
    if a == b:
        return True
    decided = equal(a.expr, b.expr) if expandable(a.expr - b.expr) else None
    if decided is None and any(_differ(a, b, point) for point in _points(a, b)):
        return False
    return decided


def _points(a: ExpressionLike, b: ExpressionLike) -> Iterator[dict[Symbol, int]]:
    symbols = sorted({*a.known_symbols.values(), *b.known_symbols.values()}, key=lambda s: s.name)
    for shift in range(len(_TRIED)):
        yield {s: _TRIED[(shift + i) % len(_TRIED)] for i, s in enumerate(symbols)}


def _differ(a: ExpressionLike, b: ExpressionLike, point: dict[Symbol, int]) -> bool:
    try:
        left, right = (f(**{n: point[s] for n, s in f.known_symbols.items()}) for f in (a, b))
    except ArchcalcError:
        return False
    return bool(left != right)
