"""Assumptions: what they simplify, that they change no value, and that they are held to."""

from __future__ import annotations

import contextlib
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sympy import Eq

import archcalc as ac
from archcalc.formula import Formula
from archcalc.formula.conditions import read_condition
from archcalc.symbolic import (
    ArchcalcError,
    ArithmeticRuleError,
    ExpressionError,
    FloorDiv,
    RequirementError,
    UnknownSymbolError,
    symbols,
)
from tests.counting import at_most

# --- Values stay as they are ----------------------------------------------------------------------


@st.composite
def facts(draw: st.DrawFn, name: str) -> tuple[int, list[str]]:
    """A number for a symbol, and conditions that it meets."""
    step, rest = draw(st.integers(1, 12)), draw(st.integers(0, 11))
    value = max(step * draw(st.integers(0, 9)) + rest % step, 1)
    conditions = {
        f"{name} % {step} == {value % step}": True,
        f"{name} <= {value + draw(st.integers(0, 9))}": draw(st.booleans()),
        f"{name} > {value - draw(st.integers(1, 9))}": draw(st.booleans()),
        f"{value} == {name}": draw(st.integers(0, 5)) == 0,
    }
    return value, [text for text, chosen in conditions.items() if chosen]


@given(data=st.data())
def test_an_assumed_formula_has_the_same_values(data, all_formulas) -> None:
    case = data.draw(all_formulas)
    formula = Formula(case.expression)
    names = [s.name for s in formula.symbols]
    drawn = {name: data.draw(facts(name)) for name in names}
    point = {name: value for name, (value, _) in drawn.items()}
    conditions = [text for _, texts in drawn.values() for text in texts]
    pairs = [(a, b) for a in names for b in names if a != b and point[a] >= point[b]]
    for a, b in data.draw(st.lists(st.sampled_from(pairs), max_size=2)) if pairs else []:
        conditions.append(f"{a} % {b} == 0" if point[a] % point[b] == 0 else f"{a} >= {b}")
    assumed = formula.assume(*conditions)
    expected = case.at({"h": 1, "k": 1, "s": 1, "w": 1, **point})
    assert assumed(**{n: point[n] for n in assumed.known_symbols}) == expected
    assert len(assumed.expr.atoms(FloorDiv)) <= len(formula.expr.atoms(FloorDiv))
    for name in [*assumed.known_symbols][:1]:
        partial = assumed(**{name: point[name]})
        if isinstance(partial, Formula):
            partial = partial(**{n: point[n] for n in partial.known_symbols})
        assert partial == expected


@given(
    step=st.integers(1, 9),
    offset=st.integers(0, 8),
    low=st.integers(1, 40),
    length=st.integers(0, 60),
    bound=st.integers(1, 400),
    text=st.sampled_from(
        ["3*h + 1", "h*(h//4)", "ceil(h/6)*7 + h//2", "max(h, 30)*ceil(h/3)", "max(h, 50) + 1"]
    ),
)
@example(step=4, offset=0, low=6, length=1, bound=9, text="3*h + 1")  # no h at all
@example(
    step=3, offset=1, low=5, length=20, bound=60, text="max(h, 50) + 1"
)  # the same for every h
def test_solve_finds_only_what_was_assumed(step, offset, low, length, bound, text) -> None:
    conditions = f"h % {step} == {offset % step}", f"{low} <= h <= {low + length}"
    met = [h for h in range(low, low + length + 1) if h % step == offset % step]
    original = Formula(text)
    if not met:
        with pytest.raises(RequirementError, match="no values meet"):
            original.assume(*conditions)
        return
    assumed = original.assume(*conditions)
    values = {h: original(h=h) for h in met}
    fitting = [h for h, value in values.items() if value <= bound]
    if fitting:
        assert assumed.solve("h", at_most=bound) == max(fitting)
        assert assumed.solve("h", equals=values[met[-1]]) in met
    else:
        with pytest.raises(ac.errors.NoSolutionError):
            assumed.solve("h", at_most=bound)


