"""Transformers against torch's own modules, against papers, and against themselves.

Source of the counts of GPT-2 and BERT: the models of Hugging Face's transformers 5.23, built on
torch's meta device; they agree with the counts that their authors publish.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import archcalc as ac
from archcalc.costs.loops import often, owned
from archcalc.frameworks import to_keras, to_torch
from archcalc.network import Network
from archcalc.symbolic.errors import InvalidLayerError, RequirementError, ShapeError
from archcalc.testing.draw import numbers
from tests.sampling import examples

BATCH = 2


@st.composite
def _arguments(draw: DrawFn) -> dict[str, Any]:
    """The arguments of an encoder or decoder layer, as both call them."""
    heads = draw(numbers(1, 4))
    return {
        "d_model": heads * draw(numbers(1, 4)),
        "nhead": heads,
        "dim_feedforward": draw(numbers(1, 9)),
        "dropout": draw(st.sampled_from([0.0, 0.1])),
        "activation": draw(st.sampled_from(["relu", "gelu"])),
        "norm_first": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }


def _numels(module: Any) -> dict[str, int]:
    """The parameters of every submodule that has any of its own, by its name."""
    found: dict[str, int] = {}
    for name, value in module.named_parameters():
        place = name.rpartition(".")[0].removesuffix(".out_proj")
        found[place] = found.get(place, 0) + value.numel()
    return found


def _counts(net: Network, *lengths: int) -> dict[str, int]:
    """The parameters of every layer that has any, by its path with the copies written out."""
    found: dict[str, int] = {}
    for row in net.trace(*((length, _width(net)) for length in lengths)):
        size = sum(int(weight.size) for weight in row.weights)
        head, repeated, tail = row.path.rpartition("layers/")
        names = [f"{head}layers/{i}/{tail}" for i in range(int(often(owned(row.loops))))]
        found.update(dict.fromkeys(names if repeated else [row.path], size))
    return {name.replace("/", "."): size for name, size in found.items() if size}


def _width(net: Any) -> int:
    for name in ("d_model", "encoder_layer", "decoder_layer"):
        if hasattr(net, name):
            found = getattr(net, name)
            return found if name == "d_model" else _width(found)
    raise AssertionError(net)


def _macs_in_torch(module: Any, width: int, lengths: tuple[int, ...]) -> tuple[Any, int]:
    """The shape that comes out, and the products of one sample.

    In training mode, since torch takes a path in evaluation whose products are not counted.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        result = module.train()(*(torch.zeros(BATCH, n, width, device="meta") for n in lengths))
    return tuple(result.shape[1:]), counter.get_total_flops() // 2 // BATCH


def _assert_agrees(net: Network, module: Any, *lengths: int) -> None:
    width = _width(net)
    trace = net.trace(*((length, width) for length in lengths))
    assert _counts(net, *lengths) == _numels(module)
    shape, macs = _macs_in_torch(module, width, lengths)
    assert tuple(trace.output) == shape
    assert trace.macs == macs


def _theirs(name: str, *args: Any, **kwargs: Any) -> Any:
    import torch

    with torch.device("meta"):
        return getattr(torch.nn, name)(*args, **kwargs, batch_first=True)


def _stacked(name: str, layer: Any, many: int, norm: bool, width: int) -> Any:
    import torch

    with torch.device("meta"):
        last = torch.nn.LayerNorm(width) if norm else None
        more = {"enable_nested_tensor": False} if name == "TransformerEncoder" else {}
        return getattr(torch.nn, name)(layer, many, last, **more)


LENGTHS = numbers(1, 7)
FEWER = examples(0.25, nightly=500, least=10)


@FEWER
@given(_arguments(), LENGTHS)
def test_encoder_layers_are_torchs(given_arguments: dict[str, Any], t: int) -> None:
    """The weights of every submodule, the shape, and the multiply-accumulates."""
    net = ac.TransformerEncoderLayer(**given_arguments)
    _assert_agrees(net, _theirs("TransformerEncoderLayer", **given_arguments), t)


@FEWER
@given(_arguments(), LENGTHS, LENGTHS)
def test_decoder_layers_are_torchs(given_arguments: dict[str, Any], t: int, s: int) -> None:
    net = ac.TransformerDecoderLayer(**given_arguments)
    _assert_agrees(net, _theirs("TransformerDecoderLayer", **given_arguments), t, s)


@FEWER
@given(_arguments(), numbers(1, 3), st.booleans(), LENGTHS)
def test_encoders_are_torchs(
    given_arguments: dict[str, Any], many: int, norm: bool, t: int
) -> None:
    net = ac.TransformerEncoder(ac.TransformerEncoderLayer(**given_arguments), many, norm)
    layer = _theirs("TransformerEncoderLayer", **given_arguments)
    width = given_arguments["d_model"]
    _assert_agrees(net, _stacked("TransformerEncoder", layer, many, norm, width), t)


