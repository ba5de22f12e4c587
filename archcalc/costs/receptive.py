"""The receptive field: which positions of the input one output position sees.

Source: Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural Networks*,
Distill (2019), equations 2 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archcalc.costs.base import Cost, Rows, TracedRow
from archcalc.costs.loops import in_turn, often, positions, repeated
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.compare import at_least, equal
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ReceptiveFieldError
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.written import evaluated

__all__ = ["Field", "ReceptiveField", "step"]


@dataclass(frozen=True, slots=True)
class Field:
    """What one output position sees along one axis of the input.

    Output position ``u`` sees the input from ``offset + u·stride``, for ``size`` positions; those
    below 0 or beyond the end are padding.

    Attributes:
        axis: which axis of the network's input.
        size: how many positions.
        stride: how far apart neighbours' fields are.
        offset: where the field of the first output position starts.
        along: which axis of the present tensor it runs along; ``None`` once it has been joined.
        input: which of the network's inputs.
    """

    axis: int
    size: Dim = 1
    stride: Dim = 1
    offset: Dim = 0
    along: int | None = None
    input: int = 0

    def __str__(self) -> str:
        size, stride, offset = (to_text(d) for d in (self.size, self.stride, self.offset))
        return f"axis {self.axis + 1}: size {size}, stride {stride}, offset {offset}"


Fields = Mapping[tuple[int, int], Field]
"""By input and its axis."""


@dataclass(frozen=True)
class ReceptiveField(Cost[tuple[Field, ...]]):
    """Size, stride and offset of the receptive field of the output, along each axis of the input.

    Of several outputs it is the first's.  Axes of channels have none: every channel sees every
    channel.

    Raises:
        ReceptiveFieldError: branches with different strides or centres meet, axes are mixed by a
            Reshape, or an upsampling makes the field differ from position to position.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Conv2D(8, 3, strides=2, padding=1)] * 1).trace((32, 32, 3))
    >>> print(trace.cost(ReceptiveField())[0])
    axis 1: size 3, stride 2, offset −1
    """

    unit = "positions"
    source = "https://distill.pub/2019/computing-receptive-fields/"

    def over(self, trace: Rows) -> tuple[Field, ...]:
        starts, every = _starts(trace), self.by_row(trace)
        end = trace.ends[0]
        last = starts[-1 - end] if end < 0 else every[end]
        return tuple(field for _, field in sorted(last.items()))

    def by_row(self, trace: Rows) -> list[Fields]:
        """The fields after each row."""
        starts = _starts(trace)
        found: list[Fields] = []
        reached: list[frozenset[int]] = []
        for row in trace.rows:
            if positions(row.loops):
                raise ReceptiveFieldError(
                    "a layer that is called once a step sees one step of its input",
                    path=row.path,
                    hint="ask for the receptive field of that layer alone",
                )
            fed = [starts[-1 - s] if s < 0 else found[s] for s in row.sources]
            seen = [frozenset({-1 - s}) if s < 0 else reached[s] for s in row.sources]
            found.append(step(row, _joined(row, fed, seen)))
            reached.append(frozenset().union(*seen))
        return found


def _starts(trace: Rows) -> list[Fields]:
    """The fields of each input: every position sees itself."""
    return [
        {(index, axis): Field(axis, along=axis, input=index) for axis in range(len(shape))}
        for index, shape in enumerate(trace.inputs)
    ]


def step(row: TracedRow, fields: Fields) -> Fields:
    """The fields after `row`, from those before it."""
    if not row.inputs:
        return {}
    if row.windows is None:
        if any(field.along is not None for field in fields.values()):
            raise ReceptiveFieldError(
                f"{type(row.layer).__name__} mixes or moves axes, so that no one window says what "
                "an output position sees",
                path=row.path,
                hint="ask for the receptive field of the network before this layer",
            )
        return fields
    windows = dict(row.windows)
    features = {axis % len(row.inputs[0]) for axis in row.layer.feature_axes(row.inputs[0])}
    after: dict[tuple[int, int], Field] = {}
    for key, field in fields.items():
        if field.along is None:
            after[key] = field
        elif field.along in windows:
            seen = _through(row, field, windows[field.along], row.inputs[0][field.along])
            after[key] = _placed(seen, row)
        elif field.along not in features:
            after[key] = _placed(field, row)
    return after


def _through(row: TracedRow, field: Field, window: Window | TransposedWindow, length: Dim) -> Field:
    if isinstance(window, TransposedWindow):
        if window.stride != 1:
            raise ReceptiveFieldError(
                f"after {type(row.layer).__name__} by {to_text(window.stride)} the field differs "
                "from position to position",
                path=row.path,
                hint="ask for the receptive field of the network before this layer",
            )
        before: Dim = window.span - 1 - window.cuts(length)[0]
        stride: Dim = 1
    else:
        before = window.pads(length)[0]
        stride = window.stride
    if stride != 1 and often(in_turn(row.loops)) != 1:
        raise ReceptiveFieldError(
            "a stride inside a repeated block moves the field at every copy",
            path=row.path,
            hint="give the number of copies as a number",
        )
    return replace(
        field,
        size=field.size + _in_all(row, (window.span - 1) * field.stride),
        stride=field.stride * stride,
        offset=field.offset - _in_all(row, before * field.stride),
    )


def _in_all(row: TracedRow, amount: Dim) -> Dim:
    """What every copy of a row adds, together."""
    times, each = repeated(in_turn(row.loops), amount)
    return lower(evaluated(each) * times)


def _placed(field: Field, row: TracedRow) -> Field:
    """The field with its axis where `row` leaves it: joined axes are gone, later ones move up."""
    moved = len(row.output) - max(map(len, row.inputs))
    if not moved or field.along is None:
        return field
    joined = {axis for axis, _ in row.windows or ()}
    if field.along in joined:
        return replace(field, along=None)
    behind = bool(joined) and field.along > max(joined)
    return replace(field, along=field.along + (moved if behind else 0))


def _joined(row: TracedRow, fed: list[Fields], seen: list[frozenset[int]]) -> Fields:
    """The union of what several branches see, where they align.

    An axis that a branch has lost, because it mixes it, is lost to all.

    Args:
        row: where they meet.
        fed: the fields of each branch.
        seen: the inputs that each comes from.
    """
    merged: dict[tuple[int, int], Field] = {}
    for i, fields in enumerate(fed):
        for key, alone in fields.items():
            field, known = _stretched(row, i, alone), merged.get(key)
            merged[key] = field if known is None else _union(row, i, known, field)
    branches = list(zip(fed, seen, strict=True))
    return {
        key: field
        for key, field in merged.items()
        if all(key in fields for fields, inputs in branches if key[0] in inputs)
    }


def _stretched(row: TracedRow, place: int, field: Field) -> Field:
    """The field of one input where several of them are brought to one shape.

    Their axes are counted from the end.  An axis of length 1 beside a longer one is the same for
    all positions of the output, so that their fields do not move.
    """
    rank, shape = max(map(len, row.inputs)), row.inputs[place]
    if field.along is None or len(row.inputs) == 1:
        return field
    behind = len(shape) - field.along
    others = [other[-behind] for other in row.inputs if len(other) >= behind]
    stretched = shape[field.along] == 1 and any(dim != 1 for dim in others)
    return replace(field, along=rank - behind, stride=0 if stretched else field.stride)


def _union(row: TracedRow, index: int, a: Field, b: Field) -> Field:
    if a == b:
        return a
    aligned = equal(a.stride, b.stride) is True and (
        equal(2 * a.offset + a.size, 2 * b.offset + b.size) is True or None in (a.along, b.along)
    )
    if not aligned or a.along != b.along:
        raise ReceptiveFieldError(
            f"the branches that meet here do not align: one sees {a}, input {index + 1} {b}",
            code="branches-do-not-align",
            path=row.path,
            hint="give the branches equal strides, and equal padding before and after",
        )
    return a if equal(a.size, b.size) or _larger(a, b) else b


def _larger(a: Field, b: Field) -> bool:
    return at_least(a.size, b.size) is not False
