"""Before which rows of a trace something trained lies, so that a gradient goes back through them.

A gradient comes back from what leads to an end: scores of attention that go on alone leave the
projection of the values without one, and nothing goes back through a comparison.

In a loop whose turns follow one another, the first turn may have none where the later ones do.  A
loop whose number of turns is a formula may have none at all: what it gives is then what went in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product
from typing import TypeAlias

from archcalc.costs.base import Rows, TracedRow
from archcalc.costs.loops import Carry, Loop, any_turn, numbered
from archcalc.costs.parameters import learns
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["ALWAYS", "NEVER", "Gradients", "State", "When", "asked_outputs", "cases", "holds"]

State: TypeAlias = tuple[bool, ...]
"""For each loop of a row that goes on in turn, whether it is past its first turn."""

When: TypeAlias = frozenset[frozenset[Dim]]
"""Where something is so: where all numbers of turns in any of these sets are at least 1."""

ALWAYS: When = frozenset([frozenset()])
NEVER: When = frozenset()

Turns: TypeAlias = tuple[tuple[Loop, Carry], ...]
"""The loops of a row that go on in turn, each with what it carries on."""


def _any(*parts: When) -> When:
    """Where any of these is so.

    >>> _any(NEVER, frozenset([frozenset([3])]), ALWAYS) == ALWAYS
    True
    """
    every = frozenset[frozenset[Dim]]().union(*parts)
    return frozenset(one for one in every if not any(other < one for other in every))


def _both(one: When, other: When) -> When:
    """Where both are so."""
    return _any(frozenset(a | b for a, b in product(one, other)))


def holds(when: When, there: frozenset[Dim]) -> bool:
    """Whether it is so where those loops have turns whose numbers are `there`, and no others."""
    return any(needed <= there for needed in when)


def cases(when: Iterable[When]) -> list[frozenset[Dim]]:
    """Which loops may have turns, all at once: from none to all of those that matter."""
    counts = sorted({count for one in when for needed in one for count in needed}, key=str)
    return [frozenset(c) for n in range(len(counts) + 1) for c in combinations(counts, n)]


class Gradients:
    """Before which rows something trained lies: in the first turns of loops, and in later ones.

    Rows are asked about one after the other, in order.
    """

    def __init__(self, rows: Sequence[TracedRow]) -> None:
        self.needs: list[Requirement] = []
        self._rows = rows
        self._turns = [_turns(row) for row in rows]
        self._reached: list[dict[State, tuple[When, ...]]] = []
        self._learning: dict[Turns, When] = {}
        for row, turns in zip(rows, self._turns, strict=True):
            there = ALWAYS
            for depth in range(len(turns) if learns(row) else 0, 0, -1):
                before = self._learning.get(turns[:depth], NEVER)
                self._learning[turns[:depth]] = _any(before, there)
                there = _both(there, self._has_turns(turns[:depth], row))

    def fed(self, row: TracedRow) -> dict[State, tuple[When, ...]]:
        """Of the next row: where something trained lies before each input, the last turn last."""
        turns = self._turns[len(self._reached)]
        states = list(product((False, True), repeat=len(turns)))
        found = {
            state: tuple(self._before(*fed, turns, state) for fed in _feeding(row))
            for state in states
        }
        own = ALWAYS if learns(row) else NEVER
        back = _going_back(row)
        self._reached.append(
            {
                state: tuple(_any(own, *(before[i] for i in inputs)) for inputs in back)
                for state, before in found.items()
            }
        )
        return found

    def _before(self, source: int, output: int, turns: Turns, state: State) -> When:
        """Where something trained lies before an output of a row, from within some loops."""
        carried = (
            self._learning.get(turns[:depth], NEVER)
            for depth, ((_, carry), later) in enumerate(zip(turns, state, strict=True), 1)
            if later and source in carry.sources
        )
        return _any(self._left(source, output, turns, state), *carried)

    def _left(self, source: int, output: int, turns: Turns, state: State) -> When:
        """The same of what a source gives once the loops are left in which it alone stands.

        What comes out of a loop is of its last turn; without a turn, it is what the first would
        have taken.
        """
        if source < 0:
            return NEVER
        theirs = self._turns[source]
        together = 0
        for a, b in zip(turns, theirs, strict=False):
            if a != b:
                break
            together += 1
        last = (*state[:together], *(True,) * (len(theirs) - together))
        reached = self._reached[source][last][output]
        for depth in range(len(theirs), together, -1):
            around, (_, carry) = theirs[: depth - 1], theirs[depth - 1]
            if not carry.sources:
                continue
            without = [self._before(s, 0, around, last[: depth - 1]) for s in sorted(carry.sources)]
            if any(instead != reached for instead in without):
                there = self._has_turns(theirs[:depth], self._rows[source], without)
                reached = _any(_both(there, reached), *without)
        return reached

    def _has_turns(self, turns: Turns, row: TracedRow, without: Sequence[When] = ()) -> When:
        """Where the inmost of some loops has a turn; asked for, where no formula can say it.

        Args:
            without: where something trained lies before each of what it gives without a turn.
        """
        loop, _ = turns[-1]
        if any_turn(loop) == 1:
            return ALWAYS
        outer = numbered(around for around, _ in turns[:-1])
        free = set[object]() if isinstance(loop.count, int) else loop.count.free_symbols
        if len(set(without)) < 2 and not any(copies.index in free for copies in outer):
            return frozenset([frozenset([loop.count])])
        needed = Requirement(
            loop.count,
            Relation.AT_LEAST,
            1,
            "training is counted where the first trained block is there, not {left} times",
            code="no-first-copy",
            hint="leave the block out where it is not there",
            details=(("left", loop.count),),
            path=row.path,
        )
        self.needs.append(needed.of_each(outer))
        return ALWAYS


def _turns(row: TracedRow) -> Turns:
    if not row.carried:
        return ()
    return tuple(zip((loop for loop in row.loops if loop.in_turn), row.carried, strict=True))


def _feeding(row: TracedRow) -> list[tuple[int, int]]:
    """What feeds a row: the number of another, and which of its outputs."""
    return list(zip(row.sources, row.outputs_of or [0] * len(row.sources), strict=True))


def _going_back(row: TracedRow) -> list[tuple[int, ...]]:
    """For each output of a row, the inputs to which its gradient goes back."""
    layer, inputs = row.layer, row.inputs
    return [layer.gradient_inputs(number, *inputs) for number in range(len(row.outputs))]


def asked_outputs(trace: Rows) -> list[set[int]]:
    """For each row the outputs from which a gradient comes back: those that lead to an end.

    What a copy of a block gives and nothing takes may be what the next copy takes.
    """
    asked: list[set[int]] = [set() for _ in trace.rows]
    taken: list[set[int]] = [set() for _ in trace.rows]
    for row in trace.rows:
        for source, output in _feeding(row):
            if source >= 0:
                taken[source].add(output)
    for end, output in zip(trace.ends, trace.end_outputs, strict=True):
        if end >= 0:
            asked[end].add(output)
    for number in reversed(range(len(trace.rows))):
        row = trace.rows[number]
        if row.carried:
            asked[number] |= set(range(len(row.outputs))) - taken[number]
        feeding, back = _feeding(row), _going_back(row)
        for place in {i for output in asked[number] for i in back[output]}:
            source, output = feeding[place]
            if source >= 0:
                asked[source].add(output)
    return asked
