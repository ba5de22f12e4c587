"""Where the arguments of two layers of one class differ, whatever comes out of them.

What a window reads is compared as it reads: ``"same"`` and the amounts that it comes to are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isclose
from typing import Any

from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.records.activations import ACTIVATIONS
from archcalc.layers.adapters import Adaptable
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.window import Window
from archcalc.network.base import Network
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["Held", "Row", "arguments_differ", "held"]

Row = tuple[str, str, str]
"""What differs, what it is here, and what it is there."""

Held = tuple[Layer, tuple[Shape, ...], Layer]
"""What a wrapper of ours holds, what that takes, and what theirs holds."""

_ELSEWHERE = (
    *Adaptable.model_fields,
    *("data_format", "spatial", "batch_first", "inplace", "ceil_mode", "flash_attention", "renorm"),
    *("embed_dim", "kdim", "vdim", "normalized_shape", "init"),
    *("return_sequences", "return_state", "go_backwards", "scale", "center", "use_bias"),
    *("recurrent_bias", "track_running_stats", "shared_axes", "along", "value_dim", "target_shape"),
)
"""Fields that say how a framework keeps a layer, or that weights and outputs show."""

_WINDOW = ("kernel_size", "pool_size", "strides", "padding", "dilation_rate", "output_padding")
"""Fields that windows show."""

_IF_STATED = ("padding_idx", "max_norm", "norm_type", "sparse", "scale_grad_by_freq")
"""Fields that change training alone; like constants they are compared where the network states
them, since a network may be written down for its counts."""


def _spelled_out(layer: Any, inputs: tuple[Shape, ...]) -> list[str]:
    """An equation with letters for the dots, each letter by where it comes first."""
    equation = layer.equation.replace(" ", "")
    named = len(equation.partition(",")[0].replace("...", ""))
    dots = "".join(chr(0xE000 + i) for i in range(len(inputs[0]) + 1 - named))  # and the batch
    letters: dict[str, str] = {}
    return [
        sign if sign in ",->" else letters.setdefault(sign, str(len(letters)))
        for sign in equation.replace("...", dots)
    ]


_RESOLVED: Mapping[str, Callable[[Any, tuple[Shape, ...]], Any]] = {
    "attention_axes": lambda layer, inputs: layer.meeting(inputs[0]),
    "equation": _spelled_out,
}
"""Fields that frameworks fill in from the input: what they come to is compared."""


def arguments_differ(ours: Applied, theirs: Layer, *, padded: bool = False) -> list[Row]:
    """The arguments in which two layers of one class differ.

    Args:
        padded: whether a step before either of them pads, so that paddings cannot be compared.

    >>> from archcalc.layers import Conv2D, MultiHeadAttention
    >>> ours = Applied(Conv2D(8, 3, padding="same"), (Shape((9, 9, 3)),))
    >>> arguments_differ(ours, Conv2D(8, 3, padding=1))
    []
    >>> arguments_differ(ours, Conv2D(8, 3, padding=2, dilation_rate=2))
    [('dilation_rate', '1', '2')]
    >>> ours = Applied(MultiHeadAttention(2, 8), (Shape((5, 16)),))
    >>> arguments_differ(ours, MultiHeadAttention(4, 4))
    [('num_heads', '2', '4'), ('key_dim', '8', '4')]
    """
    layer = ours.layer
    other = theirs
    if "data_format" in type(theirs).model_fields:
        other = theirs.model_copy(update={"data_format": getattr(layer, "data_format", None)})
    return list(_all(ours, other, padded, ""))


def _all(ours: Applied, other: Layer, padded: bool, under: str) -> Iterator[Row]:
    """What windows read differently, and every other field, of a layer and of one inside it."""
    for name, here, there in _windows(ours, other, padded):
        yield f"{under}{name}", here, there
    yield from _fields(ours.layer, other, ours.inputs, padded, under)


def held(ours: Applied, theirs: Layer | None) -> Held | None:
    """What two wrappers hold that is a network in one of them, so that it is compared as one.

    Keras makes two layers of a convolution that pads by amounts, and holds them as a model.
    """
    layer, other = _unnested(ours.layer), _unnested(theirs)
    if type(layer) is not type(other) or not isinstance(layer, TimeDistributed):
        return None
    inner = layer.layer, other.layer
    if not any(isinstance(one, Network) for one in inner) or _one_wrapper(*inner):
        return None
    return layer.layer, layer.inside(*ours.inputs), other.layer


def _one_wrapper(one: Layer, other: Layer) -> bool:
    """Whether both are wrappers of one class, which are compared by their arguments."""
    return type(one) is type(other) and hasattr(one, "inside")


def _fields(
    layer: Layer, other: Layer, inputs: tuple[Shape, ...], padded: bool, under: str
) -> Iterator[Row]:
    layer, other = _unnested(layer), _unnested(other)
    apart = bool(inputs) and held(Applied(layer, inputs), other) is not None
    windowed = bool(inputs) and _slides(layer, inputs)
    for name in type(layer).model_fields:
        if name in _ELSEWHERE or (windowed and name in _WINDOW) or _is_step(layer, name):
            continue
        if apart and name == "layer":
            continue
        if name not in other.model_fields_set:
            continue  # the framework does not say it
        if name == "count_include_pad" and not _pads(layer, inputs):
            continue
        here, there = getattr(layer, name), getattr(other, name)
        if name == "backward_layer":  # where there is none, it is made of the other
            both: tuple[Any, ...] = (layer, other)
            here, there = (one.graph().nodes[1].layer for one in both)
        if _are_layers(here) and _are_layers(there) and len(here) == len(there):
            for number, (a, b) in enumerate(zip(here, there, strict=True)):
                if type(a) is type(b):
                    yield from _fields(a, b, (), padded, f"{under}{name}.{number}.")
                else:
                    yield f"{under}{name}.{number}", _shown(a), _shown(b)
            continue
        if isinstance(here, Layer) and type(here) is type(there):
            if len(inputs) == 1 and hasattr(layer, "inside"):  # a wrapper says what it passes on
                passed = Applied(here, layer.inside(*inputs))
                yield from _all(passed, there, padded, f"{under}{name}.")
            else:
                yield from _fields(here, there, (), padded, f"{under}{name}.")
            continue
        resolve = _RESOLVED.get(name)
        if resolve and inputs and resolve(layer, inputs) == resolve(other, inputs):
            continue
        constant = isinstance(here, float) or isinstance(there, float) or name in _IF_STATED
        if constant and name not in layer.model_fields_set:
            continue
        if name == "axis" and type(layer).__name__.endswith("Normalization"):
            continue  # torch's take the last axes, or the second: a model moves its axes there
        if not _alike(name, here, there, inputs[0] if inputs else None):
            yield f"{under}{name}", _shown(here), _shown(there)


def _are_layers(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(v, Layer) for v in value)


def _unnested(layer: Any) -> Any:
    """One wrapper over several axes where each of several is over some of them."""
    while isinstance(layer, TimeDistributed) and isinstance(layer.layer, TimeDistributed):
        axes = layer.axes + layer.layer.axes
        layer = layer.layer.model_copy(update={"axes": axes, "name": layer.name})
    return layer


def _pads(layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    windows = layer.windows(*inputs) or () if inputs else ()
    return any(isinstance(w, Window) and any(w.pads(inputs[0][axis])) for axis, w in windows)


def _is_step(layer: Layer, name: str) -> bool:
    """Whether a field is a step after the layer, which is compared as such."""
    entry = TORCH.get(type(layer))
    return name == "activation" and isinstance(entry, Entry) and name in entry.applied_outside


def _slides(layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    return bool(layer.windows(*inputs)) and any(
        name in type(layer).model_fields for name in _WINDOW
    )


def _alike(name: str, here: Any, there: Any, x: Shape | None) -> bool:
    if (name == "axis" or name.endswith("_axes")) and here and there and x is not None:
        return bool(_lengths(here, x) == _lengths(there, x))
    if name == "groups" and -1 in (here, there) and x is not None:  # as many as channels
        return here == there or max(here, there) in tuple(x)
    if "activation" in name:
        return bool(_known_as(here) == _known_as(there))
    if isinstance(here, float) or isinstance(there, float):
        both = isinstance(here, float | int) and isinstance(there, float | int)
        return isclose(here, there, rel_tol=1e-6) if both else here == there
    return bool(here == there) or _same_text(here, there)


def _same_text(here: Any, there: Any) -> bool:
    return bool(isinstance(here, tuple | list) and isinstance(there, tuple | list)) and (
        list(map(str, here)) == list(map(str, there))
    )


def _known_as(name: str | None) -> Any:
    """torch's class for a function by name; ``swish`` and ``silu`` are one."""
    return ACTIVATIONS.get(name or "linear", name)


