"""The receptive field: which positions of the input one output position sees.

Source: Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural Networks*,
Distill (2019), equations 2 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archcalc.costs.base import Cost, Rows
from archcalc.costs.course import Course, Key, Seen
from archcalc.costs.seen import grown, rate
from archcalc.layers.sight import Sight
from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ReceptiveFieldError
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown

__all__ = ["Field", "Fields", "Phase", "Reach", "ReceptiveField"]

Reach: TypeAlias = Literal["window", "before", "after", "all"]
"""Which ends of a field move from position to position: both, the last, the first or none."""


@dataclass(frozen=True, slots=True)
class Phase(Shown):
    """The field of one of the output positions that take turns.

    Attributes:
        size: how many positions it has; 0 where nothing is seen.
        offset: where that of the first output position of this phase starts.
    """

    size: Dim
    offset: Dim

    def __str__(self) -> str:
        if self.size == 0:
            return "nothing"
        return f"size {to_text(self.size)} from {to_text(self.offset)}"


@dataclass(frozen=True, slots=True, repr=False)
class Field(Shown):
    """What one output position sees along one axis of the input.

    Output position ``u`` sees the input from ``offset + u·stride``, for ``size`` positions; those
    below 0 or beyond the end are padding.

    After a transposed convolution or an upsampling the size differs from position to position, in
    turn: output position ``u = q·len(phases) + p`` sees ``phases[p].size`` positions from
    ``phases[p].offset + q·stride·len(phases)`` on.  `size` is then the largest.

    Attributes:
        axis: which axis of the network's input.
        size: how many positions; of fields that differ, the most.
        stride: how far apart neighbours' fields are; a fraction where there are several phases, and
            0 where all positions see the same.
        offset: where the field of the first output position starts.
        along: which axis of the present tensor it runs along; ``None`` where no position of it is
            one of that axis any more, because it was joined with others, picked or summed up.
        input: which of the network's inputs.
        phases: where fields differ, those that take turns; else one or none.
        reach: ``"window"`` where the field moves along; ``"before"`` where only its end does, so
            that all before it is seen, as by a recurrent layer; ``"after"`` where only its start
            does; ``"all"`` where every position sees the same.
        wraps: whether what lies beyond one end comes in at the other.

    A field that grows has the size of the first position as that of its one phase:

    >>> from archcalc.layers import LSTM
    >>> from archcalc.network import Sequential
    >>> Sequential([LSTM(8, return_sequences=True)]).trace((20, 3)).receptive_field
    (<axis 1: size 1 growing by 1 to 20, offset 0>,)
    """

    axis: int
    size: Dim = 1
    stride: Dim = 1
    offset: Dim = 0
    along: int | None = None
    input: int = 0
    phases: tuple[Phase, ...] = ()
    reach: Reach = "window"
    wraps: bool = False

    def at(self, position: int) -> Phase:
        """The field of one output position: how many positions, and the first of them.

        >>> from archcalc.layers import Conv1D, Conv1DTranspose
        >>> from archcalc.network import Sequential
        >>> layers = [Conv1D(8, 3, 2, padding=1), Conv1DTranspose(8, 3, 2, padding=1)]
        >>> (field,) = Sequential(layers).trace((64, 4)).receptive_field
        >>> [str(field.at(u)) for u in (20, 21, 22)]
        ['size 3 from 19', 'size 5 from 19', 'size 3 from 21']
        """
        turns = self.phases or (Phase(self.size, self.offset),)
        turn, phase = divmod(position, len(turns))
        size, offset = turns[phase].size, turns[phase].offset
        nothing = size == 0 and self.reach == "window"
        if nothing or self.along is None or self.reach == "all":
            return turns[phase]
        on = turn * len(turns) * self.stride
        if self.reach == "before":
            return Phase(lower(largest(size + on, 0)), offset)
        shorter = on if self.reach == "after" else 0
        return Phase(lower(size - shorter), lower(offset + on))

    def __str__(self) -> str:
        size, stride, offset = (to_text(d) for d in (self.size, self.stride, self.offset))
        if self.reach in ("before", "after"):
            size = self._growing(size, stride)
        elif self.reach == "all":
            size = f"{size} for all positions"
        elif self.stride != 0:
            size = f"{size}, stride {stride}"
        turns = f"; {self._turns()}" if len(self.phases) > 1 else ""
        around = ", around the end" if self.wraps else ""
        return f"axis {self.axis + 1}: size {size}, offset {offset}{around}{turns}"

    def __repr__(self) -> str:
        return f"<{self}>"

    def _growing(self, size: str, stride: str) -> str:
        """The size of the first position, and that of the last."""
        first = to_text(self.phases[0].size)
        if first == size:
            return f"{size} shrinking by {stride}"
        return f"{first} growing by {stride.lstrip('−')} to {size}"

    def _turns(self) -> str:
        """The phases, where they are few; else how many."""
        if len(self.phases) > _MOST_SHOWN:
            return f"in {len(self.phases)} phases"
        return f"by phase {', '.join(map(str, self.phases))}"


_MOST_SHOWN = 8

Fields = Mapping[Key, Field]
"""By input and its axis."""


@dataclass(frozen=True)
class ReceptiveField(Cost[tuple[Field, ...]]):
    """Size, stride and offset of the receptive field of the output, along each axis of the input.

    Of several outputs it is the first's.  Axes of channels are left out, since every channel sees
    every channel, unless an input has no others.

    Raises:
        ReceptiveFieldError: branches with different strides meet, axes are parted or joined and
            then not seen as a whole, or the answer would have as many phases as a symbol says.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Conv2D(8, 3, strides=2, padding=1)] * 1).trace((32, 32, 3))
    >>> print(trace.cost(ReceptiveField())[0])
    axis 1: size 3, stride 2, offset −1
    """

    unit = "positions"
    source = "https://distill.pub/2019/computing-receptive-fields/"

    def over(self, trace: Rows) -> tuple[Field, ...]:
        course, shape = Course.of(trace), trace.outputs[0]
        seen = course.at_end(0, shape)
        shown = _positions(seen)
        return tuple(_field(key, _certain(shown[key], course), shape) for key in sorted(shown))

    def by_row(self, trace: Rows) -> list[Fields]:
        """The fields after each row, of those axes of which anything can be said there."""
        course = Course.of(trace)
        found: list[Fields] = []
        for number, row in enumerate(trace.rows):
            tensor = course.made[number, 0]
            known = {key: s for key, s in _positions(tensor.seen).items() if _is_certain(s)}
            found.append({key: _field(key, s, row.output) for key, s in known.items()})
        return found


def _positions(seen: Seen) -> Seen:
    """The axes of positions; those of the channels of an input that has no others."""
    with_positions = {number for (number, _), sight in seen.items() if not sight.channels}
    return {k: s for k, s in seen.items() if not s.channels or k[0] not in with_positions}


def _is_certain(sight: Sight) -> bool:
    return sight.known and not (sight.over and sight.why)


def _certain(sight: Sight, course: Course) -> Sight:
    """The same, or why it is not certain.

    Raises:
        ReceptiveFieldError: no rule says what is seen.
    """
    if _is_certain(sight):
        return sight
    reason = course.reason(sight)
    code = reason.code or None
    raise ReceptiveFieldError(sight.why, code=code, path=reason.path, hint=reason.hint)


def _field(key: Key, sight: Sight, shape: Shape) -> Field:
    """What is seen, as it is shown."""
    number, axis = key
    along = sight.along if sight.along is not None and sight.along >= 0 else None
    first = next((read.start for read in sight.stretches if read is not None), 0)
    reach = _reach(sight)
    return Field(
        axis,
        grown(sight, 1 if along is None else shape[along]),
        rate(sight),
        lower(first),
        along,
        number,
        _phases(sight) if sight.period > 1 or reach in ("before", "after") else (),
        reach,
        sight.wraps,
    )


def _reach(sight: Sight) -> Reach:
    if sight.along is None or sight.first == sight.last != 0:
        return "window"
    if sight.first == sight.last:
        return "all"
    return "before" if sight.first == 0 else "after"


def _phases(sight: Sight) -> tuple[Phase, ...]:
    return tuple(
        Phase(0, 0) if read is None else Phase(read.size, read.start) for read in sight.stretches
    )
