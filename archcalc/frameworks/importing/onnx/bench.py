"""Layers and functions on the tensors of an ONNX graph: named, and owners of initialisers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from archcalc import layers as ac
from archcalc.frameworks.importing.graph import Call, Ref
from archcalc.frameworks.importing.onnx.tensors import Stored
from archcalc.frameworks.importing.sizes import quotient
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.tensors import BATCH, Bench
from archcalc.layers.base import Layer
from archcalc.network.parameter import Parameter

__all__ = ["OnnxBench"]

_BESIDE = (ac.Squeeze, ac.ExpandDims, ac.Permute, ac.Reshape, Parameter)
"""Layers that bring tensors together and are not what a node is named for."""


class OnnxBench(Bench):
    """A bench whose tensors are those of a graph.

    Args:
        sizes: what symbols are while the graph is followed, by name.
        fixed: how long the batch is in the file, where it is a number there.
    """

    def __init__(self, sizes: Mapping[str, int], fixed: int | None) -> None:
        super().__init__(sizes)
        self.fixed = fixed
        self.label: str | None = None
        self.place = ""
        self._taken: set[str] = set()
        self._refs: dict[tuple[str, tuple[int, ...], bool], Ref] = {}
        self._kept: dict[Any, Layer] = {}
        self.fresh = self._fresh

    # Names

    def network(self, name: str) -> tuple[Any, ...]:
        """Begin a network of its own for a module; what is given back ends it, by `back`."""
        around = self._taken, self._env, self.place
        self._taken, self._env = set(), {}
        self.place = f"{self.place}.{name}" if self.place else name
        return around

    def back(self, around: tuple[Any, ...]) -> None:
        """Go on with the network around."""
        self._taken, self._env, self.place = around

    def _fresh(self, name: str) -> str:
        """A name that nothing in this network has yet."""
        made, number = name, 0
        while made in self._taken:
            number += 1
            made = f"{name}_{number}"
        self._taken.add(made)
        return made

    def called(self, layer: Layer) -> Layer:
        """The layer with the name of the node, if none has it yet."""
        if self.label is None or layer.name is not None:
            return layer
        name, self.label = self._fresh(self.label), None
        return layer.model_copy(update={"name": name})

    def _called_after(self, weights: Sequence[tuple[str, bool]]) -> str | None:
        """The name of the node, or else of the module inside whose weights they are."""
        name, self.label = self.label, None
        around = f"{self.place}." if self.place else ""
        for weight, _ in weights if name is None else ():
            module = weight.rpartition(".")[0]
            if module.startswith(around) and module != self.place:
                name = name or module.removeprefix(around)
        return None if not name else self._fresh(name)

    # Weights

    def stored(self, stored: Stored, learned: bool | None = None) -> Ref:
        """A weight of the file; the same wherever it is used."""
        role = stored.is_weight if learned is None else learned
        key = stored.name, stored.shape, role
        if key not in self._refs:
            kept = self.graph.tensors
            ref = self.weight(stored.name, stored.shape, role)
            made = kept[ref.number]
            self.graph.names[made.name] = f"{'' if role else 'kept '}{stored.name}"  # type: ignore[index]
            self._refs[key] = ref
        return self._refs[key]

    def called_so(self, name: str) -> str:
        return self._fresh(name.rpartition("/")[2].rpartition(".")[2].rpartition(":")[2] or "value")

    def is_claimed(self, stored: Stored) -> bool:
        """Whether a layer has an initialiser already."""
        return stored.name in self._owner

    def held(self, layer: Layer, *weights: Any) -> Layer:
        names = tuple(self.graph.tensors[w.number].name for w in weights if w is not None)
        key = layer, names
        if key not in self._kept:
            self._layers.clear()
            self._kept[key] = super().held(layer, *weights)
        return self._kept[key]

    def several(self, layer: Layer, values: Sequence[Value], *weights: Ref | None) -> list[Value]:
        """What a layer gives whose weights are the file's, one an output."""
        self.call = Call(type(layer).__name__, tuple(values), {}, ())
        return self.layer(self.held(layer, *weights), values)

    def weighs(self, given: Any) -> bool:
        """Whether an input is a weight of the file, as it is."""
        return isinstance(given, Stored) and given.is_weight

    def is_stored(self, given: Any) -> bool:
        """Whether an input is a tensor that a layer may hold: of the file, or a constant."""
        return not isinstance(given, Value)

    def bias(self, given: Any) -> Any:
        """A bias, ``None`` where it is left out or zeros that the graph makes."""
        return None if isinstance(given, np.ndarray) and not given.any() else given

    def kept_ref(self, given: Any) -> Ref | None:
        """A weight in the place of one, whatever its numbers are.

        Raises:
            NotLoweredError: it is computed.
        """
        if given is None:
            return None
        if isinstance(given, Stored):
            return self.stored(given, learned=True)
        if isinstance(given, Value):
            raise NotLoweredError("weights that are computed")
        return self.stored(Stored(f"constant {id(given)}", tuple(given.shape), True), learned=True)

    def held_by(self, layer: Layer, value: Value, *weights: Any) -> Layer:
        """A layer with the weights of a node, for a tensor on which it is then called."""
        self.call = Call(type(layer).__name__, (value,), {}, ())
        return self.held(layer, *map(self.kept_ref, weights))

    def owned_by(self, layer: Layer, value: Value, *weights: Any) -> Value:
        """What a layer gives that has the weights of a node."""
        return self.layer(self.held_by(layer, value, *weights), [value])[0]

    def _given_by(self, layer: Layer, values: Sequence[Value], known: Any) -> list[Value]:
        if not isinstance(layer, _BESIDE):
            layer = self.called(layer)
        return super()._given_by(layer, values, known)

    # Tensors

    def of(self, given: Any) -> Value:
        """An input of a node as a tensor.

        Raises:
            NotLoweredError: it is left out.
        """
        if isinstance(given, Value):
            return given
        if isinstance(given, Stored):
            return self.tensor_of(self.stored(given))
        if given is None:
            raise NotLoweredError("an input is left out")
        return self.constant(given.shape)

    def real(self, value: Value) -> tuple[int, ...]:
        """The shape as the file has it: with its batch."""
        if value.at is None or self.fixed is None:
            return value.shape
        axis = value.at.axis
        length = quotient(value.shape[axis], BATCH) * self.fixed
        return (*value.shape[:axis], length, *value.shape[axis + 1 :])

    def target(self, value: Value, sizes: Sequence[int]) -> tuple[int, ...]:
        """The shape that a tensor is brought into, with the batch where it then is.

        A file whose batch is a number does not say which axis of a target it is in.  It is the axis
        along which a step is as many elements as one sample; an axis of the batch alone is taken
        before others, and the last axis only where there is no other.
        """
        if value.at is None or self.fixed is None:
            return tuple(sizes)
        total = prod(self.real(value))
        known = prod(n for n in sizes if n != -1)
        filled = [quotient(total, known) if n == -1 and known else n for n in sizes]
        if prod(filled) != total:
            raise NotLoweredError(f"{tuple(sizes)} has not as many elements as {self.real(value)}")
        axis = self._place(value, filled)
        made = [n if sizes[i] != -1 or i == axis else -1 for i, n in enumerate(filled)]
        made[axis] = quotient(filled[axis], self.fixed) * BATCH
        return tuple(made)

    def _place(self, value: Value, sizes: Sequence[int]) -> int:
        """The axis of the file's target that the batch is in."""
        at: Any = value.at
        step, behind = at.inner * prod(value.shape[at.axis + 1 :]), 1
        free, folded = [], []
        for axis in range(len(sizes) - 1, -1, -1):
            inner, rest = divmod(int(step), int(behind))
            if inner and not rest:
                if sizes[axis] == self.fixed and inner == 1:
                    free.append(axis)
                elif int(sizes[axis]) % ((self.fixed or 1) * inner) == 0:
                    folded.append(axis)
            behind *= sizes[axis]
        if free:
            return min(free, key=lambda axis: abs(axis - at.axis))
        if not folded:
            raise NotLoweredError("the batch is torn apart")
        return next((axis for axis in folded if axis < len(sizes) - 1), folded[0])
