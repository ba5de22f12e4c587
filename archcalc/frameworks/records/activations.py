"""Activations.

A class that begins with a dot is a small module that archcalc brings, for what torch has as a
function or not at all.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import INPLACE
from archcalc.frameworks.record import (
    Absent,
    Argument,
    Chain,
    Entry,
    Given,
    Name,
    Only,
    Record,
    Tensor,
    same,
)
from archcalc.layers.activations import (
    CELU,
    ELU,
    GELU,
    GLU,
    Activation,
    Hardshrink,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU,
    RReLU,
    Softplus,
    Softshrink,
    Threshold,
)
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.symbolic.shape import Shape

__all__ = ["ACTIVATIONS", "IN_PLACE", "RECORDS", "fixed", "is_plain", "keras_named"]

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


def keras_named(name: str, *only: Only, unsaid: tuple[str, ...] = ()) -> Entry:
    """A function that Keras has by name, and only with these numbers."""
    implied = (("activation", lambda x: name),)
    return Entry("Activation", implied=implied, only=only, unsaid=unsaid)


def fixed(field: str, value: Any) -> Only:
    return Only(field, (value,), f"Keras' function has {field}={value}")


def _slopes_in_keras(layer: Any, applied: Applied) -> Chain:
    if layer.along is None:
        return [("", layer)]
    shared = tuple(sorted(axis + 1 for axis in layer.shared(applied.output)))
    return [("", layer.model_copy(update={"shared_axes": shared, "along": None}))]


def _slopes(given: Given) -> Given:
    """One slope for everything, or one a channel."""
    many = given["num_parameters"]
    return {"along": ()} if many == 1 else {"along": (1,), "expects": many}


def _bounds(given: Given) -> Given:
    """The limits of a Hardtanh, also under their former names."""
    named = {"min_val": given["min_value"], "max_val": given["max_value"]}
    return {name: value for name, value in named.items() if value is not None}


_MAY_WRITE_OVER = ("Hardsigmoid", "Hardswish", "Mish", "ReLU6", "SELU", "SiLU")

_LAYERS_OF_THEIR_OWN = (
    *("CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardtanh", "Identity", "LeakyReLU"),
    *("LogSoftmax", "ReLU", "Softmax", "Softplus", "Softshrink"),
)


def _functions() -> tuple[Name, ...]:
    """The activations that are no layers of their own, by the first of Keras' names for them."""
    found: dict[str, Name] = {}
    for ours, (name, _) in ACTIVATIONS.items():
        if not name.startswith(".") and name not in _LAYERS_OF_THEIR_OWN:
            text = "inplace=False" if name in _MAY_WRITE_OVER else ""
            found.setdefault(name, Name(name, text, {"activation": ours}))
    return tuple(found.values())