@FEWER
@given(_arguments(), numbers(1, 3), st.booleans(), LENGTHS, LENGTHS)
def test_decoders_are_torchs(
    given_arguments: dict[str, Any], many: int, norm: bool, t: int, s: int
) -> None:
    net = ac.TransformerDecoder(ac.TransformerDecoderLayer(**given_arguments), many, norm)
    layer = _theirs("TransformerDecoderLayer", **given_arguments)
    width = given_arguments["d_model"]
    _assert_agrees(net, _stacked("TransformerDecoder", layer, many, norm, width), t, s)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@FEWER
@given(_arguments(), numbers(1, 2), numbers(1, 2), LENGTHS, LENGTHS)
def test_transformers_are_torchs(
    given_arguments: dict[str, Any], encoders: int, decoders: int, s: int, t: int
) -> None:
    depths = {"num_encoder_layers": encoders, "num_decoder_layers": decoders}
    net = ac.Transformer(**given_arguments, **depths)
    _assert_agrees(net, _theirs("Transformer", **given_arguments, **depths), s, t)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_the_defaults_are_torchs() -> None:
    """Vaswani et al. (2017), table 3: the base model, without its embeddings."""
    _assert_agrees(ac.Transformer(), _theirs("Transformer"), 10, 20)


def test_the_base_model_of_the_paper() -> None:
    """Table 3 says 65 million with embeddings of about 37,000 words, shared three times."""
    blocks = ac.Transformer().trace((10, 512), (20, 512)).parameters - 2 * 2 * 512
    assert float(blocks() + 37_000 * 512) == pytest.approx(65e6, rel=0.03)


@pytest.mark.parametrize(
    ("block", "coefficients"),
    [
        (ac.TransformerEncoderLayer("d", "a", "4*d"), (12, 13)),
        (ac.TransformerDecoderLayer("d", "a", "4*d"), (16, 19)),
    ],
)
def test_the_formulas_that_everyone_knows(block: Network, coefficients: tuple[int, int]) -> None:
    """12·d² + 13·d a layer with biases and norms, as Kaplan et al. (2020) count 12·d²."""
    inputs = [("t", "d"), ("s", "d")][: block.graph().arity]
    parameters = block.trace(*inputs).parameters
    square, single = coefficients
    assert parameters == ac.Formula(f"{square}*d**2 + {single}*d")
    assert parameters(d=512, a=8) == square * 512**2 + single * 512
    with pytest.raises(RequirementError, match="nhead 7 does not divide 512"):
        parameters(d=512, a=7)


def test_attention_costs_as_much_as_its_papers_say() -> None:
    """Per layer 12·d² a token for the products with weights, and 2·t·d for the scores."""
    block = ac.TransformerEncoderLayer("d", "a", "4*d")
    assert block.trace(("t", "d")).macs == ac.Formula("t*(12*d**2 + 2*t*d)")


def test_gpt2_small() -> None:
    """124,439,808 in all: 38,597,376 for words, 786,432 for positions, and the stack."""
    block = ac.TransformerEncoderLayer(768, 12, 3072, activation="gelu", norm_first=True)
    stack = ac.TransformerEncoder(block, 12, norm=True)
    assert stack.trace((1024, 768)).parameters == 124_439_808 - 38_597_376 - 786_432


def test_bert_base() -> None:
    """109,482,240 in all; the rest are embeddings with their norm, and the pooler."""
    block = ac.TransformerEncoderLayer(768, 12, 3072, activation="gelu")
    stack = ac.TransformerEncoder(block, 12).trace((512, 768)).parameters
    embeddings = 23_440_896 + 393_216 + 1_536 + 2 * 768
    pooler = 589_824 + 768
    assert stack + embeddings + pooler == 109_482_240


# Depth as a symbol, and blocks with a memory


def test_depth_may_be_a_symbol() -> None:
    block = ac.TransformerDecoderLayer(8, 2, 16)
    symbolic = ac.TransformerDecoder(block, "L", norm=True).trace((5, 8), (7, 8))
    for many in (1, 2, 5):
        numbered = ac.TransformerDecoder(block, many, norm=True).trace((5, 8), (7, 8))
        assert symbolic.parameters(L=many) == numbered.parameters
        assert symbolic.macs(L=many) == numbered.macs


