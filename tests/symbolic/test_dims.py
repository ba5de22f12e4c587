"""Dimensions and shapes: what is taken, what is refused, and what tuples do; errors stay short."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol

from archcalc.symbolic import CeilDiv, DimensionError, FloorDiv, Index, Sum, symbol, symbols
from archcalc.symbolic.dims import as_dim, as_expr, exact_div, lower
from archcalc.symbolic.errors import quoted, shorten
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape, as_shape, needs_brackets, product
from archcalc.symbolic.sizes import Sizes, TooLargeError
from archcalc.symbolic.substitution import substitute

a, b, h, k, L = symbols("a b h k L")
i = Index("i")


# --- Dimensions -----------------------------------------------------------------------------------


def test_what_is_a_dimension() -> None:
    assert [as_dim(value) for value in (1, "1", Integer(1), np.int64(1), "h")] == [1, 1, 1, 1, h]
    assert type(as_expr(np.int32(3))) is type(as_expr(Integer(3))) is type(as_expr("3")) is int
    assert as_dim(0, minimum=0) == 0
    assert as_dim(-3, minimum=-3) == -3
    assert as_dim(2**1024 - 1) == 2**1024 - 1
    assert as_expr(-7) == -7
    assert as_expr("1/2") == Rational(1, 2)


@pytest.mark.parametrize(
    "value",
    [True, 1.5, None, "1/2", 0, -1, 2**1024, sympy.oo, -sympy.oo, sympy.nan, sympy.zoo, sympy.I,
     sympy.Float(2), h + sympy.I, h * sympy.Float("0.5"), sympy.true, Rational(1, 2), [3]],
    ids=str,
)  # fmt: skip
def test_what_is_none(value) -> None:
    with pytest.raises(DimensionError):
        as_dim(value)


@pytest.mark.parametrize("foreign", ["floor", "ceiling"])
def test_sympy_s_rounding_becomes_exact(foreign: str) -> None:
    exact = FloorDiv if foreign == "floor" else CeilDiv
    rounded = getattr(sympy, foreign)
    x, y = Symbol("h"), Symbol("k")
    assert as_expr(rounded(x / 2)) == exact(h, 2)
    assert as_expr(rounded((x + 3) / y) * x) == exact(h + 3, k) * h
    assert as_expr(rounded(x / 2 + y / 3)) == exact(3 * h + 2 * k, 6)


def test_symbols_are_known_by_name_and_indices_stay() -> None:
    assert as_expr(Symbol("h") + Symbol("k", real=True)) == h + k
    assert as_expr(h + i) == h + i
    assert as_expr(Symbol("h") + i).free_symbols == {h, i}
    m, s = sympy.symbols("m s")
    e = as_expr(sympy.Sum(sympy.floor(h / 2**s) * s, (s, 2, m)))
    assert not e.atoms(sympy.Sum) or all(isinstance(part, Sum) for part in e.atoms(sympy.Sum))
    assert evaluate(e, {h: 100, symbol("m"): 5}) == sum(100 // 2**n * n for n in range(2, 6))
    both = sympy.Sum(sympy.floor(h / (s + m)), (s, 1, 3), (m, 1, 2))
    assert evaluate(as_expr(both), {h: 9}) == sum(9 // (p + q) for p in (1, 2, 3) for q in (1, 2))
    ours = Sum(FloorDiv(h, 2**i), (i, 0, L - 1))
    assert as_expr(ours) == ours


@given(st.integers(1, 30), st.integers(1, 30))
def test_exact_division_is_multiplication_backwards(p: int, q: int) -> None:
    assert exact_div(p * q, q) == p
    assert type(exact_div(p * q, q)) is int
    assert exact_div(p * h, h) == p
    assert type(exact_div(p * h, h)) is int
    assert exact_div(p * (h - 1) * k, h - 1) == p * k
    assert exact_div((p * h * (k + q)).expand(), k + q) == p * h
    assert exact_div(h, k) == h / k
    assert exact_div(h + 1, q + 1) == (h + 1) / (q + 1)
    assert lower(Integer(p)) == p
    assert lower(h) is h


def test_powers_that_are_too_large_are_not_computed() -> None:
    assert substitute(h**64, {h: 3}) == 3**64
    assert substitute(k * 2**h, {h: 3, k: L}) == 8 * L
    assert substitute(2 ** (h * k), {h: 10**9}) == 2 ** (10**9 * k)
    for e, values in [(2**h, {h: 10**9}), (k + 3 ** (h * L), {h: 10**5, L: Integer(10**5)})]:
        with pytest.raises(ValueError, match="too large to compute"):
            substitute(e, values)


# --- Shapes ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 99) | st.sampled_from([h, k, h + 1]), max_size=6), st.data())
def test_a_shape_is_a_tuple(dims, data) -> None:
    shape = Shape(dims)
    assert shape.rank == len(dims)
    more = (7, h)
    assert shape + more == Shape([*dims, *more])
    assert isinstance(shape + more, Shape)
    low, high = data.draw(st.integers(-7, 7)), data.draw(st.integers(-7, 7))
    assert shape[low:high] == tuple(dims)[low:high]
    assert isinstance(shape[low:high], Shape)
    numbers = {h: 5, k: 3}
    assert evaluate(shape.elements, numbers) == prod(evaluate(dim, numbers) for dim in dims)
    assert isinstance(product(dims), int) == all(isinstance(dim, int) for dim in dims)
    for axis, dim in enumerate(dims):
        assert shape[axis] == dim
        assert not isinstance(shape[axis], Shape)
        assert shape.replace(axis, 4) == Shape([*dims[:axis], 4, *dims[axis + 1 :]])


def test_shapes_as_people_read_them() -> None:
    assert repr(Shape(())) == "()"
    assert repr(Shape((h,))) == "(h,)"
    assert repr(Shape((h, 3))) == "(h, 3)"
    assert str(Shape(())) == "scalar"
    assert str(Shape((h + 1, FloorDiv(h, 2) + 1, 3))) == "(h + 1)×(⌊h/2⌋ + 1)×3".replace(
        "(⌊h/2⌋ + 1)", "⌊(h + 2)/2⌋"
    )
    assert needs_brackets(-h)
    assert not needs_brackets(h)


def test_what_is_taken_for_a_shape() -> None:
    assert as_shape("h") == as_shape(h) == as_shape(["h"]) == (h,)
    assert as_shape(np.array([2, 3])) == as_shape(n for n in (2, 3)) == (2, 3)
    assert as_shape([1]) == as_shape(1) == (1,)
    assert as_shape([0], minimum=0) == as_shape(0, minimum=0) == (0,)
    assert as_shape([1] * 64).rank == 64
    for wrong in ([1] * 65, [0], 0, [1.5], None, [[2]]):
        with pytest.raises(DimensionError):
            as_shape(wrong)


# --- Sizes ----------------------------------------------------------------------------------------

PARTS = st.sampled_from(
    [
        a,
        b,
        h,
        a + b,
        3 * a + 7,
        a * b - 5,
        a / 3 + b / 2,
        Integer(12),
        Rational(3, 5),
        Rational(5, 7),
    ]
)


@given(st.lists(st.tuples(PARTS, st.integers(1, 4)), min_size=1, max_size=3))
@example([(a + b, 2), (Integer(12), 2), (Rational(3, 5), 3)])
@example([(Rational(3, 5) * a + 7, 4), (Rational(5, 7), 1), (Rational(11, 13), 2)])
def test_no_size_is_too_small(parts) -> None:
    factors = [base**power for base, power in parts]
    for e in (sympy.Mul(*factors, evaluate=False), sympy.Add(*factors, evaluate=False)):
        size = Sizes()._of(e)
        terms = sympy.Add.make_args(e.expand())
        assert len(terms) <= size.terms
        numbers = [Fraction(int(c.p), int(c.q)) for c, _ in (t.as_coeff_Mul() for t in terms)]
        assert max(abs(c.numerator).bit_length() for c in numbers) <= size.bits + 1
    power = Sizes()._of((a + b + h) ** 3)
    assert (power.terms, power.degree) == (10, 3)


def test_expansions_at_the_bound() -> None:
    Sizes().check_expansion((a + b) ** 60, Integer(2))
    Sizes().check_expansion(a**999 * (1 + b) ** 1, Integer(2))
    sums = [sympy.Add(*[symbol(f"{name}{n}") for n in range(size)])
            for name, size in (("x", 250), ("y", 4), ("z", 5), ("u", 251))]  # fmt: skip
    Sizes().check_expansion(sums[0], Integer(2))
    Sizes().check_expansion(sums[0], sums[1])
    for above, under in [(sums[3], Integer(2)), (sums[0], sums[2])]:
        with pytest.raises(TooLargeError):
            Sizes().check_expansion(above, under)
    Sizes().check_degree(a**60)
    with pytest.raises(TooLargeError):
        Sizes().check_degree(a**61)


# --- Texts ----------------------------------------------------------------------------------------


@given(st.text("ab c\n", max_size=60), st.integers(2, 30))
def test_what_is_shown_is_short_and_says_so(text: str, limit: int) -> None:
    shown = shorten(text, limit)
    assert len(shown) <= limit
    plain = " ".join(text.split())
    if len(text) <= limit:
        assert shown == plain
    if not shown.endswith("…"):
        assert plain.startswith(shown)
    else:
        assert plain.startswith(shown[:-1])
        assert len(shown) == limit
    assert shorten("a" * limit, limit) == "a" * limit
    assert shorten("a" * (limit + 1), limit) == "a" * (limit - 1) + "…"


def test_what_cannot_be_shown_is_named() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shorten(Broken()) == quoted(Broken()) == "<Broken>"
    assert shorten(2**20_000) == "an integer of 20,001 bits"
    assert shorten(12) == "12"
    assert len(shorten(2**10_000 - 1)) == 120


def test_names_of_symbols() -> None:
    assert symbols("h, k") == (h, k)
    assert symbol("x" * 64).name == "x" * 64
    assert symbol("ﬁ").name == "fi"
    for wrong in ("x" * 65, "", "2k", "_k", "lambda", "a b", "k-1"):
        with pytest.raises(DimensionError):
            symbol(wrong)
    with pytest.raises(DimensionError):
        symbols(" , ")
