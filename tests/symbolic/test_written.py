"""What is kept as written: it means the same, and it is as tidy as the documentation says."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from math import prod
from operator import and_
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Mul, Rational, S, SympifyError

from archcalc.symbolic import FloorDiv, symbols, to_text
from archcalc.symbolic.written import (
    WrittenProduct,
    WrittenSum,
    evaluated,
    product_of,
    sum_of_products,
    tidied,
)
from tests.sampling import examples

a, b, c, d, f, k, n = symbols("a b c d f k n")
POINTS = [{a: 2, b: 3, c: 5, d: 7, f: 11, k: 13, n: 17}, {a: 4, b: 1, c: 2, d: 9, f: 3, k: 2, n: 8}]


def value(e: Expr | int, point: dict[Any, int]) -> Expr:
    """The number that `e` is, by arithmetic on its parts, as they stand."""
    if isinstance(e, int):
        return Integer(e)
    if e.is_Symbol:
        return Integer(point[e])
    parts = [value(part, point) for part in e.args]
    if isinstance(e, WrittenSum):
        return Integer(0) + sum(parts, S.Zero)
    if isinstance(e, WrittenProduct):
        return prod(parts, start=S.One)
    return e.func(*parts) if parts else e


def same(one: Expr, other: Expr) -> bool:
    return all(value(one, point) == value(other, point) for point in POINTS)


# --- Evaluation -----------------------------------------------------------------------------------

LEAVES = st.sampled_from([a, b, k, f, 0, 1, 2, 3, -1, 10, k + 1, f + 2, 4 * a, FloorDiv(k, 2)])
QUOTIENTS = st.sampled_from([d / a, a / d, Rational(1, 2), 1 / b, FloorDiv(d, 3) / 2])


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda p: WrittenSum(*p))
            | st.lists(inner, max_size=4).map(lambda p: WrittenProduct(*p))
        ),
        max_leaves=9,
    )


@given(nested(LEAVES | QUOTIENTS))
def test_what_is_written_means_what_its_parts_mean(e) -> None:
    plain = evaluated(e)
    assert not plain.has(WrittenSum, WrittenProduct)
    assert same(plain, e)
    around = evaluated(2 * k**2 + FloorDiv(Integer(1), 1) * k + (k + 1) ** 2)
    assert around == 2 * k**2 + k + (k + 1) ** 2
    inside = FloorDiv(k, 3) + k * WrittenSum(k, e) if isinstance(e, Expr) else WrittenSum(e)
    assert not evaluated(inside).has(WrittenSum, WrittenProduct)
    assert same(evaluated(inside), inside)


def test_a_number_is_evaluated_to_one_of_sympy() -> None:
    assert evaluated(3) == Integer(3)
    assert isinstance(evaluated(3), Integer)
    assert evaluated(k) is k
    assert str(WrittenProduct(2, WrittenSum(k, 1))) == str(2 * (k + 1)) == "2*k + 2"
    assert WrittenSum(WrittenProduct(k, k), 1).expand() == k**2 + 1


def test_what_is_written_is_a_factor_like_any_other() -> None:
    both = WrittenSum(k, 1)
    assert k * both == both * k
    assert both * k / both == k
    for make in (tidied, WrittenSum, WrittenProduct, lambda part: product_of([part])):
        with pytest.raises(SympifyError):  # a text is no formula here
            make("k")


def test_products_of_few_factors() -> None:
    assert product_of([]) == 1
    assert product_of([3]) == Integer(3)
    assert product_of([k]) is k
    assert product_of([k, k]).args == (k, k)
    assert product_of([3, k, f]).args == (3, k, f)


# --- Sums of products -----------------------------------------------------------------------------

FACTORS = st.sampled_from([k, k, c, f, n, 3, k + 1])
ROWS = st.lists(st.lists(FACTORS, max_size=4), max_size=5)


@given(ROWS)
def test_a_sum_of_products_is_that(rows) -> None:
    e = sum_of_products(rows)
    for point in POINTS:
        numbers = [[value(factor, point) for factor in row] for row in rows]
        assert value(e, point) == sum(prod(row) for row in numbers)


@given(
    st.lists(st.lists(FACTORS, max_size=4), min_size=2, max_size=4), st.lists(FACTORS, max_size=3)
)
def test_what_all_share_stands_at_the_end_and_nowhere_else(rows, more) -> None:
    rows = [[*row, *more] for row in rows]
    counts = [Counter(map(str, row)) for row in rows]
    shared = reduce(and_, counts)
    e = sum_of_products(rows)
    if not shared:
        return
    assert isinstance(e, WrittenProduct)
    inner, *out = e.args
    assert Counter(map(str, out)) == shared
    terms = inner.args if isinstance(inner, WrittenSum) else (inner,)
    ones = sum(1 for row in counts if row == shared)
    kept = [row - shared for row in counts if row != shared]
    if ones:
        *terms, number = terms
        assert number == ones
    written = [t.args if isinstance(t, WrittenProduct) else (t,) for t in terms]
    assert [Counter(map(str, t)) for t in written] == kept


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "0"),
        ([()], "1"),
        ([(k, 3)], "k·3"),
        ([(k, k, c, f), (f,)], "(k·k·c + 1)·f"),
        ([(f, k), (f, c)], "(k + c)·f"),
        ([(c, f, k), (n, f, k)], "(c + n)·f·k"),
        ([(f,), (f,), (f, c)], "(c + 2)·f"),
        ([(f,), (f,)], "2·f"),
        ([(f,), (f,), (f,)], "3·f"),
        ([(k, f), (c, n)], "k·f + c·n"),
        ([(k, f), (f,), (c, n), (n,)], "(k + 1)·f + (c + 1)·n"),
        ([(k, f), (f,), (k, f), (f,), (n,)], "2·(k + 1)·f + n"),
        ([(k, f), (k, f), (c, n)], "2·k·f + c·n"),
        ([(k, f), (c, n), (k, f)], "2·k·f + c·n"),
        ([(k, k, f), (k, k, k), (n,)], "k·k·f + k·k·k + n"),
        ([(n,), (f, k), (k, f)], "n + 2·f·k"),
        ([(f,), (k, f), (c,)], "f + k·f + c"),
    ],
)  # fmt: skip
def test_sums_of_products_as_a_person_writes_them(rows, text: str) -> None:
    assert to_text(sum_of_products(rows)) == text


# --- Tidying --------------------------------------------------------------------------------------


def is_tidy(e: Expr) -> bool:
    """Numbers in front of a product and at the end of a sum, once; nothing written twice."""
    if isinstance(e, WrittenProduct):
        numbers = [place for place, part in enumerate(e.args) if part.is_Number]
        flat = not any(isinstance(part, WrittenProduct) for part in e.args)
        once = len(set(e.args)) == len(e.args) > 1 and S.One not in e.args
        return flat and once and numbers in ([], [0]) and all(map(is_tidy, e.args))
    if isinstance(e, WrittenSum):
        numbers = [place for place, part in enumerate(e.args) if part.is_Number]
        flat = not any(isinstance(part, WrittenSum) for part in e.args)
        cores = [core(part) for part in e.args]
        once = len(set(cores)) == len(cores) > 1 and S.Zero not in e.args
        return flat and once and numbers in ([], [len(e.args) - 1]) and all(map(is_tidy, e.args))
    return not e.has(WrittenSum, WrittenProduct)


def core(term: Expr) -> Any:
    """A term without the number before it."""
    if isinstance(term, WrittenProduct):
        return tuple(part for part in term.args if not part.is_Number)
    return (term.as_coeff_Mul()[1],)


@examples(2)
@given(nested(LEAVES))
def test_tidied_means_the_same_and_is_tidy(e) -> None:
    tidy = tidied(e)
    assert same(tidy, e)
    assert is_tidy(tidy)
    assert is_tidy(tidied(tidy))


@given(nested(LEAVES | QUOTIENTS))
def test_tidied_means_the_same_with_quotients_too(e) -> None:
    assert same(tidied(e), e)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (3, "3"),
        (k * 2, "2·k"),
        (WrittenProduct(k, 2, f, 3), "6·f·k"),
        (WrittenProduct(2, 3), "6"),
        (WrittenProduct(k, 0, f), "0"),
        (WrittenProduct(k + 1, 1), "k + 1"),
        (WrittenProduct(k + 1, 2, k), "2·(k + 1)·k"),
        (WrittenProduct(k + 1, k, k), "(k + 1)·k²"),
        (WrittenProduct(k**3, k + 1, k), "k⁴·(k + 1)"),
        (WrittenProduct(k**4, a + 1, k**2, k**2), "k⁸·(a + 1)"),
        (WrittenProduct(2**k, a + 1, 2**n), "2^k·(a + 1)·2^n"),
        (WrittenProduct(k + 1, f, k + 1), "(k + 1)²·f"),
        (WrittenProduct(k + 1, WrittenProduct(3, f), 2), "6·(k + 1)·f"),
        (WrittenProduct(k + 1, 4 * a, f), "4·(k + 1)·a·f"),
        (WrittenProduct(k + 1, a, d / a), "(k + 1)·d"),
        (WrittenProduct(k + 1, a, d / (2 * a), 2), "(k + 1)·d"),
        (WrittenProduct(k + 1, 3, a, d / a), "3·(k + 1)·d"),
        (WrittenProduct(WrittenSum(k, 1, 2), f), "(k + 3)·f"),
        (WrittenProduct(WrittenSum(k, k), f), "2·f·k"),
        (WrittenProduct(WrittenSum(WrittenProduct(WrittenSum(k, 1), f), n), c),
         "((k + 1)·f + n)·c"),
        (WrittenProduct(WrittenSum(WrittenProduct(k, f), n), c), "(f·k + n)·c"),
        (WrittenProduct(WrittenSum(WrittenProduct(k + 1, f), n), c), "((k + 1)·f + n)·c"),
        (WrittenSum(), "0"),
        (WrittenSum(k), "k"),
        (WrittenSum(2, k, 3), "k + 5"),
        (WrittenSum(2, -2), "0"),
        (WrittenSum(k, -2, 2), "k"),
        (WrittenSum(k, WrittenProduct(-1, k)), "0"),
        (WrittenSum(k, f, k), "2·k + f"),
        (WrittenSum(n, WrittenSum(k, 1), 4), "n + k + 5"),
        (WrittenSum(WrittenSum(k, f), n), "k + f + n"),
        (WrittenSum(WrittenProduct(2, WrittenSum(k, 1), f), WrittenProduct(WrittenSum(k, 1), f)),
         "3·(k + 1)·f"),
        (WrittenSum(WrittenProduct(2, k + 1), WrittenProduct(3, k + 1)), "5·(k + 1)"),
        (WrittenSum(WrittenProduct(k + 1, f), WrittenProduct(k + 1, f), n), "2·(k + 1)·f + n"),
        (WrittenSum(k + 1, k + 1), "2·(k + 1)"),
        (WrittenSum(3 * k, 4 * k, f), "7·k + f"),
        (WrittenSum(k, Rational(1, 2)), "k + 1/2"),
    ],
    ids=str,
)  # fmt: skip
def test_tidied_reads_as_a_person_would_write_it(e, text: str) -> None:
    assert to_text(tidied(e)) == text
    assert same(tidied(e), e if isinstance(e, Expr) else Integer(e))


def test_a_quotient_leaves_sums_as_written() -> None:
    e = tidied(WrittenProduct(WrittenSum(k, 1), a, d / a, WrittenSum(f, 2)))
    assert Counter(e.args) == Counter([k + 1, f + 2, d])
    assert tidied(WrittenProduct(Rational(1, 2), k + 1, 4)).args == (2, k + 1)
    assert tidied(WrittenProduct(a, 1 / a)) == 1
    assert Add(*tidied(WrittenSum(d / a, d / a, 1)).args) == Mul(2, d / a) + 1


def test_nothing_times_anything_is_nothing() -> None:
    """Also times a sum, which stands in its brackets otherwise."""
    for product in (WrittenProduct(0, a + b), WrittenProduct(a + b, 0, WrittenSum(a, b)),
                    WrittenProduct(a, WrittenProduct(0, b))):  # fmt: skip
        assert tidied(product) is S.Zero
