"""Adapters as an edit, against peft's published numbers, the paper's, Keras' and torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.symbolic.errors import (
    FrameworkError,
    InvalidLayerError,
    LookupFailedError,
    RequirementError,
)
from archcalc.symbolic.shape import Shape


def gpt2(**how: Any) -> ac.Sequential:
    """GPT-2 as Hugging Face has it: ``c_attn`` makes queries, keys and values in one."""
    x = ac.Input(("t", 768))
    q, k, v = ac.Split(3)(ac.Dense(2304, name="c_attn")(x))
    mixed = ac.ScaledDotProductAttention(is_causal=True)([q, k, v])  # heads change no count here
    attention = ac.Model(x, ac.Dense(768, name="c_proj")(mixed), name="attn")
    mlp = [ac.Dense(3072, "gelu", name="c_fc"), ac.Dense(768, name="c_proj")]
    block = ac.Sequential(
        [
            ac.Residual([ac.LayerNormalization(), attention]),
            ac.Residual([ac.LayerNormalization(), ac.Sequential(mlp, name="mlp")]),
        ]
    )
    table = ac.Embedding(50257, 768, name="wte")
    ids = ac.Input(("t",))
    places = ac.Embedding(1024, 768, name="wpe")
    y = ac.Repeat(block, 12, name="h")(ac.Add()([table(ids), places(ids)]))
    head = ac.Dense(50257, use_bias=False, tied={"kernel": table}, name="lm_head")
    return ac.Model(ids, head(ac.LayerNormalization(name="ln_f")(y)), **how)


def llama_2_7b() -> Any:
    """Its own projections; 32 layers of 4,096 features and 11,008 between."""
    x = ac.Input(("t", 4096))

    def dense(name: str, width: int) -> ac.Dense:
        return ac.Dense(width, use_bias=False, name=name)

    q, k, v = (dense(f"{n}_proj", 4096)(x) for n in "qkv")
    mixed = ac.ScaledDotProductAttention(is_causal=True)([q, k, v])
    attention = ac.Model(x, dense("o_proj", 4096)(mixed), name="self_attn")
    z = ac.Input(("t", 4096))
    wide = ac.Multiply()([dense("gate_proj", 11008)(z), dense("up_proj", 11008)(z)])
    mlp = ac.Model(z, dense("down_proj", 4096)(wide), name="mlp")
    norm = ac.RMSNormalization
    block = ac.Sequential([ac.Residual([norm(), attention]), ac.Residual([norm(), mlp])])
    layers = [ac.Embedding(32000, 4096), ac.Repeat(block, 32, name="layers"), norm()]
    return ac.Sequential([*layers, dense("lm_head", 32000)], input_shape=("t",))


def test_peft_on_gpt2() -> None:
    """peft's ``print_trainable_parameters()`` of gpt2, LoraConfig(r=8, target_modules=["c_attn"]):
    "trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.2364".
    """
    trace = gpt2().with_lora(8, "c_attn").trace()
    assert trace.trainable_parameters == 294_912
    assert trace.parameters == 124_734_720
    assert gpt2().with_lora("r", "c_attn").trace().trainable_parameters(r=8) == 294_912


def test_peft_on_llama_2_7b() -> None:
    """r = 8 on q_proj and v_proj, peft's targets of a Llama: "trainable params: 4,194,304 || all
    params: 6,742,609,920 || trainable%: 0.0622".
    """
    trace = llama_2_7b().with_lora(8, ["q_proj", "v_proj"]).trace()
    assert (trace.trainable_parameters, trace.parameters) == (4_194_304, 6_742_609_920)


def test_peft_on_llama_3_2_3b() -> None:
    """r = 8 on q_proj and k_proj, of which there are fewer: "trainable params: 2,293,760 || all
    params: 3,215,043,584 || trainable%: 0.0713" (meta-llama/llama-cookbook, issue 814).
    """
    attention = ac.GroupQueryAttention(128, 24, 8, use_bias=False)
    z = ac.Input(("t", 3072))
    wide = [ac.Dense(8192, use_bias=False)(z) for _ in range(2)]
    mlp = ac.Model(z, ac.Dense(3072, use_bias=False)(ac.Multiply()(wide)))
    norm = ac.RMSNormalization
    block = ac.Sequential([ac.Residual([norm(), attention]), ac.Residual([norm(), mlp])])
    layers = [ac.Embedding(128256, 3072), ac.Repeat(block, 28), norm()]  # the head is the table's
    net = ac.Sequential(layers, input_shape=("t",))
    trace = net.with_lora(8, ["query_kernel", "key_kernel"]).trace()
    assert (trace.trainable_parameters, trace.parameters) == (2_293_760, 3_215_043_584)


def test_gpt3_in_the_paper() -> None:
    """Hu et al. (2021), section 4.2: r = 4 on queries and values of GPT-3's 96 layers, 12,288
    features, gives about 18.9 million parameters (table 12: r_q = r_v = 4 has 18.8M).
    """
    block = ac.Residual([ac.MultiHeadAttention(96, 128)])
    net = ac.Sequential([ac.Repeat(block, 96)], input_shape=("t", 12288))
    trace = net.with_lora(4, ["query_kernel", "value_kernel"]).trace()
    assert trace.trainable_parameters == 96 * 2 * 2 * 4 * 12288 == 18_874_368


@pytest.mark.parametrize(
    ("layer", "x", "keras_says"),
    [
        (ac.Dense(256), (768,), 768 * 8 + 8 * 256),
        (ac.Conv2D(32, 3), (9, 9, 16), 3 * 3 * 16 * 8 + 8 * 32),
        (ac.Embedding(1000, 64), (10,), 1000 * 8 + 8 * 64),
    ],
    ids=lambda x: type(x).__name__,
)
def test_adapters_are_those_of_keras_enable_lora(layer: Any, x: Any, keras_says: int) -> None:
    import keras
    import numpy as np

    built = ac.Sequential([layer], input_shape=x).to_keras().layers[-1]
    assert isinstance(built, keras.layers.Layer)
    before = {id(w) for w in built.weights}
    built.enable_lora(8)
    added = [w for w in built.weights if id(w) not in before]
    assert sum(int(np.prod(w.shape)) for w in added) == keras_says
    ours = ac.LoRA(layer, 8).weights(Shape(x))
    assert sorted(tuple(w.shape) for w in ours if w.role == "adapter") == sorted(
        tuple(w.shape) for w in added
    )


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (ac.Dense(6, "relu"), (7, 5)),
        (ac.Conv2D(6, 3, strides=2, padding="same", activation="tanh"), (9, 8, 5)),
        (ac.Conv1D(6, 2, padding="causal"), (9, 5)),
        (ac.Embedding(11, 6), (7,)),
    ],
    ids=lambda x: type(x).__name__,
)
def test_torch_does_as_much(layer: Any, x: Any) -> None:
    net = ac.Sequential([layer], input_shape=x).with_lora(3, "*")
    trace, module = net.trace(), net.to_torch()
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert trained == trace.trainable_parameters
    assert sum(p.numel() for p in module.parameters()) == trace.parameters
    given = torch.zeros(1, *x) if trace.rows[0].layer.input_kind(0) == "numbers" else None
    given = torch.zeros(1, *x, dtype=torch.int64) if given is None else given
    with FlopCounterMode(display=False) as counter:
        result = module(given)
    assert tuple(result.shape[1:]) == tuple(trace.output)
    assert counter.get_total_flops() == trace.flops


def test_training_is_what_autograd_does() -> None:
    """No gradient of a frozen kernel; both adapters have theirs, and the input of the second."""
    layers = [ac.Dense(8, name="q"), ac.Dense(4, name="v")]
    net = ac.Sequential(layers, input_shape=(5, 6)).with_lora(2, ["q", "v"])
    module = net.to_torch()
    with FlopCounterMode(display=False) as counter:
        module(torch.randn(1, 5, 6)).sum().backward()
    assert counter.get_total_flops() == net.trace().cost(ac.costs.TrainingFlops())


def test_beside_and_merged_are_two_conventions() -> None:
    t, d, f, r = 10, 768, 256, 8
    plain = ac.Sequential([ac.Dense(f)], input_shape=(t, d))
    beside, merged = (plain.with_lora(r, "dense", merged=m).trace() for m in (False, True))
    keras = ac.Sequential([ac.Dense(f, lora_rank=r)], input_shape=(t, d)).trace()
    own = int(plain.trace().macs)
    assert beside.macs == own + t * (d * r + r * f)
    assert merged.macs == keras.macs == own + d * r * f
    choices = ac.costs.convention("adapters")
    for trace in (beside, merged, keras):
        assert trace.cost(choices["beside"]) == beside.macs
        assert trace.cost(choices["merged"]) == merged.macs
        assert trace.cost(choices["left out"]) == own


def test_what_is_named_by_paths_and_patterns() -> None:
    def trained(*targets: str) -> int:
        net = gpt2().with_lora(1, targets)
        return int(net.trace().trainable_parameters)

    assert trained("h/residual/attn/c_proj") == 12 * 2 * 768
    assert trained("*/mlp/*") == 12 * 2 * (768 + 3072)
    assert trained("mlp/c_proj") == trained("*/mlp/c_proj") == 12 * (3072 + 768)
    assert trained("c_proj") == trained("*/attn/c_proj") + trained("*/mlp/c_proj")
    assert trained("embeddings") == trained("wte") + trained("wpe") == 50257 + 1024 + 2 * 768


def test_what_is_shared_stays_shared_and_what_is_tied_tied() -> None:
    shared = ac.Dense(4)
    net = ac.Sequential([shared, shared], input_shape=4).with_lora(2, "dense")
    assert net.trace().parameters == 4 * 4 + 4 + 2 * 2 * 4
    tied = gpt2().with_lora(8, "wte").trace()
    assert tied.parameters == 124_439_808 + 8 * (50257 + 768)


def test_an_adapted_network_is_written_and_read_back() -> None:
    net = ac.Sequential([ac.Dense("n"), ac.Dense(10)], input_shape=784).with_lora("r", "dense")
    assert ac.loads(ac.dumps(net)) == net
    assert str(net.trace().trainable_parameters) == "(n + 784)·r"
    assert "LoRA" in net.trace().derivation().to_text()


def torch_with_adapters(module: nn.Module, rank: int, *targets: str) -> nn.Module:
    """peft's recipe by hand: all is frozen, and each target has two thin layers beside it."""
    module.requires_grad_(False)
    for name, part in list(module.named_modules()):
        if name.rpartition(".")[2] in targets:
            assert isinstance(part, nn.Linear)
            part.lora_A = nn.Linear(part.in_features, rank, bias=False)  # type: ignore[assignment]
            part.lora_B = nn.Linear(rank, part.out_features, bias=False)  # type: ignore[assignment]
    return module


