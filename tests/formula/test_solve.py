"""Solving against looking at every number, and the text of every refusal."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Integer, Max, Rational, Symbol

from archcalc.formula import Formula
from archcalc.formula.univariate import Values
from archcalc.symbolic import (
    ArchcalcError,
    ArchcalcWarning,
    EvaluationError,
    FloorDiv,
    NoSolutionError,
    RequirementError,
    UnknownSymbolError,
    evaluate,
    symbol,
    symbols,
)
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.sums import Index, summed
from tests.counting import at_most
from tests.sampling import examples, nightly, slow

MANY = examples(4)
THOUSANDS = examples(3, nightly=5_000)
"""300 in the profile ``ci``, 5,000 in ``nightly``."""
f, h, k, L, n = symbols("f h k L n")
MNIST = Formula("(k**2 + 1)*f + (((29 - k)//2)**2*f + 1)*n + 10*(n + 1)")
FITS = {
    "at_most": lambda value, bound: value <= bound,
    "at_least": lambda value, bound: value >= bound,
    "equals": lambda value, bound: value == bound,
}


def needs(left: Any, relation: Relation, right: Any, path: str = "conv2d") -> Requirement:
    return Requirement(left, relation, right, "it does not fit", code="no-fit", path=path)


def no_more_than(limit: int, s: Symbol = n) -> Requirement:
    return needs(limit, Relation.AT_LEAST, s)


def solved(formula: Formula, name: str, **given: Any) -> tuple[int | str, bool]:
    """The answer or the code of the refusal, and whether there was a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer: int | str = formula.solve(name, **given)
        except NoSolutionError as error:
            answer = error.code
        except RequirementError:
            answer = "no-network"
    return answer, bool(caught)


def brute(
    value: Callable[[int], int | None], numbers: list[int], kind: str, bound: int
) -> int | str:
    """The answer by looking at every one of `numbers`."""
    if not numbers:
        return "no-network"
    found = [m for m in numbers if (v := value(m)) is not None and FITS[kind](v, bound)]
    if not found:
        return "none-fits"
    return max(found) if kind == "at_most" else min(found)


def turns(values: list[int | None]) -> bool:
    known = [v for v in values if v is not None]
    steps = {(b > a) - (b < a) for a, b in pairwise(known)}
    return {1, -1} <= steps


# --- Random formulas over all that a network allows ----------------------------------------------

KINDS = st.sampled_from(sorted(FITS))
BOUNDS = st.integers(-300, 3_000)


@THOUSANDS
@given(data=st.data(), kind=KINDS, limit=st.integers(1, 90), name=st.sampled_from("hks"))
def test_a_bounded_symbol_is_solved_as_by_looking_at_every_number(
    data, kind, limit, name, all_formulas, points
) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    del point[name]
    formula = Formula(case.expression, [no_more_than(limit, symbol(name))])
    numbers = {symbol(s): Integer(v) for s, v in point.items()}
    assume(symbol(name) in formula.expr.xreplace(numbers).free_symbols)

    def value(m: int) -> int:
        return case.at({**point, name: m})

    values = [value(m) for m in range(1, limit + 1)]
    bound = data.draw(BOUNDS | st.sampled_from(values))
    used = {s: v for s, v in point.items() if symbol(s) in formula.symbols}
    answer, warned = solved(formula, name, **{kind: bound}, **used)
    assert answer == brute(value, list(range(1, limit + 1)), kind, bound)
    if isinstance(answer, int):
        assert warned == turns(values) or limit > 60  # ends alone are seen of long runs
    assert not warned or turns(values)


i = Index("i")
COPIES = st.sampled_from(
    [FloorDiv(h, 2**i), FloorDiv(h + i, 3) * (i + 1), Max(h - 3 * i, 5), FloorDiv(n * (i + 1), 4)]
)


