"""What is asked of every copy of a block whose copies differ."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer

from archcalc.formula.monotone import Direction, direction
from archcalc.symbolic.compare import at_least
from archcalc.symbolic.dims import lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.sums import Copies

__all__ = ["for_each"]


def for_each(requirement: Requirement, copies: Sequence[Copies]) -> Requirement:
    """`requirement` of every copy: of one of them, where it is enough to ask the first or the last.

    A window that slides over a map that shrinks from copy to copy fits everywhere if it fits the
    last one.
    """
    asked = requirement
    for of in copies:
        asked = _of_one(asked, of)
    return asked.of_each(copies)


def _of_one(requirement: Requirement, copies: Copies) -> Requirement:
    asked = requirement.relation is Relation.AT_LEAST and copies.index in requirement.symbols
    if not asked or not at_least(copies.count, 1):
        return requirement
    room = plain(requirement.left) - plain(requirement.right)
    way = direction(room, copies.index, {copies.index: (0, None)})
    if way is Direction.UNDECIDED:
        return requirement
    last = way is Direction.FALLING
    return requirement.at({copies.index: lower(plain(copies.count) - 1 if last else Integer(0))})
