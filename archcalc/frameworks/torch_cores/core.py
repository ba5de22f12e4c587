"""Products whose weights have the shapes that the layer states."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.torch_cores.base import Parts, made
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["einsum"]


def einsum(layer: Any, x: Shape, applied: Applied) -> Parts:
    """A kernel and a bias of the shapes that the layer states."""
    shapes = {weight.name: tuple(weight.shape) for weight in applied.weights}
    core = made(layer, x, kernel=shapes["kernel"], bias=shapes.get("bias"))
    return [("core", core)]
