"""Where Keras' encodings and spectrograms say more or less than what every layer is tested for."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.layers import (
    Applied,
    CategoryEncoding,
    Discretization,
    HashedCrossing,
    Hashing,
    IntegerLookup,
    Layer,
    MelSpectrogram,
    STFTSpectrogram,
    StringLookup,
    TextVectorization,
)
from archcalc.network import Sequential
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, RequirementError, ShapeError
from archcalc.symbolic.shape import Shape, as_shape
from archcalc.testing import shapes_in_keras
from tests.frameworks.agreement import assert_agree

WORDS = ("a", "b", "c")


# Where Keras gives another shape than it promises


def test_keras_counts_along_the_first_axis_and_promises_the_last() -> None:
    """So of several axes nothing is said, where Keras contradicts itself."""
    import keras

    theirs = keras.layers.CategoryEncoding(9, output_mode="count")
    assert theirs.compute_output_shape((2, 5, 4)) == (2, 5, 9)
    assert tuple(theirs(keras.ops.zeros((2, 5, 4), "int64")).shape) == (2, 4, 9)
    with pytest.raises(ShapeError, match="takes one axis without the batch, not 2"):
        Applied(CategoryEncoding(9, "count"), (Shape((5, 4)),))


def test_keras_counts_bins_along_the_first_axis_and_says_so() -> None:
    layer = Discretization((0.0, 1.0), output_mode="count")
    assert layer.output_shape(Shape((5, 4))) == (4, 3)
    assert_agree(layer, [Shape((5, 4))], shapes_in_keras(layer, [Shape((5, 4))]))


@pytest.mark.parametrize(("samples", "promised", "given"), [(15, 2, 1), (16, 2, 2), (31, 3, 2)])
def test_keras_promises_a_frame_too_many(samples: int, promised: int, given: int) -> None:
    import keras

    theirs = keras.layers.MelSpectrogram(fft_length=8, sequence_stride=16, num_mel_bins=3)
    assert theirs.compute_output_shape((2, samples)) == [2, 3, promised]
    assert tuple(theirs(keras.ops.zeros((2, samples))).shape) == (2, 3, given)
    assert MelSpectrogram(8, 16, num_mel_bins=3).output_shape(Shape((samples,))) == (3, given)


# Known cases


PINNED: list[tuple[Layer, tuple[int, ...]]] = [
    # the examples of Keras' documentation, without their window, which needs scipy
    (STFTSpectrogram("log", 256, 128, 512, None), (1600, 1)),
    (STFTSpectrogram("log", 256, 128, window=None, padding="same"), (1600, 2)),
    (STFTSpectrogram("log", 256, 128, window=None, padding="same", expand_dims=True), (1600, 3)),
    (STFTSpectrogram("stft", 9, 4, window=None, data_format="channels_first"), (2, 20)),
    (STFTSpectrogram("imag", 9, 4, window=None), (20, 2)),
    (MelSpectrogram(7, 3, 5, num_mel_bins=4), (4,)),
    (Discretization(num_bins=4, output_mode="one_hot"), (3, 1)),
    (CategoryEncoding(1, "one_hot"), (1, 1, 1)),
]


@pytest.mark.parametrize(("layer", "shape"), PINNED, ids=lambda value: str(value)[:60])
def test_known_cases_agree(layer: Layer, shape: tuple[int, ...]) -> None:
    assert_agree(layer, [Shape(shape)], shapes_in_keras(layer, [Shape(shape)]))


def test_the_examples_of_the_documentation() -> None:
    """https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/stft_spectrogram/"""
    sound = {c: Shape((160000, c)) for c in (1, 2, 3)}
    same = {"frame_step": 128, "padding": "same"}
    assert STFTSpectrogram("log", 256, 128, 512).output_shape(sound[1]) == (1249, 257)
    assert STFTSpectrogram(fft_length=512, **same).output_shape(sound[2]) == (1250, 514)
    wide = STFTSpectrogram(fft_length=512, expand_dims=True, **same)
    assert wide.output_shape(sound[3]) == (1250, 257, 3)


def test_the_length_of_a_transform_is_the_next_power_of_two() -> None:
    import keras

    for length in range(1, 70):
        theirs = keras.layers.STFTSpectrogram(frame_length=length, window=None)
        assert STFTSpectrogram(frame_length=length).fft_length == theirs._fft_length
    with pytest.raises(InvalidLayerError, match="no formula in it"):
        STFTSpectrogram(frame_length="k")


def test_sound_in_symbols() -> None:
    net = Sequential([STFTSpectrogram("real", "k", "s", 512)], input_shape=("t", 1))
    assert str(net.trace().parameters) == "257·k"
    assert net.trace().macs(t=160000, k=256, s=128) == 1249 * 256 * 257
    with pytest.raises(RequirementError, match="fft_length 512 is smaller than frame_length 513"):
        net.trace().parameters(t=160000, k=513, s=128)


# Vocabularies


def test_a_vocabulary_in_symbols() -> None:
    net = Sequential(
        [TextVectorization("V", output_mode="count", pad_to_max_tokens=True)], input_shape=1
    )
    assert net.trace().output == as_shape("V")
    known = StringLookup(vocabulary_size="V", output_mode="one_hot")
    assert known.output_shape(as_shape((7, "n"))) == as_shape((7, "n", "V"))
    (several,) = known.requirements(as_shape((7, "n")))
    assert str(several) == "n ≥ 2"


def test_what_stands_before_all_others_is_counted_once() -> None:
    plain = StringLookup(vocabulary=WORDS, output_mode="count")
    spelt = StringLookup(vocabulary=("[UNK]", *WORDS), output_mode="count")
    assert plain.depth() == spelt.depth() == 4
    masked = IntegerLookup(vocabulary=(7, 8), mask_token=0, num_oov_indices=3)
    assert (masked.size(), masked.depth()) == (6, 6)


@pytest.mark.parametrize(
    ("layer", "shape", "error", "message"),
    [
        (StringLookup(output_mode="count"), (7,), ShapeError, "before it has seen data"),
        (TextVectorization(), (1,), ShapeError, "how many tokens come of a text"),
        (TextVectorization(ragged=True), (1,), ShapeError, "have no shape"),
        (TextVectorization(output_sequence_length=4), (3,), RequirementError, "of length 1, not 3"),
        (TextVectorization(split=None, ngrams=(4,)), (3,), RequirementError, "in a row"),
        (
            TextVectorization(vocabulary=WORDS, output_mode="count"),
            (2, 1),
            ShapeError,
            "one text a sample",
        ),
        (
            StringLookup(3, vocabulary=WORDS, output_mode="count"),
            (7,),
            RequirementError,
            "a vocabulary of 4 tokens",
        ),
        (Hashing(4, output_mode="count"), (7, 2), ShapeError, "takes one axis"),
        (MelSpectrogram(), (1024,), RequirementError, "needs at least 1025"),
        (STFTSpectrogram(frame_length=1), (9, 1), RequirementError, "cannot move"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_has_no_shape_says_why(
    layer: Layer, shape: tuple[int, ...], error: type[ArchcalcError], message: str
) -> None:
    with pytest.raises(error, match=message):
        Applied(layer, (Shape(shape),))


def test_a_crossing_takes_one_number_of_each() -> None:
    with pytest.raises(RequirementError, match="one number a sample of every input, not 3"):
        Applied(HashedCrossing(9), (Shape((3,)), Shape((3,))))
    with pytest.raises(ShapeError, match="one number a sample"):
        Applied(HashedCrossing(9), (Shape((1,)), Shape((1, 1))))


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Discretization, {}, "boundaries or a number of bins"),
        (Discretization, {"bin_boundaries": (1.0,), "num_bins": 2}, "boundaries or a number"),
        (StringLookup, {"vocabulary": ("a", "a")}, "stands in it twice"),
        (StringLookup, {"max_tokens": 1}, "at least 2"),
        (IntegerLookup, {"pad_to_max_tokens": True}, "max_tokens is not given"),
        (IntegerLookup, {"invert": True, "output_mode": "count"}, "invert goes with"),
        (IntegerLookup, {"vocabulary": (1,), "output_mode": "tf_idf"}, "1 idf_weights, one for"),
        (StringLookup, {"idf_weights": (1.0,)}, "idf_weights go with"),
        (
            TextVectorization,
            {"output_mode": "count", "output_sequence_length": 3},
            "output_sequence_length goes with",
        ),
        (TextVectorization, {"ngrams": 0}, "at least one token"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_contradictions_are_refused(kind: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidLayerError, match=message):
        kind(**arguments)
