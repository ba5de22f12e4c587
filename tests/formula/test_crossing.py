"""Who is larger when: against looking at every number."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archcalc.formula import Formula
from archcalc.formula.crossing import Crossover, Run, SymbolicCrossover, crossover
from archcalc.symbolic import (
    ArchcalcError,
    EvaluationError,
    NoSolutionError,
    RequirementError,
    UnknownSymbolError,
    evaluate,
    symbol,
    symbols,
)
from archcalc.symbolic.requirement import Relation, Requirement
from tests.counting import at_most
from tests.sampling import examples

MANY = examples(3)
d, h, n, s = symbols("d h n s")


def larger(difference: int) -> str:
    return "first" if difference > 0 else "second" if difference else "neither"


def looked_at(differences: dict[int, int]) -> list[tuple[str, int]]:
    """Who is larger, run by run, with the number at which each run begins."""
    named = [(larger(v), number) for number, v in sorted(differences.items())]
    return [(who, next(run)[1]) for who, run in groupby(named, key=lambda pair: pair[0])]


@MANY
@given(
    data=st.data(),
    name=st.sampled_from("hks"),
    limit=st.integers(1, 80),
    step=st.sampled_from([1, 1, 1, 2, 3, 7]),
)
def test_every_number_is_in_the_right_stretch(
    data, name, limit, step, all_formulas, points
) -> None:
    one, two = data.draw(all_formulas), data.draw(all_formulas)
    point = data.draw(points)
    del point[name]
    grows = symbol(name)
    asked = [
        Requirement(limit, Relation.AT_LEAST, grows, "no", code="no-fit"),
        Requirement(grows, Relation.MULTIPLE_OF, step, "no", code="no-fit"),
    ]
    first, second = Formula(one.expression, asked), Formula(two.expression)
    numbers = list(range(step, limit + 1, step))
    used = {x: v for x, v in point.items() if x in {*first.known_symbols, *second.known_symbols}}
    if not numbers:
        with pytest.raises(NoSolutionError, match="exist together for no"):
            crossover(first, second, name, **used)
        return
    found = crossover(first, second, name, **used)
    assert isinstance(found, Crossover)
    differences = {m: one.at({**point, name: m}) - two.at({**point, name: m}) for m in numbers}
    assert [(stretch.larger, stretch.low) for stretch in found.runs] == looked_at(differences)
    assert found.runs[-1].high == numbers[-1]
    wins = [m for m in numbers if differences[m] > 0]
    assert found.first_larger == min(wins, default=None)


@MANY
@given(
    first=st.lists(st.integers(-9, 30), min_size=1, max_size=4),
    second=st.lists(st.integers(-9, 30), min_size=1, max_size=4),
    divisor=st.integers(1, 6),
)
def test_without_an_end(first, second, divisor) -> None:
    one = Formula(sum((c * (n // divisor) ** i for i, c in enumerate(first)), n - n + 0 * n))
    two = Formula(sum((c * n**i for i, c in enumerate(second)), 0 * n) + n)
    assume(one.symbols or two.symbols)  # of numbers alone there is no n to be asked of
    found = crossover(one, two, "n")
    assert isinstance(found, Crossover)
    assert found.runs[-1].high is None

    def difference(m: int) -> int:
        left = sum(c * (m // divisor) ** i for i, c in enumerate(first))
        return left - sum(c * m**i for i, c in enumerate(second)) - m

    for m in [*range(1, 300), *(2**e + r for e in range(9, 50) for r in range(3))]:
        (stretch,) = [x for x in found.runs if x.low <= m and (x.high is None or m <= x.high)]
        assert stretch.larger in ("by turns", larger(difference(m)))


@MANY
@given(
    powers=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    weights=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    extra=st.integers(0, 30),
    values=st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
def test_a_closed_form_agrees_with_the_numbers(powers, weights, extra, values) -> None:
    p, q = powers
    width, length = values
    one = Formula(weights[0] * s ** (p + 1) * d + extra * s ** (p + 2))
    two = Formula(weights[1] * s**p * d ** (q + 1))
    found = crossover(one, two, "s")
    assert isinstance(found, SymbolicCrossover)
    assert found.larger_before == "second"
    assert found.at is not None
    border = found.at(**{x.name: width for x in found.at.symbols})
    point = {s: length, d: width}
    left, right = (evaluate(formula.expr, point) for formula in (one, two))
    assert (length > border) == (left > right)
    assert (length == border) == (left == right)


def test_attention_overtakes_the_perceptron() -> None:
    """Per token and layer: 4·d² and 2·s·d against 8·d²; at s = 2·d both are the same."""
    found = crossover("4*d**2 + 2*s*d", "8*d**2", "s")
    assert str(found) == (
        "the first is smaller for s < 2·d, equal at s = 2·d, the second is smaller for s > 2·d"
    )
    assert found.at(d=768) == 1536
    numbers = crossover("4*d**2 + 2*s*d", "8*d**2", "s", d=768)
    assert numbers.points == (1536, 1537)
    assert (numbers.first_larger, numbers.second_larger) == (1537, 1)


TEXTS = [
    ("3*s", "2*s", {}, "the second is smaller for every s"),
    ("s", "s", {}, "equal for every s"),
    ("2*s", "s + 7", {}, "the first is smaller for s ≤ 6, equal at s = 7, the second is smaller "
     "from s = 8 on"),
    ("max(s, 30)", "min(100, s + 1)", {},
     "the second is smaller for s ≤ 28, equal at s = 29, the first is smaller for 30 ≤ s ≤ 99, "
     "equal at s = 100, the second is smaller from s = 101 on"),
    ("s//2*2", "s", {}, "the first is smaller at s = 1, now one and now the other from s = 2 on"),
    ("s//3*300", "99*s + 50", {},
     "the first is smaller for s ≤ 50, the second is smaller at s = 51, the first is smaller for "
     "52 ≤ s ≤ 53, … (129 more stretches) …, the first is smaller at s = 248, the second is "
     "smaller from s = 249 on"),
    ("2**s", "100*s", {}, "the first is smaller for s ≤ 9, the second is smaller from s = 10 on"),
    ("s*d", "s*d + 1", {}, "the first is smaller for every s"),
    ("s*d", "d*s", {}, "equal for every s"),
    ("s*d**2", "(s + 1)*d", {"d": 2}, "equal at s = 1, the second is smaller from s = 2 on"),
    ("(s + 1)**2*d", "16*d", {}, "the first is smaller for s < 3, equal at s = 3, the second is "
     "smaller for s > 3"),
    ("4**s*d", "64*d", {}, "the first is smaller for s < 3, equal at s = 3, the second is smaller "
     "for s > 3"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "values", "text"), TEXTS)
def test_what_is_said(first, second, values, text) -> None:
    assert str(crossover(first, second, "s", **values)) == text


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("3*a**3//2", "2*a**3", "the first is smaller for every a"),
        ("7*(a + 1)**3//4", "a**3 + 500",
         "the first is smaller for a ≤ 6, the second is smaller from a = 7 on"),
        ("(a*(a + 1)**2)//6", "30*a",
         "the first is smaller for a ≤ 12, the second is smaller from a = 13 on"),
    ],
)  # fmt: skip
def test_floors_of_powers_take_little_work(first: str, second: str, text: str) -> None:
    with at_most(3_000_000):
        assert str(crossover(first, second, "a")) == text


def test_assumptions_decide() -> None:
    with pytest.raises(NoSolutionError, match="give numbers for d"):
        crossover("s**2", "s*(d - 5)", "s")
    assumed = Formula("s*(d - 5)").assume("d >= 6")
    found = crossover("s**2", assumed, "s")
    assert str(found).startswith("the first is smaller for s < d − 5,")
    with pytest.raises(RequirementError, match="d ≥ 6"):
        found.at(d=5)


def test_where_a_network_exists() -> None:
    side = Requirement(h, Relation.MULTIPLE_OF, 32, "no", code="no-fit", path="unet")
    found = crossover(Formula(h**2, [side]), "100*h", "h")
    assert found.runs == (Run(32, 96, "second"), Run(128, None, "first"))


REFUSED = [
    ({"symbol": "q"}, UnknownSymbolError, "there is no symbol q here; the symbols are d, s"),
    ({"s": 3}, EvaluationError, "s is what grows; it cannot be given too"),
    ({"d": 0}, EvaluationError, "d = 0 is not a positive integer"),
    ({"first": Formula("s", [Requirement(3, Relation.AT_LEAST, s, "x", code="c", path="conv")]),
      "second": Formula("d", [Requirement(s, Relation.AT_LEAST, 9, "x", code="c", path="pool")]),
      "d": 3},
     NoSolutionError,
     "the two exist together for no s: one of them asks for s ≤ 3 (conv); s ≥ 9 (pool); change "
     "the other values [no-network]"),
    ({"second": "s//1000*1000", "first": "s + d", "d": 1, "symbol": "s"}, None, ""),
    ({"first": "s*(s - 1003*(s//1003))*(s//997 - s//991)", "second": "0*s"}, NoSolutionError,
     "where they overtake one another as s grows cannot be decided; evaluate both over a range of "
     "s instead [not-decided]"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "kind", "text"), REFUSED)
def test_refusals(changes, kind, text) -> None:
    arguments = {"first": "s*d", "second": "s", "symbol": "s"} | changes
    if kind is None:
        assert str(crossover(**arguments)) == "the second is smaller for every s"
        return
    with pytest.raises(ArchcalcError) as caught:
        crossover(**arguments)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(text)


def test_symbols_may_be_called_as_arguments_are() -> None:
    found = crossover("first*symbol", "2*second + values", "symbol", first=3, second=5, values=2)
    assert str(found) == (
        "the first is smaller for symbol ≤ 3, equal at symbol = 4, the second is smaller from "
        "symbol = 5 on"
    )
