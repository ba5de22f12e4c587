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
from archcalc.symbolic.ordered import (
    OrderedAdd,
    OrderedMul,
    collect_like_terms,
    plain,
    product_of,
    sum_of_products,
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
    if isinstance(e, OrderedAdd):
        return Integer(0) + sum(parts, S.Zero)
    if isinstance(e, OrderedMul):
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
            st.lists(inner, max_size=4).map(lambda p: OrderedAdd(*p))
            | st.lists(inner, max_size=4).map(lambda p: OrderedMul(*p))
        ),
        max_leaves=9,
    )


@given(nested(LEAVES | QUOTIENTS))
def test_what_is_written_means_what_its_parts_mean(e) -> None:
    flat = plain(e)
    assert not flat.has(OrderedAdd, OrderedMul)
    assert same(flat, e)
    around = plain(2 * k**2 + FloorDiv(Integer(1), 1) * k + (k + 1) ** 2)
    assert around == 2 * k**2 + k + (k + 1) ** 2
    inside = FloorDiv(k, 3) + k * OrderedAdd(k, e) if isinstance(e, Expr) else OrderedAdd(e)
    assert not plain(inside).has(OrderedAdd, OrderedMul)
    assert same(plain(inside), inside)


def test_a_number_is_evaluated_to_one_of_sympy() -> None:
    assert plain(3) == Integer(3)
    assert isinstance(plain(3), Integer)
    assert plain(k) is k
    assert str(OrderedMul(2, OrderedAdd(k, 1))) == str(2 * (k + 1)) == "2*k + 2"
    assert OrderedAdd(OrderedMul(k, k), 1).expand() == k**2 + 1


def test_what_is_written_is_a_factor_like_any_other() -> None:
    both = OrderedAdd(k, 1)
    assert k * both == both * k
    assert both * k / both == k
    for make in (collect_like_terms, OrderedAdd, OrderedMul, lambda part: product_of([part])):
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
    assert isinstance(e, OrderedMul)
    inner, *out = e.args
    assert Counter(map(str, out)) == shared
    terms = inner.args if isinstance(inner, OrderedAdd) else (inner,)
    ones = sum(1 for row in counts if row == shared)
    kept = [row - shared for row in counts if row != shared]
    if ones:
        *terms, number = terms
        assert number == ones
    written = [t.args if isinstance(t, OrderedMul) else (t,) for t in terms]
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
    if isinstance(e, OrderedMul):
        numbers = [place for place, part in enumerate(e.args) if part.is_Number]
        flat = not any(isinstance(part, OrderedMul) for part in e.args)
        once = len(set(e.args)) == len(e.args) > 1 and S.One not in e.args
        return flat and once and numbers in ([], [0]) and all(map(is_tidy, e.args))
    if isinstance(e, OrderedAdd):
        numbers = [place for place, part in enumerate(e.args) if part.is_Number]
        flat = not any(isinstance(part, OrderedAdd) for part in e.args)
        cores = [core(part) for part in e.args]
        once = len(set(cores)) == len(cores) > 1 and S.Zero not in e.args
        return flat and once and numbers in ([], [len(e.args) - 1]) and all(map(is_tidy, e.args))
    return not e.has(OrderedAdd, OrderedMul)


def core(term: Expr) -> Any:
    """A term without the number before it."""
    if isinstance(term, OrderedMul):
        return tuple(part for part in term.args if not part.is_Number)
    return (term.as_coeff_Mul()[1],)


@examples(2)
@given(nested(LEAVES))
def test_tidied_means_the_same_and_is_tidy(e) -> None:
    tidy = collect_like_terms(e)
    assert same(tidy, e)
    assert is_tidy(tidy)
    assert is_tidy(collect_like_terms(tidy))