def test_every_decoder_layer_attends_to_the_same_memory() -> None:
    """As many layers one after the other, by hand."""
    target, memory = ac.Input((5, 8)), ac.Input((7, 8))
    x = target
    for _ in range(3):
        x = ac.TransformerDecoderLayer(8, 2, 16)([x, memory])
    by_hand = ac.Model([target, memory], x).trace()
    stack = ac.TransformerDecoder(ac.TransformerDecoderLayer(8, 2, 16), 3).trace((5, 8), (7, 8))
    assert (stack.output, stack.parameters) == (by_hand.output, by_hand.parameters)
    assert stack.macs == by_hand.macs


def test_a_block_that_changes_its_first_input_keeps_the_others() -> None:
    """Inputs beyond what comes out of a copy are the same for all copies."""
    x, memory = ac.Input((5, 8)), ac.Input((7, 6))
    joined = ac.MultiHeadAttention(2, 3, name="look")([ac.Dense(4)(x), memory])
    block = ac.Model([x, memory], joined)
    trace = ac.Repeat(block, 3).trace((5, 8), (7, 6))
    assert trace.output == (5, 4)
    assert [row.inputs[-1] for row in trace if row.name == "look"] == [(7, 6), (7, 6)]
    assert [often(owned(row.loops)) for row in trace if row.name == "look"] == [1, 2]


# Errors


def test_what_does_not_fit_is_said_in_words_of_the_transformer() -> None:
    with pytest.raises(RequirementError, match="nhead 7 does not divide 512 features") as caught:
        ac.TransformerEncoder(ac.TransformerEncoderLayer(512, 7), 2).trace((10, 512))
    assert caught.value.path == "layers"
    with pytest.raises(RequirementError, match="d_model is 512, but the input has 256 features"):
        ac.TransformerEncoderLayer(512, 8).trace((10, 256))
    with pytest.raises(RequirementError, match="d_model is 8, but the input has 6 features"):
        ac.TransformerDecoderLayer(8, 2).trace((10, 8), (10, 6))
    with pytest.raises(ShapeError, match="takes 2 inputs, not 1"):
        ac.TransformerDecoderLayer(8, 2).trace((10, 8))
    with pytest.raises(InvalidLayerError, match="'tanhh' is not one of its choices"):
        ac.TransformerEncoderLayer(8, 2, activation="tanhh")


def test_what_is_not_decided_is_required() -> None:
    trace = ac.TransformerEncoderLayer("d", 8).trace((10, "n"))
    assert {r.statement() for r in trace.requirements} >= {"d is a multiple of 8", "d = n"}


# Files and frameworks


SPEC = """
input: [t, 512]
layers:
  - TransformerEncoder:
      encoder_layer: {TransformerEncoderLayer: [512, 8]}
      num_layers: L
      norm: LayerNormalization
  - Dense: 10
"""


def test_transformers_are_written_in_files() -> None:
    net = ac.loads(SPEC)
    assert net.trace().parameters(L=6) == 6 * (4 * 512 * 513 + 2 * 512 * 2048 + 2560 + 2048) + 6154
    assert ac.loads(ac.dumps(net)) == net


NETWORKS = {
    "encoder layer": (ac.TransformerEncoderLayer(8, 2, 16), [(5, 8)]),
    "norms first, no bias": (
        ac.TransformerEncoderLayer(8, 4, 16, norm_first=True, bias=False),
        [(5, 8)],
    ),
    "decoder": (
        ac.TransformerDecoder(ac.TransformerDecoderLayer(8, 2, 16), 2, True),
        [(5, 8), (7, 8)],
    ),
    "transformer": (ac.Transformer(8, 2, 1, 2, 16), [(5, 8), (7, 8)]),
    "frozen": (ac.TransformerEncoderLayer(8, 2, 16, trainable=False), [(5, 8)]),
}


@pytest.mark.parametrize(("net", "inputs"), NETWORKS.values(), ids=NETWORKS)
def test_they_are_built_of_plain_keras_layers(net: Network, inputs: list[tuple[int, ...]]) -> None:
    trace, model = net.trace(*inputs), to_keras(net, inputs)
    assert model.count_params() == trace.total_params
    trainable = sum(weight.value.numel() for weight in model.trainable_weights)
    assert trainable == trace.trainable_parameters
    assert model.output_shape[1:] == tuple(trace.output)


@pytest.mark.parametrize(("net", "inputs"), NETWORKS.values(), ids=NETWORKS)
def test_they_are_built_in_torch(net: Network, inputs: list[tuple[int, ...]]) -> None:
    import torch

    trace, module = net.trace(*inputs), to_torch(net, inputs)
    assert sum(p.numel() for p in module.parameters()) == trace.parameters
    result = module(*(torch.zeros(2, *x) for x in inputs))
    assert tuple(result.shape[1:]) == tuple(trace.output)
