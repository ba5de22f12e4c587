"""Activations, by Keras' names."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["CORES"]


def _activation_layer(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", modules.activation(layer.activation))]


def _slopes(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", modules.Slopes(tuple(applied.weights[0].shape)))]


CORES = {
    "Activation": _activation_layer,
    "PReLU": _slopes,
}
