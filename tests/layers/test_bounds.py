"""How far an argument goes: the last value that is taken, and the first that is not."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import archcalc as ac
from archcalc.layers import Applied
from archcalc.layers.notation import notation_of
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.available import catalogue
from tests.sampling import slow

LENGTHS = range(1, 5)


def fits(layer: ac.Layer, *shapes: Any) -> Any:
    """The shape that comes out, or nothing where it is refused."""
    try:
        return Applied(layer, tuple(map(Shape, shapes))).output
    except ac.errors.ShapeError:
        return None


def in_torch(module: torch.nn.Module, *inputs: torch.Tensor) -> Any:
    """The same of a module."""
    try:
        return tuple(module(*inputs).shape[1:])
    except (RuntimeError, ValueError):
        return None


@pytest.mark.parametrize(
    ("kind", "last", "beyond"),
    [
        ("Dropout", {"rate": 1.0}, {"rate": 1.25}),
        ("Dropout", {"rate": 0.0}, {"rate": -0.25}),
        ("GaussianDropout", {"rate": 1}, {"rate": 1.5}),
        ("AlphaDropout", {"rate": 1}, {"rate": 1.5}),
        ("SpatialDropout1D", {"rate": 0}, {"rate": -0.5}),
        ("GaussianNoise", {"stddev": 0}, {"stddev": -1}),
        ("RandomPerspective", {"scale": 1}, {"scale": 1.5}),
        ("RandomPerspective", {"scale": 0}, {"scale": -0.5}),
        ("RandomPerspective", {"factor": 1}, {"factor": 1.5}),
        ("RandomContrast", {"factor": 1}, {"factor": 1.5}),
        ("RandomContrast", {"factor": 0}, {"factor": -0.5}),
        ("RandomGrayscale", {"factor": 1}, {"factor": 1.5}),
        ("RandomGrayscale", {"factor": 0}, {"factor": -0.5}),
        ("RandomPosterization", {"factor": 8}, {"factor": 9}),
        ("RandomPosterization", {"factor": 1}, {"factor": 0}),
        ("RandomBrightness", {"factor": 1}, {"factor": 1.5}),
        ("RandomZoom", {"height_factor": -0.75}, {"height_factor": -1.0}),
        ("RandomZoom", {"height_factor": 1.0}, {"height_factor": 1.25}),
        ("RandomTranslation", {"height_factor": 1, "width_factor": 0}, {"height_factor": 1.5,
                                                                        "width_factor": 0}),
        ("RandomRotation", {"factor": 1}, {"factor": 1.5}),
        ("CutMix", {"factor": 1}, {"factor": 1.5}),
    ],
)  # fmt: skip
def test_arguments_go_as_far_as_in_keras(
    kind: str, last: dict[str, Any], beyond: dict[str, Any]
) -> None:
    import keras

    made = getattr(ac, kind)(**last)
    assert getattr(keras.layers, kind)(**last) is not None
    assert all(getattr(made, name) == value for name, value in last.items())
    with pytest.raises(ValueError, match=r"\w"):
        getattr(keras.layers, kind)(**beyond)
    with pytest.raises(ac.errors.InvalidLayerError):
        getattr(ac, kind)(**beyond)


@pytest.mark.parametrize(
    ("kind", "given_", "field", "least"),
    [
        ("AugMix", {}, "num_chains", 1),
        ("AugMix", {}, "chain_depth", 1),
        ("RandAugment", {}, "num_ops", 1),
        ("Equalization", {}, "bins", 2),
        ("SpectralNormalization", {"layer": ac.Dense(3)}, "power_iterations", 1),
        ("IntegerLookup", {}, "num_oov_indices", 0),
        ("StringLookup", {}, "num_oov_indices", 0),
        ("MelSpectrogram", {}, "sampling_rate", 1),
        ("TextVectorization", {}, "ngrams", 1),
    ],
)
def test_counts_begin_at_one_unless_there_may_be_none(
    kind: str, given_: dict[str, Any], field: str, least: int
) -> None:
    assert getattr(getattr(ac, kind)(**given_, **{field: least}), field) == least
    with pytest.raises(ac.errors.InvalidLayerError):
        getattr(ac, kind)(**given_, **{field: least - 1})


@pytest.mark.parametrize("field", ["value_dim", "sliding_window"])
def test_dropout_of_attention_is_a_share(field: str) -> None:
    for dropout in (0, 1):
        assert ac.MultiHeadAttention(2, 3, dropout=dropout, **{field: 4}).dropout == dropout
    for kind, dropout in itertools.product(("MultiHeadAttention", "Attention"), (-0.5, 1.5)):
        with pytest.raises(ac.errors.InvalidLayerError, match="dropout"):
            getattr(ac, kind)(*((2, 3) if kind[0] == "M" else ()), dropout=dropout)


def test_a_share_above_zero_is_above_zero() -> None:
    for kind, given_, field in [
        ("MixUp", {}, "alpha"),
        ("AugMix", {}, "alpha"),
        ("Discretization", {"num_bins": 3}, "epsilon"),
        ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 2}, "logit_soft_cap"),
        ("AdaptiveLogSoftmaxWithLoss",
         {"in_features": 8, "n_classes": 20, "cutoffs": (4, 10)}, "div_value"),
    ]:  # fmt: skip
        assert getattr(getattr(ac, kind)(**given_, **{field: 0.5}), field) == 0.5
        with pytest.raises(ac.errors.InvalidLayerError, match=field):
            getattr(ac, kind)(**given_, **{field: 0})


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_takes_from_the_input_as_far_as_torch_does(mode: str) -> None:
    """All lengths and amounts in small, one axis and two."""
    kind = {"reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}[mode]
    for n, before, after in itertools.product(LENGTHS, range(5), range(5)):
        module = getattr(torch.nn, f"{kind}Pad1d")((before, after))
        theirs = in_torch(module, torch.zeros(1, 2, n))
        ours = fits(ac.Padding1D(((before, after),), mode), (n, 2))
        assert (ours and ours[::-1]) == theirs
    for h, w, top, left in itertools.product((1, 3), (1, 3), (0, 1, 3), (0, 1, 3)):
        module = getattr(torch.nn, f"{kind}Pad2d")((left, 0, top, 0))
        theirs = in_torch(module, torch.zeros(1, 2, h, w))
        layer = ac.Padding2D(((top, 0), (left, 0)), mode, data_format="channels_first")
        assert fits(layer, (2, h, w)) == theirs


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_padding_at_one_end_and_cropping_at_the_other(mode: str) -> None:
    """What torch crops has to be there, and what it copies has to be left, with symbols too."""
    symbolic = ac.Padding1D([("p - 9", "q - 9")], mode, data_format="channels_first")
    trace = ac.Sequential([symbolic]).trace((2, "n"))
    for n, off, on in itertools.product((1, 2, 4), (1, 2, 4), (0, 1, 3)):
        for before, after in ((-off, on), (on, -off)):
            layer = ac.Padding1D([(before, after)], mode, data_format="channels_first")
            module: Any = partial(torch.nn.functional.pad, pad=(before, after), mode=mode)
            theirs = in_torch(module, torch.zeros(1, 2, n))
            if theirs == (2, 0) or (mode == "circular" and off + on > n):
                theirs = None  # nothing is left; or, of a circle, what torch never fills in
            assert fits(layer, (2, n)) == theirs
            try:
                trace.macs(n=n, p=before + 9, q=after + 9)
                assert theirs
            except ac.errors.RequirementError:
                assert theirs is None


def test_pools_are_padded_by_half_as_in_torch() -> None:
    for kernel, pad, other in itertools.product(range(1, 6), range(4), range(3)):
        theirs = in_torch(torch.nn.MaxPool2d((kernel, 4), 1, (pad, other)), torch.zeros(1, 2, 9, 9))
        layer = ac.MaxPooling2D(
            (kernel, 4), 1, ((pad, pad), (other, other)), data_format="channels_first"
        )
        assert fits(layer, (2, 9, 9)) == theirs


def test_a_bilinear_form_takes_what_torchs_takes() -> None:
    """Each axis of the two inputs of its right length, and of a wrong one."""
    layer, module = ac.Bilinear(2, 3, 4), torch.nn.Bilinear(2, 3, 4)
    for a, b, c, d, n_in1, n_in2 in itertools.product(
        (1, 5), (5, 6), (1, 5), (5, 6), (2, 3), (2, 3)
    ):
        x, y = (a, b, n_in1), (c, d, n_in2)
        assert fits(layer, x, y) == in_torch(module, torch.zeros(7, *x), torch.zeros(7, *y))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["ZeroPadding", "Cropping"])
def test_amounts_are_spread_as_in_keras(kind: str, rank: int) -> None:
    """One for all, one for each axis, or two for each axis; two for the only axis."""
    import keras

    shape = (*(9, 8, 7)[:rank], 2)
    single: list[Any] = [1, (1, 2, 3)[:rank] if rank > 1 else (1, 2)]
    pairs = ((0, 1), (2, 1), (1, 0))[:rank]
    for amounts in [*single, *([pairs, [list(p) for p in pairs]] if rank > 1 else [])]:
        theirs = getattr(keras.layers, f"{kind}{rank}D")(amounts)
        ours = getattr(ac, f"{kind}{rank}D")(amounts)
        assert ours.output_shape(Shape(shape)) == theirs.compute_output_shape((None, *shape))[1:]
    for amounts in ((1, 2, 3, 4), ((1, 2),) * 2 if rank == 1 else (1, 2, 3, 4)):
        with pytest.raises(ValueError, match=r"\w"):
            getattr(keras.layers, f"{kind}{rank}D")(amounts)
        with pytest.raises(ac.errors.InvalidLayerError):
            getattr(ac, f"{kind}{rank}D")(amounts)


@pytest.mark.parametrize("axes", [1, 2, -1, (1, 2), (2, 1), (1, -1), (-1, -2)])
def test_a_product_takes_what_keras_takes(axes: Any) -> None:
    """All pairs of inputs of two axes, each of length two or three."""
    import keras

    for a, b, c, d in itertools.product((2, 3), repeat=4):
        theirs = keras.layers.Dot(axes)
        try:
            given_ = [keras.KerasTensor((5, a, b)), keras.KerasTensor((5, c, d))]
            shape = theirs(given_).shape[1:]
        except ValueError:
            shape = None
        assert fits(ac.Dot(axes), (a, b), (c, d)) == shape


@pytest.mark.parametrize(
    ("layer", "shape", "features"),
    [
        (ac.Dense(3), (4, 5), [5]),
        (ac.Conv2D(2, 3), (9, 8, 5), [5]),
        (ac.Conv2D(2, 3, data_format="channels_first"), (5, 8, 9), [5]),
        (ac.LSTM(3), (4, 5), [5]),
        (ac.BatchNormalization(), (7, 8, 6), [6]),
        (ac.BatchNormalization(axis=1), (7, 8, 6), [7]),
        (ac.GroupNormalization(2), (7, 8, 6), [6]),
        (ac.PReLU(along=[1]), (7, 8, 6), [7]),
        (ac.PReLU(along=[-1]), (7, 8, 6), [6]),
        # weights for several axes, or for none, are made for no one number
        (ac.LayerNormalization(axis=[1, 2]), (4, 5), [3, 4, 5, 6, 7, 8]),
        (ac.PReLU(along=[1, 2]), (4, 5), [3, 4, 5, 6, 7, 8]),
        (ac.PReLU(), (4, 5), [3, 4, 5, 6, 7, 8]),
        (ac.GLU(), (4, 6), [3, 4, 5, 6, 7, 8]),
        (ac.Concatenate(), (4, 5), [3, 4, 5, 6, 7, 8]),
    ],
)
def test_a_layer_made_for_some_features_takes_as_many(
    layer: ac.Layer, shape: tuple[int, ...], features: list[int]
) -> None:
    inputs = [shape] * layer.arity[0]
    made = [n for n in range(3, 9) if fits(layer.model_copy(update={"expects": n}), *inputs)]
    assert made == features


def test_an_embedding_that_is_reversed_takes_numbers_along_its_last_axis() -> None:
    for x in (Shape((7,)), Shape((3, 7))):
        plain, back = ac.ReversibleEmbedding(9, 7), ac.ReversibleEmbedding(9, 7, reverse=True)
        assert plain.axis_names_for(x) == ac.Embedding(9, 7).axis_names_for(x)
        assert back.axis_names_for(x) == ac.Dense(9).axis_names_for(x)
        assert plain.feature_axes(x) == ac.Embedding(9, 7).feature_axes(x)
        assert back.feature_axes(x) == ac.Dense(9).feature_axes(x)
        assert plain.input_kind(0) == ac.Embedding(9, 7).input_kind(0) == "indices"
        assert back.input_kind(0) == ac.Dense(9).input_kind(0) == "numbers"


@pytest.mark.parametrize(("kind", "tokens"), [("IntegerLookup", "indices"),
                                              ("StringLookup", "strings")])  # fmt: skip
def test_a_lookup_that_is_inverted_takes_places(kind: str, tokens: str) -> None:
    assert getattr(ac, kind)().input_kind(0) == tokens
    assert getattr(ac, kind)(invert=True).input_kind(0) == "indices"


@slow
@pytest.mark.parametrize("all_ops", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.filterwarnings("ignore:Tensor.T is deprecated")  # inside Keras
def test_what_changes_colours_takes_images_as_in_keras(all_ops: bool, channels: int) -> None:
    """What is drawn may change no colour; so some are drawn."""
    import keras

    shape, refused = (6, 6, channels), False
    for seed in range(40):  # what Keras draws is not decided by the seed alone
        try:
            keras.layers.AugMix(all_ops=all_ops, seed=seed)(
                keras.ops.ones((2, *shape)), training=True
            )
        except ValueError:
            refused = True
            break
    assert fits(ac.AugMix(all_ops=all_ops), shape) == (None if refused else shape)


@pytest.mark.parametrize(
    ("mean", "variance", "alike"),
    [
        (None, None, True),
        (1.0, 2.0, True),
        ((1.0, 2.0), (3.0, 4.0), True),
        ((1.0,), (3.0,), True),
        (1.0, None, False),
        (None, 1.0, False),
        ((1.0, 2.0), None, False),
        ((1.0, 2.0), (3.0,), False),
        ((1.0, 2.0), 3.0, False),
        (1.0, (3.0,), False),
    ],
)
def test_means_and_variances_are_equally_many(mean: Any, variance: Any, alike: bool) -> None:
    if alike:
        assert ac.Normalization(mean=mean, variance=variance).variance == variance
    else:
        with pytest.raises(ac.errors.InvalidLayerError, match="mean and variance go together"):
            ac.Normalization(mean=mean, variance=variance)


@pytest.mark.parametrize("n", [1, 7])
def test_a_bag_is_seen_whole(n: int) -> None:
    """Any row of the bag changes the sum in torch."""
    (field,) = ac.Sequential([ac.EmbeddingBag(9, 3, mode="sum")]).trace((n,)).receptive_field
    bag, rows = torch.nn.EmbeddingBag(9, 3, mode="sum"), torch.zeros(1, n, dtype=torch.int64)
    changed = [
        i
        for i in range(n)
        if not torch.equal(bag(rows.index_fill(1, torch.tensor(i), 5)), bag(rows))
    ]
    assert len(changed) == field.size == n


@pytest.mark.parametrize(
    ("layer", "shape", "field", "letters"),
    [
        (
            ac.Conv2D(2, 5, padding=((1, 3), (2, 4))),
            (9, 8, 3),
            "padding",
            "p_h_1 p_h_2 p_w_1 p_w_2",
        ),
        (ac.Conv2D(2, 5, padding=((1, 3), (1, 3))), (9, 8, 3), "padding", "p_1 p_2"),
        (ac.Conv2D(2, 5, padding=2), (9, 8, 3), "padding", "p"),
        (ac.Conv2D(2, (3, 5), (1, 2)), (9, 8, 3), "kernel_size", "k_h k_w"),
        (ac.Conv2D(2, (3, 5), (1, 2)), (9, 8, 3), "strides", "s_h s_w"),
        (ac.Fold((4, 5), 2), (8, 12), "output_size", "n_1 n_2"),
        (ac.EinsumDense("ab,bcd->acd", (6, 7)), (5,), "target_shape", "n_out_1 n_out_2"),
        (
            ac.AdaptiveLogSoftmaxWithLoss(16, 90, (10, 20, 30)),
            *((16,), "cutoffs", "c_1 c_2 c_3"),
        ),
    ],
)
def test_numbers_that_differ_have_letters_by_axis_and_side(
    layer: ac.Layer, shape: tuple[int, ...], field: str, letters: str
) -> None:
    """The axis by its name, or by its number from 1; before is 1, and after is 2."""
    fields = notation_of(Applied(layer, (Shape(shape),))).fields
    assert [str(letter) for letter, name in fields.items() if name == field] == letters.split()


ALONG = ("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization",
         "RMSNormalization", "PReLU", "AdditiveAttention", "EinsumDense", "GroupQueryAttention",
         "MultiHeadAttention", "Normalization", "SpectralNormalization")  # fmt: skip
"""What has weights along axes that it does not mix, or says its features by its arguments."""


@pytest.mark.parametrize(
    "kind",
    [
        cls.__name__
        for cls in catalogue()
        if not issubclass(cls, ac.Network) and cls.__name__ not in ALONG
    ],
)
def test_weights_depend_on_features_alone(kind: str) -> None:
    """Of the first input, and of those of the same shape with it."""

    @settings(max_examples=4)
    @given(layers([kind]), st.integers(1, 3))
    def same(drawn: tuple[ac.Layer, tuple[Shape, ...]], more: int) -> None:
        layer, inputs = drawn
        x = inputs[0]
        features = {axis % len(x) for axis in layer.feature_axes(x)}
        weights = Applied(layer, inputs).weights
        for axis in set(range(len(x))) - features:
            other = [y.replace(axis, y[axis] + more) if y == x else y for y in inputs]
            try:
                found = Applied(layer, tuple(other)).weights
            except ac.ArchcalcError:
                continue  # the axis must be as long as something else
            assert found == weights

    same()