@given(nested(LEAVES | QUOTIENTS))
def test_tidied_means_the_same_with_quotients_too(e) -> None:
    assert same(collect_like_terms(e), e)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (3, "3"),
        (k * 2, "2·k"),
        (OrderedMul(k, 2, f, 3), "6·f·k"),
        (OrderedMul(2, 3), "6"),
        (OrderedMul(k, 0, f), "0"),
        (OrderedMul(k + 1, 1), "k + 1"),
        (OrderedMul(k + 1, 2, k), "2·(k + 1)·k"),
        (OrderedMul(k + 1, k, k), "(k + 1)·k²"),
        (OrderedMul(k**3, k + 1, k), "k⁴·(k + 1)"),
        (OrderedMul(k**4, a + 1, k**2, k**2), "k⁸·(a + 1)"),
        (OrderedMul(2**k, a + 1, 2**n), "2^k·(a + 1)·2^n"),
        (OrderedMul(k + 1, f, k + 1), "(k + 1)²·f"),
        (OrderedMul(k + 1, OrderedMul(3, f), 2), "6·(k + 1)·f"),
        (OrderedMul(k + 1, 4 * a, f), "4·(k + 1)·a·f"),
        (OrderedMul(k + 1, a, d / a), "(k + 1)·d"),
        (OrderedMul(k + 1, a, d / (2 * a), 2), "(k + 1)·d"),
        (OrderedMul(k + 1, 3, a, d / a), "3·(k + 1)·d"),
        (OrderedMul(OrderedAdd(k, 1, 2), f), "(k + 3)·f"),
        (OrderedMul(OrderedAdd(k, k), f), "2·f·k"),
        (OrderedMul(OrderedAdd(OrderedMul(OrderedAdd(k, 1), f), n), c),
         "((k + 1)·f + n)·c"),
        (OrderedMul(OrderedAdd(OrderedMul(k, f), n), c), "(f·k + n)·c"),
        (OrderedMul(OrderedAdd(OrderedMul(k + 1, f), n), c), "((k + 1)·f + n)·c"),
        (OrderedAdd(), "0"),
        (OrderedAdd(k), "k"),
        (OrderedAdd(2, k, 3), "k + 5"),
        (OrderedAdd(2, -2), "0"),
        (OrderedAdd(k, -2, 2), "k"),
        (OrderedAdd(k, OrderedMul(-1, k)), "0"),
        (OrderedAdd(k, f, k), "2·k + f"),
        (OrderedAdd(n, OrderedAdd(k, 1), 4), "n + k + 5"),
        (OrderedAdd(OrderedAdd(k, f), n), "k + f + n"),
        (OrderedAdd(OrderedMul(2, OrderedAdd(k, 1), f), OrderedMul(OrderedAdd(k, 1), f)),
         "3·(k + 1)·f"),
        (OrderedAdd(OrderedMul(2, k + 1), OrderedMul(3, k + 1)), "5·(k + 1)"),
        (OrderedAdd(OrderedMul(k + 1, f), OrderedMul(k + 1, f), n), "2·(k + 1)·f + n"),
        (OrderedAdd(k + 1, k + 1), "2·(k + 1)"),
        (OrderedAdd(3 * k, 4 * k, f), "7·k + f"),
        (OrderedAdd(k, Rational(1, 2)), "k + 1/2"),
    ],
    ids=str,
)  # fmt: skip
def test_tidied_reads_as_a_person_would_write_it(e, text: str) -> None:
    assert to_text(collect_like_terms(e)) == text
    assert same(collect_like_terms(e), e if isinstance(e, Expr) else Integer(e))


def test_a_quotient_leaves_sums_as_written() -> None:
    e = collect_like_terms(OrderedMul(OrderedAdd(k, 1), a, d / a, OrderedAdd(f, 2)))
    assert Counter(e.args) == Counter([k + 1, f + 2, d])
    assert collect_like_terms(OrderedMul(Rational(1, 2), k + 1, 4)).args == (2, k + 1)
    assert collect_like_terms(OrderedMul(a, 1 / a)) == 1
    assert Add(*collect_like_terms(OrderedAdd(d / a, d / a, 1)).args) == Mul(2, d / a) + 1


def test_nothing_times_anything_is_nothing() -> None:
    """Also times a sum, which stands in its brackets otherwise."""
    for product in (OrderedMul(0, a + b), OrderedMul(a + b, 0, OrderedAdd(a, b)),
                    OrderedMul(a, OrderedMul(0, b))):  # fmt: skip
        assert collect_like_terms(product) is S.Zero
