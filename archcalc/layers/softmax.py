"""Activations along an axis: shares that sum to 1, and their logarithms."""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.activations import ElementwiseActivation
from archcalc.layers.axes import axis_index
from archcalc.layers.facts import Arithmetic, Saved
from archcalc.layers.functions import softmax_along
from archcalc.layers.sight import Sights, all_of, in_place
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "LogSoftmax",
    "Softmax",
    "Softmin",
]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class _AlongAxis(ElementwiseActivation, abstract=True):
    axis: int = -1

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return softmax_along(self.called, y, axis_index(self.axis, y)) if y else ()

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved(output=True)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        return (in_place(x, {axis: all_of(x[axis], axis)}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis_index(self.axis, x)
        return ()


class Softmax(_AlongAxis):
    """Exponentials that sum to 1 along an axis.

    >>> Softmax().output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "softmax"


class LogSoftmax(_AlongAxis):
    """The logarithm of `Softmax` along an axis.

    >>> LogSoftmax().output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "log_softmax"

    source: ClassVar[str] = f"{_TORCH}LogSoftmax.html"


class Softmin(_AlongAxis):
    """`Softmax` of the input with its sign turned.

    >>> Softmin().output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "softmax"

    source: ClassVar[str] = f"{_TORCH}Softmin.html"
