"""Layer classes by their names, so that a file can name them."""

from __future__ import annotations

import difflib

from archcalc._loading import loaded
from archcalc.layers.base import Layer, known_layers
from archcalc.layers.homes import homes, layer_names
from archcalc.symbolic.errors import UnknownLayerError, quoted, shorten

__all__ = ["is_layer_class", "layer_class", "layer_classes"]


def _loaded(name: str) -> type[Layer] | None:
    """The class called `name`, by its own name or another, its family loaded if need be."""
    home = loaded(homes()[name]) if name in homes() else None
    found = known_layers.get(name) or getattr(home, name, None)
    return found if isinstance(found, type) and issubclass(found, Layer) else None


def layer_classes() -> dict[str, type[Layer]]:
    """Every registered layer class, by name."""
    for home in sorted(set(homes().values())):
        loaded(home)
    return dict(sorted(known_layers.items()))


def is_layer_class(name: object) -> bool:
    """Whether there is a layer class called `name`.

    >>> from archcalc.layers import Dense
    >>> is_layer_class("Dense"), is_layer_class("Linear")
    (True, False)
    """
    return isinstance(name, str) and (name in known_layers or name in layer_names())


def layer_class(name: str) -> type[Layer]:
    """The layer class called `name`.

    Raises:
        UnknownLayerError: there is none; the error names the nearest.

    >>> layer_class("MaxPool2D").__name__
    'MaxPooling2D'
    >>> layer_class("Pool2D")
    Traceback (most recent call last):
    archcalc.symbolic.errors.UnknownLayerError: ...
    """
    found = _loaded(name) if isinstance(name, str) else None
    if found is None:
        close = difflib.get_close_matches(
            str(name)[:60], {*known_layers, *layer_names()}, n=3, cutoff=0.5
        )
        raise UnknownLayerError(
            f"there is no layer called {quoted(name, 60)}",
            values={"name": shorten(name)},
            hint=f"did you mean {' or '.join(close)}?"
            if close
            else "see archcalc.layers.layer_classes()",
        )
    return found
