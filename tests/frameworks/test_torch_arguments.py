"""Every argument of every class of ``torch.nn`` is built again, or refused or left out by name."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.frameworks.torch_api.arguments import NOT_BUILT, READERS, REFUSED
from archcalc.layers import Layer
from archcalc.symbolic.errors import (
    ArchcalcError,
    FrameworkError,
    InvalidLayerError,
    RequirementError,
)
from archcalc.torch import nn

pytestmark = pytest.mark.filterwarnings("ignore")

# A call of every class, and another value of each of its arguments


def base(name: str) -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    """Arguments with which torch makes a class, and inputs that it takes."""
    for pattern, make in _BASES.items():
        if re.fullmatch(pattern, name):
            return make(int((re.search(r"(\d)d$", name) or [0, 0])[1]))
    return {}, [(4, 6)]


def _image(n: int, size: int = 8) -> tuple[int, ...]:
    return (4, *[size] * (n or 2))


_HEADS = {"d_model": 4, "nhead": 2, "dim_feedforward": 5}

_BASES: dict[str, Callable[[int], tuple[dict[str, Any], list[tuple[int, ...]]]]] = {
    "Linear": lambda n: ({"in_features": 4, "out_features": 3}, [(4,)]),
    "LazyLinear": lambda n: ({"out_features": 3}, [(4,)]),
    "LinearCross.*": lambda n: ({"in_features": 4, "num_classes": 3}, [(4,)]),
    "Bilinear": lambda n: (
        {"in1_features": 4, "in2_features": 4, "out_features": 3},
        [(4,), (4,)],
    ),
    "AdaptiveLog.*": lambda n: ({"in_features": 4, "n_classes": 9, "cutoffs": [3]}, [(4,)]),
    "Embedding(Bag)?": lambda n: ({"num_embeddings": 9, "embedding_dim": 4}, [(5,)]),
    "Conv.d": lambda n: ({"in_channels": 4, "out_channels": 4, "kernel_size": 3}, [_image(n)]),
    "LazyConv.d": lambda n: ({"out_channels": 4, "kernel_size": 3}, [_image(n)]),
    "ConvTranspose.d": lambda n: (
        {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "stride": 2},
        [_image(n)],
    ),
    "LazyConvTranspose.d": lambda n: (
        {"out_channels": 4, "kernel_size": 3, "stride": 2},
        [_image(n)],
    ),
    "(Max|Avg)Pool.d": lambda n: ({"kernel_size": 3}, [_image(n)]),
    "LPPool.d": lambda n: ({"norm_type": 2.0, "kernel_size": 3}, [_image(n)]),
    "Fractional.*": lambda n: ({"kernel_size": 2, "output_size": 3}, [_image(n)]),
    "MaxUnpool.d": lambda n: ({"kernel_size": 3}, [_image(n, 3)] * 2),
    "Adaptive(Avg|Max)Pool.d": lambda n: ({"output_size": 3}, [_image(n)]),
    "(Batch|Instance|SyncBatch)Norm.*": lambda n: ({"num_features": 4}, [_image(n)]),
    "Lazy(Batch|Instance)Norm.*": lambda n: ({}, [_image(n)]),
    "GroupNorm": lambda n: ({"num_groups": 2, "num_channels": 4}, [(4, 6)]),
    "(Layer|RMS)Norm": lambda n: ({"normalized_shape": 6}, [(4, 6)]),
    "(Local|CrossMap).*": lambda n: ({"size": 2}, [_image(2)]),
    "Threshold": lambda n: ({"threshold": 0.1, "value": 2.0}, [(4, 6)]),
    "ConstantPad.d": lambda n: ({"padding": 1, "value": 2.0}, [_image(n)]),
    ".*Pad.d": lambda n: ({"padding": 1}, [_image(n)]),
    "Fold": lambda n: ({"output_size": (4, 4), "kernel_size": 2}, [(8, 9)]),
    "Unfold": lambda n: ({"kernel_size": 2}, [_image(2)]),
    "PixelShuffle": lambda n: ({"upscale_factor": 2}, [(36, 4, 4)]),
    "PixelUnshuffle": lambda n: ({"downscale_factor": 2}, [(2, 12, 12)]),
    "ChannelShuffle": lambda n: ({"groups": 2}, [_image(2)]),
    "Unflatten": lambda n: ({"dim": 1, "unflattened_size": (2, 2)}, [(4, 4)]),
    "Upsampl.*": lambda n: ({"scale_factor": 2.0}, [_image(2)]),
    "MultiheadAttention": lambda n: ({"embed_dim": 4, "num_heads": 2}, [(5, 4)]),
    "TransformerEncoderLayer": lambda n: (_HEADS, [(5, 4)]),
    "TransformerDecoderLayer": lambda n: (_HEADS, [(5, 4), (3, 4)]),
    "TransformerEncoder": lambda n: (
        {"encoder_layer": nn.TransformerEncoderLayer(**_HEADS), "num_layers": 1},
        [(5, 4)],
    ),
    "TransformerDecoder": lambda n: (
        {"decoder_layer": nn.TransformerDecoderLayer(**_HEADS), "num_layers": 1},
        [(5, 4), (3, 4)],
    ),
    "Transformer": lambda n: (
        {**_HEADS, "num_encoder_layers": 1, "num_decoder_layers": 1},
        [(5, 4), (3, 4)],
    ),
    "(RNN|LSTM|GRU)": lambda n: ({"input_size": 4, "hidden_size": 3}, [(5, 4)]),
    "(RNN|LSTM|GRU)Cell": lambda n: ({"input_size": 4, "hidden_size": 3}, [(4,)]),
    "Flatten": lambda n: ({}, [(4, 3, 2)]),
    "(Alpha|FeatureAlpha)?Dropout": lambda n: ({}, [(4, 6)]),
    "Dropout.d": lambda n: ({}, [_image(n)]),
    "Softmax2d": lambda n: ({}, [_image(2)]),
    "(CosineSimilarity|PairwiseDistance)": lambda n: ({}, [(4, 6), (4, 6)]),
}

_OTHER: dict[str, Any] = {
    "out_features": 5, "in_features": 5, "in1_features": 5, "in2_features": 5, "num_classes": 5,
    "n_classes": 8, "cutoffs": [2], "div_value": 2.0, "num_embeddings": 8, "embedding_dim": 5,
    "in_channels": 8, "out_channels": 8, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2,
    "groups": 2, "padding_mode": "circular", "output_padding": 1, "norm_type": 3.0,
    "output_size": 2, "output_ratio": 0.5, "num_features": 5, "eps": 0.5, "momentum": 0.25,
    "num_groups": 4, "num_channels": 8, "normalized_shape": (4, 6), "size": 3, "alpha": 0.5,
    "beta": 0.25, "k": 2.0, "threshold": 0.5, "value": 3.0, "upscale_factor": 3,
    "downscale_factor": 3, "dim": 2, "unflattened_size": (1, 4), "scale_factor": 3.0,
    "embed_dim": 8, "num_heads": 1, "kdim": 5, "vdim": 5, "d_model": 8, "nhead": 1, "dropout": 0.5,
    "dim_feedforward": 6, "layer_norm_eps": 0.5, "num_layers": 2, "num_encoder_layers": 2,
    "num_decoder_layers": 2, "input_size": 5, "hidden_size": 4, "proj_size": 2,
    "nonlinearity": "relu", "p": 0.25, "negative_slope": 0.5, "lambd": 0.25, "init": 0.5,
    "num_parameters": 4, "min_val": -2.0, "max_val": 2.0, "min_value": -2.0, "max_value": 2.0,
    "lower": 0.2, "upper": 0.5, "approximate": "tanh", "start_dim": 2, "end_dim": 2,
    "padding_idx": 1, "max_norm": 2.0, "mode": "bilinear", "divisor_override": 2,
    "activation": "gelu", "norm": nn.LayerNorm(4), "custom_encoder": nn.Identity(),
    "custom_decoder": nn.TransformerDecoder(nn.TransformerDecoderLayer(**_HEADS), 1),
}  # fmt: skip

_AGAIN = {"kernel_size": 4, "stride": 3, "groups": 4, "padding": 2}
"""Where a call has the value of `_OTHER` already."""

_OTHER_OF = {
    ("FractionalMaxPool2d", "output_ratio"): {"output_ratio": 0.5, "output_size": None},
    ("FractionalMaxPool3d", "output_ratio"): {"output_ratio": 0.5, "output_size": None},
    ("InstanceNorm1d", "bias"): {"bias": False, "affine": True},
    ("InstanceNorm1d", "num_features"): {"num_features": 5, "affine": True},
    ("InstanceNorm2d", "bias"): {"bias": False, "affine": True},
    ("InstanceNorm2d", "num_features"): {"num_features": 5, "affine": True},
    ("InstanceNorm3d", "bias"): {"bias": False, "affine": True},
    ("InstanceNorm3d", "num_features"): {"num_features": 5, "affine": True},
    ("EmbeddingBag", "mode"): {"mode": "sum"},
    ("Upsample", "align_corners"): {"align_corners": True, "mode": "bilinear"},
    ("Upsample", "size"): {"size": 3, "scale_factor": None},
    ("UpsamplingNearest2d", "size"): {"size": 3, "scale_factor": None},
    ("UpsamplingBilinear2d", "size"): {"size": 3, "scale_factor": None},
    ("PairwiseDistance", "p"): {"p": 3.0},
    ("CosineSimilarity", "dim"): {"dim": 2},
    ("GLU", "dim"): {"dim": 1},
    ("RNN", "dropout"): {"dropout": 0.5, "num_layers": 2},
    ("LSTM", "dropout"): {"dropout": 0.5, "num_layers": 2},
    ("GRU", "dropout"): {"dropout": 0.5, "num_layers": 2},
    ("LinearCrossEntropyLoss", "out_features"): {"out_features": (2,)},
}
"""Values of a class, and arguments that go with them."""


def other(name: str, argument: str) -> dict[str, Any]:
    """The argument at another value than in `base`, and what that takes."""
    if (name, argument) in _OTHER_OF:
        return _OTHER_OF[name, argument]
    given = base(name)[0]
    if argument in given and given[argument] == _OTHER.get(argument):
        return {argument: _AGAIN[argument]}
    default = TORCH_CLASSES[name].signature.parameters[argument].default
    if isinstance(default, bool):
        return {argument: not default}
    return {argument: _OTHER.get(argument, True)}


EVERY = [
    (name, argument)
    for name, spelling in TORCH_CLASSES.items()
    for argument, parameter in spelling.signature.parameters.items()
    if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
]

TOLD = {
    *("in_features", "in_channels", "num_features", "num_channels", "input_size", "embed_dim"),
    *("in1_features", "in2_features", "d_model", "kdim", "vdim", "normalized_shape"),
}
"""What torch is told of the input: it is checked, and what is built follows the input."""


@pytest.mark.parametrize(("name", "argument"), EVERY, ids=lambda v: v)
def test_an_argument_is_carried_or_there_is_a_reason(name: str, argument: str) -> None:
    given, _ = base(name)
    if argument in REFUSED:
        with pytest.raises(InvalidLayerError, match=f"{argument} is not taken: .+"):
            TORCH_CLASSES[name](**given, **{argument: object()})
    elif argument in NOT_BUILT:
        assert NOT_BUILT[argument]
        TORCH_CLASSES[name](**{**given, argument: True})
    elif (name, argument) in _ZEROS_ONLY:
        with pytest.raises(InvalidLayerError, match="padding_mode: a transposed"):
            TORCH_CLASSES[name](**given, padding_mode="circular")
        with pytest.raises(ValueError, match="padding mode"):
            _theirs(name)(4, 4, 3, padding_mode="circular")
    else:
        changed = other(name, argument)
        beside = {key: value for key, value in changed.items() if key in {*_BESIDE} - {argument}}
        plain = TORCH_CLASSES[name](**{**given, **beside})
        assert TORCH_CLASSES[name](**{**given, **changed}) != plain


_BESIDE = ("affine", "num_layers")
"""What goes with another argument in `_OTHER_OF` and can be said without it."""


_ZEROS_ONLY = {(name, arg) for name, arg in EVERY if "Transpose" in name and arg == "padding_mode"}
"""What torch refuses, and so do we."""

BUILT = [
    (name, argument)
    for name, argument in EVERY
    if argument not in {*TOLD, *REFUSED, *NOT_BUILT}
    if (name, argument) not in _ZEROS_ONLY
    if name not in ("TransformerEncoder", "TransformerDecoder")
    if not argument.startswith("custom")
]


_KEPT_AS = {
    ("PairwiseDistance", "p"): "norm",
    **{(name, "dropout"): "p" for name in ("RNN", "LSTM", "GRU")},
    **{(f"Transformer{what}coderLayer", "dropout"): "p" for what in ("En", "De")},
    ("MultiheadAttention", "add_bias_kv"): "bias_k",
    ("TransformerEncoderLayer", "dim_feedforward"): "out_features",
    ("TransformerEncoderLayer", "layer_norm_eps"): "eps",
    ("TransformerDecoderLayer", "dim_feedforward"): "out_features",
    ("TransformerDecoderLayer", "layer_norm_eps"): "eps",
    ("TransformerEncoderLayer", "nhead"): "num_heads",
    ("TransformerDecoderLayer", "nhead"): "num_heads",
    ("Hardtanh", "min_value"): "min_val",
    ("Hardtanh", "max_value"): "max_val",
}
"""Attributes of torch's modules that are called otherwise than the argument."""

