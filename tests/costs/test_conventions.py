"""Each convention's choices against the tools and papers that count so."""

from __future__ import annotations

import json
from typing import Any

import keras
import pytest
import torch
import torchinfo
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.explain import account
from archcalc.testing import networks

sizes = st.integers(1, 12)


def count(module: nn.Module) -> int:
    """What torch's ``parameters()`` hold."""
    return sum(p.numel() for p in module.parameters())


def mult_adds(module: nn.Module, *shape: int) -> int:
    """What torchinfo counts on one sample."""
    return int(torchinfo.summary(module, (1, *shape), verbose=0).total_mult_adds)


def in_keras(layer: Any, shape: tuple[int, ...]) -> int:
    """Keras' "Total params" of one layer."""
    return int(keras.Sequential([keras.Input(shape), layer]).count_params())


def trace_of(layer: ac.Layer, *shape: int | str) -> ac.Trace:
    return ac.Sequential([layer], input_shape=shape).trace()


def by(trace: ac.Trace, convention: str, choice: str) -> ac.Formula:
    return trace.cost(ac.costs.convention(convention)[choice])


@given(sizes, sizes, st.booleans())
def test_one_bias_in_keras_and_two_in_torch(n_in: int, units: int, given_two: bool) -> None:
    pairs: list[tuple[Any, Any, Any]] = [
        (ac.LSTM, keras.layers.LSTM, nn.LSTM),
        (ac.SimpleRNN, keras.layers.SimpleRNN, nn.RNN),
    ]
    for kind, keras_kind, torch_kind in pairs:
        trace = trace_of(kind(units, recurrent_bias=given_two), 5, n_in)
        assert by(trace, "recurrent bias", "one") == in_keras(keras_kind(units), (5, n_in))
        assert by(trace, "recurrent bias", "two") == count(torch_kind(n_in, units))
        (found,) = [c for c in trace.conventions if c.convention.name == "recurrent bias"]
        assert found.choice is ac.costs.convention("recurrent bias")["two" if given_two else "one"]
        assert found.amount == trace.parameters


@given(sizes, sizes)
def test_the_reset_gate_before_and_after_the_product(n_in: int, units: int) -> None:
    trace = trace_of(ac.GRU(units), 5, n_in)
    before = keras.layers.GRU(units, reset_after=False)
    assert by(trace, "reset gate", "before") == in_keras(before, (5, n_in))
    assert by(trace, "reset gate", "after") == in_keras(keras.layers.GRU(units), (5, n_in))
    assert by(trace, "reset gate", "after") == count(nn.GRU(n_in, units))


@pytest.mark.parametrize("shared", [(), (1,), (1, 2)])
def test_slopes_an_element_a_channel_and_for_all(shared: tuple[int, ...]) -> None:
    trace = trace_of(ac.PReLU(shared), 98, 50)
    assert by(trace, "slopes", "one an element") == in_keras(keras.layers.PReLU(), (98, 50))
    assert by(trace, "slopes", "one a channel") == count(nn.PReLU(50))
    assert by(trace, "slopes", "one for all") == count(nn.PReLU())


def test_statistics_in_keras_and_torch() -> None:
    trace = trace_of(ac.BatchNormalization(), 8, 8, 32)
    assert by(trace, "statistics", "left out") == count(nn.BatchNorm2d(32))
    batch = keras.layers.BatchNormalization()
    assert by(trace, "statistics", "counted") == in_keras(batch, (8, 8, 32))


def test_shared_weights_once_or_each_time() -> None:
    """https://github.com/keras-team/keras/issues/3661: 220 by layers, 110 in Keras."""
    x, dense = ac.Input((10,)), ac.Dense(10)
    trace = ac.Model(x, dense(dense(x))).trace()
    inner, start = keras.layers.Dense(10), keras.Input((10,))
    assert trace.parameters == keras.Model(start, inner(inner(start))).count_params()
    assert by(trace, "shared weights", "each time") == 2 * count(nn.Linear(10, 10))


def test_embeddings_left_out() -> None:
    net = ac.Sequential([ac.Embedding(100, 16), ac.Dense(3)], input_shape=20)
    assert by(net.trace(), "embeddings", "left out") == count(nn.Linear(16, 3))
    assert net.trace().parameters == count(nn.Embedding(100, 16)) + count(nn.Linear(16, 3))


@given(st.data())
def test_transposed_convolutions_as_torchinfo_counts_them(data: st.DataObject) -> None:
    groups, share, stride = (data.draw(st.integers(1, 3)) for _ in range(3))
    k, n = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 6))
    c, f = groups * data.draw(st.integers(1, 2)), groups * share
    module = nn.ConvTranspose2d(c, f, k, stride, groups=groups, bias=False)
    layer = ac.Conv2DTranspose(f, k, stride, padding=0, groups=groups, use_bias=False)
    trace = trace_of(layer, n, n, c)
    output = by(trace, "transposed convolution", "output positions")
    assert output == mult_adds(module, c, n, n)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module.to("meta")(torch.empty(1, c, n, n))
    assert 2 * trace.macs == counter.get_total_flops()


