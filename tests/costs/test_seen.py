"""Receptive fields of layers and of networks, against what a missing number spoils in torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from archcalc.testing.available import catalogue, in_framework

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel", "ignore:Initializing zero-element tensors"
)

REFUSING = {
    *("Reshape", "Unflatten", "Unfold", "Fold", "Tile", "Resizing", "CenterCrop", "Upsample"),
    *("FractionalMaxPooling2D", "FractionalMaxPooling3D", "Lambda"),
}
"""What need not have a rule for its field: what parts axes, or interpolates to any size."""

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
    "interpolation": ["nearest"],  # at an end, a weight of 0 hides no missing number
}


@contextmanager
def one_thread() -> Iterator[None]:
    """On several, torch's convolutions over three axes lose what is no number in a batch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def spoiled(module: Any, inputs: list[Any], field: ac.costs.Field) -> list[set[int]]:
    """For each output position, the input positions along an axis that are seen from it."""
    import torch

    length = inputs[field.input].shape[field.axis + 1]
    asked = [x.repeat(max(length, 2), *[1] * (x.dim() - 1)) for x in inputs]
    for place in range(length):  # a sample for each position that is not a number
        asked[field.input][place].select(field.axis, place).fill_(float("nan"))
    with torch.no_grad(), one_thread():
        given = module(*asked)
    lost = (given[0] if isinstance(given, tuple) else given).isnan()[:length]
    along = lost[:, None] if field.along is None else lost.movedim(field.along + 1, 1)
    reached = along.flatten(2).any(2) if along.dim() > 2 else along
    return [set(column.nonzero().flatten().tolist()) for column in reached.T]


def in_keras(net: Network) -> Any:
    """The network as Keras builds it, called as a torch module is."""
    model = net.to_keras()
    return lambda *inputs: model(inputs[0] if len(inputs) == 1 else list(inputs))


def assert_seen(
    net: Network, fields: tuple[ac.costs.Field, ...], margin: int = 0, build: Any = None
) -> None:
    """Not a number spreads to every output position that sees it, and no further.

    Args:
        net: a network.
        fields: what it is said to see.
        margin: how far from the ends of an axis nothing is missing that padding would hide.
        build: what makes a function of it; torch's module where ``None``.
    """
    import torch

    shapes = net.trace().inputs
    module = build(net) if build else to_torch(net).eval()
    inputs = [torch.ones(1, *x) for x in shapes]
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
    known["interpolation"] = ["nearest"]  # a weight of 0 hides no missing number
    if kind in ("Upsample", "EmbeddingBag"):
        known["mode"] = ["nearest" if kind == "Upsample" else "sum"]
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
            fields = net.trace().cost(ac.costs.ReceptiveField())
        except ac.errors.ReceptiveFieldError:
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
        fields = trace.cost(ac.costs.ReceptiveField())
    except ac.errors.ReceptiveFieldError:
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
        (ac.UpSampling2D(2, interpolation="lanczos3"), (8, 8, 1), "UpSampling2D"),
        (ac.UpSampling1D("s"), (8, 1), "by a symbol"),
        (ac.MaxUnpooling1D(2), ((8, 1), (8, 1)), "indices"),
    ],
)
def test_what_has_no_rule_is_refused(layer: Layer, shape: tuple[Any, ...], says: str) -> None:
    inputs = [ac.Input(x) for x in (shape if isinstance(shape[0], tuple) else (shape,))]
    with pytest.raises(ac.errors.ReceptiveFieldError, match=says):
        ac.Model(inputs, layer(*inputs)).trace().cost(ac.costs.ReceptiveField())


def test_axes_that_stay_in_their_places_are_seen_one_by_one() -> None:
    (rows, columns) = ac.Sequential([ac.Permute((1, 2))]).trace((4, 5)).receptive_field
    assert (rows.size, rows.along, columns.size, columns.along) == (1, 0, 1, 1)