_INSIDE = {"num_layers", "bidirectional", "cutoffs", "_freeze", "num_parameters", "init", "bias"}
"""Arguments that torch's modules keep in what they hold: that is compared."""


@pytest.mark.parametrize(("name", "argument"), BUILT, ids=lambda v: v)
def test_an_argument_is_built_again(name: str, argument: str) -> None:
    """The attribute of that name has torch's value, and there are as many parameters."""
    given, shapes = base(name)
    if (name, argument) in _FITTING:
        given, shapes = _FITTING[name, argument]
    changed = {**given, **other(name, argument)}
    theirs, module = _theirs(name)(**changed), _built(TORCH_CLASSES[name](**changed), shapes)
    if "Lazy" not in name and name != "LinearCrossEntropyLoss":
        assert _learned(module) == _learned(theirs)
    if argument in _INSIDE or name in ("Transformer", *_BUILT_AS_ANOTHER):
        return  # of a Transformer what is inside is built of layers, looked at by themselves
    attribute = _KEPT_AS.get((name, argument), argument)
    wanted = getattr(theirs, attribute, changed[argument])
    found = [getattr(part, attribute) for part in module.modules() if hasattr(part, attribute)]
    assert any(_alike(value, wanted) for value in found), (module, wanted)


_BUILT_AS_ANOTHER = {"CrossMapLRN2d", "LinearCrossEntropyLoss"}
"""Classes that are built as another that computes the same, whose attributes have other names."""

