"""What is built is read back: the layer of a framework's module builds the same module again."""

from __future__ import annotations

import pickle
from typing import Any

import keras
import pytest
from hypothesis import assume, given
from torch import nn

import archcalc as ac
from archcalc.frameworks.keras import keras_layers
from archcalc.frameworks.reading import layer_of
from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.frameworks.torch_layers import _order, torch_module
from archcalc.layers import Applied, Layer
from archcalc.network import StackedRNNCells
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.available import catalogue, in_framework
from archcalc.testing.in_keras import builds_in_keras
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Initializing zero-element tensors",
    "ignore:Using padding='same' with even kernel",
    "ignore:enable_nested_tensor is True",
    "ignore:__array__ implementation",
)

FEW = examples(1 / 20, least=3)

IN_KERAS = [
    cls.__name__
    for cls in catalogue()
    if in_framework(cls, "keras")
    and cls is not StackedRNNCells  # Keras has it as the cell of an RNN, and it is read there
    and builds_in_keras(cls)
    and KERAS[cls].classes() == (cls.__name__,)  # type: ignore[union-attr]
]


UNSAID = ("name", "seed", "build_config")


def _config(layer: Any) -> Any:
    """What Keras says of a layer, without made-up names."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            left = {
                k: plain(v) for k, v in value.items() if k not in ("name", "seed", "build_config")
            }
            return {k: v for k, v in left.items() if not k.endswith("shared_object_id")}
        return list(map(plain, value)) if isinstance(value, list | tuple) else value

    return plain(layer.get_config())


@pytest.mark.parametrize("kind", IN_KERAS)
def test_keras_layers_are_read_back(kind: str) -> None:
    @FEW
    @given(layers([kind], framework="keras"))
    def returns(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied = Applied(*pair)
        built = keras_layers(applied, "built")
        assume(len(built) == 1 and type(built[0]) is getattr(keras.layers, kind))
        again = layer_of(built[0], applied.inputs[0])
        assert type(again) is type(applied.layer)
        if "Sequential" in str(built[0].get_config()):  # a layer of ours that is several there
            found = Applied(again, applied.inputs)
            assert found.outputs == applied.outputs
            assert [w.shape for w in found.weights] == [w.shape for w in applied.weights]
            return
        (rebuilt,) = keras_layers(Applied(again, applied.inputs), "built")
        assert _config(rebuilt) == _config(built[0])

    returns()


def _shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def _alone(module: Any) -> Any:
    """The module with the weights; ``None`` where what stands around it changes its input."""
    if type(module) is not nn.Sequential:
        return module
    held = dict(module.named_children())
    inside = {"first", "core", "last", "activation", "flatten", "turn"}
    return held["core"] if held.keys() <= inside else None


def _is_torchs(module: Any) -> bool:
    """Whether it is one of torch's own classes, and no chain of them."""
    kind = type(module)
    return kind.__module__.startswith("torch.nn.modules.") and kind is not nn.Sequential


def _is_half(module: Any) -> bool:
    """Whether it lost a factor or an offset, which torch's classes have both or neither."""
    both = getattr(module, "affine", getattr(module, "elementwise_affine", False))
    return bool(both and module.weight is None)


ARGUMENTS = {name for spelling in TORCH_CLASSES.values() for name in spelling.signature.parameters}


