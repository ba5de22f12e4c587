"""Weights that are another layer's, and tensors that no layer owns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.costs import Flops, TrainingFlops

SIZES = st.integers(1, 9)


def language_model(vocabulary: Any, width: Any, tied: bool) -> ac.Sequential:
    table = ac.Embedding(vocabulary, width)
    whose = {"kernel": table} if tied else {}
    head = ac.Dense(vocabulary, use_bias=False, tied=whose)
    return ac.Sequential([table, ac.Dense(width), head], input_shape=("t",))


@given(vocabulary=SIZES, width=SIZES, length=SIZES)
def test_a_tied_net_is_the_untied_one_less_the_table(
    vocabulary: int, width: int, length: int
) -> None:
    """Only what is counted changes; work and gradients are those of every use."""
    tied, untied = (language_model("V", "d", way).trace() for way in (True, False))
    values = {"V": vocabulary, "d": width}
    assert untied.parameters(**values) - tied.parameters(**values) == vocabulary * width
    for cost in (Flops(), TrainingFlops()):
        assert tied.cost(cost)(t=length, **values) == untied.cost(cost)(t=length, **values)


@pytest.mark.parametrize(
    ("kind", "weight", "shape", "in_torch"),
    [
        (lambda **how: ac.LSTM(3, return_sequences=True, **how), "recurrent_kernel", (5, 4), ""),
        (lambda **how: ac.GRUCell(3, **how), "kernel", (4,), ""),
        (lambda **how: ac.ConvLSTM1D(3, 2, **how), "kernel", (5, 6, 4), "not-in-torch"),
        (lambda **how: ac.GroupQueryAttention(2, 4, 2, **how), "value_kernel", (5, 8), ""),
        (lambda **how: ac.MultiHeadAttention(2, 4, **how), "query_kernel", (5, 8), "tied-weights"),
        (
            lambda **how: ac.SpectralNormalization(ac.Dense(3), **how),
            "kernel",
            (4,),
            "not-in-torch",
        ),
    ],
)
def test_a_weight_is_there_once_wherever_its_layer_keeps_it(
    kind: Any, weight: str, shape: Any, in_torch: str
) -> None:
    """In a cell, a projection, a wrapper; torch keeps the projections of heads as one tensor."""
    x, owner = ac.Input(shape), kind()
    net = ac.Model(x, [owner(x), kind(tied={weight: owner})(x)])
    assert net.to_keras().count_params() == net.trace().total_params
    if in_torch:
        with pytest.raises(ac.errors.FrameworkError) as refused:
            net.to_torch()
        assert refused.value.code == in_torch
    else:
        assert sum(p.numel() for p in net.to_torch().parameters()) == net.trace().parameters


@pytest.mark.parametrize("how", [{}, {"activation": "relu"}, {"use_bias": True}])
def test_who_lends_a_weight_may_be_called_after_who_has_it(how: dict[str, Any]) -> None:
    """The same in Keras and in torch, also where both are one layer called twice."""
    x, owner = ac.Input((3,)), ac.Dense(4, use_bias=False)
    first = ac.Dense(4, **{"use_bias": False, **how}, tied={"kernel": owner})
    net = ac.Model(x, [first(x), owner(x)])
    one = torch.ones(1, 3)
    for model in (net.to_keras(), net.to_torch()):
        assert [tuple(w.shape) for w in getattr(model, "weights", ())][:1] in ([], [(3, 4)])
        (kernel,) = (p for p in model.parameters() if p.ndim == 2)
        for bias in (p for p in model.parameters() if p.ndim == 1):
            bias.data.zero_()
        assert sum(p.numel() for p in model.parameters()) == net.trace().parameters
        before, after = model(one)
        wanted = one @ (kernel if kernel.shape == (3, 4) else kernel.T)
        torch.testing.assert_close(after, wanted)
        torch.testing.assert_close(before, wanted.relu() if "activation" in how else wanted)


def test_equal_cells_are_two_layers_in_keras() -> None:
    """Keras counts 96 for each: ``4·(4 + 3 + 1)·3``."""
    x = ac.Input((4,))
    net = ac.Model(x, [ac.LSTMCell(3)(x), ac.LSTMCell(3)(x)])
    assert net.to_keras().count_params() == 192


@given(vocabulary=SIZES, width=SIZES, length=SIZES)
def test_torch_has_the_table_once(vocabulary: int, width: int, length: int) -> None:
    net = ac.substitute(language_model("V", "d", True), {"V": vocabulary, "d": width, "t": length})
    module = net.to_torch()
    assert sum(p.numel() for p in module.parameters()) == net.trace().parameters
    assert module.get_submodule("dense_1").weight is module.get_submodule("embedding").weight
    indices = torch.zeros(2, length, dtype=torch.long)
    assert module(indices).shape == (2, length, vocabulary)


def test_gpt2_small_in_a_file() -> None:
    """Radford et al. (2019), as transformers builds it: 124,439,808."""
    net = ac.load("docs/examples/gpt2_small.yaml")
    trace = net.trace()
    assert trace.parameters == 124_439_808
    assert [str(tie) for tie in trace["head"].ties] == ["wte/embeddings transposed"]
    assert ac.loads(ac.dumps(net)) == net


def nano_gpt(depth: Any, width: Any, vocabulary: Any, length: Any, heads: Any) -> ac.Model:
    """nanoGPT's default: no biases anywhere, norms without offset, a tied head."""

    def norm() -> ac.LayerNormalization:
        return ac.LayerNormalization(center=False)

    def dense(units: Any, **how: Any) -> ac.Dense:
        return ac.Dense(units, use_bias=False, **how)

    attention = ac.MultiHeadAttention(heads, width // heads, use_bias=False)
    block = [
        ac.Residual([norm(), attention]),
        ac.Residual([norm(), dense(4 * width, activation="gelu"), dense(width)]),
    ]
    table = ac.Embedding(vocabulary, width)
    tokens = ac.Input((length,))
    x = ac.Add()([table(tokens), ac.Parameter((length, width))])
    x = norm()(ac.Repeat(block, depth)(x))
    return ac.Model(tokens, dense(vocabulary, tied={"kernel": table})(x))


def test_nano_gpt_has_its_published_numbers() -> None:
    """The figures of nanoGPT's notebook ``transformer_sizing``, with its own count of FLOPs."""
    trace = nano_gpt(12, 768, 50257, 1024, 12).trace()
    assert trace.parameters == 124_337_664
    assert trace.flops == 291_648_307_200
    assert trace.cost(TrainingFlops()) == 874_944_921_600


def test_the_summary_says_whose_a_weight_is_also_beside_a_bias() -> None:
    table = ac.Embedding(11, 4)
    for bias, said in ((False, "tied to embedding"), (True, "11, tied to embedding")):
        head = ac.Dense(11, use_bias=bias, tied={"kernel": table})
        line = ac.Sequential([table, head], input_shape=(5,)).summary().splitlines()[4]
        assert f"  {said}  " in line


def test_a_symbolic_depth_keeps_one_table() -> None:
    trace = nano_gpt("L", 8, "V", 6, 2).trace()
    assert trace.parameters(L=3, V=11) == nano_gpt(3, 8, 11, 6, 2).trace().parameters


def test_copies_of_a_block_share_a_weight_from_outside() -> None:
    """One kernel owned outside, used in every copy; inside a block each copy has its own pair."""
    outside = ac.Dense(8)
    inner = ac.Dense(8, use_bias=False, tied={"kernel": outside})
    shared = ac.Sequential([outside, ac.Repeat(inner, "L")]).trace(8)
    assert (shared.parameters, shared.macs(L=5)) == (72, 6 * 64)
    first = ac.Dense(8)
    pair = ac.Sequential([first, ac.Dense(8, tied={"kernel": first})])
    assert ac.Repeat(pair, "L").trace(8).parameters(L=5) == 5 * (64 + 8 + 8)


@pytest.mark.parametrize(
    ("tie", "code"),
    [
        ({"kernel": ac.Embedding(5, 4)}, "tied-to-nothing"),
        ({"kernal": "table"}, "no-such-weight"),
        ({"kernel": ("table", "weights")}, "no-such-weight"),
        ({"kernel": "narrow"}, "tied-weights-differ"),
    ],
)
def test_what_does_not_fit_is_said(tie: dict[str, Any], code: str) -> None:
    known = {"table": ac.Embedding(5, 4), "narrow": ac.Dense(3)}
    layers = [known["table"], known["narrow"], ac.Dense(4)]

    def owner(said: Any) -> Any:
        name, *more = said if isinstance(said, tuple) else (said,)
        return (known.get(name, name), *more) if more else known.get(name, name)

    tied = {name: owner(said) for name, said in tie.items()}
    net = ac.Sequential([*layers, ac.Dense(5, use_bias=False, tied=tied)], input_shape=(3,))
    with pytest.raises(ac.errors.ShapeError) as caught:
        net.trace()
    assert caught.value.code == code
    assert caught.value.path == "dense_2"


def test_the_shapes_that_differ_are_both_said() -> None:
    table = ac.Embedding(5, 4)
    net = ac.Sequential([table, ac.Dense(6, use_bias=False, tied={"kernel": table})])
    with pytest.raises(ac.errors.ShapeError, match=r"kernel has shape 4×6, .* has 5×4"):
        net.trace(3)


def test_symbols_that_must_agree_are_a_requirement() -> None:
    table = ac.Embedding("V", "d")
    net = ac.Sequential([table, ac.Dense("W", use_bias=False, tied={"kernel": table})])
    trace = net.trace(3)
    assert trace.parameters(V=7, W=7, d=2) == 14
    with pytest.raises(ac.errors.RequirementError, match="tied"):
        trace.parameters(V=7, W=8, d=2)


def test_a_decoder_may_be_its_encoder_turned() -> None:
    """The way that fits for certain needs nothing to be required."""
    encoder = ac.Dense("h")
    trace = ac.Sequential([encoder, ac.Dense("n", tied={"kernel": encoder})]).trace("n")
    assert trace["dense_1"].ties[0].transposed
    assert not trace.requirements
    assert trace.parameters(n=784, h=32) == 784 * 32 + 32 + 784


def test_what_is_no_tie_is_refused() -> None:
    for said in ("table", {"kernel": 3}, {"kernel": (ac.Dense(2), 3)}):
        with pytest.raises(ac.errors.InvalidLayerError, match="whose weights"):
            ac.Dense(3, tied=said)  # type: ignore[arg-type]


def test_keras_has_no_weight_of_another_layer() -> None:
    net = ac.substitute(language_model("V", "d", True), {"V": 5, "d": 4, "t": 3})
    with pytest.raises(ac.errors.FrameworkError, match="weights of their own"):
        net.to_keras()


def test_a_reversible_table_is_there_once() -> None:
    """There and back: 16,000 and not 32,000, in both frameworks too."""
    table = ac.ReversibleEmbedding(1000, 16)
    x = ac.Input((10,))
    model = ac.Model(x, table(table(x), reverse=True))
    assert model.trace().parameters == 16_000
    assert model.to_keras().count_params() == 16_000
    assert sum(p.numel() for p in model.to_torch().parameters()) == 16_000
    assert ac.Sequential([table, table.back()]).trace(10).parameters == 16_000


def test_it_is_written_and_read_back() -> None:
    net = language_model("V", "d", True)
    assert ac.loads(ac.dumps(net)) == net
    assert eval(repr(net), dict(vars(ac))) == net
    assert ac.loads(ac.dumps(net)) != language_model("V", "d", False)
    wrong = net.to_dict()
    wrong["layers"][2]["Dense"]["tied"] = {"kernel": "embeding"}
    with pytest.raises(ac.errors.SpecificationError, match="did you mean embedding"):
        ac.from_dict(wrong)


def test_changing_a_network_keeps_its_ties() -> None:
    net = language_model("V", "d", True)
    numbers = ac.substitute(net, {"V": 7, "d": 3, "t": 2})
    assert numbers.layers[2].tied[0].owner is numbers.layers[0]
    wider = net.replace("embedding", ac.Embedding("V", "d", trainable=False))
    assert wider.layers[2].tied[0].owner is wider.layers[0]


def test_the_owner_says_whether_a_weight_is_trained() -> None:
    """By torch's counter with gradients: a frozen table has no gradient at the head either."""
    frozen = ac.Embedding(50, 6, trainable=False)
    head = ac.Dense(50, use_bias=False, tied={"kernel": frozen})
    net = ac.Sequential([frozen, ac.Dense(6), head], input_shape=4)
    assert net.trace().cost(TrainingFlops()) == 5376
    owner = ac.Dense(6, use_bias=False)
    user = ac.Dense(6, use_bias=False, tied={"kernel": owner}, trainable=False)
    net = ac.Sequential([ac.Dense(6), owner, user], input_shape=6)
    assert net.trace().cost(TrainingFlops()) == 576


def test_a_network_has_no_weights_to_tie() -> None:
    owner = ac.Dense(6)
    with pytest.raises(ac.errors.InvalidLayerError, match="no weights but those of its layers"):
        ac.Residual([ac.Dense(6)], tied={"kernel": owner})


def test_a_tied_kernel_that_was_counted_again_is_found() -> None:
    table = ac.Embedding(50, 6)
    net = ac.Sequential([table, ac.Dense(50, use_bias=False, tied={"kernel": table})])
    found = ac.reconcile(net.trace(4), total=600)
    assert found.explained is True
    assert [(x.kind, x.amount) for x in found.findings] == [("shared-counted-twice", -300)]


def test_convolutions_may_share_a_kernel_in_torch() -> None:
    first = ac.Conv2D(6, 3)
    net = ac.Sequential([first, ac.Conv2D(6, 3, tied={"kernel": first})], input_shape=(8, 8, 6))
    module = net.to_torch()
    assert sum(p.numel() for p in module.parameters()) == net.trace().parameters


# Tensors that no layer owns


def test_two_sources_are_two() -> None:
    """Each free tensor is a call of its own: 4 + 8."""
    x = ac.Input((4,))
    model = ac.Model(x, ac.Concatenate()([x, ac.Parameter((4,)), ac.Parameter((8,))]))
    assert model.trace().parameters == 12


@given(positions=SIZES, width=SIZES, classes=SIZES)
def test_tokens_as_in_torch(positions: int, width: int, classes: int) -> None:
    """A class token before, a table of positions added: built, run and counted in torch."""
    tokens = ac.Input(("n", "d"))
    x = ac.Concatenate(axis=0)([ac.Parameter((1, "d")), tokens])
    x = ac.Add()([x, ac.Parameter(("n + 1", "d"))])
    model = ac.Model(tokens, ac.Dense("K")(x))
    formula = model.trace().parameters
    values = {"n": positions, "d": width, "K": classes}
    module = ac.substitute(model, values).to_torch()
    assert sum(p.numel() for p in module.parameters()) == formula(**values)
    assert module(torch.zeros(2, positions, width)).shape == (2, positions + 1, classes)


@pytest.mark.parametrize(
    "around",
    [
        lambda layer: ac.Sequential([layer]),
        lambda layer: ac.Residual([layer]),
        lambda layer: ac.Repeat(layer, 2),
        lambda layer: ac.Repeat([ac.Residual([layer])], 2, shared=True),
        lambda layer: ac.Parallel([layer, []]),
    ],
)
def test_a_block_called_on_a_tensor_may_hold_a_weight_from_outside_it(around: Any) -> None:
    owner, x = ac.Dense(4, name="owner"), ac.Input((5, 4))
    y = owner(x)
    net = ac.Model(x, around(ac.Dense(4, tied={"kernel": owner}))(y))
    module = net.to_torch()
    assert net.trace().total_params == sum(p.numel() for p in module.parameters())
    assert module(torch.zeros(1, 5, 4)).shape[1:] == tuple(net.trace().output)
    assert ac.loads(ac.dumps(net)) == net


def test_a_tie_out_of_what_is_one_layer_is_not_built() -> None:
    owner, x = ac.Dense(4), ac.Input((5, 4))
    net = ac.Model(x, ac.TimeDistributed(ac.Dense(4, tied={"kernel": owner}))(owner(x)))
    assert net.trace().parameters == 24
    for build in (net.to_torch, net.to_keras):
        with pytest.raises(ac.errors.FrameworkError) as caught:
            build()
        assert caught.value.code == "tied-weights"


def test_a_parameter_takes_operators_and_indices() -> None:
    x, p, q = ac.Input((5, 4)), ac.Parameter((5, 4)), ac.Parameter((4, 7))
    net = ac.Model(x, ((p * 2 - x / 3) + (1 / p) ** 2 + abs(-p[:, :1])) @ q)
    module = net.to_torch()
    assert module(torch.zeros(2, 5, 4)).shape == (2, 5, 7)
    assert net.trace().parameters == sum(each.numel() for each in module.parameters()) == 48


def test_a_parameter_is_no_activation_and_may_be_used_twice() -> None:
    x, scale = ac.Input((4, 3)), ac.Parameter((4, 3))
    model = ac.Model(x, ac.Multiply()([ac.Add()([x, scale]), scale]))
    trace = model.trace()
    assert trace.parameters == 12
    assert trace.activations == 3 * 12  # the input, the sum and the product
    assert ac.loads(ac.dumps(model)) == model


def test_a_kept_constant_is_a_statistic() -> None:
    x = ac.Input((4,))
    trace = ac.Model(x, ac.Add()([x, ac.Parameter((4,), learned=False)])).trace()
    assert (trace.parameters, trace.statistics) == (0, 4)


def test_a_gradient_goes_on_behind_a_parameter() -> None:
    """What is behind a learned tensor passes a gradient to it, as in torch."""
    x = ac.Input((3, 4))
    model = ac.Model(x, ac.Dense(5, use_bias=False)(ac.Add()([x, ac.Parameter((3, 4))])))
    assert model.trace().cost(TrainingFlops()) == 3 * 2 * 3 * 4 * 5


def test_models_with_unnamed_inputs_read_back() -> None:
    a, b = ac.Input((3,)), ac.Input((4,))
    model = ac.Model([a, b], ac.Concatenate()([a, b]))
    assert ac.loads(ac.dumps(model)) == model


def test_a_ladder_of_symbolic_depth_is_not_built() -> None:
    conv = ac.Conv2D(8, 3, padding="same")
    ladder = ac.Ladder(conv, ac.MaxPooling2D(2), conv, ac.UpSampling2D(2), conv, "L")
    with pytest.raises(ac.errors.FrameworkError, match="L has no number"):
        ladder.to_torch((16, 16, 8))


@given(st.from_type(ac.Parameter))
def test_free_tensors_are_drawn(parameter: ac.Parameter) -> None:
    count = 1
    for dim in parameter.shape or ():
        count *= int(dim)
    trace = ac.Model(ac.Input((3,)), parameter).trace()
    assert (trace.total_params, trace.parameters) == (count, count * parameter.learned)


def test_who_is_called_after_what_is_tied_to_it_stands_first_in_a_file() -> None:
    x = ac.Input((6,))
    below = ac.Dense(6, name="below")
    owner = ac.Dense(6, name="owner")
    head = ac.Dense(6, name="head", tied={"kernel": owner})
    net = ac.Model(x, ac.Subtract()([head(x), owner(below(x))]))
    assert [layer.name for layer, _ in net.calls][:3] == ["below", "owner", "head"]
    back = ac.loads(ac.dumps(net))
    assert back == net
    assert back.trace().parameters == 6 * 6 + 6 + 6 * 6 + 6 + 6
    torch = pytest.importorskip("torch")
    module = net.to_torch()
    assert sum(p.numel() for p in module.parameters()) == back.trace().parameters
    with torch.no_grad():
        given = torch.randn(2, 6)
        kernel = next(p for n, p in module.named_parameters() if n.endswith("owner.weight"))
        kernel.zero_()
        biases = {n.split(".")[-2]: p for n, p in module.named_parameters() if n.endswith("bias")}
        assert torch.allclose(module(given), (biases["head"] - biases["owner"]).expand(2, 6))


def test_an_owner_that_is_made_from_what_is_tied_to_it_stays_behind() -> None:
    x = ac.Input((6,))
    owner = ac.Dense(6, name="owner")
    head = ac.Dense(6, name="head", tied={"kernel": owner})
    net = ac.Model(x, owner(head(x)))
    assert [layer.name for layer, _ in net.calls] == ["head", "owner"]
    assert net.trace().parameters == 6 * 6 + 6 + 6
    with pytest.raises(ac.errors.SpecificationError, match="put the layer that owns the weight"):
        ac.dumps(net)


@pytest.mark.parametrize("back", [False, True])
def test_a_transposed_convolution_has_the_kernel_of_a_convolution(back: bool) -> None:
    """What an autoencoder of tied convolutions is: torch keeps both kernels in one order."""
    first, second = (ac.Conv2DTranspose, ac.Conv2D) if back else (ac.Conv2D, ac.Conv2DTranspose)
    encoder = first(6, 3, name="encoder", use_bias=False)
    decoder = second(4, 3, tied={"kernel": encoder}, use_bias=False)
    net = ac.Sequential([encoder, decoder], input_shape=(8, 8, 4))
    module = net.to_torch()
    (weight,) = module.parameters()
    assert weight.numel() == net.trace().parameters == 3 * 3 * 4 * 6
    with torch.no_grad():
        given = torch.randn(2, 8, 8, 4)
        x = given.movedim(-1, 1)
        over, under = torch.conv2d, torch.conv_transpose2d
        one, other = (under, over) if back else (over, under)
        assert torch.allclose(
            module(given).movedim(-1, 1), other(one(x, weight), weight), atol=1e-5
        )
