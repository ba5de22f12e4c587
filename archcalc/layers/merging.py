"""What joins several inputs: Add and its like, Concatenate, Dot.

Source: https://keras.io/api/layers/merging_layers/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, ClassVar

from pydantic import field_validator
from sympy import Add as _Sum
from sympy import Mul

from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Kept, Operand, Primitive, Saved, Work
from archcalc.layers.fields import Axes
from archcalc.layers.functions import elementwise
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
from archcalc.symbolic.compare import at_least, equal, largest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.ordered import plain
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

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return elementwise("elementwise", shapes[-1], self.each(len(shapes) - 1))

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        """How many of each operation at every element that comes out."""
        return {"addition": inputs - 1}

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return broadcasting(type(self).__name__, *inputs)


def broadcast(*inputs: Shape) -> Shape:
    """The shape that several have together: an axis of length 1, or none, is stretched.

    Where either of two symbols may be 1, it is as long as the larger.

    >>> broadcast(Shape((8, 1, 64)), Shape((16, 64)))
    (8, 16, 64)
    >>> from archcalc.symbolic.shape import as_shape
    >>> broadcast(as_shape(["n"]), Shape((4,))), broadcast(as_shape(["n"]), as_shape(["m"]))
    ((4,), (max(m, n),))
    """
    rank = max(map(len, inputs))
    aligned = [(1,) * (rank - len(x)) + tuple(x) for x in inputs]
    return Shape(reduce(_together, dims) for dims in zip(*aligned, strict=True))


def _together(first: Dim, second: Dim) -> Dim:
    """How long an axis is that is so long in one and so in another: they are equal, or one is 1."""
    if first == 1 or second == 1:
        return second if first == 1 else first
    if equal(first, second) is not None or not _may_be_one(first):
        return first
    if at_least(first, second, by_classes=True):
        return first
    return largest(first, second) if _may_be_one(second) else second


def _may_be_one(dim: Dim) -> bool:
    factor, _ = plain(dim).as_coeff_Mul()  # twice something is no 1
    return equal(dim, 1) is not False and (factor == 1 or not factor.is_Integer)


def broadcasting(layer: str, *inputs: Shape) -> tuple[Requirement, ...]:
    """What must hold for the inputs of `layer` to have a shape together."""
    rank = max(map(len, inputs))
    needs: list[Requirement] = []
    for axis in range(-rank, 0):
        found: Dim = 1
        for i, x in enumerate(inputs):
            dim = x[axis] if -axis <= len(x) else 1
            if 1 not in (dim, found) and dim != found:
                needs.append(_same_or_one(layer, i, x, inputs[0], dim, found))
            found = _together(found, dim)
    return tuple(needs)


def _same(layer: str, index: int, x: Shape, first: Shape, dim: Dim, other: Dim) -> Requirement:
    """That an axis of an input is as long as that of the first."""
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


def _same_or_one(
    layer: str, index: int, x: Shape, first: Shape, dim: Dim, other: Dim
) -> Requirement:
    """The same where an axis of length 1 is stretched to the other."""
    needed = _same(layer, index, x, first, dim, other)
    stretched = _stretched(other, dim) if equal(other, dim) is None else {}
    if not stretched:
        return needed
    apart = plain(other) - plain(dim)
    left = lower(Mul(apart, *(plain(one) - 1 for one in stretched.values())))
    ones = "one of them" if len(stretched) > 1 else f"{{{next(iter(stretched))}}}"
    return replace(needed, left=left, right=0, words=f"{{other}} = {{dim}}, or {ones} is 1")


def _stretched(other: Dim, dim: Dim) -> dict[str, Dim]:
    """Those of two lengths that may be 1 where the other is not."""
    found: dict[str, Dim] = {}
    if _may_be_one(other) and not at_least(other, dim, by_classes=True):
        found["other"] = other
    if _may_be_one(dim) and not at_least(dim, other, by_classes=True):
        found["dim"] = dim
    return found


class Add(Elementwise):
    """The sum of its inputs.

    >>> Add().output_shape(Shape((8, 8, 64)), Shape((8, 8, 64)))
    (8, 8, 64)
    """

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()


class Subtract(Elementwise):
    """The first input less the second.

    >>> Subtract().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """

    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()


class Multiply(Elementwise):
    """The product of its inputs, element by element.

    >>> Multiply().output_shape(Shape((8, 8, 64)), Shape((1, 1, 64)))
    (8, 8, 64)
    """

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"multiplication": inputs - 1}

    def gives(self, *conditions: bool) -> str:
        return "condition" if all(conditions) else "numbers"

    def saves(self, *shapes: Shape) -> Saved:
        inputs = len(shapes) - 1
        between = tuple(Kept("product", shapes[-1]) for _ in range(inputs - 2))
        return Saved(for_others=tuple(range(inputs)), own=between)


class Average(Elementwise):
    """The mean of its inputs.

    >>> Average().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"addition": inputs - 1, "division": 1}

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()


class Maximum(Elementwise):
    """The largest of its inputs, element by element.

    >>> Maximum().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"comparison": inputs - 1}

    def gives(self, *conditions: bool) -> str:
        return "condition" if all(conditions) else "numbers"

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(tuple(range(len(shapes) - 1)))


class Minimum(Elementwise):
    """The smallest of its inputs, element by element.

    >>> Minimum().output_shape(Shape((10,)), Shape((10,)))
    (10,)
    """

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"comparison": inputs - 1}

    def gives(self, *conditions: bool) -> str:
        return "condition" if all(conditions) else "numbers"

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(tuple(range(len(shapes) - 1)))


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

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

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

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...] | None:
        return None if self.normalize else ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_others=(0, 1))

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
