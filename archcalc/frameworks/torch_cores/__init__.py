"""The core of a layer in torch, for layers that are more there than a class with arguments.

Inside, channels come first, padding is the same before and after, and there is no activation.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from archcalc.frameworks.torch_cores import (
    activations,
    attention,
    convolution,
    core,
    embedding,
    images,
    normalization,
    pooling,
    rearranging,
    resizing,
)
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["CORES", "Core"]

Core: TypeAlias = Callable[[Any, Shape, Applied], Parts]
"""From a layer whose channels come first, its input in torch's order, and the layer as it was."""

_FAMILIES = (
    core,
    embedding,
    convolution,
    pooling,
    rearranging,
    resizing,
    normalization,
    activations,
    images,
    attention,
)

CORES: dict[str, Core] = {name: core for family in _FAMILIES for name, core in family.CORES.items()}
"""The core of each layer that has one of its own, by the name of our class."""
