"""Two and three edits that explain a claim together.

Edits of different calls add up, so that what completes one of them is looked up.  Those that meet
are counted again together, the likeliest first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from archcalc.explain.reconciling.belief import Belief
from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.likelihood import NEAR_BEFORE, NEAR_OF_SEVERAL, ONE_MORE
from archcalc.explain.reconciling.singles import Single
from archcalc.explain.reconciling.spans import Explanation, Span
from archcalc.explain.reconciling.together import Together, compatible, within

__all__ = ["Pairs"]

_MOST_PAIRED = 1_500
_MOST_ALIKE = 24
"""How many edits of one amount are tried beside another edit."""
_MOST_FOUND = 400
_MOST_IN_THREES = 14
_EACH_OF_THREE = 4.5
"""The most that each of three edits of one layer costs."""
_STEP = 0.5


class Pairs:
    """The search for several edits.

    Args:
        found: the edits.
    """

    def __init__(self, found: Field) -> None:
        self.field = found
        self.together = Together(found)

    def of(
        self,
        span: Span,
        singles: Sequence[Single],
        belief: Belief,
        best: Explanation | None = None,
    ) -> list[Explanation]:
        """Two edits that explain a claim, or three where no two do.

        Args:
            span: the claim.
            singles: the edits, the likeliest first.
            belief: what is believed of it.
            best: what is believed already: what is much unlikelier is not looked for.
        """
        few = singles[:_MOST_PAIRED]
        if best is not None and few:
            most = best.bits + NEAR_BEFORE - few[0].bits - ONE_MORE
            few = [single for single in few if single.bits <= most]
        found = list(self._apart(span, few))
        known = found if best is None else [*found, best]
        found.extend(self._meeting(span, few, belief, known))
        if len(span.rows) == 1:
            found.extend(self._three_of_one(span, few))
        if not found and best is None and span.exact and len(span.rows) < 4:
            found.extend(self._three_apart(span, few[:120]))
        return found

    def beside(
        self, span: Span, given: Candidate, singles: Sequence[Single]
    ) -> Iterator[tuple[float, tuple[Candidate, ...], dict[int, int]]]:
        """One more edit beside one that is known: its cost, both, and what they add."""
        mask, value = self.together.mask(given), given.total(span.rows)
        for single in singles[:_MOST_PAIRED]:
            other = single.candidate
            meets = mask & self.together.mask(other)
            if other is not given and (meets or span.meets(value + single.value)):
                if not compatible(given, other):
                    continue
                amounts = self.together.amounts(given, other, span)
                if amounts is not None:
                    yield single.bits, (given, other), amounts

    def _apart(self, span: Span, few: Sequence[Single]) -> Iterator[Explanation]:
        """Edits of different calls, whose amounts sum to what is missing."""
        by_value: dict[int, list[tuple[int, Single]]] = defaultdict(list)
        for number, single in enumerate(few):
            by_value[single.value].append((number, single))
        values = sorted(by_value)
        found = 0
        for number, one in enumerate(few):
            low = span.actual - span.high - one.value
            high = span.actual - span.low - one.value
            near = values[bisect_left(values, low) : bisect_right(values, high)]
            for value in near[:_MOST_ALIKE]:
                for after, other in by_value[value][:_MOST_ALIKE]:
                    if after > number and not self._meet(one, other):
                        made = self._made(span, one, other)
                        if made is not None:
                            found += 1
                            yield made
            if found > _MOST_FOUND:
                return

    def _meeting(
        self, span: Span, few: Sequence[Single], belief: Belief, known: Sequence[Explanation]
    ) -> Iterator[Explanation]:
        """Edits that meet, the likeliest pairs first.

        What costs more than what can be believed is looked for beside what is believed.
        """
        believed = [e for e in known if belief.credible(e)]
        most = min(map(_farthest, believed)) if believed else belief.most
        levels: dict[int, list[tuple[int, Single]]] = defaultdict(list)
        for single in few:
            mask = self.together.mask(single.candidate)
            levels[round(single.bits / _STEP)].append((mask, single))
        order = sorted(levels)
        pairs = sorted((a + b, a, b) for a in order for b in order if a <= b)
        found = 0
        for cost, a, b in pairs:
            if cost * _STEP + ONE_MORE > most or found > _MOST_FOUND:
                return
            for number, (mask, one) in enumerate(levels[a]):
                others = levels[b] if a != b else levels[b][number + 1 :]
                for other in [s for m, s in others if m & mask]:
                    made = self._made(span, one, other)
                    if made is not None:
                        found += 1
                        if not believed and belief.credible(made):
                            believed.append(made)
                            most = max(most, _farthest(made))
                        yield made

    def _meet(self, one: Single, other: Single) -> bool:
        mask = self.together.mask
        return bool(mask(one.candidate) & mask(other.candidate))

    def _made(self, span: Span, one: Single, other: Single) -> Explanation | None:
        parts = (one.candidate, other.candidate)
        if not compatible(*parts) or span.meets(one.value) or span.meets(other.value):
            return None  # beside what explains it alone the other does nothing
        amounts = self.together.amounts(*parts, span)
        bits = one.bits + other.bits + ONE_MORE
        return None if amounts is None else Explanation(bits, parts, amounts)

    # Three

    def _three_of_one(self, span: Span, few: Sequence[Single]) -> Iterator[Explanation]:
        """Three edits of one call that no other sees, counted together."""
        here = [
            s for s in few
            if len(s.candidate.changes) == 1 and not s.candidate.everywhere
            and len(s.candidate.amounts) < 2 and s.bits <= _EACH_OF_THREE
            and not span.meets(s.value)
        ]  # fmt: skip
        for some in combinations(here[:_MOST_IN_THREES], 3):
            parts = tuple(s.candidate for s in some)
            if all(compatible(a, b) for a, b in combinations(parts, 2)):
                amounts = self.field.combined(parts)
                if amounts is not None and span.meets(within(amounts, span)):
                    yield Explanation(_cost(some), parts, amounts)

    def _three_apart(self, span: Span, few: Sequence[Single]) -> Iterator[Explanation]:
        """Three edits of different calls."""
        by_value: dict[int, list[Single]] = defaultdict(list)
        for single in few:
            by_value[single.value].append(single)
        for a, b in combinations(few[:60], 2):
            for c in by_value.get(span.wanted - a.value - b.value, ())[:2]:
                some = (a, b, c)
                parts = tuple(s.candidate for s in some)
                if c.bits >= b.bits and c is not b and all(
                    compatible(x.candidate, y.candidate) and not self._meet(x, y)
                    for x, y in combinations(some, 2)
                ):  # fmt: skip
                    amounts = {i: n for part in parts for i, n in part.amounts.items()}
                    yield Explanation(_cost(some), parts, amounts)


def _farthest(explanation: Explanation) -> float:
    """The most that another may cost to be listed beside an explanation."""
    return explanation.bits + (NEAR_BEFORE if len(explanation.parts) < 2 else NEAR_OF_SEVERAL)


def _cost(some: Sequence[Single]) -> float:
    return sum(s.bits for s in some) + ONE_MORE * (len(some) - 1)
