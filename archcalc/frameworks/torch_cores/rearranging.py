"""Windows gathered and put back, with padding that torch cannot say; channels in turn."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.converters import even
from archcalc.frameworks.torch_cores.base import Pairs, Parts, made, padded
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["channel_shuffle", "fold", "unfold"]


def unfold(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Windows gathered."""
    pads: Pairs = list(layer.padding)
    if even(pads):
        parts: Parts = [("core", made(layer, x))]
    else:
        parts = [("pad", modules.Pad(pads)), ("core", made(_bare(layer), x))]
    return parts if applied.layer == layer else [*parts, ("turn", modules.Permute((2, 1)))]


def fold(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Windows put back."""
    pads: Pairs = list(layer.padding)
    if even(pads):
        parts: Parts = [("core", made(layer, x))]
    else:
        whole = tuple(n + a + b for n, (a, b) in zip(layer.output_size, pads, strict=True))
        core = made(_bare(layer), x, output_size=whole)
        parts = [("core", core), ("crop", modules.Pad([(-a, -b) for a, b in pads]))]
    return parts if applied.layer == layer else [*parts, ("turn", modules.Permute((2, 3, 1)))]


def _bare(layer: Any) -> Any:
    return padded(layer, ((0, 0), (0, 0)))


def channel_shuffle(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch wants a position beside the channels."""
    core: Parts = [("core", made(layer, x))]
    if len(x) > 1:
        return core
    return [("part", nn.Unflatten(1, (x[0], 1))), *core, ("join", nn.Flatten())]
