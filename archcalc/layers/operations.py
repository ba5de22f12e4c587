"""Axes put in, taken away, stretched, repeated and moved: what people write as a function.

None has weights.  Axes are counted as in Keras, from 1 (0 is the batch) or from the end.
"""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.axes import axis_index, axis_indices, without
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Saved, Storage
from archcalc.layers.fields import Axes, Position, Size, hyper
from archcalc.layers.requirements import same_length
from archcalc.layers.sight import (
    Sight,
    Sights,
    Stretch,
    all_of,
    at_position,
    in_place,
    itself,
    parted,
    sliding,
    without_one,
)
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Expand", "ExpandDims", "Flip", "Roll", "Squeeze", "Stack", "Tile", "Transpose"]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."


class Stack(Layer):
    """Inputs of one shape along a new axis.

    Args:
        axis: where the new axis stands in what comes out, counted from 1 (0 is the batch).

    >>> Stack().output_shape(Shape((10, 64)), Shape((10, 64)), Shape((10, 64)))
    (3, 10, 64)
    """

    axis: int = 1

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (stack)"

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len({len(x) for x in inputs}) > 1:
            raise ShapeError(
                f"Stack takes inputs of one shape, not {' and '.join(repr(x) for x in inputs)}",
                code="branches-differ",
                hint="bring them to the same shape first",
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        place = _new_axis(self.axis, x)
        return Shape((*x[:place], len(inputs), *x[place:]))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, *inputs: Shape) -> tuple[AxisWindow, ...] | None:
        return _after_a_new_axis(self.axis, inputs[0])

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        return tuple(_beside_a_new_axis(self.axis, x) for x in inputs)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        first, *others = inputs
        return tuple(
            same_length(f"axis {axis + 1} of what is stacked", first[axis], dim)
            for x in others
            for axis, dim in enumerate(x)
            if dim != first[axis]
        )


def _new_axis(axis: int, x: Shape) -> int:
    """Where an axis is put that Keras calls `axis` in what comes out."""
    return axis_index(axis, Shape((*x, 1)))


def _after_a_new_axis(axis: int, x: Shape) -> tuple[AxisWindow, ...] | None:
    """Axes stay in their places where the new one is the last."""
    return () if _new_axis(axis, x) == len(x) else None


def _beside_a_new_axis(axis: int, x: Shape) -> Sights:
    place = _new_axis(axis, x)
    return {i: itself(i + (i >= place)) for i in range(len(x))}


class ExpandDims(Layer):
    """A new axis of length 1; torch's ``unsqueeze``.

    Args:
        axis: where it stands in what comes out, counted from 1 (0 is the batch).

    >>> ExpandDims(1).output_shape(Shape((10, 64)))
    (1, 10, 64)
    """

    axis: int

    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (expand_dims)"

    def storage(self, training: bool = True) -> Storage:
        return "reshaped"

    def output_shape(self, x: Shape) -> Shape:
        place = _new_axis(self.axis, x)
        return Shape((*x[:place], 1, *x[place:]))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        return _after_a_new_axis(self.axis, x)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (_beside_a_new_axis(self.axis, x),)


class _OfLengthOne(Layer, abstract=True):
    """What takes an axis of length 1."""

    keeps_ones: ClassVar[bool] = True

    axis: int

    def storage(self, training: bool = True) -> Storage:
        return "reshaped"

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis = axis_index(self.axis, x)
        return (
            Requirement(
                x[axis],
                Relation.EQUAL,
                1,
                f"input {self.axis_word(x, axis)} has {{length}} positions: "
                f"{type(self).__name__} takes an axis of length 1",
                code="lengths-differ",
                hint="choose another axis",
                details=(("length", x[axis]),),
            ),
        )


