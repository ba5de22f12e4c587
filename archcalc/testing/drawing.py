"""Layers and the shapes they take; what is made is always valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.shape import Shape
from archcalc.testing.kinds import Allowed, Framework, Kind, allowed, axes_of, catalogue, chosen
from archcalc.testing.own import own_layer
from archcalc.testing.picking import Pick, numbers, plain_fields
from archcalc.testing.recipes import INPUTS, RECIPES
from archcalc.testing.shaping import small

__all__ = ["Drawn", "inputs_of", "layer_on", "layers", "pairs"]

Drawn: TypeAlias = tuple[Layer, tuple[Shape, ...]]
"""A layer, and input shapes that it takes."""

_MOST_CHANNELS = 6


def layers(
    kinds: Iterable[Kind] | None = None,
    *,
    framework: Framework | Iterable[Framework] | None = None,
    fields: Mapping[str, Iterable[Any]] | None = None,
) -> SearchStrategy[Drawn]:
    """Layers and the input shapes they take, as pairs; always valid.

    Args:
        kinds: layer classes or their names; the whole catalogue where ``None``.  The fields of a
            class of one's own are drawn by their types.
        framework: keep to what this framework has, or to what all of several have.
        fields: the values that fields may have, by name, in all kinds or in one:
            ``{"data_format": ["channels_last"], "Conv2D.groups": [1]}``.

    Raises:
        BoundError: a kind or a framework is not known, or nothing is left to draw from.

    >>> from hypothesis import find
    >>> layer, inputs = find(layers(["Conv2D"]), lambda pair: pair[0].filters > 1)
    >>> layer.kernel_size, inputs
    ((1, 1), ((1, 1, 1),))
    """
    within = allowed("framework", framework, fields)
    classes = chosen(kinds, within)
    return st.sampled_from(classes).flatmap(lambda cls: pairs(cls, within))


@lru_cache(maxsize=1024)
def pairs(cls: type[Layer], allowed: Allowed) -> SearchStrategy[Drawn]:
    """Layers of one class, and the shapes they take."""
    return _pairs(cls, allowed)


@st.composite
def _pairs(draw: DrawFn, cls: type[Layer], allowed: Allowed) -> Drawn:
    inputs = draw(inputs_of(cls))
    return draw(layer_on(cls, inputs, allowed)), inputs


@lru_cache(maxsize=8192)
def layer_on(
    cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> SearchStrategy[Layer]:
    """Layers of one class that take `inputs`."""
    if cls not in catalogue() and cls.__name__ not in RECIPES:
        made = own_layer(cls, inputs)
    else:
        made = _layer(cls, inputs, allowed)
    limits = allowed.limits(cls)
    if not limits:
        return made
    return made.filter(lambda layer: all(holds(layer) for holds in limits))


@st.composite
def _layer(draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed) -> Layer:
    pick = Pick(draw, allowed.left(cls) or {}, lambda kind, x: _held(kind, x, allowed))
    recipe = RECIPES.get(cls.__name__)
    made = recipe(pick, cls, inputs) if recipe else {}
    return cls(**plain_fields(pick, cls, made))


def _held(kind: str, inputs: tuple[Shape, ...], allowed: Allowed) -> SearchStrategy[Layer] | None:
    cls = layer_class(kind)
    return layer_on(cls, inputs, allowed) if allowed.has(cls) else None


@lru_cache(maxsize=1024)
def inputs_of(cls: type[Layer]) -> SearchStrategy[tuple[Shape, ...]]:
    """The input shapes that layers of a class take."""
    own = INPUTS.get(cls.__name__)
    if own:
        return own(cls)
    alone = small(axes_of(cls))
    fewest, most = cls.arity
    if fewest != 1:
        counts = numbers(fewest, most or fewest + 1)
        return st.tuples(alone, counts).map(lambda drawn: (drawn[0],) * drawn[1])
    if issubclass(cls, Spatial):
        return alone.map(lambda x: (_few_channels(x),))
    return alone.map(lambda x: (x,))


def _few_channels(x: Shape) -> Shape:
    """Either end may be the channels; the layer decides later."""
    return x.replace(-1, min(_MOST_CHANNELS, int(x[-1])))
