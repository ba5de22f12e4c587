"""Receptive fields of random networks, against which inputs of a torch module a missing number of
the input reaches: branches, strides, upsampling, transposed convolutions, wrappers and repetition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import archcalc as ac
from tests.costs.test_seen import assert_seen
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel", "ignore:Initializing zero-element tensors"
)

CHANNELS = 2
LENGTHS = st.integers(140, 260)


@dataclass(frozen=True)
class Grown:
    """A network that grows.

    Attributes:
        tensor: what comes out so far, with one axis of positions and one of channels.
        jump: how many positions of the input lie between two of these, at most.
        margin: how far from the ends of the input something may be cut off or padded that is not
            at its ends.
    """

    tensor: Any
    jump: int = 1
    margin: int = 0

    @property
    def length(self) -> int:
        return int(self.tensor.shape[0])

    def then(self, layer: ac.Layer, stride: int = 1, lost: int = 4) -> Grown:
        return Grown(layer(self.tensor), self.jump * stride, self.margin + (lost + 1) * self.jump)


Draw = Callable[[st.SearchStrategy[Any]], Any]
few = st.integers(1, 4)


def sliding(draw: Draw, x: Grown, stride: int | None = None) -> Grown:
    """A convolution or a pool."""
    kernel, stride = draw(few), draw(st.integers(1, 3)) if stride is None else stride
    kind = draw(st.sampled_from(["conv", "depthwise", "separable", "max", "mean", "lp"]))
    if kind in ("max", "mean", "lp"):
        pad = draw(st.integers(0, kernel // 2)) if kind != "lp" else 0
        made: dict[str, ac.Layer] = {
            "max": ac.MaxPooling1D(kernel, stride, pad),
            "mean": ac.AveragePooling1D(kernel, stride, pad),
            "lp": ac.LPPooling1D(2.0, kernel, stride),
        }
        layer, span = made[kind], kernel
    else:
        dilation = draw(st.integers(1, 3)) if kind == "conv" else 1
        span = dilation * (kernel - 1) + 1
        paddings = ["valid", "same", *((("causal",)) if kind == "conv" else ())]
        padding = draw(st.sampled_from(paddings) | st.integers(0, 3))
        if kind == "conv":
            layer = ac.Conv1D(CHANNELS, kernel, stride, padding, dilation_rate=dilation)
        elif kind == "depthwise":
            layer = ac.DepthwiseConv1D(kernel, stride, padding)
        else:
            layer = ac.SeparableConv1D(CHANNELS, kernel, stride, padding)
    assume(x.length >= span + 2)
    return x.then(layer, stride, span)


def writing(draw: Draw, x: Grown, stride: int | None = None) -> Grown:
    """A transposed convolution, or positions repeated."""
    stride = draw(st.integers(1, 3)) if stride is None else stride
    if draw(st.integers(0, 3)) == 0:
        each = draw(st.booleans())
        layer = ac.UpSampling1D(stride) if each else ac.Tile(stride, axis=1, each=True)
        return x.then(layer)
    kernel, dilation = draw(few), draw(st.sampled_from([1, 1, 2, 3]))
    span = dilation * (kernel - 1) + 1
    padding = draw(st.sampled_from(["valid", "same"]) | st.integers(0, min(3, span - 1)))
    if dilation > 1 or isinstance(padding, int):
        extra: Any = draw(st.integers(0, max(stride, dilation) - 1))
    else:
        extra = None
    if extra is not None and padding == "same":
        padding = "valid"
    layer = ac.Conv1DTranspose(
        CHANNELS, kernel, stride, padding, output_padding=extra, dilation_rate=dilation
    )
    return x.then(layer, 1, span)


def moving(draw: Draw, x: Grown) -> Grown:
    """What pads, cuts off, picks or turns around."""
    a, b = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    kind = draw(
        st.sampled_from(["pad", "crop", "slice", "split", "flip", "roll", "there and back"])
    )
    if kind == "pad":
        return x.then(ac.ZeroPadding1D((a, b)))
    if kind == "crop":
        return x.then(ac.Cropping1D((a, b)))
    if kind == "slice":
        step = draw(st.integers(1, 3))
        return x.then(ac.Slice(1, a, -b or None, step), step)
    if kind == "split":
        sizes = [x.length // 4, x.length - x.length // 4]
        part = ac.Split(sizes, axis=1)(x.tensor)[1]
        return Grown(part, x.jump, x.margin + sizes[0] * x.jump)
    if kind == "flip":
        return x.then(ac.Flip(1))
    if kind == "roll":
        return x.then(ac.Roll(a - 1, axis=1)).then(ac.Roll(1 - a, axis=1))
    return x.then(ac.Permute((2, 1))).then(ac.Activation("tanh")).then(ac.Transpose())


def met(a: Grown, b: Grown, join: ac.Layer) -> Grown:
    """Two branches, the longer one cut to the other's length."""
    n, jump = min(a.length, b.length), max(a.jump, b.jump)
    cut = [x if x.length == n else x.then(ac.Slice(1, 0, n)) for x in (a, b)]
    lost = abs(a.length - b.length) * jump
    made = join([x.tensor for x in cut])
    if int(made.shape[1]) != CHANNELS:
        made = ac.Dense(CHANNELS)(made)
    return Grown(made, jump, max(x.margin for x in cut) + lost)


