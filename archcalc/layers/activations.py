"""Activations as layers; of all of them only PReLU has weights."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from archcalc.layers.axes import axis_index, axis_indices
from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Kept, Saved, Storage, Weight
from archcalc.layers.fields import OptionalAxes, SomeAxes, option
from archcalc.layers.functions import ActivationName, applied, saved_by
from archcalc.layers.kept import EVERY, of_weights
from archcalc.layers.sight import Sight, Sights, Stretch, in_place
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Activation",
    "ActivationName",
    "Hardshrink",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "Softplus",
    "Softshrink",
    "Threshold",
]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class ElementwiseActivation(Layer, abstract=True):
    """What comes out has the shape of what goes in.

    `inplace`, where a class has it, is torch's: whether the output is written over the input.
    """

    function: ClassVar[str] = ""
    source: ClassVar[str] = "https://keras.io/api/layers/activation_layers/"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.called, y)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return saved_by(self.called, y)

    @property
    def called(self) -> str:
        """The function, by its name in `FUNCTIONS`."""
        return self.function

    def storage(self, training: bool = True) -> Storage:
        return "overwritten" if getattr(self, "inplace", False) else "own"


class Activation(ElementwiseActivation):
    """An activation function by name.

    ``"glu"`` is `GLU`, of which half comes out; it is a layer only, no ``activation=`` of another.
    A function with other numbers than Keras' own, such as an alpha, is a class: `ELU`, `CELU`, ….

    >>> Activation("relu").output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    >>> Activation("glu").output_shape(Shape((1024, 512)))
    (1024, 256)
    """

    activation: ActivationName | Literal["glu"]
    inplace: bool = Field(default=False, kw_only=True)

    def output_shape(self, x: Shape) -> Shape:
        return GLU().output_shape(x) if self.activation == "glu" else x

    @property
    def called(self) -> str:
        return self.activation

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return GLU().arithmetic(x, y) if self.activation == "glu" else super().arithmetic(x, y)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return GLU().saves(x, y) if self.activation == "glu" else super().saves(x, y)

    def storage(self, training: bool = True) -> Storage:
        return "input" if self.activation == "linear" else super().storage(training)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return GLU().requirements(x) if self.activation == "glu" else ()

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        glu = self.activation == "glu"
        return GLU().sights(output, x) if glu else super().sights(output, x)


class GLU(ElementwiseActivation):
    """One half of an axis times the sigmoid of the other: half of it comes out; torch's.

    Args:
        axis: the axis that is halved, counted from 1 (0 is the batch); torch's ``dim``.

    >>> GLU().output_shape(Shape((1024, 512)))
    (1024, 256)
    """

    axis: int = -1

    source: ClassVar[str] = "https://arxiv.org/abs/1612.08083 (equation 1)"

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (axis_index(self.axis, x),)

    def incoming(self, *inputs: Shape) -> None:
        return None  # it has no weights that are made for a number

    def output_shape(self, x: Shape) -> Shape:
        axis = axis_index(self.axis, x)
        return x.replace(axis, floor_div(x[axis], 2))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return applied("silu", y)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,))

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """Two positions, half an axis apart."""
        axis = axis_index(self.axis, x)
        half = floor_div(x[axis], 2)
        return (in_place(x, {axis: Sight(axis, (Stretch(0, lower(half + 1), half),))}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        features = x[axis_index(self.axis, x)]
        return (
            Requirement(
                features,
                Relation.MULTIPLE_OF,
                2,
                "'glu' halves its axis, and {features} is odd",
                code="features-odd",
                hint="give it an even number of features",
                details=(("features", features),),
            ),
        )


class ReLU(ElementwiseActivation):
    """``max(0, x)``, with a ceiling, a slope below the threshold, or another threshold.

    >>> ReLU(6.0).output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    """

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0
    inplace: bool = Field(default=False, kw_only=True)

    @property
    def called(self) -> str:
        if self.negative_slope:
            return "leaky_relu"
        return "relu" if self.max_value is None else "relu6"


class LeakyReLU(ElementwiseActivation):
    """ReLU with a fixed slope for negative values.

    >>> LeakyReLU().weights(Shape((98, 50)))
    ()
    """

    function: ClassVar[str] = "leaky_relu"

    negative_slope: float = option(default=0.3, called=("negative_slope", "alpha"))
    inplace: bool = Field(default=False, kw_only=True)


class ELU(ElementwiseActivation):
    """The exponential linear unit.

    >>> ELU().output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "elu"

    alpha: float = 1.0
    inplace: bool = Field(default=False, kw_only=True)