def learned(module: nn.Module) -> tuple[int, int]:
    sizes = [(p.numel(), p.requires_grad) for p in module.parameters()]
    return sum(n for n, grad in sizes if grad), sum(n for n, _ in sizes)


def test_layers_that_transformers_make() -> None:
    """torch's own encoder and decoder, of which a person names parts as torch calls them."""
    x, y = ac.Input(("s", 8)), ac.Input(("t", 8))
    net = ac.Model([x, y], ac.Transformer(8, 2, 2, 3, 16)([x, y]))
    trace = net.with_lora(2, ["linear1", "linear2"]).trace()
    theirs = torch_with_adapters(
        nn.Transformer(8, 2, 2, 3, 16, batch_first=True), 2, "linear1", "linear2"
    )
    assert (trace.trainable_parameters, trace.parameters) == learned(theirs)
    encoder = net.with_lora(2, "*/encoder/*/linear1").trace()
    assert encoder.trainable_parameters == 2 * 2 * (8 + 16)
    assert encoder.parameters - encoder.trainable_parameters == net.trace().parameters
    every = net.with_lora(1, ["q_proj", "*/multihead_attn/value"]).trace()
    assert every.trainable_parameters == (2 + 3 + 3 + 3) * 2 * 8  # query of 8, value of 3


