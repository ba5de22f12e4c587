"""Compiled formulas: on whole arrays what Python's own integers give at every place."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Max, Min

from archcalc.explore import sweep
from archcalc.formula import Compiled, Formula
from archcalc.formula.compiling import running
from archcalc.symbolic import (
    ArchcalcError,
    ArithmeticRuleError,
    EvaluationError,
    FloorDiv,
    Index,
    RequirementError,
    Sum,
    UnknownSymbolError,
    symbols,
)
from archcalc.symbolic.requirement import Relation, Requirement

NAMES = ("h", "k", "s", "w")
h, k, s, w, L = symbols("h k s w L")
MNIST = Formula("(k**2 + 1)*f + (((29 - k)//2)**2*f + 1)*n + 10*(n + 1)")


def grid(axes: dict[str, list[int]]) -> dict[str, np.ndarray[Any, Any]]:
    """One axis for each symbol, as `numpy.ix_` lays them out."""
    return dict(zip(axes, np.ix_(*axes.values()), strict=True))


def axes(most: int = 60) -> st.SearchStrategy[dict[str, list[int]]]:
    values = st.lists(st.integers(1, most), min_size=1, max_size=4)
    return st.fixed_dictionaries(dict.fromkeys(NAMES, values))


def assert_exact(got: Any, want: list[Any]) -> None:
    """The same numbers, and no float or fraction among them that need not be one."""
    flat = np.broadcast_to(got, got.shape).ravel().tolist()
    assert flat == want
    assert {type(v) for v in flat} <= {int, Fraction}


def check(case: Any, axes: dict[str, list[int]]) -> None:
    """`case`, an expression and Python code that means the same, on the grid of `axes`."""
    names = [s.name for s in sorted(case.expression.free_symbols, key=str)]
    assume(names)
    got = Formula(case.expression).compile()(**grid({name: axes[name] for name in names}))
    rest = {name: 1 for name in NAMES if name not in names}  # in the code, and cancelled
    places = product(*(axes[name] for name in names))
    assert_exact(got, [case.at({**rest, **dict(zip(names, at, strict=True))}) for at in places])


@given(st.data(), axes())
def test_at_every_place_what_python_says(all_formulas: Any, data: Any, axes: Any) -> None:
    check(data.draw(all_formulas), axes)


@given(st.data(), axes(2**40))
def test_nothing_wraps_around(all_formulas: Any, data: Any, axes: Any) -> None:
    """Values as large as the products of them do not fit 64 bits."""
    check(data.draw(all_formulas), axes)


@given(st.data(), axes(9))
def test_sums_over_copies(sums: Any, data: Any, axes: Any) -> None:
    check(data.draw(sums), axes)


@given(
    st.lists(st.integers(2**62 - 3, 2**64 + 3), min_size=1, max_size=4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
def test_around_the_largest_integer_of_64_bits(large: list[int], small: list[int]) -> None:
    compiled = Formula("h*k - h//3 + k").compile()
    want = [a * b - a // 3 + b for a, b in product(large, small)]
    got = compiled(h=np.array(large, object)[:, None], k=np.array(small))
    assert_exact(got, want)
    assert (got.dtype == np.int64) <= all(v < 2**63 for v in want)


@given(axes(30), st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 6))
def test_fractions_are_exact(axes: Any, a: int, b: int, q: int) -> None:
    """Quotients, negative powers, and extremes of fractions whose sign is not known."""
    own = {name: axes[name] for name in ("h", "k", "s")}
    places = list(product(*own.values()))
    assume(all(x != y for x, y, _ in places))
    expression = (a * h**2 + b * k) / (q * s) + Max(h / (h - k), Min(k / s, 1 / (k - h) ** 3))
    want = [
        Fraction(a * x * x + b * y, q * z)
        + max(Fraction(x, x - y), min(Fraction(y, z), Fraction(1, (y - x) ** 3)))
        for x, y, z in places
    ]
    assert_exact(Formula(expression).compile()(**grid(own)), want)


@given(axes(9), st.integers(1, 4), st.integers(-5, 5))
def test_symbolic_exponents(axes: Any, base: int, shift: int) -> None:
    own = {name: axes[name] for name in ("h", "k")}
    expression = base**h + (k / 2) ** (h + shift) + 2 ** (-k) + FloorDiv(h + 2**k - 1, 2**k)
    want = [
        base**x + Fraction(y, 2) ** (x + shift) + Fraction(1, 2**y) + -(-x // 2**y)
        for x, y in product(*own.values())
    ]
    assert_exact(Formula(expression).compile()(**grid(own)), want)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 30), st.integers(2, 97))
def test_blocks_of_any_size_fit_together(a: int, b: int, c: int, size: int) -> None:
    """Arrays larger than a block, with parts of every rank, and shapes that do not divide."""
    text = "(k**2 + 1)*f + (((29 - k)//2)**2*f + 1)*n + max(f*n, k*n)//(k + f) - n**2"
    values = grid(
        {"k": list(range(1, a + 1)), "f": list(range(5, 5 + b)), "n": list(range(9, 9 + c))}
    )
    K, F, N = values.values()
    want = (K**2 + 1) * F + (((29 - K) // 2) ** 2 * F + 1) * N
    want = want + np.maximum(F * N, K * N) // (K + F) - N**2
    usual = running.BLOCK
    running.BLOCK = size
    try:
        got = Formula(text).compile()(**values)
    finally:
        running.BLOCK = usual
    assert got.dtype == np.int64
    assert np.array_equal(got, want)


def test_the_number_of_the_readme() -> None:
    compiled = MNIST.compile()
    assert compiled(k=3, f=32, n=100) == 542_230
    assert type(compiled(k=3, f=32, n=100)) is int
    assert compiled(k=[1, 3, 5], f=32, n=[100]).tolist() == [
        MNIST(k=k, f=32, n=100) for k in (1, 3, 5)
    ]


def test_gpt_scale_is_exact() -> None:
    """Training work of transformers, 6·N·D: far beyond 64 bits, and the last digit right."""
    work = Formula("6*(L*(12*d**2 + 13*d) + 2*d + (V + S)*d)*D").compile()
    d = np.array([12_288, 16_384, 18_432])
    got = work(L=96, d=d, V=50_257, S=2_048, D=10**12 + 1)
    assert got.dtype == object
    assert got.tolist() == [
        6 * (96 * (12 * x**2 + 13 * x) + 2 * x + (50_257 + 2_048) * x) * (10**12 + 1)
        for x in d.tolist()
    ]
    assert got[0] > 10**24


def test_halves_that_are_whole_are_64_bit_integers() -> None:
    got = Formula("s*(s + 1)/2").compile()(s=np.arange(1, 100))
    assert got.dtype == np.int64
    assert got.tolist() == [sum(range(n + 1)) for n in range(1, 100)]
    assert Formula("s/2").compile()(s=[1, 2]).tolist() == [Fraction(1, 2), 1]


def test_float64_on_request() -> None:
    got = MNIST.compile("float64")(k=3, f=[32, 10**12], n=100)
    assert got.dtype == np.float64
    assert got.tolist() == [542_230.0, float(MNIST(k=3, f=10**12, n=100))]
    with pytest.raises(EvaluationError, match="larger than the largest float"):
        Formula("2**L").compile(float)(L=[10, 2000])
    with pytest.raises(EvaluationError, match="larger than the largest float"):
        Formula("L*h").compile(float)(L=10**200, h=[10**200])


def test_other_dtypes() -> None:
    assert Formula("h**2").compile("int64")(h=[2**31]).tolist() == [2**62]
    with pytest.raises(EvaluationError, match=r"64-bit integers do not hold results up to 1\.845e"):
        Formula("h**2").compile("int64")(h=[1, 2**32])
    with pytest.raises(EvaluationError, match="64-bit integers do not hold a fraction"):
        Formula("h/2").compile("int64")(h=[1, 2])
    assert Formula("h").compile(object)(h=[1]).dtype == object
    for wrong in ("int32", "text", 7, complex):
        with pytest.raises(EvaluationError, match="not a dtype that results are kept in"):
            Formula("h").compile(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [0, -3, 2.5, True, "3", None, [1, 0], [1, 2.0], np.array([1.0]), np.array([True]),
     [[1], [1, 2]], np.array([-(2**63)]), [object()], {1, 2}, np.array(["1"])],
)  # fmt: skip
def test_values_that_are_no_dimensions(wrong: Any) -> None:
    with pytest.raises(EvaluationError, match="is not a positive integer; every symbol stands"):
        Formula("h + 1").compile()(h=wrong)


def test_names() -> None:
    compiled = Formula("h*k").compile()
    with pytest.raises(UnknownSymbolError, match="no symbol q here; the symbols are h, k"):
        compiled(h=1, k=2, q=3)
    with pytest.raises(EvaluationError, match="no value for k; the symbols are h, k"):
        compiled(h=[1, 2])
    with pytest.raises(EvaluationError, match=r"do not fit one another: h: \(2,\), k: \(3,\)"):
        compiled(h=[1, 2], k=[1, 2, 3])
    assert compiled(h=np.zeros(0, int), k=1).shape == (0,)
    assert Formula(7).compile()() == 7


def test_kinds_of_integers() -> None:
    compiled = Formula("h**2").compile()
    for dtype in (np.uint8, np.int16, np.uint64, object):
        assert compiled(h=np.array([200, 100], dtype)).tolist() == [40_000, 10_000]
    assert compiled(h=np.array([2**64 - 1], np.uint64)).tolist() == [(2**64 - 1) ** 2]
    assert compiled(h=range(1, 4)).tolist() == [1, 4, 9]
    assert compiled(h=np.uint8(200)) == 40_000


def test_what_a_layer_asks_for_is_checked() -> None:
    fits = Requirement(
        28, Relation.AT_LEAST, k, "kernel {k} does not fit input height 28",
        code="kernel-exceeds-input", details=(("k", k),), path="conv2d",
    )  # fmt: skip
    P = Formula("(29 - k)*w", [fits])
    assert P.compile()(k=[27, 28], w=2).tolist() == [4, 2]
    with pytest.raises(RequirementError, match=r"^conv2d: kernel 29 does not fit input height 28"):
        P.compile()(k=[[1, 29, 30]], w=np.ones((5, 1), int))
    assert Formula("w", [fits]).compile()(w=[3]).tolist() == [3]
    with pytest.raises(RequirementError):
        Formula("w", [fits]).compile()(w=[3], k=[1, 40])


@given(axes(12))
def test_assumptions_are_checked(axes: Any) -> None:
    own = {name: axes[name] for name in ("h", "k")}
    P = Formula("h//k + max(h, k)").assume("h % 2 == 0", "h >= k").compile()
    broken = any(x % 2 or x < y for x, y in product(*own.values()))
    if broken:
        with pytest.raises(RequirementError):
            P(**grid(own))
    else:
        assert_exact(P(**grid(own)), [x // y + max(x, y) for x, y in product(*own.values())])


def test_a_divisor_of_zero_is_named() -> None:
    with pytest.raises(ArithmeticRuleError, match="divided by zero at h = 3, k = 3"):
        Formula("w//(h - k)").compile()(h=[[1], [3]], k=[2, 3, 4], w=5)
    with pytest.raises(ArithmeticRuleError, match="divided by zero"):
        Formula("1/(h - k)").compile()(h=[7], k=[7])
    with pytest.raises(ArithmeticRuleError, match="divided by zero at h = 2, k = 2"):
        Formula("w/(h - k) + w").compile("float64")(h=2, k=[1, 2], w=5)


def test_what_is_too_large_is_refused_at_once() -> None:
    with pytest.raises(EvaluationError, match="too large to compute"):
        Formula("2**L").compile()(L=[10**9])
    with pytest.raises(EvaluationError, match="too large to compute"):
        Formula("(9**L)**L").compile()(L=[10**4])
    with pytest.raises(EvaluationError, match="not a whole number"):
        Formula(2 ** (h / 2)).compile()(h=[2, 3])
    assert Formula(2 ** (h / 2)).compile()(h=[2, 4]).tolist() == [2, 4]


def test_terms_that_cancel_and_do_not_fit() -> None:
    """Each term is beyond 64 bits, and their sum is small."""
    i = Index("i")
    e = Sum(FloorDiv(h, 2**i) * 0 + (-1) ** i * (2**70 + FloorDiv(h, 2**i)), (i, 0, L - 1))
    got = Formula(e).compile()(h=[3, 9], L=2)
    assert got.tolist() == [3 - 1, 9 - 4]


def test_a_sum_over_many_copies_is_refused() -> None:
    e = Sum(FloorDiv(h, k + Index("i")), (Index("i"), 0, L - 1))
    assert Formula(e).compile()(h=100, k=1, L=[1, 100]).tolist() == [
        100, sum(100 // n for n in range(1, 101))
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="a sum of 1,000,000 terms is too long"):
        Formula(e).compile()(h=100, k=1, L=[1, 10**6])


def test_bounds_hold() -> None:
    compiled = MNIST.compile()
    low, high = compiled.bounds(k=[1, 3, 5], f=range(8, 65), n=range(1, 101))
    values = compiled(**grid({"k": [1, 3, 5], "f": list(range(8, 65)), "n": list(range(1, 101))}))
    assert low <= values.min() <= values.max() <= high
    assert compiled.bounds(k=3, f=32, n=100) == (542_230, 542_230)
    with pytest.raises(EvaluationError, match="f has no values"):
        compiled.bounds(k=1, f=[], n=1)


def test_it_can_be_sent_to_another_process() -> None:
    compiled = Formula("h//k + 2**h").assume("h >= k").compile()
    sent = pickle.loads(pickle.dumps(compiled))
    assert isinstance(sent, Compiled)
    assert sent(h=[5, 9], k=4).tolist() == [33, 514]
    assert repr(sent) == repr(compiled) == "2^h + ⌊h/k⌋, compiled for arrays of h, k"
    with pytest.raises(ArchcalcError, match="assum"):
        sent(h=[5, 3], k=4)


@given(st.integers(1, 12), st.integers(1, 7), st.integers(1, 12), st.integers(2, 97))
def test_sums_in_blocks_of_any_size(a: int, b: int, c: int, size: int) -> None:
    """Sums of many ranks, with a term that divides by zero where it is not added up."""
    i = Index("i")
    term = FloorDiv(h, 2**i) * FloorDiv(w, k + L - i)
    e = 3 * w * Sum(term, (i, 0, L - 1)) + Sum(FloorDiv(w, 3 * i + 2), (i, 0, L - 1))
    many = {"h": a, "L": b, "w": c, "k": 2}
    values = grid({name: list(range(1, n + 1)) for name, n in many.items()})
    usual = running.BLOCK
    running.BLOCK = size
    try:
        got = Formula(e).compile()(**values)
    finally:
        running.BLOCK = usual
    want = [
        sum(3 * y * (x // 2**j) * (y // (z + n - j)) + y // (3 * j + 2) for j in range(n))
        for x, n, y, z in product(*(range(1, n + 1) for n in many.values()))
    ]
    assert_exact(got, want)


def test_terms_beyond_the_count_may_divide_by_zero() -> None:
    e = Sum(FloorDiv(100, L - Index("i")), (Index("i"), 0, L - 1))
    got = Formula(e).compile()(L=np.arange(1, 60))
    assert got.tolist() == [sum(100 // (n - i) for i in range(n)) for n in range(1, 60)]


# --- 32 bits on the way ---------------------------------------------------------------------------


@contextmanager
def narrow(block: int) -> Iterator[None]:
    """Small blocks, and 32 bits wherever they fit, however little there is to compute."""
    usual = running.BLOCK, running._WORTH
    running.BLOCK, running._WORTH = block, 0
    try:
        yield
    finally:
        running.BLOCK, running._WORTH = usual


@given(
    data=st.data(),
    sizes=st.lists(st.sampled_from([9, 300, 2**16, 2**31, 2**33]), min_size=4, max_size=4),
    block=st.integers(2, 9),
)
def test_32_bits_on_the_way_change_nothing(all_formulas: Any, data: Any, sizes, block) -> None:
    case = data.draw(all_formulas)
    names = sorted(s.name for s in case.expression.free_symbols)
    values = {
        name: data.draw(
            st.lists(st.integers(max(1, most - 40), most), min_size=11, max_size=11), label=name
        )
        for name, most in zip(names, sizes, strict=False)
    }
    if not names:
        return
    formula = Formula(case.expression)
    points = [dict(zip(values, at, strict=True)) for at in zip(*values.values(), strict=True)]
    with narrow(block):
        got = formula.compile()(**{name: np.array(v) for name, v in values.items()})
    rest = dict.fromkeys(NAMES, 1)  # in the code, and cancelled
    assert_exact(got, [case.at({**rest, **point}) for point in points])


@pytest.mark.parametrize("most", [46_340, 46_341, 65_535, 65_536, 2**31 - 1, 2**31])
def test_around_the_largest_integer_of_32_bits(most: int) -> None:
    a = np.array([most, 1, most - 1, 7, most], dtype=np.int64)
    b = np.array([most, most, 3, 2, 1], dtype=np.int64)
    for text in ("a*b + a - b", "(a - b)*(a + b)//3", "a*a - b*b + 2*a", "min(a, b)*(a//2) - 5"):
        with narrow(2):
            got = Formula(text).compile()(a=a, b=b)
        plain = [
            eval(text, {"a": x, "b": y, "min": min})
            for x, y in zip(a.tolist(), b.tolist(), strict=True)
        ]
        assert got.tolist() == plain
        assert got.dtype in (np.int64, object)


def test_long_arrays_are_checked_to_their_ends() -> None:
    n = np.ones(200_001, dtype=np.int64)
    n[-1] = 0
    with pytest.raises(EvaluationError, match="n = 0 is not a positive integer"):
        Formula("n + 1").compile()(n=n)
    n[-1] = 2**40
    assert Formula("n*n").compile()(n=n)[-1] == 2**80
    assert Formula("n*n + n").compile()(n=n[::-2])[0] == 2**80 + 2**40


def test_fractions_in_more_than_one_block() -> None:
    """What was divided exactly did not come into the array that was asked for."""
    a, b = np.arange(1, 40_001), np.arange(40_000, 0, -1)
    got = Formula("(a + 1)/(2*b)").compile()(a=a, b=b)
    for i in (0, 7, 19_999, 32_768, 39_999):
        assert got[i] == Fraction(i + 2, 2 * (40_000 - i))
    grid = sweep({"r": "(a + 1)/b"}, a=range(1, 301), b=range(1, 301))
    assert grid.best("r", largest=True)["r"] == 301
