"""Values in a framework's terms and back: axes, paddings, rates, and how many there are."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.record import Absent, Argument, Convert, Entry, Given, Only, same
from archcalc.layers.axes import axis_index, axis_indices
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import FrameworkError, InvalidLayerError
from archcalc.symbolic.shape import Shape

__all__ = [
    "AROUND",
    "ATTENDING",
    "BIAS",
    "EPSILON",
    "FIRST",
    "INPLACE",
    "KERAS_AFFINE",
    "KERAS_AXES",
    "KERAS_AXIS",
    "NOT_BOTH",
    "NO_IMAGES",
    "NO_PLACES",
    "PADDING",
    "RATE",
    "SLIDING",
    "TORCH_AFFINE",
    "WORDS",
    "along",
    "amounts_only",
    "as_tuple",
    "axes_back",
    "axes_there",
    "axis_there",
    "channels",
    "even",
    "every_field",
    "features",
    "flat_back",
    "flat_there",
    "keras_function",
    "keras_operation",
    "one",
    "one_for_all",
    "pair_back",
    "query_and_value",
    "ratios_there",
    "refuse",
    "rest",
    "with_states",
]


# Keras


def axis_there(axis: int, x: Shape) -> int:
    """Counted from the front, but for the last: Keras' layers disagree on other negative axes."""
    return -1 if axis == -1 else axis_index(axis, x) + 1


def axis_back(axis: Any, x: Shape) -> Any:
    """One axis; Keras 2 saved it as a list."""
    return axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis


def axes_there(axes: tuple[int, ...], x: Shape) -> int | list[int]:
    """In order: Keras sorts them by number, so that −1 would come before 1."""
    if len(axes) == 1:
        return axis_there(axes[0], x)
    return sorted(place + 1 for place in axis_indices(axes, x))


def axes_back(axes: Any, x: Shape) -> tuple[int, ...]:
    """One axis or several."""
    return (axes,) if isinstance(axes, int) else tuple(axes)


def one(value: tuple[Any, ...], x: Shape) -> Any:
    """The value of the only spatial axis."""
    return value[0]


def as_tuple(value: Any, x: Shape) -> tuple[Any, ...] | None:
    """A value for every spatial axis, if there is one."""
    return value if isinstance(value, tuple | None) else (value,)


def one_for_all(values: Any, x: Shape) -> Any:
    """Several values, or the one that is for every axis."""
    return values[0] if isinstance(values, tuple) and len(values) == 1 else values


def pair_back(value: Any, x: Shape) -> tuple[Any, ...]:
    """The amounts of the only spatial axis."""
    return (tuple(value),) if isinstance(value, list | tuple) else (value,)


def every_field(layer: type[Layer], *but: str) -> tuple[Argument, ...]:
    """All fields of a class but a few, which Keras calls as we do."""
    return same(*(n for n in layer.model_fields if n not in (*Layer.model_fields, *but)))


_IN_LAYERS = 3
"""The axes of a batch of sequences, and of states with an axis of layers."""


def with_states(x: Any, *states: Any) -> tuple[Any, ...]:
    """What a recurrent layer is called on: states come in a list, as the second argument.

    Raises:
        FrameworkError: they have an axis of layers, as torch's states have.
    """
    given = [len(getattr(one, "shape", ())) for one in (x, *states[:1])]  # in code they are names
    if given == [_IN_LAYERS, _IN_LAYERS]:
        raise FrameworkError(
            "Keras' states have no axis of layers and directions",
            code="not-in-keras",
            hint="give a state of each direction by itself, (u,)",
        )
    return (x, list(states)) if states else (x,)


def query_and_value(query: Any, value: Any = None, *key: Any) -> tuple[Any, ...]:
    """What an attention is called on: Keras wants to be told that a query is its own value."""
    return (query, query if value is None else value, *key)


def keras_operation(function: str, name: str, *fields: str, **more: Any) -> Entry:
    """What Keras has as a function of this name, and `keras_operations` says with it.

    Args:
        function: that of `archcalc.frameworks.keras_operations`.
        name: that of ``keras.ops``.
        fields: of ours, which it reads from the layer.
        more: what else the entry has.
    """
    return Entry(
        f"ops.{name}", applied_outside=fields, core=function, call_args=_one_by_one, **more
    )


def _one_by_one(*inputs: Any) -> tuple[Any, ...]:
    """Functions take tensors one by one, and not in a list."""
    return inputs


