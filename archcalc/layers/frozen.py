"""Weights of a layer that are not trained, though others of it are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from archcalc.layers.axis import told_axes
from archcalc.symbolic.errors import InvalidLayerError, quoted

if TYPE_CHECKING:
    from archcalc.layers.base import Layer
    from archcalc.layers.facts import Weight

__all__ = ["FrozenWeights", "as_told"]


def as_told(layer: Layer, weights: tuple[Weight, ...], inputs: Sequence[Any]) -> tuple[Weight, ...]:
    """The weights of a layer, with what it was told of them: their axes, and which are frozen.

    Raises:
        InvalidLayerError: it has no such weight.
    """
    if layer.weight_axes:
        weights = told_axes(layer, weights, inputs)
    return _kept(layer, weights) if layer.frozen else weights


def _kept(layer: Layer, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    there = [weight.name for weight in weights if weight.learned]
    wrong = [name for name in layer.frozen if name not in there]
    if wrong:
        raise InvalidLayerError(
            f"frozen of {type(layer).__name__}: {quoted(wrong[0], 40)} is none of the weights that "
            "it learns",
            code="invalid-frozen",
            hint=f"these are {', '.join(there) or 'none'}; trainable=False freezes all",
        )
    return tuple(replace(w, frozen=True) if w.name in layer.frozen else w for w in weights)


def _read(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise InvalidLayerError(
            f"{quoted(value, 60)} does not say which weights are frozen",
            code="invalid-frozen",
            hint='name them: frozen="kernel", or frozen=["kernel", "bias"]',
        )
    return tuple(dict.fromkeys(names))


_NAME = {"type": "string"}
_SCHEMA = {"anyOf": [_NAME, {"type": "array", "items": _NAME}]}

if TYPE_CHECKING:

    class FrozenWeights:
        """The names of weights."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[str, ...]: ...
        def __set__(self, owner: object, value: str | Iterable[str]) -> None: ...

else:
    FrozenWeights = Annotated[
        Any, BeforeValidator(_read), PlainSerializer(list), WithJsonSchema(_SCHEMA)
    ]
