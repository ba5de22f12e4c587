"""Claims of what is no sum: shapes, lengths, receptive fields.

An edit is followed through the network, and what then stands at each claimed place is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any

from archcalc.costs import ReceptiveField
from archcalc.explain.document import Strong
from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.edit import Finding, Variant
from archcalc.explain.reconciling.likelihood import (
    AGAIN,
    ONE_MORE,
    believed,
    place_bits,
)
from archcalc.explain.reconciling.side_by_side import Side
from archcalc.layers.notation import notation_of
from archcalc.network import Row, Trace
from archcalc.symbolic.printing import to_text

__all__ = ["ValueAnswer", "ValueClaim", "ValueSearch", "value_at"]

_LITTLE_OF_MANY = 8.0
"""The same where several sizes are claimed, which one edit has to give."""

_AS_GOOD_ALONE = 1.9
"""The same where a single size is claimed, which a great many edits give."""

_AS_GOOD = 4.5
"""Explanations of sizes that differ by so many bits are equally good: many give the same sizes."""

_MOST_PAIRED = 45
_LITTLE = 5.5
"""Sizes are small numbers: what costs no more is believed, and all that fits as well is listed."""


@dataclass(frozen=True)
class ValueClaim:
    """What is claimed of one call.

    Attributes:
        index: the number of the call; −1 is the network's output.
        claimed: a shape, or a size, as a tuple.
        actual: the right one.
    """

    index: int
    claimed: tuple[Any, ...]
    actual: tuple[Any, ...]

    @property
    def right(self) -> bool:
        """Whether the claim is the truth."""
        return self.claimed == self.actual

    @property
    def there(self) -> float:
        """How many such values there might have been: axes that are alike count once."""
        pairs = {(a, b) for a, b in zip(self.claimed, self.actual, strict=False) if a != b} or {
            (prod(self.claimed), prod(self.actual))
        }
        return float(prod(max(a, b, 2) for a, b in pairs))


@dataclass
class ValueAnswer:
    """What was found for one claim."""

    claim: ValueClaim
    explanations: list[tuple[float, tuple[Candidate, ...]]] = field(default_factory=list)


class ValueSearch:
    """The search for edits after which claimed values stand where they were claimed."""

    def __init__(self, found: Field, claims: Sequence[ValueClaim]) -> None:
        self.field = found
        self.claims = claims
        self.name = found.quantity.name

    def answers(self) -> list[ValueAnswer]:
        """For every claim what explains it."""
        wrong = [i for i, claim in enumerate(self.claims) if not claim.right]
        found = [ValueAnswer(claim) for claim in self.claims]
        if not wrong:
            return found
        table = [(self._cost(c), c, self._met(c)) for c in self._candidates()]
        right = {i for i, claim in enumerate(self.claims) if claim.right}
        table = [row for row in table if right <= row[2] and any(i in row[2] for i in wrong)]
        left = set(wrong)
        while left:
            best = self._best(table, left)
            if best is None:
                break
            cost, met = best
            most = cost + (_AS_GOOD if len(self.claims) > 1 else _AS_GOOD_ALONE)
            chosen = [(bits, (c,)) for bits, c, m in table if m & left == met and bits <= most]
            chosen.sort(key=lambda e: e[0])
            for i in met:
                found[i].explanations = _told_once(chosen)
            left -= met
        if left:
            self._by_two(found, left)
        return found

    def _best(
        self, table: Sequence[tuple[float, Candidate, frozenset[int]]], left: set[int]
    ) -> tuple[float, frozenset[int]] | None:
        """The edit that explains the most of what is left, for the least."""
        ways = []
        for bits, _, met in table:
            now = frozenset(met & left)
            if now:
                there = prod(self.claims[i].there for i in now)
                hit = sum(1 for b, _, m in table if b <= bits)
                little = _LITTLE if len(self.claims) == 1 else _LITTLE_OF_MANY
                sure = bits <= little or believed(bits, there, hit)
                if sure:
                    ways.append((-len(now), bits, now))
        if not ways:
            return None
        _, bits, now = min(ways, key=lambda w: (w[0], w[1]))
        return bits, now

    def _cost(self, candidate: Candidate) -> float:
        if candidate.everywhere or not candidate.changes or len(self.claims) > 1:
            return candidate.bits  # what is right before it and wrong after it says where
        return candidate.bits + place_bits(len(self._tagged.get(candidate.tag, ())))

    def _candidates(self) -> list[Candidate]:
        last = max((claim.index for claim in self.claims), default=-1)
        last = len(self.field.rows) - 1 if min(c.index for c in self.claims) < 0 else last
        tagged: dict[object, dict[int, Variant]] = {}
        moving: list[tuple[float, int, Variant]] = []
        for i in range(last + 1):
            for change in self.field.moving(i):
                tagged.setdefault(change.tag, {}).setdefault(i, change)
                moving.append((change.bits, i, change))
        self._tagged = tagged
        found = [*self.field.everywhere(tagged), *self.field.other_inputs()]
        for _, i, change in sorted(moving, key=lambda m: m[0]):
            made = self.field.one(i, change)
            if made is not None and made.moved:
                found.append(made)
        return found

    def _met(self, candidate: Candidate) -> frozenset[int]:
        return self._met_by(candidate.moved, candidate.inputs)

    def _met_by(self, rows: Mapping[int, Row], inputs: Any) -> frozenset[int]:
        if self.name == "receptive_field":
            trace: Trace | None = self.field.follower.trace_of(rows, inputs)
        else:
            trace = None
        met = []
        for i, claim in enumerate(self.claims):
            value = value_at(self.field.trace if trace is None else trace, rows, claim.index,
                             self.name)  # fmt: skip
            if _same(value, claim.claimed):
                met.append(i)
        return frozenset(met)

    def _by_two(self, found: list[ValueAnswer], left: set[int]) -> None:
        """Two edits together, where one does not do."""
        singles = sorted(self._candidates(), key=self._cost)[:_MOST_PAIRED]
        right = {i for i, claim in enumerate(self.claims) if claim.right}
        ways: list[tuple[float, tuple[Candidate, ...], frozenset[int]]] = []
        for a, b in combinations(singles, 2):
            if set(a.changes) & set(b.changes) or (a.inputs and b.inputs):
                continue
            changes = {i: [c] for part in (a, b) for i, c in part.changes.items()}
            made = self.field.followed(changes, a.inputs or b.inputs)
            if made is not None:
                met = self._met_by(made[1], a.inputs or b.inputs)
                if met & left and right <= met:
                    bits = self._cost(a) + self._cost(b) + ONE_MORE
                    ways.append((bits, (a, b), frozenset(met & left)))
        ways.sort(key=lambda w: (-len(w[2]), w[0]))
        for bits, parts, met in ways:
            there = prod(self.claims[i].there for i in met)
            if met <= left and believed(bits, there, len(singles) ** 2 // 2):
                for i in met:
                    found[i].explanations.append((bits, parts))
                left -= met

    def side(self, candidate: Candidate) -> Side | None:
        """Both sizes side by side; ``None`` where no rule gives them."""
        for index, change in sorted(candidate.changes.items())[:1]:
            yours, here = _both(self.field, index, change, candidate)
            if yours and here:
                path = self.field.rows[index].path
                return Side(path, change.words, (Strong(f"⟦{yours}⟧"),), (Strong(f"⟦{here}⟧"),))
        return None

    def finding(self, candidate: Candidate, claim: ValueClaim) -> Finding:
        """What a candidate is told as."""
        places = sorted(candidate.changes)
        amount = _less(claim.actual, claim.claimed)
        if not places:
            return Finding("input", candidate.kind, amount, candidate.text)
        change = candidate.changes[places[0]]
        path = self.field.rows[places[0]].path
        text = _sizes(self.field, places[0], change, candidate)
        if len(places) > 1:
            text = f"{text}, at all {len(places)} layers that have one"
        return Finding(path, candidate.kind, amount, text)


def value_at(trace: Trace, rows: Mapping[int, Row], index: int, name: str) -> tuple[Any, ...]:
    """What stands at a call: its shape, a length, or the receptive field after it."""
    number = index if index >= 0 else (trace.ends[0] if trace.ends[0] >= 0 else len(trace.rows) - 1)
    row = rows.get(number, trace.rows[number])
    if name == "shape":
        return tuple(row.output)
    if name == "length":
        return tuple(row.output[:1])
    fields = ReceptiveField().by_row(trace)[number]
    sizes = tuple(f.size for f in fields.values())
    return sizes[:1] if len(set(sizes)) == 1 else sizes


def _same(value: tuple[Any, ...], claimed: tuple[Any, ...]) -> bool:
    """Whether a claim is a value; of one number for a shape, its elements or its one size."""
    if value == claimed:
        return True
    if len(claimed) == 1 and len(value) > 1:
        return len(set(value)) == 1 and value[0] == claimed[0]
    return False


def _less(actual: tuple[Any, ...], claimed: tuple[Any, ...]) -> tuple[Any, ...] | None:
    if len(actual) != len(claimed):
        return None
    return tuple(a - b for a, b in zip(actual, claimed, strict=True))


def _told_once(
    chosen: Sequence[tuple[float, tuple[Candidate, ...]]],
) -> list[tuple[float, tuple[Candidate, ...]]]:
    """Each cause once: at the same layers, with the same sizes after it."""
    kept: list[tuple[float, tuple[Candidate, ...]]] = []
    seen: list[object] = []
    for bits, parts in chosen:
        effect = [
            (
                tuple(sorted(p.changes)),
                p.kind,
                {i: r.outputs for i, r in p.moved.items()},
            )
            for p in parts
        ]
        if effect not in seen:
            seen.append(effect)
            kept.append((bits, parts))
    return kept


def _both(found: Field, index: int, change: Variant, candidate: Candidate) -> tuple[str, str]:
    """The rule of the size as it was read, and as it is; empty where none is told."""
    row, now = found.rows[index], candidate.moved.get(index)
    if now is None or not row.inputs:
        return "", ""
    yours = _rule_of(now) if change.layer is not None else _plain_size(now, row)
    return yours, _rule_of(row)


def _sizes(found: Field, index: int, change: Variant, candidate: Candidate) -> str:
    """The words of a change, with both rules of the size."""
    words = change.words
    if change.layer is not None:
        words = _spoken(words.replace("left at", "counted as with"))
    yours, here = _both(found, index, change, candidate)
    return f"{words}: {yours}; here {here}" if here and yours else words


def _spoken(words: str) -> str:
    """``counted as with padding 'same'`` for ``counted as with padding='same', where …``."""
    first = words.split(", where it is")[0]
    return first.replace("=", " ", 1)


def _axis(row: Row) -> int:
    windows = row.applied.windows or ()
    return windows[0][0] if windows else 0


def _rule_of(row: Row) -> str:
    """The rule of the first size that a window gives: ``⌊(28 − 3)/1⌋ + 1 = 26``."""
    notation = notation_of(row.applied)
    axis = _axis(row)
    if axis >= len(notation.output) or axis >= len(row.output):
        return ""
    rule, value = notation.output[axis], row.output[axis]
    shown = to_text(rule, notation.values, notation.order)
    return f"{shown} = {value}" if shown != str(value) else str(value)


def _plain_size(now: Row, row: Row) -> str:
    axis = _axis(row)
    return str(now.output[axis]) if axis < len(now.output) else str(now.output)


__all__ += ["AGAIN"]
