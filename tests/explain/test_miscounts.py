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
from tests.sampling import DEV, NIGHTLY


@pytest.mark.parametrize("seed", range(40 if not DEV else 8))
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


def rates(how: str, cases: int, many: int = 1, most: int = 50) -> Counter[str]:
    """How many of `cases` have each verdict."""
    found: Counter[str] = Counter()
    for seed in range(cases):
        net, claims, causes = case(seed, how, many, most)
        found[judge(net, claims, causes)[0]] += 1
    return found


REACHED = {
    ("layers", 1): (92, 3),  # aims: 95, 1
    ("running", 1): (90, 4),  # aims: 95, 1
    ("total", 1): (85, 4),  # aims: 90, 1
    ("layers", 2): (80, 6),  # aims: 80, 1
    ("total", 2): (60, 8),  # aims: 60, 1
}
"""Of a hundred, how many at least are explained, and how many at most by none but wrong causes.

They are what is reached, less what three hundred other networks may differ by; the aims of the
project stand beside them.  They are raised with what is reached, and never lowered.
"""

ALONE = 2
"""Of a hundred, how many at most are explained by one wrong cause alone; the aim is 1."""


@pytest.mark.parametrize("how", ["layers", "running", "total"])
def test_a_mistake_is_explained_by_its_cause(how: str) -> None:
    """Single mistakes: the right cause, or it among those that explain as much."""
    cases, most = (700, 50) if NIGHTLY else (100, 8) if not DEV else (3, 8)
    found = rates(how, cases, most=most)
    least, wrong = REACHED[how, 1]
    assert found["unexplained"] < cases
    if cases >= 100:
        assert 100 * (found["right"] + found["listed"]) >= least * cases, found
        assert 100 * (found["wrong"] + found["unlisted"]) <= wrong * cases, found
        assert 100 * found["wrong"] <= ALONE * cases, found


@pytest.mark.skipif(not NIGHTLY, reason="a pair takes as long as many single mistakes")
@pytest.mark.parametrize("how", ["layers", "total"])
def test_two_mistakes_are_explained_by_both_causes(how: str) -> None:
    found = rates(how, 200, 2)
    least, wrong = REACHED[how, 2]
    assert 100 * (found["right"] + found["listed"]) >= least * 200, found
    assert 100 * (found["wrong"] + found["unlisted"]) <= wrong * 200, found
    assert 100 * found["wrong"] <= ALONE * 200, found


def test_random_numbers_are_not_explained() -> None:
    """One in a hundred, which is the aim; of a few numbers, one."""
    numbers, most = (900, 50) if NIGHTLY else (45, 8) if not DEV else (3, 8)
    explained = 0
    for seed in range(numbers):
        net, claims, _ = noise(seed, most)
        explained += ac.reconcile(net, **claims.arguments).explained is not False
    assert 100 * explained <= max(100, numbers)
