"""What is kept for the next step, against the tensors that frameworks keep and published sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import archcalc as ac
from archcalc.layers import Layer, Operand, State, Weight, Work
from archcalc.layers.applied import Applied
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape

GIB = 2**30


def _decoder(layers: Any, t: Any, **how: Any) -> ac.Trace:
    block = ac.Residual([ac.GroupQueryAttention(128, 32, 8, use_bias=False, **how)])
    return ac.Sequential([ac.Repeat(block, layers)]).trace((t, 4096))


def test_llama_3_8b_keeps_8_gib_for_8_sequences_of_8192() -> None:
    """2·L·g·e numbers a position: 32 layers, 8 keys and values of 128, in 2 bytes each."""
    trace = _decoder("L", "t")
    assert str(trace.cost(ac.costs.Cache())) == "2048·L·t"
    held = trace.cost(ac.costs.CacheBytes("bfloat16", batch=8))
    assert held(L=32, t=8192) == 8 * GIB


def test_mistral_keeps_its_window() -> None:
    """Jiang et al., Mistral 7B (2023), section 2: 32k tokens, the cache 8 times smaller by W."""
    rolling = _decoder(32, "t", sliding_window=4096, use_causal_mask=True)
    full = _decoder(32, "t")
    held, whole = (x.cost(ac.costs.Cache()) for x in (rolling, full))
    assert whole(t=32768) == 8 * held(t=32768)
    assert whole(t=100) == held(t=100)


def test_multi_query_attention_keeps_one_head() -> None:
    def held(layer: Layer) -> int:
        return int(ac.Sequential([layer]).trace((10, 64)).cost(ac.costs.Cache()))

    assert held(ac.MultiHeadAttention(8, 8)) == 8 * held(ac.GroupQueryAttention(8, 8, 1))


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        (ac.SimpleRNN(6), nn.RNN(5, 6)),
        (ac.GRU(6), nn.GRU(5, 6)),
        (ac.LSTM(6), nn.LSTM(5, 6)),
        (ac.LSTM(6, proj_size=2), nn.LSTM(5, 6, proj_size=2)),
    ],
    ids=lambda x: type(x).__name__,
)
def test_states_are_those_that_torch_gives(layer: Layer, module: Any) -> None:
    _, last = module(torch.zeros(4, 1, 5))
    states = last if isinstance(last, tuple) else (last,)
    kept = Applied(layer, (Shape((4, 5)),)).state
    assert [tuple(s.shape) for s in kept] == [tuple(h.shape[2:]) for h in states]
    assert all(s.steps == 4 for s in kept)


@pytest.mark.parametrize("cell", [ac.SimpleRNNCell, ac.GRUCell, ac.LSTMCell])
def test_a_cell_over_time_keeps_as_much_as_its_layer(cell: Any) -> None:
    layer = getattr(ac, cell.__name__.removesuffix("Cell"))
    (over,), (inside,) = ([x] for x in (layer("u"), ac.RNN(cell("u"))))
    traces = [ac.Sequential([x]).trace(("t", 5)) for x in (over, inside)]
    one, other = (trace.cost(ac.costs.Cache()) for trace in traces)
    assert one.equals(other)


@pytest.mark.parametrize("cell", [ac.SimpleRNNCell, ac.LSTMCell])
@pytest.mark.parametrize("axes", [1, 2])
def test_every_sequence_beside_others_keeps_its_own(cell: Any, axes: int) -> None:
    """As many as there are side by side, whether a layer or a cell takes the steps."""
    layer = getattr(ac, cell.__name__.removesuffix("Cell"))
    beside = ("n", "m")[:axes]
    for held in (layer("u"), ac.RNN(cell("u"))):
        one = ac.Sequential([held]).trace(("t", 5)).cost(ac.costs.Cache())
        every = ac.Sequential([ac.TimeDistributed(held, axes=axes)]).trace((*beside, "t", 5))
        times = ac.formula.Formula(ac.symbol("n") * (ac.symbol("m") if axes == 2 else 1))
        assert every.cost(ac.costs.Cache()).equals(times * one)


def test_a_block_that_runs_again_keeps_what_each_turn_leaves() -> None:
    block = ac.Residual([ac.MultiHeadAttention(2, 4)])
    one, three = (
        ac.Sequential([ac.Repeat(block, n, shared=True)]).trace((6, 8)).cost(ac.costs.Cache())
        for n in (1, 3)
    )
    assert int(three) == 3 * int(one)


def test_each_position_of_a_time_distributed_layer_has_a_state() -> None:
    net = ac.TimeDistributed(ac.LSTM(6))
    assert net.trace((3, 4, 5)).cost(ac.costs.Cache()) == 3 * 2 * 6


def test_a_causal_convolution_keeps_what_its_next_window_reads_again() -> None:
    def held(**how: Any) -> int:
        trace = ac.Sequential([ac.Conv1D(8, 4, **how)]).trace((20, 3))
        return int(trace.cost(ac.costs.Cache()))

    assert held(padding="causal") == held(padding=((3, 0),)) == 3 * 3
    assert held(padding="causal", dilation_rate=2) == 6 * 3
    assert held(padding="same") == held() == 0


def test_step_by_step_attention_needs_what_is_said_to_be_kept() -> None:
    """torch, a token at a time, with keys and values of the tokens before."""
    torch.manual_seed(0)
    t, heads, width = 6, 2, 4
    q, k, v = (torch.randn(1, heads, t, width) for _ in range(3))
    whole = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    last = nn.functional.scaled_dot_product_attention(q[:, :, -1:], k, v)
    torch.testing.assert_close(last, whole[:, :, -1:])
    layer = ac.ScaledDotProductAttention(is_causal=True)
    kept = Applied(layer, tuple(Shape(x.shape[1:]) for x in (q, k, v))).state
    assert [s.size for s in kept] == [k.numel(), v.numel()]


class _Odd(Layer):
    def output_shape(self, x: Shape) -> Shape:
        return x

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("kernel", x[-1:] * 2, "kernel"),)

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return (Work("matmul", (x[-1], x[-1]), (), "kernel", (Operand(state="hidden"),)),)


def test_a_product_with_a_state_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidLayerError, match="its states are none"):
        _ = Applied(_Odd(), (Shape((3,)),)).work


def test_a_state_that_grows_says_over_what() -> None:
    with pytest.raises(InvalidLayerError, match="no number of steps"):
        State("keys", Shape((3,)), grows=True)
