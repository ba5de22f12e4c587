"""Layers and the shapes they take; what is made is always valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.frameworks.records import record_of
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.errors import ArchcalcError, shorten
from archcalc.symbolic.shape import Shape
from archcalc.testing.available import (
    Allowed,
    Framework,
    Kind,
    allowed,
    axes_of,
    catalogue,
    chosen,
    takes,
)
from archcalc.testing.bounds import BoundError
from archcalc.testing.by_type import asks_sizes, own_fields
from archcalc.testing.draw import Pick, UnfitError, numbers, plain_fields, ranged_fields
from archcalc.testing.recipes import INPUTS, RECIPES
from archcalc.testing.shaping import small

__all__ = [
    "Drawn",
    "draw_layer",
    "existing",
    "fitted",
    "inputs_of",
    "layer_on",
    "layers",
    "pairs",
    "tries",
]

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
    classes = existing(chosen(kinds, within), within)
    return st.sampled_from(classes).flatmap(lambda cls: pairs(cls, within))


def existing(classes: tuple[type[Layer], ...], allowed: Allowed) -> tuple[type[Layer], ...]:
    """Those of `classes` of which a layer can be found with the values that are said of fields.

    Raises:
        BoundError: there is none of any.
    """
    found = tuple(cls for cls in classes if not allowed.said(cls) or _example(cls, allowed))
    if not found:
        names = ", ".join(cls.__name__ for cls in classes[:6])
        every = dict(said for cls in classes for said in allowed.said(cls))
        said = ", ".join(f"{name}={list(values)}" for name, values in every.items())
        raise BoundError(
            f"none of the kinds {names} was found to take any input with {shorten(said, 80)}",
            code="no-kinds",
            hint="ask for other values, or leave some fields free",
        )
    return found


_QUIETLY = settings(
    database=None,
    deadline=None,
    max_examples=500,
    phases=(Phase.generate,),
    suppress_health_check=tuple(HealthCheck),
)


@lru_cache(maxsize=4096)
def _example(cls: type[Layer], allowed: Allowed) -> Drawn | None:
    """A layer with the values that are said, and its inputs, if one can be found."""
    try:
        return find(_drawn(cls, allowed), lambda drawn: drawn is not None, settings=_QUIETLY)
    except NoSuchExample:
        return None


@lru_cache(maxsize=1024)
def pairs(cls: type[Layer], allowed: Allowed) -> SearchStrategy[Drawn]:
    """Layers of one class, and the shapes they take."""
    found: SearchStrategy[Any] = _drawn(cls, allowed)
    if allowed.said(cls):  # it may ask for inputs that are seldom drawn
        found = found.map(lambda drawn: drawn or _example(cls, allowed))
    return found.filter(lambda drawn: drawn is not None)


@st.composite
def _drawn(draw: DrawFn, cls: type[Layer], allowed: Allowed) -> Drawn | None:
    return fitted(draw, cls, draw(inputs_of(cls)), allowed)


_LARGER = (2, 12)
"""How many times larger inputs may be than they were drawn: a window said to be large finds its
room, and channels come in whole groups."""


def tries(
    cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> Iterator[tuple[Shape, ...]]:
    """`inputs`; where something is said of the fields, also larger ones, and what is said.

    A Reshape takes the shape that it gives, and an `in_features` is how many features come in.
    """
    yield inputs
    said = allowed.said(cls)
    larger = (tuple(Shape(dim * n for dim in x) for x in inputs) for n in _LARGER if said)
    values = [value for _, those in said for value in those]
    shapes = ((Shape(value),) for value in values if _is_shape(value))
    wide = (
        (inputs[0].replace(-1, n), *inputs[1:]) for n in values if inputs[0] and _is_shape((n,))
    )
    every = (*larger, *shapes, *wide)
    yield from (some for some in every if len(some) > 1 or takes(cls, some[0]))


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and value != () and all(type(n) is int and n > 0 for n in value)


def fitted(
    draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> Drawn | None:
    """A layer on `inputs`, or on larger ones where what is said of its fields asks for them."""
    for shapes in tries(cls, inputs, allowed):
        layer = draw(layer_on(cls, shapes, allowed))
        if layer is not None:
            return layer, shapes
    return None


@lru_cache(maxsize=8192)
def layer_on(
    cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> SearchStrategy[Layer | None]:
    """Layers of one class that take `inputs`; ``None`` where none was found."""
    return _layer(cls, inputs, allowed)


@st.composite
def _layer(
    draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> Layer | None:
    return draw_layer(draw, cls, inputs, allowed)


_TRIES = 3


def draw_layer(
    draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> Layer | None:
    """A layer of one class that takes `inputs`; ``None`` if none is found in a few tries."""
    limits = allowed.limits(cls)
    for _ in range(_TRIES):
        made = _made(draw, cls, inputs, allowed)
        if made is not None and all(holds(made) for holds in limits):
            return made
    return None


def _made(
    draw: DrawFn, cls: type[Layer], inputs: tuple[Shape, ...], allowed: Allowed
) -> Layer | None:
    """A layer whose fields fit by construction, or else by a look at it: ``None`` if they don't."""
    left = allowed.left(cls) or {}
    said = {name: draw(st.sampled_from(left[name])) for name, _ in allowed.said(cls)}
    left = {**left, **{name: (value,) for name, value in said.items()}}
    pick = Pick(draw, left, lambda kind, x: _held(kind, x, allowed))
    recipe = RECIPES.get(cls.__name__)
    own = recipe is None and (cls not in catalogue() or asks_sizes(cls))
    record = record_of(cls)
    made = ranged_fields(pick, record.ranges) if record else {}
    try:
        if own:
            made |= own_fields(pick, cls, inputs, made)
        elif recipe:
            made |= recipe(pick, cls, inputs)
    except UnfitError:
        return None
    fields = plain_fields(pick, cls, {**made, **said})
    return _if_it_fits(cls, fields, inputs) if own or said else cls(**fields)


def _if_it_fits(
    cls: type[Layer], fields: Mapping[str, Any], inputs: tuple[Shape, ...]
) -> Layer | None:
    try:
        return Applied(cls(**fields), inputs).layer
    except ArchcalcError:
        return None


def _held(
    kind: str, inputs: tuple[Shape, ...], allowed: Allowed
) -> SearchStrategy[Layer | None] | None:
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
