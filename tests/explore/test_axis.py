"""One axis for sweeps and searches: what is accepted, in which order, and exact at any size."""

from __future__ import annotations

from itertools import count, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archcalc import Formula, search, sweep
from archcalc.errors import EvaluationError, NoSolutionError
from archcalc.explore.axis import read_axis

FORMS = [
    3, np.int64(3), np.array(3), range(3, 4), [3, 9], (9, 3), range(9, 2, -3), np.array([9, 3]),
    np.array([3, 2**64 - 1], np.uint64), [2**70, 3], pd.Series([4, 3]), torch.tensor([4, 3]),
    np.ma.array([3, 4]), range(2**63 - 2, 2**63 + 2), range(2**63 + 2, 2**63 - 2, -1),
]  # fmt: skip


def as_list(form: Any) -> list[int]:
    """The values by Python's own means."""
    return [int(form)] if np.ndim(form) == 0 else [int(value) for value in form]


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_sweep_and_search_take_the_same_forms(form: Any) -> None:
    listed = as_list(form)
    assert [row["a"] for row in sweep(Formula("a"), a=form)] == listed
    assert [row["value"] for row in sweep(Formula("2*a"), a=form)] == [2 * a for a in listed]
    assert search(maximize=Formula("a"), a=form).best == {"a": max(listed)}
    assert search(maximize=Formula("min(a, 2)"), a=form).best == {"a": listed[0]}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (count(1), r"no range of integers with an end; .* \[unbounded\]"),
        ({1, 2}, "no values to take one after another"),
        ("1:5", "no values to take one after another"),
        (2.0, "no values to take one after another"),
        (True, "a = True is not a positive integer"),
        (np.array([1.0]), "is not a positive integer"),
        (np.array([[1]]), "a is an array of 2 axes"),
        (np.ma.array([1, 2], mask=[False, True]), "some values are masked"),
        (range(5, -1, -1), "a = 0 is not a positive integer"),
        ([], "a has no values"),
    ],
)
def test_sweep_and_search_refuse_the_same(form: Any, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        sweep(Formula("a"), a=form)
    with pytest.raises(EvaluationError, match=message):
        search(maximize=Formula("a"), a=form)


@given(
    values=st.lists(st.integers(1, 2**66), min_size=1, max_size=9, unique=True),
    order=st.sampled_from([list, sorted, lambda v: sorted(v, reverse=True)]),
)
def test_places_rise_and_turns_are_as_given(values: list[int], order: Any) -> None:
    given = order(values)
    axis = read_axis("a", given)
    places = range(len(given))
    assert [axis.at(place) for place in places] == sorted(given)
    assert [axis.given(turn) for turn in places] == given
    assert [axis.place_of(axis.at(place)) for place in places] == [*places]
    turns = [given.index(value) for value in sorted(given)]
    assert axis.turns(np.arange(len(given))).tolist() == turns
    low, high = np.array([(a, b) for a, b in product(places, places) if a <= b]).T
    first = [min(turns[a : b + 1]) for a, b in zip(low, high, strict=True)]
    assert axis.first_turns(low, high).tolist() == first
    parts = zip(low.tolist(), high.tolist(), strict=True)
    assert [axis.first_turn((a, b + 1)) for a, b in parts] == first


@pytest.mark.parametrize("values", [[20, 7, 9], [9, 20, 7], range(9, 2, -1), range(3, 10)])
@pytest.mark.parametrize("objective", ["min(a, 2)", "a//a + 4", "max(3 - a, 0)", "(a + 5)//25"])
def test_of_equals_the_first_given_is_the_best(objective: str, values: Any) -> None:
    found = search(maximize=objective, subject_to=["a > 0", "b > 0"], a=values, b=[4, 1])
    results = {a: eval(objective, {"min": min, "max": max}, {"a": a}) for a in values}
    best = next(a for a in values if results[a] == max(results.values()))
    assert found.best == {"a": best, "b": 4}


def test_a_rule_without_an_unknown_lists_no_axis() -> None:
    found = search(maximize="a*b", subject_to="b <= 3", a=range(1, 10**15), b=2)
    assert found.best == {"a": 10**15 - 1, "b": 2}
    with pytest.raises(NoSolutionError, match="none-fits"):
        search(maximize="a*b", subject_to="b <= 1", a=range(1, 10**15), b=2)


def test_a_picture_of_a_range_that_no_memory_holds(tmp_path: Path) -> None:
    search(maximize="min(a, 9)", a=range(1, 2**62)).plot(tmp_path / "found.png")
    assert (tmp_path / "found.png").exists()
