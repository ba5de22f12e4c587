"""Activations as layers; of all of them only PReLU has weights."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.facts import Weight
from archcalc.layers.fields import Axes, option
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["ELU", "Activation", "ActivationName", "LeakyReLU", "PReLU", "ReLU", "Softmax"]

ActivationName: TypeAlias = Literal[
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
]
"""Keras' names of activation functions that leave the shape alone; none of them has weights."""


class _Elementwise(Layer, abstract=True):
    """What comes out has the shape of what goes in."""

    source: ClassVar[str] = "https://keras.io/api/layers/activation_layers/"

    def output_shape(self, x: Shape) -> Shape:
        return x


class Activation(_Elementwise):
    """An activation function by name.

    ``"glu"`` gates one half of the last axis with the other, so that half of it comes out; it is a
    layer only and no ``activation=`` of another.

    Source of ``"glu"``: Dauphin et al., *Language Modeling with Gated Convolutional Networks*
    (2017), equation 1.

    >>> Activation("relu").output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    >>> Activation("glu").output_shape(Shape((1024, 512)))
    (1024, 256)
    """

    activation: ActivationName | Literal["glu"]

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(-1, floor_div(x[-1], 2)) if self.activation == "glu" else x

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        if self.activation != "glu":
            return ()
        return (
            Requirement(
                x[-1],
                Relation.MULTIPLE_OF,
                2,
                "'glu' halves the last axis, and {features} is odd",
                code="features-odd",
                hint="give it an even number of features",
                details=(("features", x[-1]),),
            ),
        )


class ReLU(_Elementwise):
    """``max(0, x)``, with a ceiling, a slope below the threshold, or another threshold.

    >>> ReLU(6.0).output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    """

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0


class LeakyReLU(_Elementwise):
    """ReLU with a fixed slope for negative values.

    >>> LeakyReLU().weights(Shape((98, 50)))
    ()
    """

    negative_slope: float = 0.3


class ELU(_Elementwise):
    """The exponential linear unit.

    >>> ELU().output_shape(Shape((10,)))
    (10,)
    """

    alpha: float = 1.0


class Softmax(_Elementwise):
    """Exponentials that sum to 1 along an axis.

    >>> Softmax().output_shape(Shape((10,)))
    (10,)
    """

    axis: int = -1

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis_index(self.axis, x)
        return ()


class PReLU(_Elementwise):
    """ReLU with a *learned* slope for every element, or one for all along the shared axes.

    Args:
        shared_axes: the axes along which the slope is one and the same, counted as in Keras from 1
            (0 is the batch).  torch's default, one slope for everything, shares every axis; torch's
            one a channel shares the spatial axes.

    Source: He et al., *Delving Deep into Rectifiers* (2015), equation 1.

    >>> PReLU().weights(Shape((98, 50)))[0].size, PReLU([1]).weights(Shape((98, 50)))[0].size
    (4900, 50)
    """

    shared_axes: Axes = option(default=())

    source: ClassVar[str] = "https://keras.io/api/layers/activation_layers/prelu/"

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        shared = {axis_index(axis, x) for axis in self.shared_axes}
        alpha: list[Dim] = [1 if axis in shared else dim for axis, dim in enumerate(x)]
        return (Weight("alpha", Shape(alpha)),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        for axis in self.shared_axes:
            axis_index(axis, x)
        return ()
