"""Formulas: their values, their forms, and what they look like."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Rational, Symbol

from archcalc.formula import Formula
from archcalc.layers import Conv2D
from archcalc.network import Sequential
from archcalc.symbolic import (
    ArchcalcError,
    DimensionError,
    EvaluationError,
    ExpressionError,
    FloorDiv,
    NoSolutionError,
    OrderedAdd,
    OrderedMul,
    RequirementError,
    UnknownSymbolError,
    plain,
    sum_of_products,
    symbol,
    symbols,
)
from archcalc.symbolic.requirement import Relation, Requirement
from tests.counting import at_most
from tests.sampling import examples, slow

MANY = examples(4)
a, b, c, d, f, h, k, K, L, n, V, w = symbols("a b c d f h k K L n V w")
SIDE = FloorDiv(29 - k, 2)


def dense(n_in: Expr | int, n_out: Expr | int) -> Expr:
    return sum_of_products([(n_in, n_out), (n_out,)])


P = Formula(
    OrderedAdd(
        sum_of_products([(k, k, 1, f), (f,)]),
        sum_of_products([(SIDE, SIDE, f, n), (n,)]),
        sum_of_products([(10, n), (10,)]),
    )
)


def resnet() -> Formula:
    """The weights of a bottleneck ResNet, by stages."""
    terms = [OrderedMul(7, 7, 3, c), OrderedMul(2, c)]
    before: Expr = c
    for stage, blocks in enumerate(symbols("n1 n2 n3 n4")):
        width = 2**stage * c
        shortcut = OrderedAdd(OrderedMul(before, 4 * width), OrderedMul(2, 4 * width))
        terms += [OrderedAdd(bottleneck(before, width), shortcut)]
        terms += [OrderedMul(blocks - 1, bottleneck(4 * width, width))]
        before = 4 * width
    return Formula(OrderedAdd(*terms, dense(before, K)))


def bottleneck(before: Expr, width: Expr) -> Expr:
    kernels = [(before, width), (3, 3, width, width), (width, 4 * width)]
    norms = [(2, width), (2, width), (2, 4 * width)]
    return OrderedAdd(*[OrderedMul(*part) for part in (*kernels, *norms)])


# --- Values ---------------------------------------------------------------------------------------


def test_as_in_the_readme() -> None:
    assert repr(P) == "(k² + 1)·f + (⌊(29 − k)/2⌋²·f + 1)·n + 10·(n + 1)"
    assert P(k=3, f=32, n=100) == 542_230
    assert type(P(k=3, f=32, n=100)) is int
    assert repr(P(k=3)) == "10·f + (169·f + 1)·n + 10·(n + 1)"
    assert isinstance(P(k=3), Formula)
    assert P.symbols == (f, k, n)
    assert not P.is_number


@MANY
@given(data=st.data())
def test_symbol_then_number_is_number(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    formula = Formula(case.expression)
    used = {s.name: point[s.name] for s in formula.symbols}
    first = data.draw(st.sets(st.sampled_from(sorted(used)))) if used else set()
    partial = formula(**{name: used[name] for name in first}) if first else formula
    rest = {name: used[name] for name in used if name not in first}
    if isinstance(partial, Formula):
        rest = {s.name: used[s.name] for s in partial.symbols}
        assert partial(**rest) == case.at(point)
    else:
        assert partial == case.at(point)
    assert formula(**used) == case.at(point)


@MANY
@given(data=st.data())
def test_other_forms_keep_the_value(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    formula = Formula(case.expression)
    assume(formula.symbols)
    name = data.draw(st.sampled_from(sorted(s.name for s in formula.symbols)))
    others = [s.name for s in formula.symbols if s.name != name]
    for form in (
        formula.collect(name),
        formula.collect(name, *others),
        formula.expand(),
        formula.factor(),
        Formula(str(formula)),
        Formula(formula.to_python()),
        formula + 3 - formula.expand() + formula - 3,
    ):
        used = {s.name: point[s.name] for s in form.symbols}
        assert (form(**used) if used else form()) == case.at(point)


WRITTEN = st.recursive(
    st.integers(-9, 9).map(Integer) | st.sampled_from([a, b, k, FloorDiv(k + 3, 2)]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: OrderedAdd(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: OrderedMul(*parts)),
        st.lists(st.tuples(inner, inner), min_size=2, max_size=3).map(sum_of_products),
        inner.map(lambda e: plain(e) ** 2),
    ),
    max_leaves=10,
)


@MANY
@given(written=WRITTEN, at=st.tuples(*[st.integers(1, 9)] * 3))
def test_written_forms_mean_what_they_say(written, at) -> None:
    numbers = dict(zip((a, b, k), at, strict=True))
    expected = plain(written).xreplace({s: Integer(v) for s, v in numbers.items()})
    formula = Formula(written)
    for form in (formula, formula.collect("k") if k in formula.symbols else formula):
        used = {s.name: numbers[s] for s in form.symbols}
        assert form(**used) == expected


def test_values_that_are_expressions_rename_and_couple() -> None:
    assert repr(P(k="2*x")) == "(4·x² + 1)·f + (f·(14 − x)² + 1)·n + 10·(n + 1)"
    swapped = P(n=f, f=n)
    assert swapped(f=2, n=5, k=3) == P(n=2, f=5, k=3)
    assert P(k=Symbol("f"))(f=3, n=1) == P(k=3, f=3, n=1)
    assert P(f=Formula("a + 1"), k=1, n=1)(a=4) == P(f=5, k=1, n=1)
    assert P(k=np.int64(3), f=np.uint8(32), n=np.int32(100)) == 542_230
    assert P(k=Integer(3), f=Formula(32), n=100) == 542_230


REFUSED: list[tuple[dict[str, Any], type[ArchcalcError], str]] = [
    ({"q": 1}, UnknownSymbolError,
     "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"),
    *[
        ({"k": value}, EvaluationError,
         f"k = {shown} is not a positive integer; every symbol stands for a dimension: 1, 2, 3, … "
         "[bad-value]")
        for value, shown in [
            (0, "0"), (-3, "-3"), (2.5, "2.5"), (3.0, "3.0"), (True, "True"), (None, "None"),
            (Fraction(5, 2), "Fraction(5, 2)"), (np.float64(3), "np.float64(3.0)"), ([], "[]"),
            (Rational(5, 2), "5/2"), (Integer(0), "0"), ("3/2", "'3/2'"), (sympy.oo, "oo"),
        ]
    ],
    ({"k": "k k"}, ExpressionError,
     "'k k' has no operator at column 3; write k*k [missing-operator]"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "text"), REFUSED, ids=repr)
def test_refused_values(values, kind, text) -> None:
    with pytest.raises(kind) as caught:
        P(**values)
    assert str(caught.value) == text


def test_requirements_are_checked_as_soon_as_they_can_be() -> None:
    fits = Requirement(
        h, Relation.AT_LEAST, k, "kernel {k} does not fit input height {h}",
        code="kernel-exceeds-input", details=(("k", k), ("h", h)), path="conv2d",
    )  # fmt: skip
    formula = Formula("k**2*f", [fits])
    assert formula(k=3, f=2) == 18  # nothing is known of h
    assert formula(h=28)(k=28, f=1) == 784
    for broken in (lambda: formula(k=29, h=28), lambda: formula(h=28)(k=29, f=1)):
        with pytest.raises(RequirementError) as caught:
            broken()
        assert str(caught.value) == (
            "conv2d: kernel 29 does not fit input height 28 [kernel-exceeds-input]"
        )
    assert (formula + formula).requirements == (fits,)
    assert Formula(formula).requirements == (fits,)
    for form in (formula.collect("k"), formula.expand(), formula.factor(), -formula, formula(f=2)):
        assert form.requirements == (fits,)


def test_fractions() -> None:
    half = Formula("n*(n + 1)/4")
    assert half(n=1) == Fraction(1, 2)
    assert half(n=3) == 3
    assert type(half(n=3)) is int
    assert Formula(Fraction(1, 2))() == Formula("1/2")() == Fraction(1, 2)


def test_numbers_are_indices() -> None:
    assert int(Formula(3)) == 3
    assert range(9)[Formula(3)] == 3
    assert float(Formula(3)) == 3.0
    with pytest.raises(EvaluationError, match=r"is no number yet; give values for k \[symbols"):
        int(Formula("k"))
    with pytest.raises(EvaluationError, match=r"1/2 is not whole \[not-whole\]"):
        int(Formula("1/2"))


@pytest.mark.parametrize("value", [True, 2.5, None, [1], {}, sympy.pi, sympy.oo, sympy.Float(2)])
def test_what_is_no_formula(value) -> None:
    with pytest.raises((DimensionError, ExpressionError)):
        Formula(value).to_text()


# --- Arithmetic -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (P + 1, P.expr + 1),
        (1 + P, P.expr + 1),
        (P + f, P.expr + f),
        (f + P, P.expr + f),
        (f - P, f - P.expr),
        (P - f, P.expr - f),
        (3 - P, 3 - P.expr),
        (f * P, f * P.expr),
        (P * f, f * P.expr),
        (P * P, P.expr**2),
        (P / 2, P.expr / 2),
        (f / P, f / P.expr),
        (2 / P, 2 / P.expr),
        (P**2, P.expr**2),
        (2 ** Formula("L"), 2**L),
        (f ** Formula("L"), f**L),
        (P // 2, FloorDiv(P.expr, 2)),
        (7 // P, FloorDiv(7, P.expr)),
        (f // P, FloorDiv(f, P.expr)),
        (-P, -P.expr),
        (+P, P.expr),
        (P + "2*k", P.expr + 2 * k),
        (P * Fraction(1, 2), P.expr / 2),
        (Formula(2) ** 10, 1024),
    ],
    ids=str,
)
def test_arithmetic_on_both_sides(made, expected) -> None:
    assert isinstance(made, Formula)
    assert made == Formula(expected)


def test_sympy_takes_formulas_as_they_are() -> None:
    assert sympy.diff(P, f) == P.expr.diff(f)
    assert sympy.diff(Formula("k**3"), k) == 3 * k**2
    assert sympy.expand(P) == P.expr.expand()
    assert sympy.solve(Formula("2*n - 10"), n) == [5]
    assert sympy.factor(Formula("n**2 + n")) == n * (n + 1)
    assert sympy.Add(P, 1) == P.expr + 1
    assert sympy.sympify(P) == P.expr
    assert sympy.latex(P) == P.to_latex()


# --- Forms ----------------------------------------------------------------------------------------


def test_collect_a_resnet() -> None:
    formula = resnet()
    assert str(formula.collect("c", "K")) == (
        "c²·(17·n1 + 68·n2 + 272·n3 + 1088·n4 + 505)"
        " + c·(32·K + 12·n1 + 24·n2 + 48·n3 + 96·n4 + 269) + K"
    )
    depths = [(4, 6), (4, 23), (8, 36)]
    assert [formula(n1=3, n2=x, n3=y, n4=3, c=64, K=1000) for x, y in depths] == [
        25_557_032,
        44_549_160,
        60_192_808,
    ]


@pytest.mark.parametrize(
    ("formula", "by", "text"),
    [
        (P, "n f", "n·(⌊(29 − k)/2⌋²·f + 11) + f·(k² + 1) + 10"),
        (P, "f", "f·(⌊(29 − k)/2⌋²·n + k² + 1) + 11·n + 10"),
        (Formula("c*(c + a) + 3*c"), "c", "c² + c·(a + 3)"),
        (Formula("(c + 1)**3 - c**3"), "c", "3·c² + 3·c + 1"),
        (Formula("c**L + 2*c**L + c"), "c", "3·c^L + c"),
        (Formula("a*(b + 1) - a*b - a"), "a", "0"),
        (Formula("4**L*c + c"), "L", "4^L·c + c"),
        (Formula("a + b"), "", "a + b"),
        (
            Formula(OrderedMul(L, OrderedAdd(OrderedMul(d, 2 * a + 3 * f), 2 * d))),
            "L",
            "L·(d·(2·a + 3·f) + 2·d)",
        ),
    ],
    ids=str,
)
def test_collect(formula, by, text) -> None:
    if text == "0":
        assert formula == 0
        return
    assert str(formula.collect(*by.split())) == text
    assert formula.collect(*by.split()) == formula


def test_factor_and_expand() -> None:
    assert str(Formula("c**2 + 2*c").factor()) == "c·(c + 2)"
    assert str(P.factor()) == str(P)
    assert str(Formula("(k**2 + 1)*f").expand()) == "f·k² + f"


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("L*(12*d**2 + 13*d) + 2*d", "d", "12·d²·L"),
        ("L*(12*d**2 + 13*d) + 2*d", "L", "(12*d**2 + 13*d)*L"),
        ("4**L*c + L**2*c**3", "L", "4^L·c"),
        ("4**L*c + L**2*c**3", "c", "c**3*L**2"),
        ("4**L*L + 4**(L + 1) + 3**(L + 9)", "L", "4**L*L"),
        ("2**(L**2) + 9**L", "L", "2**(L**2)"),
        ("(h//k)*k", "k", "h"),
        ("(h//2)*k + h", "h", "h*k/2 + h"),
        ("(h//2)*k + h", "k", "(h//2)*k"),
        ("100//k + 3", "k", "3"),
        ("h//2**L", "L", "h/2**L"),
        ("max(k, f)*k + f", "k", "k**2"),
        ("min(k, f)*k + f", "k", "f*k"),
        ("max(k, f)*n", "n", "max(k, f)*n"),
        ("c**L + 4**L", "L", "c**L + 4**L"),
        ("L**c + L**2", "L", "L**c + L**2"),
        ("7*k + 3", "k", "7*k"),
    ],
)
def test_leading(text, by, expected) -> None:
    assert Formula(text).leading(by) == Formula(expected)


@pytest.mark.parametrize("method", ["collect", "leading"])
def test_forms_by_an_unknown_symbol(method) -> None:
    with pytest.raises(UnknownSymbolError) as caught:
        getattr(P, method)("q")
    assert str(caught.value) == (
        "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"
    )


def test_what_would_be_too_large_is_refused() -> None:
    with at_most(100_000):
        huge = reduce(lambda x, y: x + y, symbols("a b c d e")) ** 60
        collect = partial(Formula(huge * a).collect, "a")
        for ask in (Formula(huge).expand, Formula(huge).factor, collect):
            with pytest.raises(EvaluationError, match=r"more than 20,000 terms; put numbers in"):
                ask()
        assert Formula(huge) == Formula(huge)
        assert hash(Formula(huge)) == hash(Formula(huge))
        assert Formula(huge) != Formula(huge + a)
        assert Formula(huge).equals(huge + a) is False
        for formula, values in [
            ("2**L*c", {"L": 10**12}),
            ("2**L*c", {"L": 10**12, "c": 1}),
            ("2**(L*c)", {"L": 10**8, "c": 10**8}),
        ]:
            with pytest.raises(EvaluationError, match=r"is too large to compute"):
                Formula(formula)(**values)
        with pytest.raises(EvaluationError, match=r"is too large to compute"):
            Formula("c**L*d")(L=10**12)(c=2)
        with pytest.raises(EvaluationError, match=r"is too large to compute"):
            Formula(9) ** 10**12
        reaches = Requirement(h, Relation.AT_LEAST, 2**L, "too deep", code="too-deep")
        with pytest.raises(EvaluationError, match=r"is too large to compute"):
            Formula("h", [reaches])(L=10**12)


# --- Sameness -------------------------------------------------------------------------------------


def test_equals_is_three_valued() -> None:
    assert P.equals(P.expand()) is True
    assert P.equals(P + 1) is False
    assert P.equals(P + n) is False
    assert Formula("a").equals("b") is False
    assert Formula("(a*a + a)//2*2").equals("a*a + a") is True
    assert Formula("n - 1").equals("abs") is False


def test_points_where_a_formula_does_not_exist_tell_nothing() -> None:
    one = Requirement(1, Relation.AT_LEAST, a, "only one", code="x")
    assert Formula("a", [one]).equals("a**2") is None
    assert Formula("a").equals("a**2") is False


def test_equality_and_hash() -> None:
    assert P == P.expand() == Formula(P.expr)
    assert hash(P) == hash(P.expand())
    assert P != P + 1
    assert Formula(3) == 3 == Formula(3)
    assert hash(Formula(3)) == hash(3)
    assert Formula(Fraction(1, 2)) == Fraction(1, 2)
    assert Formula("k") == k
    assert k == Formula("k")
    for other in ("k", None, 3.0, True, [], object(), sympy.Float(3), sympy.pi):
        assert Formula("k") != other
    assert Formula(1) != True  # noqa: E712
    assert len({P, P.expand(), P + 1}) == 2


# --- Looks and copies -----------------------------------------------------------------------------


def test_formats() -> None:
    assert f"{P}" == f"{P:text}" == str(P) == repr(P) == P.to_text()
    assert f"{P:latex}" == P.to_latex()
    assert f"{P:mathml}" == P.to_mathml()
    assert f"{P:python}" == P.to_python()
    assert P.to_latex().startswith(r"\left(k^{2} + 1\right)")
    assert P._repr_latex_() == rf"$\displaystyle {P.to_latex()}$"
    assert f"{Formula(542_230):,}" == "542,230"
    assert f"{Formula(7):>4d}" == "   7"
    with pytest.raises(EvaluationError) as caught:
        f"{P:,}"
    assert str(caught.value) == (
        "a formula with symbols has no format ','; formats are text, latex, mathml, python, where "
        "[bad-format]"
    )


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_and_copies(protocol) -> None:
    fits = Requirement(28, Relation.AT_LEAST, k, "no", code="x", path="conv")
    original = Formula(P, [fits])
    hash(original)
    for made in (
        pickle.loads(pickle.dumps(original, protocol)),
        copy.copy(original),
        copy.deepcopy(original),
    ):
        assert made == original
        assert str(made) == str(original)
        assert made.requirements == original.requirements
        assert made(k=3, f=32, n=100) == 542_230


@slow
def test_long_sums_take_no_more_than_linear_time() -> None:
    many = symbols(" ".join(f"x{i}" for i in range(1_000)))
    values = {s.name: i % 7 + 1 for i, s in enumerate(many)}
    with at_most(8_000_000):
        formula = Formula(
            OrderedAdd(*[dense(x * k, y) for x, y in zip(many, many[1:] + many[:1], strict=True)])
        )
        total = formula(k=3, **values)
        assert formula(k=3)(**values) == total
        assert formula.solve("k", at_most=total, **values) == 3


def test_a_coefficient_that_only_takes_away() -> None:
    collected = Formula("n*(k - 3) - 2*n*(k + 1) + 4").collect("n")
    assert str(collected) == "−n·(k + 5) + 4"
    assert collected(n=3, k=2) == 3 * -1 - 6 * 3 + 4


# --- Symbols of the network, remainders, derivatives ----------------------------------------------


def test_a_total_takes_the_symbols_of_its_network() -> None:
    layers = [Conv2D("c", 3, padding="same"), Conv2D(8, 1)]
    P = Sequential(layers).trace(("h", "w", 3)).parameters
    assert P(c=64, h=224, w=224) == 28 * 64 + 8 * 64 + 8
    assert P(h=224) == P
    assert (2 * P + 1)(c=1, w=7) == 2 * 44 + 1
    assert P.solve("c", at_most=1_000, h=9, w=9) == 27
    assert pickle.loads(pickle.dumps(P))(c=1, h=5, w=5) == 44
    assert P.sensitivity(c=1, h=3).result == 44
    assert P.collect("c")(c=1, h=3) == P.expand()(c=1, h=3) == 44
    for wrong in ({"q": 1}, {"h": 0}, {"h": 2.5}):
        with pytest.raises(ArchcalcError):
            P(c=1, **wrong)
    with pytest.raises(UnknownSymbolError, match="the symbols are c, h, w"):
        P(q=1)


def test_a_number_takes_them_too() -> None:
    P = Sequential([Conv2D(8, 3, padding="same")]).trace(("h", "w", 3)).parameters
    assert P(h=3, w=4) == 224


def test_remainders() -> None:
    n, k = Formula("n"), Formula("k")
    for a in range(1, 12):
        assert (n % 3)(n=a) == a % 3
        assert (7 % n)(n=a) == 7 % a
        assert ((n + k) % k)(n=a, k=4) == (a + 4) % 4
        assert (n // 2)(n=a) == a // 2


@given(data=st.data())
def test_the_derivative_is_what_neighbours_say(data, points) -> None:
    powers = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-9, 9))
    terms = data.draw(st.lists(powers, min_size=1, max_size=4))
    # The coefficients of four terms never add up to −40: h stays.
    P = Formula(Add(*[c * h**i * k**j for i, j, c in terms]) + 40 * h + k)
    at = data.draw(st.tuples(st.integers(1, 50), st.integers(1, 50)))
    meant = sum(c * i * Fraction(at[0]) ** (i - 1) * at[1] ** j for i, j, c in terms) + 40
    found = P.diff("h")
    assert (found(**{n: v for n, v in zip("hk", at, strict=True) if n in found.known_symbols})
            if found.symbols else found()) == meant  # fmt: skip


def test_derivatives_in_turn_and_of_floors() -> None:
    assert Formula("a**2*b").diff("a", "b") == Formula("2*a")
    assert Formula("n*(h//2) + h**2").diff("h") == Formula("2*h")
    with pytest.raises(UnknownSymbolError):
        Formula("a").diff("b")
    for text in ("max(a, b)", "2**a", "sum(a//2**i for i in range(L))"):
        with pytest.raises(NoSolutionError, match="no derivative by a"):
            Formula(text).diff("a")


@pytest.mark.parametrize("by", ["n", symbol("n"), Symbol("n")])
def test_sympy_differentiates_by_name_or_symbol(by) -> None:
    assert sympy.diff(Formula("n**2 + k"), by) == Formula("2*n")
    assert sympy.diff(Formula("n**3"), by, 2) == Formula("6*n")


@pytest.mark.parametrize("by", [(), (2,)])
def test_a_derivative_is_by_something(by) -> None:
    with pytest.raises(EvaluationError, match="takes the symbols"):
        Formula("n").diff(*by)
