"""The inverse gives back what went in, and agrees with solving in integers."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Float, Rational, sqrt

from archcalc.formula import Formula
from archcalc.symbolic import (
    ArchcalcError,
    EvaluationError,
    FloorDiv,
    NoSolutionError,
    RequirementError,
    UnknownSymbolError,
    symbols,
)
from archcalc.symbolic.requirement import Relation, Requirement
from tests.sampling import examples, slow

MANY = examples(2)
a, b, c, d, k, L = symbols("a b c d k L")
GPT2 = Formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d")

WEIGHTS = st.sampled_from([a, b, a * b, FloorDiv(b, 2) + 1, a**2, a + b]) | st.integers(1, 40)
OTHERS = {"a": st.integers(1, 30), "b": st.integers(1, 30)}
SHAPES = {
    "linear": lambda x, y, z: x * d + y,
    "quadratic": lambda x, y, z: x * d**2 + y * d + z,
    "square": lambda x, y, z: x * d**2 + y,
    "power": lambda x, y, z: x * d**5 + y,
    "biquadratic": lambda x, y, z: x * d**4 + y * d**2 + z,
    "shifted": lambda x, y, z: x * (d + 3) ** 3 + y,
    "shifted quadratic of a cube": lambda x, y, z: x * (d + 2) ** 6 + y * (d + 2) ** 3,
    "turning below one": lambda x, y, z: x * (d**2 - 2 * d) + x + y,
    "exponential": lambda x, y, z: x * 4**d + y,
    "two exponentials": lambda x, y, z: x * 8**d + y * 64 ** (d - 1) + z,
}


@MANY
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    weights=st.tuples(WEIGHTS, WEIGHTS, WEIGHTS),
    others=st.fixed_dictionaries(OTHERS),
    number=st.integers(1, 5) | st.integers(1, 60),
    more=st.integers(0, 10**6),
)
def test_what_went_in_comes_out(shape, weights, others, number, more) -> None:
    formula = Formula(SHAPES[shape](*weights))
    inverse = formula.invert("d")
    used = {s: v for s, v in others.items() if s in formula.known_symbols}
    total = formula(d=number, **used)
    assert inverse(total=total, **used) == number
    assert type(inverse(total=total, **used)) is int
    assert inverse(**used)(total=total) == number
    within = formula.solve("d", at_most=total + more, **used)
    assert floor(inverse(total=total + more, **used)) == within


@given(
    number=st.integers(1, 10**25),
    slope=st.integers(1, 10**6),
    less=st.sampled_from([-1, 0, 1]),
)
def test_near_a_whole_number_the_digits_suffice(number, slope, less) -> None:
    formula = Formula(d**2 + slope * d)
    total = formula(d=number) + less
    assume(total > slope + 1)
    answer = formula.invert("d")(total=total)
    assert floor(answer) == formula.solve("d", at_most=total)
    assert isinstance(answer, int) is (less == 0)


def test_a_falling_formula_is_inverted_on_its_side() -> None:
    fits = Requirement(28, Relation.AT_LEAST, k, "no", code="no-fit", path="conv2d")
    falls = Formula("(29 - k)**2*f", [fits])
    inverse = falls.invert("k")
    assert repr(inverse) == "29 − √(total/f)" or inverse(total=121 * 5, f=5) == 18
    for number in range(1, 29):
        assert inverse(total=falls(k=number, f=7), f=7) == number
    with pytest.raises(NoSolutionError, match="rise as well as fall"):
        Formula("(29 - k)**2*f").invert("k")


def test_gpt2() -> None:
    """Radford et al.'s table of widths, by the counts of the released checkpoints."""
    width = GPT2.invert("d")
    assert repr(width) == "(√((13·L + S + V + 2)² + 48·L·total) − 13·L − S − V − 2)/(24·L)"
    counts = {
        (12, 768): 124_439_808,
        (24, 1024): 354_823_168,
        (36, 1280): 774_030_080,
        (48, 1600): 1_557_611_200,
    }
    for (depth, d_model), total in counts.items():
        assert width(L=depth, V=50257, S=1024, total=total) == d_model
    assert width.to_latex().startswith(r"\frac{\sqrt{\left(13 \cdot L")
    assert "<msqrt>" in width.to_mathml()
    code = width.to_python().replace("total", "124439808")
    assert eval(code, {"L": 12, "V": 50257, "S": 1024}) == pytest.approx(768)


