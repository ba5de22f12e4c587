"""Pools: windows that torch refuses, and padding that it cannot say."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.converters import even
from archcalc.frameworks.torch_cores.base import Pairs, Parts, made, padded
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["global_pool", "pool", "unpool"]


def pool(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Windows that torch refuses, and padding that it cannot say, in steps."""
    pads: Pairs = [w.pads(n) for w, n in zip(layer.spatial_windows(), layer.extent(x), strict=True)]
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
    if even(pads) and all(pair[0] <= most for pair, most in zip(pads, half, strict=True)):
        return [("core", made(padded(layer, pads), x))]
    pad = modules.Pad(pads, float("-inf") if largest else 0.0)
    parts: Parts = [("pad", pad), ("core", made(padded(layer, "valid"), x))]
    return [*parts, *_surplus(layer, x, pads)]


def _any_larger(sizes: tuple[int, ...], extent: tuple[int, ...]) -> bool:
    return any(size > n for size, n in zip(sizes, extent, strict=True))


def _padded_average(layer: Any, x: Shape, pads: Pairs) -> Parts:
    """torch's AvgPool3d, alone of its pools, refuses windows larger than the input without padding.

    So the padding is put there first; a window that hangs over its end counts what is inside.
    """
    windows = zip(layer.spatial_windows(), layer.extent(x), pads, strict=True)
    hanging = [
        (0, max(0, (w.output(n) - 1) * w.stride + w.kernel - (n + before + after)))
        for w, n, (before, after) in windows
    ]
    steps = layer.strides or layer.pool_size
    sizes = tuple(layer.pool_size), tuple(steps)
    if layer.divisor_override is not None:
        core: nn.Module = nn.AvgPool3d(*sizes, divisor_override=layer.divisor_override)
        return [("pad", modules.Pad(pads)), ("over", modules.Pad(hanging)), ("core", core)]
    if layer.count_include_pad:
        return [("pad", modules.Pad(pads)), ("core", modules.AverageInside(*sizes, hanging))]
    both = [(a + c, b + d) for (a, b), (c, d) in zip(pads, hanging, strict=True)]
    return [("core", modules.AverageInside(*sizes, both))]


def _surplus(layer: Any, x: Shape, pads: Pairs) -> Parts:
    """With ceil_mode, windows that start in the padding after the end are dropped."""
    whole = [n + before + after for n, (before, after) in zip(layer.extent(x), pads, strict=True)]
    plain = padded(layer, "valid")
    got = plain.output_extent(layer.shaped(tuple(whole), 1))  # type: ignore[attr-defined]
    more = [a - b for a, b in zip(got, layer.output_extent(x), strict=True)]
    return [("crop", modules.Pad([(0, -n) for n in more]))] if any(more) else []


def global_pool(layer: Any, x: Shape, applied: Applied) -> Parts:
    """A pool over everything."""
    parts: Parts = [("core", made(layer, x))]
    return parts if layer.keepdims else [*parts, ("flatten", nn.Flatten())]


def unpool(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Values put back where they were."""
    last = applied.layer.data_format == "channels_last"  # type: ignore[attr-defined]
    return [("core", modules.Unpool(made(layer, x), layer.output_size, last))]
