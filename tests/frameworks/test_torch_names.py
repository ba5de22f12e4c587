"""torch's names make what torch makes: the same arguments give the same weights and shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import archcalc as ac
from archcalc.costs.loops import often, owned
from archcalc.frameworks.coverage import OUT_OF_SCOPE, classes_of
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers import Layer
from archcalc.symbolic.errors import InvalidLayerError, RequirementError, UnknownLayerError
from archcalc.testing.draw import divisors
from archcalc.torch import nn as ours
from tests.sampling import examples

BATCH = 2


def test_every_class_in_scope_has_a_spelling() -> None:
    theirs = set(classes_of("torch")) - set(OUT_OF_SCOPE["torch"])
    assert theirs - set(TORCH_CLASSES) == set()


@pytest.mark.parametrize("name", TORCH_CLASSES)
def test_arguments_are_torchs_in_order_and_by_default(name: str) -> None:
    import torch

    theirs = list(inspect.signature(getattr(torch.nn, name).__init__).parameters.values())[1:]
    if any(p.kind is p.VAR_POSITIONAL for p in theirs):  # documented, not declared
        return
    mine = list(TORCH_CLASSES[name].signature.parameters.values())
    said = [p for p in theirs if p.name not in ("device", "dtype")]
    assert [(p.name, p.kind) for p in mine] == [(p.name, p.kind) for p in said]
    for a, b in zip(mine, said, strict=True):
        default = b.default.__name__ if inspect.isfunction(b.default) else b.default
        assert a.default == default, a.name


# The same arguments


Case = tuple[dict[str, Any], tuple[tuple[int, ...], ...]]
"""Arguments by name, and the shapes that go in."""

Draws = Callable[[DrawFn, str, int], Case]
"""A case for torch's class of a name and so many dimensions."""

CASES: dict[str, tuple[Draws, int]] = {}


def drawn(*names: str, ranks: tuple[int, ...] = (0,)) -> Callable[[Draws], Draws]:
    """What draws the cases of these names, in these dimensions."""

    def keep(draws: Draws) -> Draws:
        for n in ranks:
            CASES.update({name.format(n=n): (draws, n) for name in names})
        return draws

    return keep


def some(draw: DrawFn, most: int, least: int = 1) -> int:
    return draw(st.sampled_from(range(least, most + 1)))


def flag(draw: DrawFn) -> bool:
    return draw(st.booleans())


EVERY = (1, 2, 3)


@drawn("Conv{n}d", "LazyConv{n}d", ranks=EVERY)
def convolution(draw: DrawFn, name: str, n: int) -> Case:
    channels = some(draw, 6)
    groups = draw(st.sampled_from(divisors(channels)))
    kernel, dilation = some(draw, 3), some(draw, 2)
    sizes = [some(draw, 8, dilation * (kernel - 1) + 1) for _ in range(n)]
    arguments = {
        "in_channels": channels,
        "out_channels": groups * some(draw, 3),
        "kernel_size": kernel,
        "stride": some(draw, 3),
        "padding": draw(st.sampled_from([0, 1, 2, (1,) * n, "valid"])),
        "dilation": dilation,
        "groups": groups,
        "bias": flag(draw),
    }
    return arguments, ((channels, *sizes),)


