"""Pictures: what they show is what torch does, and what they are is well-formed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import reduce
from itertools import product
from typing import Any

import pytest
from hypothesis import given

import archcalc as ac
from archcalc.explain.window_geometry import WindowAxis, axes_of, drawable, stages
from archcalc.frameworks.torch_layers import torch_module
from archcalc.layers import Applied, Layer, TransposedWindow
from archcalc.layers.registry import layer_class
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.errors import PictureError, ShapeError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from archcalc.testing.available import catalogue, in_framework
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

SVG = "{http://www.w3.org/2000/svg}"

SPATIAL = [
    cls.__name__
    for cls in catalogue()
    if issubclass(cls, Spatial) and cls.arity == (1, 1) and in_framework(cls, "torch")
]
GROUPED = [name for name in SPATIAL if "Conv" in name]


FEWER = examples(1 / 4, least=10)
"""Every example asks torch about every position."""


def linear(layer: Layer, inputs: tuple[Shape, ...]) -> Applied:
    """The layer without its activation, so that nothing that is read can vanish."""
    kept = layer.model_copy(update={"activation": None}) if hasattr(layer, "activation") else layer
    return Applied(kept, inputs)


def noticed(applied: Applied, questions: Any) -> Any:
    """Where torch's answer to each input differs from that to zeros, with all weights 1, no bias.

    Channels come first.  A pool may give −∞ where it reads nothing but padding.
    """
    import torch

    layer: Any = applied.layer
    module = torch_module(applied).eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.fill_(0 if name.endswith("bias") else 1)
        place = layer.channel_axis() + 1
        given_ = questions if place == 1 else questions.movedim(1, -1)
        answers = [module(asked) for asked in (given_, torch.zeros_like(given_))]
        ours, zeros = (a[0] if isinstance(a, tuple) else a for a in answers)  # places apart
        result = ours != zeros
        if result.ndim < given_.ndim:  # a global pool without its axes
            return result.reshape(*result.shape, *[1] * layer.rank)
        return result if place == 1 else result.movedim(-1, 1)


# What belongs together


def pairs(axes: tuple[WindowAxis, ...]) -> set[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every output position with every input position that it reads, or that writes to it."""
    along = []
    for axis in axes:
        found = {
            (one, axis.copies.get(many, many))
            for one, cells in enumerate(axis.prints)
            for many in cells
        }
        inside = {(one, many) for one, many in found if 0 <= many < axis.many}
        along.append({(many, one) for one, many in inside} if axis.writes else inside)
    return {
        (tuple(out for out, _ in chosen), tuple(into for _, into in chosen))
        for chosen in product(*along)
    }


def zeros(kind: str) -> dict[str, list[Any]]:
    """Convolutions padded with zeros: a window says what is read of the input itself."""
    there = "padding_mode" in layer_class(kind).model_fields
    return {"padding_mode": ["zeros"]} if there else {}


