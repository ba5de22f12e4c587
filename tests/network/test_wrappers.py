"""What stands around layers: identities between the ways to say the same, and random networks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import archcalc as ac
from archcalc.layers import Layer, State, Weight, Work
from archcalc.symbolic import Shape
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.testing import networks


def _counts(net: Layer, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    trace = ac.Sequential([net]).trace(shape)
    return tuple(trace.output), trace.parameters.expr, trace.macs.expr


# Around any network


@given(networks(max_layers=5), st.integers(1, 7))
def test_every_step_costs_what_the_network_costs(net: Any, steps: int) -> None:
    """The weights are there once, and everything that flows or is done once a step."""
    (x,) = net.trace().inputs if len(net.trace().inputs) == 1 else (None,)
    if not x:  # as in Keras, a step has axes of its own
        return
    alone, over = net.trace(), ac.TimeDistributed(net).trace((steps, *x))
    assert [tuple(y) for y in over.outputs] == [(steps, *y) for y in alone.outputs]
    assert over.parameters == alone.parameters
    assert over.total_params == alone.total_params
    assert over.macs == steps * int(alone.macs)
    assert over.activations == steps * int(alone.activations)
    symbolic = ac.TimeDistributed(net).trace(("T", *x))
    for formula, number in ((symbolic.macs, over.macs), (symbolic.activations, over.activations)):
        known = {"T": steps} if formula.symbols else {}  # nothing is done, or nothing stored
        assert formula(**known) == number


@given(networks(max_layers=4, frameworks="torch"), st.integers(1, 4))
def test_torch_does_as_much(net: Any, steps: int) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    trace = net.trace()
    inputs = trace.inputs
    kinds = {r.layer.input_kind(i) for r in trace for i, s in enumerate(r.sources) if s < 0}
    if len(inputs) != 1 or kinds - {"numbers"}:
        return
    shape = (steps, *inputs[0])
    over = ac.Sequential([ac.TimeDistributed(net)], input_shape=shape)
    counter = FlopCounterMode(display=False)
    with torch.device("meta"), torch.no_grad():
        module = over.to_torch().eval()
        with counter:
            made = module(torch.zeros(2, *shape))
    results = made if isinstance(made, tuple) else (made,)
    assert tuple(results[0].shape[1:]) == tuple(over.trace().output)
    assert sum(p.numel() for p in module.parameters()) == over.trace().parameters


def test_steps_inside_steps_multiply() -> None:
    inner = ac.TimeDistributed(ac.TimeDistributed(ac.Dense(10)))
    assert inner.trace(("a", "b", 4)).macs(a=3, b=5) == 3 * 5 * 4 * 10
    assert inner.trace(("a", "b", 4)).parameters == 50


_FRAMES = [
    ac.Conv2D("f", 3, strides=2),
    ac.DepthwiseConv2D(3, padding="same"),
    ac.MaxPooling2D(2),
    ac.GlobalAveragePooling2D(),
    ac.BatchNormalization(),
    ac.Residual([ac.Conv2D("c", 3, padding="same"), ac.ReLU()]),
    ac.Sequential([ac.Flatten(), ac.Dense("n"), ac.Dense(3)]),
]


@pytest.mark.parametrize("net", _FRAMES, ids=lambda net: type(net).__name__)
def test_leading_axes_are_what_one_in_another_is(net: Any) -> None:
    """Frames of clips, with symbols and then with numbers; the weights are there once."""
    shape = ("b", "t", "h", "w", "c")
    both = ac.TimeDistributed(net, axes=2).trace(shape)
    one_by_one = ac.TimeDistributed(ac.TimeDistributed(net)).trace(shape)
    alone = ac.TimeDistributed(net).trace(("N", "h", "w", "c"))  # folded: N = b·t
    values = {"b": 2, "t": 3, "h": 9, "w": 8, "c": 4, "f": 5, "n": 6}
    assert both.outputs == one_by_one.outputs
    assert both.output[:2] == one_by_one.output[:2]
    for of in ("parameters", "total_params", "macs", "activations"):
        counts = [getattr(trace, of) for trace in (both, one_by_one)]
        assert counts[0].equals(counts[1])
        given = {k: v for k, v in values.items() if k in map(str, counts[0].symbols)}
        folded = getattr(alone, of)
        there = {k: v for k, v in (values | {"N": 6}).items() if k in map(str, folded.symbols)}
        assert counts[0](**given) == folded(**there)


def test_a_folded_batch_in_torch_is_time_distributed() -> None:
    """The same module on frames that code has folded into the batch, and parted again."""
    import torch

    net = ac.Sequential([ac.Conv2D(4, 3), ac.BatchNormalization(), ac.MaxPooling2D(2)])
    over = ac.Sequential([ac.TimeDistributed(net, axes=2)], input_shape=(3, 2, 9, 8, 5))
    module = over.to_torch().eval()
    inner = ac.Sequential([net], input_shape=(9, 8, 5)).to_torch().eval()
    inner.load_state_dict(dict(zip(inner.state_dict(), module.state_dict().values(), strict=True)))
    x = torch.randn(2, 3, 2, 9, 8, 5)
    folded = inner(x.flatten(0, 2)).unflatten(0, (2, 3, 2))
    torch.testing.assert_close(module(x), folded)
    assert sum(p.numel() for p in module.parameters()) == over.trace().parameters
    assert tuple(folded.shape[1:]) == tuple(over.trace().output)


def test_windows_of_attention_in_keras_and_torch() -> None:
    """Windows of 7×7 positions side by side, as in Swin transformers."""
    from torch.utils.flop_counter import FlopCounterMode

    windows = ac.TimeDistributed(ac.MultiHeadAttention(3, 4), axes=2)
    net = ac.Sequential([windows], input_shape=(4, 2, 49, 12))
    model = net.to_keras()
    assert model.count_params() == net.trace().total_params == 4 * (12 * 12 + 12)
    assert model.output_shape[1:] == tuple(net.trace().output)
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    module, plain = net.to_torch(), sdpa_kernel(SDPBackend.MATH)  # fused kernels are not counted
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 4, 2, 49, 12))
    assert counter.get_total_flops() == net.trace().flops == 8 * 2 * (4 * 49 * 144 + 2 * 49**2 * 12)


def test_leading_axes_that_are_not_there() -> None:
    with pytest.raises(ShapeError, match="at least 3 axes"):
        ac.TimeDistributed(ac.Dense(3), axes=2).trace((4, 5))


def test_keras_has_it_around_a_model() -> None:
    net = ac.load("docs/examples/mnist_cnn.yaml")
    over = ac.Sequential([ac.TimeDistributed(net), ac.LSTM(16)], input_shape=(3, 28, 28, 1))
    model = over.to_keras()
    assert model.count_params() == over.trace().total_params
    assert model.output_shape[1:] == tuple(over.trace().output)


# Cells over time


@pytest.mark.parametrize(
    ("layer", "cell"),
    [
        (ac.SimpleRNN("u"), ac.SimpleRNNCell("u")),
        (ac.LSTM("u"), ac.LSTMCell("u")),
        (ac.LSTM("u", recurrent_bias=True), ac.LSTMCell("u", recurrent_bias=True)),
        (ac.GRU("u"), ac.GRUCell("u")),
        (ac.GRU("u", reset_after=False), ac.GRUCell("u", reset_after=False)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_is_its_cell_over_time(layer: Layer, cell: Layer) -> None:
    shape, again, macs = _counts(layer, ("t", "n"))
    outside, P, M = _counts(ac.RNN(cell), ("t", "n"))
    assert shape == outside
    assert ac.Formula(again).equals(P)
    assert ac.Formula(macs).equals(M)


class _Leaky(Layer):
    """A cell of one's own: one kernel, and a state that it says."""

    units: int = 4

    def state(self, x: Shape) -> tuple[State, ...]:
        return (State("hidden", Shape((self.units,))),)

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.units,))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("kernel", Shape((x[-1], self.units))),)

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return (Work("matmul", (x[-1], self.units)),)