@pytest.mark.parametrize(
    ("layer", "shape", "field"),
    [
        (ac.AdaptiveAveragePooling1D(3), (12, 1), ac.costs.Field(0, 4, 4, 0, 0)),
        (ac.AdaptiveMaxPooling1D(12), (12, 1), ac.costs.Field(0, 1, 1, 0, 0)),
        (ac.GlobalAveragePooling1D(), (12, 1), ac.costs.Field(0, 12, 1, 0, None)),
        (ac.Flatten(), (5,), ac.costs.Field(0, 1, 1, 0, 0)),
        (
            ac.Sequential([ac.Flatten(), ac.Reshape((2, 5))]),
            (5, 2),
            ac.costs.Field(0, 5, 1, 0, None),
        ),
        (ac.Flatten(), (5, 2), ac.costs.Field(0, 5, 1, 0, None)),
        (ac.CenterCrop(4, 8), (9, 8, 1), ac.costs.Field(0, 1, 1, 2, 0)),
        (ac.Repeat(ac.Conv1D(1, 3, padding="same"), 4), (9, 1), ac.costs.Field(0, 9, 1, -4, 0)),
    ],
)
def test_fields_by_hand(layer: Layer, shape: tuple[int, ...], field: ac.costs.Field) -> None:
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


# What people asked, and what is seen


def fields_of(layer: Layer, *shapes: Any) -> list[tuple[Any, Any, Any]]:
    """The size, stride and offset of each."""
    inputs = [ac.Input(shape) for shape in shapes]
    found = ac.Model(inputs, layer(*inputs)).trace().receptive_field
    return [(field.size, field.stride, field.offset) for field in found]


@pytest.mark.parametrize("turned", [False, True])
def test_a_maximum_where_branches_are_symbols(turned: bool) -> None:
    x = ac.Input(("n", "c"))
    branches = [
        ac.Conv1D("c", 5, padding="same")(x),
        ac.Repeat(ac.Conv1D("c", 3, padding="same"), "L")(x),
    ]
    net = ac.Model(x, ac.Add()(branches[::-1] if turned else branches))
    (field,) = net.trace().receptive_field
    assert ac.Formula(field.size).equals("max(5, 2*L + 1)")
    assert [ac.Formula(field.size)(L=depth) for depth in (1, 2, 3)] == [5, 5, 7]


def causal(dilation: int) -> ac.Conv1D:
    return ac.Conv1D(4, 2, padding="causal", dilation_rate=dilation)


def test_residual_blocks_of_causal_dilated_convolutions() -> None:
    """Bai et al. (2018), section 3.4: 1 + 2·(k − 1)·(2^L − 1) with two convolutions a block."""
    blocks = [ac.Residual([causal(d), causal(d)]) for d in (1, 2, 4, 8)]
    net = ac.Sequential(blocks, input_shape=(64, 4))
    assert fields_of(net, (64, 4)) == [(31, 1, -30)]
    assert_seen(net, net.trace().receptive_field)


def test_down_and_up_again_is_seen_by_phase() -> None:
    down, up = ac.Conv1D(4, 3, 2, padding=1), ac.Conv1DTranspose(4, 3, 2, padding=1)
    (field,) = ac.Sequential([down, up], input_shape=(64, 4)).trace().receptive_field
    assert (field.size, field.stride, [phase.size for phase in field.phases]) == (5, 1, [3, 5])
    assert [(p.size, p.offset) for p in map(field.at, (20, 21, 22))] == [(3, 19), (5, 19), (3, 21)]


def unet() -> Network:
    """Ronneberger et al. (2015), figure 1, with padding, and one axis."""

    def double() -> ac.Sequential:
        return ac.Sequential([ac.Conv1D(2, 3, padding="same") for _ in range(2)])

    return ac.Ladder(
        double(), ac.MaxPooling1D(2), double(), ac.Conv1DTranspose(2, 2, 2), double(), 3
    )


def test_a_u_net_is_seen_by_phase() -> None:
    net = ac.Sequential([unet()], input_shape=(320, 1))
    (field,) = fields = net.trace().receptive_field
    assert (len(field.phases), field.stride) == (8, 1)
    assert field.size == max(phase.size for phase in field.phases)
    assert_seen(net, fields)


