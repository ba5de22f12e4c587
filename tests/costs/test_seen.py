"""Receptive fields of layers and of networks, against what a missing number spoils in torch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import archcalc as ac
from archcalc.frameworks.torch import to_torch
from archcalc.layers import Layer
from archcalc.layers.registry import layer_class
from archcalc.network import Network
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, networks
from archcalc.testing.kinds import catalogue, in_framework

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel", "ignore:Initializing zero-element tensors"
)

REFUSING = {
    *("Reshape", "Unflatten", "Unfold", "Fold", "Tile", "Resizing", "CenterCrop", "Upsample"),
    *("UpSampling1D", "UpSampling2D", "UpSampling3D"),
    *("FractionalMaxPooling2D", "FractionalMaxPooling3D", "Lambda"),
}
"""What need not have a rule for its field: what parts axes, and what puts values between others."""

ALONE = [
    cls.__name__
    for cls in catalogue()
    if in_framework(cls, "torch") and cls.arity == (1, 1) and cls.takes == "numbers"
    and not issubclass(cls, Network)
]  # fmt: skip

KINDS = [
    *("Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv1D"),
    *("MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "ZeroPadding1D"),
    *("ZeroPadding2D", "GlobalAveragePooling1D", "GlobalMaxPooling2D", "Flatten"),
    *("BatchNormalization", "Add", "Concatenate", "GLU", "Identity", "AdaptiveMaxPooling1D"),
    *("Dense", "LayerNormalization", "Softmax", "LSTM", "CumulativeSum", "UpSampling1D", "Flip"),
]
"""No cropping, which a transposed convolution does too: after one, the padding of a window is where
the input goes on."""

FIELDS = {
    "track_running_stats": [True],
    "activation": [None, "relu"],
    "padding_mode": ["zeros"],
}


def spoiled(module: Any, inputs: list[Any], field: ac.Field) -> list[set[int]]:
    """For each output position, the input positions along an axis that are seen from it."""
    import torch

    length = inputs[field.input].shape[field.axis + 1]
    asked = [x.repeat(max(length, 2), *[1] * (x.dim() - 1)) for x in inputs]
    for place in range(length):  # a sample for each position that is not a number
        asked[field.input][place].select(field.axis, place).fill_(float("nan"))
    with torch.no_grad():
        given = module(*asked)
    lost = (given[0] if isinstance(given, tuple) else given).isnan()[:length]
    along = lost[:, None] if field.along is None else lost.movedim(field.along + 1, 1)
    reached = along.flatten(2).any(2) if along.dim() > 2 else along
    return [set(column.nonzero().flatten().tolist()) for column in reached.T]


def assert_seen(net: Network, fields: tuple[ac.Field, ...], margin: int = 0) -> None:
    """Not a number spreads to every output position that sees it, and no further.

    Args:
        net: a network.
        fields: what it is said to see.
        margin: how far from the ends of an axis nothing is missing that padding would hide.
    """
    import torch

    shapes = net.trace().inputs
    module, inputs = to_torch(net).eval(), [torch.ones(1, *x) for x in shapes]
    for field in fields:
        length = int(shapes[field.input][field.axis])
        found = spoiled(module, inputs, field)
        for u, seen in enumerate(found):
            phase = field.at(u)
            first, last = int(phase.offset), int(phase.offset + phase.size - 1)
            expected = {i % length if field.wraps else i for i in range(first, last + 1)}
            assert seen <= expected, (field, u, seen)
            inside = margin <= first and last < length - margin
            if inside and any(found) and phase.size:  # all may be padding of another axis
                assert {min(seen), max(seen)} == {first, last}, (field, u, seen)


def plain(kind: str) -> dict[str, list[Any]]:
    """Padding of zeros, and nothing written over: windows say what is read of the input itself."""
    known = {"padding_mode": ["zeros"], "inplace": [False], "mode": ["constant"]}
    known["track_running_stats"] = [True]  # else torch takes the mean of the batch
    if kind in ("Upsample", "EmbeddingBag", "LPPooling1D"):
        del known["mode"]
    fields = layer_class(kind).model_fields
    return {name: values for name, values in known.items() if name in fields}


@pytest.mark.parametrize("kind", ALONE)
def test_of_one_layer(kind: str) -> None:
    @settings(max_examples=min(6, settings().max_examples))
    @given(layers([kind], framework="torch", fields=plain(kind)))
    def agrees(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        layer, (x,) = pair
        net = ac.Sequential([layer], input_shape=x)
        try:
            fields = net.trace().cost(ac.ReceptiveField())
        except ac.ReceptiveFieldError:
            assert kind in REFUSING
            return
        if x.elements < 500:
            assert_seen(net, fields)

    agrees()


@settings(max_examples=min(30, settings().max_examples))
@given(networks(kinds=KINDS, frameworks="torch", fields=FIELDS))
@example(
    ac.Sequential(
        [
            ac.Conv1D(1, 1, data_format="channels_first"),
            ac.Residual([ac.BatchNormalization(axis=-2)], shortcut=ac.Dense(2)),
        ],
        input_shape=(1, 2),
    )
)
def test_of_networks(net: Network) -> None:
    trace = net.trace()
    try:
        fields = trace.cost(ac.ReceptiveField())
    except ac.ReceptiveFieldError:
        return
    assert_seen(net, fields)


@given(st.integers(4, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3))
def test_a_transposed_convolution_by_one_is_a_convolution(
    n: int, kernel: int, dilation: int, padding: int
) -> None:
    """Dumoulin and Visin (2016), relationship 8: padded by all of the window less its padding."""
    span = dilation * (kernel - 1) + 1
    assume(padding < span)
    there = ac.Conv1DTranspose(1, kernel, 1, padding, dilation_rate=dilation)
    back = ac.Conv1D(1, kernel, 1, span - 1 - padding, dilation_rate=dilation)
    both = [ac.Sequential([layer], input_shape=(n, 1)) for layer in (there, back)]
    assume(n + 2 * (span - 1 - padding) >= span)
    a, b = (net.trace() for net in both)
    assert (a.output, a.receptive_field) == (b.output, b.receptive_field)


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (ac.Conv1DTranspose(1, "k", "s"), (8, 1), "by a symbol"),
        (ac.Reshape((2, 4, 1)), (8, 1), "Reshape"),
        (ac.Sequential([ac.Flatten(1, 2), ac.Conv1D(3, 3)]), (4, 5, 6), "joined"),
        (ac.Lambda(None), (4, 4), "Lambda"),
        (ac.UpSampling2D(2, interpolation="bilinear"), (8, 8, 1), "UpSampling2D"),
        (ac.MaxUnpooling1D(2), ((8, 1), (8, 1)), "indices"),
    ],
)
def test_what_has_no_rule_is_refused(layer: Layer, shape: tuple[Any, ...], says: str) -> None:
    inputs = [ac.Input(x) for x in (shape if isinstance(shape[0], tuple) else (shape,))]
    with pytest.raises(ac.ReceptiveFieldError, match=says):
        ac.Model(inputs, layer(*inputs)).trace().cost(ac.ReceptiveField())


def test_axes_that_stay_in_their_places_are_seen_one_by_one() -> None:
    (rows, columns) = ac.Sequential([ac.Permute((1, 2))]).trace((4, 5)).receptive_field
    assert (rows.size, rows.along, columns.size, columns.along) == (1, 0, 1, 1)


@pytest.mark.parametrize(
    ("layer", "shape", "field"),
    [
        (ac.AdaptiveAveragePooling1D(3), (12, 1), ac.Field(0, 4, 4, 0, 0)),
        (ac.AdaptiveMaxPooling1D(12), (12, 1), ac.Field(0, 1, 1, 0, 0)),
        (ac.GlobalAveragePooling1D(), (12, 1), ac.Field(0, 12, 1, 0, None)),
        (ac.Flatten(), (5,), ac.Field(0, 1, 1, 0, 0)),
        (ac.Sequential([ac.Flatten(), ac.Reshape((2, 5))]), (5, 2), ac.Field(0, 5, 1, 0, None)),
        (ac.Flatten(), (5, 2), ac.Field(0, 5, 1, 0, None)),
        (ac.CenterCrop(4, 8), (9, 8, 1), ac.Field(0, 1, 1, 2, 0)),
        (ac.Repeat(ac.Conv1D(1, 3, padding="same"), 4), (9, 1), ac.Field(0, 9, 1, -4, 0)),
    ],
)
def test_fields_by_hand(layer: Layer, shape: tuple[int, ...], field: ac.Field) -> None:
    assert ac.Sequential([layer]).trace(shape).receptive_field[0] == field


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(ac.SimpleRNNCell(3), 5), (ac.GRUCell(3), 5), (ac.LSTMCell(3), 5), (ac.Dense(3), 5)],
)
def test_where_all_are_features_all_are_seen(layer: Layer, shape: int) -> None:
    (field,) = ac.Sequential([layer]).trace(shape).receptive_field
    assert (field.size, field.offset, field.along) == (shape, 0, None)


def _fields(inputs: Any, output: Any) -> dict[tuple[int, int], tuple[Any, Any]]:
    found = ac.Model(inputs, output).trace().receptive_field
    return {(field.input, field.axis): (field.size, field.offset) for field in found}


def test_each_input_has_fields_of_its_own() -> None:
    x, y, z = ac.Input((9, 1)), ac.Input((13, 1)), ac.Input((7, 2))
    joined = ac.Add()([ac.Conv1D(2, 3)(x), ac.Conv1D(2, 7)(y), ac.Conv1D(2, 1)(z)])
    found = _fields([x, y, z], joined)
    assert found == {(0, 0): (3, 0), (1, 0): (7, 0), (2, 0): (1, 0)}


@pytest.mark.parametrize("kernels", [(1, 3, 5), (5, 3, 1), (3, 5, 1)])
def test_branches_see_as_much_as_the_widest(kernels: tuple[int, ...]) -> None:
    """An inception block, Szegedy et al. (2014), figure 2."""
    x = ac.Input((28, 28, 192))
    branches = [ac.Conv2D(8, k, padding="same")(x) for k in kernels]
    assert _fields(x, ac.Concatenate()(branches)) == {(0, 0): (5, -2), (0, 1): (5, -2)}


def test_an_axis_that_one_branch_mixes_is_mixed_where_they_meet() -> None:
    x, y = ac.Input((4, 5)), ac.Input((4, 5))
    mixed = ac.Add()([ac.Dense(5)(x), y])
    assert set(_fields([x, y], ac.Add()([mixed, x]))) == {(0, 0), (1, 0), (1, 1)}
    assert set(_fields([x, y], ac.Add()([x, mixed]))) == {(0, 0), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    ("layer", "along"),
    [
        (ac.Flatten(1, 2), [None, None, 1]),
        (ac.Flatten(2, 3), [0, None, None]),
        (ac.Flatten(), [None] * 3),
        (ac.GlobalMaxPooling2D("channels_first"), [None, None]),
        (ac.GlobalMaxPooling2D(keepdims=True), [0, 1]),
        (ac.Upsample(scale_factor=1, data_format="channels_last"), [0, 1]),
        (ac.Upsample(scale_factor=1, data_format="channels_first"), [1, 2]),
    ],
)
def test_axes_after_those_that_are_joined_move_up(layer: Layer, along: list[int | None]) -> None:
    fields = ac.Sequential([layer]).trace((4, 5, 6)).receptive_field
    assert [field.along for field in fields] == along


def test_a_product_of_two_with_a_kernel_mixes_the_features_of_both() -> None:
    x, y = ac.Input((5, 4)), ac.Input((5, 3))
    assert set(_fields([x, y], ac.Bilinear(4, 3, 2)([x, y]))) == {(0, 0), (1, 0)}


@pytest.mark.parametrize(
    ("a", "b"), [((4, 5), (5,)), ((5,), (4, 5)), ((4, 5), (4, 1)), ((1, 5), (4, 1)), ((4, 5), (1,))]
)
def test_what_is_stretched_is_seen_from_everywhere(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    inputs = [ac.Input(a), ac.Input(b)]
    net = ac.Model(inputs, ac.Add()(inputs))
    fields = net.trace().receptive_field
    assert len(fields) == len(a) + len(b)
    if len(a) == len(b):  # torch would take the batch for an axis
        assert_seen(net, fields)
    for field in fields:
        length = net.trace().inputs[field.input][field.axis]
        assert (field.stride == 0) == (length == 1)
        assert field.along == field.axis + 2 - len(net.trace().inputs[field.input])


def test_of_several_outputs_it_is_the_first() -> None:
    x = ac.Input((9, 1))
    narrow, wide = ac.Conv1D(2, 3)(x), ac.Conv1D(2, 5)(x)
    assert _fields(x, [narrow, wide]) == {(0, 0): (3, 0)}
    assert _fields(x, [wide, narrow]) == {(0, 0): (5, 0)}
    assert _fields(x, [x, wide]) == {(0, 0): (1, 0), (0, 1): (1, 0)}
