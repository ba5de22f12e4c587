"""Activations, by Keras' names."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.records.activations import is_plain
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["activation", "rectifier", "slopes"]


def activation(layer: Any, x: Shape, applied: Applied) -> Parts:
    """The function by its name."""
    extra = {"inplace": True} if layer.inplace else {}
    return [("core", modules.activation(layer.activation, **extra))]


def rectifier(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch's, or one that is bent."""
    if is_plain(layer):
        return [("core", nn.ReLU(layer.inplace))]
    bent = modules.Rectifier(layer.max_value, layer.negative_slope, layer.threshold)
    return [("core", bent)]


def slopes(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Slopes of the shape that the layer states."""
    return [("core", modules.Slopes(tuple(applied.weights[0].shape), layer.init))]
