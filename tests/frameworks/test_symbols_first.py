"""Symbols first and numbers later gives what numbers first give: for every layer, for networks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from sympy import Expr

from archcalc.formula import Formula
from archcalc.layers import Applied, Layer
from archcalc.network import Model, Network
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, networks
from archcalc.testing.available import catalogue
from archcalc.testing.symbolizing import Symbols
from tests.sampling import examples


def _number(symbols: Symbols, value: Dim | Formula) -> Any:
    """`value` with the numbers put back."""
    if isinstance(value, Formula):
        names = set(value.symbols).union(*(r.symbols for r in value.requirements))
        return value(**{s.name: symbols.values[s] for s in names})
    return evaluate(value, symbols.values)


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
    return _number(symbols, value) if isinstance(value, Expr) else value


@pytest.mark.parametrize("kind", [cls.__name__ for cls in catalogue()])
def test_every_layer(kind: str) -> None:
    """Output shape, weights and multiply-accumulates; what it requires holds at the numbers."""

    @examples(1 / 2, nightly=500)
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
    # a layer that is shared must meet the same shape in both places, in symbols as in numbers; and
    # whether an axis of length 1 is treated apart is a question of form
    symbols = Symbols(alike=isinstance(net, Model), only=range(2, 1_000_000))
    later, first = symbols.layer(net).trace(), net.trace()
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
        assert _number(symbols, formula) == number
