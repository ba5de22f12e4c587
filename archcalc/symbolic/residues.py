"""Expressions with floors, taken apart into the residue classes in which they have none.

``⌊c/2⌋`` is ``m`` at ``c = 2·m`` and at ``c = 2·m + 1``: in each class of a period a floor by a
number is a polynomial.  So what floors add up to can be compared, class by class.

Source: Ehrhart's quasi-polynomials, as in Beck, Robins, *Computing the Continuous Discretely*,
section 3.8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from math import lcm, prod

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, Rational, Symbol

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.sums import Index

__all__ = ["in_classes", "multiplied_out", "period"]

_MOST_TERMS = 32
"""Nor is a difference of more terms than this."""


def period(e: Expr) -> int | None:
    """How many residue classes make polynomials of `e` in each; ``None`` if none do.

    A maximum is one of polynomials.

    >>> from archcalc.symbolic import symbols
    >>> c, n = symbols("c n")
    >>> period(FloorDiv(c, 2) * FloorDiv(n + 1, 3)), period(2**n)
    (6, None)
    """
    if isinstance(e, Symbol | Rational):
        return 1
    if isinstance(e, Pow):
        whole = isinstance(e.exp, Integer) and e.exp > 0
        return period(e.base) if whole else None
    if isinstance(e, FloorDiv):
        inner = None if e.numerator.has(Max, Min) else period(e.numerator)
        whole = isinstance(e.divisor, Integer) and e.divisor > 0
        return inner * int(e.divisor) if inner is not None and whole else None
    if not isinstance(e, Add | Mul | Max | Min):
        return None
    total = 1
    for part in e.args:
        inner = period(part)
        if inner is None:
            return None
        total = lcm(total, inner)
    return total


def in_classes(difference: Expr) -> Iterator[Expr]:
    """`difference` in every residue class, where that may tell more than it does as a whole.

    It is nothing where no symbol stands both in a floor and beside it, as there is nothing to be
    held against the floor then; or where there are too many classes.

    >>> from archcalc.symbolic import symbols
    >>> c = symbols("c")
    >>> list(in_classes(FloorDiv(c + 1, 2) + FloorDiv(c, 2) - c)), list(in_classes(FloorDiv(c, 2)))
    ([0, 0], [])
    """
    floors = difference.atoms(FloorDiv)
    terms = Add.make_args(difference)
    if not floors or len(terms) > _MOST_TERMS:
        return
    times = Counter(s for term in terms for s in term.free_symbols)
    inside = {s for floor in floors for s in floor.free_symbols}
    periods = {s: _period_of(s, floors) for s in inside if times[s] > 1}
    known = {s: p for s, p in periods.items() if p is not None}
    if not known or len(known) < len(periods) or prod(known.values()) > LIMITS.compared_classes:
        return
    # the multiples first: beside the next class they settle most of what is not alike
    for rests in product(*(range(p - 1, -1, -1) for p in known.values())):
        places = {
            s: p * s + rest - (0 if isinstance(s, Index) else p - 1)
            for (s, p), rest in zip(known.items(), rests, strict=True)
        }
        yield multiplied_out(difference.xreplace(places)).expand()


def _period_of(s: Symbol, floors: set[Expr]) -> int | None:
    found = [period(floor) for floor in floors if s in floor.free_symbols]
    known = [each for each in found if each is not None]
    return lcm(*known) if len(known) == len(found) else None


def multiplied_out(e: Expr) -> Expr:
    """`e` with the numerators of its floors as sums of monomials, so that what divides is seen.

    >>> from archcalc.symbolic import symbols
    >>> m = symbols("m")
    >>> multiplied_out(FloorDiv(3 * (2 * m - 1) ** 2, 2))
    6*m**2 - 6*m + 1
    """
    return e.replace(FloorDiv, lambda numerator, divisor: FloorDiv(numerator.expand(), divisor))
