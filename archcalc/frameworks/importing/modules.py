"""Which modules of a torch model are layers, and which layer each is; looked up once a model."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from archcalc.frameworks.importing.equal_modules import value_of
from archcalc.frameworks.reading import layer_of
from archcalc.frameworks.records import own_records
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import ArchcalcError, FrameworkError

__all__ = ["Modules"]

_WITH_PARTS = ("MultiheadAttention",)
"""Classes of torch that hold modules and are a layer all the same."""


class Modules:
    """What is known of a model's modules.

    >>> from torch import nn
    >>> known = Modules()
    >>> known.is_layer(nn.Linear(2, 3)), known.is_layer(nn.Sequential())
    (True, False)
    """

    def __init__(self) -> None:
        self._own = {getattr(record.torch, "cls", None) for record in own_records()}
        self._layers: dict[int, Layer | FrameworkError] = {}
        self._equal: dict[Hashable, Layer | FrameworkError] = {}
        self._kept: list[Any] = []  # so that no identity is given twice

    def is_layer(self, module: Any) -> bool:
        """Whether a module is one layer, whose inside is not looked at."""
        kind = type(module)
        if kind not in self._own:
            if not kind.__module__.startswith("torch.nn.modules"):
                return False
            if module._modules and kind.__name__ not in _WITH_PARTS:
                return False
        return isinstance(self._found(module), Layer)

    def layer(self, module: Any, shape: tuple[Any, ...]) -> Layer:
        """The layer of a module, on an input of a shape.

        Raises:
            FrameworkError: no record says it.
        """
        if type(module) in self._own:  # whose axes may be counted from those of the input
            return layer_of(module, shape)
        found = self._found(module)
        if isinstance(found, FrameworkError):
            raise found
        return found

    def _found(self, module: Any) -> Layer | FrameworkError:
        known = self._layers.get(id(module))
        if known is None:
            value = value_of(module)
            known = self._equal.get(value) if value is not None else None
            if known is None:
                known = _read(module)
                if value is not None:
                    self._equal[value] = known
            self._layers[id(module)] = known
            self._kept.append(module)
        return known


def _read(module: Any) -> Layer | FrameworkError:
    try:
        return layer_of(module)
    except (ArchcalcError, TypeError, ValueError, AttributeError) as error:
        return FrameworkError(str(error), code="not-read")
