"""At which values of its symbols a network exists: progressions, runs on them, and ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import gcd
from typing import TypeVar

from sympy import Expr, Integer, Symbol, divisors

from archcalc.formula.integer_sets import Progression, Span, intersected, spans_of
from archcalc.formula.univariate import SearchLimits, Undecided, Values
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import RequirementError
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.sums import Copies

__all__ = [
    "allowed",
    "by_residue_class",
    "congruent",
    "of_copies",
    "places_of",
    "ranges_of",
    "refuse_contradictions",
]

T = TypeVar("T")

_MOST_COPIES = 1_024
"""At most so many copies are tried for the first that does not fit."""

_LARGEST_DIVIDED = 10**15
"""The divisors of larger numbers are not listed: to find them may take too long."""


def congruent(requirements: Iterable[Requirement], n: Symbol) -> Progression | None:
    """The numbers that meet every requirement of the form ``a·n + b is a multiple of q``."""
    found: Progression | None = Progression()
    for requirement in requirements:
        linear = _linear(requirement, n)
        if linear is None or found is None:
            continue
        a, b, q = linear
        g = gcd(a, q)
        if b % g:
            return None
        found = found.meet(q // g, -(b // g) * pow(a // g, -1, q // g) % (q // g))
    return found


def _linear(requirement: Requirement, n: Symbol) -> tuple[int, int, int] | None:
    if requirement.relation is not Relation.MULTIPLE_OF:
        return None
    q = plain(requirement.right)
    b, rest = plain(requirement.left).expand().as_coeff_Add()
    a, symbol = rest.as_coeff_Mul()
    whole = all(isinstance(part, Integer) for part in (a, b, q))
    return (int(a), int(b), int(q)) if whole and symbol == n else None


def of_copies(requirement: Requirement) -> Iterable[Requirement]:
    """What is asked of every copy of a block, asked of each, or as how many there may be.

    >>> from archcalc.symbolic import FloorDiv, Index, symbols
    >>> from archcalc.symbolic.sums import Copies
    >>> i = Index("i")
    >>> fits = Requirement(FloorDiv(224, 2**i), Relation.AT_LEAST, 7, "", "")
    >>> print(*of_copies(fits.of_each([Copies(i, symbols("L"))])))
    L ≤ 6
    """
    if requirement.counted:
        return requirement.copies()
    copies, *more = requirement.each
    alone = replace(requirement, each=(Copies(copies.index, _MOST_COPIES),))
    if more or alone.symbols:
        return (requirement,)
    there = enumerate(alone.copies())
    first = next((number for number, one in there if one.holds() is False), None)
    if first is None:
        return (requirement,)
    return (replace(requirement, left=first, relation=Relation.AT_LEAST, right=copies.count,
                    each=()),)  # fmt: skip


def allowed(
    requirements: Sequence[Requirement], n: Symbol, places: Progression, limits: SearchLimits
) -> list[Span]:
    """The places at which every one of `requirements` holds.

    Raises:
        Undecided: that cannot be found out.
    """
    spans: list[Span] = [(1, None)]
    if any(requirement.each for requirement in requirements):
        raise Undecided
    for requirement in sorted(requirements, key=_difficulty):
        left, right = places.along(requirement.left, n), places.along(requirement.right, n)
        spans = _holding(requirement.relation, left, right, n, spans, limits)
    return spans


def _difficulty(requirement: Requirement) -> tuple[bool, int]:
    """Inequalities first: they bound the rest."""
    sides = plain(requirement.left) - plain(requirement.right)
    return requirement.relation is not Relation.AT_LEAST, len(sides.atoms(FloorDiv))


def _holding(
    relation: Relation, left: Expr, right: Expr, n: Symbol, spans: list[Span], limits: SearchLimits
) -> list[Span]:
    if relation is not Relation.MULTIPLE_OF:
        upper = None if relation is Relation.AT_LEAST else 0
        return _where(left - right, 0, upper, n, spans, limits)
    if left.is_Integer and 0 < left <= _LARGEST_DIVIDED:
        listed = _dividing(int(left), right, n)
        if listed is not None:
            return intersected(spans, listed)
    low, _ = bounds(left)
    if low is not None and low > 0:  # nothing positive is a multiple of more than itself
        spans = _where(left - right, 0, None, n, spans, limits)
    return _where(left - right * FloorDiv(left, right), 0, 0, n, spans, limits)


def _where(
    e: Expr, lower: int, upper: int | None, n: Symbol, spans: list[Span], limits: SearchLimits
) -> list[Span]:
    values = Values(e, n, limits)
    return [run for span in spans for run in values.preimage(lower, upper, span)]


def _dividing(total: int, right: Expr, n: Symbol) -> list[Span] | None:
    """The `n` at which ``right = a·n + b`` divides `total`; ``None`` where it is none such."""
    b, rest = right.expand().as_coeff_Add()
    a, symbol = rest.as_coeff_Mul()
    if symbol != n or not (a.is_Integer and b.is_Integer) or a <= 0:
        return None
    return spans_of(Progression(int(a), int(b)).places(divisors(total)))


def by_residue_class(
    requirements: Sequence[Requirement], n: Symbol, find: Callable[[Progression, SearchLimits], T]
) -> list[T]:
    """What `find` finds among all `n`, or in each residue class where it asks for such.

    Args:
        requirements: what `n` must meet.
        n: the symbol.
        find: called with the numbers to look at, and the effort that may be spent.

    Raises:
        Undecided: which ones cannot be decided.
    """
    whole = congruent(requirements, n)
    if whole is None:
        return []
    classes = 1
    while True:
        try:
            left = SearchLimits(LIMITS.classes // classes)
            return [find(numbers, left) for numbers in whole.by_residue_class(classes)]
        except Undecided as stuck:
            if stuck.period is None:
                raise
            classes *= stuck.period


# What single symbols can be

_QUICKLY = SearchLimits(classes=60, values=4_000, parts=60)
"""Assumptions are checked at every step, so quickly; solving checks again with more effort."""


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
        except Undecided:
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
    left, right = plain(requirement.left), plain(requirement.right)
    if requirement.relation is Relation.MULTIPLE_OF:
        right = FloorDiv(left, right) * right
    low, high = bounds((left - right).expand(), ranges)
    above = low is not None and low > 0 and requirement.relation is not Relation.AT_LEAST
    return above or (high is not None and high < 0)
