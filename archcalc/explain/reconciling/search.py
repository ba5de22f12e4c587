"""The search: which edits, fewest and likeliest first, explain what was claimed.

Every edit is counted once, as what it adds to each call.  What was claimed of one place is then
looked up; two and three edits are found by matching differences, and counted again together where
they meet.  Edits that are seen at several places, as a stride forgotten before them all, are
weighed over all claims: such an edit is chosen where it costs less than what it saves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from math import log2

from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.edit import Variant
from archcalc.explain.reconciling.likelihood import (
    AGAIN,
    ALONE,
    CHANCE_OF_ONE,
    MARGIN,
    NEAR,
    NEAR_OF_SEVERAL,
    NEAR_USUAL,
    ONE_MORE,
    ONE_OF_TWO,
    USUAL,
    believed,
    numbers_there,
    place_bits,
)
from archcalc.explain.reconciling.slips import Slip, slips

__all__ = ["Answer", "Explanation", "Search", "Span"]

_MOST_PAIRED = 1_500
_MOST_SHARED = 3
_LONG = 24
"""Of networks with more calls the readings of rules come first, and the rest where they fail."""
_PLAIN = 2.0
"""What costs so little needs no comparison with edits that other layers see."""
_MOST_TOGETHER = 40
_MOST_IN_THREES = 14
_MOST_RECOUNTED = 1_200
_EACH_OF_THREE = 4.5
"""The most that each of three edits of one layer costs."""

_WITH_SLIP = 2.6
"""The most that an edit costs beside which a slip is looked for."""


@dataclass(frozen=True)
class Span:
    """What is claimed of some calls together.

    Attributes:
        path: where: the layer, the block, or the last of the calls.
        rows: the numbers of the calls; −1 stands for the network's input.
        low, high: between which numbers the claim lies; both are it where it is no rounded one.
        actual: the right number.
        written: the running total as it was put down, and the one before it.
        evidence: bits in favour of an explanation beside the number.
        about: how far from it the truth may lie for the claim to be right, rounded.
    """

    path: str
    rows: frozenset[int]
    low: int
    high: int
    actual: int
    written: tuple[int, int] | None = None
    slips: str = ""
    evidence: float = 0.0
    about: int = 0

    @property
    def claimed(self) -> int:
        """The claim; the middle of a rounded one."""
        return (self.low + self.high) // 2

    @property
    def right(self) -> bool:
        """Whether the right number is what was claimed."""
        return self.low - self.about <= self.actual <= self.high + self.about

    @property
    def there(self) -> float:
        """How many numbers it might have been."""
        zeros = _zeros(self.claimed) - _zeros(self.actual)
        width = max(self.high - self.low + 1, 10**zeros if zeros > 1 else 1)
        return numbers_there(self.claimed, self.actual, width)

    def meets(self, amount: int) -> bool:
        """Whether an amount is what lies between the claim and the truth."""
        return self.low <= self.actual - amount <= self.high


def _zeros(number: int) -> int:
    """How many noughts a number ends in."""
    digits = str(number)
    return len(digits) - len(digits.rstrip("0"))


@dataclass(frozen=True)
class Explanation:
    """Edits that explain a claim.

    Attributes:
        bits: what they cost together.
        parts: the edits.
        amounts: what they add to each call.
        slip: the slip of the written number, if there is one.
    """

    bits: float
    parts: tuple[Candidate, ...]
    amounts: dict[int, int]
    slip: Slip | None = None

    @property
    def cause(self) -> object:
        """What they are, to tell one explanation from another."""
        parts = frozenset((p.cause or p.tag) for p in self.parts)
        return parts, self.slip.meant if self.slip else None


@dataclass
class Answer:
    """What was found for one claim, the best first."""

    span: Span
    explanations: list[Explanation] = field(default_factory=list)
    nearest: list[Candidate] = field(default_factory=list)
    possible: list[Explanation] = field(default_factory=list)

    @property
    def explained(self) -> bool:
        """Whether one is believed."""
        return bool(self.explanations)


@dataclass(slots=True)
class _Single:
    value: int
    bits: float
    candidate: Candidate


class Search:
    """The search for one set of claims.

    Args:
        found: the candidates.
        spans: what is claimed, each of other calls.
    """

    def __init__(self, found: Field, spans: Sequence[Span]) -> None:
        self.field = found
        self.spans = spans
        self._tables: dict[int, list[_Single]] = {}
        self._recounted = 0
        self.candidates: list[Candidate] = self._read

    def answers(self) -> list[Answer]:
        """For every claim what explains it."""
        wrong = [i for i, span in enumerate(self.spans) if not span.right]
        if not wrong:
            return [Answer(span) for span in self.spans]
        if len(self.field.rows) > _LONG:
            found = self._found(wrong)
            if all(_plain(answer) for answer in found.values()):
                return [found.get(i, Answer(span)) for i, span in enumerate(self.spans)]
            self.candidates = self._every()
            self._tables.clear()
            self._cheapest.clear()
        else:
            self.candidates = self._every()
        found = self._found(wrong)
        return [found.get(i, Answer(span)) for i, span in enumerate(self.spans)]

    def _found(self, wrong: Sequence[int]) -> dict[int, Answer]:
        shared = self._shared(wrong)
        first = {i: self._explain(i, shared.get(i, []), frozenset()) for i in wrong}
        usual = self._usual(first)
        if len(wrong) > 1 and usual:
            return {
                i: self._explain(i, shared.get(i, []), self._without(usual, first, i))
                for i in wrong
            }
        return first

    # Candidates

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
    def _read(self) -> list[Candidate]:
        """The readings of rules, at one place and everywhere, after which no shape is another."""
        found = [c for i in sorted(self._claimed - {-1}) for c in self.field.local(i)]
        still = {
            tag: some
            for tag, some in self.tagged.items()
            if not any(c.moves or c.inputs is not None for c in some.values())
        }
        found.extend(self.field.left_out_inputs())
        found.extend(self.field.everywhere(still))
        return found

    def _every(self) -> list[Candidate]:
        """All edits, those that other layers see followed through the network."""
        found = list(self._read)
        moving: list[tuple[float, int, Variant]] = []
        by_tag: dict[object, dict[int, Variant]] = {}
        for tag, some in self.tagged.items():
            if any(c.moves or c.inputs is not None for c in some.values()):
                by_tag[tag] = some
        for i in range(max(self._claimed, default=-1) + 1):
            moving.extend((change.bits, i, change) for change in self.field.moving(i))
        found.extend(self.field.other_inputs())
        found.extend(self.field.one_direction())
        found.extend(self.field.everywhere(by_tag))
        moving.sort(key=lambda m: m[0])
        for _, i, change in moving:
            made = self.field.one(i, change)
            if made is not None:
                found.append(made)
        return found

    @cached_property
    def _claimed(self) -> frozenset[int]:
        return frozenset().union(*(span.rows for span in self.spans))

    def singles(self, number: int) -> list[_Single]:
        """What each candidate adds to one claim, the likeliest first."""
        if number not in self._tables:
            span = self.spans[number]
            found = []
            for candidate in self.candidates:
                value = candidate.total(span.rows)
                if value and not self._contradicts(candidate, number):
                    found.append(_Single(value, self._cost(candidate, span), candidate))
            found.sort(key=lambda s: s.bits)
            self._tables[number] = found
        return self._tables[number]

    def _contradicts(self, candidate: Candidate, number: int) -> bool:
        """Whether an edit would make another claim wrong that is right."""
        if len(self.spans) < 2:
            return False
        others = {self._span_of.get(i, number) for i in candidate.amounts} - {number}
        return any(self.spans[i].right and candidate.total(self.spans[i].rows) for i in others)

    @cached_property
    def _span_of(self) -> dict[int, int]:
        return {i: number for number, span in enumerate(self.spans) for i in span.rows}

    def _cost(self, candidate: Candidate, span: Span) -> float:
        if candidate.everywhere or not candidate.changes:
            return candidate.bits
        (index,) = list(candidate.changes)[:1]
        same = self.tagged.get(candidate.tag, {})
        places = sum(i in span.rows for i in same) if index in span.rows else len(same)
        half = ONE_OF_TWO if index in self.field.halves else 0.0
        return candidate.bits + place_bits(places) + half

    # What is seen at several claims

    def _shared(self, wrong: Sequence[int]) -> dict[int, list[tuple[float, Candidate]]]:
        """For each claim the edits that save the most over all claims together, if any does.

        Each comes with how much less it saves than the best.
        """
        found: dict[int, list[tuple[float, Candidate]]] = defaultdict(list)
        if len(self.spans) < 2:
            return found
        alone = {i: self._alone(i) for i in range(len(self.spans))}
        ways = self._ways(wrong)
        left = set(wrong)
        for _ in range(_MOST_SHARED):
            saving = [
                (self._saved(candidate, values, alone, left), candidate, values)
                for candidate, values in ways
            ]
            best = max((saved for saved, *_ in saving), default=0.0)
            if best <= 0:
                break
            (first,) = [values for saved, _, values in saving if saved == best][:1]
            met = {i for i in first if self.spans[i].meets(first[i])}
            for saved, candidate, values in saving:
                if saved > best - NEAR and set(values) & left == set(first) & left:
                    for i in set(values) & left:
                        found[i].append((best - saved, candidate))
            if not met & left:
                break
            left -= met
        return found

    def _ways(self, wrong: Sequence[int]) -> list[tuple[Candidate, dict[int, int]]]:
        """The edits that are seen at several claims, and what they add to each."""
        ways = []
        for candidate in self.candidates:
            numbers = {self._span_of[i] for i in candidate.amounts if i in self._span_of}
            if len(numbers) > 1 and not numbers.isdisjoint(wrong):
                values = {i: candidate.total(self.spans[i].rows) for i in sorted(numbers)}
                values = {i: value for i, value in values.items() if value}
                if len(values) > 1:
                    ways.append((candidate, values))
        return ways

    def _saved(
        self, candidate: Candidate, values: dict[int, int], alone: dict[int, float],
        left: set[int],
    ) -> float:  # fmt: skip
        """How much less the claims cost with an edit than without it."""
        places = 1 if candidate.everywhere else len(self.tagged.get(candidate.tag, ()))
        saved = ALONE - candidate.bits - place_bits(places)
        for i, value in values.items():
            before = alone[i] if i in left else 0.0
            saved += before - self._rest(i, value, candidate)
        return saved

    def _alone(self, number: int) -> float:
        span = self.spans[number]
        if span.right:
            return 0.0
        return min(self._lookup(number, 0) + ALONE, self._unexplained(span))

    def _rest(self, number: int, value: int, candidate: Candidate) -> float:
        span = self.spans[number]
        if span.meets(value):
            return 0.0
        return min(self._lookup(number, value) + ALONE, self._unexplained(span))

    def _unexplained(self, span: Span) -> float:
        return max(log2(span.there) + MARGIN, 2 * MARGIN)

    @cached_property
    def _cheapest(self) -> dict[int, dict[int, float]]:
        return {}

    def _lookup(self, number: int, given: int) -> float:
        """The cost of the cheapest single edit that explains what is left of a claim."""
        table = self._cheapest.get(number)
        if table is None:
            table = self._cheapest[number] = {}
            for single in self.singles(number):
                table.setdefault(single.value, single.bits)
        span = self.spans[number]
        if span.low == span.high:
            return table.get(span.actual - span.low - given, float("inf"))
        return min(
            (bits for v, bits in table.items() if span.meets(v + given)),
            default=float("inf"),
        )

    # One claim

    def _explain(
        self,
        number: int,
        shared: Sequence[tuple[float, Candidate]],
        usual: frozenset[str],
    ) -> Answer:
        span, singles = self.spans[number], self.singles(number)
        if usual:
            singles = sorted(
                (replace(s, bits=min(s.bits, AGAIN)) if s.candidate.kind in usual
                 else s for s in singles),
                key=lambda s: s.bits,
            )  # fmt: skip
        found = self._by_one(span, singles)
        for less, candidate in shared:
            found.extend(self._with_shared(span, singles, candidate, less))
        found.extend(self._by_slip(span, singles))
        enough = min((e.bits for e in found), default=99.0)
        cheap = self._as_cheap(singles)
        if not any(self._credible(e, span, cheap, len(e.parts)) for e in found) or enough > 12:
            found.extend(self._by_two(span, singles))
        return self._answer(span, found, singles, cheap)

    def _by_one(self, span: Span, singles: Iterable[_Single]) -> list[Explanation]:
        return [
            Explanation(s.bits, (s.candidate,), s.candidate.amounts)
            for s in singles
            if span.meets(s.value)
        ]

    def _with_shared(
        self, span: Span, singles: Sequence[_Single], shared: Candidate, less: float
    ) -> list[Explanation]:
        """The edit that is seen at other claims as well, alone or with one more."""
        value = shared.total(span.rows)
        if span.meets(value) and value:
            return [Explanation(AGAIN - ALONE + less, (shared,), shared.amounts)]
        if not value:
            return []
        found = []
        for single in singles[:_MOST_PAIRED]:
            if single.candidate is shared:
                continue
            near = span.meets(value + single.value)
            meets = bool(set(single.candidate.amounts) & set(shared.amounts) & span.rows)
            if near or meets:
                made = self._together((shared, single.candidate), span, always=meets)
                if made is not None:
                    found.append(Explanation(AGAIN + less + single.bits + ONE_MORE, *made))
        return found

    def _by_slip(self, span: Span, singles: Sequence[_Single]) -> list[Explanation]:
        """A slip of the number as it was put down, alone or after one edit."""
        if span.written is None or span.low != span.high or not span.slips:
            return []
        now, before = span.written
        table: dict[int, list[_Single]] = defaultdict(list)
        if span.slips == "sum":
            for single in singles[:_MOST_PAIRED]:
                table[single.value].append(single)
        found = []
        for slip in slips(now, of_sum=span.slips == "sum"):
            value = span.actual - (slip.meant - before)
            if value == 0:
                found.append(Explanation(slip.bits, (), {}, slip))
            elif slip.bits < 9:
                for single in table.get(value, ())[:3]:
                    if single.bits > _WITH_SLIP:
                        continue
                    bits = slip.bits + single.bits + ONE_MORE
                    found.append(
                        Explanation(bits, (single.candidate,), single.candidate.amounts, slip)
                    )
        return found

    def _by_two(self, span: Span, singles: Sequence[_Single]) -> list[Explanation]:
        found: list[Explanation] = []
        few = singles[:_MOST_PAIRED]
        by_value: dict[int, list[_Single]] = defaultdict(list)
        for single in few:
            by_value[single.value].append(single)
        exact = span.low == span.high
        values = sorted(by_value)
        for single in few:
            for other in self._completing(span, single.value, by_value, values, exact):
                if other.bits >= single.bits and other is not single:
                    self._pair(span, single, other, found)
            if len(found) > 400:
                break
        found.extend(self._at_one_place(span, few))
        if not found and exact and len(span.rows) < 4:
            found.extend(self._by_three(span, few[:120], by_value))
        return found

    def _completing(
        self, span: Span, value: int, by_value: dict[int, list[_Single]], values: list[int],
        exact: bool,
    ) -> list[_Single]:  # fmt: skip
        if exact:
            return by_value.get(span.actual - span.low - value, [])[:8]
        from bisect import bisect_left, bisect_right

        low, high = span.actual - span.high - value, span.actual - span.low - value
        near = values[bisect_left(values, low) : bisect_right(values, high)]
        return [by_value[v][0] for v in near[:8]]

    def _pair(self, span: Span, one: _Single, other: _Single, found: list[Explanation]) -> None:
        parts = (one.candidate, other.candidate)
        if not _compatible(*parts):
            return
        made = self._together(parts, span)
        if made is not None:
            found.append(Explanation(one.bits + other.bits + ONE_MORE, *made))

    def _together(
        self, parts: tuple[Candidate, ...], span: Span, always: bool = False
    ) -> tuple[tuple[Candidate, ...], dict[int, int]] | None:
        """Edits made together, counted again where they meet; ``None`` where they do not fit."""
        touched = [set(p.amounts) | set(p.changes) for p in parts]
        meet = any(a & b for a, b in combinations(touched, 2))
        if not meet and not always:
            amounts: dict[int, int] = {}
            for part in parts:
                amounts.update(part.amounts)
            return parts, amounts
        if self._recounted > _MOST_RECOUNTED:
            return None
        self._recounted += 1
        found = self.field.combined(parts)
        if found is None or not span.meets(sum(a for i, a in found.items() if i in span.rows)):
            return None
        return parts, found

    def _at_one_place(self, span: Span, singles: Sequence[_Single]) -> list[Explanation]:
        """Two and three edits of one call, counted together, as they seldom add up."""
        by_row: dict[int, list[_Single]] = defaultdict(list)
        for single in singles:
            if len(single.candidate.changes) == 1 and not single.candidate.everywhere:
                by_row[next(iter(single.candidate.changes))].append(single)
        most = _MOST_TOGETHER if len(by_row) < 4 else max(6, 120 // len(by_row))
        found: list[Explanation] = []
        for here in by_row.values():
            sizes = [(2, most)]
            if len(by_row) == 1:
                sizes.append((3, min(most, _MOST_IN_THREES)))
            for size, limit in sizes:
                for some in combinations(here[:limit], size):
                    if size > 2 and max(s.bits for s in some) > _EACH_OF_THREE:
                        continue
                    parts = tuple(s.candidate for s in some)
                    if all(_compatible(a, b) for a, b in combinations(parts, 2)):
                        self._one_place(span, some, parts, found)
        return found

    def _one_place(
        self, span: Span, some: Sequence[_Single], parts: tuple[Candidate, ...],
        found: list[Explanation],
    ) -> None:  # fmt: skip
        if any(part.moved and len(part.amounts) > 1 for part in parts):
            return
        if any(part.moved for part in parts):
            self._recounted += 1
            if self._recounted > _MOST_RECOUNTED:
                return
        amounts = self.field.combined(parts)
        if amounts is None:
            return
        if span.meets(sum(a for i, a in amounts.items() if i in span.rows)):
            bits = sum(s.bits for s in some) + ONE_MORE * (len(some) - 1)
            found.append(Explanation(bits, parts, amounts))

    def _by_three(
        self, span: Span, few: Sequence[_Single], by_value: dict[int, list[_Single]]
    ) -> list[Explanation]:
        found: list[Explanation] = []
        wanted = span.actual - span.low
        for a, b in combinations(few[:60], 2):
            for c in by_value.get(wanted - a.value - b.value, ())[:2]:
                if c.bits >= b.bits and c is not b and c is not a:
                    parts = (a.candidate, b.candidate, c.candidate)
                    if all(_compatible(x, y) for x, y in combinations(parts, 2)):
                        made = self._together(parts, span)
                        if made is not None:
                            bits = a.bits + b.bits + c.bits + 2 * ONE_MORE
                            found.append(Explanation(bits, *made))
        return found

    # What is believed

    def _as_cheap(self, singles: Sequence[_Single]) -> list[float]:
        """The costs of the numbers that single edits hit, each number once, in order."""
        known: dict[int, float] = {}
        for single in singles:
            known.setdefault(single.value, single.bits)
        return sorted(known.values())

    def _credible(
        self, explanation: Explanation, span: Span, cheap: Sequence[float], parts: int
    ) -> bool:
        """Whether an explanation says more than chance would.

        A small difference is one of few: it says as little as there are numbers as near to the
        truth.  A slip of a sum shows in its digits instead.
        """
        exact = span.low == span.high
        apart = abs(span.actual - span.claimed)
        near = min(span.there, 2.0 * apart + 1)
        if explanation.slip is not None and span.slips == "sum":
            near = span.there
        if parts < 2:
            number = self.spans.index(span)
            known: dict[int, float] = {}
            for single in self.singles(number):
                if abs(single.value) <= apart:
                    known.setdefault(single.value, single.bits)
            hit = _hit(sorted(known.values()), explanation.bits, 1)
            return believed(explanation.bits, near, hit, span.evidence, exact, CHANCE_OF_ONE)
        hit = _hit(cheap, explanation.bits, parts) * near / span.there
        return believed(explanation.bits, near, hit, span.evidence, exact)

    def _answer(
        self, span: Span, found: list[Explanation], singles: Sequence[_Single],
        cheap: Sequence[float],
    ) -> Answer:  # fmt: skip
        found = _distinct(sorted(found, key=lambda e: e.bits))
        kept = [e for e in found if self._credible(e, span, cheap, len(e.parts))]
        answer = Answer(span)
        if kept:
            best = kept[0]
            usual = best.bits <= USUAL
            apart = NEAR if len(best.parts) < 2 else NEAR_OF_SEVERAL
            most = best.bits + (NEAR_USUAL if usual else apart)
            answer.explanations = [e for e in (kept if usual else found) if e.bits <= most]
        else:
            answer.possible = found[:4]
        wanted = span.actual - span.claimed
        near = sorted(singles[:400], key=lambda s: (abs(s.value - wanted), s.bits))
        answer.nearest = [s.candidate for s in near[:2]]
        return answer

    def _usual(self, answers: dict[int, Answer]) -> dict[str, set[int]]:
        """The kinds of mistakes that were found, and at which claims."""
        found: dict[str, set[int]] = defaultdict(set)
        for i, answer in answers.items():
            for explanation in answer.explanations[:1]:
                for part in explanation.parts:
                    found[part.kind].add(i)
        return found

    def _without(
        self, usual: dict[str, set[int]], answers: dict[int, Answer], number: int
    ) -> frozenset[str]:
        return frozenset(kind for kind, where in usual.items() if where - {number})


def _plain(answer: Answer) -> bool:
    """Whether what was found is so usual by itself that nothing upstream need be compared."""
    if not answer.explained:
        return False
    best = answer.explanations[0]
    return best.bits <= _PLAIN and sum(part.bits for part in best.parts) <= _PLAIN


_STEP = 0.5


def _hit(cheap: Sequence[float], bits: float, parts: int) -> float:
    """How many numbers up to `parts` edits of these bits at most together would have hit.

    >>> _hit([1.0, 2.0, 2.0], 2.0, 1), _hit([1.0, 2.0, 2.0], 3.5, 2)
    (3.0, 6.0)
    """
    counts: dict[int, float] = defaultdict(float)
    for cost in cheap:
        counts[round(cost / _STEP)] += 1
    most = bits / _STEP
    total = sum(n for cost, n in counts.items() if cost <= most)
    together = dict(counts)
    for number in range(2, parts + 1):
        longer: dict[int, float] = defaultdict(float)
        for a, m in together.items():
            for b, n in counts.items():
                if a + b + ONE_MORE / _STEP <= most:
                    longer[a + b + int(ONE_MORE / _STEP)] += m * n / number
        together = longer
        total += sum(together.values())
    return float(round(total))


def _distinct(found: Sequence[Explanation]) -> list[Explanation]:
    """Each cause once; of one edit at more places and at fewer, with one effect, the latter."""
    kept: dict[object, Explanation] = {}
    for explanation in found:
        tags = frozenset(part.tag for part in explanation.parts)
        effect = frozenset((i, a) for i, a in explanation.amounts.items() if a)
        where = frozenset(i for p in explanation.parts for i in p.changes if not p.moved)
        slip = explanation.slip.meant if explanation.slip else None
        key = (tags, effect, where, slip)
        first = kept.get(key)
        if first is None:
            kept[key] = explanation
        elif _places(explanation) < _places(first) and _includes(first, explanation):
            kept[key] = replace(explanation, bits=min(first.bits, explanation.bits))
        elif not _includes(explanation, first) and explanation.cause != first.cause:
            kept[(key, explanation.cause)] = explanation
    return sorted(kept.values(), key=lambda e: e.bits)


def _places(explanation: Explanation) -> int:
    return sum(len(part.changes) for part in explanation.parts)


def _includes(more: Explanation, fewer: Explanation) -> bool:
    """Whether one explanation has every change of the other."""
    every = {(i, c.tag) for p in more.parts for i, c in p.changes.items()}
    return {(i, c.tag) for p in fewer.parts for i, c in p.changes.items()} <= every


_OPPOSITE = (("missing", "extra"), ("missing", "twice"), ("left-out", "twice"),
             ("forgotten", "added"), ("left-out", "counted"))  # fmt: skip


def _compatible(one: Candidate, other: Candidate) -> bool:
    """Whether a person may have done both: not the same twice, nor one against the other."""
    if one is other or one.tag == other.tag:
        shared = set(one.changes) & set(other.changes)
        if one is other or shared or one.everywhere or other.everywhere:
            return False
    for i in set(one.changes) & set(other.changes):
        a, b = one.changes[i].touches, other.changes[i].touches
        if a == b or "all" in (a, b) or _same_factor(a, b):
            return False
    first, second = sum(one.amounts.values()), sum(other.amounts.values())
    if (first > 0) != (second > 0):
        if one.kind == other.kind:
            return False
        for a, b in _OPPOSITE:
            if (a in one.kind and b in other.kind) or (b in one.kind and a in other.kind):
                return False
    return True


def _same_factor(a: object, b: object) -> bool:
    return isinstance(a, tuple) and isinstance(b, tuple) and a[:2] == b[:2] and len(a) > 1