def test_a_name_for_the_value() -> None:
    assert Formula("3*n").invert("n").value == "total"
    assert Formula("total*n").invert("n").value == "value"
    assert repr(Formula("3*n").invert("n", value="P")) == "P/3"
    with pytest.raises(EvaluationError, match="k is a symbol of the formula"):
        Formula("k*n").invert("n", value="k")


def test_numbers_that_come_out() -> None:
    line = Formula("4*n + 1").invert("n")
    assert line(total=9) == 2
    assert line(total=4) == Fraction(3, 4)
    assert line(total=Fraction(3, 2)) == line(total=Rational(3, 2)) == Fraction(1, 8)
    root = Formula("2*n**2").invert("n")(total=10)
    assert isinstance(root, Float)
    assert abs(root - sqrt(5)) < 10**-14
    assert repr(Formula("n**2*k").invert("n")(k="4*j**2")) == "√total/(2·j)"
    assert Formula("4**L").invert("L")(total=8) == Fraction(3, 2)
    assert Formula("c*n").invert("n")(total="c*m", c="c") == Formula("m").expr


def test_requirements_of_other_symbols_stay() -> None:
    wide = Requirement(c, Relation.AT_LEAST, 8, "too narrow", code="narrow", path="conv2d")
    inverse = Formula("c*n", [wide]).invert("n")
    assert inverse(total=80, c=8) == 10
    with pytest.raises(RequirementError, match="conv2d: too narrow"):
        inverse(total=80, c=7)


REFUSED = [
    ("d**5 + d", "d", "there is no closed form of d: d⁵ + d is solved for d by no quadratic, root "
     "or logarithm; solve('d', at_most=…) finds the whole number exactly [no-inverse]"),
    ("c*(d//2)", "d", "there is no closed form of d: d stands in a division that is rounded "
     "down; solve('d', at_most=…) "
     "finds the whole number exactly [no-inverse]"),
    ("d**2 - 9*d", "d", "there is no closed form of d: the formula may rise as well as fall with "
     "d; solve('d', at_most=…) finds the whole number exactly [no-inverse]"),
    ("d*2**d", "d", "there is no closed form of d: 2^d·d is solved for d by no quadratic, root or "
     "logarithm; solve('d', at_most=…) finds the whole number exactly [no-inverse]"),
    ("max(d, 3)", "d", "there is no closed form of d: max(d, 3) is solved for d by no quadratic, "
     "root or logarithm; solve('d', at_most=…) finds the whole number exactly [no-inverse]"),
    pytest.param(
     (d + 1) ** 3000 + d, "d", "there is no closed form of d: (d + 1)³⁰⁰⁰ + d is solved for d by "
     "no quadratic, root or logarithm; solve('d', at_most=…) finds the whole number exactly "
     "[no-inverse]", marks=slow),
    ("3*c", "d", "there is no symbol d here; the symbols are c [unknown-symbol]"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "unknown", "text"), REFUSED)
def test_refusals(formula, unknown, text) -> None:
    with pytest.raises((NoSolutionError, UnknownSymbolError)) as caught:
        Formula(formula).invert(unknown)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"total": 3}, "there is no positive n at total = 3 [none-fits]"),
        ({"total": 0}, "total = 0 is not a positive integer"),
        ({"total": 1.5}, "total = 1.5 is not a positive integer"),
        ({"q": 1}, "there is no symbol q here; the symbols are total [unknown-symbol]"),
    ],
)
def test_bad_values(values, text) -> None:
    with pytest.raises(ArchcalcError) as caught:
        Formula("n + 5").invert("n")(**values)
    assert str(caught.value).startswith(text)
