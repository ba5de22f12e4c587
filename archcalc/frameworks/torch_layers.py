"""One layer as a torch module: its entry in the table, and what has to stand around it.

Inside, channels come first, padding is the same before and after, and there is no activation; what
the layer asks for beyond that becomes steps before and after the core.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.table import entry_of
from archcalc.frameworks.tables import TORCH
from archcalc.frameworks.torch_cores import CORES
from archcalc.frameworks.torch_cores.activations import activation
from archcalc.frameworks.torch_cores.base import Parts, made
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape

__all__ = ["torch_module"]


def torch_module(applied: Applied) -> nn.Module:
    """The module of a layer; its weights are in itself, or in its part ``core``.

    Raises:
        FrameworkError: torch has not got this layer.
    """
    layer, x = applied.layer, applied.inputs[0]
    entry = entry_of(TORCH, layer, "torch")
    order = _order(layer, x)
    moved = order != tuple(range(len(x)))
    parts = _core(_channels_first(layer), Shape(x[axis] for axis in order), applied)
    if moved:
        parts.insert(0, ("first", modules.Permute([axis + 1 for axis in order])))
    if moved and len(applied.output) == len(x):
        back = [order.index(axis) + 1 for axis in range(len(x))]
        parts.append(("last", modules.Permute(back)))
    function = getattr(layer, "activation", None) if "activation" in entry.around else None
    if function not in (None, "linear"):
        parts.append(("activation", activation(function)))
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
    if layer.arity != (1, 1):
        return everything
    if kind in _ALONG_CHANNELS:
        channels = axis_index(layer.axis, x)  # type: ignore[attr-defined]
    elif getattr(layer, "data_format", "") == "channels_last" or kind == "SpatialDropout1D":
        channels = len(x) - 1
    if channels is None:
        return everything
    return (channels, *[axis for axis in everything if axis != channels])


_ALONG_CHANNELS = (
    "BatchNormalization",
    "ChannelShuffle",
    "GroupNormalization",
    "InstanceNormalization",
    "LocalResponseNormalization",
)
"""What torch does along its first axis, and we along `axis`."""


def _channels_first(layer: Layer) -> Layer:
    if "data_format" not in type(layer).model_fields:
        return layer
    return layer.model_copy(update={"data_format": "channels_first"})


def _core(layer: Any, x: Shape, applied: Applied) -> Parts:
    own = CORES.get(type(layer).__name__)
    return own(layer, x, applied) if own else [("core", made(layer, x))]