def _lengths(axis: Any, x: Shape) -> Any:
    """How long the axes are that a layer works along, since frameworks number them differently."""
    try:
        axes = axis if isinstance(axis, tuple | list) else (axis,)
        return sorted(int(x[axis_index(int(number), x)]) for number in axes)
    except (ArchcalcError, TypeError, ValueError):
        return axis


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list) and len(set(map(str, value))) == 1:
        return str(value[0])
    return repr(value) if isinstance(value, str) else str(value)


# What windows read


def _windows(ours: Applied, other: Layer, padded: bool) -> Iterator[Row]:
    if not ours.inputs or not _slides(ours.layer, ours.inputs):
        return
    try:
        theirs = other.windows(*ours.inputs)
    except ArchcalcError:
        theirs = None
    here = ours.windows
    if not here or not theirs or len(here) != len(theirs):
        return
    x = ours.inputs[0]
    pairs = [(a, b, x[axis]) for (axis, a), (_, b) in zip(here, theirs, strict=True)]
    size = "pool_size" if "pool_size" in type(other).model_fields else "kernel_size"
    told: tuple[tuple[str, Any], ...] = (
        (size, lambda w, n: w.kernel),
        ("strides", lambda w, n: w.stride),
        ("dilation_rate", lambda w, n: w.dilation if w.kernel != 1 else 1),
        ("padding", _around),
    )
    found = []
    for name, of in told:
        ours_are, theirs_are = (_shown(tuple(of(w[k], w[2]) for w in pairs)) for k in (0, 1))
        found.append((name, ours_are, theirs_are))
    rows = [(name, a, b) for name, a, b in found if a != b]
    if padded or len(rows) > 1:  # another window wants another padding
        rows = [row for row in rows if row[0] != "padding"]
    yield from rows


def _around(window: Any, n: Any) -> Any:
    """What is added around an axis; what is taken off an output shows in how much comes out."""
    return tuple(map(int, window.pads(n))) if isinstance(window, Window) else None
