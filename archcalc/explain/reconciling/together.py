"""Two edits made at once: whether a person may have made both, and what they then add.

Edits of different calls add up.  Where they meet, the calls are counted again: the rule read both
ways, on the shapes that an edit before it leads to; only where both change shapes are they followed
through the network together.
"""

from __future__ import annotations

from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.edit import Variant
from archcalc.explain.reconciling.spans import Span
from archcalc.explain.reconciling.terms import size_of

__all__ = ["Together", "compatible", "within"]

MOST_FOLLOWED = 4_000
"""How many pairs are followed through the network for one reconciliation."""

MOST_VISITS = 45_000
"""How many calls may be looked at again for them."""

MOST_READ = 60_000
"""How many rules are read both ways."""


class Together:
    """Counts edits made at once.

    Args:
        found: the edits.
    """

    def __init__(self, found: Field) -> None:
        self.field = found
        self._followed = 0
        self._read = 0
        self._known: dict[tuple[int, int, int, int], int] = {}
        self._masks: dict[int, tuple[Candidate, int]] = {}

    def mask(self, candidate: Candidate) -> int:
        """The rows that an edit touches, a bit each."""
        known = self._masks.get(id(candidate))
        if known is None:
            made = 0
            for i in {*candidate.changes, *candidate.moved, *candidate.amounts}:
                made |= 1 << (i + 1)
            known = self._masks[id(candidate)] = candidate, made
        return known[1]

    def amounts(self, one: Candidate, other: Candidate, span: Span) -> dict[int, int] | None:
        """What two edits add to each call; ``None`` where that does not explain the claim."""
        if not self.mask(one) & self.mask(other):
            both = {**one.amounts, **other.amounts}
            return both if span.meets(within(both, span)) else None
        if one.moved and other.moved:
            return self._both_followed(one, other, span)
        first, second = (other, one) if other.moved else (one, other)
        if self._read > MOST_READ:
            return None
        value = first.total(span.rows)
        changed: dict[int, int] = {}
        for i, change in second.changes.items():
            changed[i] = self._amount(i, first, change, second)
            if i in span.rows:
                value += changed[i] - first.amounts.get(i, 0)
        return {**first.amounts, **changed} if span.meets(value) else None

    def _amount(self, i: int, first: Candidate, change: Variant, second: Candidate) -> int:
        """What both add to one call."""
        before = first.changes.get(i)
        row = first.moved.get(i)
        if (before is None or before.read is None) and row is None:
            return second.amounts.get(i, 0)
        row = self.field.rows[i] if row is None else row
        key = (i, id(row.applied), id(before), id(change))
        if key not in self._known:
            self._read += 1
            every = [c for c in (before, change) if c is not None]
            self._known[key] = self.field.base[i] - size_of(self.field.read_on(i, row, every))
        return self._known[key]

    def _both_followed(self, one: Candidate, other: Candidate, span: Span) -> dict[int, int] | None:
        if self._followed > MOST_FOLLOWED:
            return None
        if not self._followed:
            self.field.follower.allow(MOST_VISITS)
        self._followed += 1
        made = self.field.combined((one, other))
        return made if made is not None and span.meets(within(made, span)) else None


def within(amounts: dict[int, int], span: Span) -> int:
    """What is added to the calls that a claim is of."""
    return sum([a for i, a in amounts.items() if i in span.rows])


_OPPOSITE = (
    {"missing-bias", "extra-bias"},
    {"missing-bias", "weight-twice"},
    {"missing-weight", "weight-twice"},
    {"layer-forgotten", "pool-added"},
    {"layer-forgotten", "flatten-added"},
)


def compatible(one: Candidate, other: Candidate) -> bool:
    """Whether a person may have done both: not the same twice, nor one against the other."""
    if one is other or (one.inputs is not None and other.inputs is not None):
        return False
    shared = one.changes.keys() & other.changes.keys()
    if one.tag == other.tag and (shared or one.everywhere or other.everywhere):
        return False
    for i in shared:
        a, b = one.changes[i].touches, other.changes[i].touches
        if a == b or _same_factor(a, b):
            return False
        if "all" in (a, b) and len(one.changes) == len(other.changes) == 1:
            return False  # of a layer that was not counted nothing else was, but elsewhere
    first, second = sum(one.amounts.values()), sum(other.amounts.values())
    if (first > 0) != (second > 0):
        if one.kind == other.kind:
            return False
        return {one.kind, other.kind} not in _OPPOSITE
    return True


def _same_factor(a: object, b: object) -> bool:
    return isinstance(a, tuple) and isinstance(b, tuple) and a[:2] == b[:2] and len(a) > 1