def test_peft_on_mt0_large() -> None:
    """peft's README: bigscience/mt0-large with LoraConfig(task_type=SEQ_2_SEQ_LM, r=8), whose
    targets are q and v: "trainable params: 2359296 || all params: 1231940608".  Its attentions are
    those of 24 encoder and 24 decoder layers, of 1,024 features in 16 heads of 64.
    """
    x, y = ac.Input(("s", 1024)), ac.Input(("t", 1024))
    transformer = ac.Transformer(1024, 16, 24, 24, 2816, bias=False)
    net = ac.Model([x, y], transformer([x, y]))
    assert net.with_lora(8, ["query", "value"]).trace().trainable_parameters == 2_359_296


def test_layers_that_a_network_makes_are_built_as_they_are_counted() -> None:
    block = ac.TransformerEncoderLayer(8, 2, 16)
    net = ac.Sequential([ac.TransformerEncoder(block, 2, norm=True)], input_shape=(5, 8))
    tuned = net.with_lora(2, "linear*", bias="lora_only")
    assert learned(tuned.to_torch()) == (
        tuned.trace().trainable_parameters,
        tuned.trace().parameters,
    )
    assert ac.loads(ac.dumps(tuned)) == tuned
    assert str(tuned.trace().row("linear1").layer) == (
        "LoRA(layer=Dense(units=16, activation='relu'), rank=2, bias='lora_only', name='linear1')"
    )