@given(
    parts=st.lists(COPIES, min_size=1, max_size=2),
    weight=st.integers(-2, 5),
    more=st.sampled_from([Integer(0), n, -n, n**2, 3 * h]),
    kind=KINDS,
    bound=BOUNDS,
    unknown=st.sampled_from([n, h]),
    other=st.integers(1, 40),
)
def test_sums_over_copies_are_solved_in_the_count_and_in_the_term(
    parts, weight, more, kind, bound, unknown, other
) -> None:
    total = plain(weight * summed(sum(parts), i, n)) + more + h
    formula = Formula(total, [no_more_than(40, unknown)])
    assume({n, h} <= formula.expr.free_symbols)
    (given,) = {"h", "n"} - {unknown.name}
    answer, _ = solved(formula, unknown.name, **{kind: bound, given: other})

    def value(m: int) -> int:
        at = {given: other, unknown.name: m}
        tall, deep = at["h"], at["n"]
        code = {h: tall, n: deep}
        copies = [sum(int(p.xreplace({**code, i: Integer(j)})) for p in parts) for j in range(deep)]
        return weight * sum(copies) + int(more.xreplace(code)) + tall

    assert answer == brute(value, list(range(1, 41)), kind, bound)


PIECES = st.recursive(
    st.integers(-12, 12).map(Integer) | st.just(n),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, q: FloorDiv(a, q), inner, st.integers(2, 7)),
    ),
    max_leaves=7,
).filter(lambda e: n in e.free_symbols)


@MANY
@given(expression=PIECES, kind=KINDS, bound=st.integers(-(10**4), 10**4))
def test_without_an_end_every_floored_polynomial_is_decided(expression, kind, bound) -> None:
    formula = Formula(expression)
    assume(formula.symbols)
    answer, _ = solved(formula, "n", **{kind: bound})
    assert answer != "not-decided"
    small = {m: formula(n=m) for m in range(1, 400)}
    fitting = [m for m, value in small.items() if FITS[kind](value, bound)]
    far = [m for e in range(9, 60) for m in (2**e, 2**e + 1, 3**e, 10**6 * e + 420)]
    if isinstance(answer, str):
        assert (answer == "all-fit" and kind == "at_most") or not fitting
        if answer == "none-fits":
            assert not any(FITS[kind](formula(n=m), bound) for m in far)
        return
    assert FITS[kind](formula(n=answer), bound)
    if kind == "at_most":
        beyond = [*range(answer + 1, answer + 600), *far]
        assert not any(formula(n=m) <= bound for m in beyond if m > answer)
        assert not [m for m in fitting if m > answer]
    else:
        assert min([*fitting, answer]) == answer


@MANY
@given(
    expression=PIECES,
    kind=KINDS,
    bound=st.integers(-500, 500),
    step=st.integers(1, 6),
    offset=st.integers(0, 5),
    low=st.integers(1, 30),
    side=st.integers(1, 40),
    divides=st.sampled_from([0, 24, 60]),
)
def test_requirements_restrict_the_answer(
    expression, kind, bound, step, offset, low, side, divides
) -> None:
    requirements = [
        needs(n, Relation.AT_LEAST, low),
        needs(FloorDiv(100 - n, 2), Relation.AT_LEAST, side),
        needs(n + offset, Relation.MULTIPLE_OF, step),
    ]
    allowed = [
        m for m in range(1, 200) if m >= low and (100 - m) // 2 >= side and (m + offset) % step == 0
    ]
    if divides:
        requirements.append(needs(divides, Relation.MULTIPLE_OF, n))
        allowed = [m for m in allowed if divides % m == 0]
    flat = Formula(expression)
    assume(flat.symbols)
    answer, warned = solved(Formula(expression, requirements), "n", **{kind: bound})
    values = {m: flat(n=m) for m in allowed}
    assert answer == brute(values.__getitem__, allowed, kind, bound)
    assert not warned or turns(list(values.values()))


@given(
    a=st.integers(1, 9),
    b=st.integers(0, 50),
    q=st.integers(1, 12),
    r=st.integers(1, 12),
    side=st.integers(1, 60),
)
def test_odd_requirements(a, b, q, r, side) -> None:
    requirements = [
        needs(a * n + b, Relation.MULTIPLE_OF, q),
        needs(n**2 + n, Relation.MULTIPLE_OF, r),
        needs(FloorDiv(n + 1, 2), Relation.EQUAL, FloorDiv(side, 3) + 1),
    ]
    allowed = [
        m
        for m in range(1, 200)
        if (a * m + b) % q == 0 and (m * m + m) % r == 0 and (m + 1) // 2 == side // 3 + 1
    ]
    formula = Formula(3 * n + 1, requirements)
    answer, _ = solved(formula, "n", at_most=10**9)
    assert answer == (max(allowed) if allowed else "no-network")