@pytest.mark.parametrize(
    ("block", "size", "stride"),
    [
        (ac.Conv1D("c", 3, 2, padding=1), "2**(L + 1) - 1", "2**L"),
        (ac.MaxPooling1D(3), "3**L", "3**L"),
        ([ac.Conv1D("c", 3, padding="same"), ac.MaxPooling1D(2)], "3*2**L - 2", "2**L"),
    ],
)
def test_strides_in_copies_by_a_symbol(block: Any, size: str, stride: str) -> None:
    """Araujo et al. (2019), equation 2: each adds what it reads after the strides before it."""
    ((found, jump, _),) = fields_of(ac.Repeat(block, "L"), ("n", "c"))
    assert ac.Formula(found).equals(size)
    assert ac.Formula(jump).equals(stride)


WHOLE = [
    ac.LSTM(3),
    ac.RNN(ac.GRUCell(3)),
    ac.RNN([ac.LSTMCell(3), ac.SimpleRNNCell(2)]),
    ac.Bidirectional(ac.LSTM(3, return_sequences=True)),
    ac.Softmax(1),
    ac.Activation("softmax"),
    ac.LayerNormalization(axis=1),
    ac.InstanceNormalization(),
    ac.GlobalAveragePooling1D(),
    ac.Reduce("mean", axis=1),
    ac.EinsumDense("atc,ts->asc", (7, None)),
    ac.Einsum("bij->bj"),
    ac.MultiHeadAttention(2, 4),
    ac.Sequential([ac.Permute((2, 1)), ac.Dense(3), ac.Permute((2, 1))]),
    ac.Sequential([ac.Flatten(), ac.Dense(3)]),
    ac.Sequential([ac.Reshape((3, 3, 4)), ac.GlobalMaxPooling2D()]),
    ac.Sequential([ac.Reshape((3, 12)), ac.Flatten(), ac.LayerNormalization()]),
    ac.Sequential([ac.TimeDistributed(ac.Dense(3)), ac.LSTM(2)]),
]


@pytest.mark.parametrize("layer", WHOLE, ids=lambda layer: repr(layer)[:60])
def test_the_whole_axis_is_seen(layer: Layer) -> None:
    shape = (9, 4) if layer != ac.Activation("softmax") else (4, 9)
    net = ac.Sequential([layer], input_shape=shape)
    found = net.trace().receptive_field
    field = next(f for f in found if f.axis == shape.index(9))
    assert (field.size, field.offset) == (9, 0)
    recurrent = "RNN" in repr(layer)
    assert_seen(net, found, build=in_keras if recurrent else None)


SEEN_IN_KERAS = [
    (ac.RNN(ac.SimpleRNNCell(2), return_sequences=True), (6, 3)),
    (ac.RNN(ac.SimpleRNNCell(2), return_sequences=True, go_backwards=True), (6, 3)),
    (ac.GRU(2, return_sequences=True, go_backwards=True), (6, 3)),
    (ac.ConvLSTM1D(1, 3, return_sequences=False), (2, 16, 1)),
    (ac.ConvLSTM1D(1, 3, strides=2, padding="same"), (3, 30, 1)),
    (ac.TimeDistributed(ac.Conv1D(2, 3, 2)), (3, 9, 2)),
    (ac.TimeDistributed(ac.Sequential([ac.Conv1D(2, 3), ac.GlobalMaxPooling1D()])), (3, 9, 2)),
    (ac.TimeDistributed(ac.LSTM(2, return_sequences=True)), (3, 5, 2)),
    (ac.Sequential([ac.Conv1D(2, 3, 2), ac.LSTM(2, return_sequences=True)]), (20, 2)),
    (ac.EinsumDense("btc,cd->bdt", (5, None)), (6, 3)),
    (ac.RepeatVector(4), (6,)),
]


@pytest.mark.parametrize(("layer", "shape"), SEEN_IN_KERAS, ids=lambda value: repr(value)[:60])
def test_what_keras_alone_has(layer: Layer, shape: tuple[int, ...]) -> None:
    net = ac.Sequential([layer], input_shape=shape)
    assert_seen(net, net.trace().receptive_field, build=in_keras)


@pytest.mark.parametrize(
    ("axis", "offsets"),
    [(1, {(0, 0): 0, (1, 0): -9, (0, 1): 0, (1, 1): 0}), (2, {(0, 0): 0, (1, 0): 0})],
)
def test_what_stands_in_a_row_is_seen_from_where_it_begins(
    axis: int, offsets: dict[tuple[int, int], int]
) -> None:
    x, y = ac.Input((9, 2)), ac.Input((9, 2))
    net = ac.Model([x, y], ac.Concatenate(axis=axis)([x, y]))
    fields = net.trace().receptive_field
    assert {(f.input, f.axis): f.offset for f in fields if axis == 1 or f.axis == 0} == offsets
    if axis == 1:
        assert_seen(net, fields)


