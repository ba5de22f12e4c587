"""Convolutions: what Keras pads and cuts unevenly, torch does in steps."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.converters import even
from archcalc.frameworks.torch_cores.base import Pairs, Parts, made, padded
from archcalc.layers.applied import Applied
from archcalc.layers.registry import layer_class
from archcalc.symbolic.shape import Shape

__all__ = ["convolution", "separable", "transposed"]


def convolution(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Padding that torch cannot say as a step before."""
    pads: Pairs = [w.pads(n) for w, n in zip(layer.spatial_windows(), layer.extent(x), strict=True)]
    native = layer.padding == "same" and max(layer.strides) == 1
    if native or layer.padding == "valid":
        return [("core", made(layer, x))]
    if even(pads):
        return [("core", made(padded(layer, pads), x))]
    mode = _FILLED.get(getattr(layer, "padding_mode", "zeros"), "constant")
    return [("pad", modules.Pad(pads, mode=mode)), ("core", made(padded(layer, "valid"), x))]


_FILLED = {"reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def separable(layer: Any, x: Shape, applied: Applied) -> Parts:
    """A depthwise convolution and one of a single position."""
    rank, fields = (
        layer.rank,
        layer.model_dump(exclude={"filters", "use_bias", "activation", "name", *layer.kept}),
    )
    depthwise = layer_class(f"DepthwiseConv{rank}D")(**fields, use_bias=False)
    pointwise = layer_class(f"Conv{rank}D")(
        layer.filters, 1, data_format="channels_first", use_bias=layer.use_bias
    )
    first, y = convolution(depthwise, x, applied), depthwise.output_shape(x)
    named = [(name if name != "core" else "depthwise", module) for name, module in first]
    steps = OrderedDict([*named, ("pointwise", made(pointwise, y))])
    return [("core", nn.Sequential(steps))]


def transposed(layer: Any, x: Shape, applied: Applied) -> Parts:
    """All that comes out, then what Keras and TensorFlow take off it, which may be uneven."""
    cuts: Pairs = []
    for window, n in zip(layer.spatial_windows(), layer.extent(x), strict=True):
        cuts.append(window.cuts(n))
    extra = tuple(max(0, -after) for _, after in cuts)
    cuts = [(before, max(0, after)) for before, after in cuts]
    if layer.output_padding is not None and not isinstance(layer.padding, str):
        extra, cuts = layer.output_padding, list(layer.padding)
    core = layer.model_copy(update={"output_padding": extra})
    if even(cuts):
        return [("core", made(padded(core, cuts), x))]
    crop = modules.Pad([(-before, -after) for before, after in cuts])
    return [("core", made(padded(core, "valid"), x)), ("crop", crop)]