class Squeeze(_OfLengthOne):
    """An axis of length 1 taken away.

    Args:
        axis: the axis, counted from 1 (0 is the batch).

    >>> Squeeze(1).output_shape(Shape((1, 10, 64)))
    (10, 64)
    """

    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (squeeze)"

    def output_shape(self, x: Shape) -> Shape:
        return without(x, axis_index(self.axis, x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return ((axis_index(self.axis, x), Window(1)),)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (without_one(axis_index(self.axis, x), len(x), at_position(0)),)


class Expand(_OfLengthOne):
    """An axis of length 1 stretched: the same at every position, and kept once, as torch's.

    Args:
        axis: the axis, counted from 1 (0 is the batch).
        size: how long it becomes.

    >>> Expand(1, 197).output_shape(Shape((1, 768)))
    (197, 768)
    """

    size: Size = hyper("m", counts="sizes")

    source: ClassVar[str] = f"{_TORCH}Tensor.expand.html"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(axis_index(self.axis, x), self.size)

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        return (in_place(x, {axis: all_of(1, axis)}),)


class Tile(Layer):
    """An axis several times over.

    Args:
        times: how often.
        axis: the axis, counted from 1 (0 is the batch).
        each: whether every position is repeated where it stands, as ``repeat_interleave`` does, and
            not the whole axis one after the other.

    Keys shared by four heads each:

    >>> Tile(4, axis=1, each=True).output_shape(Shape((8, 128, 64)))
    (32, 128, 64)
    """

    times: Size = hyper("m", counts="")
    axis: int = -1
    each: bool = False

    source: ClassVar[str] = f"{_TORCH}repeat_interleave.html"

    def output_shape(self, x: Shape) -> Shape:
        axis = axis_index(self.axis, x)
        return x.replace(axis, lower(x[axis] * self.times))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        if self.each:
            view = sliding(axis, TransposedWindow(self.times, self.times), x[axis])
        else:
            view = parted(x[axis], (axis,), "Tile begins again at every copy of the axis")
        return (in_place(x, {axis: view}),)


class _Kept(Layer, abstract=True):
    """What keeps the shape, and moves positions along an axis."""

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:
        return None


class Flip(_Kept):
    """Axes from their last position to their first.

    Args:
        axis: one axis or several, counted from 1 (0 is the batch).

    >>> Flip(1).output_shape(Shape((10, 64)))
    (10, 64)
    """

    axis: Axes

    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (flip)"

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        places = {axis_index(axis, x) for axis in self.axis}
        turned = {i: Sight(i, (Stretch(lower(x[i] - 1), 1),), -1, -1) for i in places}
        return (in_place(x, turned),)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        axis_indices(self.axis, inputs[0])


class Roll(_Kept):
    """Positions moved along an axis; those that leave it at one end come in at the other.

    Args:
        shift: how far, below 0 towards the front.
        axis: the axis, counted from 1 (0 is the batch).

    Windows that are shifted, as in the Swin transformer:

    >>> Roll(-3, axis=1).output_shape(Shape((56, 56, 96)))
    (56, 56, 96)
    """

    shift: Position
    axis: int = -1

    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (roll)"

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        return (in_place(x, {axis: Sight(axis, (Stretch(lower(-self.shift), 1),), wraps=True)}),)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        axis_index(self.axis, inputs[0])


class Transpose(Layer):
    """Two axes in one another's place.

    Args:
        axis1, axis2: the axes, counted from 1 (0 is the batch).  `Permute` puts all in any order.

    >>> Transpose().output_shape(Shape((8, 10, 64)))
    (8, 64, 10)
    """

    axis1: int = -2
    axis2: int = -1

    source: ClassVar[str] = f"{_TORCH}transpose.html"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def _pair(self, x: Shape) -> tuple[int, int]:
        return axis_index(self.axis1, x), axis_index(self.axis2, x)

    def output_shape(self, x: Shape) -> Shape:
        a, b = self._pair(x)
        return x.replace(a, x[b]).replace(b, x[a])

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        a, b = self._pair(x)
        return () if a == b else None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        a, b = self._pair(x)
        return (in_place(x, {a: itself(b), b: itself(a)}),)
