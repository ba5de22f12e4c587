"""Attention in torch by two ways: its own module, and the one for what its own cannot say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from archcalc.frameworks import to_keras, to_torch
from archcalc.frameworks.lookup import entry_of
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch_cores import core_named
from archcalc.layers import (
    Applied,
    Attention,
    Dense,
    GroupQueryAttention,
    Layer,
    MultiHeadAttention,
)
from archcalc.network import (
    Input,
    Model,
    Network,
    Sequential,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers


def _module(layer: Any, inputs: tuple[Shape, ...]) -> Any:
    make = core_named(entry_of(TORCH, layer).core)
    ((_, core),) = make(layer, inputs[0], Applied(layer, inputs))
    return core.eval()


def _is_torchs(pair: tuple[Any, tuple[Shape, ...]]) -> bool:
    from torch import nn

    return isinstance(_module(*pair), nn.MultiheadAttention)


@given(layers(["MultiHeadAttention"], framework="torch").filter(_is_torchs))
def test_the_module_for_everything_computes_what_torchs_own_does(
    pair: tuple[Any, tuple[Shape, ...]],
) -> None:
    """Also with a key and value more, learned or of zeros; a wide window hides nothing."""
    import torch

    layer, inputs = pair
    own = _module(layer, inputs)
    general = _module(layer.model_copy(update={"sliding_window": 99}), inputs)
    held = dict(own.named_parameters())
    with torch.no_grad():
        for name, parameter in general.named_parameters():
            parameter.copy_(_theirs(name, held).reshape(parameter.shape))
    values = [torch.randn(2, *x) for x in inputs]
    with torch.no_grad():
        results = [module(*values) for module in (own, general)]
    first, second = (r if isinstance(r, tuple) else (r,) for r in results)
    for a, b in zip(first, second, strict=True):
        assert a.shape == b.shape
        assert torch.allclose(a, b, atol=1e-4)


def _theirs(name: str, held: dict[str, Any]) -> Any:
    """torch's weight, where ours is `name`, as its documentation says what it is."""
    part, _, kind = name.partition("_")
    place = {"query": 0, "key": 1, "value": 2}.get(part)
    if place is None and kind == "kernel":
        return held["out_proj.weight"].T
    if place is None:
        return held["out_proj.bias" if part == "output" else name]
    if kind == "bias":
        return held["in_proj_bias"].chunk(3)[place]
    packed = held.get("in_proj_weight")
    return (held[f"{part[0]}_proj_weight"] if packed is None else packed.chunk(3)[place]).T


def test_groups_share_keys_and_values() -> None:
    """As torch's own ``scaled_dot_product_attention(enable_gqa=True)`` shares them."""
    import torch
    from torch.nn import functional

    module = _module(GroupQueryAttention(4, 6, 2, use_bias=False), (Shape((5, 8)),))
    x = torch.randn(3, 5, 8)
    with torch.no_grad():
        query, key, value = (
            torch.einsum("btd,dak->batk", x, getattr(module, f"{name}_kernel"))
            for name in ("query", "key", "value")
        )
        mean = functional.scaled_dot_product_attention(query, key, value, enable_gqa=True)
        expected = torch.einsum("batk,akd->btd", mean, module.output_kernel)
        assert torch.allclose(module(x), expected, atol=1e-5)


# Scores are a second output