_FITTING = {
    ("Fold", "output_size"): ({"output_size": (4, 4), "kernel_size": 2}, [(8, 1)]),
    ("Fold", "kernel_size"): ({"output_size": (4, 4), "kernel_size": 2}, [(16, 1)]),
    ("Fold", "dilation"): ({"output_size": (4, 4), "kernel_size": 2}, [(8, 4)]),
    ("Fold", "padding"): ({"output_size": (4, 4), "kernel_size": 2}, [(8, 25)]),
    ("Fold", "stride"): ({"output_size": (4, 4), "kernel_size": 2}, [(8, 4)]),
}
"""What must go in where it depends on the argument."""


def _theirs(name: str) -> Any:
    import torch

    return getattr(torch.nn, name)


def _learned(module: Any) -> int:
    return sum(weight.numel() for weight in module.parameters() if weight.requires_grad)


def _built(layer: Layer, shapes: list[tuple[int, ...]]) -> Any:
    inputs = [ac.Input(shape) for shape in shapes]
    return ac.Model(inputs, layer(*inputs)).to_torch()


def _alike(value: Any, wanted: Any) -> bool:
    """The same, where one value stands for that of every axis, and a bias for its being there."""
    if hasattr(wanted, "shape") or hasattr(value, "shape"):
        return getattr(value, "shape", None) == getattr(wanted, "shape", None)
    flat = tuple(value) if isinstance(value, list | tuple) else (value,)
    whole = tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,)
    longest = max(len(flat), len(whole))
    return _spread(flat, longest) == _spread(whole, longest)


