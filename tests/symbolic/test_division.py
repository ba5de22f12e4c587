"""Exact floor division against Python's own ``//``."""

from __future__ import annotations

import math
from fractions import Fraction
from math import gcd, prod
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Expr, Integer, Max, Min, Rational

from archcalc.symbolic import (
    ArithmeticRuleError,
    CeilDiv,
    FloorDiv,
    ceil_div,
    floor_div,
    symbol,
    symbols,
)
from archcalc.symbolic.division import least_value
from tests.sampling import examples

b, c, h, k, L, s, w = symbols("b c h k L s w")

MANY = examples(10, nightly=20_000)
DIVISORS = st.integers(1, 40)
NUMBERS = st.integers(-(10**20), 10**20)


def meaning(e: Expr, values: dict[str, int]) -> Any:
    """The value of a canonical form by Python's arithmetic, rule by rule, without archcalc."""
    if e.is_Symbol:
        return values[e.name]
    if e.is_Integer:
        return int(e)
    parts = [meaning(a, values) for a in e.args]
    if isinstance(e, FloorDiv):
        return parts[0] // parts[1]
    fold = {"Add": sum, "Mul": prod, "Pow": lambda p: p[0] ** p[1], "Max": max, "Min": min}
    return fold[type(e).__name__](parts)


def put(e: Expr, values: dict[str, int]) -> Expr:
    return e.xreplace({symbol(name): Integer(n) for name, n in values.items()})


# --- Random formulas -----------------------------------------------------------------------------