RECORDS = (
    Record(
        Activation,
        keras=Entry(
            arguments=same("activation"),
            unsaid=INPLACE,
            limits=(
                (
                    lambda layer: layer.activation != "glu",
                    "Keras gives 'glu' the shape of its input, but half of it comes out",
                ),
            ),
        ),
        torch=Entry(
            {name: cls for name, (cls, _) in ACTIVATIONS.items()},
            same(*INPLACE),
            by="activation",
            limits=(
                (
                    lambda layer: not layer.inplace or ACTIVATIONS[layer.activation][0] in IN_PLACE,
                    "torch has no inplace for it",
                ),
            ),
            core="activations.activation",
        ),
        names=_functions(),
    ),
    Record(
        ReLU,
        keras=Entry(arguments=same("max_value", "negative_slope", "threshold"), unsaid=INPLACE),
        torch=Entry(
            {True: "ReLU", False: ".Rectifier"},
            same("max_value", "negative_slope", "threshold", *INPLACE),
            by=lambda layer, x: is_plain(layer),
            limits=(
                (lambda layer: not layer.inplace or is_plain(layer), "torch's has no such bend"),
            ),
            core="activations.rectifier",
        ),
        names=(Name("ReLU", "inplace=False"),),
    ),
    Record(
        LeakyReLU,
        keras=Entry(arguments=same("negative_slope"), unsaid=INPLACE),
        torch=Entry(arguments=same("negative_slope", *INPLACE)),
        names=(Name("LeakyReLU", "negative_slope=0.01, inplace=False"),),
    ),
    Record(
        ELU,
        keras=Entry(arguments=same("alpha"), unsaid=INPLACE),
        torch=Entry(arguments=same("alpha", *INPLACE)),
        names=(Name("ELU", "alpha=1.0, inplace=False"),),
    ),
    Record(
        CELU,
        keras=keras_named("celu", fixed("alpha", 1.0), unsaid=INPLACE),
        torch=Entry(arguments=same("alpha", *INPLACE)),
        names=(Name("CELU", "alpha=1.0, inplace=False"),),
        ranges={"alpha": (1.0, 0.5, 2.0)},
    ),
    Record(
        GELU,
        keras=keras_named("gelu", fixed("approximate", "none")),
        torch=Entry(arguments=same("approximate")),
        names=(Name("GELU", "approximate='none'"),),
    ),
    Record(
        GLU,
        keras=Absent(
            "it gives 'glu' the shape of its input, but half of it comes out",
            hint="Dense and Multiply can gate as well",
        ),
        torch=Entry(arguments=(Argument("axis", "dim"),)),
        names=(Name("GLU", "dim=-1"),),
    ),
    Record(
        Hardshrink,
        keras=keras_named("hard_shrink", fixed("lambd", 0.5)),
        torch=Entry(arguments=same("lambd")),
        names=(Name("Hardshrink", "lambd=0.5"),),
    ),
    Record(
        Softshrink,
        keras=keras_named("soft_shrink", fixed("lambd", 0.5)),
        torch=Entry(arguments=same("lambd")),
        names=(Name("Softshrink", "lambd=0.5"),),
    ),
    Record(
        Hardtanh,
        keras=keras_named(
            "hard_tanh", fixed("min_val", -1.0), fixed("max_val", 1.0), unsaid=INPLACE
        ),
        torch=Entry(arguments=same("min_val", "max_val", *INPLACE)),
        names=(
            Name(
                "Hardtanh",
                "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
                more=_bounds,
            ),
        ),
        ranges={"min_val max_val": ((-1.0, 1.0), (0.0, 6.0), (-2.0, 0.5))},
    ),
    Record(
        Threshold,
        keras=Absent("it is torch's", hint="ReLU(threshold=…) gives 0 below"),
        torch=Entry(arguments=same("threshold", "value", *INPLACE)),
        names=(Name("Threshold", "threshold, value, inplace=False"),),
    ),
    Record(
        RReLU,
        keras=Absent("it is torch's", hint="LeakyReLU has a fixed slope"),
        torch=Entry(arguments=same("lower", "upper", *INPLACE)),
        names=(Name("RReLU", "lower=0.125, upper=0.3333333333333333, inplace=False"),),
        ranges={"lower upper": ((0.125, 0.375), (0.0, 6.0), (-2.0, 0.5))},
    ),
    Record(
        Softplus,
        keras=keras_named("softplus", fixed("beta", 1.0), fixed("threshold", 20.0)),
        torch=Entry(arguments=same("beta", "threshold")),
        names=(Name("Softplus", "beta=1.0, threshold=20.0"),),
        ranges={"beta": (1.0, 0.5, 2.0)},
    ),
    Record(
        PReLU,
        keras=Entry(
            arguments=(Argument("shared_axes", "shared_axes", _shared_there, _shared_back),),
            applied_outside=("along",),
            only=(Only("init", (0.0,), "Keras is told of initial values by an initializer"),),
            tensors=(Tensor("alpha", "alpha"),),
            chain=_slopes_in_keras,
        ),
        torch=Entry(
            ".Slopes",
            same("init"),
            applied_outside=("shared_axes", "along"),
            tensors=(Tensor("alpha", "alpha"),),
            core="activations.slopes",
        ),
        names=(Name("PReLU", "num_parameters=1, init=0.25", more=_slopes),),
    ),
)
