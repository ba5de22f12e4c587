"""Weights of layers that the source takes by name: ``functional.linear(x, self.head.weight)``."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.importing.weights import our_names, ties_of
from archcalc.frameworks.source.values import Made, WeightOf
from archcalc.layers.base import Layer

__all__ = ["Borrowed"]


class Borrowed:
    """The weights of layers that functions are called with.

    Args:
        bench: what puts layers on tensors.
    """

    def __init__(self, bench: Any) -> None:
        self._bench = bench
        self._refs: dict[tuple[int, str], tuple[Made, Ref]] = {}

    def ref(self, weight: WeightOf) -> Ref:
        """A weight as what a function is called with; its layer owns it, where it was called."""
        key = id(weight.made), weight.name
        if key not in self._refs:
            made = weight.made
            self._refs[key] = made, self._bench.weight(weight.name, _shape(weight), True)
            if made.called:
                ours = our_names(made.layer)[weight.name]
                self._bench.claim(self._name(key), made.layer, ours)
        return self._refs[key][1]

    def owners(self, made: Made) -> dict[str, tuple[Layer, str]]:
        """Of each weight of a layer that a function's layer has, by our name: that layer."""
        if not any(of == id(made) for of, _ in self._refs):
            return {}
        ours = our_names(made.layer)
        found = {
            ours[name]: self._bench.owner(self._name((of, name)))
            for of, name in self._refs
            if of == id(made)
        }
        return {name: owner for name, owner in found.items() if owner is not None}

    def owed(self, made: Made) -> Layer:
        """A layer that is called now, with the weights tied that a function was called with."""
        owners = self.owners(made)
        ties = (*made.layer.tied, *ties_of(made.layer, owners))
        return made.layer.model_copy(update={"tied": ties}) if owners else made.layer

    def _name(self, key: tuple[int, str]) -> str:
        return str(self._bench.graph.tensors[self._refs[key][1].number].name)


def _shape(weight: WeightOf) -> tuple[Any, ...]:
    """The shape of a weight as torch has it.

    Raises:
        NotLoweredError: it is of a layer whose weights are not read by name.
    """
    given, cls = weight.made.arguments, weight.made.cls
    if weight.name == "bias" and cls in ("Linear", "Conv1d", "Conv2d", "Conv3d"):
        return (given["out_features" if cls == "Linear" else "out_channels"],)
    if cls == "Linear":
        return given["out_features"], given["in_features"]
    if cls == "Embedding":
        return given["num_embeddings"], given["embedding_dim"]
    if cls in ("Conv1d", "Conv2d", "Conv3d"):
        size = given["kernel_size"]
        size = size if isinstance(size, tuple) else (size,) * int(cls[-2])
        return given["out_channels"], given["in_channels"] // given.get("groups", 1), *size
    if cls in ("LayerNorm", "RMSNorm"):
        shape = given["normalized_shape"]
        return tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if cls.startswith("BatchNorm"):
        return (given["num_features"],)
    raise NotLoweredError(f"{weight.name} of {cls} is taken out of it, which is not read")
