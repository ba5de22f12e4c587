"""Layers that train some of their weights: what frameworks count, save, compute and build.

The truth is the framework's own: ``requires_grad`` of torch's parameters and what its backward pass
computes, ``trainable_weights`` of Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.frameworks import to_source
from archcalc.testing import assert_matches

MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda: nn.Linear(4, 5), (4,)),
    "convolution": (lambda: nn.Conv2d(3, 4, 3), (3, 6, 6)),
    "transposed": (lambda: nn.ConvTranspose1d(3, 4, 3), (3, 6)),
    "embedding and norm": (
        lambda: nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 2)),
        (4,),
    ),
    "batch norm": (lambda: nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3)), (2, 8)),
    "bilinear": (lambda: nn.Sequential(nn.Linear(4, 4), nn.PReLU(4)), (4,)),
    "lstm": (lambda: nn.LSTM(3, 4, batch_first=True), (5, 3)),
    "gru, two layers, both ways": (
        lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True),
        (5, 3),
    ),
    "encoder layer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0),
        (5, 8),
    ),
}


def trained(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("pick", ["first", "last", "every other", "biases", "weights"])
def test_what_is_trained_is_torchs(kind: str, pick: str) -> None:
    make, shape = MODULES[kind]
    module = make()
    named = list(module.named_parameters())
    chosen = {
        "first": named[:1],
        "last": named[-1:],
        "every other": named[::2],
        "biases": [pair for pair in named if "bias" in pair[0]],
        "weights": [pair for pair in named if "weight" in pair[0]],
    }[pick]
    for _, parameter in chosen:
        parameter.requires_grad_(False)
    net = ac.from_torch(module, shape)
    trace = net.trace()
    assert trace.parameters == sum(p.numel() for p in module.parameters())
    assert trace.trainable_parameters == trained(module)
    assert ac.loads(ac.dumps(net)) == net


@pytest.mark.parametrize("frozen", list(product([False, True], repeat=4)))
def test_training_flops_and_saved_numbers_are_torchs(frozen: tuple[bool, ...]) -> None:
    """Two layers, each with a weight and a bias that may be frozen."""
    module = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    for parameter, flag in zip(module.parameters(), frozen, strict=True):
        parameter.requires_grad_(not flag)
    trace = ac.from_torch(module, (4,)).trace()
    assert trace.trainable_parameters == trained(module)
    weights = {parameter.data_ptr() for parameter in module.parameters()}
    kept: dict[int, Any] = {}  # what is kept stays alive, so that no address is used again

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor
        return tensor

    with FlopCounterMode(display=False) as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            made = module(torch.zeros(1, 4))
        if made.requires_grad:
            made.sum().backward()
    assert trace.cost(ac.costs.TrainingFlops()) == counter.get_total_flops()
    saved = trace.cost(ac.costs.SavedBytes(kernels="torch on the CPU"))
    assert saved == 4 * sum(tensor.numel() for tensor in kept.values())


LAYERS: dict[str, tuple[ac.Layer, tuple[int, ...]]] = {
    "dense": (ac.Dense(3, frozen="kernel"), (4,)),
    "convolution": (ac.Conv2D(3, 3, frozen=["bias"]), (6, 6, 2)),
    "norm": (ac.BatchNormalization(frozen="gamma"), (6, 4)),
    "lstm": (ac.LSTM(3, frozen=("recurrent_kernel", "bias")), (5, 4)),
    "steps": (ac.TimeDistributed(ac.Dense(3, frozen="bias")), (5, 4)),
    "both ways": (ac.Bidirectional(ac.LSTM(3, frozen="recurrent_kernel")), (5, 4)),
    "heads": (ac.MultiHeadAttention(2, 3, frozen=("output_kernel",)), (5, 6)),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_what_is_built_is_frozen_as_said_and_read_back(kind: str) -> None:
    layer, shape = LAYERS[kind]
    net = ac.Sequential([layer], input_shape=shape)
    wanted = net.trace().trainable_parameters
    module, model = net.to_torch(), net.to_keras()
    assert trained(module) == wanted
    assert sum(int(v.value.numel()) for v in model.trainable_weights) == wanted
    for framework in (module, model):
        assert_matches(net, framework)
    assert ac.from_keras(model).trace().trainable_parameters == wanted
    assert ac.from_torch(module, shape).trace().trainable_parameters == wanted
    assert ac.loads(ac.dumps(net)) == net
    assert type(net).model_validate(net.model_dump()) == net
    assert "frozen=" in repr(net)


def test_a_layer_without_its_freezing_does_not_match() -> None:
    net = ac.Sequential([ac.Dense(3, frozen="kernel")], input_shape=4)
    free = ac.Sequential([ac.Dense(3)], input_shape=4)
    for here, there in ((net, free), (free, net)):
        for built in (there.to_torch(), there.to_keras()):
            with pytest.raises(AssertionError, match="training"):
                assert_matches(here, built)


def test_what_torch_has_in_one_tensor_is_frozen_as_one() -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    layer.in_proj_weight.requires_grad_(False)

    class Own(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.attention = layer

        def forward(self, x: torch.Tensor) -> Any:
            return self.attention(x, x, x)[0]

    trace = ac.from_torch(Own(), (5, 8)).trace()
    (row,) = trace.rows
    assert set(row.layer.frozen) == {"query_kernel", "key_kernel", "value_kernel"}
    assert trace.trainable_parameters == trained(layer)
    odd = ac.Sequential([ac.torch.nn.MultiheadAttention(8, 2)], input_shape=(5, 8))
    one = odd.layers[0].model_copy(update={"frozen": ("query_kernel",)})
    with pytest.raises(ac.errors.FrameworkError, match="torch cannot train the rest of it"):
        ac.Sequential([one], input_shape=(5, 8)).to_torch()


def test_a_nested_layer_of_keras_that_is_frozen() -> None:
    import keras

    x = keras.Input((5, 4))
    attention = keras.layers.MultiHeadAttention(2, 3)
    both = keras.layers.Bidirectional(keras.layers.LSTM(3))
    model = keras.Model(x, both(attention(x, x)))
    for freeze in (attention._query_dense, both.forward_layer):
        freeze.trainable = False
        trace = ac.from_keras(model).trace()
        assert trace.trainable_parameters == sum(
            int(v.value.numel()) for v in model.trainable_weights
        )
        assert trace.total_params == model.count_params()
    for variable in both.backward_layer.weights:
        variable.trainable = "recurrent" not in variable.path
    trace = ac.from_keras(model).trace()
    assert trace.parameters == model.count_params()
    assert trace.trainable_parameters == sum(int(v.value.numel()) for v in model.trainable_weights)


def test_a_free_parameter_that_is_frozen_is_a_parameter_all_the_same() -> None:
    class Shifted(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.place = nn.Parameter(torch.zeros(4), requires_grad=False)
            self.scale = nn.Parameter(torch.ones(4))
            self.register_buffer("kept", torch.ones(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x + self.place) * self.scale + self.kept

    trace = ac.from_torch(Shifted(), (4,)).trace()
    found = [trace.parameters, trace.trainable_parameters, trace.statistics]
    assert list(map(int, found)) == [8, 4, 4]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ac.Dense(3, frozen="kernle"), "none of the weights that it learns"),
        (lambda: ac.BatchNormalization(frozen="moving_mean"), "none of the weights that it learns"),
        (
            lambda: ac.Dense(3, frozen=3),  # type: ignore[arg-type]
            "does not say which weights are frozen",
        ),
        (lambda: ac.TimeDistributed(ac.Dense(3), frozen="kernel"), "of the layer whose weight"),
    ],
)
def test_a_weight_that_is_not_there_is_not_frozen(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match=said):
        ac.Sequential([make()], input_shape=(5, 4)).trace().parameters  # noqa: B018


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_code_does_not_leave_a_freezing_out(framework: Any) -> None:
    net = ac.Sequential([ac.Dense(3, frozen="kernel")], input_shape=4)
    with pytest.raises(ac.errors.FrameworkError, match="frozen in part"):
        to_source(net, framework)
