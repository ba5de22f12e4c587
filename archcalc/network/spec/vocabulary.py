"""Names for layers that files may use beside those of the classes, such as torch's."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Signature
from typing import Any, Protocol

from archcalc._hooks import FILE_NAMES
from archcalc.layers.base import Layer

__all__ = ["LayerAlias", "alias_of", "aliases"]


class LayerAlias(Protocol):
    """Another name of a layer, with arguments of its own; calling it makes the layer."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def layer(self) -> str:
        """Our class, by name."""

    @property
    def signature(self) -> Signature:
        """The arguments."""

    def __call__(self, *args: Any, **kwargs: Any) -> Layer:
        """The layer."""


def aliases() -> Mapping[str, LayerAlias]:
    """Every further name.

    >>> aliases()["Conv2d"].layer
    'Conv2D'
    """
    return {name: known for names in FILE_NAMES for name, known in names().items()}


def alias_of(kind: object) -> LayerAlias | None:
    """What `kind` is a further name of, also as ``nn.Conv2d`` or ``torch.nn.Conv2d``, if it is.

    >>> alias_of("nn.Conv2d").layer
    'Conv2D'
    """
    short = str(kind).removeprefix("torch.").removeprefix("nn.")
    return next((known[short] for names in FILE_NAMES if short in (known := names())), None)