# --- What they simplify ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "conditions", "shown"),
    [
        ("ceil(h/32)", ["h % 32 == 0"], "h/32"),
        ("ceil(h/32)*ceil(w/32)*c", ["h % 32 == 0", "w % 64 == 0"], "c·h·w/1024"),
        ("ceil(h/32)*c + h//5", ["h % 32 = 0"], "c·h/32 + ⌊h/5⌋"),
        ("(h//4*w + 1)//2", ["h % 8 == 0"], "h·w/8"),
        ("(h + 5)//64", ["h % 32 == 0"], "⌊h/64⌋"),
        ("ceil(ceil(h/2)/2)", ["h % 4 == 0"], "h/4"),
        ("(h + 1)//2", ["h % 2 == 1"], "h/2 + 1/2"),
        ("(h - k)//2", ["h % 2 == 0", "k == 4"], "h/2 − 2"),
        ("d//a*a*d", ["d % a == 0"], "d²"),
        ("k//8 + h", ["k <= 7"], "h"),
        ("max(f, 16)*min(k, 9)", ["f >= 16", "k < 10"], "f·k"),
        ("max(0, h - k) + min(h, k)", ["h >= k"], "h"),
        ("max(d, a)", ["d is a multiple of a"], "d"),
        ("h//(a - 3)", ["h % (a - 3) == 0"], "⌊h/(a − 3)⌋"),  # not known to be positive
        ("h//(a - 3)", ["h % (a - 3) == 0", "a > 3"], "h/(a − 3)"),
        ("(h + 1)//(a - 3)", ["a == 3"], "⌊(h + 1)/(a − 3)⌋"),
        ("max(h, k) + h//2", ["k <= 3"], "⌊h/2⌋ + Max(h, k)"),
    ],
)
def test_what_is_known_is_put_to_use(text, conditions, shown) -> None:
    assumed = Formula(text).assume(*conditions)
    expected = shown.replace("Max", "max")
    assert repr(assumed) == expected


def test_what_they_do_not_concern_stays_as_written() -> None:
    formula = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense("n"), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    P = formula.trace().parameters
    assert repr(P.assume("n % 4 == 0")) == repr(P)
    odd = P.assume("k % 2 == 1")
    assert repr(odd) == "(k² + 1)·f + (f·(29/2 − k/2)² + 1)·n + 10·(n + 1)"
    assert odd(k=3, f=32, n=100) == 542_230


def test_requirements_are_decided() -> None:
    net = ac.Sequential([ac.Conv2D("f", "k"), ac.MaxPooling2D(2)], input_shape=("h", "w", 3))
    P = net.trace().parameters
    assert len(P.requirements) == 4
    assumed = P.assume("k <= 7", "h >= 8", "w >= k + 1")
    assert assumed.requirements == assumed.assumptions
    assert [str(a) for a in assumed.assumptions] == [
        "k ≤ 7 (assumed)", "h ≥ 8 (assumed)", "w ≥ k + 1 (assumed)",
    ]  # fmt: skip
    with pytest.raises(RequirementError, match=r"conv2d|max_pooling2d") as caught:
        P.assume("h <= 4", "k >= 7")
    assert caught.value.code == "contradiction"


# --- That they are held to ------------------------------------------------------------------------


def test_values_that_break_one_are_refused_by_name() -> None:
    P = Formula("ceil(h/32)*c").assume("h % 32 == 0", "c >= 4")
    assert P(h=64, c=4) == 8
    with pytest.raises(RequirementError) as caught:
        P(h=33)
    assert caught.value.code == "assumption-broken"
    assert "the assumption that h is a multiple of 32 does not hold at h = 33" in str(caught.value)
    assert caught.value.hint
    with pytest.raises(RequirementError, match="c ≥ 4 does not hold at c = 3"):
        P(h=32, c=3)
    with pytest.raises(RequirementError, match=r"2·m \+ 1 is a multiple of 32"):
        P(h="2*m + 1")