def _spread(values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    return values * count if len(values) == 1 else values


# What torch refuses is refused, when it is made or when something goes in


REFUSES: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...], str]] = [
    ("Conv2d", (3, 4, 3), {"padding_mode": "nonsense"}, (3, 9, 9), "padding_mode: 'nonsense'"),
    ("Conv2d", (3, 4, 3), {"padding": 12, "padding_mode": "circular"}, (3, 9, 9), "padding 12"),
    ("Conv2d", (3, 4, 3), {"padding": 9, "padding_mode": "reflect"}, (3, 9, 9), "padding 9"),
    ("Conv2d", (3, 4, 3), {"padding": "same", "stride": 2}, (3, 9, 9), "stride 1"),
    ("Conv1d", (3, 4, 3), {"padding": "causal"}, (3, 9), "'causal'"),
    ("Conv2d", (3, 4, 3), {"padding": "SAME"}, (3, 9, 9), "'SAME'"),
    ("LayerNorm", ((),), {}, (3,), "normalized_shape"),
    ("CrossMapLRN2d", (2,), {}, (3, 4), "axes"),
    ("LSTM", (4, 3), {"num_layers": 2, "dropout": 1.5}, (5, 4), "dropout"),
    ("LSTM", (4, 3), {"num_layers": 2, "dropout": True}, (5, 4), "dropout"),
    ("Hardtanh", (2.0, 1.0), {}, (4,), "min_val"),
    ("ConvTranspose2d", (3, 4, 3), {"padding": "same"}, (3, 9, 9), "padding"),
    ("MaxPool2d", (2,), {"padding": "same"}, (3, 9, 9), "padding"),
    ("LayerNorm", ([68, 120],), {}, (512, 136, 240), "68"),
    ("RMSNorm", ([68, 120],), {}, (512, 136, 240), "68"),
    ("BatchNorm2d", (4,), {}, (4,), "axes"),
    ("BatchNorm3d", (4,), {}, (4, 9, 9), "axes"),
    ("BatchNorm1d", (4,), {}, (4, 9, 9), "axes"),
    ("InstanceNorm3d", (4,), {"affine": True}, (4, 9), "axes"),
    ("RNN", (4, 3), {"num_layers": 0}, (5, 4), "num_layers"),
    ("LSTM", (4, 3), {"num_layers": 0}, (5, 4), "num_layers"),
    ("GRU", (4, 3), {"num_layers": -1}, (5, 4), "num_layers"),
    ("LSTM", (4, 3), {"proj_size": 3}, (5, 4), "proj_size"),
    ("RNN", (4, 3), {"nonlinearity": "gelu"}, (5, 4), "nonlinearity"),
    ("Embedding", (9, 4), {"padding_idx": 9}, (5,), "padding_idx"),
    ("Embedding", (9, 4), {"padding_idx": -10}, (5,), "padding_idx"),
    ("EmbeddingBag", (9, 4), {"mode": "max", "sparse": True}, (5,), "sparse"),
    ("Upsample", (8,), {"recompute_scale_factor": True}, (3, 9, 9), "recompute_scale_factor"),
    ("ZeroPad2d", (-5,), {}, (3, 9, 9), "nothing"),
    ("ReflectionPad2d", (9,), {}, (3, 9, 9), "padding 9"),
    ("ReflectionPad2d", ((1, 1),), {}, (3, 9, 9), "padding has 2 values"),
    ("ConstantPad3d", ((1, 1, 1), 0.0), {}, (3, 9, 9, 9), "padding has 3 values"),
]