def _told(module: Any) -> dict[str, Any]:
    """What a module keeps of its arguments; one number for all axes as the set of it."""
    found = {name: getattr(module, name) for name in dir(module) if name in ARGUMENTS}
    plain = {n: v for n, v in found.items() if isinstance(v, bool | int | float | str | tuple)}
    return {name: v if isinstance(v, tuple) else (v,) for name, v in plain.items()}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both keep the same: a number that is for every axis is as good as one an axis."""

    def agree(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
        return a == b or (1 in (len(a), len(b)) and len({*a, *b}) == 1)

    return one.keys() == other.keys() and all(agree(one[name], other[name]) for name in one)


IN_TORCH = [cls.__name__ for cls in catalogue() if in_framework(cls, "torch")]


@pytest.mark.parametrize("kind", IN_TORCH)
def test_torch_modules_are_read_back(kind: str) -> None:
    """torch's own classes by their arguments; what stands around them is taken away before."""

    @FEW
    @given(layers([kind], framework="torch"))
    def returns(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        layer, inputs = pair
        core = _alone(torch_module(Applied(layer, inputs)))
        if core is None or _is_half(core) or not _is_torchs(core):
            return
        again = layer_of(core)
        if len(inputs) == 1:
            order = _order(TORCH.entry(type(layer)) or Entry(), layer, inputs[0])
            inputs = (Shape(inputs[0][axis] for axis in order),)
        rebuilt = _alone(torch_module(Applied(again, inputs)))
        assert type(rebuilt) is type(core)
        assert _same(_told(rebuilt), _told(core))
        assert _shapes(rebuilt) == _shapes(core)

    returns()


@pytest.mark.parametrize("kind", IN_TORCH)
def test_every_module_that_is_built_is_read_back(kind: str) -> None:
    """After it was saved and loaded, and what is built of what was read computes the same."""

    @FEW
    @given(layers([kind], framework="torch"))
    def returns(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        layer, inputs = pair
        module = torch_module(Applied(layer, inputs)).eval()
        loaded = pickle.loads(pickle.dumps(module)) if kind not in UNPICKLED else module
        again = layer_of(loaded)
        if not _is_torchs(module):  # of torch's classes one may be several of ours
            assert again == layer
            rebuilt = torch_module(Applied(again, inputs)).eval()
            assert str(rebuilt) == str(module)
            assert _shapes(rebuilt) == _shapes(module)

    returns()


UNPICKLED = ("Lambda", "Opaque")
"""What holds a function of one's own, which has no name to be found by."""


def test_a_module_that_was_changed_is_not_what_was_built() -> None:
    layer = ac.Conv2D(4, 3, activation="relu")
    module = ac.Sequential([layer]).to_torch((5, 5, 2)).conv2d
    assert layer_of(module) == layer
    module.core.stride = (2, 2)
    with pytest.raises(FrameworkError, match="Sequential is not read as a layer"):
        layer_of(module)
    assert layer_of(module.core).strides == (2, 2)  # type: ignore[attr-defined]


def test_whether_a_module_is_trained_is_read_off_its_parameters() -> None:
    frozen = ac.Sequential([ac.Conv2D(4, 3, trainable=False)]).to_torch((5, 5, 2)).conv2d
    assert layer_of(frozen).trainable is False
    assert layer_of(frozen.requires_grad_(True)).trainable is True
    assert layer_of(ac.Sequential([ac.Clip(0.0)]).to_torch((5,)).clip).trainable is True


def test_layers_in_a_row_that_keras_holds_are_read_as_a_network() -> None:
    parts = [keras.layers.ZeroPadding1D(1), keras.layers.Conv1D(3, 2, activation="relu")]
    again: Any = layer_of(keras.layers.TimeDistributed(keras.Sequential(parts)))
    assert again.layer == ac.Sequential(
        [ac.ZeroPadding1D(((1, 1),)), ac.Conv1D(3, 2, activation="relu")]
    )


BY_HAND: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("LSTM", (3, 4), {"num_layers": 2, "bidirectional": True, "dropout": 0.5}),
    ("LSTM", (3, 4), {"proj_size": 2, "bias": False}),
    ("GRU", (3, 4), {"bias": False}),
    ("RNN", (3, 4), {"nonlinearity": "relu"}),
    ("RNNCell", (3, 4), {"bias": False, "nonlinearity": "relu"}),
    ("LSTMCell", (3, 4), {}),
    ("GRUCell", (3, 4), {}),
    ("MultiheadAttention", (8, 2), {"bias": False, "add_zero_attn": True, "kdim": 8, "vdim": 8}),
    ("MultiheadAttention", (8, 2), {"add_bias_kv": True, "dropout": 0.5, "kdim": 3, "vdim": 5}),
    ("AdaptiveLogSoftmaxWithLoss", (8, 20, [5, 10]), {"div_value": 2.0, "head_bias": True}),
    ("PairwiseDistance", (3.0,), {"keepdim": True}),
    ("BatchNorm2d", (3,), {"momentum": None, "affine": False}),
    ("LayerNorm", ((4, 5),), {"bias": False}),
    ("ConvTranspose2d", (3, 6, 3), {"stride": 2, "output_padding": 1, "groups": 3, "bias": False}),
    ("Softmax2d", (), {}),
    ("ConstantPad1d", (2, 1.5), {}),
    ("Embedding", (10, 4), {"padding_idx": 0, "_freeze": True}),
    ("Hardtanh", (-2.0, 3.0), {"inplace": True}),
    ("SiLU", (), {}),
    ("TransformerEncoderLayer", (8, 2, 16, 0.25, "gelu"), {"norm_first": True, "bias": False}),
    ("Transformer", (8, 2, 3, 1, 16), {"layer_norm_eps": 0.5}),
]
"""torch's classes with arguments, which archcalc's names take as well."""


@pytest.mark.parametrize(("name", "args", "kwargs"), BY_HAND)
def test_torchs_own_are_what_their_names_say(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """One layer, whether torch's module is read or the same is written under torch's name."""
    applied = layer_of(getattr(nn, name)(*args, **kwargs))
    written = TORCH_CLASSES[name](*args, **kwargs)
    assert applied.code() == written.code() or _alike(applied, written)


def _alike(one: Layer, other: Layer) -> bool:
    """Whether two differ in nothing but one number for all axes, or one an axis."""
    fields = {name: getattr(one, name) for name in type(one).model_fields}
    return type(one) is type(other) and all(
        value == getattr(other, name) for name, value in fields.items() if name != "padding"
    )


def test_a_class_that_no_record_names_is_refused() -> None:
    with pytest.raises(FrameworkError, match="Sequential is not read as a layer"):
        layer_of(nn.Sequential())
    with pytest.raises(FrameworkError, match="no module of torch and no layer of Keras"):
        layer_of(3)


def test_what_is_not_trained_stays_so() -> None:
    assert layer_of(nn.Linear(3, 4).requires_grad_(False)).trainable is False
    assert layer_of(nn.Linear(3, 4)).trainable is True
