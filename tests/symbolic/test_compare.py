"""Bounds and three-valued comparison, against every number that the symbols can be."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Add, Integer, Max, Min, Rational, log, preorder_traversal, sqrt

from archcalc.symbolic import (
    CeilDiv,
    FloorDiv,
    Index,
    Relation,
    Requirement,
    Sum,
    parse,
    symbol,
    symbols,
)
from archcalc.symbolic.compare import at_least, bounds, equal, largest, smallest
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul
from tests.sampling import examples

h, k, s, w, L = symbols("h k s w L")
NAMES = (h, k, s, w)


@given(data=st.data())
def test_no_value_is_outside_the_bounds(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    low, high = bounds(case.expression)
    value = case.at(point)
    assert low is None or low <= value
    assert high is None or value <= high


# --- Where every symbol stands once and has two ends, the bounds are values that are taken --------


@st.composite
def once(draw: st.DrawFn) -> Any:
    """A formula in which every symbol stands once, and monotone in it between its ends."""
    parts = list(draw(st.permutations(NAMES)))[: draw(st.integers(1, 4))]
    made = parts.pop()
    while parts:
        other = draw(st.sampled_from([1, 2, 3])) * parts.pop() + draw(st.integers(-4, 4))
        made = draw(
            st.sampled_from(
                [made + other, made - other, made * other, Max(made, other), Min(made, other)]
            )
        )
        made = draw(st.sampled_from([made, -made, FloorDiv(made, 3), made + 5]))
    return made


_ENDS = st.tuples(st.integers(1, 6), st.integers(0, 3)).map(lambda e: (e[0], e[0] + e[1]))


@given(e=once(), ends=st.tuples(_ENDS, _ENDS, _ENDS, _ENDS))
def test_bounds_are_reached(e, ends) -> None:
    stands = [part for part in preorder_traversal(e) if part.is_Symbol]
    assume(len(stands) == len(set(stands)))  # a floor multiplies out what is in it
    known = {name: (Integer(a), Integer(b)) for name, (a, b) in zip(NAMES, ends, strict=True)}
    every = product(*(range(a, b + 1) for a, b in ends))
    values = [evaluate(e, dict(zip(NAMES, point, strict=True))) for point in every]
    assert bounds(e, known) == (min(values), max(values))


@given(
    x=st.tuples(st.integers(-9, 9), st.integers(0, 5)),
    q=st.tuples(st.integers(1, 5), st.integers(0, 4)),
    n=st.integers(1, 4),
)
def test_bounds_of_quotients_and_powers_are_reached(x, q, n) -> None:
    # with a number before the symbol, so that what is divided can be negative
    known = {h: (Integer(1), Integer(1 + x[1])), s: (Integer(q[0]), Integer(q[0] + q[1]))}
    over, divisors = range(x[0], x[0] + x[1] + 1), range(q[0], q[0] + q[1] + 1)
    quotients = [a // b for a in over for b in divisors]
    assert bounds(FloorDiv(h + (x[0] - 1), s), known) == (min(quotients), max(quotients))
    powers = [b**n for b in divisors]
    assert bounds(s**n, known) == (min(powers), max(powers))
    powers = [n**b for b in divisors]
    assert bounds(Integer(n) ** s, known) == (min(powers), max(powers))


i = Index("i")


@st.composite
def bounded(draw: st.DrawFn) -> Any:
    """A formula of every kind of part, where a symbol may stand more than once."""
    leaf = (
        st.sampled_from([h, k, s, w, h - 3, k - 5, 4 - w, Max(s - 3, 0)])
        | st.integers(-4, 4).map(Integer)
        | st.just(Rational(-3, 2))
    )

    def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        two = st.tuples(inner, inner)
        return st.one_of(
            two.map(lambda p: p[0] + p[1]),
            two.map(lambda p: p[0] - p[1]),
            two.map(lambda p: p[0] * p[1]),
            two.map(lambda p: Max(*p)),
            two.map(lambda p: Min(*p)),
            two.map(lambda p: FloorDiv(p[0], Max(p[1], 1) + 1)),
            inner.map(lambda p: p**2),
            inner.map(lambda p: p**3),
            inner.map(lambda p: (Max(p, 0) + 1) ** -2),
            inner.map(lambda p: (Max(p, 0) + 1) ** s),
            inner.map(lambda p: (Max(p, 0) + 1) ** Max(w - 2, 0)),
        )

    return draw(st.recursive(leaf, larger, max_leaves=5))


@settings(max_examples=min(3 * settings().max_examples, 200))
@given(e=bounded(), ends=st.tuples(_ENDS, _ENDS, _ENDS, _ENDS), open_=st.sets(st.integers(0, 7)))
def test_known_ends_hold_and_may_be_open(e, ends, open_) -> None:
    """With each end of each symbol known or not: what is found holds in every corner."""
    known = {
        name: tuple(
            None if 2 * place + which in open_ else Integer(end) for which, end in enumerate(pair)
        )
        for place, (name, pair) in enumerate(zip(NAMES, ends, strict=True))
    }
    low, high = bounds(e, known)
    used = [name in e.free_symbols for name in NAMES]
    corners = [{a, b} if use else {a} for (a, b), use in zip(ends, used, strict=True)]
    for point in product(*corners):
        value = evaluate(e, dict(zip(NAMES, point, strict=True)))
        assert low is None or low <= value
        assert high is None or value <= high


@given(
    copies=st.tuples(st.integers(0, 4), st.integers(0, 3)),
    step=st.integers(-7, 7),
    h_end=st.integers(1, 9),
)
def test_bounds_of_sums_over_copies(copies, step: int, h_end: int) -> None:
    # a divisor of 11 leaves no closed form, whatever the step
    fewest, most = copies[0], sum(copies)
    term = FloorDiv(step * i + h + k, 11) if step else FloorDiv(h + i, 11)
    known = {h: (Integer(h_end), Integer(h_end)), k: (Integer(1), Integer(3))}
    e = Sum(term, (i, 0, L - 1))
    low, high = bounds(e, {**known, L: (Integer(fewest), Integer(most))})
    for n, other in product(range(fewest, most + 1), range(1, 4)):
        terms = [evaluate(term, {h: h_end, k: other, i: copy}) for copy in range(n)]
        assert low <= sum(terms) <= high
    ends = [[evaluate(term, {h: h_end, k: other, i: copy}) for copy in range(max(most, 1))]
            for other in (1, 3)]  # fmt: skip
    smallest_term, largest_term = min(min(ends)), max(max(ends))
    counts = (fewest, most)
    assert low == min(n * smallest_term for n in counts)
    assert high == max(n * largest_term for n in counts)


@given(st.integers(-5, 5), st.integers(0, 4), st.integers(0, 4))
def test_bounds_of_a_power_whose_exponent_is_known(a: int, width: int, n: int) -> None:
    ends = (Integer(a), Integer(a + width))
    low, high = bounds(h**k, {h: ends, k: (Integer(n), Integer(n))})
    powers = [base**n for base in range(a, a + width + 1)]
    assert low is None or low <= min(powers)
    assert high is None or high >= max(powers)
    if a >= 0:
        assert (low, high) == (min(powers), max(powers))


def test_roots_and_what_is_no_arithmetic_have_no_wrong_bounds() -> None:
    assert bounds(log(h)) == bounds(h + log(k)) == (None, None)
    assert bounds((sqrt(h + 1) + 1) ** k) == (2, None)
    low, high = bounds(
        (h + 1) ** (k / 2), {h: (Integer(1), Integer(6)), k: (Integer(3), Integer(5))}
    )
    assert low <= 2**1.5
    assert 7**2.5 <= high < 7**4
    assert bounds(sqrt(h)) == (1, None)


@pytest.mark.parametrize(
    ("e", "ends"),
    [
        (5, (5, 5)),
        (h, (1, None)),
        (i, (0, None)),
        (-h, (None, -1)),
        (h - k, (None, None)),
        (h * k + 2, (3, None)),
        (-2 * h * k, (None, -2)),
        ((1 - h) * k, (None, 0)),
        ((h - 1) * (k + 1), (0, None)),
        ((2 - h) * k, (None, None)),
        ((1 - h) * (1 - k), (0, None)),
        ((h - 1) * (Min(k, 3) - 3), (None, 0)),
        ((h - k) * (Min(h, 2) - Min(k, 2)), (None, None)),
        (FloorDiv(7, h), (0, 7)),
        (FloorDiv(-7, h), (-7, -1)),
        (FloorDiv(h + 7, k), (0, None)),
        (FloorDiv(-h, k), (None, -1)),
        (FloorDiv(-h - 6, k), (None, -1)),
        (FloorDiv(-h - 6, k + 1), (None, -1)),
        (FloorDiv(h, k + 1), (0, None)),
        (FloorDiv(7, h - k), (None, None)),
        (FloorDiv(7, 3 - h), (None, None)),
        (FloorDiv(7, h - 1), (None, None)),
        (2**h, (2, None)),
        (h**k, (1, None)),
        ((h + 1) ** i, (1, None)),
        (2 ** (h - k), (None, None)),
        ((h - 1) ** k, (None, None)),
        (h**-1, (0, None)),
        ((h - k) ** -1, (None, None)),
        ((h - k) ** 2, (0, None)),
        ((h - k) ** 3, (None, None)),
        (i**-1, (None, None)),
        (h**3, (1, None)),
        (Max(h, 7), (7, None)),
        (Max(7 - h, 3), (3, 6)),
        (Min(h, 7), (1, 7)),
        (Min(h - k, 7), (None, 7)),
        (Max(h - k, 7), (7, None)),
        (h + Rational(1, 2), (Rational(3, 2), None)),
        (OrderedMul(2, OrderedAdd(h, 3)), (8, None)),
        (Sum(FloorDiv(h, 2**i), (i, 0, k - 1)), (0, None)),
        (Sum(FloorDiv(-h, 2**i), (i, 0, k - 1)), (None, -1)),
        (Sum(FloorDiv(-h, 2**i), (i, 0, k - 2)), (None, 0)),
        (Sum(FloorDiv(7, i + 1), (i, 0, Min(k, 9) - 1)), (0, 63)),
        (Sum(FloorDiv(h + 7, i + h), (i, 0, k - 2)), (0, None)),
    ],
    ids=str,
)
def test_ends_without_an_end(e, ends) -> None:
    assert bounds(e) == ends


def test_known_ends_are_used_and_no_number_becomes_enormous() -> None:
    assert bounds(h - k, {h: (Integer(5), None), k: (Integer(0), Integer(3))}) == (2, None)
    assert bounds(h**k, {h: (Integer(2), Integer(3)), k: (Integer(1), Integer(4))}) == (2, 81)
    assert bounds(h**k, {h: (Integer(2), Integer(3)), k: (Integer(2), None)}) == (4, None)
    assert bounds(2 ** (k - 5), {k: (Integer(1), Integer(4))}) == (None, None)
    assert bounds(2**h, {h: (Integer(1), Integer(10**7))}) == (None, None)
    assert bounds(3 ** (h + 10**6)) == (None, None)
    assert bounds(h**2, {h: (Integer(0), Integer(3))}) == (0, 9)
    assert bounds(h * k, {h: (Integer(0), Integer(0))}) == (0, 0)
    assert bounds(k * h, {k: (Integer(0), Integer(0)), h: (None, None)}) == (0, 0)


# --- Comparison -----------------------------------------------------------------------------------


@given(data=st.data())
def test_what_is_decided_holds_everywhere(data, formulas, points) -> None:
    a, b, point = data.draw(formulas), data.draw(formulas), data.draw(points)
    first, second = a.at(point), b.at(point)
    assert at_least(a.expression, b.expression) in (None, first >= second)
    assert equal(a.expression, b.expression) in (None, first == second)
    numbers = {name: point[name.name] for name in NAMES}
    assert evaluate(smallest(a.expression, b.expression), numbers) == min(first, second)
    assert evaluate(largest(a.expression, b.expression), numbers) == max(first, second)


@pytest.mark.parametrize(
    ("a", "b", "no_less", "same"),
    [
        (5, 5, True, True),
        (5, 7, False, False),
        (7, 5, True, False),
        (h, h, True, True),
        (h, 1, True, None),
        (1, h, None, None),
        (h + 1, 1, True, False),
        (0, h, False, False),
        (h, 7, None, None),
        (h, k, None, None),
        (2 * (h + 1), 2 * h + 2, True, True),
        (h * (k + 1), h * k, True, False),
        (h * k, h * (k + 1), False, False),
        (OrderedMul(2, OrderedAdd(h, 1)), 2 * h + 2, True, True),
        (OrderedMul(2, OrderedAdd(h, 1)), OrderedAdd(h, h, 1), True, False),
    ],
    ids=str,
)
def test_three_values(a, b, no_less, same) -> None:
    assert at_least(a, b) is no_less
    assert equal(a, b) is same
    assert equal(b, a) is same


@given(
    st.integers(2, 5), st.integers(-9, 9), st.integers(-9, 9), st.integers(-3, 3),
    st.integers(-3, 3),
)  # fmt: skip
def test_floors_of_one_thing_by_one_divisor_are_ordered(q, a, b, c, d) -> None:
    in_order(q, 1, FloorDiv(h + a, q) + c, h + d)
    in_order(q, q + 1, FloorDiv(h + a, q) + c, FloorDiv(h + b, q + 1) + d)
    one, other = FloorDiv(h + a, q) + c, FloorDiv(h + b, q) + d
    low, high = smallest(one, other), largest(one, other)
    assert {low, high} == {one, other}
    in_order(q, q, one, other)


def in_order(q: int, p: int, one: Any, other: Any) -> None:
    low, high = smallest(one, other), largest(one, other)
    for n in [*range(1, 2 * p * q + 1), 200]:
        values = evaluate(one, {h: n}), evaluate(other, {h: n})
        assert (evaluate(low, {h: n}), evaluate(high, {h: n})) == (min(values), max(values))


@examples(2)
@given(data=st.data(), more=st.integers(-3, 3), floor=st.booleans())
def test_what_is_decided_is_one_of_the_two(data, formulas, more: int, floor: bool) -> None:
    a, one = data.draw(formulas).expression, data.draw(formulas).expression
    b = a + (FloorDiv(one**2 + 1, 2) if floor else one**2 + 1) * more
    no_less = at_least(a, b)
    if no_less is not None:
        assert {largest(a, b), smallest(a, b)} == {a, b}
        if not (no_less and at_least(b, a)):  # or they are one number, written in two ways
            assert (largest(a, b) if no_less else smallest(a, b)) == a
            assert (smallest(b, a) if no_less else largest(b, a)) == b


def test_of_two_that_are_one_number_either_is_the_larger() -> None:
    nothing = FloorDiv(FloorDiv(1, s + 1) ** 2 + 1, 2)
    assert at_least(nothing, 0) is at_least(0, nothing) is True
    assert {largest(nothing, 0), smallest(nothing, 0)} == {nothing, Integer(0)}


def test_what_is_not_decided_is_said_as_a_maximum() -> None:
    assert smallest(h, k) == Min(h, k)
    assert largest(h, k) == Max(h, k)
    assert largest(h, 1) == h
    assert smallest(h, 1) == 1
    assert smallest(1, h) == 1
    assert smallest(2, 3) == 2
    assert largest(FloorDiv(h, 2), FloorDiv(h, 3)) == Max(FloorDiv(h, 2), FloorDiv(h, 3))
    assert smallest(FloorDiv(h, 2), FloorDiv(k, 2)) == Min(FloorDiv(h, 2), FloorDiv(k, 2))
    assert largest(CeilDiv(h, 2), FloorDiv(h, 2)) == CeilDiv(h, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ceil(c/2) + c//2", "c"),
        ("c//3 + (c + 1)//3 + (c + 2)//3", "c"),
        ("2*((c*c + c)//2)", "c*c + c"),
        ("(c*k)//2 + ceil(c*k/2)", "c*k"),
        ("(c%4)//2*2 + c%2", "c%4"),
        ("(c//2 + 1)//2", "(c + 2)//4"),
    ],
)
def test_residue_classes_decide_what_is_equal(one: str, other: str) -> None:
    assert equal(parse(one), parse(other)) is True
    assert equal(parse(one) + 1, parse(other)) is not True


def test_a_part_is_no_larger_than_the_whole() -> None:
    assert smallest(h, FloorDiv(h, 2)) == FloorDiv(h, 2)
    assert largest(CeilDiv(2 * h, 3), h) == h
    assert smallest(FloorDiv(3 * h, 2), h) == h


def test_what_is_true_of_some_classes_stays_open() -> None:
    assert equal(2 * FloorDiv(h, 2), h) is None
    assert equal(FloorDiv(h, 2) + FloorDiv(h, 3), h) is None
    assert at_least(h, 2 * FloorDiv(h, 2) + 1, by_classes=True) is None


@pytest.mark.parametrize("left", ["c - 2*(c//2)", "ceil(c/3)*3 - c", "c*c - 4*((c//2)*(c//2))"])
def test_residue_classes_decide_what_is_not_negative(left: str) -> None:
    asked = Requirement(parse(left), Relation.AT_LEAST, 0, "no", code="no")
    assert asked.holds() is True


@given(
    terms=st.lists(
        st.tuples(
            st.integers(-3, 3), st.integers(1, 3), st.integers(0, 4), st.sampled_from([1, 2, 3, 4])
        ),
        min_size=2,
        max_size=4,
    ),
    name=st.sampled_from(["c", "i"]),
)
def test_classes_decide_as_all_numbers_do(terms, name: str) -> None:
    c = symbol("c") if name == "c" else Index("i")
    e = Add(*[times * FloorDiv(a * c + b, q) for times, a, b, q in terms])
    first = 1 if name == "c" else 0
    values = [
        sum(times * ((a * x + b) // q) for times, a, b, q in terms)
        for x in range(first, first + 25)
    ]
    answer = equal(e, 0)
    assert answer is None or answer == (not any(values)) or (answer is False and 0 not in values)
    if not any(values):
        assert answer is True
    if at_least(e, 0, by_classes=True):
        assert min(values) >= 0
