"""Every layer of the catalogue is what its file, its code and its rule say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from sympy import Expr

import archcalc as ac
from archcalc.layers import Applied, Layer
from archcalc.layers.notation import Notation, notation_of
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.available import catalogue

EVERY = [cls.__name__ for cls in catalogue()]
LAYERS = [cls.__name__ for cls in catalogue() if not issubclass(cls, ac.Network)]

FEW = settings(max_examples=min(4, settings().max_examples))

Drawn = tuple[Layer, tuple[Shape, ...]]


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "Lambda"])
def test_it_is_what_its_code_and_its_file_say(kind: str) -> None:
    @FEW
    @given(layers([kind]))
    def same(drawn: Drawn) -> None:
        layer, inputs = drawn
        assert eval(repr(layer), dict(vars(ac))) == layer
        assert type(layer).model_validate(dict(layer)) == layer
        net = ac.Sequential([layer])
        again = ac.from_dict(net.to_dict())
        assert again == net
        assert again.layers[0].output_shapes(*inputs) == layer.output_shapes(*inputs)

    same()


@pytest.mark.parametrize("kind", LAYERS)
def test_its_products_name_weights_that_it_has(kind: str) -> None:
    """A name that no weight has would lose a gradient, or the additions of a bias, silently."""

    @FEW
    @given(layers([kind]))
    def named(drawn: Drawn) -> None:
        applied = Applied(*drawn)
        roles = {weight.name: weight.role for weight in applied.weights}
        inputs = range(max(3, len(applied.inputs)))  # a query may be value and key as well
        for work in applied.work:
            assert not work.weight or work.weight in roles
            assert not work.bias or roles.get(work.bias, "bias") == "bias"
            for operand in work.activations:
                assert set(operand.weights) <= set(roles)
                assert set(operand.inputs) <= set(inputs)

    named()


def _numbers(dims: Any, values: Any) -> list[int]:
    return [evaluate(d, values) if isinstance(d, Expr) else d for d in dims]


def _all(rule: Notation | Applied, values: Any) -> tuple[Any, ...]:
    windows = [
        (axis, _numbers([w.kernel, w.stride, w.dilation], values)) for axis, w in rule.windows or ()
    ]
    return (
        [_numbers(x, values) for x in rule.inputs],
        [_numbers(x, values) for x in rule.outputs],
        [(w.name, _numbers(w.shape, values), w.learned) for w in rule.weights],
        [(w.kind, _numbers(w.factors, values)) for w in rule.work],
        windows,
    )


SOMETIMES = ("Adaptive", "CenterCrop")
"""What has windows where numbers happen to divide, which letters do not say."""


@pytest.mark.parametrize("kind", LAYERS)
def test_its_rule_gives_its_numbers(kind: str) -> None:
    """In its own letters and with what they stand for put in; each letter stands for one thing."""

    @FEW
    @given(layers([kind]))
    def same(drawn: Drawn) -> None:
        applied = Applied(*drawn)
        rule = notation_of(applied)
        found, stated = _all(rule, rule.values), _all(applied, {})
        assert found[:-1] == stated[:-1]
        if not kind.startswith(SOMETIMES):
            assert found[-1] == stated[-1]
        assert set(rule.order) == set(rule.values)

    same()