@pytest.mark.parametrize(
    "layer",
    [
        MultiHeadAttention(2, 4, return_attention_scores=True),
        GroupQueryAttention(4, 2, 1, return_attention_scores=True),
        Attention(return_attention_scores=True),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_scores_go_on_through_a_network(layer: Layer) -> None:
    import torch

    x, memory = Input((5, 8)), Input((5, 8))
    y, scores = layer([x, memory])
    net = Model([x, memory], [Dense(3)(y), Dense(2)(scores)])
    trace = net.trace()
    values = [torch.zeros(2, 5, 8)] * 2
    for module in (to_keras(net), to_torch(net)):
        results = module(values) if hasattr(module, "layers") else module(*values)
        assert [tuple(r.shape[1:]) for r in results] == [tuple(s) for s in trace.outputs]
    assert to_keras(net).count_params() == trace.parameters


# Whole, or of its parts


def _named(net: Layer, *inputs: tuple[int, ...]) -> set[str]:
    return {type(module).__name__ for module in to_torch(net, list(inputs)).modules()}


WHOLE: list[tuple[Network, list[tuple[int, ...]], str]] = [
    (TransformerEncoderLayer(8, 2, 16, activation="silu"), [(5, 8)], "TransformerEncoderLayer"),
    (
        TransformerDecoder(TransformerDecoderLayer(8, 2, 16), 2, True),
        [(5, 8), (7, 8)],
        "TransformerDecoder",
    ),
    (Transformer(8, 2, 1, 1, 16), [(5, 8), (7, 8)], "Transformer"),
]


@pytest.mark.parametrize(("net", "inputs", "name"), WHOLE, ids=lambda value: str(value)[:30])
def test_torchs_transformers_are_built_as_they_are(
    net: Network, inputs: list[tuple[int, ...]], name: str
) -> None:
    assert name in _named(net, *inputs)


PARTS: list[tuple[Network, list[tuple[int, ...]], str]] = [
    (TransformerEncoder([Dense(8)], 2), [(5, 8)], "TransformerEncoder"),
    (Transformer(8, 2, custom_encoder=Dense(8)), [(5, 8), (7, 8)], "Transformer"),
]


@pytest.mark.parametrize(("net", "inputs", "name"), PARTS, ids=lambda value: str(value)[:30])
def test_what_torch_cannot_say_is_built_of_its_parts(
    net: Network, inputs: list[tuple[int, ...]], name: str
) -> None:
    import torch

    module = to_torch(net, inputs)
    assert name not in _named(net, *inputs)
    assert sum(p.numel() for p in module.parameters()) == net.trace(*inputs).parameters
    result = module(*(torch.zeros(2, *x) for x in inputs))
    assert tuple(result.shape[1:]) == tuple(net.trace(*inputs).output)


def test_heads_that_do_not_divide_are_refused_where_they_stand() -> None:
    net = Sequential([TransformerEncoderLayer(8, 3, name="block")], input_shape=(5, 8))
    for build in (to_keras, to_torch):
        with pytest.raises(Exception, match="nhead 3 does not divide 8") as caught:
            build(net)
        assert getattr(caught.value, "path", "") == "block"


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (MultiHeadAttention(2, 4, add_bias_kv=True), "no learned key and value"),
        (MultiHeadAttention(2, 4, dropout=0.1, flash_attention=True), "drops nothing"),
        (
            GroupQueryAttention(4, 2, 1, flash_attention=True, return_attention_scores=True),
            "gives no scores",
        ),
    ],
)
def test_keras_refusals_say_why(layer: Layer, why: str) -> None:
    with pytest.raises(FrameworkError, match=why):
        to_keras(layer, (5, 8))


def test_keras_itself_refuses_dropout_with_flash_attention() -> None:
    import keras

    with pytest.raises(ValueError, match="Dropout is not supported"):
        keras.layers.MultiHeadAttention(2, 4, dropout=0.1, flash_attention=True)


def test_keras_promises_as_many_keys_as_queries() -> None:
    """Why the promise of its scores is not compared: it gives what archcalc says."""
    import keras

    layer = keras.layers.MultiHeadAttention(2, 4)
    said = layer(keras.Input((5, 8)), keras.Input((7, 8)), return_attention_scores=True)
    zeros = keras.ops.zeros((1, 5, 8)), keras.ops.zeros((1, 7, 8))
    given_scores = layer(*zeros, return_attention_scores=True)
    assert said[1].shape == (None, 2, 5, 5)
    assert tuple(given_scores[1].shape) == (1, 2, 5, 7)
