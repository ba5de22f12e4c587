"""Every layer class by its name, so that a file can name it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from archcalc.symbolic.errors import InvalidLayerError, UnknownLayerError, shorten

if TYPE_CHECKING:
    from archcalc.layers.base import Layer

__all__ = ["is_layer_class", "layer_class", "layer_classes", "register"]

_registry: dict[str, type[Layer]] = {}


def register(cls: type[Layer]) -> None:
    """Make `cls` known under its name.

    Raises:
        InvalidLayerError: archcalc has another layer of that name.
    """
    previous = _registry.get(cls.__name__)
    same_place = previous is not None and previous.__module__ == cls.__module__
    if previous is not None and not same_place and previous.__module__.startswith("archcalc."):
        raise InvalidLayerError(
            f"a layer called {cls.__name__} exists already, in {previous.__module__}",
            code="layer-name-taken",
            hint="choose another class name",
        )
    _registry[cls.__name__] = cls


def layer_classes() -> dict[str, type[Layer]]:
    """Every registered layer class, by name."""
    return dict(sorted(_registry.items()))


def is_layer_class(name: object) -> bool:
    """Whether there is a layer class called `name`.

    >>> from archcalc.layers import Dense
    >>> is_layer_class("Dense"), is_layer_class("Linear")
    (True, False)
    """
    return isinstance(name, str) and name in _registry


def layer_class(name: str) -> type[Layer]:
    """The layer class called `name`.

    Raises:
        UnknownLayerError: there is none; the error names the nearest.

    >>> layer_class("Convolution2D")
    Traceback (most recent call last):
    archcalc.symbolic.errors.UnknownLayerError: ...
    """
    found = _registry.get(name) if isinstance(name, str) else None
    if found is None:
        close = difflib.get_close_matches(str(name)[:60], list(_registry), n=3, cutoff=0.5)
        raise UnknownLayerError(
            f"there is no layer called {shorten(repr(name), 60)}",
            values={"name": shorten(name)},
            hint=f"did you mean {' or '.join(close)}?" if close else "see archcalc.layer_classes()",
        )
    return found
