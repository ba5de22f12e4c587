"""What moves elements between channels and positions, or gathers windows."""

from __future__ import annotations

from math import gcd
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors, numbers
from archcalc.testing.recipes.base import Fields, Inputs, Recipe, channels, extent, formatted

__all__ = ["INPUTS", "RECIPES"]


def _unfold(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths = extent(cls, inputs[0], made)
    dilation, pads = pick.sizes(2, 2), [pick.sizes(2, 2, 0) for _ in lengths]
    kernel = [
        pick.size(min(3, (n + sum(pair) - 1) // d + 1))
        for n, pair, d in zip(lengths, pads, dilation, strict=True)
    ]
    steps = pick.sizes(2, 3)
    return made | {
        "kernel_size": kernel,
        "dilation_rate": dilation,
        "padding": pads,
        "strides": steps,
    }


def _fold(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A window whose size divides the columns, and an output of as many windows as there are."""
    made = formatted(pick, cls)
    first = made["data_format"] == "channels_first"
    values, count = inputs[0] if first else reversed(inputs[0])
    high = pick.one_of(divisors(int(values)))
    kernel = (high, pick.one_of(divisors(int(values) // high)))
    rows = pick.one_of(divisors(int(count)))
    dilation, steps, pads, sizes = pick.sizes(2, 2), pick.sizes(2, 3), [], []
    for k, d, s, n in zip(kernel, dilation, steps, (rows, int(count) // rows), strict=True):
        whole = (n - 1) * s + d * (k - 1) + 1
        before = pick.size(min(2, whole - 1), 0)
        pads.append((before, pick.size(min(2, whole - 1 - before), 0)))
        sizes.append(whole - sum(pads[-1]) + pick.size(s - 1, 0))
    made |= {"kernel_size": kernel, "dilation_rate": dilation, "strides": steps}
    return made | {"padding": pads, "output_size": sizes}


def _shuffle(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    depth = channels(made, inputs[0])
    squares = [r for r in divisors(depth) if depth % (r * r) == 0]
    return made | {"upscale_factor": pick.one_of(squares)}


def _unshuffle(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    common = gcd(*extent(cls, inputs[0], made))
    return made | {"downscale_factor": pick.one_of(divisors(common))}


def _groups(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    axis = pick.axis(inputs[0])
    depth = int(inputs[0][axis if axis < 0 else axis - 1])
    return {"axis": axis, "groups": pick.one_of(divisors(depth))}


def _columns(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return st.tuples(numbers(1, 24), numbers(1, 24)).map(lambda x: (Shape(x),))


@st.composite
def _to_shuffle(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Squares of one factor at both ends: either may be the channels."""
    square = draw(numbers(1, 3)) ** 2
    first, middle, last = (draw(numbers(1, 3)) for _ in range(3))
    return (Shape((first * square, middle, last * square)),)


@st.composite
def _to_unshuffle(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Multiples of one factor."""
    factor = draw(numbers(1, 4))
    return (Shape(factor * draw(numbers(1, 3)) for _ in range(3)),)


RECIPES: dict[str, Recipe] = {
    "Unfold": _unfold,
    "Fold": _fold,
    "PixelShuffle": _shuffle,
    "PixelUnshuffle": _unshuffle,
    "ChannelShuffle": _groups,
}

INPUTS: dict[str, Inputs] = {
    "Fold": _columns,
    "PixelShuffle": _to_shuffle,
    "PixelUnshuffle": _to_unshuffle,
}
