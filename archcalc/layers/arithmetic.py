"""Operations that compute without weights: quotients, powers, comparisons, choices.

Axes are counted as in Keras, from 1 (0 is the batch) or from the end.  The elementwise ones stretch
axes as those of `archcalc.layers.merging` do, and take a constant in the place of a second input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Primitive, Saved
from archcalc.layers.functions import FUNCTIONS, elementwise, saved_by
from archcalc.layers.merging import Elementwise, broadcast, broadcasting
from archcalc.layers.sight import (
    Sights,
    aligned,
    all_of,
    itself,
)
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Clip",
    "Compare",
    "Divide",
    "Function",
    "Power",
    "Take",
    "TakeAlongAxis",
    "Where",
]

_KERAS = "https://keras.io/api/ops/numpy/"
_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."

Comparison: TypeAlias = Literal[
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"
]


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

    def gives(self, *conditions: bool) -> str:
        return "condition"

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

    def gives(self, *conditions: bool) -> str:
        return "condition" if self.how == "logical_not" else "numbers"

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