def test_depthwise_transposed_is_four_and_a_half_times_as_much() -> None:
    trace = trace_of(ac.Conv2DTranspose(32, 3, 2, groups=32, use_bias=False), 8, 8, 32)
    module = nn.ConvTranspose2d(32, 32, 3, 2, groups=32, bias=False)
    (found,) = [c for c in trace.conventions if c.convention.quantity == "macs"]
    (other,) = found.others
    assert other.amount == mult_adds(module, 32, 8, 8) == 83_232
    assert found.amount == 8 * 8 * 3 * 3 * 32
    assert round(int(other.amount) / int(found.amount), 1) == 4.5


class Products(nn.Module):  # type: ignore[misc]
    """Attention without a projection."""

    def forward(self, x: Any) -> Any:
        return nn.functional.scaled_dot_product_attention(x, x, x)


@given(st.integers(1, 5), sizes, sizes)
def test_products_of_attention(heads: int, length: int, width: int) -> None:
    x = ac.Input((heads, length, width))
    trace = ac.Model(x, ac.Attention()(x, x)).trace()
    assert by(trace, "attention products", "left out") == mult_adds(
        Products(), heads, length, width
    )
    with FlopCounterMode(display=False) as counter:
        Products()(torch.empty(1, heads, length, width, device="meta"))
    assert by(trace, "causal attention", "in full") == counter.get_total_flops()
    # flash_attn's benchmarks/benchmark_flash_attention.py, flops(): half where causal
    flash = 4 * length**2 * heads * width
    assert by(trace, "causal attention", "half") == flash // 2
    assert by(trace, "FLOPs a MAC", "1") == flash // 2


def test_attention_to_something_else_is_not_causal() -> None:
    query, key = ac.Input((10, 64)), ac.Input((20, 64))
    trace = ac.Model([query, key], ac.MultiHeadAttention(2, 32)(query, key)).trace()
    assert by(trace, "causal attention", "half") == trace.flops
    assert "causal attention" not in [c.convention.name for c in trace.conventions]


