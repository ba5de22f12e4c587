"""Where torch's own classes stop, rounding of floats, and products that its counter overlooks."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.frameworks import to_keras, to_torch
from archcalc.layers import (
    AdaptiveLogSoftmaxWithLoss,
    Applied,
    Bilinear,
    ChannelShuffle,
    CosineSimilarity,
    EinsumDense,
    Fold,
    FractionalMaxPooling2D,
    FractionalMaxPooling3D,
    Layer,
    LocalResponseNormalization,
    LPPooling1D,
    LPPooling3D,
    MaxPooling2D,
    MaxUnpooling2D,
    Padding1D,
    PixelShuffle,
    PixelUnshuffle,
    Unflatten,
    Unfold,
    Upsample,
)
from archcalc.network import Input, Model
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing import shapes_in_torch
from tests.frameworks.agreement import assert_agree

Shapes = list[tuple[int, ...]]

KNOWN: list[tuple[Layer, Shapes]] = [
    # a window of LPPool1d that hangs over the end, and is longer than the input
    (LPPooling1D(2, 4, 3, ceil_mode=True), [(3, 1)]),
    (LPPooling3D(2, 2, 1, ceil_mode=True), [(3, 3, 3, 2)]),
    # torch's example: nn.FractionalMaxPool2d(3, output_size=(13, 12)) on 50×32
    (FractionalMaxPooling2D(3, (13, 12)), [(50, 32, 16)]),
    # torch's example: pool a 9 long input, and undo it to its size
    (MaxUnpooling2D(2, output_size=(9, 8)), [(4, 4, 2), (4, 4, 2)]),
    # torch's examples of Fold and Unfold
    (Fold((4, 5), 2), [(3 * 2 * 2, 12)]),
    (Unfold((2, 3)), [(5, 3, 4)]),
    (Unfold(2, padding=((1, 0), (0, 2)), data_format="channels_last"), [(4, 5, 3)]),
    (Fold(4, 2, padding=((1, 0), (0, 2)), data_format="channels_last"), [(20, 12)]),
    # torch's examples
    (PixelShuffle(3), [(9, 4, 4)]),
    (PixelUnshuffle(3), [(1, 12, 12)]),
    (ChannelShuffle(2), [(4, 2, 2)]),
    (ChannelShuffle(2), [(4,)]),
    (Unflatten(1, (2, 5, 5)), [(50,)]),
    (LocalResponseNormalization(2), [(24, 24, 5)]),
    (LocalResponseNormalization(2, axis=1), [(5, 7, 7, 7, 7)]),
    (CosineSimilarity(dim=1), [(128,), (128,)]),
    # a score for every class, from clusters that have no features left
    (AdaptiveLogSoftmaxWithLoss(3, 20, (4, 10)), [(3,)]),
    # nothing comes out beside the batch
    (EinsumDense("ab,b->a", ()), [(5,)]),
]


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(("layer", "inputs"), KNOWN, ids=lambda value: str(value)[:60])
def test_known_cases_agree(layer: Layer, inputs: Shapes) -> None:
    shapes = [Shape(x) for x in inputs]
    assert_agree(layer, shapes, shapes_in_torch(layer, shapes))


def _zeros(*shape: int) -> Any:
    import torch

    return torch.zeros(2, *shape)


def _indices(*shape: int) -> Any:
    return _zeros(*shape).long()


def _torch(name: str, *args: Any, **kwargs: Any) -> Any:
    import torch

    return getattr(torch.nn, name)(*args, **kwargs)


BEYOND: list[tuple[Callable[[], Any], Layer, Shapes, str]] = [
    (
        lambda: _torch("ReflectionPad1d", (4, 3))(_zeros(1, 4)),
        *(Padding1D(((4, 3),), "reflect"), [(4, 1)], "padding 4 in mode 'reflect'"),
    ),
    (
        lambda: _torch("CircularPad1d", (5, 4))(_zeros(1, 4)),
        *(Padding1D(((5, 4),), "circular"), [(4, 1)], "padding 5 in mode 'circular'"),
    ),
    (
        lambda: _torch("LPPool3d", 2, 4, 3, ceil_mode=True)(_zeros(1, 3, 3, 3)),
        *(LPPooling3D(2, 4, 3, True), [(3, 3, 3, 1)], "kernel 4 does not fit"),
    ),
    (
        lambda: _torch("FractionalMaxPool2d", 2, output_size=5)(_zeros(1, 5, 5)),
        *(FractionalMaxPooling2D(2, 5), [(5, 5, 1)], "5 windows of 2 do not fit"),
    ),
    (
        lambda: _torch("FractionalMaxPool3d", 2, output_size=4)(_zeros(1, 5, 5, 5)),
        *(FractionalMaxPooling3D(2, 4), [(5, 5, 5, 1)], "at least 6"),
    ),
    (
        lambda: _torch("MaxUnpool2d", 2)(_zeros(1, 4, 4), _indices(1, 4, 4), [10, 8]),
        *(MaxUnpooling2D(2, output_size=(10, 8)), [(4, 4, 1)] * 2, "less than a stride 2 of 8"),
    ),
    (
        lambda: _torch("MaxUnpool2d", 1, 1, 3)(_zeros(1, 4, 4), _indices(1, 4, 4)),
        *(MaxUnpooling2D(1, 1, 3), [(4, 4, 1)] * 2, "nothing comes out"),
    ),
    (
        lambda: _torch("Unfold", 5)(_zeros(1, 4, 4)),
        *(Unfold(5), [(1, 4, 4)], "kernel 5 does not fit input height 4"),
    ),
    (
        lambda: _torch("Fold", (4, 5), 2)(_zeros(12, 13)),
        *(Fold((4, 5), 2), [(12, 13)], "number of windows is 12 here and 13 there"),
    ),
    (
        lambda: _torch("PixelShuffle", 2)(_zeros(6, 4, 4)),
        *(PixelShuffle(2), [(6, 4, 4)], "6 channels are not a multiple of the 4"),
    ),
    (
        lambda: _torch("PixelUnshuffle", 2)(_zeros(1, 4, 5)),
        *(PixelUnshuffle(2), [(1, 4, 5)], "width 5 is not a multiple of 2"),
    ),
    (
        lambda: _torch("ChannelShuffle", 3)(_zeros(4, 2)),
        *(ChannelShuffle(3), [(4, 2)], "groups 3"),
    ),
    (
        lambda: _torch("Upsample", scale_factor=0.1)(_zeros(1, 5, 5)),
        *(Upsample(scale_factor=0.1), [(1, 5, 5)], "nothing comes out of input height 5"),
    ),
    (
        lambda: _torch("Upsample", 8, mode="bilinear")(_zeros(1, 5)),
        *(Upsample(8, mode="bilinear"), [(1, 5)], "bilinear"),
    ),
    (
        lambda: _torch("Bilinear", 3, 4, 5)(_zeros(7, 3), _zeros(1, 4)),
        *(Bilinear(3, 4, 5), [(7, 3), (1, 4)], "7 here and 1 there"),
    ),
    (
        lambda: _torch("Bilinear", 3, 4, 5)(_zeros(4), _zeros(4)),
        *(Bilinear(3, 4, 5), [(4,), (4,)], "3 here and 4 there"),
    ),
    (
        lambda: _torch("CosineSimilarity", 1)(_zeros(3, 4), _zeros(4)),
        *(CosineSimilarity(1), [(3, 4), (4,)], "two inputs of as many axes"),
    ),
    (
        lambda: _torch("AdaptiveLogSoftmaxWithLoss", 8, 20, (4, 20)),
        *(AdaptiveLogSoftmaxWithLoss(8, 20, (4, 20)), [(8,)], "begins at class 20"),
    ),
    (
        lambda: _torch("AdaptiveLogSoftmaxWithLoss", 8, 20, (10, 4)),
        *(AdaptiveLogSoftmaxWithLoss(8, 20, (10, 4)), [(8,)], "begins at class 10"),
    ),
]


def _id(value: Any) -> str:
    """Short, and the same in every process: a function has its address in its text."""
    return "torch" if callable(value) and not isinstance(value, Layer) else str(value)[:50]


@pytest.mark.parametrize(("there", "layer", "inputs", "said"), BEYOND, ids=_id)
def test_what_torch_refuses_is_refused_with_a_reason(
    there: Callable[[], Any], layer: Layer, inputs: Shapes, said: str
) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        there()
    with pytest.raises(ArchcalcError) as caught:
        Applied(layer, tuple(map(Shape, inputs)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "shape", "why"),
    [
        (EinsumDense("ab,bc->ac", 8, lora_rank=2), (4,), "adapters"),
        (MaxUnpooling2D(3, 3, padding=((1, 0), (0, 0))), [(4, 4, 1)] * 2, "both ends alike"),
    ],
    ids=str,
)
def test_a_refusal_says_why(layer: Layer, shape: Any, why: str) -> None:
    with pytest.raises(FrameworkError, match=why):
        to_torch(layer, shape)


# A ratio is exact, a product of floats is not


def test_floats_fall_short_where_a_ratio_is_exact() -> None:
    """In floats 0.29·100 is 28.999…, which torch rounds down; 29/100 of 100 is 29."""
    assert _torch("Upsample", scale_factor=0.29)(_zeros(1, 100)).shape[-1] == 28
    layer, x = Upsample(scale_factor=0.29), Shape((1, 100))
    assert layer.scale_factor == (Fraction(29, 100),)
    assert Applied(layer, (x,)).output == (1, 29)
    assert_agree(layer, [x], shapes_in_torch(layer, [x]))


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 60))
def test_a_ratio_comes_out_of_torch_rounded_down(n: int, p: int, q: int) -> None:
    layer, x = Upsample(scale_factor=Fraction(p, q)), Shape((1, n))
    exact = n * p // q
    if exact:
        assert Applied(layer, (x,)).output == (1, exact)
        assert shapes_in_torch(layer, [x]).outputs == ((1, exact),)


# Products that the counter does not see


def _flops(run: Callable[[], Any]) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


@given(*[st.integers(2, 5)] * 4)
def test_a_bilinear_form_is_two_products(batch: int, one: int, two: int, out: int) -> None:
    """torch has a kernel of its own for it, which its counter overlooks; two products say it."""
    import torch

    x, y = torch.rand(batch, one), torch.rand(batch, two)
    layer = torch.nn.Bilinear(one, two, out, bias=False)

    def products() -> Any:
        first = torch.einsum("bi,oij->boj", x, layer.weight)
        return torch.einsum("boj,bj->bo", first, y)

    assert torch.allclose(products(), layer(x, y), atol=1e-5)
    assert _flops(lambda: layer(x, y)) == 0
    done = Applied(Bilinear(one, two, out), (Shape((one,)), Shape((two,)))).work
    assert _flops(products) == 2 * batch * sum(work.macs for work in done)


def test_a_product_over_nothing_is_no_accumulation() -> None:
    """torch multiplies element by element there, and over axes of length 1 as well."""
    import torch

    for equation, x, kernel in (("ab,b->ab", (2, 3), (3,)), ("ab,bc->ac", (2, 1), (1, 4))):
        tensors = torch.rand(x), torch.rand(kernel)
        assert _flops(lambda e=equation, t=tensors: torch.einsum(e, *t)) == 0
    assert Applied(EinsumDense("ab,b->ab", 3), (Shape((3,)),)).work == ()
    assert Applied(EinsumDense("ab,bc->ac", 4), (Shape((1,)),)).work[0].macs == 4


# Two outputs, two inputs


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_pool_is_undone_by_its_places(data_format: Any) -> None:
    """As torch does it by hand: the largest values where they were, zeros elsewhere."""
    import torch

    x = Input((5, 6, 2) if data_format == "channels_last" else (2, 5, 6))
    pool = MaxPooling2D(2, data_format=data_format, return_indices=True)
    values, places = pool(x)
    undone = MaxUnpooling2D(2, output_size=(5, 6), data_format=data_format)(values, places)
    net = Model(x, undone)
    assert net.trace().output == x.shape
    given_value = torch.rand(3, *x.shape)
    first = given_value.movedim(-1, 1) if data_format == "channels_last" else given_value
    kept, where = torch.nn.functional.max_pool2d(first, 2, return_indices=True)
    by_hand = torch.nn.functional.max_unpool2d(kept, where, 2, output_size=(5, 6))
    result = net.to_torch()(given_value)
    result = result.movedim(-1, 1) if data_format == "channels_last" else result
    assert torch.equal(result, by_hand)


def test_places_are_counted_where_torch_counts_them() -> None:
    with pytest.raises(FrameworkError, match="pads both ends alike"):
        to_torch(MaxPooling2D(3, padding="same", return_indices=True), (5, 5, 1))
    with pytest.raises(FrameworkError, match="do not say where values were"):
        to_keras(MaxPooling2D(2, return_indices=True), (4, 4, 1))
