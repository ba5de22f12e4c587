"""Random networks built in both frameworks: shapes, totals, and the count of every layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import Phase, example, given, settings

import archcalc as ac
from archcalc.frameworks import to_keras, to_torch
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    ReLU,
)
from archcalc.network import (
    Input,
    Model,
    Network,
    Repeat,
    Residual,
    Sequential,
    TimeDistributed,
)
from archcalc.network.unroll import Unrolled, unroll
from archcalc.symbolic.errors import FrameworkError, RequirementError
from archcalc.testing import assert_matches, networks
from archcalc.testing.oracles import counted, runs_in_keras
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Using padding='same' with even kernel",
    "ignore:__array__ implementation",
)


def _counts(made: Unrolled) -> list[int]:
    """The number of weights of every layer that has any, each copy of a repeated one apart."""
    owners = [call for i, call in enumerate(made.calls) if call.owner == i]
    sizes = [sum(weight.size for weight in call.applied.weights) for call in owners]
    return sorted(int(size) for size in sizes if size)


def _numels(module: Any) -> list[int]:
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return [v.numel() for name, v in named.items() if not name.endswith("num_batches_tracked")]


def _zeros(made: Unrolled, device: str) -> list[Any]:
    fed = {
        source.call
        for call in made.calls
        for place, source in enumerate(call.inputs)
        if call.layer.input_kind(place) == "indices"
    }
    kinds = [torch.int64 if -1 - i in fed else torch.float32 for i in range(len(made.inputs))]
    return [
        torch.zeros(2, *shape, dtype=kind, device=device)
        for shape, kind in zip(made.inputs, kinds, strict=True)
    ]


def _assert_torch_agrees(net: Network) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    trace, made = net.trace(), unroll(net, None, partial(is_whole, TORCH))
    with torch.device("meta"):
        module = net.to_torch().eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        result = module(*_zeros(made, "meta"))
    results = result if isinstance(result, tuple) else (result,)
    assert [tuple(x.shape[1:]) for x in results] == [tuple(shape) for shape in trace.outputs]
    assert sum(p.numel() for p in module.parameters()) == trace.parameters
    assert sum(_numels(module)) == trace.total_params
    owners = {module.calls[call.owner][0] for call in made.calls}
    sizes = [sum(_numels(module.get_submodule(name))) for name in owners]
    assert sorted(size for size in sizes if size) == _counts(made)
    if all(counted(call.applied) for call in made.calls):
        assert counter.get_total_flops() == 2 * trace.flops


def _assert_keras_agrees(net: Network) -> None:
    trace, made = net.trace(), unroll(net, None, partial(is_whole, KERAS))
    model = net.to_keras()
    outputs = [tuple(x.shape[1:]) for x in model.outputs]
    assert outputs == [tuple(shape) for shape in trace.outputs]
    assert model.count_params() == trace.total_params
    assert sum(w.value.numel() for w in model.trainable_weights) == trace.trainable_parameters
    assert sorted(layer.count_params() for layer in model.layers if layer.weights) == _counts(made)
    if all(runs_in_keras(call.applied) for call in made.calls):
        given_values = _zeros(made, "cpu")
        result = model(given_values[0] if len(given_values) == 1 else given_values)
        results = result if isinstance(result, list | tuple) else [result]
        assert [tuple(x.shape[1:]) for x in results] == outputs


_MANY = settings(examples(2, nightly=500), phases=[Phase.generate, Phase.shrink])
"""200 networks in ``ci``, 500 in ``nightly``."""


@_MANY
@given(networks(8, frameworks=("keras", "torch")))
def test_the_same_random_networks_in_both(net: Network) -> None:
    """Every shape, weight and MAC count, and what the testing kit says of it."""
    _assert_torch_agrees(net)
    _assert_keras_agrees(net)
    with torch.device("meta"):
        module = net.to_torch()
    assert_matches(net, module)


@given(networks(8, frameworks="torch"))
def test_random_networks_in_torch(net: Network) -> None:
    _assert_torch_agrees(net)


@given(networks(8, frameworks="keras"))
@example(ac.Sequential([ac.SpectralNormalization(ac.Dense(1, lora_rank=1))], input_shape=1))
def test_random_networks_in_keras(net: Network) -> None:
    _assert_keras_agrees(net)
    assert_matches(net, net.to_keras())


def _shared() -> Network:
    x = Input((6,), name="left")
    y = Input((6,))
    dense = Dense(6)
    joined = Add()([dense(x), dense(dense(y))])
    return Model([x, y], [joined, Dense(2)(joined)])


def _bottleneck(c: int, strides: int = 1, project: bool = False) -> Sequential:
    body: list[Layer] = [
        *(Conv2D(c, 1, use_bias=False), BatchNormalization(), ReLU()),
        *(Conv2D(c, 3, strides=strides, padding=1, use_bias=False), BatchNormalization(), ReLU()),
        *(Conv2D(4 * c, 1, use_bias=False), BatchNormalization()),
    ]
    shortcut = [Conv2D(4 * c, 1, strides=strides, use_bias=False), BatchNormalization()]
    return Sequential([Residual(body, shortcut if project else None), ReLU()])


KNOWN = {
    "a shared layer, two inputs, two outputs": _shared(),
    "a repeated residual block": Sequential(
        [_bottleneck(4, 2, True), Repeat(_bottleneck(4), 3), GlobalAveragePooling2D(), Dense(7)],
        input_shape=(9, 9, 3),
    ),
    "blocks in blocks in blocks": Sequential(
        [Repeat([Dense(5), Repeat([Dense(5), Repeat(Dense(4), 2)], 2)], 3)], input_shape=3
    ),
    "a frozen layer": Sequential(
        [Dense(4, trainable=False), Dense(3), BatchNormalization(trainable=False)], input_shape=5
    ),
    "an embedding": Sequential([Embedding(10, 4), Flatten(), Dense(3)], input_shape=6),
    "no layer at all": Sequential([], input_shape=6),
    "awkward names": Sequential(
        [
            Dense(3, name="a/b"),
            Dense(3, name="a_b"),
            Dense(3, name="forward"),
            Sequential([Dense(2, name="b"), Dense(2, name="training")], name="a"),
            Dense(3, name="größe 1.5"),
        ],
        input_shape=4,
    ),
}


@pytest.mark.parametrize("net", KNOWN.values(), ids=KNOWN)
def test_known_networks(net: Network) -> None:
    _assert_torch_agrees(net)
    _assert_keras_agrees(net)


def test_layers_are_named_by_their_paths() -> None:
    net = Sequential(
        [Sequential([Conv2D(4, 3, name="conv1")], name="stage1"), Repeat(Dense(4), 2, name="tail")],
        input_shape=(5, 5, 1),
    )
    assert [layer.name for layer in net.to_keras().layers[1:]] == [
        "stage1_conv1",
        "tail_0_dense",
        "tail_1_dense",
    ]
    names = [name for name, _ in net.to_torch().named_parameters()]
    assert names[0] == "stage1.conv1.core.weight"
    assert names[2:] == [f"tail.{i}.dense.{w}" for i in range(2) for w in ("weight", "bias")]


def test_padding_by_amounts_is_a_layer_of_its_own_in_keras() -> None:
    model = to_keras(Conv2D(4, 3, padding=((0, 1), (0, 1)), strides=2, name="stem"), (8, 8, 3))
    assert [layer.name for layer in model.layers[1:]] == ["stem_pad", "stem"]


def test_frozen_layers_are_frozen_there() -> None:
    net = KNOWN["a frozen layer"]
    learned = [p.requires_grad for p in net.to_torch().parameters()]
    assert learned == [False, False, True, True, False, False]
    assert len(net.to_keras().trainable_weights) == 2


def test_a_model_larger_than_memory_is_built_without_memory() -> None:
    import torch

    net = Sequential([Dense(2**20), Repeat(Dense(2**20), 4)], input_shape=2**20)
    with torch.device("meta"):
        module = to_torch(net)
    count = 5 * (2**20 + 1) * 2**20
    assert sum(p.numel() for p in module.parameters()) == count
    assert net.trace().parameters == count


@pytest.mark.parametrize("build", [to_keras, to_torch])
def test_what_is_missing_is_said(build: Any) -> None:
    with pytest.raises(FrameworkError, match="L, d, n have no number") as caught:
        build(Sequential([Dense("n"), Repeat(Dense("n"), "L")], input_shape=("d",)))
    assert (caught.value.code, caught.value.values["symbols"]) == ("symbols-left", ("L", "d", "n"))
    with pytest.raises(FrameworkError, match="give input_shape="):
        build(Sequential([Dense(3)]))
    with pytest.raises(RequirementError, match="body/1/conv2d: kernel 3 does not fit") as broken:
        build(Sequential([Repeat(Conv2D(1, 3), 2, name="body")], input_shape=(3, 3, 1)))
    assert broken.value.path == "body/1/conv2d"


@pytest.mark.parametrize(("module", "build"), [("keras", to_keras), ("torch", to_torch)])
def test_a_framework_that_is_not_installed_is_named(
    module: str, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(FrameworkError, match="pip install 'archcalc") as caught:
        build(Dense(3), 4)
    assert caught.value.code == "framework-missing"


def test_two_repetitions_of_one_block_own_their_weights_apart() -> None:
    block = Dense(4)
    twice, thrice = Repeat(block, 2), Repeat(block, 3)
    for net, count in [(Sequential([twice, thrice]), 100), (Sequential([twice, twice]), 40)]:
        assert int(net.trace(4).total_params) == count
        assert sum(_numels(to_torch(net, 4))) == count
        assert to_keras(net, 4).count_params() == count


# What is frozen at one of its calls

Around = Callable[[Layer, bool], Layer]

AROUND: dict[str, Around] = {
    "itself": lambda layer, trained: layer,
    "at every step": lambda layer, trained: TimeDistributed(layer, trainable=trained),
    "in a block": lambda layer, trained: Sequential([layer, ReLU()], trainable=trained),
}


@pytest.mark.parametrize("frozen", ["first", "second", "layer", "none"])
@pytest.mark.parametrize("second", ["at every step", "in a block"])
@pytest.mark.parametrize("first", list(AROUND))
def test_a_layer_that_is_frozen_at_one_call_is_frozen(first: str, second: str, frozen: str) -> None:
    """It is one layer with one set of weights, in each framework and in the count."""
    dense = Dense(4, trainable=frozen != "layer")
    x = Input((5, 4))
    y = AROUND[first](dense, frozen != "first")(x)
    net = Model(x, AROUND[second](dense, frozen != "second")(y))
    trace = net.trace()
    kept = frozen == "none" or (frozen, first) == ("first", "itself")  # a call freezes nothing
    trained = 20 if kept else 0
    assert (trace.parameters(), trace.trainable_parameters()) == (20, trained)
    module, model = net.to_torch(), net.to_keras()
    assert sum(p.numel() for p in module.parameters()) == model.count_params() == 20
    assert sum(p.numel() for p in module.parameters() if p.requires_grad) == trained
    assert sum(math.prod(w.shape) for w in model.trainable_weights) == trained
