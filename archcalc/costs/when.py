"""Where something is so, in a network whose blocks are there as often as a formula says.

A block that is repeated `n` times may not be there at all, and then what goes in comes out.  What
depends on that is kept as a decision: which numbers of turns to ask about, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TypeAlias

from archcalc.symbolic.dims import Dim

__all__ = ["When", "both", "counts", "depending", "either", "holds", "subsets"]

When: TypeAlias = "bool | tuple[Dim, When, When]"
"""Whether something is so; or a number of turns, whether where it is at least 1, and where it is 0.

No number is asked about whose answer changes nothing, and all in the same order, so that what is
so in the same cases is equal.
"""


def _asked(when: When, count: Dim) -> tuple[When, When]:
    """What is left where a loop has a turn, and where it has none."""
    if isinstance(when, tuple) and when[0] == count:
        return when[1], when[2]
    return when, when


def _first(*parts: When) -> Dim:
    return min((part[0] for part in parts if isinstance(part, tuple)), key=str)


def either(one: When, other: When) -> When:
    """Where one is so, or the other.

    >>> either((3, True, False), (3, False, True))
    True
    """
    if isinstance(one, bool) or isinstance(other, bool) or one == other:
        return other if one is False else one if other is False or one == other else True
    count = _first(one, other)
    there, gone = zip(_asked(one, count), _asked(other, count), strict=True)
    return _decided(count, either(*there), either(*gone))


def both(one: When, other: When) -> When:
    """Where one is so, and the other.

    >>> both((3, True, False), True)
    (3, True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool) or one == other:
        return other if one is True else one if other is True or one == other else False
    count = _first(one, other)
    there, gone = zip(_asked(one, count), _asked(other, count), strict=True)
    return _decided(count, both(*there), both(*gone))


def _decided(count: Dim, there: When, gone: When) -> When:
    return there if there == gone else (count, there, gone)


def depending(count: Dim, there: When, gone: When) -> When:
    """One thing where a loop has a turn, another where it has none.

    >>> depending(3, True, True)
    True
    """
    return either(both((count, True, False), there), both((count, False, True), gone))


def holds(when: When, there: frozenset[Dim]) -> bool:
    """Whether it is so where those loops have turns whose numbers are `there`, and no others.

    >>> holds((3, False, True), frozenset())
    True
    """
    while isinstance(when, tuple):
        count, some, none = when
        when = some if count in there else none
    return when


def counts(parts: Iterable[When]) -> frozenset[Dim]:
    """The numbers of turns that any of these depends on."""
    found: set[Dim] = set()
    for when in parts:
        if isinstance(when, tuple):
            found |= {when[0], *counts(when[1:])}
    return frozenset(found)


def subsets(depending: Iterable[Dim]) -> list[frozenset[Dim]]:
    """Which of some loops may have turns, all at once: from none to all of them."""
    ordered = sorted(depending, key=str)
    return [frozenset(c) for n in range(len(ordered) + 1) for c in combinations(ordered, n)]
