"""Operations that compute without weights: sums over axes, quotients, powers, comparisons, choices.

Axes are counted as in Keras, from 1 (0 is the batch) or from the end.  The elementwise ones stretch
axes as those of `archcalc.layers.merging` do, and take a constant in the place of a second input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from pydantic import model_validator

from archcalc.layers.axes import axis_index, axis_indices
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Primitive, Saved
from archcalc.layers.fields import OptionalAxes, option
from archcalc.layers.functions import FUNCTIONS, elementwise, saved_by
from archcalc.layers.merging import Elementwise, broadcast, broadcasting
from archcalc.layers.sight import (
    Sights,
    aligned,
    all_of,
    every_one_before,
    in_place,
    itself,
    sliding,
)
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "Clip",
    "Compare",
    "CumulativeSum",
    "Divide",
    "Function",
    "Power",
    "Reduce",
    "Take",
    "TakeAlongAxis",
    "Where",
]

_KERAS = "https://keras.io/api/ops/numpy/"
_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."

Reduction: TypeAlias = Literal[
    "mean", "sum", "max", "min", "product", "variance", "deviation", "norm", "argmax", "argmin"
]
"""What becomes of several numbers; the norm is the root of the sum of their squares, ``"argmax"``
the position of the largest, along one axis."""

Comparison: TypeAlias = Literal[
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"
]


class Reduce(Layer):
    """One number from all along some axes: their mean, sum, maximum, variance or norm.

    Args:
        how: what becomes of them.
        axis: one axis or several, counted from 1 (0 is the batch); all where ``None``.
        keepdims: whether the axes stay, at length 1.
        correction: what the variance and its root are divided by is the number of elements less
            this: 0 in Keras and NumPy, 1 by default in torch.

    >>> Reduce("mean", axis=1).output_shape(Shape((197, 768)))
    (768,)
    """

    how: Reduction
    axis: OptionalAxes = option(default=None)
    keepdims: bool = False
    correction: int = 0

    source: ClassVar[str] = f"{_KERAS} (mean, sum, max, min, prod, var, std)"

    @model_validator(mode="after")
    def _arguments_that_mean_something(self) -> Any:
        if self.axis == ():
            raise InvalidLayerError(
                "Reduce over no axes computes nothing",
                code="wrong-number-of-values",
                hint="name an axis, or leave axis out for all of them",
            )
        if self.how.startswith("arg") and (self.axis is None or len(self.axis) != 1):
            raise InvalidLayerError(
                f"{self.how} is a position along one axis",
                code="wrong-number-of-values",
                hint="name the axis",
            )
        if self.correction and self.how not in ("variance", "deviation"):
            raise InvalidLayerError(
                f"correction is for a variance, not for {self.how!r}",
                code="invalid-argument",
                hint="leave correction out",
            )
        return self

    def _places(self, x: Shape) -> tuple[int, ...]:
        if self.axis is None:
            return tuple(range(len(x)))
        return tuple(sorted(axis_indices(self.axis, x)))

    def output_shape(self, x: Shape) -> Shape:
        places = self._places(x)
        if self.keepdims:
            return Shape(1 if axis in places else dim for axis, dim in enumerate(x))
        return Shape(dim for axis, dim in enumerate(x) if axis not in places)

    def saves(self, x: Shape, y: Shape) -> Saved | None:
        return Saved() if self.how in ("mean", "sum") else None

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        """The operations between all numbers of each group, and those before and after."""
        size = product(x[axis] for axis in self._places(x))
        between, every = (*y, lower(plain(size) - 1)), (*y, size)
        sums: tuple[Primitive, tuple[Dim, ...]] = ("addition", between)
        mean: list[tuple[Primitive, tuple[Dim, ...]]] = [sums, ("division", tuple(y))]
        squares: list[tuple[Primitive, tuple[Dim, ...]]] = [("multiplication", every), sums]
        root: tuple[Primitive, tuple[Dim, ...]] = ("square root", tuple(y))
        spread = [*mean, ("addition", every), *squares, ("division", tuple(y))]
        found: dict[str, list[tuple[Primitive, tuple[Dim, ...]]]] = {
            "mean": mean,
            "sum": [sums],
            "max": [("comparison", between)],
            "min": [("comparison", between)],
            "argmax": [("comparison", between)],
            "argmin": [("comparison", between)],
            "product": [("multiplication", between)],
            "variance": spread,
            "deviation": [*spread, root],
            "norm": [*squares, root],
        }
        return (Arithmetic("reduction", tuple(found[self.how]), tuple(x), tuple(y), size),)

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        places = self._places(x)
        together = not places or places[-1] - places[0] + 1 == len(places)
        if not (together or self.keepdims):
            return None  # an axis between two that go moves up less than one after both
        return tuple((axis, Window(x[axis])) for axis in places)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        places = self._places(x)
        kept = range(len(x)) if self.keepdims else [i for i in range(len(x)) if i not in places]
        there = {axis: place for place, axis in enumerate(kept)}
        found = {axis: itself(place) for axis, place in there.items()}
        return ({**found, **{i: sliding(there.get(i), Window(x[i]), x[i]) for i in places}},)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        self._places(x)
        return ()


class CumulativeSum(Layer):
    """The sum of all up to each position of an axis.

    Args:
        axis: the axis, counted from 1 (0 is the batch).

    >>> CumulativeSum(1).output_shape(Shape((128, 64)))
    (128, 64)
    """

    axis: int = -1

    source: ClassVar[str] = f"{_KERAS} (cumsum)"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        axis = axis_index(self.axis, x)
        others = x.replace(axis, 1)
        parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
            ("addition", (*others, lower(plain(x[axis]) - 1))),
        )
        return (Arithmetic("reduction", parts, tuple(x), tuple(y)),)

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        axis = axis_index(self.axis, x)
        return ((axis, Window(x[axis], padding="causal")),)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        return (in_place(x, {axis: every_one_before(axis, x[axis])}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis_index(self.axis, x)
        return ()


# Element by element


class _WithConstant(Elementwise, abstract=True):
    """Two inputs, or one and a constant, which then is the second."""

    arity: ClassVar[tuple[int, int | None]] = (1, 2)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        takes = 2 if self.value is None else 1
        if len(inputs) != takes:
            second = "no value" if self.value is None else f"value={self.value}"
            raise ShapeError(
                f"{type(self).__name__} with {second} takes {takes} input{'s' * (takes != 1)}, "
                f"not {len(inputs)}",
                code="wrong-number-of-inputs",
                hint="the value stands in the place of the second input",
            )

    if TYPE_CHECKING:  # every subclass declares it, in the order of its own arguments

        @property
        def value(self) -> float | None: ...


class Divide(_WithConstant):
    """The first input by the second, or by a constant.

    Args:
        value: the constant; there are two inputs where it is ``None``.

    >>> Divide().output_shape(Shape((10, 64)), Shape((10, 1)))
    (10, 64)
    """

    value: float | None = None

    source: ClassVar[str] = f"{_KERAS} (divide)"

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"division": 1}

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_others=(0, 1), inputs=(1,)) if self.value is None else Saved()


class Power(_WithConstant):
    """The first input to the power of the second, or of a constant.

    Args:
        value: the constant; there are two inputs where it is ``None``.

    >>> Power(2).output_shape(Shape((10, 64)))
    (10, 64)
    """

    value: float | None = None

    source: ClassVar[str] = f"{_KERAS} (power)"

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"transcendental": 1}


class Compare(_WithConstant):
    """1 where the first input stands so to the second, or to a constant; else 0.

    Args:
        how: how they are compared.
        value: the constant; there are two inputs where it is ``None``.

    >>> Compare("greater", 0).output_shape(Shape((10, 64)))
    (10, 64)
    """

    how: Comparison
    value: float | None = None

    source: ClassVar[str] = f"{_KERAS} (equal, not_equal, less, less_equal, greater, …)"

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"comparison": 1}

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()


FunctionName: TypeAlias = Literal[
    "absolute", "ceil", "cos", "erf", "exp", "expm1", "floor", "log", "log1p", "log2",
    "logical_not", "negative", "reciprocal", "round", "rsqrt", "sign", "sin", "sqrt", "square",
    "tan",
]  # fmt: skip
"""Keras' names of functions of one number; activations are `Activation`."""