def test_a_network_that_makes_its_layers_keeps_what_it_requires() -> None:
    net = ac.Sequential([ac.TransformerEncoderLayer("d", "a", "f")], input_shape=("t", "d"))
    tuned = net.with_lora("r", "linear1").trace().trainable_parameters
    assert tuned(d=8, f=16, r=2, a=2) == 2 * (8 + 16)
    with pytest.raises(RequirementError, match="does not divide"):
        tuned(d=8, f=16, r=2, a=3)


N, U, R = 3, 4, 2
GATED = (N + 4 * U) * R  # beside the kernel of an LSTM
LOOP = (U + 4 * U) * R  # beside its recurrent kernel


@pytest.mark.parametrize(
    ("layer", "x", "targets", "trained"),
    [
        (ac.LSTM(U), (5, N), "kernel", GATED),
        (ac.LSTM(U), (5, N), "recurrent_kernel", LOOP),
        (ac.RNN(ac.LSTMCell(U)), (5, N), "lstm_cell", GATED + LOOP),
        (ac.RNN([ac.LSTMCell(U), ac.LSTMCell(N)]), (5, N), "*/lstm_cell", GATED + LOOP),
        (ac.Bidirectional(ac.LSTM(U)), (5, N), "kernel", 2 * GATED),
        (ac.Bidirectional(ac.LSTM(U)), (5, N), "*lstm", 2 * (GATED + LOOP)),
        (
            ac.Bidirectional(ac.LSTM(U), backward_layer=ac.LSTM(U, go_backwards=True)),
            *((5, N), "*/backward_lstm", GATED + LOOP),
        ),
        (ac.TimeDistributed(ac.Dense(U)), (5, N), "dense", (N + U) * R),
        (ac.Residual([ac.Dense(U)]), (5, U), "dense", 2 * U * R),
        (ac.Repeat(ac.Residual([ac.Dense(U)]), 7), (5, U), "dense", 7 * 2 * U * R),
        (ac.Repeat(ac.Dense(U), 7, shared=True), (5, U), "dense", 2 * U * R),
        (ac.Repeat(ac.Dense("2**(i + 2)"), 2, index="i"), (U,), "dense", (2 * U + U + 8) * R),
        (ac.MultiHeadAttention(2, 5), (7, 8), ["query", "v_proj"], 2 * (8 + 10) * R),
        (ac.GroupQueryAttention(5, 4, 2), (7, 8), ["k_proj", "o_proj"], (8 + 10 + 20 + 8) * R),
        (ac.EinsumDense("abc,cd->abd", (None, U)), (7, N), "einsum_dense", (N + U) * R),
        (ac.TransformerEncoderLayer(8, 2, 16), (7, 8), "self_attn/query", 2 * 8 * R),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, ac.Layer) else None,
)
def test_what_a_network_holds_or_makes(layer: Any, x: Any, targets: Any, trained: int) -> None:
    """Every weight that was there is frozen, and there once; the two thin ones are matrices from
    what comes in to the rank, and from the rank to what comes out."""
    net = ac.Sequential([layer], input_shape=x)
    tuned = net.with_lora(R, targets)
    trace = tuned.trace()
    assert trace.trainable_parameters == trained
    assert trace.parameters == net.trace().parameters + trained
    assert [row.path for row in trace.rows] == [row.path for row in net.trace().rows]
    assert ac.loads(ac.dumps(tuned)) == tuned


