"""Where gradients go in a trace: back from what leads to an end, to where something is trained.

A gradient comes back from what leads to an end: scores of attention that go on alone leave the
projection of the values without one, and nothing goes back through a comparison.  And it goes back
no further than to the first thing that is trained.

In a loop whose turns follow one another, the first turn may have nothing trained before it where
the others do, and the last may lead to an end where the others do not; those between them have to
be alike, where there may be several.  A loop whose number of turns is a formula may have none at
all: what it gives is then what went in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

from archcalc.costs.base import Edge, HandedOn, Rows, TracedRow
from archcalc.costs.loops import Carry, Loop, Turn, any_turn, numbered
from archcalc.costs.parameters import learns
from archcalc.costs.when import When, both, depending, either
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["Gradients", "State"]

State: TypeAlias = tuple[Turn, ...]
"""Which turn each of the loops of a row is in that go on in turn."""

Turns: TypeAlias = tuple[tuple[Loop, Carry], ...]
"""The loops of a row that go on in turn, each with what it carries on."""

Port: TypeAlias = tuple[int, int, int, State]
"""Where something is known: an output of a row, or what a loop hands on, in a state of the loops.

The row and −1, or those `Rows.handed_on` tells loops apart by; then which it is of several.
"""

_TURNS = tuple(Turn(first, last) for first, last in product((True, False), repeat=2))
_FIRST, _BETWEEN, _LAST = Turn(True, False), Turn(False, False), Turn(False, True)


class Gradients:
    """Before what something trained lies, and what leads to an end: in every turn of every loop.

    Attributes:
        needs: by the number of turns that another loop counts, what must hold of it: each turn of
            that one has another, and no formula says in how many of them there are none.

    Raises:
        EvaluationError: turns between the first and the last of a loop are not alike.
    """

    def __init__(self, trace: Rows) -> None:
        self._rows = trace.rows
        self._fed = [row.fed for row in trace.rows]
        self._handed_on = trace.handed_on
        self._turns = [_turns(row) for row in trace.rows]
        self._states: list[list[State]] = [
            list(product(_TURNS, repeat=len(turns))) for turns in self._turns
        ]
        self._back = [_going_back(row) for row in trace.rows]
        self._reached: dict[Port, When] = {}
        self._asked: dict[Port, When] = {}
        self.needs = dict(
            needed for row in zip(trace.rows, self._turns, strict=True) for needed in _nested(*row)
        )
        self._until_known(self._forward)
        for end in trace.results:
            self._ask(end, (), (), True)
        self._until_known(self._backward)
        self._require_alike()

    def before(self, number: int) -> dict[State, list[When]]:
        """Where something trained lies before each input of a row."""
        turns, fed = self._turns[number], self._fed[number]
        return {
            state: [self._before(edge, turns, state) for edge in fed]
            for state in self._states[number]
        }

    def asked(self, number: int) -> dict[State, list[When]]:
        """Where a gradient comes back to each output of a row."""
        return {
            state: [self._asked.get((number, -1, i, state), False) for i in range(len(back))]
            for state in self._states[number]
            for back in (self._back[number],)
        }

    def _until_known(self, once_through: Callable[[], None]) -> None:
        """Through all rows, and again while that finds more: a loop takes what it gave."""
        self._changed = True
        while self._changed:
            self._changed = False
            once_through()
            self._changed = self._changed and any(self._turns)

    def _add(self, known: dict[Port, When], port: Port, when: When) -> None:
        before = known.get(port, False)
        more = either(before, when)
        if more != before:
            known[port] = more
            self._changed = True

    # What is trained before

    def _forward(self) -> None:
        for number, row in enumerate(self._rows):
            learning = learns(row)
            for state, before in self.before(number).items():
                for output, inputs in enumerate(self._back[number]):
                    port = number, -1, output, state
                    self._add(self._reached, port, learning)
                    for i in inputs:
                        self._add(self._reached, port, before[i])
        for turns, port, handed, state in self._handing():
            self._add(self._reached, port, self._before(handed.given, turns, state))

    def _before(self, edge: Edge, turns: Turns, state: State) -> When:
        """Where something trained lies before what flows along an edge to these loops."""
        port = self._handed(edge, turns, state)
        if port or edge.source < 0:
            return self._reached.get(port, False) if port else False
        theirs = self._turns[edge.source]
        together = _together(turns, theirs)
        found: When = False
        for last in self._left(edge, together, state):
            reached = self._reached.get((edge.source, -1, edge.output, last), False)
            for depth in reversed(range(together, len(theirs))):
                for handed in self._gives(edge, theirs, depth):
                    without = self._before(handed.taken, theirs[:depth], last[:depth])
                    reached = depending(theirs[depth][0].count, reached, without)
            found = either(found, reached)
        return found

    # What leads to an end

    def _backward(self) -> None:
        for number in reversed(range(len(self._rows))):
            for state, asked in self.asked(number).items():
                for when, inputs in zip(asked, self._back[number], strict=True):
                    for i in inputs if when is not False else ():
                        self._ask(self._fed[number][i], self._turns[number], state, when)
        for turns, port, handed, state in self._handing():
            when = self._asked.get(port, False)
            if when is not False:
                self._ask(handed.given, turns, state, when)

    def _ask(self, edge: Edge, turns: Turns, state: State, when: When) -> None:
        """A gradient comes back along an edge from these loops."""
        port = self._handed(edge, turns, state)
        if port:
            self._add(self._asked, port, when)
        if port or edge.source < 0:
            return
        theirs = self._turns[edge.source]
        together = _together(turns, theirs)
        for loop, _ in turns[together:]:
            when = both(when, _has_turns(loop))
        for last in self._left(edge, together, state):
            asked = when
            for depth in range(together, len(theirs)):
                there = _has_turns(theirs[depth][0])
                for handed in self._gives(edge, theirs, depth) if there is not True else ():
                    gone = depending(theirs[depth][0].count, False, asked)
                    self._ask(handed.taken, theirs[:depth], last[:depth], gone)
                asked = both(asked, there)
            self._add(self._asked, (edge.source, -1, edge.output, last), asked)

    # Loops

    def _handing(self) -> Iterator[tuple[Turns, Port, HandedOn, State]]:
        """What loops hand on to their turns, and the state of the loops in which it is given."""
        for (start, depth), each in self._handed_on.items():
            turns = self._turns[start][: depth + 1]
            for which, handed in enumerate(each):
                for given, taken in _successions(turns[depth][0], handed.from_last):
                    for around in product(_TURNS, repeat=depth):
                        port = start, depth, which, (*around, taken)
                        yield turns, port, handed, (*around, given)

    def _require_alike(self) -> None:
        """Each turn between others takes and is asked for the same as the ones beside it.

        Where outputs cross over, a turn is asked for one of them and the next for another: which
        of two turns is between the same others then depends on how far the last one is.
        """
        known: dict[tuple[object, State], When] = {}
        for turns, port, handed, state in self._handing():
            loop, _ = turns[-1]
            if (_BETWEEN, _BETWEEN) not in _successions(loop, handed.from_last):
                continue
            reached = self._before(handed.given, turns, state)
            asked = self._asked.get(port, False)
            for place, when in (((port, port[-1]), reached), ((port[:3], state), asked)):
                if known.setdefault(place, when) != when:
                    raise _not_alike(self._rows[port[0]].path, loop)

    def _handed(self, edge: Edge, turns: Turns, state: State) -> Port | None:
        """What a loop hands on in the place of an edge, the inmost that does."""
        for depth, which in reversed(edge.handed):
            start = turns[depth][1].start
            handed = self._handed_on[start, depth][which]
            if not state[depth].comes_first(handed.from_last):
                return start, depth, which, state[: depth + 1]
        return None

    def _gives(self, edge: Edge, turns: Turns, depth: int) -> Iterator[HandedOn]:
        """What a loop hands on along an edge that leaves it."""
        for handed in self._handed_on.get((turns[depth][1].start, depth), ()):
            if (handed.given.source, handed.given.output) == (edge.source, edge.output):
                yield handed

    def _left(self, edge: Edge, together: int, state: State) -> Iterator[State]:
        """The turns of which something comes out of all loops but the outermost ones."""
        theirs = self._turns[edge.source]
        turns: list[tuple[Turn, ...]] = []
        for depth in range(together, len(theirs)):
            up = any(handed.from_last for handed in self._gives(edge, theirs, depth))
            only = () if isinstance(theirs[depth][0].count, int) else (Turn(True, True),)
            turns.append((Turn(first=up, last=not up), *only))
        return ((*state[:together], *inner) for inner in product(*turns))


def _successions(loop: Loop, from_last: bool) -> list[tuple[Turn, Turn]]:
    """The turns of a loop that may follow one another: the one that gives, and the one that takes.

    Of a loop of three turns none between the others gives anything to another such turn.
    """
    after = [(_FIRST, _LAST), (_FIRST, _BETWEEN), (_BETWEEN, _LAST), (_BETWEEN, _BETWEEN)]
    if isinstance(loop.count, int):
        after = {0: [], 1: [], 2: after[:1], 3: after[1:3]}.get(loop.count, after[1:])
    return [(taken, given) if from_last else (given, taken) for given, taken in after]


def _not_alike(path: str, loop: Loop) -> EvaluationError:
    return EvaluationError(
        f"training of a block that is there {loop.count} times has no formula here: from one turn "
        "to the next other parts of it are trained, or lead to an end",
        code="turns-train-unlike",
        path=path,
        hint="write the turns out one after the other, or at most three of them",
    )


def _has_turns(loop: Loop) -> When:
    return True if any_turn(loop) == 1 else (loop.count, True, False)


def _together(turns: Turns, theirs: Turns) -> int:
    """How many loops are around both."""
    for number, (a, b) in enumerate(zip(turns, theirs, strict=False)):
        if a != b:
            return number
    return min(len(turns), len(theirs))


def _turns(row: TracedRow) -> Turns:
    if not row.carried:
        return ()
    return tuple(zip((loop for loop in row.loops if loop.in_turn), row.carried, strict=True))


def _nested(row: TracedRow, turns: Turns) -> Iterator[tuple[Dim, Requirement]]:
    """Loops that each turn of another has another number of times: they must be there."""
    for depth, (loop, _) in enumerate(turns):
        outer = numbered(around for around, _ in turns[:depth])
        free = set[object]() if isinstance(loop.count, int) else loop.count.free_symbols
        if any(copies.index in free for copies in outer):
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
            yield loop.count, needed.of_each(outer)


def _going_back(row: TracedRow) -> list[tuple[int, ...]]:
    """For each output of a row, the inputs to which its gradient goes back."""
    layer, inputs = row.layer, row.inputs
    return [layer.gradient_inputs(number, *inputs) for number in range(len(row.outputs))]
