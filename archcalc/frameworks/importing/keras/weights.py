"""Whose weights are whose: by the variables of a live model, of which each is counted once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from archcalc.frameworks.importing.keras.plan import Array
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.lookup import names_at
from archcalc.frameworks.records import KERAS
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.opaque import SeenWeight
from archcalc.layers.ties import Tie
from archcalc.network.base import Network
from archcalc.network.parameter import Parameter
from archcalc.symbolic.shape import Shape

__all__ = ["Owners"]

_HELD = {
    "layer": "forward_layer",
    "backward_layer": "backward_layer",
    "cell": "cell",
    "cells": "cells",
}
"""Where layers of Keras have those that ours have in fields."""


class Owners:
    """The owner of every variable that was met, by its identity."""

    def __init__(self) -> None:
        self._owner: dict[int, tuple[Layer, str]] = {}
        self._checked: set[tuple[int, int]] = set()
        self._free: dict[int, Parameter] = {}
        self._kept: list[Any] = []  # so that no identity is given twice

    def all_of(self, owner: Layer, layer: Layer, inputs: Sequence[Shape]) -> tuple[Tie, ...]:
        """Ties of all weights of a layer to those of the same names of another."""
        return tuple(Tie(w.name, owner, w.name) for w in Applied(layer, tuple(inputs)).weights)

    def take(self, live: Any, layer: Layer, inputs: Sequence[Shape]) -> None:
        """Say that the variables of a live layer are those of `layer`.

        Raises:
            NotLoweredError: they are not as many numbers, or another has some of them already.
        """
        if live is None or not live.built or (id(live), id(layer)) in self._checked:
            return
        theirs = list(live.weights)
        ours = Applied(layer, tuple(inputs)).weights
        if not layer.tied:
            shapes = [tuple(w.shape) for w in theirs]
            if _size(shapes) != _size([tuple(w.shape) for w in ours]):
                many = _size(shapes)
                raise NotLoweredError(f"it has {many:,} weights where its class has others")
            if any(id(w) in self._owner for w in theirs):
                raise NotLoweredError("it shares weights with another layer")
        for variable, name in zip(theirs, _names(theirs, layer, inputs), strict=True):
            self._keep(variable, layer, name)
        self._checked.add((id(live), id(layer)))

    def ties(self, live: Any, layer: Layer, inputs: Sequence[Shape]) -> tuple[Tie, ...]:
        """Ties of the weights of a new layer whose variables another layer has already.

        Raises:
            NotLoweredError: such a layer, or the other, is one that holds others.
        """
        if live is None or not live.built:
            return ()
        theirs = list(live.weights)
        there = [self._owner.get(id(variable)) for variable in theirs]
        if not any(there):
            return ()
        if isinstance(layer, Network) or any(one and isinstance(one[0], Network) for one in there):
            raise NotLoweredError("it shares weights with another layer")
        names = _names(theirs, layer, inputs)
        return tuple(
            Tie(name, *owner) for name, owner in zip(names, there, strict=True) if owner is not None
        )

    def as_trained(self, live: Any, layer: Layer, inputs: Sequence[Shape]) -> Layer:
        """A layer, with those weights frozen whose variables are not trained where others are.

        Raises:
            NotLoweredError: it is a layer that holds others, of which it is not known which.
        """
        if live is None or not live.built:
            return layer
        theirs = list(live.weights)
        if isinstance(layer, Network):
            layer = layer.model_copy(update=self._parts_as_trained(live, layer, inputs))
            ours = layer.trace(*inputs).trainable_parameters
            if ours != _size([tuple(w.shape) for w in theirs if w.trainable]):
                raise NotLoweredError("it trains some of its weights and not the others")
            return layer
        learned = {w.name for w in Applied(layer, tuple(inputs)).weights if w.learned}
        names = zip(theirs, _names(theirs, layer, inputs), strict=True)
        kept = tuple(n for variable, n in names if n in learned and not variable.trainable)
        some = 0 < len(kept) < len(learned)
        return layer.model_copy(update={"frozen": kept}) if some else layer

    def _parts_as_trained(
        self, live: Any, layer: Any, inputs: Sequence[Shape]
    ) -> dict[str, Layer | tuple[Layer, ...]]:
        """The same of what a layer holds, by field."""
        found: dict[str, Layer | tuple[Layer, ...]] = {}
        for field, attribute in _HELD.items():
            ours, theirs = getattr(layer, field, None), getattr(live, attribute, None)
            if theirs is not None and isinstance(ours, Layer):
                found[field] = self.as_trained(theirs, ours, layer.inside(*inputs))
            elif theirs is not None and isinstance(ours, tuple):
                pairs = zip(theirs, ours, strict=True)
                found[field] = tuple(self.as_trained(one, mine, inputs) for one, mine in pairs)
        return found

    def _keep(self, variable: Any, layer: Layer, name: str) -> None:
        if id(variable) not in self._owner:
            self._owner[id(variable)] = layer, name
            self._kept.append(variable)

    def seen(self, live: Any) -> tuple[SeenWeight, ...]:
        """The variables of a live layer that no other has, with names of their own."""
        made = {id(v) for part in _every(live) for v in part._trainable_variables}
        found = [v for v in getattr(live, "weights", ()) if id(v) not in self._owner]
        return tuple(
            seen.model_copy(update={"learned": True, "frozen": not v.trainable})
            if id(v) in made
            else seen
            for v, seen in zip(found, _seen(found), strict=True)
        )

    def give(self, live: Any, layer: Layer, seen: Sequence[SeenWeight]) -> None:
        """Say that a layer has the variables that `seen` gave."""
        new = [v for v in getattr(live, "weights", ()) if id(v) not in self._owner]
        for variable, weight in zip(new, seen, strict=False):
            self._keep(variable, layer, weight.name)

    def parameter(self, array: Array) -> Parameter:
        """A weight that is used by itself, as a layer without inputs."""
        variable = array.weight
        if id(variable) not in self._free:
            learned = bool(variable.trainable)
            layer = Parameter(array.shape, learned=learned, name=str(variable.name))
            if id(variable) in self._owner:
                owner, name = self._owner[id(variable)]
                layer = layer.model_copy(update={"tied": (Tie("value", owner, name),)})
            self._keep(variable, layer, "value")
            self._free[id(variable)] = layer
        return self._free[id(variable)]

    def rest(self, variables: Iterable[Any], called: set[int]) -> tuple[SeenWeight, ...]:
        """Those of a model that no layer has that is called."""
        return _seen(
            v for v in variables
            if id(v) not in self._owner or id(self._owner[id(v)][0]) not in called
        )  # fmt: skip


def _names(variables: Sequence[Any], layer: Layer, inputs: Sequence[Shape]) -> list[str]:
    """What the variables of a layer of Keras are called here: by their paths, or in order."""
    ours = Applied(layer, tuple(inputs)).weights
    shapes = {weight.name: tuple(weight.shape) for weight in ours}
    try:
        names = names_at(KERAS, layer, [str(one.path) for one in variables])
    except ValueError:
        names = []
    if sorted(names) == sorted(shapes):
        return names
    if [tuple(one.shape) for one in variables] == list(shapes.values()):
        return list(shapes)
    return [str(one.name) for one in variables]


def _seen(variables: Iterable[Any]) -> tuple[SeenWeight, ...]:
    found: list[SeenWeight] = []
    taken: set[str] = set()
    for variable in variables:
        base = str(getattr(variable, "path", variable.name)).rpartition("/")[2] or "weight"
        name, number = base, 0
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        learned = bool(variable.trainable)
        found.append(SeenWeight(name=name, shape=tuple(variable.shape), learned=learned))
    return tuple(found)


def _every(live: Any) -> Iterable[Any]:
    """A layer, and those in it."""
    return live._flatten_layers() if hasattr(live, "_flatten_layers") else ()


def _size(shapes: Iterable[Sequence[Any]]) -> Any:
    total: Any = 0
    for shape in shapes:
        size: Any = 1
        for dim in shape:
            size = size * dim
        total = total + size
    return total
