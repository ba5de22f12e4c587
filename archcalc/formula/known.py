"""What requirements of single symbols say about their values, and whether they can all be met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Integer, Symbol

from archcalc.formula.between import Effort, Unresolved
from archcalc.formula.domain import Progression, allowed, congruent
from archcalc.symbolic.compare import Interval, bounds
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import RequirementError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.written import evaluated

__all__ = ["places_of", "ranges_of", "refuse_contradictions"]

_QUICKLY = Effort(classes=60, values=4_000, parts=60)
"""What is assumed is looked at each time; what is not seen soon is asked again when solving."""


def places_of(requirements: Iterable[Requirement]) -> dict[Symbol, Progression]:
    """The progression in which the values of each symbol lie, where that is not 1, 2, 3, …

    Those of requirements that can be met.
    """
    found = {s: congruent(own, s) for s, own in _by_symbol(requirements).items()}
    return {s: p for s, p in found.items() if p is not None and p != Progression()}


def ranges_of(requirements: Iterable[Requirement]) -> dict[Symbol, Interval] | None:
    """The smallest and the largest value of each symbol; ``None`` where one can have none.

    >>> from archcalc.formula.conditions import read_condition
    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> ranges_of([*read_condition("h % 32 == 0", {"h": h}), *read_condition("h < 99", {"h": h})])
    {h: (32, 96)}
    """
    ranges: dict[Symbol, Interval] = {}
    for s, own in _by_symbol(requirements).items():
        places = congruent(own, s)
        if places is None:
            return None
        try:
            spans = allowed(own, s, places, _QUICKLY)
        except Unresolved:
            continue
        if not spans:
            return None
        ends = [high for _, high in spans if high is not None]
        last = places.number(max(ends)) if len(ends) == len(spans) else None
        first = places.number(min(low for low, _ in spans))
        ranges[s] = (Integer(first), None if last is None else Integer(last))
    return ranges


def _by_symbol(requirements: Iterable[Requirement]) -> dict[Symbol, list[Requirement]]:
    found: dict[Symbol, list[Requirement]] = {}
    for requirement in requirements:
        if len(requirement.symbols) == 1 and not requirement.each:
            found.setdefault(next(iter(requirement.symbols)), []).append(requirement)
    return found


def refuse_contradictions(requirements: Sequence[Requirement]) -> None:
    """Raise where `requirements` cannot be met together, as far as that is seen.

    It is seen exactly where each is about one symbol, and by their ranges where about several.

    Raises:
        RequirementError: it names those that contradict one another.
    """
    if _can_be_met(requirements):
        return
    guilty = list(requirements)
    for requirement in requirements:
        others = [r for r in guilty if r is not requirement]
        if not _can_be_met(others):
            guilty = others
    named = " and ".join(map(str, guilty))
    raise RequirementError(
        f"no values meet {named}",
        code="contradiction",
        values={"requirements": tuple(r.statement() for r in guilty)},
        hint="assume less, or change the network" if len(guilty) > 1 else "assume something else",
    )


def _can_be_met(requirements: Sequence[Requirement]) -> bool:
    ranges = ranges_of(requirements)
    return ranges is not None and not any(_fails(r, ranges) for r in requirements)


def _fails(requirement: Requirement, ranges: dict[Symbol, Interval]) -> bool:
    if requirement.each:
        return requirement.holds() is False
    left, right = evaluated(requirement.left), evaluated(requirement.right)
    if requirement.relation is Relation.MULTIPLE_OF:
        right = FloorDiv(left, right) * right
    low, high = bounds((left - right).expand(), ranges)
    above = low is not None and low > 0 and requirement.relation is not Relation.AT_LEAST
    return above or (high is not None and high < 0)