@given(
    coefficients=st.lists(st.integers(0, 10**6), min_size=2, max_size=5),
    bound=st.integers(0, 10**40),
)
def test_huge_answers_are_exact(coefficients, bound) -> None:
    assume(any(coefficients[1:]))
    formula = Formula(sum((c * n**i for i, c in enumerate(coefficients)), Integer(0)))
    answer, warned = solved(formula, "n", at_most=bound)
    assert not warned
    if answer == "none-fits":
        assert formula(n=1) > bound
    else:
        assert formula(n=answer) <= bound < formula(n=answer + 1)


# --- The formula of the README --------------------------------------------------------------------


def test_the_largest_dense_layer_within_a_budget() -> None:
    assert MNIST.solve("n", at_most=100_000, k=3, f=32) == 18
    assert MNIST.solve(n, at_most=np.int64(100_000), k=3, f=32) == 18
    assert MNIST.solve("n", at_least=100_000, k=3, f=32) == 19
    assert MNIST.solve("n", equals=542_230, k=3, f=32) == 100
    assert MNIST.solve("f", equals=542_230, k=3, n=100) == 32


def test_another_bound_takes_little_work() -> None:
    MNIST.solve("n", at_most=100_000, k=3, f=32)
    for bound in range(100_000, 100_020):
        with at_most(6_000):
            MNIST.solve("n", at_most=bound, k=3, f=32)


def test_a_kernel_is_bounded_by_the_network_and_the_formula_turns() -> None:
    network = Formula(MNIST, [no_more_than(28, k)])
    with pytest.warns(ArchcalcWarning) as caught:
        answer = network.solve("k", at_most=100_000, f=32, n=100)
    assert answer == max(k for k in range(1, 29) if MNIST(k=k, f=32, n=100) <= 100_000) == 28
    assert str(caught[0].message) == (
        "the formula is not monotone in k: k = 28 is the largest value that gives at most 100,000, "
        "but k = 17 gives 125,590"
    )


def test_a_multiple_is_found_without_trying() -> None:
    heads = Formula(
        "n**2", [needs(n, Relation.MULTIPLE_OF, 10**12 + 39), needs(n, Relation.MULTIPLE_OF, 2**40)]
    )
    period = (10**12 + 39) * 2**40
    assert heads.solve("n", at_most=10**60) == 10**30 // period * period


def test_divisors_of_large_numbers() -> None:
    heads = Formula("3*n + 1", [needs(10**15, Relation.MULTIPLE_OF, 2 * n)])
    assert heads.solve("n", at_most=10**9) == 320_000_000


def test_other_values_may_follow_the_unknown() -> None:
    ffn = Formula("8*d*f + d")
    assert ffn.solve("d", at_most=100_000, f="4*d") == 55
    assert Formula("f*n").solve("n", equals=Fraction(18), f=n + 3) == 3


def test_fractions_as_bounds_and_as_results() -> None:
    half = Formula(n * (n + 1) / 4)
    assert half.solve("n", at_most=Fraction(21, 2)) == 6
    assert half.solve("n", equals=Fraction(21, 2)) == 6
    assert half.solve("n", at_least=Rational(3, 4)) == 2


def test_powers_of_a_depth() -> None:
    doubling = Formula("c**2*(4**L - 1) + L*c")
    assert doubling.solve("L", at_most=10**40, c=64) == 60
    assert Formula("4**L*(3*L - 4)//9").solve("L", at_most=10**40) == 64
    assert Formula("h//2**L").solve("L", equals=7, h=224) == 5
    assert Formula("100*c - h//2**L").solve("L", at_least=90, c=1, h=224) == 5


def test_a_falling_power_against_a_rising_line() -> None:
    with pytest.warns(ArchcalcWarning, match="not monotone in n"):
        assert Formula("2**n - 100*n").solve("n", at_most=0) == 9


def test_residue_classes_decide_what_saws() -> None:
    saw = Formula("n*(n - 3*(n//3)) + n")
    with pytest.warns(ArchcalcWarning):
        assert saw.solve("n", at_most=10**30) == 10**30 - 1
    slow = Formula("10*n - 30*(n - 5000*(n//5000))")
    with pytest.warns(ArchcalcWarning):
        assert slow.solve("n", at_most=10**6) == 109_999