def test_they_survive() -> None:
    P = Formula("ceil(h/32)*c*k + k").assume("h % 32 == 0")
    Q = Formula("max(k, 5)*ceil(h/32)").assume("k >= 5")
    for formula in (P(k=6), P + 1, -P, P + Q, Q * P, P.expand(), P.collect("k"), P.factor(),
                    pickle.loads(pickle.dumps(P)), Formula(P)):  # fmt: skip
        with pytest.raises(RequirementError, match="h is a multiple of 32"):
            formula(h=33)
    assert repr(P + Q) == "c·h·k/32 + h·k/32 + k"
    assert [repr(a) for a in (P + Q).assumptions] == ["h is a multiple of 32", "k ≥ 5"]
    assert P(h=64).assumptions == ()
    renamed = P(h="16*m")
    assert renamed(m=2, c=1, k=1) == 2
    with pytest.raises(RequirementError):
        renamed(m=3)


@pytest.mark.parametrize(
    "conditions",
    [
        ["h % 4 == 0", "h == 6"],
        ["k <= 3", "k >= 5"],
        ["h % 4 == 2", "h % 6 == 3"],
        ["h > w", "w >= 10", "h <= 5"],
        ["h % 8 == 0", "20 < h < 24"],
        ["k <= 0"],
        ["3 >= 5"],
        ["h == w", "h <= 3", "w >= 5"],
        ["h % 32 == 40"],
        ["h % 4 == 1/2"],
    ],
)
def test_contradictions_are_refused(conditions) -> None:
    with pytest.raises(RequirementError, match="no values meet") as caught:
        Formula("h*w*k").assume(*conditions)
    assert caught.value.code == "contradiction"
    assert caught.value.hint


def test_contradictions_of_two_formulas_and_of_values() -> None:
    left, right = Formula("k*h").assume("k <= 3"), Formula("k*w").assume("k >= 5")
    for join in (lambda: left + right, lambda: left * right, lambda: left.assume("k >= 5")):
        with pytest.raises(RequirementError, match=r"k ≤ 3 .* and k ≥ 5"):
            join()
    assert (left + Formula("k")).assumptions == left.assumptions
    between = Formula("h*k*w").assume("h <= k", "h >= w")
    with pytest.raises(RequirementError, match="no values meet"):
        between(k=3, w=5)


def test_only_what_is_guilty_is_named() -> None:
    with pytest.raises(RequirementError) as caught:
        Formula("h*k*w").assume("w <= 9", "k <= 3", "h % 2 == 0", "k >= 5")
    assert caught.value.values["requirements"] == ("k ≤ 3", "k ≥ 5")


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("q >= 3", UnknownSymbolError),
        ("h % 32", ExpressionError),
        ("h != 3", ExpressionError),
        ("1 < h < 3 < k", ExpressionError),
        ("h ==", ExpressionError),
        ("", ExpressionError),
        ("h/2 < 3", ExpressionError),
        ("h >= 3 or k >= 3", ExpressionError),
        ("not h >= 3", ExpressionError),
        ("h >= __import__('os')", ExpressionError),
        ("h >= 9**9**9", ArchcalcError),
        ("h" * 20_000, ExpressionError),
        ("h % 0 == 0", ArithmeticRuleError),
        (3, ExpressionError),
        (None, ExpressionError),
    ],
)
def test_what_is_no_condition_is_refused(condition, error) -> None:
    with pytest.raises(error) as caught:
        Formula("h*k").assume(condition)
    assert caught.value.code


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("2**L//3*h", "L == 10**9"),
        ("2**(L*h)//3", "L == 10**9"),
        ("h**1000//7*L", "h % 10**500 == 0"),
        ("(h + L)**40//7", "h % 2**90 == 0"),
        ("h*L", "(h + L)**300 >= 10**200"),
        ("h*L", "h**1000 % (10**500) == 0"),
        ("h*L", "h**3 - 9*h >= 10**400"),
        ("h*L", "2**L % 3 == 1"),
    ],
)
def test_large_conditions_take_no_time(text, condition) -> None:
    with at_most(5_000_000), contextlib.suppress(ArchcalcError):
        assert Formula(text).assume(condition).assumptions