@MANY
@given(data=st.data())
def test_every_formula_means_what_python_says(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    assert meaning(case.expression, point) == case.at(point)


@given(data=st.data())
def test_symbols_then_numbers_is_numbers(data, formulas, points) -> None:
    case, point = data.draw(formulas), data.draw(points)
    assert put(case.expression, point) == case.at(point)


@given(data=st.data())
def test_numbers_in_two_steps_are_numbers_in_one(data, formulas, points) -> None:
    case, point = data.draw(formulas), data.draw(points)
    first = {name: point[name] for name in data.draw(st.sets(st.sampled_from(list(point))))}
    assert put(put(case.expression, first), point) == case.at(point)


@given(data=st.data())
def test_the_form_is_reached_at_once(data, all_formulas) -> None:
    e = data.draw(all_formulas).expression
    assert all(d.func(*d.args) == d for d in e.atoms(FloorDiv))


@given(data=st.data())
def test_r3_and_r5_hold_in_every_result(data, formulas) -> None:
    for division in data.draw(formulas).expression.atoms(FloorDiv):
        if division.divisor.is_Integer:
            q = int(division.divisor)
            constant, rest = division.numerator.as_coeff_Add()
            coefficients = [int(term.as_coeff_Mul()[0]) for term in rest.as_ordered_terms()]
            assert 0 <= constant < q
            assert gcd(q, *coefficients) == 1
            assert all(n % q for n in coefficients)


# --- Each rule by itself -------------------------------------------------------------------------


@given(NUMBERS, NUMBERS.filter(bool))
def test_r1_integers_fold_as_in_python(x: int, q: int) -> None:
    assert FloorDiv(x, q) == floor_div(x, q) == x // q
    assert CeilDiv(x, q) == ceil_div(x, q) == -(-x // q)
    assert type(floor_div(x, q)) is int


@given(data=st.data())
def test_r1_by_one_is_the_same(data, formulas) -> None:
    e = data.draw(formulas).expression
    assert FloorDiv(e, 1) == CeilDiv(e, 1) == e


@pytest.mark.parametrize("x", [0, 7, -7, h, h - h], ids=str)
@pytest.mark.parametrize("divide", [FloorDiv, CeilDiv, floor_div, ceil_div])
def test_r1_zero_divides_nothing(divide, x) -> None:
    with pytest.raises(ArithmeticRuleError, match="divided by zero") as caught:
        divide(x, 0)
    assert caught.value.code == "zero-divisor"
    with pytest.raises(ZeroDivisionError):
        divide(x, s - s)


@given(data=st.data(), q=DIVISORS)
def test_r2_multiples_of_the_divisor_come_out(data, polynomials, q: int) -> None:
    others = {h: b, k: c, s: L, w: symbol("t")}  # 3·h stays whole over 2: only multiples come out
    t = data.draw(polynomials).expression.expand().xreplace(others)
    r = data.draw(polynomials).expression.expand()
    assert FloorDiv(q * t + r, q).expand() == (t + FloorDiv(r, q)).expand()


@given(st.integers(-500, 500), DIVISORS)
def test_r3_the_constant_is_reduced(n: int, q: int) -> None:
    assert FloorDiv(h + n, q) == FloorDiv(h + n % q, q) + n // q


@given(data=st.data(), m=DIVISORS, n=DIVISORS, constant=st.integers(-99, 99))
def test_r4_a_floor_in_a_floor_is_one(data, polynomials, m: int, n: int, constant: int) -> None:
    x = data.draw(polynomials).expression
    nested = FloorDiv(FloorDiv(x, m) + constant, n)
    assert nested == FloorDiv(x + constant * m, m * n)


@given(data=st.data(), g=DIVISORS, q=DIVISORS, constant=st.integers(-99, 99))
def test_r5_a_common_factor_cancels(data, polynomials, g: int, q: int, constant: int) -> None:
    x = data.draw(polynomials).expression
    both = FloorDiv(g * x + constant, g * q), FloorDiv(x + constant // g, q)
    assert both[0].expand() == both[1].expand()  # h·(h + 1) stays so where nothing is divided


@given(data=st.data(), q=DIVISORS)
def test_r6_a_ceiling_is_a_floor(data, formulas, points, q: int) -> None:
    case, point = data.draw(formulas), data.draw(points)
    assert CeilDiv(case.expression, q) == FloorDiv(case.expression + q - 1, q)
    assert meaning(CeilDiv(case.expression, q), point) == -(-case.at(point) // q)


@given(data=st.data(), q=DIVISORS)
def test_r7_a_symbolic_divisor_cancels_exactly(data, polynomials, q: int) -> None:
    x = data.draw(polynomials).expression.expand()
    assert FloorDiv(x * s, s).expand() == x
    assert FloorDiv(x * s * w, q * s * w) == FloorDiv(x, q)
    assert FloorDiv(x * (s + 1), s + 1).expand() == x


def test_r7_or_stays_opaque() -> None:
    assert FloorDiv(h, s).args == (h, s)
    assert FloorDiv(h + s, s) == FloorDiv(h, s) + 1
    assert FloorDiv(h, s + 1).args == (h, s + 1)


@given(data=st.data())
def test_no_value_is_below_the_least(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    least = least_value(case.expression)
    assert least is None or least <= case.at(point)


@pytest.mark.parametrize(
    ("e", "least"),
    [
        (2 * h + k - 3, 0),
        (h - k, None),
        ((h - k) ** 2, 0),
        ((h - k) ** 3, None),
        (2 ** (L - 1), 1),
        (2 ** (L - 5), 0),
        (FloorDiv(h, 2), 0),
        (FloorDiv(h - k, 2), None),
        (Max(h - k, 3), 3),
        (Min(h - k, 3), None),
        (Min(h, 3), 1),
        ((-h) * k, None),
        (Rational(1, 2), 0),
        (Rational(-1, 2), -1),
        (FloorDiv(h - 1, k), 0),
        (FloorDiv(h, k), 0),
        (FloorDiv(h, k - 1), None),
        (FloorDiv(h - 1, k) * 3 + 2, 2),
        ((h - 1) ** k, 0),
        ((h + 1) ** k, 2),
        ((h + 1) ** (k - 1), 1),
        ((h - 1) ** (k - 1), 0),
        (h ** (1 - k), 0),
        ((h - 1) ** (1 - k), None),
        ((h - k) ** (s - 1), None),
        (Min(h, k + 4), 1),
        (Max(h + 1, k + 4), 5),
        ((h + 1) * (k + 2), 6),
        ((h - 2) * (k + 2), None),
    ],
    ids=str,
)
def test_the_least_value(e, least) -> None:
    assert least_value(e) == least


@given(data=st.data(), q=DIVISORS)
def test_the_functions_are_the_heads(data, formulas, points, q: int) -> None:
    case, point = data.draw(formulas), data.draw(points)
    assert floor_div(case.expression, q) == FloorDiv(case.expression, q)
    assert ceil_div(case.expression, q) == CeilDiv(case.expression, q)
    assert meaning(CeilDiv(case.expression, s), point) == -(-case.at(point) // point["s"])
    assert type(floor_div(q * s, s)) is type(ceil_div(q * s, s)) is int
    assert type(floor_div(Integer(7), q)) is type(ceil_div(7, q)) is int


def test_a_sign_is_known_where_the_parts_have_one() -> None:
    assert FloorDiv(h, 2).is_nonnegative is True
    assert FloorDiv(h - 1, k).is_nonnegative is True
    assert FloorDiv(h - k, 2).is_nonnegative is None
    assert FloorDiv(-h, 2).is_nonnegative is None


@pytest.mark.parametrize("divide", [FloorDiv, CeilDiv])
def test_what_may_be_no_integer_is_still_rounded_as_python_rounds(divide) -> None:
    rounded = math.floor if divide is FloorDiv else math.ceil
    for n in range(1, 12):
        for x, exact in [
            (Max(h / 2, 3), max(Fraction(n, 2), 3)),
            (Min(h / 2, 3) + k / 2, min(Fraction(n, 2), 3) + 2),
            (2 ** (h - 5), Fraction(2) ** (n - 5)),
            (h / 3 - k / 5, Fraction(n, 3) - Fraction(4, 5)),
            (h**2 / 4, Fraction(n * n, 4)),
        ]:
            for q in (1, 2, 3, -2):
                assert put(divide(x, q), {"h": n, "k": 4}) == rounded(exact / q)
            assert put(divide(x, k), {"h": n, "k": 4}) == rounded(exact / 4)
            assert put(divide(x, -k), {"h": n, "k": 4}) == rounded(exact / -4)


@given(
    st.lists(st.sampled_from([h, k, s, L, h * s, k * s**2, 3 * s, s * L, 2 * s * w, Integer(7)]),
             min_size=1, max_size=4),
    st.sampled_from([s, 2 * s, s * w, s**2, 6 * s * w, 2**L, 4 * 2**L, 2 ** (L + 1), s + w,
                     2 * s + 2, s - w]),
    st.integers(-6, 6), st.integers(-20, 20),
)  # fmt: skip
def test_r7_means_what_python_says(terms, q, times: int, constant: int) -> None:
    x = (
        sum((times if n % 2 else 1) * term for n, term in enumerate(terms)) * h
        + constant
        + times * q
    )
    for numbers in ((1, 2, 3, 4, 5), (7, 1, 9, 2, 1), (29, 6, 2, 3, 7), (3, 3, 1, 1, 2)):
        point = dict(zip("hksLw", numbers, strict=True))
        above, under = meaning(Integer(0) + x, point), meaning(q, point)
        if under:
            assert meaning(FloorDiv(x, q), point) == above // under


@given(st.tuples(*[st.integers(0, 3)] * 3))
def test_r7_the_smallest_of_symbolic_powers_cancels(shifts: tuple[int, int, int]) -> None:
    """``k^(L + 1)/k^L`` used to stay as it is, to be divided again without end."""
    low = min(shifts)
    first, second, under = (k ** (L + shift) for shift in shifts)
    one, two, left = (k ** (shift - low) for shift in shifts)
    assert FloorDiv(h * first + s * second, w * under) == FloorDiv(h * one + s * two, w * left)
    assert FloorDiv(6 * h * first, 4 * w * under) == FloorDiv(3 * h * first, 2 * w * under)


def test_r7_powers_that_nobody_can_compare_stay() -> None:
    e = FloorDiv(h * k**L + s * k**c, w * k**b)
    assert e.args == (h * k**L + s * k**c, w * k**b)


# --- What the rules are for ----------------------------------------------------------------------


def test_five_convolutions_of_stride_two_are_one_ceiling() -> None:
    size = h
    for _ in range(5):
        size = FloorDiv(size + 2 - 3, 2) + 1
    assert size == CeilDiv(h, 32) == FloorDiv(h + 31, 32)


def test_a_floor_that_sympy_drops_stays() -> None:
    e = FloorDiv(b * (24 * c + 672), 22)
    assert e.has(FloorDiv)
    assert meaning(e, {"b": 1, "c": 1}) == 696 // 22


def test_products_inside_sums_are_multiplied_out() -> None:
    assert FloorDiv(h * (w + 1) - h * w, 2) == FloorDiv(h, 2)


def test_fractions_are_cleared_first() -> None:
    assert FloorDiv(h / 2 + 1, 2) == FloorDiv(h + 2, 4)
    assert CeilDiv(h / 2, 1) == CeilDiv(h, 2)
    assert FloorDiv(h / s, k) == FloorDiv(h, s * k)


def test_a_power_of_two_below_one_is_no_integer() -> None:
    """``2**(L - 1)`` used to be torn into ``2**L/2``, and ``2**(L - 5)`` taken out of a floor."""
    for n in range(1, 9):
        point = {"L": n, "s": 3}
        assert put(FloorDiv(2 ** (L - 1), 4), point) == 2 ** (n - 1) // 4
        assert put(FloorDiv(8 * 2 ** (L - 5), 4), point) == 2**n // 16
        assert put(FloorDiv(2**L * s, 8 * s), point) == 2**n // 8
        assert put(FloorDiv(FloorDiv(h, 3), 2 ** (L - 5)), point | {"h": 17}) == 5 * 32 // 2**n


def test_the_floor_of_a_fraction_in_a_maximum_stays() -> None:
    for choose, plain in ((Max, max), (Min, min)):
        e = FloorDiv(choose(h / 2, 3), 1)
        assert [put(e, {"h": n}) for n in range(1, 12)] == [plain(n // 2, 3) for n in range(1, 12)]


def test_a_divisor_of_unknown_sign_merges_nothing() -> None:
    e = FloorDiv(FloorDiv(h, 2), s - k)
    assert put(e, {"h": 5, "s": 1, "k": 3}) == (5 // 2) // -2


def test_a_negative_divisor_turns_the_fraction() -> None:
    assert CeilDiv(7, -2) == -3
    assert FloorDiv(h, -2) == FloorDiv(-h, 2)


def test_sparse_divisors_of_high_degree_are_quick() -> None:
    """A search for a common divisor of these did not end."""
    x, q = b**999 * c**999 * h**999 + 1, b**998 * c**998 * h**998 + b * c * h + 1
    assert FloorDiv(x, q).args == (x, q)
    assert FloorDiv(((h + k) * (h + w)).expand(), h + w) == h + k


def test_half_is_half() -> None:
    assert FloorDiv(Rational(1, 2), 1) == 0
    assert CeilDiv(Rational(1, 2), 1) == 1


@pytest.mark.parametrize(
    ("numerator", "divisor", "floor", "ceiling"),
    [
        (64 * (k + 1), 31 * (k + 1), 2, 3),
        (64 * k + 64 + 31 * h * (k + 1), 31 * (k + 1), h + 2, h + 3),
        (64 * (k + 1) ** 2, 31 * (k + 1), FloorDiv(64 * k + 64, 31), CeilDiv(64 * k + 64, 31)),
        (h * (k + 1), 2 * (k + 1), FloorDiv(h, 2), CeilDiv(h, 2)),
        (3 * h * (k + 1), 2 * w * (k + 1), FloorDiv(3 * h, 2 * w), CeilDiv(3 * h, 2 * w)),
        (7 * h * (k + 1), 2 * (k + 1) ** 2, FloorDiv(7 * h, 2 * k + 2), CeilDiv(7 * h, 2 * k + 2)),
        (2 * h + 4 * k, 3 * h + 6 * k, 0, 1),
    ],
)
def test_a_sum_shared_with_the_divisor_cancels(numerator, divisor, floor, ceiling) -> None:
    assert FloorDiv(numerator, divisor) == floor
    assert CeilDiv(numerator, divisor) == ceiling


@given(
    sums=st.lists(st.tuples(*[st.integers(-5, 5)] * 2, st.integers(0, 5)), min_size=3, max_size=3),
    numbers=st.tuples(st.integers(-40, 40), st.integers(1, 12)),
    point=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_shared_sums_cancel_exactly(sums, numbers, point) -> None:
    one, other, shared = (i * h + j * k + n for i, j, n in sums)
    above, under = numbers[0] * one * shared, numbers[1] * (other + 1) * shared
    at = dict(zip("hk", point, strict=True))
    over, by = (int(e.xreplace({h: point[0], k: point[1]})) for e in (above, under))
    assume(by > 0)
    assert put(FloorDiv(above, under), at) == over // by
    assert put(CeilDiv(above, under), at) == -(-over // by)