@pytest.mark.parametrize(("name", "args", "named", "shape", "said"), REFUSES, ids=str)
def test_what_torch_refuses_is_refused(
    name: str, args: tuple[Any, ...], named: dict[str, Any], shape: tuple[int, ...], said: str
) -> None:
    import torch

    kind = torch.int64 if name.startswith("Embedding") else torch.float32
    with pytest.raises((ValueError, RuntimeError, TypeError, AssertionError, NotImplementedError)):
        _theirs(name)(*args, **named)(torch.zeros(2, *shape, dtype=kind))
    with pytest.raises(ArchcalcError, match=re.escape(said)):
        nn.Sequential(TORCH_CLASSES[name](*args, **named)).trace(shape)


def test_heads_divide_what_they_share() -> None:
    with pytest.raises(AssertionError, match="divisible"):
        _theirs("MultiheadAttention")(10, 3)
    with pytest.raises(InvalidLayerError, match="num_heads 3 does not divide embed_dim 10"):
        nn.MultiheadAttention(10, 3)
    P = nn.Sequential(nn.MultiheadAttention("d", 8)).trace(("t", "d")).parameters
    assert P(d=16) == _learned(_theirs("MultiheadAttention")(16, 8))
    with pytest.raises(RequirementError, match="num_heads 8 does not divide 12"):
        P(d=12)


