"""Mistakes injected into random networks, and random numbers, held against `archcalc.reconcile`.

The networks are counted in `tests.explain.miscounts`, without archcalc; a mistake is another network
or another rule there.  The aims of the project: single mistakes explained, or among the listed
equals, in 95 % by layer and 90 % by total, pairs in 80 % and 60 %, a wrong cause alone in 1 %, and
random numbers in 1 %.
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


def rates(how: str, cases: int, many: int = 1) -> Counter[str]:
    """How many of `cases` are right, listed, wrong and unexplained."""
    found: Counter[str] = Counter()
    for seed in range(cases):
        net, claims, causes = case(seed, how, many)
        found[judge(net, claims, causes)[0]] += 1
    return found


