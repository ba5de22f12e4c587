"""Names for layers that were given none, as Keras makes them up."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archcalc.layers.adapters import LoRA
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import InvalidLayerError

__all__ = ["input_name", "name_of", "named", "named_after", "snake_case"]


def snake_case(name: str) -> str:
    """A class name as Keras writes it for a layer.

    >>> snake_case("MaxPooling2D"), snake_case("Conv2DTranspose"), snake_case("PReLU")
    ('max_pooling2d', 'conv2d_transpose', 'p_re_lu')
    """
    spaced = re.sub(r"\W+", "", name)
    spaced = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", spaced)
    return re.sub("([a-z])([A-Z])", r"\1_\2", spaced).lower()


def name_of(layer: Layer) -> str:
    """The name that a layer was given, or that of its class; with adapters it keeps its name.

    >>> from archcalc.layers import Dense, LoRA
    >>> name_of(Dense(10)), name_of(Dense(10, name="head")), name_of(LoRA(Dense(10), 8))
    ('dense', 'head', 'dense')
    """
    named = named_after(layer)
    return named.name or snake_case(type(named).__name__)


def named_after(layer: Layer) -> Layer:
    """The layer whose name or class one is called after: itself, or what it puts adapters on."""
    return layer.layer if isinstance(layer, LoRA) and layer.name is None else layer


def named(layers: Iterable[Layer]) -> list[str]:
    """A name for each of `layers`, in order; the same object has the same name throughout.

    Raises:
        InvalidLayerError: two different layers were given the same name.

    >>> from archcalc.layers import Conv2D, Dense
    >>> named([Conv2D(8, 3), Dense(10), Conv2D(8, 3), Dense(2, name="head")])
    ['conv2d', 'dense', 'conv2d_1', 'head']
    """
    sequence = list(layers)
    owner: dict[str, int] = {}
    for layer in sequence:
        if layer.name is not None and owner.setdefault(layer.name, id(layer)) != id(layer):
            raise InvalidLayerError(
                f"two layers are called {layer.name!r}",
                code="name-twice",
                hint="names are unique within one network; use one object to share a layer",
            )
    found: dict[int, str] = {}
    counts: dict[str, int] = {}
    for layer in sequence:
        if id(layer) in found:
            continue
        if layer.name is not None:
            found[id(layer)] = layer.name
            continue
        base = name_of(layer)
        while True:
            count = counts.get(base, 0)
            counts[base] = count + 1
            name = f"{base}_{count}" if count else base
            if name not in owner:
                break
        found[id(layer)] = name
    return [found[id(layer)] for layer in sequence]


def input_name(index: int) -> str:
    """What an input without a name is called: the first ``input``, then ``input_1``.

    >>> input_name(0), input_name(2)
    ('input', 'input_2')
    """
    return f"input_{index}" if index else "input"
