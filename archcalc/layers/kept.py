"""Arguments of Keras that change no count: they are kept for building, and out of the count.

A layer says in `Layer.built_with` which it takes beside its own fields.  The constructor takes
them by name, a file holds them, `repr` shows them and equality compares them; what the facts
depend on (`Layer.key`) has none of them, and a model that is built for Keras is given them.

What would change a count, or is of no use where there are no values, is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from archcalc.symbolic.dims import as_dim
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, quoted
from archcalc.symbolic.shape import Shape, as_shape

__all__ = [
    "AFFINE",
    "CELL",
    "CONSTRAINTS",
    "EVERY",
    "INITIALIZERS",
    "OVER_TIME",
    "QUANTIZED",
    "REFUSED",
    "REGULARIZERS",
    "RUNNING",
    "TOLD",
    "activation_name",
    "of_weights",
    "read",
    "told",
]

TOLD = ("input_shape", "input_dim", "input_length")
"""What the first layer of a `Sequential` may say of the network's input, not of itself."""

EVERY = ("activity_regularizer", "autocast", "dtype", "input_shape", "input_dim")
"""What every layer of Keras takes (https://keras.io/api/layers/base_layer/)."""

CELL = ("dropout", "recurrent_dropout", "seed")
"""What recurrent cells take."""

OVER_TIME = ("stateful", "unroll")
"""What takes a cell over time."""

QUANTIZED = ("quantization_config",)
"""How few bits a weight has."""


def of_weights(*names: str) -> tuple[str, ...]:
    """How weights begin, what holds them small, and what they keep to.

    >>> of_weights("kernel")
    ('kernel_initializer', 'kernel_regularizer', 'kernel_constraint')
    """
    kinds = ("initializer", "regularizer", "constraint")
    return tuple(f"{name}_{kind}" for name in names for kind in kinds)


AFFINE = (*EVERY, *of_weights("gamma", "beta"))
"""What normalizations with a scale and an offset take."""

RUNNING = (
    "moving_mean_initializer",
    "moving_variance_initializer",
    "renorm_clipping",
    "renorm_momentum",
    "synchronized",
)
"""What is said of running statistics."""

_QUANTIZED = "weights of few bits come with scales of their own, which are not counted here"

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "stateful": "a state is kept for every sequence of a batch, and no batch is said here",
        "weights": "these are values, and archcalc has none: use set_weights() on what is built",
        "quantization_config": _QUANTIZED,
        "gptq_unpacked_column_size": _QUANTIZED,
        "tensor": "this is a value, and archcalc has none",
        "ragged": "Keras 3 has no ragged inputs",
    }
)
"""Arguments that may be given as they are when they are left out, and why nothing else may."""


def read(kind: str, name: str, value: Any) -> dict[str, Any]:
    """A kept argument as a layer holds it; nothing where it says what is so anyway.

    Raises:
        InvalidLayerError: it is refused, with the reason.

    >>> read("LSTM", "recurrent_dropout", 0.2), read("LSTM", "stateful", False)
    ({'recurrent_dropout': 0.2}, {})
    """
    why = REFUSED.get(name, "")
    if name == "dtype" and "_from_" in str(getattr(value, "name", value)):
        why = _QUANTIZED
    elif name in REFUSED and (value is None or value is False):
        return {}
    if why:
        raise InvalidLayerError(
            f"{kind}: {name}: {quoted(value, 60)} is refused: {why}",
            code="argument-refused",
            values={name: quoted(value, 60)},
        )
    _check_name(kind, name, value)
    try:
        return {name: _READERS.get(name, _frozen)(value)}
    except ArchcalcError as error:
        raise InvalidLayerError(
            f"{kind}: {name}: {error.message}",
            code=error.code,
            values={name: quoted(value, 60)},
            hint=error.hint,
        ) from None