def test_sources_of_attention_have_the_features_that_are_told() -> None:
    query, source = ac.Input((5, 4)), ac.Input((3, 6))
    with pytest.raises(RequirementError, match="key of 4 features, and 6 come in"):
        nn.MultiheadAttention(4, 2)(query, source, source)
    made = nn.MultiheadAttention(4, 2, kdim=6, vdim=6)(query, source, source)
    parameters = ac.Model([query, source], made).trace().parameters
    assert parameters == _learned(_theirs("MultiheadAttention")(4, 2, kdim=6, vdim=6))


def test_attention_is_called_as_torchs_is() -> None:
    """Query, key, value; Keras' layer takes query, value, key, and a list is Keras' order."""
    query, key, value = (ac.Input(shape) for shape in ((5, 4), (3, 6), (3, 8)))
    layer = nn.MultiheadAttention(4, 2, kdim=6, vdim=8)
    parameters = _learned(_theirs("MultiheadAttention")(4, 2, kdim=6, vdim=8))
    for made in (
        layer(query, key, value),
        layer(query, key=key, value=value, need_weights=False, attn_mask=None),
        layer([query, value, key]),
    ):
        net = ac.Model([query, key, value], made)
        assert net.trace().parameters == parameters
        assert ac.loads(ac.dumps(net)) == net
    q, k, v = (ac.Input((n, 4), name=name) for n, name in ((5, "q"), (3, "k"), (3, "v")))
    made = nn.MultiheadAttention(4, 2)(q, k, v)
    assert [tensor.name for tensor in made.inputs] == ["q", "v", "k"]
    assert ac.MultiHeadAttention(2, 2)(q, v, k).inputs == made.inputs
    causal = nn.MultiheadAttention(4, 2)(q, q, q, is_causal=True)
    assert causal.layer.use_causal_mask
    with pytest.raises(InvalidLayerError, match="need_weights"):
        layer(query, key, value, need_weights=True)


def test_axes_that_are_told_may_be_symbols() -> None:
    net = nn.Sequential(nn.LayerNorm(["h", 120]))
    assert net.trace((512, "h", 120)).parameters(h=68) == 2 * 68 * 120
    needs = net.trace((512, "k", 120)).requirements
    assert [str(need) for need in needs] == ["k = h (layer_normalization)"]


# What torch accepts is accepted


