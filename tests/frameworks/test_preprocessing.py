"""What Keras' preprocessing layers do beside what every layer is tested for."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.frameworks import to_keras, to_torch
from archcalc.layers import (
    Applied,
    CenterCrop,
    Equalization,
    Layer,
    Normalization,
    RandAugment,
    RandomColorJitter,
    RandomCrop,
    RandomGrayscale,
    RandomHue,
    RandomPerspective,
    RandomPosterization,
    RandomZoom,
    Rescaling,
    Resizing,
)
from archcalc.network import Sequential
from archcalc.symbolic.errors import FrameworkError, InvalidLayerError, RequirementError
from archcalc.symbolic.shape import Shape, as_shape
from archcalc.testing import shapes_in_keras, shapes_in_torch
from tests.frameworks.agreement import assert_agree

PINNED: list[tuple[Layer, tuple[int, ...]]] = [
    (CenterCrop(3, 2), (6, 7, 1)),
    (CenterCrop(9, 2), (6, 7, 1)),  # too small one way: resized
    (Resizing(5, 1, crop_to_aspect_ratio=True), (2, 9, 1)),
    (Resizing(1, 7, pad_to_aspect_ratio=True, fill_value=0.5), (7, 1, 1)),
    (Normalization(axis=None), (4, 5)),
    (Normalization(axis=(-1, 1)), (4, 5, 6)),
    (Normalization(mean=(0.5, 1.5), variance=(1.0, 2.0), axis=1), (2, 3)),
    (Rescaling((1.0, 2.0, 3.0)), (4, 3)),
]


@pytest.mark.parametrize(("layer", "shape"), PINNED, ids=lambda value: str(value)[:60])
def test_known_cases_agree(layer: Layer, shape: tuple[int, ...]) -> None:
    assert_agree(layer, [Shape(shape)], shapes_in_keras(layer, [Shape(shape)]))
    assert_agree(layer, [Shape(shape)], shapes_in_torch(layer, [Shape(shape)]))


def test_keras_lets_images_through_a_random_crop_in_inference() -> None:
    """The docstring of `RandomCrop` says so."""
    import keras

    images = keras.ops.zeros((2, 6, 7, 3))
    crop = keras.layers.RandomCrop(4, 3)
    assert tuple(crop(images, training=True).shape) == (
        2,
        *RandomCrop(4, 3).output_shape((6, 7, 3)),
    )
    assert crop(images, training=False).shape == images.shape
    assert crop.compute_output_shape(images.shape) == (2, 4, 3, 3)


def test_keras_has_no_model_with_an_equalization_in_it() -> None:
    import keras

    with pytest.raises(FrameworkError, match="its input that it is its output") as caught:
        to_keras(Equalization(), (6, 7, 3))
    assert caught.value.code == "not-in-a-keras-model"
    assert caught.value.path == "equalization"
    images = keras.Input((6, 7, 3))
    assert keras.layers.Equalization()(images) is images


def test_keras_jitters_channels_that_come_last() -> None:
    import keras

    layer = RandomColorJitter(hue_factor=0.1, data_format="channels_first")
    with pytest.raises(FrameworkError, match="channels that come last"):
        to_keras(layer, (3, 6, 7))
    theirs = keras.layers.RandomColorJitter(hue_factor=0.1, data_format="channels_first")
    with pytest.raises(Exception, match="split"):
        theirs(keras.ops.zeros((2, 3, 6, 7)))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (RandomHue(0.1), (6, 7, 4), "RandomHue takes images of 3 channels, not 4"),
        (RandomGrayscale(), (6, 7, 2), "RandomGrayscale takes images of 1 or 3 channels, not 2"),
        (RandomColorJitter(saturation_factor=0.5), (6, 7, 1), "of 3 channels, not 1"),
        (RandomPerspective(), (1, 7, 3), "its height is 1"),
        (RandomPerspective(data_format="channels_first"), (3, 7, 1), "its width is 1"),
        (Rescaling((1.0, 2.0)), (4, 3), "scale has 2 numbers for an axis of 3"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_keras_refuses_what_a_requirement_refuses(
    layer: Layer, shape: tuple[int, ...], message: str
) -> None:
    import keras

    with pytest.raises(RequirementError, match=message):
        Applied(layer, (Shape(shape),))
    with pytest.raises(Exception, match=r"\w"):
        getattr(keras.layers, type(layer).__name__)(**layer.given())(keras.ops.zeros((2, *shape)))


def test_colours_are_asked_of_a_symbol_when_it_has_its_number() -> None:
    net = Sequential([RandAugment(), Resizing("s", "s")], input_shape=(28, 28, "c"))
    formula = net.trace().activations
    images, resized = 28 * 28, 8 * 8  # the input, its augmentation, and what comes of that
    assert formula(c=3, s=8) == 3 * (2 * images + resized)
    assert formula(c=1, s=8) == 2 * images + resized
    with pytest.raises(RequirementError, match="takes images of 1 or 3 channels, not 2"):
        formula(c=2, s=8)


def test_a_crop_is_a_window_where_it_is_sure_to_be_one() -> None:
    middle = CenterCrop(224, 224)
    windows = dict(middle.windows(Shape((256, 255, 3))) or ())
    assert [w.padding for w in windows.values()] == [(-16, -16), (-15, -16)]
    assert [w.output(n) for w, n in zip(windows.values(), (256, 255), strict=True)] == [224, 224]
    assert middle.windows(Shape((200, 256, 3))) is None
    assert middle.windows(as_shape(("h", 256, 3))) is None


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (RandomZoom, {"height_factor": -1.0}, "-1 is not between -1 and 1"),
        (RandomPosterization, {"factor": 9}, "9 is not between 1 and 8"),
        (
            Resizing,
            {"height": 1, "width": 1, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
            "cannot both be on",
        ),
        (Normalization, {"mean": 1.0}, "mean and variance go together"),
        (Normalization, {"mean": (1.0,), "variance": 1.0}, "mean and variance go together"),
        (Normalization, {"mean": (1.0,), "variance": (1.0,), "axis": None}, "no axis along"),
    ],
)
def test_contradictions_are_refused(kind: Any, arguments: dict[str, Any], message: str) -> None:
    import keras

    with pytest.raises(InvalidLayerError, match=message):
        kind(**arguments)
    with pytest.raises(Exception, match=r"\w"):
        getattr(keras.layers, kind.__name__)(**arguments)(keras.ops.zeros((2, 3, 3, 1)))


def test_the_statistics_of_a_data_set_are_no_parameters() -> None:
    """Keras counts 7 non-trainable: three means, three variances and a count."""
    model = to_keras(Normalization(), (28, 28, 3))
    assert (model.count_params(), model.trainable_weights) == (7, [])
    trace = Sequential([Normalization()], input_shape=(28, 28, 3)).trace()
    assert (trace.parameters, trace.statistics, trace.total_params) == (0, 7, 7)
    assert sum(b.numel() for b in to_torch(Normalization(), (28, 28, 3)).buffers()) == 7
