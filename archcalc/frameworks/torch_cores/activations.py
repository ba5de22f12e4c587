"""Activations, by Keras' names."""

from __future__ import annotations

from typing import Any

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.tables.activations import ACTIVATIONS
from archcalc.frameworks.torch_cores.base import Parts, torch_class
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["CORES", "activation"]


def activation(name: str) -> nn.Module:
    """The function called `name` in Keras."""
    cls, arguments = ACTIVATIONS[name]
    found: nn.Module = torch_class(cls)(**arguments)
    return found


def _activation_layer(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", activation(layer.activation))]


def _slopes(layer: Any, x: Shape, applied: Applied) -> Parts:
    return [("core", modules.Slopes(tuple(applied.weights[0].shape)))]


CORES = {
    "Activation": _activation_layer,
    "PReLU": _slopes,
}
