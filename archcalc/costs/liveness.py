"""Liveness: which outputs are in memory at once, call by call.

A program is what a network does in order: its moments, one a call, and its buffers, each alive from
the call that makes it to the last that reads it.  Outputs that are their input's memory
(`Layer.storage`) have no buffer of their own; they keep that of their input alive.

Of a repeated block the first copy stands in a program, and one for all that follow: what goes into
those is what the copy before gave, and what is needed after the block is carried past both.

Experts take tokens that are gathered for them: each token as often as it meets one.

Source: Appel, *Modern Compiler Implementation* (1998), section 10.1 (live ranges).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from archcalc.costs.base import Rows, TracedRow
from archcalc.costs.loops import Carry, Factor, Factors, Loop
from archcalc.costs.parameters import learns
from archcalc.costs.schedule import Buffer, Called, Moment, Schedule, Turn
from archcalc.symbolic.compare import largest, smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Index

__all__ = [
    "Strided",
    "elements_of",
    "in_turn_loops",
    "known_before",
    "program",
    "training_program",
]

Strided: TypeAlias = Literal["view", "copy"]
"""What a transpose or a slice gives: the same memory in another order, or a copy."""


class _Held(NamedTuple):
    """Where an output is: a buffer, or none where it is a weight; in its order or in another; and
    whether something trained lies before it."""

    buffer: int | None
    strided: bool = False
    learned: bool = False


def in_turn_loops(row: TracedRow) -> tuple[Loop, ...]:
    """The loops of a row of which each turn takes what the one before gave."""
    return tuple(loop for loop in row.loops if loop.in_turn)


def elements_of(row: TracedRow, shape: Shape) -> Dim:
    """The elements of an output of one copy: at all positions, and of the experts that are run."""
    beside = (loop for loop in row.loops if not loop.in_turn)
    return product((*(x.count if x.kind == "steps" else x.active for x in beside), *shape))


def training_program(trace: Rows, *, strided: Strided = "view") -> Schedule:
    """What a network does in training: each buffer and call says how many copies it stands for."""
    return _Training(trace, strided).made(keep_inputs=True)


def program(
    trace: Rows,
    *,
    strided: Strided = "view",
    keep_inputs: bool = False,
    beforehand: Collection[int] = (),
) -> Schedule:
    """What a network does in its own order, and what is alive meanwhile.

    Args:
        trace: the network.
        strided: what a transpose or a slice gives.
        keep_inputs: whether the network's inputs stay, as they do for who calls a function.
        beforehand: the numbers of inputs that came before: what follows from them alone is there,
            and neither called nor stored.

    Raises:
        EvaluationError: a ladder of a symbolic number of rungs keeps something at every level.
    """
    return _Building(trace, strided, beforehand).made(keep_inputs)


_Part: TypeAlias = Literal["first", "others", "before last", "between", "last"]
"""Copies of a block that are followed as one."""


class _Building:
    """Following a trace, with the first copy of a block and one for those after it."""

    training: ClassVar[bool] = False

    def __init__(self, trace: Rows, strided: Strided, beforehand: Collection[int] = ()) -> None:
        self.rows = trace.rows
        self.trace = trace
        self.strided = strided
        self.program = Schedule()
        self.held: dict[int, tuple[_Held, ...]] = {}
        self.values: dict[Index, Dim] = {}
        self.copies: Factors = ()
        self.there: Dim = 1
        self.turns: tuple[Turn, ...] = ()
        self.last_use = _last_uses(trace)
        self.moment_of: dict[int, int] = {}
        self.known = known_before(trace, beforehand) if beforehand else frozenset[int]()
        self.gathered: dict[tuple[object, ...], tuple[_Held, ...]] = {}
        self.among: dict[int, int] = {}

    def made(self, keep_inputs: bool) -> Schedule:
        for number, shape in enumerate(self.trace.inputs):
            known = -1 - number in self.known
            made = _Held(None) if known else self._new("input", shape, product(shape))
            self.held[-1 - number] = (made,)
        self._walk(0, len(self.rows), 0)
        end = max(len(self.program.moments) - 1, 0)
        for source in self.trace.ends:
            self._keep(self.held[source], end)
            self.program.outputs.update(_numbers(self.held[source]))
        if keep_inputs:
            for number in range(len(self.trace.inputs)):
                self._keep(self.held[-1 - number], end)
                self.program.outputs.update(_numbers(self.held[-1 - number]))
        if not self.program.moments:  # nothing is called: what comes in is there all the same
            self._moment(-1, "input", set(range(len(self.program.buffers))))
        return self.program

    def _walk(self, start: int, end: int, depth: int) -> None:
        """The rows from `start` to `end`, which stand in `depth` loops whose turns are in order."""
        number = start
        while number < end:
            if number in self.known:
                self.held[number] = (_Held(None),)
                number += 1
                continue
            turn = _turn(self.rows[number], depth)
            if turn is None:
                self._call(number, start)
                number += 1
                continue
            after = number + 1
            while after < end and _turn(self.rows[after], depth) == turn:
                after += 1
            self._block(number, after, depth, *turn)
            number = after

    def _call(self, number: int, start: int) -> None:
        row = self.rows[number]
        storage = row.layer.storage(self.training)
        if storage == "weight":
            self.held[number] = (_Held(None, learned=learns(row)),)
            return
        self._refuse_ladder(row, start)
        taken = [self._taken(row, n) for n in range(len(row.sources))]
        made, at = self._stored(row, storage), len(self.program.moments)
        self._moment(number, row.path, {n for held in taken for n in _numbers(held)})
        self.program.after[at] = {self.moment_of[s] for s in row.sources if s in self.moment_of}
        self.moment_of[number] = at
        learned = learns(row) or any(one.learned for n in _back(row) for one in taken[n])
        if made is None:
            moved = storage == "strided"
            self.held[number] = tuple(
                _Held(one.buffer, one.strided or moved, learned) for one in taken[0]
            )
            if storage == "overwritten":
                self.program.overwrites[-1] = self.held[number][0].buffer
        else:
            self.held[number] = (made._replace(learned=learned),)
            self.program.uses[-1][1].update(_numbers((made,)))
        self._keep(self.held[number], at)
        inputs = ((frozenset(_numbers(x)), any(one.learned for one in x)) for x in taken)
        outputs = frozenset(_numbers(self.held[number]))
        self.program.calls[at] = Called(
            tuple(inputs), outputs, learned, self.copies, dict(self.values)
        )

    def _taken(self, row: TracedRow, number: int) -> tuple[_Held, ...]:
        """An input of a row; of experts, that of all tokens which each of them meets, gathered."""
        held, deep = self.held[row.sources[number]], _among(row)
        if not deep:
            self.gathered.clear()
        if all(self.among.get(one, 0) >= deep for one in _numbers(held)):
            return held
        key = (held, row.loops)
        if key not in self.gathered:
            shape = row.inputs[number]
            size = lower(substitute(plain(elements_of(row, shape)), self.values))
            path = self.program.buffers[_numbers(held)[0]].path
            made = self._new(path, shape, size, deep)
            self.program.buffers[-1].gathered = True
            self.gathered[key] = (made._replace(learned=any(one.learned for one in held)),)
        return self.gathered[key]

    def _stored(self, row: TracedRow, storage: str) -> _Held | None:
        """A buffer for what a row gives; ``None`` where it is in that of its first input."""
        first = self.held[row.sources[0]] if row.sources else ()
        copied = storage == "own" or not first
        if storage == "strided":
            copied = copied or self.strided == "copy"
        elif storage == "reshaped":  # what is not in its order cannot be seen in another shape
            copied = copied or any(held.strided for held in first)
        if not copied:
            return None
        sizes = [plain(elements_of(row, shape)) for shape in row.outputs]
        size = sum(sizes[1:], sizes[0])
        return self._new(row.path, row.output, lower(substitute(size, self.values)), _among(row))

    def _moment(self, number: int, path: str, read: set[int]) -> None:
        at = len(self.program.moments)
        self.program.moments.append(Moment(number, path, self.there, self.turns))
        self.program.uses.append((read, set()))
        self.program.overwrites.append(None)
        self.program.after.append(set())
        self.program.calls.append(Called())
        for buffer in read:
            self.program.buffers[buffer].last = at

    def _new(self, path: str, shape: Shape, size: Dim, among: int = 0) -> _Held:
        at, number = len(self.program.moments), len(self.program.buffers)
        self.program.buffers.append(Buffer(path, shape, size, at, at, self.copies))
        self.among[number] = among  # how many mixtures of experts it is in
        return _Held(number)

    def _keep(self, held: Iterable[_Held], until: int) -> None:
        for number in _numbers(held):
            buffer = self.program.buffers[number]
            buffer.last = max(buffer.last, until)

    # Repeated blocks

    def _block(self, start: int, end: int, depth: int, loop: Loop, carry: Carry) -> None:
        """The first copies of a block, and those that follow, each on what was given before."""
        rows = self.rows[start:end]
        given = [n for n in range(start, end) if not start <= self.last_use.get(n, end) < end]
        read = carry.sources & {source for row in rows for source in row.sources}
        kept = {source: self.held[source] for source in read}
        for number, part in enumerate(self._parts(loop, rows, read)):
            if number:
                self.held |= {s: self._from_before(s, given, rows, loop) for s in read}
            before = self.there, self.turns, self.copies, dict(self.values)
            self._enter(loop, part)
            self._walk(start, end, depth + 1)
            self.there, self.turns, self.copies, self.values = before
            self._keep_all(given)
        self.held |= kept
        if loop.index is not None:
            for number in given:
                self.held[number] = self._at_last(self.held[number], loop)

    def _parts(
        self, loop: Loop, rows: Sequence[TracedRow], read: Iterable[int]
    ) -> tuple[_Part, ...]:
        """Which copies of a block are followed, each part as one."""
        return ("first",) if loop.count == 1 else ("first", "others")

    def _keep_all(self, given: Iterable[int]) -> None:
        """Keep what comes out of a copy until it has ended."""
        for number in given:
            self._keep(self.held[number], len(self.program.moments) - 1)

    def _enter(self, loop: Loop, part: _Part) -> None:
        """Go into one part of the copies of a block."""
        others = lower(plain(loop.count) - 1)
        self.there = _and(self.there, loop.count if part == "first" else others)
        if loop.index is not None and part == "first":
            self.values[loop.index] = 0
        elif loop.index is not None:
            self.turns = (*self.turns, Turn(loop.index, loop.count))

    def _from_before(
        self, source: int, given: Sequence[int], rows: Sequence[TracedRow], loop: Loop
    ) -> tuple[_Held, ...]:
        """What takes the place of `source` in copies after the first: what the one before gave."""
        row, shape = next(
            (row, row.inputs[row.sources.index(source)]) for row in rows if source in row.sources
        )
        alike = [n for n in given if shape in self.rows[n].outputs]
        fitting = alike if loop.index is None else given
        if len(fitting) == 1 and (loop.index is None or self.training):
            return self.held[fitting[0]]
        size = lower(substitute(plain(elements_of(row, shape)), self.values))
        path = self.rows[given[-1]].path if given else "input"
        return (self._new(path, shape, size, _among(row)),)

    def _at_last(self, held: tuple[_Held, ...], loop: Loop) -> tuple[_Held, ...]:
        """What the last copy gave, by its number."""
        if loop.index is None or self.training:
            return held
        last = {loop.index: lower(plain(loop.count) - 1)}
        found = [self.program.buffers[number] for number in _numbers(held)]
        return tuple(
            self._new(b.path, b.shape, lower(substitute(plain(b.size), last))) for b in found
        )

    def _refuse_ladder(self, row: TracedRow, start: int) -> None:
        """Refuse what reads another level of a ladder, which is kept while all are done below."""
        indices = {loop.index: loop.count for loop in row.loops if loop.index is not None}
        carried = {source for carry in row.carried for source in carry.sources}
        for source in row.sources:
            if not 0 <= source < start or source in carried:
                continue
            others = {loop.index for loop in self.rows[source].loops if loop.index is not None}
            for index in others & set(indices):
                raise EvaluationError(
                    "what is kept of every level of a ladder is not added up over a symbolic "
                    "number of levels",
                    code="peak-of-ladder",
                    path=row.path,
                    values={"rungs": indices[index]},
                    hint="build the ladder with a number of rungs in place of "
                    f"{to_text(indices[index])}; each number has a peak of its own",
                )


class _Training(_Building):
    """The same with all copies of a block but the last, and then the last.

    What those before the last make is kept by the copy after, what the last makes by what follows.
    The first is told apart where something trained lies before the others and not before it.
    """

    training: ClassVar[bool] = True

    def _parts(
        self, loop: Loop, rows: Sequence[TracedRow], read: Iterable[int]
    ) -> tuple[_Part, ...]:
        if loop.count == 1:
            return ("last",)
        fed = all(one.learned for source in read for one in self.held[source])
        if fed or not any(learns(row) for row in rows):
            return "before last", "last"
        return ("first", "last") if loop.count == 2 else ("first", "between", "last")

    def _enter(self, loop: Loop, part: _Part) -> None:
        count, index = plain(loop.count), loop.index
        if part == "before last":
            self.copies = (*self.copies, Factor(lower(count - 1), index))
        elif part == "between":
            self.copies = (*self.copies, Factor(lower(count - 2), index))
        if index is not None and part != "before last":
            numbers = {"first": 0, "between": index + 1, "last": lower(count - 1)}
            self.values[index] = numbers[part]


def known_before(trace: Rows, beforehand: Collection[int]) -> frozenset[int]:
    """The inputs that came before, and the rows that follow from nothing else."""
    found = {-1 - number for number in beforehand}
    for number, row in enumerate(trace.rows):
        if found.issuperset(row.sources):
            found.add(number)
    return frozenset(found)


def _among(row: TracedRow) -> int:
    """How many mixtures of experts a row stands in."""
    return sum(loop.kind == "experts" for loop in row.loops)


def _and(there: Dim, count: Dim) -> Dim:
    """1 where both `there` is and `count` is at least 1, otherwise 0."""
    return product((there, lower(largest(0, smallest(1, count)))))


def _turn(row: TracedRow, depth: int) -> tuple[Loop, Carry] | None:
    """The loop in turn that a row stands in at a depth, and what it carries; none where it ends."""
    return next(iter([*zip(in_turn_loops(row), row.carried, strict=True)][depth:]), None)


def _numbers(held: Iterable[_Held]) -> list[int]:
    return [one.buffer for one in held if one.buffer is not None]


def _last_uses(trace: Rows) -> dict[int, int]:
    """The last row that reads each row; what comes out is read after all of them."""
    found = {s: number for number, row in enumerate(trace.rows) for s in row.sources}
    return found | dict.fromkeys(trace.ends, len(trace.rows))


def _back(row: TracedRow) -> set[int]:
    """The inputs to which a gradient goes back."""
    outputs = range(len(row.outputs))
    return {n for i in outputs for n in row.layer.gradient_inputs(i, *row.inputs)}
