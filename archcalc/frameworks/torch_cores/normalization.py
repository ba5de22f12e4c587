"""Normalisations along axes that torch takes in one place only."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.torch_cores.base import Parts, made
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["along_channels", "along_last", "local_response"]


def along_channels(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch's batch and instance norms take three spatial axes at most; more are joined."""
    joined = len(x) > 4 and not type(layer).__name__.startswith("Group")
    inside = Shape((x[0], prod(x[1:]))) if joined else x
    parts: Parts = [("core", _half_affine(made(layer, inside), layer.scale, layer.center))]
    if not joined:
        return parts
    return [("join", nn.Flatten(2)), *parts, ("part", nn.Unflatten(2, tuple(x[1:])))]


def along_last(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Factor and offset along the last axes."""
    center = getattr(layer, "center", True)
    core = made(layer, x, normalized_shape=tuple(x[-len(layer.axis) :]))
    return [("core", _half_affine(core, layer.scale, center) if hasattr(layer, "center") else core)]


def _half_affine(module: nn.Module, scale: bool, center: bool) -> nn.Module:
    """torch learns a factor and an offset or neither; its functions take either one alone."""
    if not scale:
        module.register_parameter("weight", None)
    if not center:
        module.register_parameter("bias", None)
    return module


def local_response(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch looks at the input through a view, and wants a position beside the channels."""
    parts: Parts = [("pack", modules.Packed()), ("core", made(layer, x))]
    if len(x) > 1:
        return parts
    return [("part", nn.Unflatten(1, (x[0], 1))), *parts, ("join", nn.Flatten())]
