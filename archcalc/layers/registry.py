"""Every layer class by its name, so that a file can name it."""

from __future__ import annotations

import ast
import difflib
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from archcalc.symbolic.errors import InvalidLayerError, UnknownLayerError, shorten

if TYPE_CHECKING:
    from archcalc.layers.base import Layer

__all__ = ["FAMILY_NAMES", "homes", "is_layer_class", "layer_class", "layer_classes", "register"]

FAMILY_NAMES = (
    "core",
    "embedding",
    "convolution",
    "transposed",
    "pooling",
    "adaptive",
    "normalization",
    "activations",
    "reshaping",
    "rearranging",
    "padding",
    "upsampling",
    "regularization",
    "merging",
    "attention",
    "distances",
    "rescaling",
    "resizing",
    "colouring",
    "augmentation",
    "spectrogram",
    "encoding",
    "vocabulary",
    "recurrent",
    "recurrent_convolution",
)
"""The modules of the catalogue, in the order in which the documentation shows them."""

_registry: dict[str, type[Layer]] = {}


@lru_cache(maxsize=1)
def homes() -> dict[str, str]:
    """The module of each public name of the catalogue, none of which is loaded for it.

    What a family has is said by its own ``__all__`` and nowhere else; here it is read from the
    text of the module.

    >>> homes()["Dense"]
    'archcalc.layers.core'
    """
    here = Path(__file__).parent
    found: dict[str, str] = {}
    for family in FAMILY_NAMES:
        text = (here / f"{family}.py").read_text(encoding="utf-8")
        start = text.index("__all__ = [") + len("__all__ = ")
        names = ast.literal_eval(text[start : text.index("]", start) + 1])
        found.update(dict.fromkeys(names, f"archcalc.layers.{family}"))
    return found


def _loaded(name: str) -> type[Layer] | None:
    """The class called `name`, its family loaded if need be."""
    if name not in _registry and name in homes():
        import_module(homes()[name])
    return _registry.get(name)


def register(cls: type[Layer]) -> None:
    """Make `cls` known under its name.

    Raises:
        InvalidLayerError: archcalc has another layer of that name.
    """
    previous = _registry.get(cls.__name__)
    there = homes().get(cls.__name__) or (previous.__module__ if previous else cls.__module__)
    if there != cls.__module__ and there.startswith("archcalc."):
        raise InvalidLayerError(
            f"a layer called {cls.__name__} exists already, in {there}",
            code="layer-name-taken",
            hint="choose another class name",
        )
    _registry[cls.__name__] = cls


def layer_classes() -> dict[str, type[Layer]]:
    """Every registered layer class, by name."""
    for home in dict.fromkeys(homes().values()):
        import_module(home)
    return dict(sorted(_registry.items()))


def is_layer_class(name: object) -> bool:
    """Whether there is a layer class called `name`.

    >>> from archcalc.layers import Dense
    >>> is_layer_class("Dense"), is_layer_class("Linear")
    (True, False)
    """
    return isinstance(name, str) and (name in _registry or name in homes())


def layer_class(name: str) -> type[Layer]:
    """The layer class called `name`.

    Raises:
        UnknownLayerError: there is none; the error names the nearest.

    >>> layer_class("Convolution2D")
    Traceback (most recent call last):
    archcalc.symbolic.errors.UnknownLayerError: ...
    """
    found = _loaded(name) if isinstance(name, str) else None
    if found is None:
        close = difflib.get_close_matches(str(name)[:60], [*_registry, *homes()], n=3, cutoff=0.5)
        raise UnknownLayerError(
            f"there is no layer called {shorten(repr(name), 60)}",
            values={"name": shorten(name)},
            hint=f"did you mean {' or '.join(close)}?" if close else "see archcalc.layer_classes()",
        )
    return found
