"""Which sign a formula has, and when it is negative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Add, Dummy, Expr, Mul, S, Symbol, factor

from archcalc.formula.domain import ranges_of
from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.rewrite import expandable, factorable, length, without_floors
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.interval import Interval

__all__ = ["Sides", "negative_where", "range_of", "signs_of"]

Sides = tuple[Expr, Expr]
"""The smaller side of an inequality, and the larger."""


def signs_of(formula: ExpressionLike) -> frozenset[int]:
    """The signs that `formula` may have: some of −1, 0 and 1; those left out it never has.

    None are left where its requirements cannot be met.

    >>> from archcalc.formula import Formula
    >>> sorted(signs_of(Formula("32*f*g - f"))), sorted(signs_of(Formula("f - g")))
    ([1], [-1, 0, 1])
    """
    low, high = range_of(formula)
    if ranges_of(formula.requirements) is None:
        return frozenset()
    return frozenset(
        sign
        for sign, excluded in (
            (-1, low is not None and low >= 0),
            (0, (low is not None and low > 0) or (high is not None and high < 0)),
            (1, high is not None and high <= 0),
        )
        if not excluded
    )


def range_of(formula: ExpressionLike) -> Interval:
    """Bounds on the values of `formula` where it exists: of all its forms, the tightest.

    >>> from archcalc.formula import Formula
    >>> range_of(Formula("f*g - f - g"))
    (-1, None)
    """
    known = ranges_of(formula.requirements) or {}
    found = [bounds(form, known) for form in _forms(formula.expr)]
    found.append(_from_the_least(formula.expr, known))
    lows = [low for low, _ in found if low is not None]
    highs = [high for _, high in found if high is not None]
    return max(lows, default=None), min(highs, default=None)


def _forms(e: Expr) -> Iterable[Expr]:
    yield e
    if expandable(e):
        yield e.expand()
        yield _factored(e)


def _factored(e: Expr) -> Expr:
    return factor(e) if factorable(e) else e


def _from_the_least(e: Expr, known: dict[Symbol, Interval]) -> Interval:
    """Bounds where every symbol counts from its least value on, so that terms do not oppose."""
    if not expandable(e):
        return None, None
    moved: dict[Expr, Expr] = {}
    ranges: dict[Symbol, Interval] = {}
    for symbol in e.free_symbols:
        low, high = known.get(symbol, (S.One, None))
        more = Dummy(symbol.name, integer=True, nonnegative=True)
        moved[symbol] = more + (S.One if low is None else low)
        ranges[more] = (S.Zero, None if high is None else high - low)
    shifted = e.xreplace(moved)
    return bounds(shifted.expand(), ranges) if expandable(shifted) else (None, None)


def negative_where(formula: ExpressionLike) -> Sides:
    """An inequality that holds where `formula` is negative, without what never changes its sign.

    >>> from archcalc.formula import Formula
    >>> negative_where(Formula("9*f*g + 10*f - 144*f*n"))
    (9*g + 10, 144*n)
    """
    known = ranges_of(formula.requirements) or {}
    whole: tuple[Expr, dict[Expr, Expr]] = (formula.expr, {})
    found = [
        _divided(closed, opened, known) for closed, opened in (whole, without_floors(formula.expr))
    ]
    return min(found, key=lambda sides: sum(map(length, sides)))


def _divided(
    e: Expr, opened: Mapping[Expr, Expr], known: Mapping[Symbol, Interval]
) -> tuple[Expr, Expr]:
    """The two sides, by the signs of their terms, without the factors whose sign is known."""
    left: Expr = S.One
    for part in Mul.make_args(_factored(e)):
        low, high = bounds(part.xreplace(opened), known)
        if high is not None and high < 0:
            left = -left
        elif low is None or low <= 0:
            left *= part
    terms = Add.make_args(left.expand() if expandable(left) else left)
    against = [term for term in terms if term.could_extract_minus_sign()]
    less = Add(*[term for term in terms if term not in against])
    return less.xreplace(opened), -Add(*against).xreplace(opened)
