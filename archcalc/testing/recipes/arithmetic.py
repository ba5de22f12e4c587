"""Operations that compute without weights: inputs that fit one another."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.layers.reductions import Reduction
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Inputs, Recipe
from archcalc.testing.recipes.merging import to_merge
from archcalc.testing.shaping import small

__all__ = ["INPUTS", "RECIPES"]

_CONSTANTS = (2.0, 0.5)


def _reduce(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Some axes, or all where they stay: few layers take a number without axes."""
    how = pick.one_of(pick.left.get("how") or get_args(Reduction))
    axes = (pick.axis(inputs[0]),) if how.startswith("arg") else pick.axes(inputs[0])
    every = len(axes) in (0, len(inputs[0]))
    made = {"how": how, "axis": axes or None, "keepdims": True if every else pick.flag()}
    return {**made, "correction": 0}


def _along(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axis(inputs[0])}


def _constant(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"value": pick.one_of(_CONSTANTS) if len(inputs) == 1 else None}


def _take(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """The axis in which neither is stretched, where one is."""
    pairs = enumerate(zip(*inputs, strict=True))
    apart = [i for i, (a, b) in pairs if a != b and 1 not in (a, b)]
    place = apart[0] if apart else pick.size(len(inputs[0]) - 1, 0)
    return {"axis": place + 1 if pick.flag() else place - len(inputs[0])}


@st.composite
def _to_take(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Two shapes that broadcast but for one axis."""
    x = draw(small(draw(numbers(1, 3))))
    indices = Shape(1 if draw(st.booleans()) else dim for dim in x)
    return x, indices.replace(draw(numbers(0, len(x) - 1)), draw(numbers(1, 6)))


@st.composite
def _to_multiply(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Matrices that fit one way or another, with axes before that broadcast."""
    before = draw(small(2, longest=4))
    both = []
    for _ in range(2):
        kept = [1 if draw(st.booleans()) else dim for dim in before]
        both.append(kept[draw(numbers(0, 2)) :])
    rows, summed, columns = (draw(numbers(1, 6)) for _ in range(3))
    first = (summed, rows) if draw(st.booleans()) else (rows, summed)
    second = (columns, summed) if draw(st.booleans()) else (summed, columns)
    return Shape((*both[0], *first)), Shape((*both[1], *second))


def _matmul(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """One of the ways in which the matrices fit."""
    x, y = inputs
    both = product((False, True), repeat=2)
    ways = [(a, b) for a, b in both if x[-2 if a else -1] == y[-1 if b else -2]]
    first, second = pick.one_of(ways)
    return {"transpose_first": first, "transpose_second": second}


_LETTERS = "ijklmnopqrst"


def _equation(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A letter an axis, the same for some that are equally long; some come out, in any order."""
    left, terms = iter(_LETTERS), list[str]()
    for x in inputs:
        every = zip(terms, inputs, strict=False)
        free = {letter: n for named in every for letter, n in zip(*named, strict=True)}
        term = ""
        for dim in x:
            free |= dict(zip(term, x, strict=False))  # a letter again is a diagonal
            alike = [a for a, n in free.items() if n == dim]
            term += pick.one_of(alike) if alike and pick.flag() else next(left)
        terms.append(term)
    known = list(dict.fromkeys("".join(terms)))
    out = ""
    while known and (not out or pick.flag()):
        out += known.pop(pick.size(len(known) - 1, 0))
    batch = pick.one_of(("b", "..."))
    return {"equation": f"{','.join(batch + term for term in terms)}->{batch}{out}"}


@st.composite
def _to_contract(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """One shape, or up to four with axes of the same length."""
    x = draw(small(draw(numbers(1, 3)), longest=4))
    dims = st.sampled_from(x) | numbers(1, 4)
    more = range(draw(numbers(0, 3)))
    return (x, *(Shape(draw(dims) for _ in range(draw(numbers(1, 3)))) for _ in more))


@st.composite
def _to_attend(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """A query, a key and a value, in any number of heads, also shared ones; maybe a mask."""
    heads = draw(small(draw(numbers(1, 2)), longest=3))[1:]
    t, s, d, v = (draw(numbers(1, 6)) for _ in range(4))
    many = tuple(n * draw(numbers(1, 3)) for n in heads)
    three = Shape((*many, t, d)), Shape((*heads, s, d)), Shape((*heads, s, v))
    mask = [draw(st.sampled_from((1, n))) for n in (*many, t, s)][draw(numbers(0, len(many))) :]
    return (*three, Shape(mask)) if draw(st.booleans()) else three


def _attends(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    query, key, _, *masks = inputs
    shared = query[:-2] != key[:-2] or (len(query) > 2 and pick.flag())
    causal = not masks and pick.flag()
    return {"scale": pick.one_of((None, 0.5)), "enable_gqa": shared, "is_causal": causal}


@st.composite
def _to_convolve(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """An input of one to three axes behind its channels, a kernel within it, and maybe a bias."""
    extent = draw(small(draw(numbers(1, 3)), longest=5))
    groups, depth, times = (draw(numbers(1, 3)) for _ in range(3))
    window = [draw(numbers(1, min(3, int(n)))) for n in extent]
    x, kernel = Shape((groups * depth, *extent)), Shape((groups * times, depth, *window))
    return (x, kernel, Shape((groups * times,))) if draw(st.booleans()) else (x, kernel)


def _convolves(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Strides, padding and dilations with which the kernel still fits."""
    x, kernel = inputs[:2]
    rank = len(x) - 1
    pads = [pick.sizes(2, 2, 0) for _ in range(rank)]
    dilation = []
    for n, k, (before, after) in zip(x[1:], kernel[2:], pads, strict=True):
        room = int(n) + before + after - 1
        dilation.append(pick.size(max(1, min(2, room // max(int(k) - 1, 1)))))
    return {
        "strides": pick.sizes(rank, 2),
        "padding": pads,
        "dilation_rate": dilation,
        "groups": int(x[0]) // int(kernel[1]),
    }


RECIPES: dict[str, Recipe] = {
    "Reduce": _reduce,
    "CumulativeSum": _along,
    **dict.fromkeys(("Divide", "Power", "Compare"), _constant),
    "TakeAlongAxis": _take,
    "Matmul": _matmul,
    "Convolve": _convolves,
    "Einsum": _equation,
    "ScaledDotProductAttention": _attends,
    "CoreAttention": _attends,
}

INPUTS: dict[str, Inputs] = {
    **dict.fromkeys(("Divide", "Power", "Compare", "Where"), to_merge),
    "TakeAlongAxis": _to_take,
    "Matmul": _to_multiply,
    "Convolve": _to_convolve,
    "Einsum": _to_contract,
    "ScaledDotProductAttention": _to_attend,
    "CoreAttention": _to_attend,
}
