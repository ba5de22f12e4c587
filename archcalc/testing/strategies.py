"""Hypothesis strategies for layers and the shapes they take; what they make is always valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc import network
from archcalc.frameworks.table import Absent, Entry, Table
from archcalc.frameworks.tables import KERAS, TORCH
from archcalc.layers import FAMILIES
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.shape import Shape
from archcalc.testing.own import own_layer
from archcalc.testing.picking import Pick, numbers, plain_fields
from archcalc.testing.recipes import FITS, INPUTS, RECIPES
from archcalc.testing.shaping import shapes

__all__ = [
    "Framework",
    "Kind",
    "catalogue",
    "in_framework",
    "layer_on",
    "layers",
    "shapes",
    "takes",
]

Framework: TypeAlias = Literal["keras", "torch"]

Kind: TypeAlias = str | type[Layer]

_TABLES: Mapping[str, Table] = {"keras": KERAS, "torch": TORCH}

_MOST_CHANNELS = 6


@lru_cache(maxsize=1)
def catalogue() -> tuple[type[Layer], ...]:
    """Every layer class of the catalogue, and every network that frameworks have as a layer."""
    families = (*FAMILIES, *network.FAMILIES)
    found = [getattr(family, name) for family in families for name in family.__all__]
    return tuple(cls for cls in found if isinstance(cls, type) and cls.__name__ in KERAS)


def layers(
    kinds: Iterable[Kind] | None = None, *, framework: Framework | None = None
) -> SearchStrategy[tuple[Layer, tuple[Shape, ...]]]:
    """Layers and the input shapes they take, as pairs; always valid.

    Args:
        kinds: layer classes or their names; the whole catalogue where ``None``.  The fields of a
            class of one's own are drawn by their types.
        framework: keep to what this framework has.

    >>> from hypothesis import find
    >>> layer, inputs = find(layers(["Conv2D"]), lambda pair: pair[0].filters > 1)
    >>> layer.kernel_size, inputs
    ((1, 1), ((1, 1, 1),))
    """
    classes = [_class(kind) for kind in kinds] if kinds is not None else list(catalogue())
    if framework:
        classes = [cls for cls in classes if in_framework(cls, framework)]
    return st.sampled_from(classes).flatmap(lambda cls: _pairs(cls, framework))


def _class(kind: Kind) -> type[Layer]:
    return layer_class(kind) if isinstance(kind, str) else kind


def _entry(cls: type[Layer], framework: Framework) -> Entry | None:
    entry = _TABLES[framework].get(cls.__name__)
    return None if entry is None or isinstance(entry, Absent) else entry


@st.composite
def _pairs(
    draw: DrawFn, cls: type[Layer], framework: Framework | None
) -> tuple[Layer, tuple[Shape, ...]]:
    inputs = draw(_inputs(cls))
    return draw(layer_on(cls, inputs, framework)), inputs


def layer_on(
    cls: type[Layer], inputs: tuple[Shape, ...], framework: Framework | None = None
) -> SearchStrategy[Layer]:
    """Layers of one class that take `inputs`."""
    if cls not in catalogue() and cls.__name__ not in RECIPES:
        return own_layer(cls, inputs)
    entry = _entry(cls, framework) if framework else None
    made: SearchStrategy[Layer] = _layer(cls, inputs, framework)
    if entry is None or not entry.limits:
        return made
    return made.filter(lambda layer: all(holds(layer) for holds, _ in entry.limits))


@st.composite
def _layer(
    draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], framework: Framework | None
) -> Layer:
    entry = _entry(cls, framework) if framework else None
    left = {only.field: only.values for only in entry.only} if entry else {}
    pick = Pick(draw, left, lambda kind, shapes: _held(kind, shapes, framework))
    recipe = RECIPES.get(cls.__name__)
    made = recipe(pick, cls, inputs) if recipe else {}
    return cls(**plain_fields(pick, cls, made))


def _held(
    kind: str, inputs: tuple[Shape, ...], framework: Framework | None
) -> SearchStrategy[Layer] | None:
    cls = layer_class(kind)
    return layer_on(cls, inputs, framework) if in_framework(cls, framework) else None


def in_framework(cls: type[Layer], framework: Framework | None) -> bool:
    """Whether the framework has layers of the class `cls` at all."""
    return framework is None or _entry(cls, framework) is not None


# The shapes that a layer takes


def takes(cls: type[Layer], x: Shape) -> bool:
    """Whether layers of the class `cls` take an input of shape `x` alone."""
    fewest, most = cls.arity
    if fewest != 1 or most is None:
        return False
    axes = _axes(cls)
    if axes is not None and len(x) != axes:
        return False
    fits = FITS.get(cls.__name__)
    return fits is None or fits(x)


def _axes(cls: type[Layer]) -> int | None:
    """How many axes its input has, where that is fixed."""
    spatial = cls.rank + 1 + cls.over_time if issubclass(cls, Spatial) else None
    return len(cls.axis_names) or spatial


def _inputs(cls: type[Layer]) -> SearchStrategy[tuple[Shape, ...]]:
    own = INPUTS.get(cls.__name__)
    if own:
        return own(cls)
    alone = shapes(_axes(cls))
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