def test_a_cell_of_ones_own() -> None:
    net = ac.RNN(_Leaky(), return_sequences=True, return_state=True)
    trace = net.trace(("t", 8))
    assert [str(y) for y in trace.outputs] == ["t×4", "4"]
    assert trace.parameters == 32
    assert str(trace.macs) == "32·t"


def test_a_cell_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(InvalidLayerError, match="does not say which state it keeps"):
        ac.RNN(ac.Dense(4), return_state=True).trace((3, 4))


# Both directions


@pytest.mark.parametrize(
    ("mode", "out"), [("concat", 64), ("sum", 32), ("mul", 32), ("ave", 32), (None, 32)]
)
def test_both_directions_have_weights_of_their_own(mode: Any, out: int) -> None:
    both = ac.Bidirectional(ac.GRU(32), mode)
    trace = both.trace(("t", 16))
    assert [tuple(y) for y in trace.outputs] == [(out,)] * (1 if mode else 2)
    assert trace.parameters == 2 * 4800


def test_the_way_back_may_be_another_layer() -> None:
    import keras

    both = ac.Bidirectional(ac.LSTM(8), backward_layer=ac.GRU(8, go_backwards=True))
    theirs = keras.layers.Bidirectional(
        keras.layers.LSTM(8), backward_layer=keras.layers.GRU(8, go_backwards=True)
    )
    theirs.build((None, 5, 4))
    assert both.trace((5, 4)).parameters == theirs.count_params()


def test_what_a_layer_holds_has_weights_of_its_own_on_the_way_back() -> None:
    import keras

    for cell, theirs in (
        (ac.LSTMCell(4), keras.layers.LSTMCell(4)),
        ([ac.LSTMCell(4), ac.GRUCell(5)], [keras.layers.LSTMCell(4), keras.layers.GRUCell(5)]),
    ):
        both = ac.Bidirectional(ac.RNN(cell))
        model = keras.layers.Bidirectional(keras.layers.RNN(theirs))
        model.build((None, 5, 3))
        assert both.trace((5, 3)).parameters == model.count_params()
    symbolic = ac.Bidirectional(ac.RNN(ac.LSTMCell("u"))).trace(("t", "n")).parameters
    assert symbolic(u=4, n=3) == 2 * 4 * (3 + 4 + 1) * 4


