"""Symbols that are called as a parameter is: taken, or refused with the way to give them."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc import Formula, search, sweep
from archcalc.errors import EvaluationError

NAMES = ["self", "values", "unknown", "at_most", "formula", "formulas", "more", "first", "symbol"]
OPTIONS = ["maximize", "minimize", "subject_to", "client", "chunks", "dtype"]


@pytest.mark.parametrize("name", NAMES + OPTIONS)
def test_a_symbol_may_be_called_as_a_parameter_is(name: str) -> None:
    formula = Formula(f"n*{name} + 1")
    at: dict[str, Any] = {name: 3}
    assert formula(n=2, **at) == 7
    assert formula(**at).solve("n", at_most=7) == 2
    assert formula(n=2).solve(name, equals=7) == 3
    assert formula.invert("n")(total=7, **at) == 2
    assert formula.sensitivity(n=2, **at)["n"].one_more == 3
    assert formula.compile()(n=[1, 2], **at).tolist() == [4, 7]
    assert formula.compile().bounds(n=[1, 2], **at) == (4, 7)
    assert (formula <= 7).holds(n=2, **at)
    table = sweep({"total": formula}, {name: [3, 4]}, n=[1, 2])
    assert [tuple(row.values()) for row in (r.symbols for r in table)] == [
        (3, 1), (3, 2), (4, 1), (4, 2)
    ]  # fmt: skip
    assert search({name: range(1, 5)}, maximize=formula, n=[1, 2]).value == 9


@pytest.mark.parametrize("name", NAMES)
def test_a_keyword_that_is_no_option_is_a_range(name: str) -> None:
    ranges: dict[str, Any] = {name: range(1, 5)}
    assert len(sweep(Formula(name), **ranges)) == 4
    assert search(maximize=Formula(name), **ranges).value == 4


@pytest.mark.parametrize("name", ["chunks", "dtype"])
def test_a_range_read_as_an_option_of_a_sweep_is_said(name: str) -> None:
    ranges: dict[str, Any] = {name: range(1, 5)}
    with pytest.raises(EvaluationError, match=f"no range for {name}; give one in a mapping"):
        sweep(Formula(f"{name} + 1"), **ranges)


@pytest.mark.parametrize("name", OPTIONS[:4])
def test_a_range_read_as_an_option_of_a_search_is_said(name: str) -> None:
    aim = "minimize" if name == "maximize" else "maximize"
    asked: dict[str, Any] = {aim: Formula(f"{name} + 1"), name: range(1, 5)}
    with pytest.raises(EvaluationError, match=f"no range for {name}; give one in a mapping"):
        search(**asked)


def test_a_bound_read_as_an_option_of_solve_is_said() -> None:
    with pytest.raises(EvaluationError, match="substitute at_most first"):
        Formula("n*at_most").solve("n", at_most=6)


def test_what_is_no_mapping_and_what_is_said_twice_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no mapping from symbols to their ranges"):
        sweep("n", [1, 2])  # type: ignore[call-overload]
    with pytest.raises(EvaluationError, match="n has two ranges"):
        search({"n": [1]}, maximize="n", n=[2])


def test_bounds_of_solve_may_be_called_as_its_options_are() -> None:
    assert Formula("n*at_most").solve("n", {"at_most": 3}, at_most=10) == 3
    assert Formula("n*equals").solutions("n", {"equals": 3}, equals=12) == Formula("n").solutions(
        "n", equals=4
    )