@pytest.mark.filterwarnings("ignore::archcalc.symbolic.ArchcalcWarning")
@pytest.mark.parametrize(
    ("text", "equals", "expected"),
    [
        ("max(2, (n%5)*2)", 6, 3),
        ("min(7, n%4 + n//4)", 7, 19),
        ("max(n, 5)//2 + max(3*n - 40, 1)", 12, 15),
        ("max(n**2 - 10*n, 4) + min(n, 30)", 100_030, None),
        ("max((n//3)*2, min(n, 12) + n%3)", 10**9, 1_500_000_000),
    ],
)
def test_maxima_and_remainders_together(text: str, equals: int, expected: int | None) -> None:
    with at_most(2_000_000):
        if expected is None:
            with pytest.raises(NoSolutionError, match="none-fits"):
                Formula(text).solve("n", equals=equals)
        else:
            assert Formula(text).solve("n", equals=equals) == expected


@slow
@examples(0.3, nightly=1_000, least=10)
@pytest.mark.filterwarnings("ignore::archcalc.symbolic.ArchcalcWarning")
@given(
    parts=st.lists(
        st.sampled_from(["n%5*2", "n//3", "7", "20 - n", "n**2//4", "n%2", "2*n - 9", "n"]),
        min_size=2,
        max_size=4,
    ),
    kind=st.sampled_from(["max", "min"]),
    rest=st.sampled_from(["0", "n//2", "n%3", "3*n"]),
    bound=st.integers(-5, 60),
)
def test_maxima_of_remainders_are_solved(parts, kind, rest, bound) -> None:
    text = f"{kind}({', '.join(parts)}) + {rest}"
    numbers = [n for n in range(1, 200) if eval(text, {"n": n, "max": max, "min": min}) == bound]
    formula = Formula(text)
    assume("n" in formula.known_symbols)
    answer, _ = solved(formula, "n", equals=bound)
    assert answer == (numbers[0] if numbers else answer)
    if not numbers:
        assert answer in ("none-fits", "all-fit") or answer >= 200


# --- All solutions --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::archcalc.symbolic.ArchcalcWarning")
@pytest.mark.parametrize(
    ("text", "equals", "found"),
    [
        ("(n - 8)**2", 9, "5 and 11"),
        ("n*(30 - n)", 29, "1 and 29"),
        ("n//4", 3, "12, 13, 14 and 15"),
        ("n%4", 3, "3, 7, 11, …"),
        ("max(n, 5)", 5, "1, 2, 3, 4 and 5"),
        ("2*n + 1", 4, "none"),
        ("n//100", 7, "700, 701, 702, …"),
    ],
)
def test_all_solutions(text: str, equals: int, found: str) -> None:
    assert str(Formula(text).solutions("n", equals=equals)) == found


@MANY
@pytest.mark.filterwarnings("ignore::archcalc.symbolic.ArchcalcWarning")
@given(
    expression=PIECES,
    bound=st.integers(-50, 200),
    step=st.sampled_from([1, 2, 3]),
    limit=st.integers(3, 60),
)
def test_all_solutions_are_those_of_every_number(expression, bound, step, limit) -> None:
    formula = Formula(expression, [no_more_than(limit), needs(n, Relation.MULTIPLE_OF, step)])
    assume(n in formula.symbols)
    numbers = range(step, limit + 1, step)
    meant = [m for m in numbers if evaluate(expression, {n: m}) == bound]
    found = formula.solutions("n", equals=bound)
    assert list(found) == meant
    assert len(found) == len(meant)
    assert not found.endless
    assert bool(found) == bool(meant)
    assert [m for m in range(1, limit + 3) if m in found] == meant


def test_endless_solutions_have_no_length() -> None:
    found = Formula("n%3 + 5").solutions("n", equals=5)
    assert found.endless
    assert 10**30 not in found
    assert 10**30 + 2 in found


def test_where_all_is_refused() -> None:
    with pytest.raises(NoSolutionError, match="exists for no n"):
        Formula(n, [needs(n, Relation.AT_LEAST, 5), no_more_than(4)]).solutions("n", equals=3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1e6", 100_000), ("1M", 100_000), ("2.7k", 270), ("1,000", 100), ("1.5G", 150_000_000),
     ("25.6M", 2_560_000), ("0.5K", 50)],
)  # fmt: skip
def test_bounds_as_people_write_them(text: str, expected: int) -> None:
    assert Formula("10*n").solve("n", at_most=text) == expected
    assert Formula("10*n*k").solve({"n": range(1, 10**9)}, at_most=text, k=1) == {"n": expected}
    assert list(Formula("10*n").solutions("n", equals=text)) == [expected]


