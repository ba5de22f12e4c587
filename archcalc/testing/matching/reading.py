"""A module of torch as a layer of ours, where it is one."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.reading import layer_of
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import ArchcalcError

__all__ = ["read_torch"]

_UNREAD = (LookupError, AttributeError, ValueError, TypeError, ArithmeticError, ArchcalcError)
"""What goes wrong where a module has no counterpart, or keeps its arguments in another way."""


def read_torch(module: Any) -> Layer | None:
    """A module of ``torch.nn`` as the layer that torch's name for it makes, if there is one.

    >>> from torch import nn
    >>> read_torch(nn.MaxPool2d(3, stride=2))
    MaxPooling2D(pool_size=3, strides=2, padding=0, data_format='channels_first')
    """
    if not type(module).__module__.startswith("torch.nn."):
        return None
    try:
        return layer_of(module)
    except _UNREAD:
        return None
