"""Images of another size, and statistics along some axes."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.torch_cores.base import Pairs, Parts, made
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_indices
from archcalc.symbolic.shape import Shape

__all__ = ["center_crop", "normalization", "resizing"]


def resizing(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Cropped or padded to the proportions, and resized."""
    size = (layer.height, layer.width)
    pairs: Pairs = []
    if layer.crop_to_aspect_ratio:
        pairs = [(-cut, -rest) for cut, rest in _surplus(layer.extent(x), size)]
    elif layer.pad_to_aspect_ratio:
        pairs = [(half, half) for half in _missing(layer.extent(x), size)]
    return _resized(pairs, size, layer.interpolation, layer.fill_value)


def center_crop(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Cropped, or resized where the input is too small."""
    size, extent = (layer.height, layer.width), layer.extent(x)
    surplus = [n - wanted for n, wanted in zip(extent, size, strict=True)]
    if min(surplus) < 0:  # too small: cut to the proportions, and resized
        pairs = [(-cut, -rest) for cut, rest in _surplus(extent, size)]
        return _resized(pairs, size, "bilinear", 0.0)
    return [("core", modules.Pad([(-(n // 2), n // 2 - n) for n in surplus]))]


def _resized(pairs: Pairs, size: tuple[int, int], mode: str, value: float) -> Parts:
    core = nn.Upsample(size, mode=_MODES.get(mode, mode))
    return [*([("pad", modules.Pad(pairs, value))] if any(map(any, pairs)) else []), ("core", core)]


_MODES = {"nearest": "nearest-exact"}
"""torch's own "nearest" takes the pixel before, not the nearest."""


def _surplus(extent: tuple[int, int], size: tuple[int, int]) -> Pairs:
    """What is cut off each side so that the proportions are those of `size`."""
    kept = [max(min(n, fits), 1) for n, fits in zip(extent, _fitting(extent, size), strict=True)]
    cut = [n - left for n, left in zip(extent, kept, strict=True)]
    return [(n // 2, n - n // 2) for n in cut]


def _missing(extent: tuple[int, int], size: tuple[int, int]) -> list[int]:
    """What is added on either side so that the proportions are those of `size`."""
    return [max(0, m - n) // 2 for n, m in zip(extent, _fitting(extent, size), strict=True)]


def _fitting(extent: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The height that goes with the width, and the width that goes with the height."""
    (h, w), (height, width) = extent, size
    return w * height // width, h * width // height


def normalization(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Statistics along some axes."""
    axes = sorted(axis_indices(layer.axis, x))
    shape = [dim if axis in axes else 1 for axis, dim in enumerate(x)]
    return [("core", made(layer, x, shape=shape, axes=axes))]
