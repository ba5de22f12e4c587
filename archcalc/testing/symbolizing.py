"""Symbols in the place of numbers, in layers and in networks."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from sympy import Symbol

from archcalc.layers.base import Layer
from archcalc.network import Input, Model, Network, Repeat, Sequential
from archcalc.network.graph import INPUT
from archcalc.network.tensor import every
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol

__all__ = ["Symbols", "symbolic_networks"]

_SHAPES = ("target_shape", "unflattened_size")
"""Fields of dimensions that have no letter in formulas, since one may be −1."""

_REPLACED = range(2, 10)
"""The numbers that are replaced in random networks; some layers treat an axis of length 1 apart."""


class Symbols:
    """Puts a symbol in the place of every number, and remembers the number.

    A symbol is at least 1, so that 0 and −1 stay numbers.

    Args:
        defaults: whether fields that have their default value get symbols too.
        alike: whether equal numbers get the same symbol, ``n5`` for 5.
        only: the numbers to be replaced; all of them where ``None``.

    >>> from archcalc.layers import Dense
    >>> made = Symbols(alike=True)
    >>> made.layer(Dense(5)), made.values
    (Dense(units='n5'), {n5: 5})
    """

    def __init__(
        self,
        *,
        defaults: bool = False,
        alike: bool = False,
        only: Container[int] | None = None,
    ) -> None:
        self.values: dict[Symbol, int] = {}
        self.defaults = defaults
        self.alike = alike
        self.only = only
        self._layers: dict[int, Layer] = {}

    def of(self, value: Any, name: str) -> Any:
        """`value` with symbols in the place of numbers, however deep."""
        if isinstance(value, tuple):
            return tuple(self.of(part, f"{name}{i}") for i, part in enumerate(value))
        if type(value) is not int or value < 1:
            return value
        if self.only is not None and value not in self.only:
            return value
        made = symbol(f"n{value}" if self.alike else f"{name}_{len(self.values)}")
        self.values[made] = value
        return made

    def shape(self, x: Shape, *, keep_ones: bool = False) -> Shape:
        """A shape of symbols."""
        return Shape(dim if keep_ones and dim == 1 else self.of(dim, "n") for dim in x)

    def layer(self, layer: Layer) -> Any:
        """`layer` with symbols for every number that a formula could name."""
        if id(layer) not in self._layers:
            made = self._network(layer) if isinstance(layer, Network) else self._fields(layer)
            self._layers[id(layer)] = made
        return self._layers[id(layer)]

    def _fields(self, layer: Layer) -> Layer:
        given = layer.given()
        fields = {}
        for name, field in type(layer).model_fields.items():
            extra = field.json_schema_extra
            named = (isinstance(extra, dict) and "symbol" in extra) or name in _SHAPES
            value = getattr(layer, name)
            fields[name] = self.of(value, name) if named and self._told(name, given) else value
        return type(layer)(**fields)

    def _told(self, name: str, given: dict[str, Any]) -> bool:
        return self.defaults or name in given

    def _network(self, net: Network) -> Network:
        """A network around layers of symbols; how often a block is repeated is one too."""
        if isinstance(net, Model):
            return self._model(net)
        fields: dict[str, Any] = {}
        for name in type(net).model_fields:
            value = getattr(net, name)
            if isinstance(value, Layer):
                value = self.layer(value)
            elif isinstance(value, tuple) and all(isinstance(part, Layer) for part in value):
                value = tuple(self.layer(part) for part in value)
            fields[name] = value
        if isinstance(net, Sequential) and net.input_shape is not None:
            fields["input_shape"] = self.shape(net.input_shape)
        if isinstance(net, Repeat):
            fields["times"] = self.of(net.times, "L")
        return type(net)(**fields)

    def _model(self, net: Model) -> Model:
        graph = net.graph()
        inputs = [Input(self.shape(x.shape), x.name) for x in net.inputs]
        made: list[tuple[Any, ...]] = []
        for node in graph.nodes:
            fed = [inputs[r.output] if r.node == INPUT else made[r.node][r.output]
                   for r in node.inputs]  # fmt: skip
            made.append(every(self.layer(node.layer)(fed)))
        ends = [
            inputs[r.output] if r.node == INPUT else made[r.node][r.output] for r in graph.outputs
        ]
        return Model(inputs, ends)


@st.composite
def symbolic_networks(draw: DrawFn, networks: SearchStrategy[Network]) -> Network:
    """Networks with symbols for some of their numbers, the same for equal ones.

    What was equal stays equal, so that shared layers and joined branches fit as before.
    """
    net = draw(networks)
    chosen = draw(st.sets(st.sampled_from(_REPLACED), min_size=1, max_size=4))
    made: Network = Symbols(alike=True, only=chosen).layer(net)
    return made
