"""One layer as a torch module: its entry in the table, and what has to stand around it.

Inside, channels come first, padding is the same before and after, and there is no activation; what
the layer asks for beyond that becomes steps before and after the core.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.table import arguments_of, class_of, entry_of
from archcalc.frameworks.torch_table import ACTIVATIONS, TORCH
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer, layer_class
from archcalc.symbolic.shape import Shape

__all__ = ["torch_module"]

Parts: TypeAlias = list[tuple[str, nn.Module]]
Pairs: TypeAlias = list[tuple[int, int]]


def torch_module(applied: Applied) -> nn.Module:
    """The module of a layer; its weights are in itself, or in its part ``core``.

    Raises:
        FrameworkError: torch has not got this layer.
    """
    layer, x = applied.layer, applied.inputs[0]
    entry_of(TORCH, layer, "torch")
    order = _order(layer, x)
    moved = order != tuple(range(len(x)))
    parts = _core(_channels_first(layer), Shape(x[axis] for axis in order), applied)
    if moved:
        parts.insert(0, ("first", modules.Permute([axis + 1 for axis in order])))
    if moved and len(applied.output) == len(x):
        back = [order.index(axis) + 1 for axis in range(len(x))]
        parts.append(("last", modules.Permute(back)))
    activation = getattr(layer, "activation", None)
    if activation not in (None, "linear") and type(layer).__name__ != "Activation":
        parts.append(("activation", _activation(activation)))
    module = parts[0][1] if len(parts) == 1 else nn.Sequential(OrderedDict(parts))
    return module if layer.trainable else module.requires_grad_(False)


# Where torch wants the axes


def _order(layer: Layer, x: Shape) -> tuple[int, ...]:
    """The axes of the input in the order in which torch's class takes them."""
    everything = tuple(range(len(x)))
    kind = type(layer).__name__
    if kind in ("LayerNormalization", "RMSNormalization"):
        last = sorted(axis_index(axis, x) for axis in layer.axis)  # type: ignore[attr-defined]
        return (*[axis for axis in everything if axis not in last], *last)
    channels: int | None = None
    if kind in ("BatchNormalization", "GroupNormalization", "InstanceNormalization"):
        channels = axis_index(layer.axis, x)  # type: ignore[attr-defined]
    elif getattr(layer, "data_format", "") == "channels_last" or kind == "SpatialDropout1D":
        channels = len(x) - 1
    if channels is None:
        return everything
    return (channels, *[axis for axis in everything if axis != channels])


def _channels_first(layer: Layer) -> Layer:
    if "data_format" not in type(layer).model_fields:
        return layer
    return layer.model_copy(update={"data_format": "channels_first"})


# The core, by kind


def _core(layer: Any, x: Shape, applied: Applied) -> Parts:
    kind = type(layer).__name__
    return _CORES[kind](layer, x, applied) if kind in _CORES else _plain(layer, x, applied)


def _made(layer: Layer, x: Shape, **extra: Any) -> nn.Module:
    """The class of the table with the arguments of the table."""
    entry = entry_of(TORCH, layer, "torch")
    name = class_of(entry, layer, x)
    found = getattr(modules, name[1:]) if name.startswith(".") else getattr(nn, name)
    return found(**{**arguments_of(entry, layer, x), **extra})


def _plain(layer: Layer, x: Shape, applied: Applied) -> Parts:
    return [("core", _made(layer, x))]


def _convolution(layer: Any, x: Shape, applied: Applied) -> Parts:
    pads: Pairs = [w.pads(n) for w, n in zip(layer.sliding(), layer.extent(x), strict=True)]
    native = layer.padding == "same" and max(layer.strides) == 1
    if native or layer.padding == "valid":
        return [("core", _made(layer, x))]
    if _even(pads):
        return [("core", _made(_padded(layer, pads), x))]
    return [("pad", modules.Pad(pads)), ("core", _made(_padded(layer, "valid"), x))]


def _padded(layer: Layer, padding: Any) -> Layer:
    amounts = padding if isinstance(padding, str) else tuple(padding)
    return layer.model_copy(update={"padding": amounts})


def _even(pairs: Pairs) -> bool:
    return all(before == after for before, after in pairs)


def _separable(layer: Any, x: Shape, applied: Applied) -> Parts:
    rank, fields = (
        layer.rank,
        layer.model_dump(exclude={"filters", "use_bias", "activation", "name"}),
    )
    depthwise = layer_class(f"DepthwiseConv{rank}D")(**fields, use_bias=False)
    pointwise = layer_class(f"Conv{rank}D")(
        layer.filters, 1, data_format="channels_first", use_bias=layer.use_bias
    )
    first, y = _convolution(depthwise, x, applied), depthwise.output_shape(x)
    named = [(name if name != "core" else "depthwise", module) for name, module in first]
    steps = OrderedDict([*named, ("pointwise", _made(pointwise, y))])
    return [("core", nn.Sequential(steps))]


def _transposed(layer: Any, x: Shape, applied: Applied) -> Parts:
    """All that comes out, then what Keras and TensorFlow take off it, which may be uneven."""
    cuts: Pairs = []
    for window, n in zip(layer.sliding(), layer.extent(x), strict=True):
        cuts.append(_cut(window, n))
    extra = tuple(max(0, -after) for _, after in cuts)
    cuts = [(before, max(0, after)) for before, after in cuts]
    if layer.output_padding is not None and not isinstance(layer.padding, str):
        extra, cuts = layer.output_padding, list(layer.padding)
    core = layer.model_copy(update={"output_padding": extra})
    if _even(cuts):
        return [("core", _made(_padded(core, cuts), x))]
    crop = modules.Pad([(-before, -after) for before, after in cuts])
    return [("core", _made(_padded(core, "valid"), x)), ("crop", crop)]