@pytest.mark.parametrize("text", ["", "k", "1.2.3", "1e999", "25.6 Mi", "12,34", "0x10", "∞"])
def test_bounds_that_are_no_numbers(text: str) -> None:
    with pytest.raises(EvaluationError, match="is not an exact number"):
        Formula("10*n").solve("n", at_most=text)


# --- Refusals -------------------------------------------------------------------------------------

REFUSED: list[tuple[str, Formula, str, dict[str, Any], type[ArchcalcError], str]] = [
    ("one too many", MNIST, "n", {"at_most": 1000, "k": 3, "f": 32}, NoSolutionError,
     "no n gives at most 1,000: even n = 1 gives 5,749 [none-fits]"),
    ("bounded", Formula(5 * n, [no_more_than(9)]), "n", {"at_least": 50}, NoSolutionError,
     "no n gives at least 50: even n = 9 gives 45; the network asks for n ≤ 9 (conv2d) "
     "[none-fits]"),
    ("between", Formula("n**2 + 1"), "n", {"equals": 30}, NoSolutionError,
     "no n gives exactly 30: n = 5 gives 26 and n = 6 gives 37 [none-fits]"),
    ("before the first", Formula("n**2 + 1"), "n", {"equals": 1}, NoSolutionError,
     "no n gives exactly 1: n = 1 gives 2 [none-fits]"),
    ("limit", Formula("5 + 100//n"), "n", {"at_most": 4}, NoSolutionError,
     "no n gives at most 4: it is at least 5 [none-fits]"),
    ("ceiling", Formula("5 - 100//n"), "n", {"at_least": 6}, NoSolutionError,
     "no n gives at least 6: it is at most 5 [none-fits]"),
    ("all", Formula("100//n"), "n", {"at_most": 100}, NoSolutionError,
     "there is no largest n: every n gives at most 100 [all-fit]"),
    ("all from", Formula("100//n"), "n", {"at_most": 9}, NoSolutionError,
     "there is no largest n: every n from 11 on gives at most 9 [all-fit]"),
    ("some for ever", Formula("n*(n - 2*(n//2))"), "n", {"at_most": 9}, NoSolutionError,
     "there is no largest n: ever larger n give at most 9 [all-fit]"),
    ("constant, all", Formula("(k - 3)*n + 7"), "n", {"at_most": 9, "k": 3}, NoSolutionError,
     "the result is 7 whatever n is, so every n gives at most 9; solve for a symbol that the "
     "result depends on instead of n [all-fit]"),
    ("constant, none", Formula(Formula("f"), [no_more_than(9)]), "n", {"at_least": 9, "f": 3},
     NoSolutionError,
     "the result is 3 whatever n is, so no n gives at least 9; solve for a symbol that the result "
     "depends on instead of n [none-fits]"),
    ("no network", Formula(n, [no_more_than(9), needs(n, Relation.AT_LEAST, 20, "dense")]), "n",
     {"at_most": 9}, NoSolutionError,
     "the network exists for no n: it asks for n ≤ 9 (conv2d); n ≥ 20 (dense); change the other "
     "values [no-network]"),
    ("no multiple", Formula(n, [needs(2 * n + 1, Relation.MULTIPLE_OF, 4)]), "n", {"at_most": 9},
     NoSolutionError,
     "the network exists for no n: it asks for 2·n + 1 to be a multiple of 4 (conv2d); change "
     "the other values [no-network]"),
    ("assumed", Formula("h//32*n").assume("h % 32 == 0", "h <= 96"), "h",
     {"at_least": 9, "n": 2}, NoSolutionError,
     "no h gives at least 9: even h = 96 gives 6; it is assumed that h is a multiple of 32 and "
     "h ≤ 96 [none-fits]"),
    ("not decided", Formula("n**2*(7 - (n*n)//(n + 3)//2**n) - max(n**3 - 10**40, 3**n) + 5**n"),
     "n", {"equals": 3}, NoSolutionError,
     "which n give exactly 3 cannot be decided: the formula is not monotone in n, and where it "
     "turns cannot be found; evaluate it over a range of n instead [not-decided]"),
    ("unknown", MNIST, "q", {"at_most": 3}, UnknownSymbolError,
     "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"),
    ("not a name", MNIST, 3, {"at_most": 3}, UnknownSymbolError,  # type: ignore[list-item]
     "there is no symbol 3 here; the symbols are f, k, n [unknown-symbol]"),
    ("unknown value", MNIST, "n", {"at_most": 3, "q": 3}, UnknownSymbolError,
     "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"),
    ("missing", MNIST, "n", {"at_most": 3}, EvaluationError,
     "to solve for n, every other symbol needs a number; give f, k [symbols-left]"),
    ("given", MNIST, "n", {"at_most": 3, "n": 3}, EvaluationError,
     "n is what is solved for; it cannot be given too [bad-value]"),
    ("bad value", MNIST, "n", {"at_most": 3, "k": 0, "f": 1}, EvaluationError,
     "k = 0 is not a positive integer; every symbol stands for a dimension: 1, 2, 3, … "
     "[bad-value]"),
    ("no bound", MNIST, "n", {"k": 3}, EvaluationError,
     "solve() takes one bound, and none was given; give at_most, at_least or equals [one-bound]"),
    ("two bounds", MNIST, "n", {"at_most": 3, "equals": 3}, EvaluationError,
     "solve() takes one bound, and at_most and equals were given; give at_most, at_least or "
     "equals [one-bound]"),
    ("float", MNIST, "n", {"at_most": 1e5}, EvaluationError,
     "at_most = 100000.0 is not an exact number; give an integer or a Fraction [bad-value]"),
    ("bool", MNIST, "n", {"equals": True}, EvaluationError,
     "equals = True is not an exact number; give an integer or a Fraction [bad-value]"),
    ("text", MNIST, "n", {"at_least": "many"}, EvaluationError,
     "at_least = 'many' is not an exact number; write one such as '1e6' or '25.6M' [bad-value]"),
    ("network broken", Formula(MNIST, [no_more_than(28, k)]), "n", {"at_most": 9, "k": 29, "f": 1},
     RequirementError, "conv2d: it does not fit [no-fit]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "unknown", "given", "kind", "text"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_refusals(formula, unknown, given, kind, text) -> None:
    with pytest.raises(kind) as caught:
        formula.solve(unknown, **given)
    assert str(caught.value) == text
    assert type(caught.value) is kind


HOSTILE: list[Any] = [  # counting calls makes them ten times as slow
    pytest.param(
        "n*(n - 1000003*(n//1000003))*(n//999983 - n//999979)", {"at_most": 10}, marks=nightly
    ),
    ("2**n - n**20 - 10**9", {"at_most": 0}),
    ("(n - 50)**40 - (n + 3)**39 - n//7", {"at_most": 0}),
    ("2**(10**9*n)", {"at_most": 7}),
    ("2**(n**9) - 3**n", {"at_least": 10**9}),
    ("n", {"at_most": 10**5000}),
    ("n*f - n", {"at_most": 10**5000, "f": 10**4999}),
    ("max(n, 10**9 - n) - (n//977)*(n//1009)//(n + 1)", {"equals": 3}),
    pytest.param(
        "(n//2 - n//3)*(n//5 - n//7)*(n//11 - n//13)*(n//17 - n//19)",
        {"equals": 10**9},
        marks=nightly,
    ),
]


@slow
@pytest.mark.parametrize(("formula", "given"), HOSTILE)
def test_hostile_formulas_end_soon(formula, given) -> None:
    with warnings.catch_warnings(), at_most(50_000_000):
        warnings.simplefilter("ignore")
        try:
            answer: int | str = Formula(formula).solve("n", **given)
        except ArchcalcError as error:
            answer = str(error)
    assert isinstance(answer, int) or len(answer) < 500


def test_values_between_bounds_as_runs() -> None:
    assert Values(n**2 - 10 * n, n).preimage(-21, -16, (1, None)) == [(2, 3), (7, 8)]
    assert Values(n**2 - 10 * n, n).preimage(-21, None, (1, None)) == [(1, 3), (7, None)]
    assert Values(FloorDiv(100, n - 5), n).preimage(20, 50, (1, None)) == [(7, 10)]
