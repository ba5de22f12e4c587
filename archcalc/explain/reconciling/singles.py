"""The single edits, with what each adds to every claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.edit import Variant
from archcalc.explain.reconciling.likelihood import ONE_OF_TWO, place_bits
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
        self.candidates: list[Candidate] = self._readings

    def add_moving(self) -> None:
        """Take in the edits that other layers see, beside the readings of rules."""
        self.candidates = [*self._readings, *self._moving()]
        self._tables.clear()
        self._cheapest.clear()

    @cached_property
    def tagged(self) -> dict[object, dict[int, Variant]]:
        """What may have been done otherwise, by what it has in common, and by row."""
        rows = sorted(self._claimed - {-1})
        tagged: dict[object, dict[int, Variant]] = defaultdict(dict)
        for i in range(max(rows, default=-1) + 1):
            for change in self.field.changes(i):
                tagged[change.tag].setdefault(i, change)
        return tagged

    @cached_property
    def span_of(self) -> dict[int, int]:
        """Of which claim a row is."""
        return {i: number for number, span in enumerate(self.spans) for i in span.rows}

    @cached_property
    def _claimed(self) -> frozenset[int]:
        return frozenset().union(*(span.rows for span in self.spans))

    @cached_property
    def _readings(self) -> list[Candidate]:
        """The readings of rules, at one place and everywhere, after which no shape is another."""
        found = [c for i in sorted(self._claimed - {-1}) for c in self.field.local(i)]
        still = {tag: some for tag, some in self.tagged.items() if not _moves(some)}
        found.extend(self.field.left_out_inputs())
        found.extend(self.field.everywhere(still))
        return found

    def _moving(self) -> list[Candidate]:
        """The edits that are followed through the network."""
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
            span = self.spans[number]
            found = []
            for candidate in self.candidates:
                value = candidate.total(span.rows)
                if value and not self._contradicts(candidate, number):
                    found.append(Single(value, self._cost(candidate, span), candidate))
            found.sort(key=lambda s: s.bits)
            self._tables[number] = found
        return self._tables[number]

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

    def _contradicts(self, candidate: Candidate, number: int) -> bool:
        """Whether an edit would make another claim wrong that is right."""
        if len(self.spans) < 2:
            return False
        others = {self.span_of.get(i, number) for i in candidate.amounts} - {number}
        return any(self.spans[i].right and candidate.total(self.spans[i].rows) for i in others)

    def _cost(self, candidate: Candidate, span: Span) -> float:
        if candidate.everywhere or not candidate.changes:
            return candidate.bits
        (index,) = list(candidate.changes)[:1]
        same = self.tagged.get(candidate.tag, {})
        places = len(span.rows.intersection(same)) if index in span.rows else len(same)
        half = ONE_OF_TWO if index in self.field.halves else 0.0
        return candidate.bits + place_bits(places) + half


def _moves(changes: dict[int, Variant]) -> bool:
    return any(c.moves or c.inputs is not None for c in changes.values())