def _cut(window: Any, n: int) -> tuple[int, int]:
    """What is taken off the whole output of a transposed convolution, before and after.

    ``"same"`` is the gradient of TensorFlow's ``"same"``: of the padding of the equivalent
    convolution, the larger half comes first, and never more than ``span − 1``.
    """
    whole = (n - 1) * window.stride + window.span
    if not isinstance(window.padding, str):
        return window.padding  # type: ignore[no-any-return]
    out = window.output(n)
    if window.padding == "valid":
        return 0, whole - out
    padding = out - (n - 1) * window.stride + window.span - 2
    before = window.span - 1 - min((padding + 1) // 2, window.span - 1)
    return before, whole - out - before


def _pool(layer: Any, x: Shape, applied: Applied) -> Parts:
    pads: Pairs = [w.pads(n) for w, n in zip(layer.sliding(), layer.extent(x), strict=True)]
    steps = layer.strides or layer.pool_size
    largest = type(layer).__name__.startswith("Max")
    inside = layer.padding == "same" and not largest
    if layer.padding == "same":
        layer = layer.model_copy(update={"ceil_mode": False})
    if inside and any(map(any, pads)):
        return [("core", modules.AverageInside(layer.pool_size, steps, pads))]
    if layer.rank == 3 and not largest and _any_larger(layer.pool_size, layer.extent(x)):
        return _padded_average(layer, x, pads)
    half = [size // 2 for size in layer.pool_size]
    if _even(pads) and all(pair[0] <= most for pair, most in zip(pads, half, strict=True)):
        return [("core", _made(_padded(layer, pads), x))]
    pad = modules.Pad(pads, float("-inf") if largest else 0.0)
    parts: Parts = [("pad", pad), ("core", _made(_padded(layer, "valid"), x))]
    return [*parts, *_surplus(layer, x, pads)]


def _any_larger(sizes: tuple[int, ...], extent: tuple[int, ...]) -> bool:
    return any(size > n for size, n in zip(sizes, extent, strict=True))


def _padded_average(layer: Any, x: Shape, pads: Pairs) -> Parts:
    """torch's AvgPool3d, alone of its pools, refuses windows larger than the input without padding.

    So the padding is put there first; a window that hangs over its end counts what is inside.
    """
    windows = zip(layer.sliding(), layer.extent(x), pads, strict=True)
    hanging = [
        (0, max(0, (w.output(n) - 1) * w.stride + w.kernel - (n + before + after)))
        for w, n, (before, after) in windows
    ]
    steps = layer.strides or layer.pool_size
    core = modules.AverageInside(layer.pool_size, steps, hanging)
    return [("pad", modules.Pad(pads)), ("core", core)]


def _surplus(layer: Any, x: Shape, pads: Pairs) -> Parts:
    """With ceil_mode, windows that start in the padding after the end are dropped."""
    padded = [n + before + after for n, (before, after) in zip(layer.extent(x), pads, strict=True)]
    plain = _padded(layer, "valid")
    got = plain.slid(layer.shaped(tuple(padded), 1))  # type: ignore[attr-defined]
    more = [a - b for a, b in zip(got, layer.slid(x), strict=True)]
    return [("crop", modules.Pad([(0, -n) for n in more]))] if any(more) else []


def _global_pool(layer: Any, x: Shape, applied: Applied) -> Parts:
    parts: Parts = [("core", _made(layer, x))]
    return parts if layer.keepdims else [*parts, ("flatten", nn.Flatten())]


def _along_channels(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch's batch and instance norms take three spatial axes at most; more are joined."""
    joined = len(x) > 4 and not type(layer).__name__.startswith("Group")
    inside = Shape((x[0], prod(x[1:]))) if joined else x
    parts: Parts = [("core", _half_affine(_made(layer, inside), layer.scale, layer.center))]
    if not joined:
        return parts
    return [("join", nn.Flatten(2)), *parts, ("part", nn.Unflatten(2, tuple(x[1:])))]


def _along_last(layer: Any, x: Shape, applied: Applied) -> Parts:
    center = getattr(layer, "center", True)
    made = _made(layer, x, normalized_shape=tuple(x[-len(layer.axis) :]))
    return [("core", _half_affine(made, layer.scale, center) if hasattr(layer, "center") else made)]


def _half_affine(module: nn.Module, scale: bool, center: bool) -> nn.Module:
    """torch learns a factor and an offset or neither; its functions take either one alone."""
    if not scale:
        module.register_parameter("weight", None)
    if not center:
        module.register_parameter("bias", None)
    return module


def _activation(name: str) -> nn.Module:
    cls, arguments = ACTIVATIONS[name]
    found = getattr(modules, cls[1:]) if cls.startswith(".") else getattr(nn, cls)
    return found(**arguments)


def _activation_layer(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", _activation(layer.activation))]


def _slopes(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", modules.Slopes(tuple(applied.weights[0].shape)))]


_CORES: dict[str, Callable[[Any, Shape, Applied], Parts]] = {
    **{f"Conv{n}D": _convolution for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _convolution for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": _pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{kind}Pooling{n}D": _global_pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    "BatchNormalization": _along_channels,
    "GroupNormalization": _along_channels,
    "InstanceNormalization": _along_channels,
    "LayerNormalization": _along_last,
    "RMSNormalization": _along_last,
    "Activation": _activation_layer,
    "PReLU": _slopes,
}
