"""A network made once more with symbols, while it is followed with numbers and with symbols."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from archcalc.layers.base import Layer
from archcalc.layers.fields import counts_of
from archcalc.network.base import Network
from archcalc.network.code import held
from archcalc.network.forms import is_model, is_network
from archcalc.network.generalizing.deciding import Entering, decided, fields_of
from archcalc.network.generalizing.readings import Numbers
from archcalc.network.graph import INPUT, Graph
from archcalc.network.model import Model
from archcalc.network.tensor import Input, Tensor, called
from archcalc.network.transform import Transform
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["Following", "rows_of"]

Shapes = tuple[Shape, ...]


class Following(Transform):
    """Makes layers with symbols, each on what comes into it where it is first called.

    Args:
        numbers: the symbols, and what they stand for.
        ends: the keys of the layers that give what comes out: where one has as many features as a
            table of the network has rows, these are the indices that come out.
        rows: how many rows the tables have.
    """

    def __init__(
        self, numbers: Numbers, ends: Container[object] = (), rows: frozenset[int] = frozenset()
    ) -> None:
        super().__init__()
        self._numbers = numbers
        self._ends = ends
        self._rows = rows
        self._entering: dict[int, Entering] = {}

    def network(self, network: Network, old: Shapes, new: Shapes) -> Network:
        """The whole, which `new` goes into where `old` did."""
        made: Network = self._made_on(network, Entering(old, new))
        return made

    def _made_on(self, layer: Layer, at: Entering) -> Any:
        """The layer with symbols, on what comes into it; what it became where it was made."""
        if id(layer) not in self._made:
            self._entering[id(layer)] = at
            if is_network(layer) and not is_model(layer) and next(held(layer), None) is not None:
                self._inside(layer, at)
        return self.layer(layer)

    def _fields(self, layer: Layer) -> Layer:
        at = self._entering.get(id(layer))
        if not is_network(layer):
            ties = tuple(map(self.tie, layer.tied))
            tables = [n for tie in layer.tied for n in rows_of(tie.owner)]
            as_rows = self._rows if layer.key in self._ends else tables
            made = decided(layer, at, self._numbers, as_rows)
            return made if ties == layer.tied else made.model_copy(update={"tied": ties})
        cls = type(layer)
        old = {name: getattr(layer, name) for name in cls.model_fields}
        new = {name: self._value(value) for name, value in old.items()}
        counted = fields_of(layer, None, self._numbers)
        if "input_shape" in counts_of(cls) and at is not None and layer.own_inputs() == at.old:
            counted["input_shape"] = at.new[0]
        new.update({name: v for name, v in counted.items() if v != old[name]})
        return layer if all(new[n] is old[n] for n in old) else cls(**new, **layer.kept)

    def _inside(self, network: Network, at: Entering) -> None:
        """The layers of a network, each on what comes into it, as far as that is known."""
        parts = set(map(id, everything_held(network)))
        try:
            inside = getattr(network, "inside", None)
            old, new = (inside(*at.old), inside(*at.new)) if inside else at
            self._nodes(network.graph(), Entering(old, new), parts)
        except ArchcalcError:
            return  # what was not reached is made by its numbers alone

    def _nodes(self, graph: Graph, at: Entering, parts: set[int]) -> None:
        old: list[Shapes] = []
        new: list[Shapes] = []
        for node in graph.nodes:
            here = Entering(
                tuple(at.old[r.output] if r.node == INPUT else old[r.node][r.output]
                      for r in node.inputs),
                tuple(at.new[r.output] if r.node == INPUT else new[r.node][r.output]
                      for r in node.inputs),
            )  # fmt: skip
            made = self._made_on(node.layer, here) if id(node.layer) in parts else node.layer
            old.append(node.layer.output_shapes(*here.old))
            new.append(made.output_shapes(*here.new))

    def _model(self, model: Model) -> Model:
        """The layers called once more, each made when it is known what comes into it."""
        own = tuple(x.shape for x in model.inputs)
        at = self._entering.get(id(model), Entering(own, own))
        inputs = tuple(Input(s, x.name) for s, x in zip(at.new, model.inputs, strict=True))
        graph = model.graph()
        made: list[tuple[Tensor, ...]] = []
        before: list[Shapes] = []
        changed = at.new != own
        for node, (layer, tensors) in zip(graph.nodes, model.calls, strict=True):
            values = tuple(
                inputs[r.output] if r.node == INPUT else made[r.node][r.output] for r in node.inputs
            )
            old = tuple(tensor.shape for tensor in tensors)
            if at.old != own:  # it was made on other shapes than it is called on
                old = tuple(
                    at.old[r.output] if r.node == INPUT else before[r.node][r.output]
                    for r in node.inputs
                )
                before.append(layer.output_shapes(*old))
            new = self._made_on(layer, Entering(old, _shapes(values)))
            changed = changed or new is not layer
            try:
                made.append(called(new, values))
            except ArchcalcError as error:
                raise error.at(node.name) from None
        if not changed:
            return model
        outputs = tuple(
            inputs[r.output] if r.node == INPUT else made[r.node][r.output] for r in graph.outputs
        )
        fields = {n: getattr(model, n) for n in type(model).model_fields}
        return type(model)(**{**fields, "inputs": inputs, "outputs": outputs})


def rows_of(layer: Layer) -> list[int]:
    """How many rows a layer's table has, where it has one."""
    counted = counts_of(type(layer)).items()
    return [getattr(layer, name) for name, counts in counted if counts == "rows"]


def everything_held(network: Network) -> list[Layer]:
    """The layers of a network, and of the open chains in it."""
    found: list[Layer] = []
    for layer in held(network):
        found.append(layer)
        if is_network(layer) and layer.stands_open and layer.name is None:
            found.extend(everything_held(layer))
    return found


def _shapes(values: Sequence[Tensor]) -> Shapes:
    return tuple(value.shape for value in values)
