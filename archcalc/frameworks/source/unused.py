"""Weights of a torch model that reach no output: they are counted all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.source.values import Children, Instance, Made
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.opaque import UNREACHED, Opaque, SeenWeight
from archcalc.network.code import everything
from archcalc.network.model import Model
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["with_unused"]


def with_unused(machine: Any, model: Any, network: Model) -> Model:
    """The network with a row for the weights that the model holds and never uses."""
    if not isinstance(model, Instance) or model.framework != "torch":
        return network
    used = {id(layer) for layer in everything(network)}
    seen: list[SeenWeight] = []
    for path, held in _held(model, "", set()):
        seen += _weights(machine, path, held, used)
    if not seen:
        return network
    first, *others = network.outputs
    shape: Any = Shape(first.shape)
    layer = Opaque(UNREACHED, (shape,), tuple(seen), name="unused")
    return Model(network.inputs, [layer(first), *others])


def _held(value: Any, path: str, met: set[int]) -> Iterator[tuple[str, Made | Ref]]:
    """Every layer and weight that a module registers, with its path."""
    if isinstance(value, Made | Ref):
        key = id(value) if isinstance(value, Made) else -1 - value.number
        if key not in met:
            met.add(key)
            yield path, value
        return
    if id(value) in met or not isinstance(value, Instance | Children):
        return
    met.add(id(value))
    parts = value.names if isinstance(value, Instance) else value.parts
    for name, part in parts.items():
        yield from _held(part, f"{path}.{name}" if path and name != "parts" else name, met)


def _weights(machine: Any, path: str, held: Made | Ref, used: set[int]) -> list[SeenWeight]:
    if isinstance(held, Ref):
        kept = machine.bench.graph.tensors[held.number]
        layer = machine.bench._free.get(kept.name)
        if kept.kind != "parameter" or (layer is not None and id(layer) in used):
            return []
        return [SeenWeight(name=path, shape=Shape(map(_dim, kept.shape)))]
    if id(held.layer) in used or not held.torch:
        return []
    taken = [
        name for name, (layer, _) in machine.borrowed.owners(held).items() if id(layer) in used
    ]
    return [
        SeenWeight(name=f"{path}.{weight.name}", shape=weight.shape)
        for weight in _of_layer(held.layer)
        if weight.role != "statistic" and weight.name not in taken
    ]


def _of_layer(layer: Layer) -> Any:
    """The weights of a layer that is called on nothing: on the smallest input that it takes."""
    told = layer.expects if layer.expects is not None else 1
    for shape in ((told,), (64, told), (told, 64), (told, 64, 64), (told, 64, 64, 64)):
        try:
            return Applied(layer, (Shape(shape),)).weights
        except (ArchcalcError, IndexError):
            continue
    return ()


def _dim(size: Any) -> Any:
    return getattr(size, "dim", size)
