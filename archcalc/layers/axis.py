"""What the axes of a weight are: names by which a mesh of devices says what it splits.

A layer states the names of its weights' axes where it knows them, as attention in heads does.  One
that does not, as a `Dense` that may be a projection or half of an MLP, is told by the part of a
network that it stands in: ``Dense(f, weight_axes={"kernel": ("width", "ffn")})``.

Source: Shazeer et al., *Mesh-TensorFlow* (2018), section 2: named dimensions, and a layout that
maps them to the dimensions of a mesh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from archcalc.layers.values import as_data
from archcalc.symbolic.dims import Dim, as_dim
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.shown import Shown

if TYPE_CHECKING:
    from archcalc.layers.base import Layer
    from archcalc.layers.facts import Weight

__all__ = ["UNNAMED", "Axis", "WeightAxes", "told_axes"]


@dataclass(frozen=True, slots=True)
class Axis(Shown):
    """What an axis of a weight, or of what is kept, holds.

    Attributes:
        name: such as ``"width"``, ``"heads"``, ``"kv heads"``, ``"ffn"``, ``"vocab"`` or
            ``"latent"``; empty where it has none.
        parts: how many parts lie along it that are not cut, such as heads; ``None`` where it may be
            cut anywhere.

    >>> Axis("kv heads", 8)
    Axis(name='kv heads', parts=8)
    """

    name: str = ""
    parts: Dim | None = None


UNNAMED = Axis()
"""An axis of which nothing is said."""

Named: TypeAlias = tuple[tuple[str, tuple[tuple[str, Dim | None], ...]], ...]
"""For each weight, the name of each of its axes and its parts, as a layer holds them."""


def told_axes(layer: Layer, weights: tuple[Weight, ...], inputs: Sequence[Any]) -> Any:
    """The weights with what their axes hold, as the layer was told; a bias has those of its kernel.

    Raises:
        InvalidLayerError: it has no such weight, or that has another number of axes.
    """
    told = {name: tuple(Axis(*axis) for axis in axes) for name, axes in layer.weight_axes}
    ranks = {weight.name: len(weight.shape) for weight in weights}
    for name, axes in told.items():
        if ranks.get(name) != len(axes):
            has = f"has {ranks[name]} axes" if name in ranks else "is none of its weights"
            raise InvalidLayerError(
                f"weight_axes of {type(layer).__name__}: {quoted(name, 40)} {has}, and "
                f"{len(axes)} are named",
                code="invalid-weight-axes",
                hint=f"its weights are {', '.join(ranks) or 'none'}; name every axis of one, by "
                "an empty name where there is nothing to say",
            )
    made = {weight.name: weight.outputs for weight in weights}
    for done in layer.work(*inputs, layer.output_shape(*inputs)):
        if done.weight in told and done.bias not in told and made[done.weight]:
            told[done.bias] = told[done.weight][-made[done.weight] :]
    return tuple(replace(w, axes=told.get(w.name, w.axes)) for w in weights)


def _read(value: Any) -> Named:
    """``{"kernel": ("width", ("heads", a))}`` as it is held."""
    items: Iterable[Any] = value.items() if isinstance(value, Mapping) else value
    try:
        return tuple((str(weight), tuple(map(_axis, axes))) for weight, axes in items)
    except (TypeError, ValueError):
        raise InvalidLayerError(
            f"{quoted(value, 60)} does not say what the axes of weights are",
            code="invalid-weight-axes",
            hint='name every axis of a weight: weight_axes={"kernel": ("width", "ffn")}, or with '
            'the parts along it: {"kernel": ("width", ("heads", "a"))}',
        ) from None


def _axis(given: Any) -> tuple[str, Dim | None]:
    if given is None or isinstance(given, str):
        return given or "", None
    name, parts = given
    if not isinstance(name, str):
        raise TypeError
    return name, None if parts is None else as_dim(parts)


def _written(named: Named) -> Any:
    """As a file has it."""
    return {
        weight: [name if parts is None else [name, as_data(parts)] for name, parts in axes]
        for weight, axes in named
    } or []


_AXIS = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "minItems": 2, "maxItems": 2},
        {"type": "null"},
    ]
}
_SCHEMA = {"type": "object", "additionalProperties": {"type": "array", "items": _AXIS}}

if TYPE_CHECKING:

    class WeightAxes:
        """The names of the axes of weights, by the name of the weight."""

        def __get__(self, owner: object, kind: type | None = None) -> Named: ...
        def __set__(self, owner: object, value: Mapping[str, Any]) -> None: ...

else:
    WeightAxes = Annotated[
        Any, BeforeValidator(_read), PlainSerializer(_written), WithJsonSchema(_SCHEMA)
    ]