def test_states_come_out_of_both_directions() -> None:
    both = ac.Bidirectional(ac.LSTM(8, return_state=True, return_sequences=True))
    assert [tuple(y) for y in both.trace((5, 4)).outputs] == [(5, 16), (8,), (8,), (8,), (8,)]


def test_states_go_from_one_layer_to_another() -> None:
    """As in translation: what the encoder ends with is what the decoder begins with."""
    source, target = ac.Input(("s", 16)), ac.Input(("t", 24))
    _, h, c = ac.LSTM("u", return_state=True)(source)
    y = ac.LSTM("u", return_sequences=True)([target, h, c])
    trace = ac.Model([source, target], ac.Dense(100)(y)).trace()
    assert str(trace.output) == "t×100"
    assert trace.parameters(u=32) == 4 * (16 + 33) * 32 + 4 * (24 + 33) * 32 + 33 * 100
    with pytest.raises(ac.ArchcalcError, match="the layer keeps 8"):
        ac.LSTM(8)([target, ac.Input((4,)), ac.Input((4,))])


# What they do not take


def test_what_does_not_run_over_time_is_refused() -> None:
    with pytest.raises(InvalidLayerError, match="does not run over time"):
        ac.Bidirectional(ac.Dense(3))
    with pytest.raises(ShapeError, match="takes steps of features"):
        ac.TimeDistributed(ac.Dense(3)).trace(8)


def test_the_receptive_field_of_a_step_is_one_position_of_time() -> None:
    net = ac.Sequential([ac.TimeDistributed(ac.Conv2D(4, 3))], input_shape=(5, 9, 9, 1))
    assert [field.size for field in net.trace().receptive_field] == [1, 3, 3]


# --- What holds layers is dumped with them --------------------------------------------------------


def _holders() -> list[ac.Layer]:
    x, shared = ac.Input((4,)), ac.Dense(4)
    table = ac.Embedding(9, 4)
    return [
        ac.RNN(ac.LSTMCell(3)),
        ac.RNN(ac.StackedRNNCells([ac.LSTMCell(3), ac.GRUCell("u")]), return_sequences=True),
        ac.Residual([ac.Dense(3), ac.ReLU()], shortcut=ac.Dense(3)),
        ac.Residual(shared, shortcut=shared),
        ac.Repeat(ac.Dense("k"), "L", name="body"),
        ac.Sequential([ac.Dense("d - 8", kernel_initializer="zeros")], input_shape=("d",)),
        ac.Sequential([ac.Sequential([ac.Dense(3)], trainable=False), shared, shared]),
        ac.Sequential([table, ac.Dense(9, use_bias=False, tied={"kernel": table})]),
        ac.TimeDistributed(ac.Dense(3)),
        ac.Bidirectional(ac.LSTM(3), merge_mode=None, backward_layer=ac.GRU(2, go_backwards=True)),
        ac.Model(x, ac.Add()([shared(x), shared(shared(x))])),
        ac.TransformerEncoder(ac.TransformerEncoderLayer(8, 2), 2),
        ac.Sequential([ac.SpectralNormalization(ac.Conv2D(3, 3))]),
    ]


@pytest.mark.parametrize("layer", _holders(), ids=lambda layer: type(layer).__name__)
def test_what_holds_layers_is_dumped_and_validated(layer: ac.Layer) -> None:
    kind = type(layer)
    assert kind.model_validate(layer.model_dump()) == layer
    assert kind.model_validate_json(layer.model_dump_json()) == layer
    other = ac.RNN if kind is not ac.RNN else ac.Residual
    with pytest.raises(ValueError, match=f"this is {kind.__name__}, not {other.__name__}"):
        other.model_validate(layer.model_dump())


@pytest.mark.parametrize(
    "layer",
    [
        ac.SpectralNormalization(ac.Dense(3)),
        ac.SpectralNormalization(ac.Conv2D("f", 3), power_iterations=2),
        ac.LoRA(ac.MultiHeadAttention(2, 4), "r", targets=("query_kernel",)),
        ac.LoRA(ac.TimeDistributed([ac.Dense(3)]), 2),
    ],
)
def test_a_layer_around_a_layer_keeps_its_class_when_it_is_dumped(layer: ac.Layer) -> None:
    """It came back as a plain `Layer`, without its fields."""
    kind = type(layer)
    assert kind.model_validate(layer.model_dump()) == layer
    assert kind.model_validate_json(layer.model_dump_json()) == layer


def test_what_is_shared_is_shared_once_dumped() -> None:
    shared = ac.Dense(4)
    net = ac.Sequential([shared, shared], input_shape=4)
    again = ac.Sequential.model_validate_json(net.model_dump_json())
    assert again.trace().parameters() == 20


def test_a_model_of_ones_own_holds_networks() -> None:
    class Run(BaseModel):
        net: ac.RNN
        epochs: int

    run = Run(net=ac.RNN(ac.LSTMCell(3)), epochs=3)
    assert Run.model_validate_json(run.model_dump_json()) == run
