"""The core of a layer in torch, for layers that are more there than a class with arguments.

Inside, channels come first, padding is the same before and after, and there is no activation.  A
record names the function of a module here that makes it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from archcalc._loading import loaded
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["Core", "core_named"]

Core: TypeAlias = Callable[[Any, Shape, Applied], Parts]
"""From a layer whose channels come first, its input in torch's order, and the layer as it was."""


def core_named(name: str) -> Core:
    """The function that a record names: ``"module.function"``.

    >>> core_named("core.einsum").__name__
    'einsum'
    """
    module, _, function = name.partition(".")
    found: Core = getattr(loaded(f"{__name__}.{module}"), function)
    return found