INITIALIZERS = frozenset(
    (
        *("constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity"),
        *("lecun_normal", "lecun_uniform", "normal", "one", "ones", "orthogonal"),
        *("random_normal", "random_uniform", "stft", "truncated_normal", "uniform"),
        *("variance_scaling", "zero", "zeros"),
    )
)
"""How weights may begin (https://keras.io/api/layers/initializers/)."""

REGULARIZERS = frozenset(("l1", "l2", "l1_l2", "l1l2", "orthogonal_regularizer"))
"""What may hold weights small (https://keras.io/api/layers/regularizers/)."""

CONSTRAINTS = frozenset(("max_norm", "min_max_norm", "non_neg", "unit_norm"))
"""What weights may keep to (https://keras.io/api/layers/constraints/)."""

_NAMED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "initializer": INITIALIZERS,
        "regularizer": REGULARIZERS,
        "constraint": CONSTRAINTS,
    }
)


def _plain(name: str) -> str:
    """A name as it is compared: ``GlorotUniform`` is ``glorot_uniform`` in Keras."""
    return name.replace("_", "").lower().removesuffix("initializer").removesuffix("regularizer")


def _check_name(kind: str, name: str, value: Any) -> None:
    """Refuse a name that Keras does not know; one with a package before it is somebody's own.

    Raises:
        InvalidLayerError: it is none of Keras' names.
    """
    known = _NAMED.get(name.rpartition("_")[2])
    if known is None or not isinstance(value, str) or ">" in value or "." in value:
        return
    if _plain(value) not in set(map(_plain, known)):
        close = get_close_matches(value.lower()[:60], sorted(known), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(sorted(known))}"
        raise InvalidLayerError(
            f"{kind}: {name}: {quoted(value, 60)} is not one of its choices",
            code="unknown-choice",
            values={name: quoted(value, 60)},
            hint=hint,
        )


def _frozen(value: Any) -> Any:
    """Lists as tuples, as deep as they go."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list | tuple) else value


def _shape(value: Any) -> Shape | None:
    return None if value is None else as_shape(value)


def _dimension(value: Any) -> Any:
    return None if value is None else as_dim(value)


_READERS = {"input_shape": _shape, "input_dim": _dimension, "input_length": _dimension}


def told(kept: Mapping[str, Any]) -> Shape | None:
    """The shape that a first layer says comes in, in any of Keras' ways; ``None`` if it does not.

    >>> told({"input_dim": 5}), told({"input_shape": Shape((28, 28, 1))}), told({"unroll": True})
    ((5,), (28, 28, 1), None)
    """
    if kept.get("input_shape") is not None:
        shape: Shape = kept["input_shape"]
        return shape
    sizes = (kept.get("input_dim"), kept.get("input_length"))
    return next((Shape((size,)) for size in sizes if size is not None), None)


def activation_name(value: Any) -> Any:
    """Keras' or TensorFlow's function, or a layer that is one, as the name that Keras has for it.

    Anything else stays as it is.
    A function of another origin may compute something else under the same name.
    """
    if value is not None and getattr(type(value), "model_fields", None) is not None:
        return _function_of(value)
    name = getattr(value, "__name__", None)
    home = str(getattr(value, "__module__", "")).partition(".")[0]
    return name if callable(value) and name and home in _HOMES else value


def _function_of(layer: Any) -> Any:
    """A layer that is a function of Keras' as its name; another as it is."""
    if "activation" in type(layer).model_fields and len(layer.given()) == 1:
        return layer.activation
    name = _FUNCTIONS.get(type(layer).__name__)
    return layer if name is None or layer.given() else name


_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "CELU": "celu",
        "ELU": "elu",
        "GELU": "gelu",
        "Hardshrink": "hard_shrink",
        "Hardtanh": "hard_tanh",
        "LogSoftmax": "log_softmax",
        "ReLU": "relu",
        "Softmax": "softmax",
        "Softplus": "softplus",
        "Softshrink": "soft_shrink",
    }
)
"""Layers that are, with their defaults, what Keras has as a function."""

_HOMES = ("keras", "tf_keras", "tensorflow")