JOINS = st.sampled_from([ac.Add(), ac.Maximum(), ac.Multiply(), ac.Average(), ac.Concatenate()])


def parting(draw: Draw, x: Grown) -> Grown:
    """Branches of one stride; or down, and up again beside what goes across."""
    stride = draw(st.sampled_from([1, 1, 2, 3]))
    if draw(st.booleans()):
        both = [sliding(draw, x, stride) for _ in range(2)]
        return met(both[0], sliding(draw, both[1], 1), draw(JOINS))
    down = sliding(draw, x, stride)
    inside = sliding(draw, down, 1) if draw(st.booleans()) else down
    up = writing(draw, inside, stride)
    return met(x, replace(up, jump=x.jump), draw(JOINS))


def repeating(draw: Draw, x: Grown) -> Grown:
    """Copies of a block that keeps its length: they stand together in a trace."""
    kernels = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    padding = draw(st.sampled_from(["same", "causal"]))
    body = [ac.Conv1D(CHANNELS, k, padding=padding) for k in kernels]
    block = ac.Residual(body) if draw(st.booleans()) else ac.Sequential(body)
    times = draw(st.integers(2, 4))
    return x.then(ac.Repeat(block, times), 1, 0)


def widening(draw: Draw, x: Grown) -> Grown:
    """What sees a whole axis, or all before."""
    layers: list[ac.Layer] = [
        ac.LSTM(CHANNELS, return_sequences=True),
        ac.GRU(CHANNELS, return_sequences=True),
        ac.Bidirectional(ac.LSTM(1, return_sequences=True)),
        ac.Softmax(1),
        ac.LayerNormalization(axis=1),
        ac.CumulativeSum(1),
        ac.MultiHeadAttention(1, 2),
        ac.GlobalAveragePooling1D(keepdims=True),
    ]
    return x.then(draw(st.sampled_from(layers)))


def stepping(draw: Draw, x: Grown) -> Grown:
    """Position by position."""
    inner = draw(st.sampled_from([ac.Dense(CHANNELS), ac.LayerNormalization(), ac.Softmax()]))
    return x.then(ac.TimeDistributed(inner))


PARTS = [sliding, sliding, sliding, writing, writing, moving, parting, parting, repeating, stepping]


@st.composite
def grown(draw: Draw) -> tuple[ac.Model, int]:
    """A network on an axis of positions, and the margin within which its ends play no part."""
    start = ac.Input((draw(LENGTHS), CHANNELS))
    x = Grown(start)
    for part in draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5)):
        assume(12 <= x.length <= 800)
        x = part(draw, x)
    if draw(st.integers(0, 4)) == 0:
        x = widening(draw, x)
        if draw(st.booleans()) and x.length > 8:
            x = sliding(draw, x)
    return ac.Model(start, x.tensor), ceil(x.margin)


@examples(0.5, nightly=2_000)
@given(grown())
def test_along_one_axis(made: tuple[ac.Model, int]) -> None:
    net, margin = made
    assert_seen(net, net.trace().cost(ac.costs.ReceptiveField()), margin)


windows = st.tuples(few, few)
pairs = st.tuples(st.integers(1, 2), st.integers(1, 3))


