"""Every layer against Keras: built, run on zeros, and its promise compared as well."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given

from archcalc.frameworks.keras import to_keras
from archcalc.frameworks.lookup import arguments_of, entry_of, fields_of
from archcalc.frameworks.record import Absent
from archcalc.frameworks.records import KERAS
from archcalc.layers import (
    CELU,
    Activation,
    Attention,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    DepthwiseConv2D,
    Dot,
    EmbeddingBag,
    GaussianNoise,
    GroupNormalization,
    GroupQueryAttention,
    InstanceNormalization,
    Lambda,
    Layer,
    LayerNormalization,
    MaxPooling2D,
    MultiHeadAttention,
    Padding2D,
    PReLU,
    ReversibleEmbedding,
    SeparableConv2D,
    Upsample,
    layer_class,
)
from archcalc.layers.opaque import Opaque
from archcalc.network import Constant, Parameter
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, shapes_in_keras
from archcalc.testing.available import catalogue, in_framework
from archcalc.testing.in_keras import builds_in_keras
from tests.frameworks.agreement import assert_agree
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Using padding='same' with even kernel",
    "ignore:__array__ implementation",
)

HAD = [cls.__name__ for cls in catalogue() if in_framework(cls, "keras") and builds_in_keras(cls)]


UNDRAWN = (Parameter, Constant, Opaque)
"""What has no inputs, and what was seen once and says nothing in general."""


def test_the_table_knows_every_layer() -> None:
    assert {*catalogue(), *UNDRAWN} == set(KERAS)


@pytest.mark.parametrize("cls", catalogue(), ids=lambda cls: cls.__name__)
def test_an_entry_says_every_field_or_why_there_is_none(cls: type[Layer]) -> None:
    entry = KERAS[cls]
    if isinstance(entry, Absent):
        assert entry.why
        return
    fields = cls.model_fields.keys() - Layer.model_fields.keys()
    assert set(entry.fields()) == fields


@pytest.mark.parametrize("kind", HAD)
def test_layer_agrees(kind: str) -> None:
    """Output shape, as run and as promised, and every weight, for random valid layers.

    And the table reads both ways: from the arguments that a layer is built with come its fields.
    Keras takes most of the gate's time: it gets half the examples of other properties there.
    """

    @examples(1 / 4, nightly=500)
    @given(layers([kind], framework="keras"))
    def agrees(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        _assert_read_back(*pair)
        assert_agree(*pair, shapes_in_keras(*pair))

    agrees()


def _assert_read_back(layer: Layer, inputs: tuple[Shape, ...]) -> None:
    entry, (x, *_) = entry_of(KERAS, layer), inputs
    fields = fields_of(entry, arguments_of(entry, layer, x), x)
    said = {name: getattr(layer, name) for name in entry.fields()}
    again = type(layer)(**{**said, **fields})
    assert again.weights(*inputs) == layer.weights(*inputs)
    assert again.output_shape(*inputs) == layer.output_shape(*inputs)


PINNED: list[tuple[Layer, list[tuple[int, ...]]]] = [
    # https://keras.io/api/layers/convolution_layers/: "same" gives input times strides
    (Conv2DTranspose(1, 3, strides=2, padding="same"), [(2, 2, 1)]),
    (Conv2DTranspose(2, 2, strides=3, padding=((1, 0), (0, 2)), output_padding=1), [(3, 2, 4)]),
    (DepthwiseConv2D(3, depth_multiplier=4), [(10, 10, 3)]),
    (SeparableConv2D(8, 3, strides=2, padding="same"), [(9, 8, 3)]),
    (Conv1D(32, 3, dilation_rate=2, padding="causal"), [(10, 128)]),
    (Conv2D(8, 3, strides=2, padding=((3, 2), (0, 1)), groups=2), [(9, 9, 4)]),
    (AveragePooling2D(3, 2, padding="same"), [(8, 7, 2)]),
    # He et al. (2015), equation 1: a slope for every element of 98×50
    (PReLU(), [(98, 50)]),
    (PReLU(-1), [(98, 50)]),
    (LayerNormalization(axis=(-1, 1)), [(8, 7, 4)]),
    (GroupNormalization(-1), [(8, 7, 4)]),
    (GroupNormalization(2, axis=-2), [(8, 6, 4)]),
    (BatchNormalization(axis=1), [(8, 7, 4)]),
    (Dot((2, 1)), [(3, 4), (4, 5)]),
    (Dot(1), [(4,), (4,)]),
    # heads that are together not as wide as the input, over one axis of two
    (MultiHeadAttention(2, 3, 5, target_shape=(2, 7)), [(4, 6), (5, 6), (5, 8)]),
    (MultiHeadAttention(2, 3, attention_axes=2), [(4, 3, 6), (4, 5, 6)]),
    (GroupQueryAttention(4, 6, 2, use_gate=True), [(4, 6), (5, 6), (5, 8)]),
    (Attention(True, "concat", return_attention_scores=True), [(4, 6), (5, 3), (5, 6)]),
]


@pytest.mark.parametrize(("layer", "inputs"), PINNED, ids=lambda value: str(value)[:60])
def test_known_cases_agree(layer: Layer, inputs: list[tuple[int, ...]]) -> None:
    given_shapes = [Shape(x) for x in inputs]
    assert_agree(layer, given_shapes, shapes_in_keras(layer, given_shapes))


def test_the_slopes_of_prelu_are_one_for_every_element() -> None:
    assert to_keras(PReLU(), (98, 50)).count_params() == 4900


_OTHER_ORDER = {
    "Conv3DTranspose": "alone of its kind, Keras' has data_format before output_padding",
    "PReLU": "Keras' begins with initializers, regularizers and constraints",
}


_SAME_NAME = [kind for kind in HAD if getattr(KERAS[layer_class(kind)], "cls", "") == kind]


@pytest.mark.parametrize("kind", [kind for kind in _SAME_NAME if kind not in _OTHER_ORDER])
def test_arguments_go_by_position_as_in_keras(kind: str) -> None:
    """Up to the last that Keras has; what only archcalc has comes after."""
    theirs = _positional(kind)
    fields = layer_class(kind).model_fields.items()
    ours = [_known(name, field, theirs) for name, field in fields if not field.kw_only]
    last = max((i + 1 for i, name in enumerate(ours) if name in theirs), default=0)
    assert ours[:last] == theirs[:last]


def _known(name: str, field: Any, theirs: list[str]) -> str:
    """A field by the name that Keras knows, where it may be given by several."""
    names = field.validation_alias.choices if field.validation_alias else [name]
    return next((other for other in names if other in theirs), name)


def _positional(kind: str) -> list[str]:
    import keras

    found = inspect.signature(getattr(keras.layers, kind).__init__).parameters.values()
    return [p.name for p in found if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]


# What Keras has not got


REFUSED: list[tuple[Any, tuple[int, ...], str]] = [
    (Conv2D(8, 3, strides=2, dilation_rate=2), (9, 9, 2), "strides > 1 together with dilation"),
    (Conv2DTranspose(8, 3, groups=2), (4, 4, 2), "groups=2"),
    (MaxPooling2D(3, 2, padding=1), (9, 9, 2), "padding"),
    (MaxPooling2D(2, ceil_mode=True), (9, 9, 2), "ceil_mode"),
    (InstanceNormalization(), (4, 4, 2), "InstanceNormalization"),
    (BatchNormalization(track_running_stats=False), (4,), "running statistics"),
    (Activation("glu"), (4,), "glu"),
    (CELU(2.0), (4,), "Keras' function has alpha=1.0"),
    (Padding2D(1, "reflect"), (4, 4, 1), "pad with zeros only"),
    (Lambda(None, (3,)), (4,), "no function to call"),
    (EmbeddingBag(9, 4, mode="sum"), (4,), "no pool that sums"),
    (ReversibleEmbedding(9, 4, False, lora_rank=2), (4,), "no second table"),
    (Upsample(scale_factor=1.5), (1, 4), "whole numbers of times"),
    (GaussianNoise(2.0), (4,), "stddev"),
]


@pytest.mark.parametrize(("layer", "shape", "why"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_names_the_layer_and_the_reason(
    layer: Layer, shape: tuple[int, ...], why: str
) -> None:
    with pytest.raises(FrameworkError, match=why) as caught:
        to_keras(layer, shape)
    assert caught.value.code == "not-in-keras"
    assert caught.value.path
    assert type(layer).__name__ in str(caught.value)


def test_keras_itself_refuses_what_the_table_refuses() -> None:
    import keras

    for make in (
        lambda: keras.layers.Conv2D(8, 3, strides=2, dilation_rate=2),
        lambda: keras.layers.Conv2DTranspose(8, 3, groups=2),
        lambda: keras.layers.MaxPooling2D(3, ceil_mode=True),
        lambda: keras.layers.GaussianNoise(2.0),
        lambda: keras.layers.BatchNormalization(track_running_stats=False),
        lambda: keras.layers.ReversibleEmbedding(9, 4, tie_weights=False, lora_rank=2).build(),
    ):
        with pytest.raises((ValueError, TypeError)):
            make()


def test_keras_says_that_glu_keeps_its_shape_but_it_does_not() -> None:
    import keras

    layer = keras.layers.Activation("glu")
    assert layer(keras.Input((8,))).shape == (None, 8)
    assert layer(keras.ops.zeros((2, 8))).shape == (2, 4)
