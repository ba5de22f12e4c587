"""What joins several inputs: Add and its like, Concatenate, Dot.

Source: https://keras.io/api/layers/merging_layers/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import field_validator
from sympy import Add as _Sum

from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.facts import Operand, Work
from archcalc.layers.fields import Axes
from archcalc.layers.sight import (
    Sight,
    Sights,
    Stretch,
    all_of,
    channels,
    in_place,
    itself,
    without_one,
)
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Dot",
    "Maximum",
    "Minimum",
    "Multiply",
    "Subtract",
]


class Elementwise(Layer, abstract=True):
    """Inputs of one shape, element by element; an axis of length 1 is stretched, as in Keras."""

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = "https://keras.io/api/layers/merging_layers/"

    def output_shape(self, *inputs: Shape) -> Shape:
        return broadcast(*inputs)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return broadcasting(type(self).__name__, *inputs)


def broadcast(*inputs: Shape) -> Shape:
    """The shape that several have together: an axis of length 1, or none, is stretched.

    >>> broadcast(Shape((8, 1, 64)), Shape((16, 64)))
    (8, 16, 64)
    """
    rank = max(map(len, inputs))
    aligned = [(1,) * (rank - len(x)) + tuple(x) for x in inputs]
    return Shape(next((d for d in dims if d != 1), 1) for dims in zip(*aligned, strict=True))


def broadcasting(layer: str, *inputs: Shape) -> tuple[Requirement, ...]:
    """What must hold for the inputs of `layer` to have a shape together."""
    merged = broadcast(*inputs)
    return tuple(
        _same(layer, i, x, inputs[0], dim, merged[len(merged) - len(x) + axis])
        for i, x in enumerate(inputs)
        for axis, dim in enumerate(x)
        if dim != 1 and dim != merged[len(merged) - len(x) + axis]
    )


def _same(layer: str, index: int, x: Shape, first: Shape, dim: Dim, other: Dim) -> Requirement:
    return Requirement(
        other,
        Relation.EQUAL,
        dim,
        f"the branches of {layer} do not fit: input {index + 1} has shape "
        f"{x!r}, the first {first!r} ({{dim}} is not {{other}})",
        code="branches-differ",
        hint="give the branches equal strides and channels, or a 1×1 convolution as shortcut",
        details=(("dim", dim), ("other", other)),
    )


class Add(Elementwise):
    """The sum of its inputs.

    >>> Add().output_shape(Shape((8, 8, 64)), Shape((8, 8, 64)))
    (8, 8, 64)
    """


class Subtract(Elementwise):
    """The first input less the second.

    >>> Subtract().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """

    arity: ClassVar[tuple[int, int | None]] = (2, 2)


class Multiply(Elementwise):
    """The product of its inputs, element by element.

    >>> Multiply().output_shape(Shape((8, 8, 64)), Shape((1, 1, 64)))
    (8, 8, 64)
    """


class Average(Elementwise):
    """The mean of its inputs.

    >>> Average().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """


class Maximum(Elementwise):
    """The largest of its inputs, element by element.

    >>> Maximum().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """


class Minimum(Elementwise):
    """The smallest of its inputs, element by element.

    >>> Minimum().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """


class Concatenate(Layer):
    """Inputs one after the other along an axis.

    Args:
        axis: counted as in Keras from 1; 0, which would be the batch there, is the first axis of
            the shapes as they are written here, and is kept as 1.

    >>> Concatenate().output_shape(Shape((8, 8, 64)), Shape((8, 8, 32)))
    (8, 8, 96)
    >>> Concatenate(axis=0).output_shape(Shape((1, 64)), Shape((196, 64)))
    (197, 64)
    """

    axis: int = -1

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://keras.io/api/layers/merging_layers/concatenate/"

    @field_validator("axis")
    @classmethod
    def _without_batch(cls, axis: int) -> int:
        return axis or 1  # samples are never put together, so that 0 can mean nothing else

    def output_shape(self, *inputs: Shape) -> Shape:
        along = axis_index(self.axis, inputs[0])
        return inputs[0].replace(along, _total([x[along] for x in inputs]))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        """The axis along which they lie: what stands at a position there is of any of them."""
        return (axis_index(self.axis, x),)

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        """Each from where it begins on; the last axis is that of the channels."""
        along = axis_index(self.axis, inputs[0])
        found: list[Sights] = []
        for place, x in enumerate(inputs):
            before = _total([other[along] for other in inputs[:place]])
            view = Sight(along, (Stretch(lower(-before), 1),))
            mixed = along == len(x) - 1 and len(inputs) > 1
            found.append(in_place(x, {along: channels(x[along]) if mixed else view}))
        return tuple(found)

    def put_in_a_row(self, *inputs: Shape) -> int:
        return axis_index(self.axis, inputs[0])

    def incoming(self, *inputs: Shape) -> None:
        return None  # it has no weights that are made for a number

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len({len(x) for x in inputs}) > 1:
            shown = " and ".join(repr(x) for x in inputs)
            raise ShapeError(
                f"the branches of Concatenate have different numbers of axes: {shown}",
                code="branches-differ",
                hint="bring them to the same number of axes with Reshape or Flatten",
            )

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        along = axis_index(self.axis, inputs[0])
        return tuple(
            _same("Concatenate", i, x, inputs[0], dim, inputs[0][axis])
            for i, x in enumerate(inputs)
            for axis, dim in enumerate(x)
            if axis != along and dim != inputs[0][axis]
        )


def _total(dims: Sequence[Dim]) -> Dim:
    if all(isinstance(dim, int) for dim in dims):
        return sum(dims)
    return lower(_Sum(*dims))


class Dot(Layer):
    """Products of two inputs summed along an axis of each.

    Args:
        axes: one axis for both, or one for each, counted as in Keras from 1 (0 is the batch).
        normalize: whether the inputs are scaled to length 1 first.

    >>> Dot(2).output_shape(Shape((10, 64)), Shape((20, 64)))
    (10, 20)
    """

    axes: Axes
    normalize: bool = False

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    source: ClassVar[str] = "https://keras.io/api/layers/merging_layers/dot/"

    @field_validator("axes", mode="after")
    @classmethod
    def _one_or_two(cls, axes: Any) -> Any:
        if len(axes) not in (1, 2):
            raise InvalidLayerError(
                f"{len(axes)} axes for two inputs",
                code="wrong-number-of-values",
                hint="give one axis for both, or one for each",
            )
        return axes

    def _pair(self, x: Shape, y: Shape) -> tuple[int, int]:
        first, second = self.axes if len(self.axes) == 2 else (self.axes * 2)[:2]
        return axis_index(first, x), axis_index(second, y)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        a, b = self._pair(x, y)
        rest = Shape((*x[:a], *x[a + 1 :], *y[:b], *y[b + 1 :]))
        return rest or Shape((1,))

    def windows(self, x: Shape, y: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape, y: Shape) -> tuple[Sights, ...]:
        a, b = self._pair(x, y)
        first = without_one(a, len(x), all_of(x[a]))
        rest = len(x) - 1
        second = {i: itself(rest + i - (i > b)) for i in range(len(y)) if i != b}
        return (first, {**second, b: all_of(y[b])})

    def work(self, x: Shape, y: Shape, out: Shape) -> tuple[Work, ...]:
        pair = (Operand((0,)), Operand((1,)))
        return (Work("matmul", (x[self._pair(x, y)[0]],), out, activations=pair),)

    def requirements(self, x: Shape, y: Shape) -> tuple[Requirement, ...]:
        a, b = self._pair(x, y)
        return () if x[a] == y[b] else (_same("Dot", 1, y, x, y[b], x[a]),)