TAKES: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...]]] = [
    ("BatchNorm2d", (3,), {"momentum": None}, (3, 5, 5)),
    ("BatchNorm1d", (3,), {"momentum": None}, (3,)),
    ("InstanceNorm2d", (3,), {"momentum": None, "track_running_stats": True}, (3, 5, 5)),
    ("InstanceNorm2d", (4,), {}, (3, 5, 5)),
    ("RMSNorm", (5,), {"eps": None}, (3, 5)),
    ("ZeroPad2d", (-16,), {}, (3, 64, 64)),
    ("ZeroPad2d", ((-1, 2, 3, -2),), {}, (3, 9, 9)),
    ("ConstantPad1d", ((-1, 2), 0.5), {}, (3, 9)),
    ("ReflectionPad1d", ((-1, 2),), {}, (3, 9)),
    ("ReplicationPad2d", ((-1, 2, 0, -3),), {}, (3, 9, 9)),
    ("CircularPad1d", ((-1, 2),), {}, (3, 9)),
    ("Identity", (54,), {"unused": 0.1}, (3, 9)),
    ("Hardtanh", (), {"min_value": -2.0, "max_value": 3.0}, (3,)),
    ("LSTM", (4, 3), {"num_layers": 3, "dropout": 0.5, "batch_first": True}, (5, 4)),
    ("Linear", (4, 3), {"bias": False, "device": "cpu"}, (5, 4)),
    ("AvgPool2d", (3,), {"padding": 1, "count_include_pad": False}, (3, 9, 9)),
    ("AvgPool3d", (2,), {"ceil_mode": True, "divisor_override": 3}, (3, 3, 5, 5)),
    ("AvgPool3d", (2,), {"padding": 1, "count_include_pad": False}, (3, 5, 5, 5)),
    ("Conv2d", (3, 4, 4), {"padding": "same", "padding_mode": "circular"}, (3, 9, 9)),
    ("Conv2d", (3, 4, 4), {"padding": 2, "padding_mode": "reflect", "stride": 2}, (3, 9, 9)),
    ("ReLU", (True,), {}, (3, 9)),
]


@pytest.mark.parametrize(("name", "args", "named", "shape"), TAKES, ids=str)
def test_what_torch_takes_is_taken_and_computes_the_same(
    name: str, args: tuple[Any, ...], named: dict[str, Any], shape: tuple[int, ...]
) -> None:
    """With torch's weights what is built here gives torch's numbers."""
    import torch

    theirs = _theirs(name)(*args, **named).eval()
    x = torch.rand(2, *shape)
    wanted = theirs(x.clone())
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    net = nn.Sequential(TORCH_CLASSES[name](*args, **named))
    trace, built = net.trace(shape), net.to_torch(shape).eval()
    assert tuple(trace.output) == tuple(wanted.shape[1:])
    with torch.no_grad():
        for ours, other in zip(built.parameters(), theirs.parameters(), strict=True):
            ours.copy_(other)
    assert torch.allclose(built(x.clone()), wanted, atol=1e-5)


@pytest.mark.parametrize("how", ["layer", "name", "module", "function"])
def test_an_activation_is_a_name_a_layer_a_module_or_a_function(how: str) -> None:
    import torch

    given = {
        "layer": nn.GELU(),
        "name": "gelu",
        "module": torch.nn.GELU(),
        "function": torch.nn.functional.gelu,
    }[how]
    assert nn.TransformerEncoderLayer(8, 2, activation=given).activation == "gelu"
    with pytest.raises(InvalidLayerError, match=r"activation: .* is not known by name"):
        nn.TransformerEncoderLayer(8, 2, activation=nn.GELU("tanh"))
    with pytest.raises(InvalidLayerError, match="activation: 'tanh'"):
        nn.TransformerEncoderLayer(8, 2, activation="tanh")
    with pytest.raises(RuntimeError, match="relu/gelu"):
        _theirs("TransformerEncoderLayer")(8, 2, activation="tanh")
    assert nn.TransformerEncoderLayer(8, 2, activation=nn.Tanh()).activation == "tanh"


