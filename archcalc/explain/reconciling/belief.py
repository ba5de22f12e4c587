"""Which explanations of a claim are believed: those that chance would not have found.

With many edits many numbers can be explained.  How many of the numbers about as far from the truth
as the claim would explanations as cheap have hit?  Where that is a large share of them, hitting
this one says nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from math import log2

from archcalc.explain.reconciling.likelihood import (
    CHANCE,
    CHANCE_OF_ONE,
    MARGIN,
    NEAR,
    NEAR_BEFORE,
    NEAR_OF_SEVERAL,
    NEAR_USUAL,
    ONE_MORE,
    UNLISTED,
    USUAL,
    believed,
)
from archcalc.explain.reconciling.singles import Single
from archcalc.explain.reconciling.slips import slips
from archcalc.explain.reconciling.spans import Explanation, Span

__all__ = ["Belief"]

_STEP = 0.5


class Belief:
    """What is believed of one claim.

    Args:
        span: the claim.
        singles: every edit, with what it adds to it.
    """

    def __init__(self, span: Span, singles: Sequence[Single]) -> None:
        self.span = span
        self._levels: dict[int, list[int]] = defaultdict(list)
        known: dict[int, float] = {}
        for single in singles:
            known.setdefault(single.value, single.bits)
        for value, bits in known.items():
            self._levels[round(bits / _STEP)].append(value)
        for values in self._levels.values():
            values.sort()
        self._shares: dict[int, float] = {}

    def credible(self, explanation: Explanation) -> bool:
        """Whether an explanation says more than chance would."""
        span, parts = self.span, len(explanation.parts)
        if explanation.slip is not None:
            hit = self._share_of_slips(explanation) * span.there
            return believed(
                explanation.bits, span.there, hit, span.evidence, span.exact, CHANCE_OF_ONE
            )
        if parts < 2:
            near = min(span.there, 2.0 * abs(span.wanted) + 1)
            hit = self._hit_by_one(explanation.bits, abs(span.wanted))
            anywhere = min((part.bits for part in explanation.parts), default=float("inf"))
            return believed(
                explanation.bits, near, hit, span.evidence, span.exact, CHANCE_OF_ONE, anywhere
            )
        share = self.share(explanation.bits) * span.width
        return believed(
            explanation.bits, span.there, share * span.there, span.evidence, span.exact, CHANCE
        )

    def listed(self, found: Sequence[Explanation]) -> list[Explanation]:
        """What is believed of explanations in order, and what fits about as well."""
        kept = [e for e in found if self.credible(e)]
        if not kept:
            return []
        best = kept[0]
        usual = best.bits <= USUAL
        apart = NEAR_USUAL if usual else NEAR if len(best.parts) < 2 else NEAR_OF_SEVERAL
        if not usual and self.lies_before(best):
            apart = max(apart, NEAR_BEFORE)
        fitting = kept if usual else list(found)
        near = sum(e.bits <= best.bits + apart for e in fitting)
        return fitting[: _nearly_all(fitting, near) if near > 1 else near]

    def lies_before(self, explanation: Explanation) -> bool:
        """Whether what was done otherwise shows in sizes alone, at calls after it."""
        rows, parts = self.span.rows, explanation.parts
        return bool(parts) and all(
            p.moved and not rows & p.changes.keys() & p.amounts.keys() for p in parts
        )

    def _share_of_slips(self, explanation: Explanation) -> float:
        """The share of the numbers as near to the truth that slips as cheap hit.

        A slip of a sum shows in its digits, however far it leads, where nothing else is wrong.
        """
        span, slip, apart = self.span, explanation.slip, abs(self.span.wanted)
        if slip is None or span.written is None:
            return 1.0
        now, of_sum = span.written[0], span.slips == "sum"
        as_cheap = [abs(s.meant - now) for s in slips(now, of_sum=of_sum) if s.bits <= slip.bits]
        if of_sum and not explanation.parts:
            return len(as_cheap) / span.there
        hit = float(sum(far <= 2 * apart for far in as_cheap))
        if explanation.parts:
            hit *= self._hit_by_one(explanation.bits - slip.bits - ONE_MORE, 2 * apart)
        return hit / min(span.there, 2.0 * apart + 1)

    def _hit_by_one(self, bits: float, apart: int) -> float:
        """How many numbers no farther from the truth one edit as cheap hits.

        Small differences are few, of which the edits hit many.
        """
        return float(self._hits(-apart, apart, bits / _STEP))

    @cached_property
    def most(self) -> float:
        """The most that several edits may cost to be believed."""
        levels = range(int((log2(self.span.there) - MARGIN + self.span.evidence) / _STEP) + 1)
        within = bisect_right(
            levels, CHANCE, key=lambda level: self.share(level * _STEP) * self.span.width
        )
        return (within - 1) * _STEP

    def share(self, bits: float) -> float:
        """The share of the numbers around the claim that one or two edits as cheap hit."""
        most = int(bits / _STEP)
        if most not in self._shares:
            wanted = self.span.wanted
            width = max(8, abs(wanted) // 4)
            low, high = wanted - width, wanted + width
            self._shares[most] = (
                self._hits(low, high, most) + self._pairs(low, high, most) / 2
            ) / (2 * width + 1)
        return self._shares[most]

    def _hits(self, low: int, high: int, most: float) -> int:
        return sum(
            bisect_right(values, high) - bisect_left(values, low)
            for level, values in self._levels.items() if level <= most
        )  # fmt: skip

    def _pairs(self, low: int, high: int, most: int) -> int:
        left = most - int(ONE_MORE / _STEP)
        found = 0
        for level, values in self._levels.items():
            beside = [vs for other, vs in self._levels.items() if level + other <= left]
            for value in values if beside else ():
                for others in beside:
                    found += bisect_right(others, high - value) - bisect_left(others, low - value)
        return found


def _nearly_all(explanations: Sequence[Explanation], fewest: int) -> int:
    """How many of explanations in order have all but `UNLISTED` of the weight of all."""
    weights = [2.0**-e.bits for e in explanations]
    left, most = sum(weights[fewest:]), UNLISTED * sum(weights)
    while left > most:
        left -= weights[fewest]
        fewest += 1
    return fewest
