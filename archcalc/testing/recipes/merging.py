"""What joins several inputs: shapes that fit one another."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Inputs, Recipe
from archcalc.testing.shaping import small

__all__ = ["INPUTS", "RECIPES", "to_merge"]


def _concatenate(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """The axis along which the inputs differ, where they do."""
    apart = [i for i, dims in enumerate(zip(*inputs, strict=True)) if len(set(dims)) > 1]
    place = apart[0] if apart else pick.size(len(inputs[0]) - 1, 0)
    return {"axis": place + 1 if pick.flag() else place - len(inputs[0])}


def _dot(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x, y = inputs
    pairs = [(i, j) for i, a in enumerate(x) for j, b in enumerate(y) if a == b]
    i, j = pick.one_of(pairs)
    if i == j and pick.flag():
        return {"axes": i + 1}
    return {"axes": [i + 1 if pick.flag() else i - len(x), j + 1 if pick.flag() else j - len(y)]}


@st.composite
def to_merge(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Shapes that broadcast: some axes 1, some leading axes missing."""
    whole = draw(small(draw(numbers(1, 3))))
    least, most = cls.arity
    count = draw(numbers(least, most or 3))
    made = []
    for _ in range(count):
        ones = draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
        missing = draw(numbers(0, len(whole) - 1))
        dims = [1 if one else dim for one, dim in zip(ones, whole, strict=True)]
        made.append(Shape(dims[missing:]))
    return tuple(made)


@st.composite
def _to_concatenate(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Shapes that differ along one axis."""
    first = draw(small(draw(numbers(1, 3))))
    along = draw(numbers(0, len(first) - 1))
    others = draw(st.lists(numbers(1, 5), max_size=2))
    return (first, *(first.replace(along, dim) for dim in others))


@st.composite
def _to_dot(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Two shapes with an axis of the same length."""
    x, y = (draw(small(draw(numbers(1, 3)), longest=4)) for _ in range(2))
    i = draw(numbers(0, len(x) - 1))
    j = draw(numbers(0, len(y) - 1))
    return x, y.replace(j, x[i])


def _cosine(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"dim": pick.axis(inputs[0])}


@st.composite
def _to_compare(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Two shapes of as many axes that broadcast."""
    x = draw(small(draw(numbers(1, 3))))
    y = Shape(1 if draw(st.booleans()) else dim for dim in x)
    return (x, y) if draw(st.booleans()) else (y, x)


RECIPES: dict[str, Recipe] = {
    "Concatenate": _concatenate,
    "Dot": _dot,
    "CosineSimilarity": _cosine,
}

_MERGED = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")

INPUTS: dict[str, Inputs] = {
    **dict.fromkeys(_MERGED, to_merge),
    "Concatenate": _to_concatenate,
    "Dot": _to_dot,
    **dict.fromkeys(("CosineSimilarity", "PairwiseDistance"), _to_compare),
}
