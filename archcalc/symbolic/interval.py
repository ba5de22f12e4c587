"""Interval arithmetic: between which numbers sums, products and quotients lie.

What it says always holds, and is not always the tightest (Moore, *Interval Analysis*, 1966).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from sympy import Rational

__all__ = ["IntegerInterval", "Interval", "added", "extreme", "floored", "multiplied", "negated"]

Interval: TypeAlias = tuple[Rational | None, Rational | None]
"""The least and the largest value; ``None`` where there is no such end."""

IntegerInterval: TypeAlias = tuple[int, int]
"""The least and the largest integer, both of which are known."""

Ends: TypeAlias = tuple[Any, Any]
"""Either of them; the ends of a result are of the type of the ends that are given."""


def added(parts: Iterable[Ends]) -> Ends:
    """The sum of values that lie in `parts`.

    >>> added([(1, 2), (3, None)])
    (4, None)
    """
    lows, highs = zip(*parts, strict=True)
    return _sum(lows), _sum(highs)


def _sum(ends: Sequence[Any]) -> Any:
    return None if None in ends else reduce(add, ends)


def negated(a: Ends) -> Ends:
    """The values of `a` times −1.

    >>> negated((1, None))
    (None, -1)
    """
    low, high = a
    return None if high is None else -high, None if low is None else -low


def multiplied(a: Ends, b: Ends) -> Ends:
    """The product of a value in `a` and one in `b`.

    >>> multiplied((-1, 2), (3, 4)), multiplied((2, None), (3, None)), multiplied((0, 0), (1, None))
    ((-4, 8), (6, None), (0, 0))
    """
    if a == (0, 0) or b == (0, 0):
        return a if a == (0, 0) else b
    (low_a, high_a), (low_b, high_b) = a, b
    if None not in (*a, *b):
        corners = [x * y for x in a for y in b]
        return min(corners), max(corners)
    if low_a is not None and low_b is not None and low_a >= 0 and low_b >= 0:
        return low_a * low_b, None if high_a is None or high_b is None else high_a * high_b
    if high_a is not None and high_a <= 0:
        return negated(multiplied(negated(a), b))
    if high_b is not None and high_b <= 0:
        return negated(multiplied(a, negated(b)))
    return None, None


def floored(x: Ends, q: Ends) -> Ends:
    """``⌊x/q⌋`` of a value in `x` and a divisor in `q`, which is not zero.

    Where `q` may be negative something is known of integers only.

    >>> floored((-3, 7), (2, 3)), floored((5, None), (2, None)), floored((6, 7), (-2, 3))
    ((-2, 3), (0, None), (-7, 7))
    """
    ends = (*x, *q)
    if all(isinstance(end, int) for end in ends) and q[0] <= 0:
        # monotone in either argument as long as the divisor keeps its sign
        signs = [
            (q[0], min(q[1], -1)) if q[0] < 0 else (),
            (max(q[0], 1), q[1]) if q[1] > 0 else (),
        ]
        corners = [a // d for a in x for sign in signs for d in sign]
        return (min(corners), max(corners)) if corners else (None, None)
    (low, high), (least, most) = x, q
    if least is None or least <= 0:
        return None, None
    # an ever larger divisor leads to 0 from above and to −1 from below
    return (
        None if low is None else min(low // least, 0 * low if most is None else low // most),
        None
        if high is None
        else max(high // least, 0 * high - 1 if most is None else high // most),
    )


def extreme(parts: Iterable[Ends], of: Callable[..., Any]) -> Ends:
    """The largest of values that lie in `parts`, or the smallest: `of` is `max` or `min`.

    >>> extreme([(1, 5), (3, None)], max), extreme([(1, 5), (3, None)], min)
    ((3, None), (1, 5))
    """
    lows, highs = zip(*parts, strict=True)
    every, some = (highs, lows) if of is max else (lows, highs)
    # one end needs all ends, for the other one will do
    sure = None if None in every else of(every)
    known = of((end for end in some if end is not None), default=None)
    return (known, sure) if of is max else (sure, known)
