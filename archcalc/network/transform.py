"""A network made anew with something else in it: the one way in which networks are changed.

What is not touched stays the same object, and what is shared stays shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sympy import Expr

from archcalc.layers.base import Layer
from archcalc.layers.ties import Tie
from archcalc.network.forms import is_model, is_network
from archcalc.network.graph import INPUT, Graph, Node
from archcalc.network.tensor import Input, Tensor, called
from archcalc.symbolic.errors import ArchcalcError, ShapeError
from archcalc.symbolic.shape import Shape

if TYPE_CHECKING:
    from archcalc.network.model import Model

__all__ = ["Transform"]


class Transform:
    """Makes layers and networks anew; a subclass says what changes.

    Args:
        places: the path of each layer, by its identity, for errors.
    """

    def __init__(self, places: Mapping[int, str] | None = None) -> None:
        self._places = places or {}
        self._made: dict[int, Layer] = {}

    def expression(self, value: Expr) -> Any:
        """What stands for an expression: itself, unless something else is to."""
        return value

    def instead(self, layer: Layer) -> tuple[Layer, ...]:
        """The layers, one after the other, that stand where `layer` stood."""
        return (self.layer(layer),)

    def layer(self, layer: Layer) -> Any:
        """The layer, and its layers, with what changes; the same object where nothing does."""
        if id(layer) not in self._made:
            made = self._model(layer) if is_model(layer) else self._fields(layer)
            self._made[id(layer)] = made
        return self._made[id(layer)]

    def _fields(self, layer: Layer) -> Layer:
        cls = type(layer)
        old = {**{name: getattr(layer, name) for name in cls.model_fields}, **layer.kept}
        new = {name: self._value(value) for name, value in old.items()}
        if all(new[name] is old[name] for name in old):
            return layer
        try:
            return cls(**new)
        except ArchcalcError as error:
            raise error.at(self._places.get(id(layer), "")) from None

    def _value(self, value: Any) -> Any:
        if isinstance(value, Expr):
            return self.expression(value)
        if isinstance(value, Layer):
            return self._block(value)
        if isinstance(value, tuple):
            parts = [new for part in value for new in self._parts(part)]
            if len(parts) == len(value) and all(map(_same, parts, value)):
                return value
            return Shape(parts) if isinstance(value, Shape) else tuple(parts)
        return value

    def tie(self, tie: Tie) -> Tie:
        """A tie to what stands where its owner stood."""
        owner = self.instead(tie.owner)
        if len(owner) != 1 or owner[0] is tie.owner:
            return tie  # what is gone is missed when the network is followed
        return replace(tie, owner=owner[0])

    def _parts(self, part: Any) -> tuple[Any, ...]:
        if isinstance(part, Tie):
            return (self.tie(part),)
        return self.instead(part) if isinstance(part, Layer) else (self._value(part),)

    def _block(self, layer: Layer) -> Any:
        """What stands in a field for one layer: a list, where it is none or several."""
        parts = self.instead(layer)
        if len(parts) == 1:
            return parts[0]
        count = layer.graph().arity if is_network(layer) else layer.arity[0]
        if count != 1:
            raise self._several(layer, f"takes {count} inputs").at(self._places.get(id(layer), ""))
        return list(parts)

    def _model(self, model: Model) -> Model:
        """The layers called once more, on inputs of the new shapes."""
        graph = model.graph()
        chains = [self.instead(node.layer) for node in graph.nodes]
        shapes = [self._value(x.shape) for x in model.inputs]
        kept = all(new is x.shape for new, x in zip(shapes, model.inputs, strict=True))
        if kept and all(
            len(chain) == 1 and chain[0] is node.layer
            for chain, node in zip(chains, graph.nodes, strict=True)
        ):
            return model
        inputs = tuple(Input(s, x.name) for s, x in zip(shapes, model.inputs, strict=True))
        try:
            outputs = self._called(graph, chains, inputs)
        except ArchcalcError as error:
            raise error.at(self._places.get(id(model), "")) from None
        names = [name for name in type(model).model_fields if name not in ("inputs", "outputs")]
        fields = {name: getattr(model, name) for name in names}
        return type(model)(inputs=inputs, outputs=outputs, **fields)

    def _called(
        self, graph: Graph, chains: list[tuple[Layer, ...]], inputs: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        made: list[tuple[Tensor, ...]] = []
        used = _used(graph)

        def tensor(node: int, output: int) -> Tensor:
            return inputs[output] if node == INPUT else made[node][output]

        for i, (node, chain) in enumerate(zip(graph.nodes, chains, strict=True)):
            values = tuple(tensor(ref.node, ref.output) for ref in node.inputs)
            try:
                made.append(self._chained(node, chain, values, used[i]))
            except ArchcalcError as error:
                raise error.at(node.name) from None
        return tuple(tensor(ref.node, ref.output) for ref in graph.outputs)

    def _chained(
        self, node: Node, chain: tuple[Layer, ...], values: tuple[Tensor, ...], used: int
    ) -> tuple[Tensor, ...]:
        """The layers of `chain` called one after the other in the place of a node."""
        if len(chain) != 1:
            if len(values) != 1 and (not chain or chain[0] is not node.layer):
                raise self._several(node.layer, f"takes {len(values)} inputs here")
            if used > 1 and (not chain or chain[-1] is not node.layer):
                raise self._several(node.layer, f"gives {used} outputs, not the first alone")
        for number, layer in enumerate(chain):
            values = called(layer, values[:1] if number else values)
        if len(values) < used:
            raise ShapeError(
                f"{used} outputs are used, and {type(chain[-1]).__name__} gives {len(values)}",
                code="too-few-outputs",
                hint="give a layer with as many outputs, such as return_state=True",
            )
        return values

    def _several(self, layer: Layer, what: str) -> ShapeError:
        return ShapeError(
            f"{type(layer).__name__} {what}, and one value would have to take their place",
            code="several-values",
            hint="replace it, or change the layers on the branches instead",
        )


def _same(new: object, old: object) -> bool:
    return new is old


def _used(graph: Graph) -> list[int]:
    """How many outputs of each node must be there for those that are used."""
    counts = [1] * len(graph.nodes)
    refs = [ref for node in graph.nodes for ref in node.inputs]
    for ref in (*refs, *graph.outputs):
        if ref.node != INPUT:
            counts[ref.node] = max(counts[ref.node], ref.output + 1)
    return counts
