"""Evaluation at numbers: exact, and bounded."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Pow, Rational, sqrt

from archcalc.symbolic import (
    ArithmeticRuleError,
    EvaluationError,
    FloorDiv,
    Index,
    Sum,
    symbols,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul

h, k, s, w, L = symbols("h k s w L")
i = Index("i")


@given(data=st.data())
def test_is_what_python_computes(data, all_formulas, sums, points) -> None:
    case, point = data.draw(all_formulas | sums), data.draw(points)
    value = evaluate(case.expression, {n: point[n.name] for n in (h, k, s, w)})
    assert value == case.at(point)
    assert isinstance(value, int)


@given(st.integers(-6, 6), st.integers(-6, 6).filter(bool), st.integers(-4, 4))
def test_fractions_are_exact(a: int, b: int, n: int) -> None:
    numbers = {h: a, k: b}
    if a:
        power = evaluate(Pow(h / k, n), numbers)
        assert power == Fraction(a, b) ** n
        assert isinstance(power, int) == ((Fraction(a, b) ** n).denominator == 1)
    assert evaluate(h / k + Rational(1, 3), numbers) == Fraction(a, b) + Fraction(1, 3)
    assert evaluate(FloorDiv(h, k), numbers) == a // b
    assert evaluate(OrderedAdd(OrderedMul(h, k), 2), numbers) == a * b + 2


def test_a_number_is_itself() -> None:
    assert evaluate(7, {}) == 7
    assert evaluate(Integer(7), {}) == 7
    assert evaluate(Rational(1, 2), {}) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("e", "numbers", "said"),
    [
        (h + k, {h: 1}, "k has no number"),
        (sqrt(h), {h: 4}, "the exponent 1/2 is not a whole number"),
        (2**h, {h: 500_001}, r"2\^500001 is too large to compute; use smaller values"),
        (2**-h, {h: 500_001}, r"2\^-500001 is too large"),
        ((h / k) ** L, {h: 1, k: 2, L: 500_001}, r"\(1/2\)\^500001 is too large"),
        (Sum(FloorDiv(i * i, h), (i, 0, L - 1)), {h: 2, L: 20_001},
         "a sum of 20001 terms cannot be computed; a whole number of terms, 20,000 at most, can"),
        (Sum(FloorDiv(i, h), (i, 0, L / 2 - 1)), {h: 2, L: 3}, r"of Fraction\(3, 2\) terms cannot"),
        (Sum(FloorDiv(i, h), (i, 0, L - 1)), {h: 2, L: 10**5000}, "of an integer of 16,610 bits"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_said(e, numbers, said: str) -> None:
    with pytest.raises(EvaluationError, match=said):
        evaluate(e, numbers)


def test_what_can_just_be_computed() -> None:
    assert evaluate(2**h, {h: 500_000}) == 2**500_000
    assert evaluate(k**h, {h: 10**12, k: 1}) == 1
    assert evaluate(k**h, {h: 10**12 + 1, k: -1}) == -1
    assert evaluate(k**h, {h: 10**5, k: 0}) == 0
    most = {h: 2, L: 20_000}
    assert evaluate(Sum(FloorDiv(i, h), (i, 0, L - 1)), most) == sum(n // 2 for n in range(20_000))


@pytest.mark.parametrize("e", [FloorDiv(h, k), 1 / k, k**-h, (h + 1) / k], ids=str)
def test_nothing_is_divided_by_zero(e) -> None:
    with pytest.raises(ArithmeticRuleError):
        evaluate(e, {h: 3, k: 0})
    assert evaluate(k**h, {h: 0, k: 0}) == 1
