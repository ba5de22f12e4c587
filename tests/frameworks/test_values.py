"""The same weights and the same input give the same output in both frameworks.

Shapes would not notice padding on the wrong side; values do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

import archcalc as ac
from archcalc.frameworks.axis_order import arranged
from archcalc.frameworks.keras import called, keras_layers
from archcalc.frameworks.lookup import entry_of
from archcalc.frameworks.record import Tensor
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch_layers import torch_module
from archcalc.layers import Applied, Layer
from archcalc.network import Network
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.available import catalogue, in_framework
from archcalc.testing.oracles import runs_in_keras
from tests.sampling import examples, slow

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Using padding='same' with even kernel",
    "ignore:__array__ implementation",
)

BOTH = [
    cls.__name__ for cls in catalogue() if in_framework(cls, "torch") and in_framework(cls, "keras")
]


def _computes_otherwise(applied: Applied) -> bool:
    """Where Keras' torch backend does not compute what Keras documents, or torch has a variant.

    Averages with uneven "same" padding repeat the edge there, where TensorFlow leaves the padding
    out; interpolation treats the corners differently.
    """
    layer: Any = applied.layer
    if type(layer).__name__.startswith("AveragePooling") and layer.padding == "same":
        windows = zip(layer.spatial_windows(), layer.extent(applied.inputs[0]), strict=True)
        return any(before != after for before, after in (w.pads(n) for w, n in windows))
    return getattr(layer, "interpolation", "nearest") != "nearest"


def _is_keras_own(layer: Layer) -> bool:
    """Whether torch has not got the layer with these fields, or a layer that it holds."""
    try:
        entry_of(TORCH, layer)
    except FrameworkError:
        return True
    held = [node.layer for node in layer.graph().nodes] if isinstance(layer, Network) else []
    return any(map(_is_keras_own, held))


@slow
@pytest.mark.parametrize("kind", BOTH)
def test_both_frameworks_compute_the_same(kind: str) -> None:
    @examples(1 / 4, least=10)
    @given(layers([kind], framework="keras"))
    def agree(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied, inputs = Applied(*pair), pair[1]
        if (
            not runs_in_keras(applied)
            or _computes_otherwise(applied)
            or _is_keras_own(applied.layer)
        ):
            return
        random = np.random.default_rng(0)
        weights = {w.name: random.uniform(0.1, 1, w.shape) for w in applied.weights}
        values = [random.normal(size=(2, *x)) for x in inputs]
        if applied.layer.input_kind(0) == "indices":
            values = [np.zeros((2, *inputs[0]))]
        theirs, ours = _in_keras(applied, weights, values), _in_torch(applied, weights, values)
        for a, b in zip(theirs, ours, strict=True):
            finite = np.isfinite(a) & np.isfinite(b)  # an exponential over time is soon too large
            assert np.allclose(a[finite], b[finite], atol=1e-3, rtol=1e-3)

    agree()


def _in_keras(applied: Applied, weights: dict[str, Any], values: list[Any]) -> Any:
    import keras

    built = keras_layers(applied, "layer")
    given_values = [keras.ops.convert_to_tensor(v.astype("float32")) for v in values]
    called(built, applied, given_values)
    left = list(weights.values())
    for part in built:
        if isinstance(part, keras.layers.Layer):  # an operation has no weights
            part.set_weights([left.pop(0) for _ in part.weights])
    return _listed(called(built, applied, given_values))


def _in_torch(applied: Applied, weights: dict[str, Any], values: list[Any]) -> Any:
    import torch

    module = torch_module(applied).eval()
    with torch.no_grad():
        _fill(module, applied.layer, weights)
        kind = torch.int64 if applied.layer.input_kind(0) == "indices" else torch.float32
        return _listed(module(*[torch.from_numpy(v).to(kind) for v in values]))


def _fill(module: Any, layer: Layer, weights: dict[str, Any]) -> None:
    """Put `weights`, by our names, into a module of torch, and into what it holds."""
    if isinstance(layer, Network):
        for node, held in zip(layer.graph().nodes, module.children(), strict=False):
            start = f"{node.name}/"
            inside = {n.removeprefix(start): w for n, w in weights.items() if n.startswith(start)}
            _fill(held, node.layer, inside)
        return
    core = getattr(module, "core", module)
    held = {**dict(core.named_parameters()), **dict(core.named_buffers())}
    for tensor in entry_of(TORCH, layer).tensors:
        if tensor.ours in weights and tensor.theirs in held:
            _copy(held[tensor.theirs], tensor, weights[tensor.ours])


def _copy(there: Any, tensor: Tensor, ours: Any) -> None:
    import torch

    if tensor.row:
        ours = ours[tensor.row[0]]
    value = arranged(tensor.order, ours) if tensor.order else ours
    if tensor.gates:
        blocks = np.split(value, len(tensor.gates))
        value = np.concatenate([blocks[place] for place in tensor.gates])
    tensor.within(there).copy_(torch.from_numpy(np.array(value)))


def _listed(result: Any) -> list[Any]:
    import keras

    every = result if isinstance(result, list | tuple) else [result]
    return [keras.ops.convert_to_numpy(value) for value in every]


def test_a_function_of_several_inputs_is_given_a_list() -> None:
    """As Keras calls what has several inputs."""
    x, y = ac.Input((3,)), ac.Input((3,))
    net = ac.Model([x, y], ac.Lambda(lambda pair: pair[0] * pair[1], target_shape=(3,))(x, y))
    a, b = torch.randn(2, 3), torch.randn(2, 3)
    torch.testing.assert_close(net.to_torch()(a, b), a * b)
    torch.testing.assert_close(net.to_keras()([a, b]), a * b)