def keras_function(*names: str) -> Absent:
    """What Keras has as functions of these names, and not as a layer."""
    every = " and ".join(f"keras.ops.{name}" for name in names)
    return Absent(f"Keras has it as a function, {every}")


def _strides_or_dilation(layer: Any) -> bool:
    return bool(max(layer.strides) == 1 or max(layer.dilation_rate) == 1)


NOT_BOTH = (_strides_or_dilation, "Keras refuses strides > 1 together with dilation_rate > 1")
NO_PLACES = Only("return_indices", (False,), "Keras' max pools do not say where values were")
KERAS_AXIS = Argument("axis", "axis", axis_there, axis_back)
KERAS_AXES = Argument("axis", "axis", axes_there, axes_back)


# torch


def padding_there(padding: Any, x: Shape) -> Any:
    """``"valid"`` is 0; amounts are equal before and after by the time they come here."""
    if isinstance(padding, str):
        return 0 if padding == "valid" else padding
    return tuple(before for before, _ in padding)


def padding_back(padding: Any, x: Shape) -> Any:
    """A name, one amount, or one an axis."""
    return padding if isinstance(padding, str | int) else tuple((p, p) for p in padding)


def even(pairs: Any) -> bool:
    """Whether as much stands before as after, along every axis."""
    return all(before == after for before, after in pairs)


def flat_there(sign: int) -> Convert:
    """Pairs in the order of the axes, as torch's flat list from the last axis to the first."""
    return lambda pairs, x: tuple(sign * n for pair in reversed(pairs) for n in pair)


def flat_back(sign: int) -> Convert:
    """The inverse of `flat_there`."""

    def back(flat: Any, x: Shape) -> Any:
        if not isinstance(flat, list | tuple):  # one amount for all
            return flat if sign == 1 else -flat
        pairs = [(sign * a, sign * b) for a, b in zip(flat[::2], flat[1::2], strict=True)]
        return tuple(reversed(pairs))

    return back


def rest(value: float | None, x: Shape) -> float | None:
    """Keras' momentum is the part that is kept, torch's the part that is new."""
    return None if value is None else round(1 - value, 12)


def ratios_there(ratios: Any, x: Shape) -> tuple[float, ...] | None:
    """Exact ratios as the floats nearest to them."""
    return None if ratios is None else tuple(map(float, ratios))


def channels(x: Shape) -> Any:
    """How many channels come in; they are torch's first axis."""
    return x[0]


def features(x: Shape) -> Any:
    """How many features come in."""
    return x[-1]


AROUND = ("data_format", "activation")
"""What torch says by layers before and after a convolution."""
PADDING = Argument("padding", "padding", padding_there, padding_back)
BIAS = Argument("use_bias", "bias")
EPSILON = Argument("epsilon", "eps")
ATTENDING = same("return_attention_scores", "use_causal_mask")
"""What every attention says of one call: Keras when it is called, the modules here beforehand."""
INPLACE = ("inplace",)
"""The field of what torch may write over its input."""
RATE = Argument("rate", "p")
SLIDING = (
    Argument("kernel_size", "kernel_size"),
    Argument("strides", "stride"),
    PADDING,
    Argument("dilation_rate", "dilation"),
)
TORCH_AFFINE = (Argument("scale", "affine"), Argument("center", "affine"))
KERAS_AFFINE = same("epsilon", "center", "scale")

NO_IMAGES = Absent(
    "torch.nn has no layers that prepare images",
    hint="torchvision's transforms do, outside of the network",
)

# torch's names

FIRST = {"axis": 1}
"""The axis of the channels, counted as in Keras."""

WORDS = ("valid", "same", "causal", "full")
"""What frameworks call paddings by."""


def refuse(reason: str, hint: str = "") -> None:
    """Refuse arguments that torch refuses.

    Raises:
        InvalidLayerError: always.
    """
    raise InvalidLayerError(reason, code="refused-in-torch", hint=hint)


def amounts_only(given: Given) -> None:
    """What torch pads by amounts alone."""
    if str(given["padding"]).lower() in WORDS:
        refuse(f"padding: torch has no {given['padding']!r} here", "give amounts")


def along(given: Given) -> Given:
    """torch guesses the axis where none is given; here it is the last."""
    return {"axis": -1 if given["dim"] is None else given["dim"]}
