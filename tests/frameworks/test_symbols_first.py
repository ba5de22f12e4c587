"""Symbols first and numbers later gives what numbers first give: for every layer, for networks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from sympy import Expr, Symbol

from archcalc.formula import Formula
from archcalc.layers import Applied, Layer
from archcalc.network import Input, Model, Network, Repeat, Residual, Sequential
from archcalc.network.graph import INPUT
from archcalc.symbolic import symbol
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, networks
from archcalc.testing.strategies import catalogue

_SHAPES = ("target_shape", "unflattened_size")
"""Fields of dimensions that have no letter in formulas, since one may be −1."""


class Symbols:
    """Puts a symbol of its own in the place of every number, and remembers the number.

    A symbol is at least 1, so that 0 and −1 stay numbers.

    Args:
        defaults: whether fields that have their default value get symbols too.
        alike: whether equal numbers get the same symbol.
    """

    def __init__(self, *, defaults: bool, alike: bool = False) -> None:
        self.values: dict[Symbol, int] = {}
        self.defaults = defaults
        self.alike = alike
        self._layers: dict[int, Layer] = {}

    def of(self, value: Any, name: str) -> Any:
        """`value` with symbols in the place of numbers, however deep."""
        if isinstance(value, tuple):
            return tuple(self.of(part, f"{name}{i}") for i, part in enumerate(value))
        if type(value) is not int or value < 1:
            return value
        made = symbol(f"n{value}" if self.alike else f"{name}_{len(self.values)}")
        self.values[made] = value
        return made

    def shape(self, x: Shape, *, keep_ones: bool = False) -> Shape:
        """A shape of symbols."""
        return Shape(dim if keep_ones and dim == 1 else self.of(dim, "n") for dim in x)

    def layer(self, layer: Layer) -> Layer:
        """`layer` with symbols for every number that a formula could name."""
        if id(layer) not in self._layers:
            self._layers[id(layer)] = self._made(layer)
        return self._layers[id(layer)]

    def _made(self, layer: Layer) -> Layer:
        if isinstance(layer, Network):
            return self.network(layer)
        fields = {}
        for name, field in type(layer).model_fields.items():
            value = getattr(layer, name)
            named = "symbol" in (field.json_schema_extra or {}) or name in _SHAPES
            given_here = self.defaults or name in layer.given()
            fields[name] = self.of(value, name) if named and given_here else value
        return type(layer)(**fields)

    def network(self, net: Network) -> Network:
        """A network of symbols; how often a block is repeated is one too."""
        if isinstance(net, Sequential):
            x = net.input_shape
            shape = None if x is None else self.shape(x)
            return Sequential([self.layer(layer) for layer in net.layers], input_shape=shape)
        if isinstance(net, Residual):
            shortcut = None if net.shortcut is None else self.layer(net.shortcut)
            return Residual(self.layer(net.body), shortcut)
        if isinstance(net, Repeat):
            return Repeat(self.layer(net.block), self.of(net.times, "L"))
        return self._model(net) if isinstance(net, Model) else self._around(net)

    def _around(self, net: Network) -> Network:
        """What stands around layers, around layers of symbols."""
        fields = {}
        for name in type(net).model_fields:
            value = getattr(net, name)
            many = isinstance(value, tuple) and all(isinstance(part, Layer) for part in value)
            if many:
                value = tuple(self.layer(part) for part in value)
            fields[name] = self.layer(value) if isinstance(value, Layer) else value
        return type(net)(**fields)

    def _model(self, net: Model) -> Model:
        graph = net.graph()
        inputs = [Input(self.shape(t.shape)) for t in net.inputs]
        made: list[Any] = []
        for node in graph.nodes:
            fed = [inputs[r.output] if r.node == INPUT else made[r.node] for r in node.inputs]
            made.append(self.layer(node.layer)(fed))
        ends = [inputs[r.output] if r.node == INPUT else made[r.node] for r in graph.outputs]
        return Model(inputs, ends)

    def number(self, value: Dim | Formula) -> Any:
        """`value` with the numbers put back."""
        if isinstance(value, Formula):
            names = set(value.symbols).union(*(r.symbols for r in value.requirements))
            return value(**{s.name: self.values[s] for s in names})
        return evaluate(value, self.values)


def _facts(applied: Applied) -> tuple[Any, ...]:
    return (
        tuple(applied.output),
        [(w.name, tuple(w.shape), w.learned) for w in applied.weights],
        [w.size for w in applied.weights],
        [(w.kind, w.macs) for w in applied.work],
    )


def _put_back(value: Any, symbols: Symbols) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_put_back(part, symbols) for part in value)
    return symbols.number(value) if isinstance(value, Expr) else value


@pytest.mark.parametrize("kind", [cls.__name__ for cls in catalogue()])
def test_every_layer(kind: str) -> None:
    """Output shape, weights and multiply-accumulates; what it requires holds at the numbers."""

    @given(layers([kind]))
    def same(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        layer, inputs = pair
        symbols = Symbols(defaults=True)
        # whether an axis of length 1 is treated apart is a question of form: it is asked of numbers
        ones = layer.keeps_ones or layer.arity != (1, 1)
        shapes = tuple(symbols.shape(x, keep_ones=ones) for x in inputs)
        later = Applied(symbols.layer(layer), shapes)
        assert _put_back(_facts(later), symbols) == _facts(Applied(layer, inputs))
        for requirement in later.requirements:
            assert requirement.at(symbols.values).holds(), str(requirement)

    same()


@given(networks())
def test_random_networks(net: Network) -> None:
    # a layer that is shared must meet the same shape in both places, in symbols as in numbers
    symbols = Symbols(defaults=False, alike=isinstance(net, Model))
    later, first = symbols.network(net).trace(), net.trace()
    assert [_put_back(tuple(x), symbols) for x in later.outputs] == [
        tuple(x) for x in first.outputs
    ]
    for formula, number in (
        (later.parameters, first.parameters),
        (later.statistics, first.statistics),
        (later.total_params, first.total_params),
        (later.macs, first.macs),
        (later.activations, first.activations),
    ):
        assert symbols.number(formula) == number