def test_one_input_in_a_row_with_itself_has_no_rule() -> None:
    x = ac.Input((9, 2))
    row = ac.Concatenate(axis=1)([x, ac.Conv1D(2, 3)(x)])
    with pytest.raises(ac.errors.ReceptiveFieldError, match="one after the other"):
        ac.Model(x, row).trace().cost(ac.costs.ReceptiveField())
    assert _fields(x, ac.GlobalMaxPooling1D()(row)) == {(0, 0): (9, 0)}


def test_parts_of_an_axis_begin_where_they_are_cut() -> None:
    x = ac.Input((9, 2))
    a, b, c = ac.Split([2, 3, 4], axis=1)(x)
    assert [next(iter(_fields(x, part).values())) for part in (a, b, c)] == [(1, 0), (1, 2), (1, 5)]
    rows = ac.Unbind(9)(x)
    assert _fields(x, rows[4])[0, 0] == (1, 4)
    assert _fields(x, ac.Add()([rows[2], rows[6]]))[0, 0] == (5, 2)
    assert _fields(x, ac.Stack()([rows[2], rows[6]]))[0, 0] == (5, 2)


def reached(net: Network) -> list[set[int]]:
    """The positions of the first axis that a gradient of each position of the output reaches."""
    import torch

    module, (shape,) = to_torch(net).eval(), net.trace().inputs
    torch.manual_seed(0)
    x = (torch.randn(1, *shape) / 3).requires_grad_()  # of larger scores a share may vanish
    parts = module(x)[0].flatten(1).sum(1)
    found = [torch.autograd.grad(part, x, retain_graph=True)[0][0] for part in parts]
    large = [g.abs().flatten(1).amax(1) > 1e-5 for g in found]  # 1/3 is no float
    return [set(far.nonzero().flatten().tolist()) for far in large]


BETWEEN = (
    [
        (ac.Upsample(scale_factor=times, mode="linear", data_format="channels_last"), (9, 1))
        for times in (1, 2, 3, 4)
    ]
    + [
        (ac.UpSampling2D((times, 1), interpolation=how), (9, 2, 1))
        for times in (2, 3)
        for how in ("bilinear", "bicubic")
    ]
    + [
        (ac.Upsample(**{told: value}, mode=how, data_format="channels_last"), (9, 1))
        for told, value in (
            ("scale_factor", "3/2"),
            ("scale_factor", "2/3"),
            ("size", 15),
            ("size", 6),
        )
        for how in ("linear", "nearest")
    ]
    + [
        (ac.Resizing(height, 2, how), (9, 2, 1))
        for height in (6, 12, 15, 18)
        for how in ("bilinear", "bicubic", "nearest")
    ]
)


@pytest.mark.parametrize(("layer", "shape"), BETWEEN, ids=lambda value: repr(value)[:70])
def test_what_lies_between_others_is_seen_by_phase(layer: Layer, shape: tuple[int, ...]) -> None:
    """By gradients: where a value is another, the weights of those beside it are 0."""
    net = ac.Sequential([layer], input_shape=shape)
    field = net.trace().receptive_field[0]
    for u, seen in enumerate(reached(net)):
        phase = field.at(u)
        expected = set(range(int(phase.offset), int(phase.offset + phase.size)))
        if expected <= set(range(shape[0])):  # at the ends the outermost stand for those beyond
            assert seen == expected, (field, u)


def test_attention_without_a_look_ahead_sees_what_came_before() -> None:
    x = ac.Input((9, 4))
    attended = ac.ScaledDotProductAttention(is_causal=True)([x, x, x])
    net = ac.Model(x, attended)
    (field,) = net.trace().receptive_field
    assert (field.reach, field.size) == ("before", 9)
    assert [field.at(u).size for u in range(9)] == [len(seen) for seen in reached(net)]


