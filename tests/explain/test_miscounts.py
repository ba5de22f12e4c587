"""Mistakes injected into random networks, and random numbers, held against `archcalc.reconcile`.

The networks are counted in `tests.explain.miscounts`, without archcalc; a mistake is another
network or another rule there.  The aims of the project: single mistakes explained, or among the
listed equals, in 95 % by layer and 90 % by total, pairs in 80 % and 60 %, a wrong cause alone in
1 %, and random numbers in 1 %.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

import archcalc as ac
from tests.explain.miscounts.drawing import case
from tests.explain.miscounts.judging import judge
from tests.explain.miscounts.mistakes import KINDS
from tests.explain.miscounts.networks import build, count, draw
from tests.explain.miscounts.noise import noise
from tests.sampling import NIGHTLY, examples

CI = examples().max_examples >= 100


@pytest.mark.parametrize("seed", range(40 if CI else 8))
def test_the_networks_are_counted_as_archcalc_counts_them(seed: int) -> None:
    """Two counts that know nothing of each other: here in Python, there from a layer's facts."""
    net, shape = draw(Random(seed))
    rows, trace = count(net, shape), build(net, shape).trace()
    assert sum(row.params for row in rows) == trace.parameters()
    shapes = {row.path: tuple(row.output) for row in trace.rows}
    for row in rows:
        assert shapes.get(row.path, row.y) == row.y
    if all(row.macs or not row.weights or "norm" in row.spec.op for row in rows):
        assert sum(row.times * row.macs for row in rows) == trace.macs()


def test_there_are_kinds_enough() -> None:
    assert len(KINDS) >= 25


def rates(how: str, cases: int, many: int = 1, most: int = 50) -> dict[str, float]:
    """The shares of `cases` that are right, listed, wrong and unexplained."""
    found: Counter[str] = Counter()
    for seed in range(cases):
        net, claims, causes = case(seed, how, many, most)
        found[judge(net, claims, causes)[0]] += 1
    return {
        verdict: found[verdict] / cases for verdict in ("right", "listed", "wrong", "unexplained")
    }


# What is reached today, beside the aims.  A rate may only rise.
#            how, mistakes: at least explained, at most wrong alone (aims in the comments)
REACHED = {
    ("layers", 1): (0.90, 0.05),  # 0.95, 0.01
    ("running", 1): (0.80, 0.08),  # 0.95, 0.01
    ("total", 1): (0.88, 0.05),  # 0.90, 0.01
    ("layers", 2): (0.60, 0.12),  # 0.80, 0.01
    ("total", 2): (0.50, 0.15),  # 0.60, 0.01
}


@pytest.mark.parametrize("how", ["layers", "running", "total"])
def test_a_mistake_is_explained_by_its_cause(how: str) -> None:
    """Single mistakes: the right cause, or it among those that explain as much."""
    cases, most = (700, 50) if NIGHTLY else (100, 8) if CI else (3, 8)
    found = rates(how, cases, most=most)
    least, wrong = REACHED[how, 1]
    if cases >= 100:
        assert found["right"] + found["listed"] >= least, found
        assert found["wrong"] <= wrong, found
    else:
        assert found["unexplained"] < 1, found


@pytest.mark.skipif(not NIGHTLY, reason="a pair takes as long as many single mistakes")
@pytest.mark.parametrize("how", ["layers", "total"])
def test_two_mistakes_are_explained_by_both_causes(how: str) -> None:
    found = rates(how, 200, 2)
    least, wrong = REACHED[how, 2]
    assert found["right"] + found["listed"] >= least, found
    assert found["wrong"] <= wrong, found


def test_random_numbers_are_not_explained() -> None:
    """Aim and bound: one in a hundred."""
    numbers = 900 if NIGHTLY else 90 if CI else 6
    explained = 0
    for seed in range(numbers):
        net, claims, _ = noise(seed)
        explained += ac.reconcile(net, **claims.arguments).explained is not False
    assert explained <= max(1, 0.01 * numbers)