class Function(Layer):
    """A function of every number by itself: a root, an exponential, a sign.

    Args:
        how: which, by Keras' name.

    >>> Function("sqrt").output_shape(Shape((10, 64)))
    (10, 64)
    """

    how: FunctionName

    source: ClassVar[str] = f"{_KERAS} (absolute, exp, log, sqrt, sin, …)"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return elementwise("elementwise", y, FUNCTIONS[self.how].each)

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return () if self.how == "logical_not" else (0,)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return saved_by(self.how, y)


class Clip(Layer):
    """Every number held between two ends.

    Args:
        low: the least that comes out; none where ``None``.
        high: the most that comes out; none where ``None``.

    >>> Clip(0, 6).output_shape(Shape((10, 64)))
    (10, 64)
    """

    low: float | None = None
    high: float | None = None

    source: ClassVar[str] = f"{_KERAS} (clip)"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        ends = (self.low, self.high)
        return elementwise("elementwise", y, {"comparison": sum(end is not None for end in ends)})

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,))


class Where(Elementwise):
    """The second input where the first is not 0, and the third where it is.

    >>> Where().output_shape(Shape((10, 10)), Shape((8, 10, 10)), Shape((1,)))
    (8, 10, 10)
    """

    arity: ClassVar[tuple[int, int | None]] = (3, 3)
    source: ClassVar[str] = f"{_KERAS} (where)"

    def each(self, inputs: int) -> Mapping[Primitive, int]:
        return {"comparison": 1}

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return 1, 2

    def saves(self, *shapes: Shape) -> Saved:
        return Saved((0,))