def test_conditions_are_read() -> None:
    known = {s.name: s for s in ac.symbols("h k")}
    read = {
        "h % 32 == 0": "(h is a multiple of 32,)",
        "0 = h % 4": "(h is a multiple of 4,)",
        "2*h % 4 == 0": "(h is a multiple of 2,)",
        "(h + 1) % 4 == 3": "(h − 2 is a multiple of 4,)",
        "h % k == 0": "(h is a multiple of k,)",
        "h ≤ 7": "(h ≤ 7,)",
        "h/2 >= k": "(h/2 ≥ k,)",
        "h >= 2.5": "(h ≥ 3,)",
        "h <= 1e3 and k < h": "(h ≤ 1000, h ≥ k + 1)",
        "2*k < h": "(h ≥ 2·k + 1,)",
    }
    assert {text: repr(read_condition(text, known)) for text in read} == read


def test_what_always_holds_is_not_kept() -> None:
    P = Formula("h")
    assert P.assume("h >= 1", "5 > 3").assumptions == ()
    assert repr(P.assume("h >= 3", "h >= 3").assumptions) == "(h ≥ 3,)"
    assert P.assume() == P


# --- How they look --------------------------------------------------------------------------------


def test_they_are_shown_on_request() -> None:
    P = Formula("ceil(h/32)*k*f").assume("h % 32 == 0", "k <= 7", "f >= 16")
    assert f"{P}" == f"{P:text}" == repr(P) == "f·h·k/32"
    assert f"{P:where}" == "f·h·k/32, where h is a multiple of 32, k ≤ 7 and f ≥ 16"
    assert P._repr_latex_().endswith("$, where h is a multiple of 32, k ≤ 7 and f ≥ 16")
    assert f"{Formula('h'):where}" == "h"


class TestDepth:
    """A number of copies, in an exponent, divides what is a multiple of so many powers."""

    def test_sizes_that_halve_evenly_sum_up_in_closed_form(self) -> None:
        stage = ac.Repeat(ac.Conv2D("c", 3, strides=2, padding="same"), "L")
        macs = stage.trace(("h", "w", "c")).macs
        even = macs.assume("h % 2**L == 0", "w % 2**L == 0")
        assert repr(even) == "3·c²·h·w·(1 − (1/4)^L)"
        assert even(h=64, w=128, L=5, c=3) == macs(h=64, w=128, L=5, c=3)
        with pytest.raises(ac.errors.RequirementError, match="h is a multiple of 2\\^L"):
            even(h=48, w=128, L=5, c=3)

    def test_what_the_levels_of_a_ladder_ask_for_is_implied(self) -> None:
        def conv(width: str) -> ac.Conv2D:
            return ac.Conv2D(width, 3, padding="same")

        net = ac.Ladder(
            conv("c*2**i"), ac.MaxPooling2D(2), conv("c*2**i"),
            ac.Conv2DTranspose("c*2**i", 2, strides=2), conv("c*2**i"), "L", index="i",
        )  # fmt: skip
        macs = net.trace(("h", "w", 3)).macs
        even = macs.assume("h % 2**L == 0", "w % 2**L == 0")
        assert "∑" not in repr(even)
        assert "⌊" not in repr(even)
        assert not [r for r in even.requirements if r.code == "branches-differ"]
        assert even(h=96, w=64, L=4, c=8) == macs(h=96, w=64, L=4, c=8)


def test_relations_of_sympy_and_comparisons_of_formulas_are_conditions() -> None:
    n, k = symbols("n k")
    P = Formula("max(n, 4)*(k//2)")
    written = P.assume("n >= 5", "k % 2 == 0")
    assert P.assume(n >= 5, Eq(k % 2, 0)) == written == Formula("n*k/2")
    assert P.assume((n >= 5) & Eq(k % 2, 0)).assumptions == written.assumptions
    assert P.assume(Formula("n") >= 5).assumptions == P.assume("n >= 5").assumptions
    assert P.assume(n >= 1) == P  # sympy knows it, and says True
    with pytest.raises(ArchcalcError):
        P.assume(n <= 0)
    with pytest.raises(ExpressionError, match="is not text"):
        P.assume(7)  # type: ignore[arg-type]
    with pytest.raises(ArchcalcError):
        P.assume((n >= 5) | (k >= 5))
