"""What a constraint says of the objective along one symbol, once it is put to use for another.

Under ``a + b ≤ N`` the product ``a·b`` is at most ``a·(N − a)``, a polynomial of ``a`` alone: along
any run of ``a`` its largest value is at an end or where it turns.  The corners of a box would say
``a·b`` at its largest ``a`` and the largest ``b`` that goes with its smallest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor

from sympy import Expr, Max, Min, Poly, Rational, Symbol

from archcalc.formula.univariate import turning_points
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.sums import Sum

__all__ = ["Profile", "profiles"]


@dataclass(frozen=True)
class Profile:
    """A polynomial of one symbol that the objective does not pass, and where it turns."""

    symbol: Symbol
    polynomial: Expr
    turns: tuple[int, ...]

    def most(self, low: int, high: int) -> int:
        """The largest integer that it does not pass from one number to another.

        >>> from archcalc.symbolic import symbols
        >>> a = symbols("a")
        >>> Profile(a, a*(10 - a), (6,)).most(1, 9)
        25
        """
        first = bisect_left(self.turns, low)
        inside = [t for t in self.turns[first:] if t <= high]
        at = {low, high, *inside, *(max(t - 1, low) for t in inside)}
        return max(floor(evaluate(self.polynomial, {self.symbol: n})) for n in at)


def profiles(
    objective: Expr, gaps: Sequence[Expr], ranges: Mapping[Symbol, Interval]
) -> Iterator[Profile]:
    """The polynomials that constraints make of an objective, where there are such.

    Args:
        objective: what is to be large.
        gaps: what constraints say must not be negative.
        ranges: the smallest and the largest value of each symbol that varies.

    >>> from archcalc.symbolic import symbols
    >>> a, b = symbols("a b")
    >>> (found,) = profiles(3*b, [12 - a**2 - 2*b], dict.fromkeys((a, b), (1, 9)))
    >>> found.polynomial
    18 - 3*a**2/2
    """
    for gap in gaps:
        if gap.has(FloorDiv, Max, Min, Sum) or objective.has(FloorDiv, Max, Min, Sum):
            continue
        for s in sorted(gap.free_symbols & ranges.keys(), key=lambda s: s.name):
            others = (gap.free_symbols | objective.free_symbols) - {s}
            found = _profile(objective, gap, s, others, ranges) if len(others) == 1 else None
            if found is not None:
                yield found


def _profile(
    objective: Expr, gap: Expr, s: Symbol, others: set[Symbol], ranges: Mapping[Symbol, Interval]
) -> Profile | None:
    (t,) = others
    if t not in ranges or not (gap.is_polynomial(s, t) and objective.is_polynomial(s, t)):
        return None
    of_gap, of_objective = Poly(gap, s), Poly(objective, s)
    if of_gap.degree() != 1 or of_objective.degree() != 1:
        return None
    (falls, rest), (rises, fixed) = of_gap.all_coeffs(), of_objective.all_coeffs()
    least, _ = bounds(rises, ranges)
    if not (isinstance(falls, Rational) and falls < 0) or least is None or least < 0:
        return None
    polynomial = (rises * rest / -falls + fixed).expand()
    low, high = ranges[t]
    if low is None or high is None:
        return None
    turns = turning_points(polynomial, t, (int(low), int(high)))
    return Profile(t, polynomial, tuple(turns)) if turns is not None else None
