"""Activations, by Keras' names."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.tables.activations import is_plain
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["CORES"]


def _activation_layer(layer: Any, x: Shape, applied: Applied) -> Parts:
    extra = {"inplace": True} if layer.inplace else {}
    return [("core", modules.activation(layer.activation, **extra))]


def _rectifier(layer: Any, x: Shape, applied: Applied) -> Parts:
    if is_plain(layer):
        return [("core", nn.ReLU(layer.inplace))]
    bent = modules.Rectifier(layer.max_value, layer.negative_slope, layer.threshold)
    return [("core", bent)]


def _slopes(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", modules.Slopes(tuple(applied.weights[0].shape), layer.init))]


CORES = {
    "Activation": _activation_layer,
    "PReLU": _slopes,
    "ReLU": _rectifier,
}