def test_every_linear_layer() -> None:
    """peft's "all-linear" leaves out the layer that gives the output.  r = 16 on every linear layer
    of Llama 3 8B has 41,943,040 trained parameters."""
    x = ac.Input(("t", 4096))
    wide = [ac.Dense(14336, use_bias=False)(x) for _ in range(2)]
    mlp = ac.Model(x, ac.Dense(4096, use_bias=False)(ac.Multiply()(wide)))
    norm = ac.RMSNormalization
    attention = ac.GroupQueryAttention(128, 32, 8, use_bias=False)
    block = ac.Sequential([ac.Residual([norm(), attention]), ac.Residual([norm(), mlp])])
    layers = [ac.Embedding(128256, 4096), ac.Repeat(block, 32), norm()]
    head = ac.Dense(128256, use_bias=False)
    net = ac.Sequential([*layers, head], input_shape=("t",))
    assert net.with_lora(16, "all-linear").trace().trainable_parameters == 41_943_040
    assert net.trace().parameters == 8_030_261_248


def test_biases_of_what_has_adapters() -> None:
    layers = [ac.Dense(4, name="q"), ac.Dense(5, name="v")]
    net = ac.Sequential(layers, input_shape=3).with_lora(2, "q", bias="lora_only")
    assert net.trace().trainable_parameters == 2 * (3 + 4) + 4
    assert learned(net.to_torch())[0] == net.trace().trainable_parameters


def test_keras_argument_is_the_edit_with_its_bias_trained() -> None:
    """One fact in one place: what `lora_rank` says is what `LoRA` states, merged."""
    for layer, x in (
        (ac.Dense(6), (7, 5)),
        (ac.Conv2D(6, 3), (9, 8, 4)),
        (ac.Embedding(9, 6), (7,)),
        (ac.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d"), (7, 5)),
    ):
        keras = layer.model_copy(update={"lora_rank": 3})
        edit = ac.LoRA(layer, 3, merged=True, bias="lora_only")
        (y,) = layer.output_shapes(Shape(x))
        assert keras.weights(Shape(x)) == edit.weights(Shape(x))
        assert keras.work(Shape(x), y) == edit.work(Shape(x), y)
        assert keras.arithmetic(Shape(x), y) == edit.arithmetic(Shape(x), y)


def test_the_same_layer_is_adapted_once() -> None:
    for net in (
        ac.Sequential([ac.Dense(10, lora_rank=4)], input_shape=4),
        ac.Sequential([ac.Dense(10)], input_shape=4).with_lora(2, "dense"),
    ):
        with pytest.raises(InvalidLayerError, match="adapters already"):
            net.with_lora(2, "dense")


def test_a_copy_has_the_adapters_of_what_it_is_a_copy_of() -> None:
    net = ac.Sequential([ac.Bidirectional(ac.LSTM(4))], input_shape=(5, 3))
    with pytest.raises(InvalidLayerError, match="a copy of bidirectional/forward_lstm"):
        net.with_lora(2, "*/forward_lstm")


def test_what_stands_in_the_place_of_a_part_has_its_name() -> None:
    wide = ac.Dense(99, name="linear1")
    layer = ac.TransformerEncoderLayer(8, 2, 16, instead=[wide])
    assert layer.trace((5, 8)).row("linear1").layer is wide
    with pytest.raises(LookupFailedError, match="to stand in the place of"):
        ac.TransformerEncoderLayer(8, 2, 16, instead=[ac.Dense(8, name="linear3")]).trace((5, 8))


@pytest.mark.parametrize("targets", ["querry", "*/nothing", []])
def test_a_name_that_names_nothing_is_refused(targets: Any) -> None:
    net = ac.Sequential([ac.Dense(4)], input_shape=4)
    with pytest.raises(LookupFailedError, match="no weight that can have adapters"):
        net.with_lora(2, targets)


def test_what_is_no_matrix_has_no_adapters() -> None:
    for layer in (ac.DepthwiseConv2D(3), ac.Conv2D(8, 3, groups=2), ac.ReLU()):
        with pytest.raises(InvalidLayerError, match="no kernel for adapters"):
            ac.LoRA(layer, 2).check(Shape((9, 9, 4)))


def test_what_torch_has_no_module_for_is_refused_in_words() -> None:
    net = ac.Sequential([ac.MultiHeadAttention(2, 4)], input_shape=(3, 8))
    with pytest.raises(FrameworkError, match="with adapters is no module here"):
        net.with_lora(2, "query_kernel").to_torch()
    with pytest.raises(FrameworkError):
        ac.Sequential([ac.Dense(4)], input_shape=4).with_lora(2, "dense").to_keras()
