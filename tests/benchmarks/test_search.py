"""A search of a billion configurations against going through all of ten million by NumPy.

``each`` says how many configurations a benchmark goes through; times and ratios are for one.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import archcalc as ac

GROUP = "the most work within a budget: a search of 10^9, and NumPy over 10^7 of them"
DASK = "a search that has to go through all of 3·10^7"
BUDGET = 100_000
SIDE = range(1, 1001)
P = ac.Formula("(k**2 + 1)*f + 10*n*f")
M = ac.Formula("784*k**2*f + 10*n*f")


def by_hand() -> int:
    """The first ten kernel sizes, on a grid that broadcasts."""
    k, f, n = np.ix_(np.arange(1, 11), np.array(SIDE), np.array(SIDE))
    parameters = (k**2 + 1) * f + 10 * n * f
    macs = 784 * k**2 * f + 10 * n * f
    return int(np.where(parameters <= BUDGET, macs, 0).max())


def peak(work: Callable[[], Any]) -> int:
    """The most bytes that were in use at once while `work` ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measured(benchmark: Any, what: str, each: int, work: Callable[[], Any], **info: Any) -> Any:
    benchmark.extra_info.update(what=what, each=each, peak=peak(work), **info)
    return benchmark.pedantic(work, rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group=GROUP)
def test_numpy_over_ten_million(benchmark: Any) -> None:
    best = measured(benchmark, "NumPy, every one of 10^7", 10**7, by_hand, baseline=True)
    found = ac.search(maximize=M, subject_to=P <= BUDGET, k=range(1, 11), f=SIDE, n=SIDE)
    assert found.value == best


@pytest.mark.benchmark(group=GROUP)
def test_a_billion(benchmark: Any) -> None:
    found = measured(
        benchmark, "ac.search, 10^9", 10**9,
        lambda: ac.search(maximize=M, subject_to=P <= BUDGET, k=SIDE, f=SIDE, n=SIDE),
    )  # fmt: skip
    assert found.value == 78_287_244
    assert found.certificate.total == 10**9
    assert found.certificate.adds_up


@pytest.mark.benchmark(group=GROUP)
def test_a_billion_where_nothing_is_monotone(benchmark: Any) -> None:
    found = measured(
        benchmark, "ac.search, 10^9, not monotone", 10**9,
        lambda: ac.search(
            maximize="f*n - (f - n)**2//7 + k", subject_to=["(f + n) % 7 == 3", P <= BUDGET],
            k=SIDE, f=SIDE, n=SIDE,
        ),
    )  # fmt: skip
    assert found.certificate.adds_up
    assert found.verify()


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


HARD: dict[str, Any] = {
    "maximize": "(k*f + 7*n) % 10007 + k", "k": range(1, 301), "f": SIDE, "n": range(1, 101),
}  # fmt: skip
"""No box of these 30 million can be excluded: the remainder takes all values in each."""


@pytest.mark.benchmark(group=DASK)
def test_every_one_here(benchmark: Any) -> None:
    found = measured(
        benchmark, "on this machine", 3 * 10**7, lambda: ac.search(**HARD), baseline=True
    )
    assert found.certificate.adds_up


@pytest.mark.benchmark(group=DASK)
def test_every_one_on_two_workers(benchmark: Any, client: Any) -> None:
    found = measured(
        benchmark, "on two Dask workers", 3 * 10**7, lambda: ac.search(**HARD, client=client)
    )
    assert found.certificate.adds_up