@drawn("ConvTranspose{n}d", "LazyConvTranspose{n}d", ranks=EVERY)
def transposed(draw: DrawFn, name: str, n: int) -> Case:
    arguments, ((channels, *sizes),) = convolution(draw, name, n)
    stride, kernel = some(draw, 3), arguments["kernel_size"]
    whole = arguments["dilation"] * (kernel - 1)
    arguments |= {"stride": stride, "padding": some(draw, whole // 2, 0)}
    most = max(stride, arguments["dilation"]) - 1
    return {**arguments, "output_padding": some(draw, most, 0)}, ((channels, *sizes),)


@drawn("Linear", "LazyLinear")
def linear(draw: DrawFn, name: str, n: int) -> Case:
    features = some(draw, 8)
    shape = (*[some(draw, 4) for _ in range(some(draw, 2, 0))], features)
    return {"in_features": features, "out_features": some(draw, 8), "bias": flag(draw)}, (shape,)


@drawn("Bilinear")
def bilinear(draw: DrawFn, name: str, n: int) -> Case:
    a, b = some(draw, 6), some(draw, 6)
    arguments = {"in1_features": a, "in2_features": b, "out_features": some(draw, 6)}
    return {**arguments, "bias": flag(draw)}, ((a,), (b,))


@drawn("Embedding", "EmbeddingBag")
def embedding(draw: DrawFn, name: str, n: int) -> Case:
    arguments = {"num_embeddings": some(draw, 20), "embedding_dim": some(draw, 8)}
    return arguments, ((some(draw, 6),),)


@drawn("MaxPool{n}d", "AvgPool{n}d", "LPPool{n}d", ranks=EVERY)
def pool(draw: DrawFn, name: str, n: int) -> Case:
    kernel = some(draw, 4)
    sizes = [some(draw, 9, kernel) for _ in range(n)]
    arguments: dict[str, Any] = {
        "kernel_size": kernel,
        "stride": draw(st.sampled_from([None, 1, 2, 3])),
        "ceil_mode": flag(draw),
    }
    if name.startswith("LP"):
        arguments["norm_type"] = 2.0
    else:
        arguments["padding"] = some(draw, kernel // 2, 0)
    return arguments, ((some(draw, 4), *sizes),)


@drawn("AdaptiveAvgPool{n}d", "AdaptiveMaxPool{n}d", ranks=EVERY)
def adaptive(draw: DrawFn, name: str, n: int) -> Case:
    sizes = tuple(some(draw, 6) for _ in range(n))
    whole = draw(st.sampled_from([sizes[0], sizes]))
    return {"output_size": whole}, ((some(draw, 4), *[some(draw, 8) for _ in range(n)]),)


@drawn("BatchNorm{n}d", "LazyBatchNorm{n}d", ranks=EVERY)
@drawn("InstanceNorm{n}d", "LazyInstanceNorm{n}d", ranks=EVERY)
def normalization(draw: DrawFn, name: str, n: int) -> Case:
    channels = some(draw, 6)
    arguments = {
        "num_features": channels,
        "affine": flag(draw),
        "track_running_stats": flag(draw),
        "bias": flag(draw),
    }
    chosen = {k: v for k, v in arguments.items() if k == "num_features" or flag(draw)}
    return chosen, ((channels, *[some(draw, 5, 2) for _ in range(n)]),)


@drawn("GroupNorm")
def group_norm(draw: DrawFn, name: str, n: int) -> Case:
    channels = some(draw, 8)
    arguments = {"num_groups": draw(st.sampled_from(divisors(channels))), "num_channels": channels}
    shape = (channels, *[some(draw, 4, 2) for _ in range(some(draw, 2))])
    return {**arguments, "affine": flag(draw), "bias": flag(draw)}, (shape,)


@drawn("LayerNorm", "RMSNorm")
def layer_norm(draw: DrawFn, name: str, n: int) -> Case:
    shape = [some(draw, 5) for _ in range(some(draw, 3))]
    last = shape[-some(draw, len(shape)) :]
    arguments = {"normalized_shape": last[0] if len(last) == 1 else last}
    arguments["elementwise_affine"] = flag(draw)
    if name == "LayerNorm":
        arguments["bias"] = flag(draw)
    return arguments, (tuple(shape),)


@drawn("PReLU")
def slopes(draw: DrawFn, name: str, n: int) -> Case:
    shape = tuple(some(draw, 5) for _ in range(some(draw, 3)))
    return {"num_parameters": draw(st.sampled_from([1, shape[0]]))}, (shape,)


@drawn("RNN", "LSTM", "GRU")
def stack(draw: DrawFn, name: str, n: int) -> Case:
    arguments: dict[str, Any] = {
        "input_size": some(draw, 6),
        "hidden_size": some(draw, 6, 2),
        "num_layers": some(draw, 4),
        "bias": flag(draw),
        "bidirectional": flag(draw),
        "batch_first": True,
    }
    if name == "LSTM":
        arguments["proj_size"] = some(draw, arguments["hidden_size"] - 1, 0)
    return arguments, ((some(draw, 5), arguments["input_size"]),)


@drawn("RNNCell", "LSTMCell", "GRUCell")
def cell(draw: DrawFn, name: str, n: int) -> Case:
    features = some(draw, 6)
    return {"input_size": features, "hidden_size": some(draw, 6), "bias": flag(draw)}, (
        (features,),
    )


@drawn("ZeroPad{n}d", "ReflectionPad{n}d", "ReplicationPad{n}d", "CircularPad{n}d", ranks=EVERY)
@drawn("ConstantPad{n}d", ranks=EVERY)
def pad(draw: DrawFn, name: str, n: int) -> Case:
    sizes = [some(draw, 6, 3) for _ in range(n)]
    amounts = tuple(some(draw, 2, 0) for _ in range(2 * n))
    arguments: dict[str, Any] = {"padding": draw(st.sampled_from([amounts, 1, 2]))}
    if name.startswith("Constant"):
        arguments["value"] = 1.0
    if name.startswith(("Constant", "Zero")):  # torch pads the last axes, where there are fewer
        arguments["padding"] = draw(st.sampled_from([amounts, amounts[:2], 1]))
    return arguments, ((some(draw, 3), *sizes),)


@drawn("Dropout{n}d", ranks=EVERY)
def dropped(draw: DrawFn, name: str, n: int) -> Case:
    return {"p": 0.5}, ((some(draw, 4), *[some(draw, 5) for _ in range(n)]),)


@drawn("Flatten")
def flat(draw: DrawFn, name: str, n: int) -> Case:
    shape = tuple(some(draw, 4) for _ in range(some(draw, 4)))
    first = some(draw, len(shape))
    return {"start_dim": first, "end_dim": some(draw, len(shape), first)}, (shape,)


@drawn("PixelShuffle", "PixelUnshuffle")
def pixels(draw: DrawFn, name: str, n: int) -> Case:
    factor, sizes = some(draw, 3), [some(draw, 4), some(draw, 4)]
    if name == "PixelShuffle":
        return {"upscale_factor": factor}, ((factor**2 * some(draw, 3), *sizes),)
    return {"downscale_factor": factor}, ((some(draw, 4), *[factor * size for size in sizes]),)


@drawn("ChannelShuffle")
def shuffled(draw: DrawFn, name: str, n: int) -> Case:
    channels = some(draw, 8)
    groups = draw(st.sampled_from(divisors(channels)))
    return {"groups": groups}, ((channels, some(draw, 4), some(draw, 4)),)


@drawn("Unfold")
def unfolded(draw: DrawFn, name: str, n: int) -> Case:
    kernel = some(draw, 3)
    sizes = [some(draw, 7, kernel) for _ in range(2)]
    arguments = {"kernel_size": kernel, "padding": some(draw, 2, 0), "stride": some(draw, 3)}
    return arguments, ((some(draw, 4), *sizes),)


@drawn("Fold")
def folded(draw: DrawFn, name: str, n: int) -> Case:
    arguments, ((channels, *sizes),) = unfolded(draw, name, n)
    kernel, padding, stride = (arguments[k] for k in ("kernel_size", "padding", "stride"))
    blocks = 1
    for size in sizes:
        blocks *= (size + 2 * padding - kernel) // stride + 1
    return {**arguments, "output_size": sizes}, ((channels * kernel**2, blocks),)


@drawn("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d")
def upsampled(draw: DrawFn, name: str, n: int) -> Case:
    by = draw(st.sampled_from([{"size": (5, 7)}, {"scale_factor": 2}, {"scale_factor": 1.5}]))
    return dict(by), ((some(draw, 3), some(draw, 4, 2), some(draw, 4, 2)),)


@drawn("Unflatten")
def parted(draw: DrawFn, name: str, n: int) -> Case:
    a, b = some(draw, 4), some(draw, 4)
    return {"dim": 1, "unflattened_size": (a, b)}, ((a * b, some(draw, 3)),)


@drawn("FractionalMaxPool{n}d", ranks=(2, 3))
def fractional(draw: DrawFn, name: str, n: int) -> Case:
    kernel = some(draw, 2)
    out = some(draw, 3)
    sizes = [some(draw, 9, out + kernel) for _ in range(n)]
    return {"kernel_size": kernel, "output_size": out}, ((some(draw, 3), *sizes),)


@drawn("CosineSimilarity", "PairwiseDistance")
def apart(draw: DrawFn, name: str, n: int) -> Case:
    shape = (some(draw, 4), some(draw, 4))
    return {}, (shape, shape)


@drawn("MultiheadAttention")
def attention(draw: DrawFn, name: str, n: int) -> Case:
    heads = some(draw, 3)
    width, source = heads * some(draw, 4), some(draw, 5)
    arguments = {"embed_dim": width, "num_heads": heads, "bias": flag(draw), "batch_first": True}
    arguments["add_bias_kv"] = flag(draw)
    return arguments, ((some(draw, 4), width), (source, width), (source, width))


_PACKED = ("GRU", "GRUCell", "MultiheadAttention")
"""torch packs several of our weights in one, or one of ours in several."""


def plain(draw: DrawFn, name: str, n: int) -> Case:
    """A class that leaves the shape alone, with its defaults."""
    needed = [
        p.name for p in TORCH_CLASSES[name].signature.parameters.values() if p.default is p.empty
    ]
    if name in ("GLU", "Softmax", "LogSoftmax", "Softmin"):
        return {"dim": 1}, ((2 * some(draw, 3), some(draw, 4), some(draw, 4)),)
    shape = (some(draw, 4), some(draw, 4), some(draw, 4))
    return dict.fromkeys(needed, 1), (shape,)


_APART = {"Transformer", "TransformerEncoder", "TransformerDecoder", "MaxUnpool1d", "MaxUnpool2d"}
_APART |= {"MaxUnpool3d", "TransformerEncoderLayer", "TransformerDecoderLayer", "SyncBatchNorm"}
_APART |= {"AdaptiveLogSoftmaxWithLoss", "Identity", "LinearCrossEntropyLoss"}
"""They are made otherwise, or take more than shapes: see below, and the tests of their layers."""


@pytest.mark.parametrize("name", [name for name in TORCH_CLASSES if name not in _APART])
def test_the_same_arguments_make_the_same(name: str) -> None:
    """Every weight's size and the output shape, run on the meta device."""
    draws, n = CASES.get(name, (plain, 0))

    @examples(1 / 2, nightly=500)
    @given(st.composite(draws)(name, n))  # type: ignore[arg-type]
    def same(case: Case) -> None:
        arguments, inputs = case
        known = TORCH_CLASSES[name].signature.parameters
        arguments = {k: v for k, v in arguments.items() if k in known}
        made = TORCH_CLASSES[name](**arguments)
        (output, sizes), (shape, theirs) = (
            _seen_here(made, inputs),
            _seen_there(name, arguments, inputs),
        )
        assert output == shape
        assert sum(sizes) == sum(theirs)
        assert sizes == theirs or name in _PACKED

    same()


def _seen_here(made: Layer, inputs: tuple[tuple[int, ...], ...]) -> Any:
    if len(inputs) == 1:
        trace = ac.Sequential([made]).trace(*inputs)
    else:
        given_inputs = [ac.Input(x) for x in _our_order(made, inputs)]
        trace = ac.Model(given_inputs, made(given_inputs)).trace()
    sizes = [
        int(w.size)
        for r in trace.rows
        for w in r.weights
        for _ in range(int(often(owned(r.loops))))
    ]
    return tuple(trace.output), sorted(size for size in sizes if size)


def _our_order(made: Layer, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """torch's attention takes query, key and value; ours, as Keras', query, value and key."""
    if type(made).__name__ == "MultiHeadAttention":
        query, key, value = inputs
        return query, value, key
    return inputs


def _seen_there(name: str, arguments: dict[str, Any], inputs: tuple[Any, ...]) -> Any:
    import torch

    kind = torch.int64 if name.startswith("Embedding") else torch.float32
    with torch.device("meta"), torch.no_grad():
        module = getattr(torch.nn, name)(**arguments).eval()
        result = module(*[torch.zeros(BATCH, *x, dtype=kind) for x in inputs])
    state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    out = result[0] if isinstance(result, tuple) else result
    sizes = [tensor.numel() for tensor in state.values()]
    return tuple(out.shape[1:]), sorted(sizes)


def test_a_loss_that_owns_its_logits_has_their_weights() -> None:
    import torch

    for how in ({}, {"bias": True}, {"out_features": (2, 3), "bias": True}):
        theirs = torch.nn.LinearCrossEntropyLoss(4, 7, **how)
        made = ours.LinearCrossEntropyLoss(4, 7, **how)
        sizes = [w.size for w in made.weights(ac.symbolic.Shape((4,)))]
        assert sum(sizes) == sum(p.numel() for p in theirs.parameters())


# Errors, files, stacks of symbols


def test_the_features_that_a_name_is_told_are_checked() -> None:
    with pytest.raises(RequirementError, match="made for 784 features, and 5408 come in"):
        ours.Sequential(ours.Linear(784, 10)).trace(5408)
    needs = ours.Sequential(ours.Linear("n", 10)).trace(5408).requirements
    assert [str(need) for need in needs] == ["5408 = n (dense)"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ours.Linear(784), "missing a required argument: 'out_features'"),
        (lambda: ours.Conv2d(3, 64, 3, strides=2), "unexpected keyword argument 'strides'"),
        (lambda: ours.Conv2d(3, -1, 3), "filters"),
    ],
)
def test_wrong_arguments_are_said(make: Callable[[], Layer], said: str) -> None:
    with pytest.raises(InvalidLayerError, match=said):
        make()


def test_there_is_no_other_name() -> None:
    with pytest.raises(AttributeError):
        ours.Conv4d  # noqa: B018
    with pytest.raises(UnknownLayerError):
        ac.loads("input: 4\nlayers: [nn.Linaer: 3]")


def test_a_file_may_use_either_spelling() -> None:
    text = """
    input: [1, 28, 28]
    layers:
      - Conv2d: [1, 32, 3]
      - nn.ReLU
      - torch.nn.MaxPool2d: 2
      - Flatten
      - Linear: {in_features: 5408, out_features: n, name: hidden}
      - Dense: 10
    """
    net = ac.loads(text)
    assert net.trace().parameters(n=100) == 542230
    assert [row.name for row in net.trace().rows][-2:] == ["hidden", "dense"]
    assert ac.from_dict(net.to_dict()).trace().parameters == net.trace().parameters


def test_a_stack_of_a_symbolic_number_of_layers() -> None:
    import torch

    P = ours.LSTM(16, "u", num_layers="L", bidirectional=True).trace(("t", 16)).parameters
    for many in (1, 2, 5):
        theirs = torch.nn.LSTM(16, 8, num_layers=many, bidirectional=True)
        assert P(L=many, u=8) == sum(p.numel() for p in theirs.parameters())


@given(st.floats(0.3, 4), st.integers(4, 40))
def test_any_float_is_a_ratio(factor: float, length: int) -> None:
    """torch rounds the product of floats down; where that is not ours a remark says both."""
    import torch

    layer = ours.Upsample(scale_factor=factor)
    right = torch.nn.Upsample(scale_factor=factor)(torch.zeros(1, 1, length)).shape[-1]
    trace = ac.Sequential([layer], input_shape=(1, length)).trace()
    remark = f"torch multiplies floats, and gives {right};"
    assert trace.output[1] == right or remark in "".join(trace.warnings)
    assert ac.loads(ac.dumps(ac.Sequential([layer]))).layers[0] == layer


@pytest.mark.parametrize("size", [(7, 9), (3, 7, 9), (1, 3, 7, 9)])
def test_a_pool_is_undone_to_the_size_that_its_call_says(size: tuple[int, ...]) -> None:
    import torch

    values, places = torch.nn.MaxPool2d(2, return_indices=True)(torch.rand(1, 3, 7, 9))
    right = torch.nn.MaxUnpool2d(2)(
        values, places, output_size=size if len(size) != 3 else size[1:]
    )
    pooled = ours.MaxPool2d(2, return_indices=True)(ac.Input((3, 7, 9)))
    assert ours.MaxUnpool2d(2)(*pooled, output_size=size).shape == tuple(right.shape[1:])


@pytest.mark.parametrize("name", ["Linear", "Conv2d", "MaxPool2d"])
@pytest.mark.parametrize("module", [ac, ac.layers, ac.network])
def test_a_name_of_torchs_says_where_it_stands(module: Any, name: str) -> None:
    with pytest.raises(ac.errors.MovedNameError, match=f"{name} is archcalc.torch.nn.{name};"):
        getattr(module, name)