@st.composite
def planes(draw: Draw) -> tuple[ac.Model, int]:
    """A network on steps, height and width, whose axes are seen each in its own way."""
    shape = (draw(st.integers(4, 6)), *draw(st.tuples(*[st.integers(20, 40)] * 2)), CHANNELS)
    start = ac.Input(shape)
    inner: list[ac.Layer] = []
    n, margin, jump = min(shape[1:3]), 0, 1
    for kind in draw(st.lists(st.sampled_from(["conv", "pool", "up", "turn"]), max_size=3)):
        kernel, strides = draw(windows), draw(pairs)
        assume(n >= 8)
        margin += 8 * jump
        if kind == "conv":
            padding = draw(st.sampled_from(["valid", "same"]))
            inner.append(ac.Conv2D(CHANNELS, kernel, strides, padding))
        elif kind == "pool":
            inner.append(ac.MaxPooling2D(kernel, strides))
        elif kind == "up":
            inner.append(ac.Conv2DTranspose(CHANNELS, kernel, strides))
        else:
            inner.append(ac.Permute((2, 1, 3)))
        shrunk = max(strides) if kind in ("conv", "pool") else 1
        n, jump = (n - 4) // shrunk, jump * shrunk
    x = ac.TimeDistributed(ac.Sequential(inner or [ac.ReLU()]))(start)
    for kind in draw(st.lists(st.sampled_from(["time", "swap", "3d"]), max_size=2)):
        _, h, w, _ = (int(dim) for dim in x.shape)
        if kind == "time":
            x = ac.Conv3D(CHANNELS, (draw(few), 1, 1), padding="same")(x)
        elif kind == "swap":
            x = ac.Permute((1, 3, 2, 4))(x)
        else:
            assume(min(h, w) >= 3)
            x = ac.Conv3D(CHANNELS, (1, 3, 2), padding="same")(x)
            margin += 4 * jump
    return ac.Model(start, x), margin


@examples(0.125, nightly=500, least=8)
@given(planes())
def test_along_several_axes_and_steps(made: tuple[ac.Model, int]) -> None:
    net, margin = made
    for field in net.trace().cost(ac.costs.ReceptiveField()):
        assert_seen(net, (field,), margin if field.axis else 0)


def numbers(field: ac.costs.Field, values: dict[str, int]) -> tuple[Any, ...]:
    """The size, stride and offset of a field with numbers in the place of symbols."""

    def number(dim: Any) -> Any:
        found = getattr(dim, "free_symbols", ())
        known = {s.name: values[s.name] for s in found if s.name in values}
        return ac.Formula(dim)(**known) if known else dim

    return tuple(number(dim) for dim in (field.size, field.stride, field.offset))


@examples(0.125, nightly=500, least=8)
@given(grown())
def test_a_symbol_for_the_length_then_its_number(made: tuple[ac.Model, int]) -> None:
    net, _ = made
    (length, _) = net.trace().inputs[0]
    try:
        found = net.trace(("n", CHANNELS)).receptive_field
    except ac.errors.ReceptiveFieldError:  # positions of which every other one sees nothing
        assume(False)
        return
    for field, plain in zip(found, net.trace().receptive_field, strict=True):
        assert numbers(field, {"n": int(length)}) == numbers(plain, {})


@st.composite
def blocks(draw: Draw) -> ac.Layer:
    """A block that can be repeated, with strides or not, with branches or not."""
    strides, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    padding = draw(st.sampled_from(["same", "causal"]) | st.integers(0, 2))
    body: list[ac.Layer] = [ac.Conv1D(CHANNELS, kernel, strides, padding)]
    if draw(st.booleans()):
        body.append(ac.Conv1D(CHANNELS, draw(few), padding="same"))
    if draw(st.booleans()):
        branch = ac.Conv1D(CHANNELS, draw(st.sampled_from([1, 3])), padding="same")
        body.append(ac.Residual([branch]))
    return ac.Sequential(body)


@examples(0.125, nightly=500, least=8)
@given(blocks(), st.integers(1, 4))
def test_a_symbol_for_the_number_of_copies_then_its_number(block: ac.Layer, times: int) -> None:
    try:
        plain = ac.Repeat(block, times).trace((400, CHANNELS)).receptive_field
        found = ac.Repeat(block, "L").trace(("n", CHANNELS)).receptive_field
    except ac.errors.ShapeError:  # no rule says what goes into each copy
        assume(False)
        return
    for field, one_by_one in zip(found, plain, strict=True):
        assert numbers(field, {"L": times, "n": 400}) == numbers(one_by_one, {})
