"""The single edits, with what each adds to every claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from archcalc.explain.reconciling.candidates import SHARING, Candidate, Field
from archcalc.explain.reconciling.edit import Variant
from archcalc.explain.reconciling.likelihood import ONE_CHOICE, ONE_OF_TWO, place_bits
from archcalc.explain.reconciling.spans import Span

__all__ = ["Single", "Singles"]


@dataclass(slots=True)
class Single:
    """One edit as an explanation of one claim: what it adds there, and its cost with the place."""

    value: int
    bits: float
    candidate: Candidate


class Singles:
    """Every edit, counted once, and what it adds to each of some claims.

    Args:
        found: the edits.
        spans: what is claimed, each of other calls.
    """

    def __init__(self, found: Field, spans: Sequence[Span]) -> None:
        self.field = found
        self.spans = spans
        self._tables: dict[int, list[Single]] = {}
        self._cheapest: dict[int, dict[int, float]] = {}
        self._added: list[tuple[Candidate, dict[int, int]]] | None = None
        self.tagged: dict[object, dict[int, Variant]] = defaultdict(dict)
        self.candidates: list[Candidate] = self._readings

    def add_moving(self) -> None:
        """Take in the edits that other layers see, beside the readings of rules."""
        self.candidates = [*self._readings, *self._moving()]
        self._tables.clear()
        self._cheapest.clear()
        self._added = None

    def _tag(self, *, seen_after: bool) -> None:
        """Put down what may have been done otherwise, by what it has in common, and by row."""
        for i in range(max(self._claimed, default=-1) + 1):
            for change in self.field.changes(i, seen_after=seen_after):
                self.tagged[change.tag].setdefault(i, change)

    @cached_property
    def _spans_of(self) -> dict[int, list[int]]:
        """The claims that a row is of."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, span in enumerate(self.spans):
            for i in span.rows:
                found[i].append(number)
        return found

    def added(self) -> list[tuple[Candidate, dict[int, int]]]:
        """What each edit adds to the claims that it is seen in.

        An edit that would make a claim wrong that is right is none.
        """
        if self._added is None:
            self._added = []
            right = {number for number, span in enumerate(self.spans) if span.right}
            for candidate in self.candidates:
                sums: dict[int, int] = {}
                for i, amount in candidate.amounts.items():
                    for number in self._spans_of.get(i, ()):
                        sums[number] = sums.get(number, 0) + amount
                sums = {number: value for number, value in sums.items() if value}
                if sums and right.isdisjoint(sums):
                    self._added.append((candidate, sums))
        return self._added

    @cached_property
    def _claimed(self) -> frozenset[int]:
        return frozenset().union(*(span.rows for span in self.spans))

    @cached_property
    def _readings(self) -> list[Candidate]:
        """The readings of rules, at one place and everywhere, after which no shape is another."""
        self._tag(seen_after=False)
        found = [c for i in sorted(self._claimed - {-1}) for c in self.field.local(i)]
        still = {tag: some for tag, some in self.tagged.items() if not _moves(some)}
        found.extend(self.field.left_out_inputs())
        found.extend(self.field.everywhere(still))
        return found

    def _moving(self) -> list[Candidate]:
        """The edits that are followed through the network."""
        self._tag(seen_after=True)
        found = [*self.field.other_inputs(), *self.field.one_direction()]
        found.extend(
            self.field.everywhere({tag: some for tag, some in self.tagged.items() if _moves(some)})
        )
        moving = [
            (change.bits, i, change)
            for i in range(max(self._claimed, default=-1) + 1)
            for change in self.field.moving(i)
        ]
        for _, i, change in sorted(moving, key=lambda m: m[0]):
            made = self.field.one(i, change)
            if made is not None:
                found.append(made)
        return found

    def of(self, number: int) -> list[Single]:
        """What each edit adds to one claim, the likeliest first."""
        if number not in self._tables:
            for every in self._by_claim().values():
                every.sort(key=lambda s: s.bits)
        return self._tables.setdefault(number, [])

    def _by_claim(self) -> dict[int, list[Single]]:
        for candidate, sums in self.added():
            for number, value in sums.items():
                cost = self._cost(candidate, self.spans[number])
                self._tables.setdefault(number, []).append(Single(value, cost, candidate))
        return self._tables

    def cheapest(self, number: int, given: int = 0) -> float:
        """The cost of the cheapest edit that explains what is left of a claim."""
        table = self._cheapest.get(number)
        if table is None:
            table = self._cheapest[number] = {}
            for single in self.of(number):
                table.setdefault(single.value, single.bits)
        span = self.spans[number]
        if span.exact:
            return table.get(span.wanted - given, float("inf"))
        return min(
            (bits for v, bits in table.items() if span.meets(v + given)),
            default=float("inf"),
        )

    def _cost(self, candidate: Candidate, span: Span) -> float:
        if candidate.everywhere or not candidate.changes:
            return candidate.bits
        (index,) = list(candidate.changes)[:1]
        same = self.tagged.get(candidate.tag, {})
        places = len(span.rows.intersection(same)) if index in span.rows else len(same)
        half = ONE_OF_TWO if index in self.field.halves else 0.0
        once = ONE_CHOICE if places > 1 and _is_choice(candidate.changes[index]) else 0.0
        return candidate.bits + place_bits(places) + half + once


def _is_choice(change: Variant) -> bool:
    """Whether it is a convention, which is chosen once for all that it is about."""
    touches = change.touches
    return isinstance(touches, tuple) and touches[0] == "convention" and touches != SHARING


def _moves(changes: dict[int, Variant]) -> bool:
    return any(c.moves or c.inputs is not None for c in changes.values())
