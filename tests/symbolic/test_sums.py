"""Sums over copies: the closed form, the exact sum and Python's own loop agree."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational

from archcalc.formula import Formula
from archcalc.symbolic import (
    EvaluationError,
    ExpressionError,
    FloorDiv,
    Index,
    Sum,
    bounds,
    evaluate,
    parse,
    summed,
    symbol,
    symbols,
    to_latex,
    to_mathml,
    to_numpy,
    to_python,
    to_text,
)
from archcalc.symbolic.division import is_whole, least_value
from archcalc.symbolic.ordered import OrderedMul
from archcalc.symbolic.sums import _size, index_for

c, h, L, n, x = symbols("c h L n x")
i, j = Index("i"), Index("j")


def at(e, **values):
    return evaluate(e, {symbol(name): value for name, value in values.items()})


@given(
    terms=st.lists(
        st.tuples(
            st.integers(-9, 9),
            st.integers(0, 6),
            st.fractions(Fraction(1, 4), 5, max_denominator=4),
        ),
        min_size=1,
        max_size=4,
    ),
    count=st.integers(0, 12),
)
def test_polynomials_times_powers_have_a_closed_form(terms, count: int) -> None:
    term = sympy.Add(*[a * i**p * Rational(r) ** i for a, p, r in terms])
    closed = summed(term, i, L)
    assert not sympy.sympify(closed).has(sympy.Sum)
    looped = sum(a * number**p * r**number for number in range(count) for a, p, r in terms)
    assert at(closed, L=count) == looped


@given(data=st.data())
def test_means_what_python_means(data, sums, points) -> None:
    case, point = data.draw(sums), data.draw(points)
    numbers = {symbol(name): Integer(value) for name, value in point.items()}
    assert at(case.expression, **point) == case.at(point)
    assert case.expression.xreplace(numbers) == case.at(point)


@given(data=st.data())
def test_numbers_in_two_steps_are_numbers_in_one(data, sums, points) -> None:
    case, point = data.draw(sums), data.draw(points)
    first = data.draw(st.sets(st.sampled_from(list(point))))
    formula = Formula(case.expression)
    values = {s.name: point[s.name] for s in formula.symbols}
    half = formula(**{name: v for name, v in values.items() if name in first})
    left = {name: v for name, v in values.items() if name not in first}
    if isinstance(half, Formula):
        left = {s.name: left[s.name] for s in half.symbols}
        half = half(**left)
    assert half == case.at(point)


@given(data=st.data())
def test_what_is_printed_is_read_back(data, sums, points) -> None:
    case, point = data.draw(sums), data.draw(points)
    for text in (to_text(case.expression), to_python(case.expression)):
        again = parse(text)
        numbers = {symbol(name): value for name, value in point.items()}
        assert evaluate(again, numbers) == case.at(point)
    assert to_latex(case.expression).count("{") == to_latex(case.expression).count("}")
    assert to_mathml(case.expression).startswith("<math")


@given(
    sizes=st.lists(st.tuples(st.integers(1, 500), st.integers(1, 9)), min_size=1, max_size=5),
    code=st.sampled_from(
        ["sum(h//2**i for i in range(L))", "sum(h//2**i*(i + 1) for i in range(L - 1)) + h",
         "sum(3**i for i in range(L - 1))*h", "sum((h + 2**i - 1)//2**i*4**i for i in range(L))"]
    ),
)  # fmt: skip
def test_numpy_adds_up_as_many_copies_as_each_row_has(sizes, code: str) -> None:
    arrays = {"h": np.array([a for a, _ in sizes]), "L": np.array([b for _, b in sizes])}
    result = eval(to_numpy(parse(code)), {"np": np, **arrays})
    assert result.tolist() == [eval(code, {"h": a, "L": b}) for a, b in sizes]


@given(data=st.data())
def test_no_value_is_outside_the_bounds(data, sums, points) -> None:
    case, point = data.draw(sums), data.draw(points)
    low, high = bounds(case.expression)
    value = case.at(point)
    assert low is None or low <= value
    assert high is None or value <= high
    least = least_value(case.expression)
    assert least is None or least <= value


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (3 * i, "3·L·(L − 1)/2"),
        (c * 4**i, "c·(4^L − 1)/3"),
        ((c + x * i) * c, "c·L·x·(L − 1)/2 + c²·L"),
        (FloorDiv(h + 2**i - 1, 2**i) ** 2 * 9 * c, "9·c·∑(⌈h/2^i⌉² for i < L)"),
        (n**i, "∑(n^i for i < L)"),
    ],
)
def test_reads_well(term, text: str) -> None:
    assert to_text(summed(term, i, L)) == text


def test_the_name_of_the_index_says_nothing() -> None:
    assert Sum(FloorDiv(h, 2**i), (i, 0, L - 1)) == Sum(FloorDiv(h, 2**j), (j, 0, L - 1))
    assert str(Formula(Sum(FloorDiv(h + symbol("i"), 2**i), (i, 0, L - 1)))) == (
        "∑(⌊(h + i)/2^j⌋ for j < L)"
    )


def test_nothing_is_captured() -> None:
    inner = Sum(FloorDiv(h, 2**i), (i, 0, L - 1))
    assert inner.xreplace({h: 3 * Index("i")}).free_symbols == {Index("i"), L}
    assert inner.xreplace({inner.index: Integer(3)}) == inner
    outer = Sum(inner * i, (i, 0, Integer(3) - 1))
    assert outer == 3 * inner


def test_sympy_s_sums_are_taken() -> None:
    s, m = sympy.symbols("s m")
    assert Formula(sympy.Sum(2**s, (s, 1, m)))(m=5) == 62
    assert Formula(sympy.Sum(sympy.floor(m / 2**s), (s, 0, 3)))(m=29) == 29 + 14 + 7 + 3


def test_sympy_s_functions_take_ours() -> None:
    e = Sum(FloorDiv(h, 2**i), (i, 0, L - 1))
    assert e.free_symbols == {h, L}
    assert e.subs({h: 29, L: 4}) == 29 + 14 + 7 + 3
    assert sympy.lambdify((h, L), e)(29, 4) == 53
    assert is_whole(e)
    assert e.is_integer


def test_what_would_be_enormous_is_kept() -> None:
    tower = Sum(2 ** (2**i), (i, 0, 59))
    assert isinstance(tower, Sum)
    assert evaluate(Sum(2 ** (2**i), (i, 0, L - 1)), {L: 5}) == sum(2**2**n for n in range(5))
    parts = [FloorDiv(h + number, c + number) for number in range(1, 99)]
    assert isinstance(Sum(FloorDiv(sympy.Add(*parts), i + 1), (i, 0, 63)), Sum)


def test_an_endless_sum_is_refused() -> None:
    formula = Formula("sum(h//2**i for i in range(L))")
    with pytest.raises(EvaluationError, match="a sum of 1000000 terms cannot"):
        formula(h=3, L=10**6)
    assert Formula("sum(i*2 for i in range(L))")(L=10**6) == 10**6 * (10**6 - 1)


def test_an_index_is_called_like_nothing_near_it() -> None:
    letters = "ijlmpqrtuvxyz"
    taken = sympy.Add(*[symbol(letter) for letter in letters])
    assert index_for(h).name == "i"
    assert index_for(3, preferred="n").name == "n"
    assert index_for(taken - symbol("m")).name == "m"
    assert [index_for(taken).name, index_for(taken, symbol("i1")).name] == ["i1", "i2"]


@given(first=st.integers(-3, 5), count=st.integers(0, 6), plain=st.booleans())
def test_a_sum_may_begin_anywhere(first: int, count: int, plain: bool) -> None:
    over = symbol("m") if plain else i
    e = Sum(FloorDiv(h + over**2, over + 4), (over, first, first + L - 1))
    numbers = range(first, first + count)
    assert at(e, h=7, L=count) == sum((7 + m * m) // (m + 4) for m in numbers)


def test_what_does_not_depend_on_the_copy_is_counted() -> None:
    assert summed(5, i, L) == 5 * L
    assert summed(5, i, 3) == 15
    assert summed(h, i, L).args == (L, h)
    assert summed(h, i, 1) == OrderedMul(1, h)


def test_the_least_value_of_a_sum() -> None:
    for term, least in [(FloorDiv(h, 2**i), 0), (FloorDiv(h, 2**i) - 1, None),
                        (FloorDiv(h - L, i + 2), None), (FloorDiv(h, i + 2) + 3, 0)]:  # fmt: skip
        kept = Sum._kept(term, i, L)
        assert least_value(kept) == least
        assert FloorDiv(kept, 2).is_nonnegative is (True if least == 0 else None)


def test_a_closed_form_has_no_factor_of_one() -> None:
    assert summed(2**i, i, L) == 2**L - 1
    assert to_text(summed(h * 2**i, i, L)) == "h·(2^L − 1)"
    assert to_text(summed(5 * 2**i, i, L)) == "5·(2^L − 1)"
    assert to_text(summed(2 * 2**i, i, L)) == "2·(2^L − 1)"
    assert to_text(summed(3 * 4**i, i, L)) == "4^L − 1"
    assert to_text(summed(3 * 4**i + 5 * 2**i, i, L)) == "4^L − 1 + 5·(2^L − 1)"
    assert to_text(summed(2 ** (2 * i) - 4**i + i * 2**i + 2**i, i, L)).count("0") == 0
    assert parse("sum(h//2**i for i in range(0))") == parse("sum(3 for i in range(0))") == 0
    assert parse("sum(h//2**i for i in range(1))") == h


def test_few_terms_are_written_out_and_large_powers_kept() -> None:
    assert not isinstance(Sum(FloorDiv(h, i + 1), (i, 0, 63)), Sum)
    assert isinstance(Sum(FloorDiv(h, i + 1), (i, 0, 64)), Sum)
    assert Sum(i, (i, 0, 10**6)) == 10**6 * (10**6 + 1) // 2
    assert isinstance(Sum(2**i, (i, 0, 10**6)), Sum)
    assert Sum(2**i, (i, 0, 9_999)) == 2**10_000 - 1


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 3))
def test_no_more_terms_than_said(power: int, more: int, numbers: int) -> None:
    few = sympy.Add(*[symbol(f"a{number}") for number in range(more + 1)])
    e = few**power * (c + numbers) + h
    terms = len(sympy.Add.make_args(e.expand()))
    assert terms <= _size(e)
    assert len(sympy.Add.make_args((few**power).expand())) == _size(few**power)


def test_the_last_copy_is_one_less_than_their_number() -> None:
    e = Sum(FloorDiv(h, 2**i), (i, 0, L - 1))
    assert to_latex(e).startswith(r"\sum_{i=0}^{L - 1} ")
    _, shown = to_mathml(e).split("<munderover><mo>∑</mo>")
    below, term = shown.split("</munderover>")
    assert below.replace("mrow", "") == (
        "<><mi>i</mi><mo>=</mo><mn>0</mn></><><mi>L</mi><mo>−</mo><mn>1</mn></>"
    )
    assert term.startswith("<mrow><mo>⌊</mo><mfrac><mi>h</mi><msup>")
    more = Sum(FloorDiv(h, 2**i) + FloorDiv(h, 3**i), (i, 0, L - 1))
    assert to_latex(more).count(r"\sum") == 2
    within = Sum(FloorDiv(h, FloorDiv(h, i + 1) + 1) * (h + FloorDiv(h, i + 2)), (i, 0, L - 1))
    assert parse(to_text(within)) == parse(to_python(within)) == within


def test_a_hundred_sums_are_read_and_no_more() -> None:
    parse("+".join(["sum(h//2**i for i in range(L))"] * 100))
    with pytest.raises(ExpressionError, match="more than 100 sums"):
        parse("+".join(["sum(h//2**i for i in range(L))"] * 101))
    nested = "sum(sum(sum(sum(h//(i+j+k+l+1) for i<2) for j<2) for k<2) for l<2)"
    assert at(parse(nested), h=9) == sum(
        9 // (p + q + r + t + 1)
        for p in range(2) for q in range(2) for r in range(2) for t in range(2)
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["sum(i)", "range(3)", "sum(i for i in L)", "sum(i for i in range(3) if i)", "for i", "i in L",
     "sum(i for i < 3", "(i for i in range(3))", "sum(i for i in range(-1))", "(a < b)", "∑ 3",
     "sum(i for i < 3 < 4)", "sum([i for i in range(3)])", "sum(i for i, j in range(3))",
     "sum(i for i in range(1, 3))",
     "sum(sum(sum(sum(sum(1 for i<2) for j<2) for k<2) for l<2) for m<2)"],
)  # fmt: skip
def test_what_is_no_sum_over_copies_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)
