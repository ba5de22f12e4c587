"""What every core is made of: parts in order, each with its name."""

from __future__ import annotations

from typing import Any, TypeAlias

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.lookup import arguments_of, class_of, entry_of
from archcalc.frameworks.records import TORCH
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape

__all__ = ["Pairs", "Parts", "made", "padded", "torch_class"]

Parts: TypeAlias = list[tuple[str, nn.Module]]
"""Modules one after the other; that called ``core`` has the weights."""

Pairs: TypeAlias = list[tuple[int, int]]
"""Amounts before and after, an axis at a time."""


def torch_class(name: str | type) -> Any:
    """A class of torch, or, where the name begins with a dot, one that archcalc brings."""
    if isinstance(name, type):
        return name
    return getattr(modules, name[1:]) if name.startswith(".") else getattr(nn, name)


def made(layer: Layer, x: Shape, **extra: Any) -> nn.Module:
    """The class of the table with the arguments of the table."""
    entry = entry_of(TORCH, layer)
    return torch_class(class_of(entry, layer, x))(**{**arguments_of(entry, layer, x), **extra})


def padded(layer: Layer, padding: Any) -> Layer:
    """The layer with another padding."""
    amounts = padding if isinstance(padding, str) else tuple(padding)
    return layer.model_copy(update={"padding": amounts})