@pytest.mark.parametrize("kind", SPATIAL)
def test_cells_belong_together_where_torch_says_so(kind: str) -> None:
    """A single one in the input is noticed where it is read, and nowhere else."""
    import torch

    @FEWER
    @given(layers([kind], framework="torch", fields=zeros(kind)))
    def agree(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied = linear(*pair)
        axes = axes_of(applied)
        if not axes:
            return
        layer: Any = applied.layer
        extent, channels = layer.extent(applied.inputs[0]), layer.channels(applied.inputs[0])
        places = list(product(*map(range, extent)))
        questions = torch.zeros(len(places), channels, *extent)
        for i, place in enumerate(places):
            questions[(i, slice(None), *place)] = 1
        seen = noticed(applied, questions).any(dim=1)
        assert pairs(axes) == {(tuple(out), places[i]) for i, *out in seen.nonzero().tolist()}

    agree()


@pytest.mark.parametrize("kind", GROUPED)
def test_channels_belong_together_where_torch_says_so(kind: str) -> None:
    import torch

    @FEWER
    @given(layers([kind], framework="torch", fields=zeros(kind)))
    def agree(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied = linear(*pair)
        layer: Any = applied.layer
        extent, channels = layer.extent(applied.inputs[0]), layer.channels(applied.inputs[0])
        questions = torch.zeros(channels, channels, *extent)
        for i in range(channels):
            questions[i, i] = 1
        seen = noticed(applied, questions).flatten(2).any(dim=2)
        tables = [
            torch.tensor([[s.joins(a, b) for b in range(s.outs)] for a in range(s.ins)]).float()
            for s in stages(applied)
        ]
        reads = bool(pairs(axes_of(applied)))  # a dilated window may lie on padding only
        assert seen.equal(reduce(torch.matmul, tables).ne(0) & reads)

    agree()


# The picture


def shapes_of(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def count(root: ET.Element, kind: str, tag: str = "rect") -> int:
    return sum(shape.get("class") == kind for shape in root.iter(f"{SVG}{tag}"))


def drawn(layer: Layer, inputs: tuple[Shape, ...]) -> str | PictureError:
    try:
        return ac.picture(layer, *inputs)
    except PictureError as error:
        return error


@given(layers())
def test_a_layer_has_a_picture_or_says_why_not(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
    layer, inputs = pair
    found = drawn(layer, inputs)
    if isinstance(found, PictureError):
        assert found.code == "nothing-to-show"
        assert type(layer).__name__ in found.message
        assert not isinstance(layer, Spatial) or not axes_of(Applied(layer, inputs))
        return
    root = shapes_of(found)
    left, top, wide, high = map(float, (root.get("viewBox") or "").split())
    for shape in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(shape.get(name) or "") for name in ("x", "y", "width", "height"))
        assert left <= x
        assert top <= y
        assert x + w <= left + wide
        assert y + h <= top + high
    assert root.findtext(f"{SVG}title") == repr(layer)
    assert (root.findtext(f"{SVG}desc") or "").startswith("On ")


@pytest.mark.parametrize(
    ("layer", "x", "first", "then"),
    [
        (ac.Conv2D(8, 3), (5, 5, 1), 9, 9),
        (ac.Conv2D(8, (2, 3), dilation_rate=2), (7, 7, 1), 6, 6),
        (ac.MaxPooling1D(4), (12, 3), 4, 4),
        (ac.GlobalMaxPooling2D(), (4, 6, 3), 24, 0),
        # the figure of torch's documentation of AdaptiveAvgPool: ends rounded down and up
        (ac.AdaptiveAveragePooling1D(3), (7, 3), 3, 3),
    ],
)
def test_the_first_window_and_the_next_are_marked(
    layer: Layer, x: tuple[int, ...], first: int, then: int
) -> None:
    root = shapes_of(ac.picture(layer, x))
    assert count(root, "first") == first + 1
    assert count(root, "next", "circle") == (then + 1 if then else 0)


def test_a_notebook_shows_it() -> None:
    svg = ac.picture(ac.Conv2D(8, 3), (5, 5, 1))
    assert svg._repr_svg_() == (svg, {"needs_background": "light"})


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in shapes_of(svg).iter(f"{SVG}text")]


def test_a_transposed_convolution_says_how_often_each_output_is_written() -> None:
    # Odena et al., Deconvolution and Checkerboard Artifacts (2016): kernel 3, stride 2 is uneven
    said = texts(ac.picture(ac.Conv2DTranspose(1, 3, strides=2, padding="same"), (2, 2, 1)))
    grid = [int(text) for text in said if text.isdigit()]
    once = [1, 1, 2, 1]
    assert grid[:16] == [a * b for a in once for b in once]
    assert {"kernel 3", "stride 2", "input 2×2", "output 4×4", "cut off"} <= set(said)


def test_sizes_are_named() -> None:
    said = texts(ac.picture(ac.Conv2D(8, (3, 5), strides=(1, 2), dilation_rate=1), (9, 9, 2)))
    assert {"kernel 3", "kernel 5", "stride 2", "input 9×9", "output 7×3"} <= set(said)
    said = texts(ac.picture(ac.Conv1D(8, 3, dilation_rate=2, padding="causal"), (9, 2)))
    assert {"kernel 3, dilation 2", "padding", "input 9", "output 9"} <= set(said)
    said = texts(ac.picture(ac.ZeroPadding2D(((1, 0), (2, 1))), (4, 4, 3)))
    assert {"input 4×4 → output 5×7", "padding"} <= set(said)
    said = texts(ac.picture(ac.Cropping2D(1), (4, 4, 3)))
    assert said == ["input 4×4 → output 2×2", "output"]
    assert "depth goes the same way" in texts(ac.picture(ac.Conv3D(8, 3), (5, 5, 5, 1)))


def test_padding_that_is_a_copy_says_of_what() -> None:
    # torch's documentation of ReflectionPad1d, ReplicationPad1d and CircularPad1d, 2 on each side
    for mode, shown in (("reflect", "32"), ("replicate", "11"), ("circular", "34")):
        said = texts(ac.picture(ac.Padding1D(2, mode), (4, 1)))
        grid = sorted(text for text in said if text.isdigit())
        assert grid[1:] == sorted(["1", "2", "3", "4", *shown, *_ends[mode]])
        assert "the same number, the same value" in said


_ends = {"reflect": "32", "replicate": "44", "circular": "12"}
"""What stands after 1, 2, 3, 4."""


def test_groups_of_channels_are_drawn() -> None:
    plain, grouped = ac.Conv2D(4, 3), ac.Conv2D(4, 3, groups=2)
    assert count(shapes_of(ac.picture(plain, (5, 5, 4))), "joined", "path") == 0
    assert count(shapes_of(ac.picture(grouped, (5, 5, 4))), "joined", "path") == 2 * 2 * 2
    depthwise = ac.picture(ac.DepthwiseConv2D(3, depth_multiplier=2), ("h", "w", "c"))
    assert count(shapes_of(depthwise), "joined", "path") == 3 * 2


# A small input


@given(layers(SPATIAL))
def test_a_small_input_shows_the_same_window(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
    layer, (x,) = pair
    large = Shape(dim * 40 if place in layer.spatial_axes() else dim for place, dim in enumerate(x))  # type: ignore[attr-defined]
    try:
        found = drawable(layer, large)
    except (PictureError, ShapeError):
        return
    whole = axes_of(Applied(layer, (large,)))
    for small, big in zip(axes_of(found), whole, strict=True):
        assert small.cells <= 24
        out = small.size if small.writes else len(small.prints)
        assert out == len(small.prints)
        if isinstance(small.view, TransposedWindow):
            assert small.many == small.view.output(small.size)
        if not layer.__class__.__name__.startswith(("Global", "Adaptive")):
            assert small.step == big.step
            assert len(small.prints[0]) == len(big.prints[0])
            assert small.prints[0].step == big.prints[0].step


def test_what_is_large_is_drawn_small() -> None:
    assert drawable(ac.Conv2D(64, 7, strides=2, padding=3), Shape((224, 224, 3))).inputs == (
        (7, 7, 3),
    )
    assert drawable(ac.Conv2D(64, 3), Shape((*ac.symbols("h w"), 3))).inputs == ((5, 5, 3),)
    assert drawable(ac.DepthwiseConv2D(3), Shape((56, 56, 128))).inputs == ((5, 5, 3),)


@pytest.mark.parametrize(
    ("layer", "x", "code"),
    [
        (ac.Dense(10), (784,), "nothing-to-show"),
        (ac.Flatten(), (5, 5, 3), "nothing-to-show"),
        (ac.UpSampling2D(interpolation="bilinear"), (5, 5, 3), "nothing-to-show"),
        (ac.Conv2D(8, "k"), (28, 28, 1), "symbols-left"),
        (ac.Conv2D(8, 3, strides="s"), ("h", "w", 1), "symbols-left"),
        (ac.Conv2D(8, 30), (224, 224, 1), "too-large-to-draw"),
    ],
)
def test_what_cannot_be_shown_is_said(layer: Layer, x: tuple[Any, ...], code: str) -> None:
    with pytest.raises(PictureError) as caught:
        ac.picture(layer, x)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("given", ["x", None, {"Conv2D": 3}])
def test_what_is_no_layer_has_no_picture(given: Any) -> None:
    with pytest.raises(PictureError, match="is no layer"):
        ac.picture(given, (28, 28, 1))
