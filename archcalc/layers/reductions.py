"""Operations that make one number of several along axes: sums, means, maxima, running sums.

Axes are counted as in Keras, from 1 (0 is the batch) or from the end.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import model_validator

from archcalc.layers.axes import axis_index, axis_indices
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Primitive, Saved
from archcalc.layers.fields import OptionalAxes, option
from archcalc.layers.sight import Sights, every_one_before, in_place, itself, sliding
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "CumulativeSum",
    "Reduce",
]

_KERAS = "https://keras.io/api/ops/numpy/"

Reduction: TypeAlias = Literal[
    "mean", "sum", "max", "min", "product", "variance", "deviation", "norm", "argmax", "argmin"
]
"""What becomes of several numbers; the norm is the root of the sum of their squares, ``"argmax"``
the position of the largest, along one axis."""


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

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return () if self.how.startswith("arg") else (0,)

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
