"""Where gradients go in a step of training: from the ends back to what is trained.

A product has a gradient where something trained lies before it, and where it leads to an end.  So
scores of attention that go on alone leave the projection of the values without one, and nothing
goes back through a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

from archcalc.costs.base import Rows, TracedRow
from archcalc.costs.loops import Carry, Loop, numbered
from archcalc.costs.parameters import learns
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["Gradients", "asked_outputs"]


State: TypeAlias = tuple[bool, ...]
"""For each loop of a row that goes on in turn, whether it is past its first turn."""


class Gradients:
    """Before which rows something trained lies: in the first turns of loops, and in later ones."""

    def __init__(self, rows: Sequence[TracedRow]) -> None:
        self.needs: list[Requirement] = []
        self._turns = [_turns(row) for row in rows]
        self._reached: list[dict[State, tuple[bool, ...]]] = []
        self._learning = {
            turns[:depth]
            for row, turns in zip(rows, self._turns, strict=True)
            if turns and learns(row)
            for depth in range(1, len(turns) + 1)
        }
        self._met: set[object] = set()

    def fed(self, row: TracedRow) -> dict[State, tuple[bool, ...]]:
        """Of the next row: whether something trained lies before each input, the last turn last."""
        turns = self._turns[len(self._reached)]
        states = list(product((False, True), repeat=len(turns)))
        found = {
            state: tuple(self._before(*fed, turns, state) for fed in _feeding(row))
            for state in states
        }
        for depth in range(1, len(turns) + 1):
            self._ask(row, turns[:depth])
        learning, back = learns(row), _going_back(row)
        self._reached.append(
            {
                state: tuple(learning or any(before[i] for i in inputs) for inputs in back)
                for state, before in found.items()
            }
        )
        return found

    def _before(self, source: int, output: int, turns: Turns, state: State) -> bool:
        for depth, ((_, carry), later) in enumerate(zip(turns, state, strict=True), 1):
            if later and source in carry.sources and turns[:depth] in self._learning:
                return True
        if source < 0:
            return False
        theirs = self._turns[source]
        together = 0
        for a, b in zip(turns, theirs, strict=False):
            if a != b:
                break
            together += 1
        done = (True,) * (len(theirs) - together)  # what comes out of a loop is of its last turn
        return self._reached[source][(*state[:together], *done)][output]

    def _ask(self, row: TracedRow, turns: Turns) -> None:
        """Where gradients begin in a loop, there must be a first turn for them to go on."""
        if turns in self._met or turns not in self._learning:
            return
        self._met.add(turns)
        loop, carry = turns[-1]
        if all(s >= 0 and all(map(all, self._reached[s].values())) for s in carry.sources):
            return
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
        self.needs.append(needed.of_each(numbered(row.loops)))


Turns: TypeAlias = tuple[tuple[Loop, Carry], ...]
"""The loops of a row that go on in turn, each with what it carries on."""


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
