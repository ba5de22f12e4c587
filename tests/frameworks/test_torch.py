"""Every layer against torch: built, run forward on the meta device, and counted."""

from __future__ import annotations

import pytest
from hypothesis import given

from archcalc.frameworks import torch_layers
from archcalc.frameworks.lookup import arguments_of, class_of, entry_of, fields_of
from archcalc.frameworks.record import Absent
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch import to_torch
from archcalc.layers import (
    Activation,
    Applied,
    AveragePooling1D,
    BatchNormalization,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Dense,
    GroupNormalization,
    InstanceNormalization,
    Layer,
    MaxPooling1D,
    MaxPooling2D,
    PReLU,
    SeparableConv1D,
    UpSampling2D,
)
from archcalc.layers.opaque import Opaque
from archcalc.layers.registry import layer_class
from archcalc.network import Constant, Parameter
from archcalc.symbolic.errors import FrameworkError, RequirementError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, shapes_in_torch
from archcalc.testing.available import catalogue, in_framework
from tests.frameworks.agreement import assert_agree
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Initializing zero-element tensors",
    "ignore:Using padding='same' with even kernel",
    "ignore:__array__ implementation",
    "ignore:enable_nested_tensor is True",
)

HAD = [cls.__name__ for cls in catalogue() if in_framework(cls, "torch")]


UNDRAWN = (Parameter, Constant, Opaque)
"""What has no inputs, and what was seen once and says nothing in general."""


def test_the_table_knows_every_layer() -> None:
    assert {*catalogue(), *UNDRAWN} == set(TORCH)


@pytest.mark.parametrize("cls", catalogue(), ids=lambda cls: cls.__name__)
def test_an_entry_says_every_field_or_why_there_is_none(cls: type[Layer]) -> None:
    entry = TORCH[cls]
    if isinstance(entry, Absent):
        assert entry.why
        return
    fields = cls.model_fields.keys() - Layer.model_fields.keys()
    assert set(entry.fields()) == fields


OPERATIONS = ("slicing", "operations", "arithmetic", "products", "sdpa")
"""Families of operations, each of which gets 120 examples in ``ci``."""


@pytest.mark.parametrize("kind", HAD)
def test_layer_agrees(kind: str) -> None:
    """Shapes, every weight, and MACs·2 as ``FlopCounterMode`` counts, for random valid layers.

    And the table reads both ways: from the arguments that a layer is built with come its fields.
    """

    @examples(
        6 if layer_class(kind).__module__.rpartition(".")[2] in OPERATIONS else 1 / 4, nightly=500
    )
    @given(layers([kind], framework="torch"))
    def agrees(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        _assert_read_back(*pair)
        assert_agree(*pair, shapes_in_torch(*pair))

    agrees()


def _assert_read_back(layer: Layer, inputs: tuple[Shape, ...]) -> None:
    entry = entry_of(TORCH, layer)
    x = Shape(inputs[0][axis] for axis in torch_layers._order(entry, layer, inputs[0]))
    if not _said_by_arguments(layer) or class_of(entry, layer, x) == ".HeadedAttention":
        return
    fields = fields_of(entry, arguments_of(entry, layer, x), x)
    said = {name: getattr(layer, name) for name in entry.fields()}
    again = type(layer)(**{**said, **fields})
    assert again.weights(*inputs) == layer.weights(*inputs)
    assert again.output_shape(*inputs) == layer.output_shape(*inputs)


PINNED = [
    # a window may hang over the end, but not start in the padding after it
    (MaxPooling1D(1, strides=3, ceil_mode=True), (5, 1)),
    (AveragePooling1D(2, strides=3, padding=((1, 0),), ceil_mode=True), (4, 1)),
    (MaxPooling1D(3, strides=2, padding=1, dilation_rate=2, ceil_mode=True), (4, 2)),
    (MaxPooling1D(3, strides=2, ceil_mode=True), (2, 1)),
    # torch's own examples: nn.ConvTranspose2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))
    (Conv2DTranspose(33, (3, 5), strides=(2, 1), padding=(4, 2)), (50, 100, 16)),
    # a stride and a dilation together, more output than the stride
    (Conv1DTranspose(2, 2, strides=2, dilation_rate=3, output_padding=2), (3, 4)),
    (Conv2DTranspose(1, 3, strides=2, padding="same"), (2, 2, 1)),
    # the receptive field of one side is larger where "same" has an odd amount to give
    (Conv2D(4, 4, strides=3, padding="same"), (8, 7, 2)),
    (SeparableConv1D(3, 3, strides=2, padding="causal", depth_multiplier=2), (7, 2)),
    (PReLU(), (98, 50)),
    (PReLU([1, 2]), (98, 50)),
    (GroupNormalization(-1, axis=1), (3, 4, 5)),
    (BatchNormalization(axis=2, center=False), (2, 3, 4, 2, 2)),
    (InstanceNormalization(axis=1, scale=True), (3, 4)),
    (Activation("glu"), (7, 6)),
]


@pytest.mark.parametrize(("layer", "shape"), PINNED, ids=lambda value: str(value)[:60])
def test_known_cases_agree(layer: Layer, shape: tuple[int, ...]) -> None:
    assert_agree(layer, [Shape(shape)], shapes_in_torch(layer, [Shape(shape)]))


def _said_by_arguments(layer: Layer) -> bool:
    """Whether it is one module of torch, with nothing around it but the order of the axes."""
    padding = getattr(layer, "padding", None)
    even = not isinstance(padding, tuple) or all(a == b for a, b in padding)
    scale = getattr(layer, "scale", None)
    whole = scale == getattr(layer, "center", scale)
    own_rule = "Transpose" in type(layer).__name__ and isinstance(padding, str)
    return even and whole and padding != "causal" and not own_rule


# What torch has not got


@pytest.mark.parametrize(
    ("layer", "shape", "named"),
    [
        (UpSampling2D(interpolation="lanczos3"), (4, 4, 1), "UpSampling2D"),
        (Dense("n"), (4,), "n has no number"),
    ],
)
def test_a_refusal_says_what_and_why(layer: Layer, shape: tuple[int, ...], named: str) -> None:
    with pytest.raises(FrameworkError, match=named):
        to_torch(layer, shape)


def test_torch_refuses_what_a_requirement_refuses() -> None:
    """Padding is measured by what the window reads, not by how far dilation spreads it."""
    import torch

    with pytest.raises(RuntimeError):
        torch.nn.MaxPool2d(3, 1, 2, dilation=3)(torch.zeros(1, 1, 9, 9))
    with pytest.raises(RequirementError, match="more than half of the pool_size 3"):
        Applied(MaxPooling2D(3, 1, 2, dilation_rate=3), (Shape((9, 9, 1)),))
