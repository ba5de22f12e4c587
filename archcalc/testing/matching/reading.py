"""A framework's layer as a layer of ours, where it is one."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.reading import layer_of
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["read_keras", "read_torch"]

_UNREAD = (LookupError, AttributeError, ValueError, TypeError, ArithmeticError, ArchcalcError)
"""What goes wrong where a layer has no counterpart, or keeps its arguments in another way."""


def read_torch(module: Any) -> Layer | None:
    """A module of ``torch.nn`` as the layer that torch's name for it makes, if there is one.

    >>> from torch import nn
    >>> read_torch(nn.MaxPool2d(3, stride=2))
    MaxPooling2D(pool_size=3, strides=2, padding=0, data_format='channels_first')
    """
    return _read(module, Shape()) if type(module).__module__.startswith("torch.nn.") else None


def read_keras(layer: Any, x: Shape) -> Layer | None:
    """A layer of Keras as the layer of ours with its arguments, if there is one.

    Args:
        layer: the layer.
        x: what goes in.

    >>> from archcalc.frameworks.keras import import_keras
    >>> read_keras(import_keras().layers.Dense(10, "relu"), Shape((784,)))
    Dense(units=10, activation='relu')
    """
    found = _read(layer, x) if type(layer).__module__.startswith("keras.") else None
    # what a network holds has facts of its own, which are compared
    return None if isinstance(found, Network) else found


def _read(module: Any, x: Shape) -> Layer | None:
    try:
        return layer_of(module, x)
    except _UNREAD:
        return None
