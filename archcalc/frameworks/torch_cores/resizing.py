"""Other sizes: exact where torch multiplies floats, and padding by mode."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.torch_cores.base import Parts, made
from archcalc.layers.applied import Applied
from archcalc.layers.scaling import spread
from archcalc.symbolic.shape import Shape

__all__ = ["fractional", "padding", "upsample"]


def fractional(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Windows that fall by chance."""
    return [("core", made(_by_size(layer, "output_size", "output_ratio", x), x))]


def upsample(layer: Any, x: Shape, applied: Applied) -> Parts:
    """By a size, where a ratio of floats would give another."""
    return [("core", made(_by_size(layer, "size", "scale_factor", x), x))]


def _by_size(layer: Any, size: str, ratio: str, x: Shape) -> Any:
    """The layer with a size in place of a ratio where floats would give another size."""
    ratios = getattr(layer, ratio)
    if ratios is None:
        return layer
    exact, before = layer.extent(layer.output_shape(x)), layer.extent(x)
    pairs = zip(before, spread(ratios, len(before)), strict=True)
    floats = [int(n * float(r)) for n, r in pairs]
    same = floats == list(exact)
    # values are made by the ratio of the sizes then, which is what recompute_scale_factor asks for
    extra = {"recompute_scale_factor": None} if hasattr(layer, "recompute_scale_factor") else {}
    return layer if same else layer.model_copy(update={size: tuple(exact), ratio: None, **extra})


def padding(layer: Any, x: Shape, applied: Applied) -> Parts:
    """By mode."""
    constant = {"value": layer.value} if layer.mode == "constant" else {}
    return [("core", made(layer, x, **constant))]
