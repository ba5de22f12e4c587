"""Operations: axes and positions that are there, sections that fill their axis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]

_MOST_OUTPUTS = 9


def _length(axis: int, x: Shape) -> int:
    return int(x[axis if axis < 0 else axis - 1])


def _slice(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A first position and one after it, each from either end, or beyond it."""
    axis = pick.axis(inputs[0])
    n = _length(axis, inputs[0])
    first = pick.size(n - 1, 0)
    after = pick.size(n, first + 1)
    starts = (first, first - n, *((-n - 3,) if first == 0 else ()))
    stops = (after, *((after - n,) if after < n else (None, n + 3)))
    return {
        "axis": axis,
        "start": pick.one_of(starts),
        "stop": pick.one_of(stops),
        "step": pick.size(3),
    }


def _select(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    axis = pick.axis(inputs[0])
    n = _length(axis, inputs[0])
    return {"axis": axis, "index": pick.size(n - 1, 0) - (n if pick.flag() else 0)}


def _split(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    axis = pick.axis(inputs[0])
    left = _length(axis, inputs[0])
    if pick.flag():
        few = [d for d in divisors(left) if d <= _MOST_OUTPUTS]
        return {"axis": axis, "sections": pick.one_of(few)}
    sizes: list[int] = []
    while left:
        sizes.append(left if len(sizes) == _MOST_OUTPUTS - 1 else pick.size(left))
        left -= sizes[-1]
    return {"axis": axis, "sections": sizes}


def _unbind(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x = inputs[0]
    axis = pick.axis(x)
    return {"axis": axis, "count": _length(axis, x)}


def _new_axis(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axis(Shape((*inputs[0], 1)))}


def _of_length_one(pick: Pick, x: Shape) -> int:
    place = pick.one_of([i for i, n in enumerate(x) if n == 1])
    return place + 1 if pick.flag() else place - len(x)


def _squeeze(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": _of_length_one(pick, inputs[0])}


def _expand(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": _of_length_one(pick, inputs[0]), "size": pick.size(5)}


def _tile(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"times": pick.size(3), "axis": pick.axis(inputs[0])}


def _flip(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axes(inputs[0], 1)}


def _roll(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"shift": pick.size(9, 0) - 4, "axis": pick.axis(inputs[0])}


def _transpose(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis1": pick.axis(inputs[0]), "axis2": pick.axis(inputs[0])}


@st.composite
def _with_a_one(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """A shape with an axis of length 1."""
    x = draw(small())
    return (x.replace(draw(numbers(0, len(x) - 1)), 1),)


def _alike(cls: type[Any]) -> st.SearchStrategy[tuple[Shape, ...]]:
    """One to three inputs of one shape."""
    return st.tuples(small(), numbers(1, 3)).map(lambda drawn: (drawn[0],) * drawn[1])


RECIPES: dict[str, Recipe] = {
    "Slice": _slice,
    "Select": _select,
    "Split": _split,
    "Unbind": _unbind,
    "Stack": _new_axis,
    "ExpandDims": _new_axis,
    "Squeeze": _squeeze,
    "Expand": _expand,
    "Tile": _tile,
    "Flip": _flip,
    "Roll": _roll,
    "Transpose": _transpose,
}

INPUTS: dict[str, Inputs] = {
    "Squeeze": _with_a_one,
    "Expand": _with_a_one,
    "Stack": _alike,
}

FITS: dict[str, Fits] = {
    "Select": lambda x: len(x) > 1,
    "Unbind": lambda x: len(x) > 1 and all(n <= _MOST_OUTPUTS for n in x),
    "Squeeze": lambda x: len(x) > 1 and 1 in x,
    "Expand": lambda x: 1 in x,
    "ExpandDims": lambda x: len(x) < 4,
}
