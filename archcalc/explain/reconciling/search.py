"""The search: which edits, fewest and likeliest first, explain what was claimed.

Every edit is counted once, as what it adds to each call.  What was claimed of one place is then
looked up; two and three edits are found by matching differences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archcalc.explain.reconciling.belief import Belief
from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.likelihood import AGAIN, ALONE, ONE_MORE, USUAL
from archcalc.explain.reconciling.pairs import Pairs
from archcalc.explain.reconciling.shared import shared_edits
from archcalc.explain.reconciling.singles import Single, Singles
from archcalc.explain.reconciling.slips import slips
from archcalc.explain.reconciling.spans import Answer, Explanation, Span

__all__ = ["Search"]

_LONG = 24
"""Of networks with more calls the readings of rules come first, and the rest where they fail."""
_PLAIN = 2.0
"""What costs so little needs no comparison with edits that other layers see."""
_WITH_SLIP = 2.6
"""The most that an edit costs beside which a slip is looked for."""

Shared = Sequence[tuple[float, Candidate]]


class Search:
    """The search for one set of claims.

    Args:
        found: the candidates.
        spans: what is claimed, each of other calls.
    """

    def __init__(self, found: Field, spans: Sequence[Span]) -> None:
        self.field = found
        self.spans = spans
        self.singles = Singles(found, spans)
        self.pairs = Pairs(found)

    def answers(self) -> list[Answer]:
        """For every claim what explains it."""
        wrong = [i for i, span in enumerate(self.spans) if not span.right]
        found: dict[int, Answer] = {}
        if wrong and len(self.field.rows) > _LONG:
            found = self._found(wrong)
        if not all(i in found and _plain(found[i]) for i in wrong):
            self.singles.add_moving()
            found = self._found(wrong)
        return [found.get(i, Answer(span)) for i, span in enumerate(self.spans)]

    def _found(self, wrong: Sequence[int]) -> dict[int, Answer]:
        shared = shared_edits(self.singles, wrong)
        found = {i: self._explain(i, shared.get(i, []), frozenset()) for i in wrong}
        if len(wrong) < 2:
            return found
        usual, begun = _usual(found), _begun(found.values())
        if not usual:
            return found
        return {i: self._explain(i, shared.get(i, []), _elsewhere(usual, i), begun) for i in wrong}

    def _explain(
        self, number: int, shared: Shared, usual: frozenset[str], begun: object = None
    ) -> Answer:
        """What explains one claim.

        Args:
            number: which.
            shared: edits that are seen at other claims as well.
            usual: the kinds of mistakes that were found at other claims.
            begun: the input that the network is taken to have had by another claim.
        """
        span, singles = self.spans[number], self.singles.of(number)
        if begun is not None:
            singles = [s for s in singles if s.candidate.inputs in (None, begun)]
        if usual:
            singles = sorted(
                (replace(s, bits=min(s.bits, AGAIN)) if s.candidate.kind in usual
                 else s for s in singles),
                key=lambda s: s.bits,
            )  # fmt: skip
        belief = Belief(span, singles)
        found = _by_one(span, singles)
        for less, candidate in shared:
            if begun is None or candidate.inputs in (None, begun):
                found.extend(self._with_shared(span, singles, candidate, less))
        found.extend(_by_slip(span, singles))
        best = min((e for e in found if belief.credible(e)), key=lambda e: e.bits, default=None)
        if best is None or best.bits > USUAL:
            found.extend(self.pairs.of(span, singles, belief, best))
        return _answer(span, _distinct(found), singles, belief)

    def _with_shared(
        self, span: Span, singles: Sequence[Single], shared: Candidate, less: float
    ) -> list[Explanation]:
        """The edit that is seen at other claims as well, alone or with one more."""
        value = shared.total(span.rows)
        if not value:
            return []
        if span.meets(value):
            return [Explanation(AGAIN - ALONE + less, (shared,), shared.amounts)]
        return [
            Explanation(AGAIN + less + bits + ONE_MORE, parts, amounts)
            for bits, parts, amounts in self.pairs.beside(span, shared, singles)
        ]


def _by_one(span: Span, singles: Iterable[Single]) -> list[Explanation]:
    return [
        Explanation(s.bits, (s.candidate,), s.candidate.amounts)
        for s in singles
        if span.meets(s.value)
    ]


def _by_slip(span: Span, singles: Sequence[Single]) -> list[Explanation]:
    """A slip of the number as it was put down, alone or after one edit."""
    if span.written is None or not span.exact or not span.slips:
        return []
    now, before = span.written
    table: dict[int, list[Single]] = defaultdict(list)
    for single in singles if span.slips == "sum" else ():
        if single.bits <= _WITH_SLIP:
            table[single.value].append(single)
    found = []
    for slip in slips(now, of_sum=span.slips == "sum"):
        value = span.actual - (slip.meant - before)
        if value == 0:
            found.append(Explanation(slip.bits, (), {}, slip))
        elif slip.bits < 9:
            for single in table.get(value, ())[:3]:
                bits = slip.bits + single.bits + ONE_MORE
                edit = single.candidate
                found.append(Explanation(bits, (edit,), edit.amounts, slip))
    return found


def _answer(
    span: Span, found: list[Explanation], singles: Sequence[Single], belief: Belief
) -> Answer:
    answer = Answer(span, belief.listed(found))
    if not answer.explained:
        answer.possible = found[:4]
    near = sorted(singles[:400], key=lambda s: (abs(s.value - span.wanted), s.bits))
    answer.nearest = [s.candidate for s in near[:2]]
    return answer


def _usual(answers: Mapping[int, Answer]) -> dict[str, set[int]]:
    """The kinds of mistakes that were found, and at which claims."""
    found: dict[str, set[int]] = defaultdict(set)
    for i, answer in answers.items():
        for explanation in answer.explanations[:1]:
            for part in explanation.parts:
                found[part.kind].add(i)
    return found


def _elsewhere(usual: Mapping[str, set[int]], number: int) -> frozenset[str]:
    return frozenset(kind for kind, where in usual.items() if where - {number})


def _begun(answers: Iterable[Answer]) -> object:
    """The input that the network is taken to have had: one that a claim has no better cause than.

    A person begins with one input, so that two claims are not explained by two.
    """
    begun = [a.explanations[0] for a in answers if a.explained and a.explanations[0].inputs]
    return min(begun, key=lambda e: e.bits).inputs if begun else None


def _plain(answer: Answer) -> bool:
    """Whether what was found is so usual by itself that nothing upstream need be compared."""
    if not answer.explained:
        return False
    best = answer.explanations[0]
    return best.bits <= _PLAIN and sum(part.bits for part in best.parts) <= _PLAIN


# Each cause once


def _distinct(every: Sequence[Explanation]) -> list[Explanation]:
    """Each cause once; of one edit at more places and at fewer, with one effect, the latter."""
    kept: dict[object, Explanation] = {}
    for explanation in sorted(every, key=lambda e: e.bits):
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