class Take(Layer):
    """Positions of an axis, as many as the second input holds indices, in the form it has.

    Args:
        axis: the axis that positions are taken of, counted from 1 (0 is the batch).

    >>> Take(1).output_shape(Shape((169, 3)), Shape((49, 49)))
    (49, 49, 3)
    """

    axis: int = -1

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    source: ClassVar[str] = f"{_KERAS} (take)"

    def output_shape(self, x: Shape, indices: Shape) -> Shape:
        at = axis_index(self.axis, x)
        return Shape((*x[:at], *indices, *x[at + 1 :]))

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return (0,)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved((1,))

    def windows(self, *inputs: Shape) -> None:
        return None


class TakeAlongAxis(Layer):
    """At every position of the second input, which holds indices, what stands there in the first.

    Args:
        axis: the axis that the indices run along, counted from 1 (0 is the batch).

    Along every other axis the two are as long, or one has length 1 and is stretched.

    >>> TakeAlongAxis(1).output_shape(Shape((50, 64)), Shape((10, 1)))
    (10, 64)
    """

    axis: int = -1

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = f"{_KERAS} (take_along_axis)"

    def input_kind(self, index: int) -> str:
        return "indices" if index == 1 else self.takes

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len(inputs[0]) != len(inputs[1]):
            raise ShapeError(
                f"TakeAlongAxis takes an input and indices of as many axes, not {inputs[0]!r} and "
                f"{inputs[1]!r}",
                code="branches-differ",
                hint="ExpandDims gives an axis of length 1",
            )

    def _beside(self, x: Shape, indices: Shape) -> tuple[int, tuple[Shape, Shape]]:
        """The axis, and both shapes with length 1 there."""
        axis = axis_index(self.axis, x)
        return axis, (x.replace(axis, 1), indices.replace(axis, 1))

    def output_shape(self, x: Shape, indices: Shape) -> Shape:
        axis, both = self._beside(x, indices)
        return broadcast(*both).replace(axis, indices[axis])

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved((1,))

    def windows(self, x: Shape, indices: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape, indices: Shape) -> tuple[Sights, ...]:
        """What stands anywhere along the axis may be what an index names."""
        axis, both = self._beside(x, indices)
        values = {**aligned(both, 0), axis: all_of(x[axis], axis)}
        return values, {**aligned(both, 1), axis: itself(axis)}

    def requirements(self, x: Shape, indices: Shape) -> tuple[Requirement, ...]:
        return broadcasting("TakeAlongAxis", *self._beside(x, indices)[1])
