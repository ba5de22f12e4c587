"""Derivations: long ones stay linear, nothing that is asked is left out, and they pickle."""

from __future__ import annotations

import json
import pickle

import pytest

from archcalc import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Layer,
    Model,
    MultiHeadAttention,
    Network,
    PReLU,
    ReLU,
    Repeat,
    Residual,
    SeparableConv2D,
    Sequential,
    derive,
)
from archcalc import Input as Start
from tests.counting import at_most
from tests.sampling import slow


def tower(blocks: int, filters: str = "f") -> Network:
    """Blocks of four layers each, with weights of their own; ``{}`` in a name is the block's."""
    layers: list[Layer] = []
    for block in range(blocks):
        layers += [Conv2D(filters.format(block), "k", padding="same"), BatchNormalization()]
        layers += [ReLU(), Dropout(0.1)]
    return Sequential(layers, input_shape=("h", "w", 3))


@slow
@pytest.mark.parametrize("filters", ["f", "f{}"])
def test_work_grows_with_the_layers_and_no_faster(filters: str) -> None:
    traces = [tower(blocks, filters).trace() for blocks in (10, 20, 80)]
    str(traces[0].derivation())  # what is imported and cached once
    with at_most(100_000_000) as few:
        str(traces[1].derivation())
    with at_most(6 * few.calls):
        str(traces[2].derivation())


def test_a_long_running_total_is_said_by_what_is_added() -> None:
    derivation = derive(tower(30, "f{}"))
    lines = [" ".join(line.split()) for line in str(derivation).splitlines()]
    assert any(line.endswith("running (3·k² + 1)·f0 + 2·f0") for line in lines)
    assert any(
        line.endswith("running after batch_normalization_28 + (f28·k² + 1)·f29") for line in lines
    )
    assert str(derivation.steps[-1].running) == str(derivation.trace.parameters)
    data = json.loads(derivation.to_json())["steps"]
    assert data[0]["running"] == "(3·k² + 1)·f0"
    assert data[-4]["running_by"]["after"] == "batch_normalization_28"


@pytest.mark.parametrize("layer", [LSTM(4), PReLU(), Dense(3)])
def test_a_derivation_pickles_before_it_is_printed_and_after(layer: Layer) -> None:
    derivation = derive(Sequential([layer], input_shape=(5, 3)))
    before = pickle.loads(pickle.dumps(derivation))
    shown = str(derivation)
    assert shown == str(before) == str(pickle.loads(pickle.dumps(derivation)))


def test_products_of_several_kinds_are_told_apart_and_summed() -> None:
    x = Start(("t", "d"))
    text = str(derive(Model(x, MultiHeadAttention(4, 8)(x, x))))
    lines = [" ".join(line.split()) for line in text.splitlines() if line.startswith("  MACs")]
    assert [line.rpartition(" = ")[2] for line in lines] == [
        "96·d·t query_kernel, key_kernel, value_kernel",
        "64·t² of activations",
        "32·d·t output_kernel",
        "128·d·t + 64·t² together",
    ]
    numbers = str(derive(Sequential([SeparableConv2D(8, 3)], input_shape=(28, 28, 3))))
    assert "34,476" in " ".join(numbers.split()).partition("together")[0]


def test_the_field_grows_in_every_copy_of_a_block() -> None:
    block = Repeat([Residual([Conv2D("c", 3, padding="same")])], "L")
    text = str(derive(Sequential([block, Conv2D(8, 3)], input_shape=("h", "w", "c"))))
    fields = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith("  field")]
    assert fields[0] == "R + copies·(k − 1)·j = 1 + L·(3 − 1)·1 = 2·L + 1, stride 1"
    assert fields[1].startswith("R + (k − 1)·j = 2·L + 1 + (3 − 1)·1 = 2·L + 3")


def test_steps_and_terms_are_short_at_the_prompt() -> None:
    step = derive(Sequential([Dense(10)], input_shape=784)).steps[0]
    assert repr(step).startswith("dense  Dense   784 → 10\n  weights  kernel n_in·n_out")
    assert repr(step.params) == "params (n_in + 1)·n_out = (784 + 1)·10 = 7,850"


def test_a_product_among_sizes_stands_in_brackets() -> None:
    trace = Sequential([Dense("4*d")], input_shape=("T", "d")).trace()
    assert str(trace.output) == "T×(4·d)"
    assert r"\left(4 \cdot d\right)" in derive(trace).to_latex()
