"""The same weights and the same input give the same output in both frameworks.

Shapes would not notice padding on the wrong side; values do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from archcalc.frameworks.axis_order import arranged
from archcalc.frameworks.keras import keras_layers
from archcalc.frameworks.table import entry_of
from archcalc.frameworks.tables import TORCH
from archcalc.frameworks.torch_layers import torch_module
from archcalc.layers import Applied, Layer
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.oracles import runs_in_keras
from archcalc.testing.strategies import catalogue, in_framework

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
        windows = zip(layer.sliding(), layer.extent(applied.inputs[0]), strict=True)
        return any(before != after for before, after in (w.pads(n) for w, n in windows))
    return getattr(layer, "interpolation", "nearest") != "nearest"


def _is_keras_own(applied: Applied) -> bool:
    """Whether torch has not got the layer with these fields."""
    try:
        entry_of(TORCH, applied.layer, "torch")
    except FrameworkError:
        return True
    return False


@pytest.mark.parametrize("kind", BOTH)
def test_both_frameworks_compute_the_same(kind: str) -> None:
    @settings(max_examples=max(10, settings().max_examples // 4))
    @given(layers([kind], framework="keras"))
    def agree(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied, inputs = Applied(*pair), pair[1]
        if not runs_in_keras(applied) or _computes_otherwise(applied) or _is_keras_own(applied):
            return
        random = np.random.default_rng(0)
        weights = {w.name: random.uniform(0.1, 1, w.shape) for w in applied.weights}
        values = [random.normal(size=(2, *x)) for x in inputs]
        if applied.layer.input_kind(0) == "indices":
            values = [np.zeros((2, *inputs[0]))]
        theirs = _in_keras(applied, weights, values)
        assert np.allclose(_in_torch(applied, weights, values), theirs, atol=1e-3, rtol=1e-3)

    agree()


def _in_keras(applied: Applied, weights: dict[str, Any], values: list[Any]) -> Any:
    import keras

    built = keras_layers(applied, "layer")
    value: Any = [keras.ops.convert_to_tensor(v.astype("float32")) for v in values]
    if applied.layer.arity == (1, 1):
        value = value[0]
    for part in built:
        result = part(value)
        if part.weights:
            part.set_weights(list(weights.values()))
            result = part(value)
        value = result
    return keras.ops.convert_to_numpy(value)


def _in_torch(applied: Applied, weights: dict[str, Any], values: list[Any]) -> Any:
    import torch

    module = torch_module(applied).eval()
    core = getattr(module, "core", module)
    with torch.no_grad():
        for tensor in entry_of(TORCH, applied.layer, "torch").tensors:
            if tensor.ours in weights:
                path, _, name = tensor.theirs.rpartition(".")
                ours = weights[tensor.ours]
                value = arranged(tensor.order, ours) if tensor.order else ours
                getattr(core.get_submodule(path), name).copy_(torch.from_numpy(value))
        kind = torch.int64 if applied.layer.input_kind(0) == "indices" else torch.float32
        return module(*[torch.from_numpy(v).to(kind) for v in values]).numpy()