class CELU(ElementwiseActivation):
    """ELU with a slope of 1 at 0, whatever `alpha` is.

    ``max(0, x) + min(0, alpha·(e^(x/alpha) − 1))``; `Activation` knows it as ``"celu"``, with an
    alpha of 1.

    >>> CELU(2.0).output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "celu"

    alpha: float = 1.0
    inplace: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1704.07483 (equation 2)"

    @field_validator("alpha")
    @classmethod
    def _not_zero(cls, alpha: float) -> float:
        if alpha == 0:
            raise InvalidLayerError("alpha is a divisor, and 0 divides nothing")
        return alpha


class GELU(ElementwiseActivation):
    """``x`` times the normal distribution's share below ``x``, or an approximation of it.

    `Activation` knows it as ``"gelu"``, without approximation.

    Args:
        approximate: ``"none"``, or ``"tanh"`` as in GPT-2.

    >>> GELU("tanh").output_shape(Shape((1024, 3072)))
    (1024, 3072)
    """

    approximate: Literal["none", "tanh"] = "none"

    source: ClassVar[str] = "https://arxiv.org/abs/1606.08415"

    @property
    def called(self) -> str:
        return "gelu" if self.approximate == "none" else "gelu by tanh"


class Hardshrink(ElementwiseActivation):
    """``x`` where it is further than `lambd` from 0, otherwise 0.

    >>> Hardshrink(0.1).output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "hard_shrink"

    lambd: float = 0.5

    source: ClassVar[str] = f"{_TORCH}Hardshrink.html"


class Softshrink(ElementwiseActivation):
    """``x``, brought nearer to 0 by `lambd`, and no further than 0.

    >>> Softshrink(0.1).output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "soft_shrink"

    lambd: float = Field(default=0.5, ge=0)

    source: ClassVar[str] = f"{_TORCH}Softshrink.html"


class Hardtanh(ElementwiseActivation):
    """``x``, but no less than `min_val` and no more than `max_val`.

    >>> Hardtanh(0.0, 6.0).output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    """

    function: ClassVar[str] = "hard_tanh"

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = f"{_TORCH}Hardtanh.html"

    @model_validator(mode="after")
    def _in_order(self) -> Any:
        if not self.min_val < self.max_val:
            raise InvalidLayerError(f"min_val={self.min_val} is not below max_val={self.max_val}")
        return self


class Threshold(ElementwiseActivation):
    """``x`` where it is above `threshold`, otherwise `value`.

    >>> Threshold(0.1, 20.0).output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "threshold"

    threshold: float
    value: float
    inplace: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = f"{_TORCH}Threshold.html"


class RReLU(ElementwiseActivation):
    """LeakyReLU with a slope drawn anew between `lower` and `upper` while training.

    >>> RReLU().output_shape(Shape((28, 28, 3)))
    (28, 28, 3)
    """

    function: ClassVar[str] = "leaky_relu"

    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1505.00853 (section 2.4)"

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,), own=(Kept("slopes", y),))

    @model_validator(mode="after")
    def _in_order(self) -> Any:
        if not self.lower <= self.upper:
            raise InvalidLayerError(f"lower={self.lower} is above upper={self.upper}")
        return self


class Softplus(ElementwiseActivation):
    """``ln(1 + e^(beta·x))/beta``, and ``x`` where ``beta·x`` is above `threshold`.

    >>> Softplus(2.0).output_shape(Shape((10,)))
    (10,)
    """

    function: ClassVar[str] = "softplus"

    beta: float = 1.0
    threshold: float = 20.0

    source: ClassVar[str] = f"{_TORCH}Softplus.html"


class PReLU(ElementwiseActivation):
    """ReLU with a *learned* slope for every element, or one for all along the shared axes.

    Args:
        shared_axes: the axes along which the slope is one and the same, counted as in Keras from 1
            (0 is the batch).
        along: in its place, the axes along which there is a slope each; all others share theirs.
            torch's default, one slope for everything, is ``along=()``; torch's one a channel is
            ``along=1`` with channels first.
        init: what a slope is at first, as torch is told; it changes no size.

    Source: He et al., *Delving Deep into Rectifiers* (2015), equation 1.

    >>> PReLU().weights(Shape((98, 50)))[0].size, PReLU([1]).weights(Shape((98, 50)))[0].size
    (4900, 50)
    """

    function: ClassVar[str] = "leaky_relu"

    shared_axes: SomeAxes = option(default=())
    along: OptionalAxes = option(default=None, kw_only=True)
    init: float = Field(default=0.0, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("alpha"))
    source: ClassVar[str] = "https://keras.io/api/layers/activation_layers/prelu/"

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        shared = self.shared(x)
        alpha: list[Dim] = [1 if axis in shared else dim for axis, dim in enumerate(x)]
        return (Weight("alpha", Shape(alpha), "scale"),)

    def shared(self, x: Shape) -> set[int]:
        """The axes of `x` along which the slope is one and the same."""
        if self.along is None:
            return set(axis_indices(self.shared_axes, x))
        return set(range(len(x))) - set(axis_indices(self.along, x))

    def incoming(self, *inputs: Shape) -> Dim | None:
        (x,), along = inputs, self.along or ()
        return x[axis_index(along[0], x)] if len(along) == 1 else None

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        self.shared(x)
        return ()
