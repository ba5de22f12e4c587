"""Edits that are seen at several claims, as a stride forgotten before them all.

Such an edit is weighed over all claims: it is chosen where it costs less than what it saves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import log2

from archcalc.explain.reconciling.candidates import Candidate
from archcalc.explain.reconciling.likelihood import ALONE, MARGIN, NEAR, place_bits
from archcalc.explain.reconciling.singles import Singles
from archcalc.explain.reconciling.spans import Span

__all__ = ["shared_edits"]

_MOST_SHARED = 3


def shared_edits(
    singles: Singles, wrong: Sequence[int]
) -> dict[int, list[tuple[float, Candidate]]]:
    """For each claim the edits that save the most over all claims together, if any does.

    Each comes with how much less it saves than the best.
    """
    found: dict[int, list[tuple[float, Candidate]]] = defaultdict(list)
    spans = singles.spans
    if len(spans) < 2:
        return found
    alone = {i: _rest(singles, i, 0) for i in wrong}
    ways = _ways(singles, wrong)
    left = set(wrong)
    for _ in range(_MOST_SHARED):
        saving = [
            (_saved(singles, candidate, values, alone, left), candidate, values)
            for candidate, values in ways
        ]
        best = max((saved for saved, *_ in saving), default=0.0)
        if best <= 0:
            break
        (first,) = [values for saved, _, values in saving if saved == best][:1]
        met = {i for i in first if spans[i].meets(first[i])}
        for saved, candidate, values in saving:
            if saved > best - NEAR and set(values) & left == set(first) & left:
                for i in set(values) & left:
                    found[i].append((best - saved, candidate))
        if not met & left:
            break
        left -= met
    return found


def _ways(singles: Singles, wrong: Sequence[int]) -> list[tuple[Candidate, dict[int, int]]]:
    """The edits that are seen at several claims, and what they add to each."""
    return [
        (candidate, values)
        for candidate, values in singles.added()
        if len(values) > 1 and not values.keys().isdisjoint(wrong)
    ]


def _saved(
    singles: Singles, candidate: Candidate, values: dict[int, int], alone: dict[int, float],
    left: set[int],
) -> float:  # fmt: skip
    """How much less the claims cost with an edit than without it."""
    places = 1 if candidate.everywhere else len(singles.tagged.get(candidate.tag, ()))
    saved = ALONE - candidate.bits - place_bits(places)
    for i, value in values.items():
        before = alone[i] if i in left else 0.0
        saved += before - (0.0 if singles.spans[i].meets(value) else _rest(singles, i, value))
    return saved


def _rest(singles: Singles, number: int, value: int) -> float:
    """What a claim costs of which `value` is explained: one more edit, or another number."""
    return min(singles.cheapest(number, value) + ALONE, _unexplained(singles.spans[number]))


def _unexplained(span: Span) -> float:
    return max(log2(span.there) + MARGIN, 2 * MARGIN)