MASKED = [
    ac.Attention(use_causal_mask=True),
    ac.MultiHeadAttention(2, 4, use_causal_mask=True),
    ac.GroupQueryAttention(4, 2, 1, use_causal_mask=True),
    ac.MultiHeadAttention(2, 4, sliding_window=2),
    ac.GroupQueryAttention(4, 2, 1, sliding_window=3),
    ac.MultiHeadAttention(2, 4, sliding_window=3, use_causal_mask=True),
    ac.layers.LoRA(ac.Conv1D(4, 3, padding="causal"), 2),
]


@pytest.mark.parametrize("layer", MASKED, ids=lambda value: repr(value)[:70])
def test_a_mask_bounds_what_is_seen(layer: Layer) -> None:
    """By gradients: what a mask hides is multiplied by 0."""
    net = ac.Sequential([layer], input_shape=(9, 4))
    (field,) = net.trace().receptive_field
    for u, seen in enumerate(reached(net)):
        phase = field.at(u)
        assert seen == set(range(phase.offset, phase.offset + phase.size)) & set(range(9))


def test_a_window_of_keys_is_as_far_as_keras_says() -> None:
    """Keys less than `sliding_window` away, on both sides or before alone."""
    assert fields_of(ac.MultiHeadAttention(2, 4, sliding_window=2), (9, 4)) == [(3, 1, -1)]
    causal = ac.GroupQueryAttention(4, 2, 1, sliding_window="W", use_causal_mask=True)
    (field,) = ac.Sequential([causal]).trace(("t", 4)).receptive_field
    assert (str(field.size), str(field.offset)) == ("W", "1 - W")


@pytest.mark.parametrize(
    "held", [ac.Conv1D(2, 3, 2), ac.LSTM(2, return_sequences=True), ac.MultiHeadAttention(2, 4)]
)
def test_several_axes_of_steps_are_seen_one_by_one(held: Layer) -> None:
    net = ac.Sequential([ac.TimeDistributed(held, axes=2)], input_shape=(2, 3, 7, 2))
    fields = net.trace().receptive_field
    assert [(f.axis, f.along) for f in fields] == [(0, 0), (1, 1), (2, 2)]
    assert [f.size for f in fields[:2]] == [1, 1]
    assert_seen(net, fields)


def test_heads_that_share_keys_see_one_of_them() -> None:
    shapes = ((4, 5, 2), (2, 6, 2), (2, 6, 2), (1, 5, 6))
    inputs = [ac.Input(shape) for shape in shapes]
    layer = ac.ScaledDotProductAttention(enable_gqa=True)
    net = ac.Model(inputs, layer(inputs))
    fields = net.trace().receptive_field
    of_keys = next(field for field in fields if (field.input, field.axis) == (1, 0))
    assert [int(of_keys.at(u).offset) for u in range(4)] == [0, 0, 1, 1]
    assert_seen(net, tuple(field for field in fields if field.input < 3))
    assert [(f.axis, f.along, f.size) for f in fields if f.input == 3] == [
        (0, 0, 1), (1, 1, 1), (2, None, 6)
    ]  # fmt: skip


def test_what_every_copy_is_given_is_seen_as_a_whole() -> None:
    """The memory of a decoder, and the positions that are decoded."""
    layer = ac.TransformerDecoderLayer(8, 2, 16)
    x, memory = ac.Input(("t", 8)), ac.Input(("m", 8))
    for times in (3, "L"):
        net = ac.Model([x, memory], ac.Repeat(layer, times)([x, memory]))
        found = net.trace().receptive_field
        assert [str(f.size) for f in found if f.axis == 0] == ["t", "m"]


@pytest.mark.parametrize("text", ["size 5", "by phase size 3 from −1, size 5 from −1", "offset −1"])
def test_a_field_reads_well(text: str) -> None:
    down, up = ac.Conv1D(4, 3, 2, padding=1), ac.Conv1DTranspose(4, 3, 2, padding=1)
    assert text in repr(ac.Sequential([down, up]).trace((64, 4)).receptive_field)


def test_a_softmax_over_what_strides_left_out() -> None:
    layer = ac.Conv1D(1, 1, 2, data_format="channels_first", activation="softmax")
    net = ac.Sequential([layer], input_shape=(1, 6))
    (field,) = fields = net.trace().receptive_field
    assert (field.size, field.offset, field.reach) == (5, 0, "all")
    assert_seen(net, fields)