def test_a_product_of_floats_that_falls_short_is_said() -> None:
    """A ratio is exact here; torch's float is just below 15/11."""
    import torch

    assert _theirs("Upsample")(scale_factor=120 / 88)(torch.zeros(1, 1, 88, 88)).shape[-1] == 119
    trace = nn.Sequential(nn.Upsample(scale_factor=120 / 88)).trace((1, 88, 88))
    assert trace.output == (1, 120, 120)
    said = [str(remark) for row in trace.rows for remark in row.applied.remarks]
    assert len(said) == 2
    assert "gives 119" in said[0]
    assert not nn.Upsample(scale_factor=1.5).remarks(ac.symbolic.Shape((1, 88, 88)))


@pytest.mark.parametrize("name", ["ReLU", "GELU", "Sigmoid", "Dropout", "PReLU", "Identity"])
def test_a_tensor_without_axes_is_taken(name: str) -> None:
    import torch

    net = nn.Sequential(TORCH_CLASSES[name]())
    assert net.trace(()).output == ()
    assert net.trace(()).parameters == _learned(_theirs(name)())
    assert net.to_torch(()).eval()(torch.zeros(2)).shape == (2,)


def test_a_file_takes_what_code_takes() -> None:
    text = "input: [t, d]\nlayers: [{nn.MultiheadAttention: [d, 8]}, {nn.LSTM: [d, 8, L]}]"
    net = ac.loads(text)
    assert net.trace().parameters(d=16, L=1) == sum(
        _learned(module)
        for module in (_theirs("MultiheadAttention")(16, 8), _theirs("LSTM")(16, 8))
    )
    assert ac.loads(ac.dumps(net)).trace().parameters == net.trace().parameters


def test_sequential_takes_an_ordered_dict() -> None:
    parts = OrderedDict(conv=nn.Conv2d(1, 20, 5), act=nn.ReLU())
    net = nn.Sequential(parts)
    assert [row.name for row in net.trace((1, 28, 28)).rows] == ["conv", "act"]
    with pytest.raises(InvalidLayerError, match="not a layer"):
        nn.Sequential(OrderedDict(a=3))


@pytest.mark.parametrize("size", [(10, 9), (9, 10), 10])
def test_a_transposed_convolution_reaches_a_size(size: Any) -> None:
    import torch

    x = ac.Input((4, 5, 5))
    made = nn.ConvTranspose2d(4, 2, 3, 2, 1)(x, output_size=size)
    theirs = _theirs("ConvTranspose2d")(4, 2, 3, 2, 1)
    wide = (size, size) if isinstance(size, int) else size
    wanted = theirs(torch.zeros(1, 4, 5, 5), output_size=wide)
    net = ac.Model(x, made)
    assert tuple(net.trace().output) == tuple(wanted.shape[1:])
    assert net.to_torch()(torch.zeros(1, 4, 5, 5)).shape == wanted.shape
    for wrong in (8, 11):
        with pytest.raises(ArchcalcError):
            nn.ConvTranspose2d(4, 2, 3, 2, 1)(x, output_size=wrong)
        with pytest.raises(ValueError, match="output size"):
            theirs(torch.zeros(1, 4, 5, 5), output_size=(wrong, wrong))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 4, 3, padding_mode="circular"),
        nn.AvgPool2d(2, divisor_override=3),
        nn.BatchNorm2d(3, momentum=None),
        nn.RMSNorm(5),
        nn.ZeroPad2d(-1),
        nn.PReLU(init=0.5),
    ],
    ids=str,
)
def test_keras_refuses_by_name_what_it_cannot_say(layer: Layer) -> None:
    with pytest.raises(FrameworkError, match=r"padding|divisor|momentum|epsilon|init|take off"):
        nn.Sequential(layer).to_keras((3, 5, 5))


def test_every_reader_is_of_an_argument() -> None:
    """Nothing is told of arguments that no class has."""
    known = {argument for _, argument in EVERY} | {"device", "dtype"}
    assert {*READERS, *REFUSED, *NOT_BUILT} <= known
    assert not {*REFUSED} & {*NOT_BUILT}
