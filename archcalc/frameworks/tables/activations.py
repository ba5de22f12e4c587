"""Activations.

A class that begins with a dot is a small module that archcalc brings, for what torch has as a
function or not at all.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import Absent, Argument, Entry, Only, Table, Tensor, same
from archcalc.frameworks.tables.converters import INPLACE, KERAS_AXIS
from archcalc.layers.axes import axis_index
from archcalc.symbolic.shape import Shape

__all__ = ["ACTIVATIONS", "IN_PLACE", "KERAS", "TORCH", "is_plain"]

ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "celu": ("CELU", {}),
    "elu": ("ELU", {}),
    "exponential": (".Exponential", {}),
    "gelu": ("GELU", {}),
    "glu": ("GLU", {}),
    "hard_shrink": ("Hardshrink", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_silu": ("Hardswish", {}),
    "hard_swish": ("Hardswish", {}),
    "hard_tanh": ("Hardtanh", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "linear": ("Identity", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "log_softmax": ("LogSoftmax", {"dim": -1}),
    "mish": ("Mish", {}),
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "soft_shrink": ("Softshrink", {}),
    "softmax": ("Softmax", {"dim": -1}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "squareplus": (".Squareplus", {}),
    "swish": ("SiLU", {}),
    "tanh": ("Tanh", {}),
    "tanh_shrink": ("Tanhshrink", {}),
}
"""Activation functions by Keras' names: torch's class, and the arguments that make it Keras'."""


IN_PLACE = (
    *("CELU", "ELU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "Mish"),
    *("ReLU", "ReLU6", "SELU", "SiLU"),
)
"""torch's classes of these that may write over their input."""


def is_plain(layer: Any) -> bool:
    """Whether a `ReLU` is torch's: without a ceiling, a slope or a threshold."""
    return (layer.max_value, layer.negative_slope, layer.threshold) == (None, 0, 0)


def _shared_there(axes: tuple[int, ...], x: Shape) -> list[int] | None:
    return [axis_index(axis, x) + 1 for axis in axes] or None


def _shared_back(axes: Any, x: Shape) -> tuple[int, ...]:
    """Keras takes one off every axis, also a negative one: its −1 is the last axis but one."""
    numbers = [axes] if isinstance(axes, int) else axes or []
    return tuple(range(1, len(x) + 1)[number - 1] for number in numbers)


def _named(name: str, *only: Only, unsaid: tuple[str, ...] = ()) -> Entry:
    """A function that Keras has by name, and only with these numbers."""
    implied = (("activation", lambda x: name),)
    return Entry("Activation", implied=implied, only=only, unsaid=unsaid)


def _fixed(field: str, value: Any) -> Only:
    return Only(field, (value,), f"Keras' function has {field}={value}")


KERAS: Table = {
    "Activation": Entry(
        "Activation",
        same("activation"),
        unsaid=INPLACE,
        limits=(
            (
                lambda layer: layer.activation != "glu",
                "Keras gives 'glu' the shape of its input, but half of it comes out",
            ),
        ),
    ),
    "ReLU": Entry("ReLU", same("max_value", "negative_slope", "threshold"), unsaid=INPLACE),
    "LeakyReLU": Entry("LeakyReLU", same("negative_slope"), unsaid=INPLACE),
    "ELU": Entry("ELU", same("alpha"), unsaid=INPLACE),
    "Softmax": Entry("Softmax", (KERAS_AXIS,)),
    "CELU": _named("celu", _fixed("alpha", 1.0), unsaid=INPLACE),
    "GELU": _named("gelu", _fixed("approximate", "none")),
    "GLU": Absent(
        "it gives 'glu' the shape of its input, but half of it comes out",
        hint="Dense and Multiply can gate as well",
    ),
    "Hardshrink": _named("hard_shrink", _fixed("lambd", 0.5)),
    "Softshrink": _named("soft_shrink", _fixed("lambd", 0.5)),
    "Hardtanh": _named(
        "hard_tanh", _fixed("min_val", -1.0), _fixed("max_val", 1.0), unsaid=INPLACE
    ),
    "Threshold": Absent("it is torch's", hint="ReLU(threshold=…) gives 0 below"),
    "RReLU": Absent("it is torch's", hint="LeakyReLU has a fixed slope"),
    "Softplus": _named("softplus", _fixed("beta", 1.0), _fixed("threshold", 20.0)),
    "LogSoftmax": _named("log_softmax", _fixed("axis", -1)),
    "Softmin": Entry("Softmax", (KERAS_AXIS,)),
    "PReLU": Entry(
        "PReLU",
        (Argument("shared_axes", "shared_axes", _shared_there, _shared_back),),
        around=("along",),
        only=(Only("init", (0.0,), "Keras is told of initial values by an initializer"),),
        tensors=(Tensor("alpha", "alpha"),),
    ),
}

_DIM = (Argument("axis", "dim"),)

TORCH: Table = {
    "Activation": Entry(
        {name: cls for name, (cls, _) in ACTIVATIONS.items()},
        same(*INPLACE),
        by="activation",
        limits=(
            (
                lambda layer: not layer.inplace or ACTIVATIONS[layer.activation][0] in IN_PLACE,
                "torch has no inplace for it",
            ),
        ),
    ),
    "ReLU": Entry(
        {True: "ReLU", False: ".Rectifier"},
        same("max_value", "negative_slope", "threshold", *INPLACE),
        by=lambda layer, x: is_plain(layer),
        limits=((lambda layer: not layer.inplace or is_plain(layer), "torch's has no such bend"),),
    ),
    "LeakyReLU": Entry("LeakyReLU", same("negative_slope", *INPLACE)),
    "ELU": Entry("ELU", same("alpha", *INPLACE)),
    "Softmax": Entry("Softmax", _DIM),
    "LogSoftmax": Entry("LogSoftmax", _DIM),
    "Softmin": Entry("Softmin", _DIM),
    "CELU": Entry("CELU", same("alpha", *INPLACE)),
    "GELU": Entry("GELU", same("approximate")),
    "GLU": Entry("GLU", _DIM),
    "Hardshrink": Entry("Hardshrink", same("lambd")),
    "Softshrink": Entry("Softshrink", same("lambd")),
    "Hardtanh": Entry("Hardtanh", same("min_val", "max_val", *INPLACE)),
    "Threshold": Entry("Threshold", same("threshold", "value", *INPLACE)),
    "RReLU": Entry("RReLU", same("lower", "upper", *INPLACE)),
    "Softplus": Entry("Softplus", same("beta", "threshold")),
    "PReLU": Entry(
        ".Slopes",
        same("init"),
        around=("shared_axes", "along"),
        tensors=(Tensor("alpha", "alpha"),),
    ),
}
