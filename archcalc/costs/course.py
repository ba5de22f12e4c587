"""What every tensor of a trace sees of the network's inputs, followed from row to row.

Rows that are called step by step see the axis of the steps from outside: it is kept under a number
below 0, −1 for the steps next around.  Copies that stand together are followed once, from their own
input; what one of them sees is then taken as often as there are copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from archcalc.costs.base import GoesRound, Rows, TracedRow
from archcalc.costs.seen import UndefinedError, through
from archcalc.costs.seen_again import over_again
from archcalc.costs.seen_together import Room, hull
from archcalc.layers.sight import (
    BY_NUMBERS,
    Sight,
    Sights,
    Stretch,
    at_position,
    every_one_before,
    itself,
    parted,
    unknown,
)
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Index

__all__ = ["Course", "Key", "Reason", "Seen", "Tensor"]

Key = tuple[int, int]
"""An input and an axis of it."""

Seen = dict[Key, Sight]
"""What is seen of each."""

Rounds = tuple[GoesRound, ...]


class Reason(NamedTuple):
    """Where no rule said what is seen any more, and what would mend it."""

    path: str
    hint: str
    code: str


@dataclass(frozen=True)
class Tensor:
    """What is seen from a tensor, which stands in some rounds."""

    seen: Seen
    shape: Shape
    rounds: Rounds = ()


def _steps(rounds: Sequence[GoesRound]) -> list[GoesRound]:
    """The axes of steps around a row, the outermost first."""
    return [turn for turn in rounds if turn.kind != "copies"]


@dataclass
class Course:
    """The rows of a trace, or those of a block of it, followed in order.

    Attributes:
        rows: the rows of the trace.
        lengths: how long the axes are of which something is seen.
        made: what each output of each row sees; of inputs, by their numbers below 0.
        ends: the outputs of rows that come out.
        prefix: the rounds around it.
        reasons: for every reason why nothing can be said, where that was.
    """

    rows: Sequence[TracedRow]
    lengths: dict[Key, Dim]
    made: dict[tuple[int, int], Tensor]
    ends: tuple[tuple[int, int], ...]
    prefix: Rounds = ()
    reasons: dict[str, Reason] = field(default_factory=dict)

    @classmethod
    def of(cls, trace: Rows) -> Course:
        """A whole trace, followed to its end."""
        lengths: dict[Key, Dim] = {}
        made: dict[tuple[int, int], Tensor] = {}
        for number, x in enumerate(trace.inputs):
            keys = [(number, axis) for axis in range(len(x))]
            lengths |= dict(zip(keys, x, strict=True))
            made[-1 - number, 0] = Tensor({key: itself(key[1]) for key in keys}, x)
        ends = tuple(zip(trace.ends, trace.end_outputs, strict=True))
        course = cls(trace.rows, lengths, made, ends)
        course.follow(0, len(trace.rows))
        return course

    def follow(self, start: int, stop: int) -> None:
        """Rows one by one, and copies that stand together at once."""
        while start < stop:
            rounds = tuple(self.rows[start].rounds)
            deeper = range(len(self.prefix), len(rounds))
            depth = next((i for i in deeper if rounds[i].kind == "copies"), None)
            if depth is None:
                self._row(start)
                start += 1
                continue
            prefix = rounds[: depth + 1]
            end = start
            while end < stop and tuple(self.rows[end].rounds[: depth + 1]) == prefix:
                end += 1
            _Copies(self, start, end, prefix).follow()
            start = end

    def at_end(self, number: int, shape: Shape) -> Seen:
        """What output `number` of the network sees."""
        return _arriving(self.made[self.ends[number]], (), shape)

    def reason(self, sight: Sight) -> Reason:
        """Where it was that nothing could be said any more."""
        return self.reasons.get(sight.why, Reason("", _BEFORE, ""))

    # One row

    def _row(self, number: int) -> None:
        row = self.rows[number]
        fed = [
            _arriving(self.made[source], tuple(row.rounds), shape)
            for source, shape in zip(_sources(row), row.inputs, strict=True)
        ]
        for output, shape in enumerate(row.outputs):
            seen = self._after(row, fed, row.applied.sights(output), shape)
            self.made[number, output] = Tensor(seen, shape, tuple(row.rounds))

    def _after(
        self, row: TracedRow, fed: list[Seen], views: Sequence[Sights], shape: Shape
    ) -> Seen:
        keys = dict.fromkeys(key for seen in fed for key in seen)
        return {key: self._of_key(row, key, fed, views, shape) for key in keys}

    def _of_key(
        self, row: TracedRow, key: Key, fed: list[Seen], views: Sequence[Sights], shape: Shape
    ) -> Sight:
        found = [
            (place, self._seen(row, key, seen[key], views[place], row.inputs[place]))
            for place, seen in enumerate(fed)
            if key in seen
        ]
        laid = row.layer.put_in_a_row(*row.inputs)
        if len(found) > 1 and any(s.moves and s.along == laid for _, s in found):
            why = f"{type(row.layer).__name__} puts one after the other what sees the same input"
            found = [
                (place, self._laid(row, key, fed[place][key], place, laid or 0, why))
                for place, _ in found
            ]
        sights = [sight for _, sight in found]
        return self.joined(row, key, sights, [place for place, _ in found], shape)

    def _laid(
        self, row: TracedRow, key: Key, sight: Sight, place: int, axis: int, why: str
    ) -> Sight:
        x = row.inputs[place]
        return self._seen(row, key, sight, {axis: parted(x[axis], (axis,), why)}, x)

    def _seen(self, row: TracedRow, key: Key, sight: Sight, views: Sights, x: Shape) -> Sight:
        """What one tensor sees, seen through a row."""
        inner = _steps(tuple(row.rounds)[len(self.prefix) :])
        home = sight.along is not None and sight.along + len(inner) == key[1]
        return self.through(row, sight, views, _lengths(row, x), home)

    def through(
        self,
        row: TracedRow,
        sight: Sight,
        views: Sights,
        length: Callable[[int], Dim],
        home: bool,
    ) -> Sight:
        """What is seen through a row, or why nothing can be said."""
        try:
            made = through(sight, views, length)
        except UndefinedError as error:
            return self.lost(row, error.why, error.hint, error.code)
        if made.why:
            hint = _NUMBERS if made.why == BY_NUMBERS else _BEFORE
            self.reasons.setdefault(made.why, Reason(row.path, hint, ""))
        view = None if sight.along is None else views.get(sight.along)
        if view is not None and view.channels and home:
            return replace(made, channels=True)
        return made

    def lost(self, row: TracedRow, why: str, hint: str = "", code: str = "") -> Sight:
        """Nothing can be said from here on."""
        self.reasons.setdefault(why, Reason(row.path, hint or _BEFORE, code))
        return unknown(why)

    def joined(
        self,
        row: TracedRow,
        key: Key,
        sights: Sequence[Sight],
        places: Sequence[int],
        shape: Shape,
    ) -> Sight:
        """What is seen of one axis by any of several."""
        length = _lengths(row, shape)

        def room(axis: int | None) -> Room:
            return Room(1 if axis is None else length(axis), self.lengths[key])

        try:
            return hull(sights, room)
        except UndefinedError as error:
            shown = [_shown(place, sight) for place, sight in zip(places, sights, strict=True)]
            unlike = "; ".join(dict.fromkeys(shown))
            why = f"the branches that meet here do not align, since {error.why}: {unlike}"
            hint = error.hint or "give the branches equal strides"
            return self.lost(row, why, hint, "branches-do-not-align")


_NUMBERS = "give its sizes and strides as numbers"
_BEFORE = "ask for the receptive field of the network before this layer"


def _shown(place: int, sight: Sight) -> str:
    steps = f"a stride of {sight.first}" if sight.moves else "no stride"
    return f"input {place + 1} has {steps} and {sight.period} phase{'s' * (sight.period != 1)}"


def _sources(row: TracedRow) -> Iterator[tuple[int, int]]:
    """The rows that feed it, and which of their outputs."""
    return zip(row.sources, row.outputs_of or (0,) * len(row.sources), strict=True)


def _lengths(row: TracedRow, x: Shape) -> Callable[[int], Dim]:
    """How long an axis is; below 0 those of the steps around."""
    steps = [turn.count for turn in _steps(row.rounds)]
    return lambda axis: x[axis] if axis >= 0 else steps[axis]


def _arriving(tensor: Tensor, rounds: Rounds, shape: Shape) -> Seen:
    """What a tensor sees, where it comes out of some rounds and goes into others.

    Args:
        tensor: the tensor where it was made.
        rounds: those around what takes it.
        shape: the shape it then has, of which steps that are taken one after the other may leave
            the last only.
    """
    common = 0
    for a, b in zip(tensor.rounds, rounds, strict=False):
        if a != b:
            break
        common += 1
    leaves, enters = _steps(tensor.rounds[common:]), _steps(rounds[common:])
    gone = len(tensor.shape) + len(leaves) - len(shape) - len(enters)
    seen = tensor.seen
    for turn in reversed(leaves):
        seen = _shifted(seen, 1)
        if gone and turn.kind != "steps":
            gone -= 1
            seen = _shifted(_viewed(seen, at_position(lower(turn.count - 1))), -1)
    for turn in enters:
        if turn.kind != "steps":
            backwards = turn.kind == "backwards"
            seen = _viewed(seen, every_one_before(0, turn.count, backwards))
        seen = _shifted(seen, -1)
    return seen


def _viewed(seen: Seen, view: Sight) -> Seen:
    """The first axis seen in another way."""

    def viewed(sight: Sight) -> Sight:
        try:
            return through(sight, {0: view}, lambda _: 0)
        except UndefinedError as error:
            return unknown(error.why)

    return {key: viewed(sight) for key, sight in seen.items()}


def _shifted(seen: Seen, by: int) -> Seen:
    """The same with the axes counted on."""
    return {key: _counted_on(sight, by) for key, sight in seen.items()}


def _counted_on(sight: Sight, by: int) -> Sight:
    along = None if sight.along is None else sight.along + by
    return replace(sight, along=along, over=frozenset(axis + by for axis in sight.over))


class _Copies:
    """A block whose copies stand together: rows `start` to `end` of a course."""

    def __init__(self, around: Course, start: int, end: int, prefix: Rounds) -> None:
        self.around, self.start, self.end, self.prefix = around, start, end, prefix
        self.turn = prefix[-1]
        self.fed: list[Seen] = []
        self.shapes: list[Shape] = []
        self.carried: list[int] = []
        self.inside = Course(around.rows, {}, {}, around.ends, prefix, around.reasons)
        self.exits = self._exits()

    def follow(self) -> None:
        """Follow one copy from what goes into it, and take that as often as there are copies."""
        for number in range(self.start, self.end):
            self._open(self.around.rows[number])
        self.inside.follow(self.start, self.end)
        for place, tensor in self.inside.made.items():
            if place[0] >= self.start:
                seen = self._from_outside(place, tensor)
                self.around.made[place] = replace(tensor, seen=seen)

    def _open(self, row: TracedRow) -> None:
        """What comes from outside is an input of the block."""
        inner = [turn.count for turn in _steps(row.rounds[len(self.prefix) :])]
        for source, shape in zip(_sources(row), row.inputs, strict=True):
            if source[0] >= self.start or source in self.inside.made:
                continue
            x = Shape((*inner, *shape))
            seen = _arriving(self.around.made[source], self.prefix, x)
            number = len(self.fed)
            self.fed.append(seen)
            self.shapes.append(x)
            if source[0] in self.turn.carried:
                self.carried.append(number)
            own = {(number, axis): itself(axis) for axis in _axes(seen)}
            steps = [turn.count for turn in _steps(self.prefix)]
            for key in own:
                self.inside.lengths[key] = x[key[1]] if key[1] >= 0 else steps[key[1]]
            self.inside.made[source] = Tensor(own, x, self.prefix)

    def _exits(self) -> list[tuple[int, int]]:
        """What is taken from the block by others."""
        rows = self.around.rows[self.end :]
        taken = [*(source for row in rows for source in _sources(row)), *self.around.ends]
        found = dict.fromkeys(s for s in taken if self.start <= s[0] < self.end)
        return list(found) or [(self.end - 1, 0)]

    def _from_outside(self, place: tuple[int, int], tensor: Tensor) -> Seen:
        """What a tensor of the last copy sees of the network's inputs."""
        row = self.around.rows[place[0]]
        found: dict[Key, list[Sight]] = {}
        for number, seen in enumerate(self.fed):
            views = self._views(row, place, tensor, number)
            for key, sight in seen.items():
                if sight.along is not None and sight.along not in views:
                    continue  # what comes out does not see it
                home = sight.along is not None and sight.along + self._depth() == key[1]
                made = self.around.through(row, sight, views, self._length(number), home)
                found.setdefault(key, []).append(made)
        return {
            key: self.around.joined(row, key, sights, range(len(sights)), tensor.shape)
            for key, sights in found.items()
        }

    def _depth(self) -> int:
        """How many axes of steps lie between what is around and the block."""
        return len(_steps(self.prefix[len(self.around.prefix) :]))

    def _length(self, number: int) -> Callable[[int], Dim]:
        return lambda axis: self.inside.lengths[number, axis]

    def _views(
        self, row: TracedRow, place: tuple[int, int], tensor: Tensor, number: int
    ) -> dict[int, Sight]:
        """How the block's input `number` is seen from a tensor in the last copy."""
        own = _of_input(tensor.seen, number)
        try:
            if number not in self.carried:
                return self._shared(row, own)
            if len(self.carried) > 1 or len(self.exits) > 1:
                raise UndefinedError(*_SEVERAL)
            inner = _steps(tensor.rounds[len(self.prefix) :])
            if place == self.exits[0] and all(turn.kind == "steps" for turn in inner):
                whole = over_again(self._block(number), self.turn.count, self.turn.index)
                return {axis: _counted_on(view, -len(inner)) for axis, view in whole.items()}
            before = lower(self.turn.count - 1)
            until = over_again(self._block(number), before, self.turn.index)
            last = _in_copy(own, self.turn.index, before)
            return {axis: through(view, last, self._length(number)) for axis, view in until.items()}
        except UndefinedError as error:
            lost = self.around.lost(row, error.why, error.hint, error.code)
            return dict.fromkeys((axis for n, axis in self.inside.lengths if n == number), lost)

    def _block(self, number: int) -> dict[int, Sight]:
        """How one copy sees its input from what it hands on, in the rounds of the block."""
        made = self.inside.made[self.exits[0]]
        seen = _arriving(made, self.prefix, self.shapes[number])
        return _of_input(seen, number)

    def _shared(self, row: TracedRow, own: dict[int, Sight]) -> dict[int, Sight]:
        """What all copies are given alike: the last sees it through all others as well."""
        if any(view.known and view.moves and not view.plain for view in own.values()):
            raise UndefinedError(_ALL_SEE, _SEVERAL[1])
        return own


_SEVERAL = (
    "a block that hands on several tensors stands there a number of times that is a symbol",
    "give the number of copies as a number",
)


_ALL_SEE = "every copy of a block sees what all are given through those before it"


def _axes(seen: Seen) -> list[int]:
    """The axes of a tensor along which anything is seen."""
    along = {sight.along for sight in seen.values() if sight.along is not None}
    return sorted(along.union(*(sight.over for sight in seen.values())))


def _of_input(seen: Seen, number: int) -> dict[int, Sight]:
    return {axis: sight for (n, axis), sight in seen.items() if n == number}


def _in_copy(views: dict[int, Sight], index: Index | None, number: Dim) -> dict[int, Sight]:
    """The same with a number for that of the copy."""
    if index is None:
        return views

    def put(dim: Dim) -> Dim:
        return dim if isinstance(dim, int) else lower(substitute(dim, {index: plain(number)}))

    def there(view: Sight) -> Sight:
        read = [s and Stretch(put(s.start), put(s.size), put(s.apart)) for s in view.stretches]
        return replace(view, stretches=tuple(read), first=put(view.first), last=put(view.last))

    return {axis: there(view) for axis, view in views.items()}
