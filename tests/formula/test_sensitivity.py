"""What one more costs, by counting it."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from archcalc.formula import Effect, Formula, Sensitivity
from archcalc.formula.slope import slope
from archcalc.symbolic import (
    ArithmeticRuleError,
    EvaluationError,
    FloorDiv,
    UnknownSymbolError,
    symbol,
    symbols,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.requirement import Relation, Requirement
from tests.sampling import examples

MANY = examples(4)
f, h, k, L, n = symbols("f h k L n")
MNIST = Formula("(k**2 + 1)*f + (((29 - k)//2)**2*f + 1)*n + 10*(n + 1)")
AT = {"k": 3, "f": 32, "n": 100}


@MANY
@given(data=st.data())
def test_one_more_is_counted(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    formula = Formula(case.expression)
    used = {s.name: point[s.name] for s in formula.symbols}
    result = formula.sensitivity(**used)
    assert result.result == case.at(point)
    assert [effect.symbol for effect in result] == sorted(used)
    for effect in result:
        more = case.at({**point, effect.symbol: point[effect.symbol] + 1})
        assert effect.one_more == more - result.result
        assert effect.value == used[effect.symbol]


def _plain(e: sympy.Expr) -> sympy.Expr:
    args = [_plain(a) for a in e.args]
    if isinstance(e, FloorDiv):
        return args[0] / args[1]
    return e.func(*args) if args else e


@MANY
@given(data=st.data())
def test_slopes_are_those_of_calculus(data, formulas, points) -> None:
    case, point = data.draw(formulas), data.draw(points)
    numbers = {symbol(name): value for name, value in point.items()}
    expected = evaluate(sympy.diff(_plain(case.expression), k), numbers)
    assert slope(case.expression, k, numbers) == expected


def test_as_in_the_readme() -> None:
    effects = MNIST.sensitivity(**AT)
    assert effects.result == 542_230
    assert effects.at == {"f": 32, "k": 3, "n": 100}
    assert effects["n"] == Effect("n", 100, 5_419, Fraction(54_190, 54_223))
    assert effects["f"].one_more == 16_910
    assert effects["k"].one_more == MNIST(k=4, f=32, n=100) - 542_230 == -79_776
    assert (
        str(effects)
        == repr(effects)
        == (
            "at f = 32, k = 3, n = 100: 542,230\n"
            "f    32 → 33  +16,910   elasticity 0.998\n"
            "k      3 → 4  −79,776   elasticity −0.2291\n"
            "n  100 → 101   +5,419   elasticity 0.9994"
        )
    )


def test_a_step_beyond_the_network_is_named() -> None:
    fits = Requirement(
        28, Relation.AT_LEAST, k, "kernel {k} does not fit", code="x", details=(("k", k),),
        path="stage/conv2d",
    )  # fmt: skip
    effect = Formula(MNIST, [fits]).sensitivity(k=28, f=1, n=1)["k"]
    assert effect.one_more is None
    assert effect.obstacle == "stage/conv2d: kernel 29 does not fit"
    assert str(Formula(k, [fits]).sensitivity(k=28)) == (
        "at k = 28: 28\nk  28 → 29  —   stage/conv2d: kernel 29 does not fit"
    )


def test_a_step_on_a_pole() -> None:
    assert Formula("100//(5 - k)").sensitivity(k=4)["k"].one_more is None
    with pytest.raises(ArithmeticRuleError):
        Formula("100//(5 - k)").sensitivity(k=5)


def test_symbols_of_requirements_only_count_too() -> None:
    fits = Requirement(h, Relation.AT_LEAST, k, "too large", code="x", path="conv")
    formula = Formula("k*f", [fits])
    assert formula.sensitivity(k=3, f=2)["k"].one_more == 2
    assert formula.sensitivity(k=3, f=2, h=3)["k"].obstacle == "conv: too large"


@pytest.mark.parametrize(
    ("text", "at", "name", "one_more", "elasticity"),
    [
        ("2**L", {"L": 3}, "L", 8, None),
        ("n**L", {"L": 3, "n": 2}, "n", 19, 3),
        ("n**L", {"L": 3, "n": 1}, "L", 0, 0),
        ("max(k, n)", {"k": 3, "n": 2}, "k", 1, 1),
        ("max(k, n)", {"k": 3, "n": 3}, "k", 1, None),
        ("max(k, k)", {"k": 3}, "k", 1, 1),
        ("min(k, n)", {"k": 3, "n": 2}, "k", 0, 0),
        ("k - 3", {"k": 3}, "k", 1, None),
        ("k/n", {"k": 3, "n": 2}, "n", Fraction(-1, 2), -1),
        ("(h - k)//2", {"h": 9, "k": 2}, "h", 1, Fraction(3, 2)),
    ],
)
def test_effects(text, at, name, one_more, elasticity) -> None:
    effect = Formula(text).sensitivity(**at)[name]
    assert (effect.one_more, effect.elasticity) == (one_more, elasticity)


def test_a_formula_without_symbols() -> None:
    assert str(Formula(7).sensitivity()) == "7"


def test_refusals() -> None:
    with pytest.raises(EvaluationError) as caught:
        MNIST.sensitivity(k=3)
    assert str(caught.value) == (
        "f, n have no numbers; the effect of one more depends on where one stands [symbols-left]"
    )
    with pytest.raises(EvaluationError, match="k has no number"):
        MNIST.sensitivity(k="f", f=1, n=1)
    with pytest.raises(UnknownSymbolError) as unknown:
        MNIST.sensitivity(**AT)["q"]
    assert str(unknown.value) == (
        "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"
    )
    assert isinstance(MNIST.sensitivity(**AT), Sensitivity)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("max(2**k, 8)*n", {"k": 2, "n": 5}, 0),  # the other argument stands still
        ("max(2**k, 8)*n", {"k": 3, "n": 5}, None),  # a kink
        ("max(k**2, 2*k - 1)", {"k": 1}, 2),  # both go the same way
        ("(n - 2)**k", {"k": 4, "n": 3}, 0),  # log(1)
        ("sum(h//2**i for i in range(L))", {"h": 9, "L": 3}, Fraction(7, 4)),
    ],
)
def test_slopes_by_hand(text, at, expected) -> None:
    formula = Formula(text)
    first = "h" if "h" in at else "k"
    assert slope(formula.expr, symbol(first), {symbol(s): v for s, v in at.items()}) == expected