def test_attention_to_itself_and_to_another_of_the_same_shape() -> None:
    x, y = ac.Input((10, 64)), ac.Input((10, 64))
    heads = [ac.MultiHeadAttention(2, 32) for _ in range(2)]
    both = ac.Model([x, y], heads[1](heads[0](x, x), y)).trace()
    products = 4 * 10**2 * 64
    causal = ac.costs.convention("causal attention")["half"]
    assert both.flops - both.cost(causal) == products // 2
    trained = both.cost(ac.costs.TrainingFlops()) - both.cost(
        ac.costs.TrainingFlops(forward=causal)
    )
    assert trained == 3 * (products // 2)  # forward, and for both that are multiplied


def test_adapters_once_a_batch() -> None:
    trace = trace_of(ac.Dense(256, lora_rank=8), 10, 768)
    assert by(trace, "adapters", "left out") == trace_of(ac.Dense(256), 10, 768).macs
    assert trace.macs - by(trace, "adapters", "left out") == 768 * 8 * 256


@pytest.mark.parametrize(
    ("layer", "module", "shape"),
    [
        (ac.Dense(7), nn.Linear(5, 7), (5,)),
        (ac.Conv2D(6, 3, 2, groups=2), nn.Conv2d(4, 6, 3, 2, groups=2), (9, 9, 4)),
        (ac.DepthwiseConv2D(3, depth_multiplier=2), nn.Conv2d(4, 8, 3, groups=4), (9, 9, 4)),
        (ac.LSTM(7, recurrent_bias=True), nn.LSTM(5, 7, batch_first=True), (4, 5)),
        (ac.SimpleRNN(7, recurrent_bias=True), nn.RNN(5, 7, batch_first=True), (4, 5)),
        (ac.GRU(7), nn.GRU(5, 7, batch_first=True), (4, 5)),
    ],
)
def test_biases_as_torchinfo_adds_them(
    layer: ac.Layer, module: nn.Module, shape: tuple[int, ...]
) -> None:
    trace = trace_of(layer, *shape)
    channels_first = (shape[-1], *shape[:-1]) if len(shape) == 3 else shape
    with_biases = trace.macs + by(trace, "bias additions", "counted") - trace.flops
    assert with_biases == mult_adds(module, *channels_first)


def test_biases_where_one_is_added_to_each_projection_or_to_what_overlaps() -> None:
    attention = trace_of(ac.MultiHeadAttention(2, 3, value_dim=5), 7, 4)
    added = by(attention, "bias additions", "counted") - attention.flops
    assert added == 7 * (2 * 3 + 2 * 3 + 2 * 5 + 4)
    up = trace_of(ac.Conv2DTranspose(4, 3, strides=2), 5, 5, 4)
    assert by(up, "bias additions", "counted") - up.flops == up.output.elements
    cell = ac.Sequential([ac.RNN(ac.LSTMCell(7))], input_shape=(4, 5)).trace()
    assert by(cell, "bias additions", "counted") - cell.flops == 4 * (4 * 7)


@given(networks(max_layers=5))
def test_a_default_is_what_a_trace_counts(net: ac.Sequential) -> None:
    trace = net.trace()
    totals = {"parameters": trace.parameters, "macs": trace.macs, "flops": trace.flops}
    found = {c.convention.name: c for c in trace.conventions}
    for name, convention in ac.costs.CONVENTIONS.items():
        counts = {choice.name: trace.cost(choice) for choice in convention.choices}
        other = {n for n, amount in counts.items() if amount != totals[convention.quantity]}
        assert (name in found) == bool(other)
        if name in found:
            assert found[name].amount == totals[convention.quantity]
            assert {o.choice.name for o in found[name].others} == other
            for o in found[name].others:
                assert found[name].amount + o.difference == o.amount == counts[o.choice.name]


def test_symbols() -> None:
    (found,) = [
        c for c in trace_of(ac.LSTM("u"), "t", "n").conventions if c.convention.quantity[0] == "p"
    ]
    (other,) = found.others
    assert other.difference == ac.Formula("4*u")
    assert other.amount(u=128, n=128) == 132_096


def test_layers_that_differ_in_a_convention() -> None:
    layers = [ac.LSTM(4, return_sequences=True), ac.LSTM(4, recurrent_bias=True)]
    trace = ac.Sequential(layers, input_shape=(5, 4)).trace()
    (found,) = [c for c in trace.conventions if c.convention.quantity == "parameters"]
    assert found.choice is None
    assert [other.difference for other in found.others] == [-16, 16]
    assert "as each layer says; one (Keras) would be −16" in str(trace.derivation())


class TestSaid:
    """What explanations say of conventions."""

    lstm = trace_of(ac.LSTM(128), "t", 128)

    def test_in_every_format(self) -> None:
        derivation = self.lstm.derivation()
        said = "one (Keras); two (torch, cuDNN) would be +512, 132,096 parameters"
        assert f"  recurrent bias  {said}" in derivation.to_text()
        assert "- recurrent bias: one (Keras); two (torch, cuDNN) would be" in (
            derivation.to_markdown()
        )
        assert "recurrent bias & one (Keras)" in derivation.to_latex()
        assert "<td>recurrent bias</td>" in derivation.to_html()
        (data,) = json.loads(derivation.to_json())["conventions"]
        assert (data["counted"], data["amount"]) == ("one", 131_584)
        assert data["others"] == [
            {"choice": "two", "as": ["torch", "cuDNN"], "amount": 132_096, "difference": 512}
        ]

    def test_only_where_they_matter(self) -> None:
        plain = ac.Sequential([ac.Conv2D(8, 3), ac.Flatten(), ac.Dense(10)])
        derivation = plain.trace((28, 28, 1)).derivation()
        assert "conventions" not in derivation.to_text()
        assert json.loads(derivation.to_json())["conventions"] == []

    def test_of_flops_with_what_training_costs(self) -> None:
        trace = ac.Sequential([ac.Dense(10)], input_shape=784).trace()
        shown = account(trace).to_text()
        assert "1 (He et al. (2015), fvcore) would be −7,840, 7,840 FLOPs" in shown
        assert [c["name"] for c in json.loads(account(trace).to_json())["conventions"]] == [
            "FLOPs a MAC",
            "bias additions",
        ]

    def test_all_of_them(self) -> None:
        listed = json.loads(ac.conventions().to_json())["conventions"]
        assert [c["name"] for c in listed] == list(ac.costs.CONVENTIONS)
        assert all(name in ac.conventions().to_text() for name in ac.costs.CONVENTIONS)
        nothing = ac.Sequential([ac.Flatten()], input_shape=(2, 2))
        assert str(ac.conventions(nothing)) == "all tools count the same"

    def test_what_a_person_types(self) -> None:
        """The names; what each means is said in more words."""
        names = {
            name: [choice.name for choice in found.choices]
            for name, found in ac.costs.CONVENTIONS.items()
        }
        assert names == {
            "statistics": ["left out", "counted"],
            "recurrent bias": ["one", "two"],
            "reset gate": ["after", "before"],
            "slopes": ["one an element", "one a channel", "one for all"],
            "shared weights": ["once", "each time"],
            "experts": ["all", "active"],
            "embeddings": ["counted", "left out"],
            "transposed convolution": ["input positions", "output positions"],
            "attention products": ["counted", "left out"],
            "adapters": ["counted", "beside", "merged", "left out"],
            "FLOPs a MAC": ["2", "1"],
            "bias additions": ["left out", "counted"],
            "causal attention": ["in full", "half", "exact"],
        }
        for name, found in ac.costs.CONVENTIONS.items():
            assert ac.costs.convention(name) is found
            assert found.question.endswith("?")
            assert all(found[choice.name] is choice for choice in found.choices)
            assert all(choice.name != choice.meaning for choice in found.choices)
            assert all(choice.used_by for choice in found.choices)

    def test_names_that_there_are_not(self) -> None:
        with pytest.raises(
            ac.errors.LookupFailedError, match="there are statistics, recurrent bias"
        ):
            ac.costs.convention("biases")
        with pytest.raises(ac.errors.LookupFailedError, match="there are one, two"):
            ac.costs.convention("recurrent bias")["three"]
