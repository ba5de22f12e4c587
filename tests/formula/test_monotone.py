"""Directions read off the structure, against the values themselves."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Max, Min, Rational, Symbol
from sympy.core.cache import clear_cache

from archcalc.formula.monotone import Direction, direction
from archcalc.formula.rewrite import powers_of
from archcalc.formula.slope import slope
from archcalc.symbolic import (
    CeilDiv,
    FloorDiv,
    OrderedAdd,
    OrderedMul,
    parse,
    sum_of_products,
    symbol,
    symbols,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.sums import Index, summed
from tests.sampling import examples

MANY = examples(10)
a, b, h, k, n, s = symbols("a b h k n s")
UP, DOWN, FLAT, OPEN = (
    Direction.RISING,
    Direction.FALLING,
    Direction.CONSTANT,
    Direction.UNDECIDED,
)


def agrees(way: Direction, values: list[int]) -> bool:
    steps = {(y > x) - (y < x) for x, y in pairwise(values)}
    return not way.decided or steps <= {0, way.value}


@MANY
@given(data=st.data(), low=st.integers(1, 40), length=st.integers(0, 40), endless=st.booleans())
def test_a_decided_direction_holds(data, low, length, endless, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    name = data.draw(st.sampled_from("hks"))
    known = {symbol(name): (low, None if endless else low + length)}
    way = direction(case.expression, symbol(name), known)
    values = [case.at({**point, name: low + i}) for i in range(length + 1)]
    assert agrees(way, values), (way, values)


POWERS = st.recursive(
    st.integers(-5, 5).map(Integer) | st.just(n) | st.sampled_from([2**n, 4 ** (n - 1), n**3]),
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
        st.builds(lambda x: FloorDiv(x, 3), inner),
    ),
    max_leaves=5,
)


@MANY
@given(expression=POWERS, low=st.integers(1, 12))
def test_a_decided_direction_holds_with_powers(expression, low) -> None:
    way = direction(expression, n, {n: (low, None)})
    assert agrees(way, [evaluate(expression, {n: low + i}) for i in range(40)])


HALVED = st.recursive(
    st.sampled_from([FloorDiv(h, 2**n), CeilDiv(h, 2**n), FloorDiv(k + 2, 3 * 2 ** (n + 1))])
    | st.sampled_from([2**n, 2 ** (n + 1), 4**n, 3**n, FloorDiv(h, 4**n), h, Integer(3)]),
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
    ),
    max_leaves=5,
)


@MANY
@given(expression=HALVED, low=st.integers(1, 4), size=st.integers(1, 200))
def test_a_decided_direction_holds_of_what_is_halved(expression, low, size) -> None:
    way = direction(expression, n, {n: (low, None)})
    values = [evaluate(expression, {n: low + i, h: size, k: 3 * size}) for i in range(12)]
    assert agrees(way, values), (way, values)


@pytest.mark.parametrize(
    "expression",
    [
        CeilDiv(h, 2**n) * CeilDiv(k, 2 ** (n + 1)),
        2**n * FloorDiv(h, 2**n),
        2**n * FloorDiv(h, 2 ** (n + 1)) * FloorDiv(k, 2 ** (n + 1)),
    ],
)
def test_sizes_that_halve_fall_also_where_channels_double(expression) -> None:
    assert direction(expression, n) is DOWN


copy = Index("i")
COPIES = st.recursive(
    st.integers(-4, 9).map(Integer)
    | st.sampled_from([n, h, copy, FloorDiv(h, 2**copy), h + 2 - copy]),
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
        st.builds(lambda x, q: FloorDiv(x, q), inner, st.integers(2, 5)),
        st.builds(Max, inner, inner),
    ),
    max_leaves=5,
)


@MANY
@given(
    term=COPIES,
    count=st.sampled_from([n, 2 * n, FloorDiv(n, 2), n - 3, h, Integer(80)]),
    variable=st.sampled_from([n, h]),
    other=st.integers(1, 12),
    low=st.integers(1, 9),
)
def test_a_decided_direction_holds_of_sums(term, count, variable, other, low) -> None:
    total = summed(term, copy, count)
    way = direction(total, variable, {variable: (low, low + 6)})
    values = dict.fromkeys((h, n), other)
    numbers = [evaluate(total, {**values, variable: low + j}) for j in range(7)]
    assert agrees(way, numbers), (way, numbers)


@pytest.mark.parametrize(
    ("expression", "variable", "expected"),
    [
        (summed(FloorDiv(h, 2**copy), copy, n), n, UP),
        (summed(FloorDiv(h, 2**copy), copy, n), h, UP),
        (summed(-FloorDiv(h, 2**copy), copy, n), n, DOWN),
        (summed(FloorDiv(n, 2**copy + n), copy, k), n, OPEN),
        (Integer(7), n, FLAT),
        (7, n, FLAT),
        (k * 3, n, FLAT),
        (n, n, UP),
        (-n, n, DOWN),
        (k * n + a, n, UP),
        (k - n, n, DOWN),
        (k * n - n, n, UP),
        ((k - 5) * n, n, OPEN),
        (k * (5 - n), k, OPEN),
        (n**2 - 3 * n, n, UP),
        (n**2 - 4 * n, n, OPEN),
        ((-n - 1) ** 2, n, UP),
        ((-n - 1) ** 3, n, DOWN),
        (1 / n, n, DOWN),
        (1 / (-n) ** 2, n, DOWN),
        (k / (n + 1), n, DOWN),
        (2**n, n, UP),
        (Rational(1, 2) ** n, n, DOWN),
        (n**n, n, UP),
        (n**k, k, UP),
        (2**n - 2 * n, n, UP),
        (2**n - 3 * n, n, OPEN),
        (4**n * (3 * n - 4), n, UP),
        (FloorDiv(h - k, 2), h, UP),
        (FloorDiv(h - k, 2), k, DOWN),
        (FloorDiv(h, s), s, DOWN),
        (FloorDiv(h, s), h, UP),
        (CeilDiv(h, 2**n), n, DOWN),
        (FloorDiv(h + s, s), s, DOWN),
        (3 * n - FloorDiv(n, 2), n, UP),
        (n - FloorDiv(3 * n, 2), n, DOWN),
        (n - 2 * FloorDiv(n, 3), n, OPEN),
        (FloorDiv(n**2 - n, 2), n, UP),
        (Max(n, k), n, UP),
        (Min(-n, k), n, DOWN),
        (Max(n, -n - 1), n, UP),
        (Min(n, -n - 1), n, DOWN),
        (Max(n, 7 - n), n, OPEN),
        (sum_of_products([(k, k, n), (n,)]), n, UP),
        (OrderedAdd(1, OrderedMul(-1, n)), n, DOWN),
    ],
    ids=str,
)
def test_directions(expression, variable, expected) -> None:
    assert direction(expression, variable) is expected


def test_bounds_decide_more() -> None:
    side = parse("((29 - k)//2)**2")
    assert direction(side, k) is OPEN
    assert direction(side, k, {k: (1, 28)}) is DOWN
    assert direction(side * n, n, {k: (1, 28)}) is UP
    assert direction(n**2 - 10 * n, n, {n: (5, None)}) is UP
    assert direction(n**2 - 10 * n, n, {n: (1, 5)}) is DOWN
    assert direction(k * n - 5 * n, n, {k: (5, None)}) is UP
    assert direction(2**n - 100 * n, n, {n: (7, None)}) is UP


def test_large_polynomials_are_left_open() -> None:
    assert direction((n - 3) ** 40 - (n - 4) ** 39, n) is OPEN
    assert direction((n + 3) ** 400 + n**300, n) is UP


@pytest.mark.parametrize("way", list(Direction))
def test_only_undecided_is_undecided(way) -> None:
    assert way.decided is (way is not OPEN)


def test_a_symbol_that_sympy_has_made_anew_is_the_same() -> None:
    """sympy forgets symbols it has not met for long; the next of that name is equal to them."""
    n = symbol("n")
    e = FloorDiv(symbol("h"), 2**n)
    clear_cache()
    again = Symbol("n", integer=True, positive=True)
    assert again is not n
    assert direction(e, again) is Direction.FALLING
    assert direction(2**n + n**2 - n, again) is Direction.RISING
    assert slope(n**2, again, {n: 3}) == 6
    assert powers_of(3 * n**2, again) == {2: [3]}
