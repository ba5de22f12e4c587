"""Sweeps against what one would write without archcalc: NumPy, sympy's lambdify, real models.

``each`` says how many configurations a benchmark goes through; times and ratios are for one.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import sympy

import archcalc as ac

K, F, N = range(1, 28), range(8, 378), range(1, 1025)
MANY = len(K) * len(F) * len(N)
SUM = 69_118_043_110_400
"""Of all parameter counts, by NumPy as below."""

GROUP = "10 million configurations of the MNIST network (aim: faster than NumPy by hand)"


@pytest.fixture(scope="module")
def parameters() -> ac.Formula:
    net = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense("n"), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    return net.trace().parameters


def by_hand() -> Any:
    """What one writes with NumPy: the formula, on a grid that broadcasts."""
    k, f, n = np.ix_(np.array(K), np.array(F), np.array(N))
    return (k**2 + 1) * f + (((29 - k) // 2) ** 2 * f + 1) * n + 10 * (n + 1)


def peak(work: Callable[[], Any]) -> int:
    """The most bytes that were in use at once while `work` ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def measured(benchmark: Any, what: str, work: Callable[[], Any], **info: Any) -> Any:
    benchmark.extra_info.update(what=what, each=MANY, peak=peak(work), **info)
    return benchmark.pedantic(work, rounds=9, warmup_rounds=2)


@pytest.mark.benchmark(group=GROUP)
def test_numpy_by_hand(benchmark: Any) -> None:
    result = measured(benchmark, "NumPy by hand", by_hand, baseline=True)
    assert result.sum() == SUM


@pytest.mark.benchmark(group=GROUP)
def test_sweep(benchmark: Any, parameters: ac.Formula) -> None:
    table = measured(
        benchmark, "ac.sweep, everything in it",
        lambda: ac.sweep({"parameters": parameters}, k=K, f=F, n=N),
    )  # fmt: skip
    assert table["parameters"].sum() == SUM


@pytest.mark.benchmark(group=GROUP)
def test_compiled(benchmark: Any, parameters: ac.Formula) -> None:
    compiled = parameters.compile()
    k, f, n = np.ix_(np.array(K), np.array(F), np.array(N))
    result = measured(
        benchmark, "P.compile(), called with NumPy arrays", lambda: compiled(k=k, f=f, n=n)
    )
    assert result.sum() == SUM


FLAT = "4 million random configurations in three flat arrays (aim: 1.2 times NumPy by hand)"


def flat() -> dict[str, Any]:
    """The values of k, f and n."""
    random = np.random.default_rng(0)
    ends = {"k": (1, 28), "f": (8, 378), "n": (1, 1025)}
    return {name: random.integers(*span, 4_000_000) for name, span in ends.items()}


@pytest.mark.benchmark(group=FLAT)
def test_flat_arrays_by_turns(benchmark: Any, parameters: ac.Formula) -> None:
    """Both by turns in one process, so that a loaded machine slows both."""
    compiled, values = parameters.compile(), flat()
    k, f, n = values.values()
    times: dict[str, list[float]] = {"by hand": [], "compiled": []}

    def timed(what: str, work: Callable[[], Any]) -> Any:
        start = perf_counter()
        result = work()
        times[what].append(perf_counter() - start)
        return result

    def both() -> None:
        by_numpy = timed(
            "by hand",
            lambda: (k**2 + 1) * f + (((29 - k) // 2) ** 2 * f + 1) * n + 10 * (n + 1),
        )
        assert (timed("compiled", lambda: compiled(**values)) == by_numpy).all()

    benchmark.pedantic(both, rounds=9, warmup_rounds=1)
    middle = {what: median(each) for what, each in times.items()}
    benchmark.extra_info.update(
        what="both by turns", each=4_000_000, ratio=middle["by hand"] / middle["compiled"]
    )


@pytest.mark.benchmark(group=GROUP)
def test_sweep_and_best(benchmark: Any, parameters: ac.Formula) -> None:
    def within() -> Any:
        table = ac.sweep({"parameters": parameters}, k=K, f=F, n=N)
        return table.where("parameters <= 1_000_000").best("parameters", largest=True)

    best = measured(benchmark, "ac.sweep, where, best", within)
    numbers = by_hand()
    assert best["parameters"] == numbers[numbers <= 1_000_000].max()


@pytest.mark.benchmark(group=GROUP)
def test_lambdify_for_each(benchmark: Any, parameters: ac.Formula) -> None:
    k, f, n = sympy.symbols("k f n")
    compiled = sympy.lambdify([k, f, n], parameters.expr, "math")
    fewer = [(a, b, c) for a in (1, 3, 5) for b in F for c in N]
    benchmark.extra_info.update(what="sympy.lambdify, called for each", each=len(fewer))
    total = benchmark.pedantic(lambda: sum(compiled(*at) for at in fewer), rounds=3)
    assert total == by_hand()[[0, 2, 4]].sum()


@pytest.mark.benchmark(group=GROUP)
def test_formula_for_each(benchmark: Any, parameters: ac.Formula) -> None:
    fewer = [(3, b, c) for b in (8, 32) for c in N]
    benchmark.extra_info.update(what="P(k=…, f=…, n=…), called for each", each=len(fewer))
    total = benchmark.pedantic(
        lambda: sum(parameters(k=k, f=f, n=n) for k, f, n in fewer), rounds=3
    )
    assert total == by_hand()[2, [0, 24]].sum()


@pytest.mark.benchmark(group=GROUP)
def test_models_on_the_meta_device(benchmark: Any) -> None:
    from torch import nn

    def count(k: int, f: int, n: int) -> int:
        side = (29 - k) // 2
        model = nn.Sequential(
            nn.Conv2d(1, f, k, device="meta"),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(side * side * f, n, device="meta"),
            nn.Linear(n, 10, device="meta"),
        )
        return sum(p.numel() for p in model.parameters())

    fewer = [(3, 32, n) for n in range(1, 201)]
    benchmark.extra_info.update(what="torch models on the meta device", each=len(fewer))
    total = benchmark.pedantic(lambda: sum(count(*at) for at in fewer), rounds=5)
    assert total == by_hand()[2, 24, :200].sum()


WIDE = "1 million configurations whose FLOPs 64 bits do not hold"
LAYERS, WIDTHS = range(1, 101), range(64, 640_064, 64)


@pytest.mark.benchmark(group=WIDE)
def test_wide_by_hand(benchmark: Any) -> None:
    def work() -> list[int]:
        return [
            6 * 10**13 * (layers * (12 * d * d + 13 * d) + 50_259 * d)
            for layers in LAYERS for d in WIDTHS
        ]  # fmt: skip

    benchmark.extra_info.update(baseline=True, what="a loop in Python", each=10**6)
    assert len(benchmark.pedantic(work, rounds=5)) == 10**6


@pytest.mark.benchmark(group=WIDE)
def test_wide_sweep(benchmark: Any) -> None:
    flops = ac.Formula("6*D*(L*(12*d**2 + 13*d) + 50259*d)")
    benchmark.extra_info.update(what="ac.sweep in Python integers", each=10**6)
    table = benchmark.pedantic(
        lambda: ac.sweep(flops, D=10**13, L=LAYERS, d=WIDTHS), rounds=5, warmup_rounds=1
    )
    assert table[-1]["value"] == flops(D=10**13, L=100, d=640_000)


@pytest.mark.benchmark(group=WIDE)
def test_wide_in_floats(benchmark: Any) -> None:
    flops = ac.Formula("6*D*(L*(12*d**2 + 13*d) + 50259*d)")
    benchmark.extra_info.update(what="ac.sweep in floats, as asked for", each=10**6)
    table = benchmark.pedantic(
        lambda: ac.sweep(flops, dtype=float, D=10**13, L=LAYERS, d=WIDTHS),
        rounds=5, warmup_rounds=1,
    )  # fmt: skip
    assert table[-1]["value"] == float(flops(D=10**13, L=100, d=640_000))


DASK = "200 million configurations in parts (aim: half the time in two processes)"


@pytest.fixture(params=[1, 2])
def processes(request: pytest.FixtureRequest) -> Iterator[int]:
    from dask.distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=request.param, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster):
        yield request.param


@pytest.mark.benchmark(group=DASK)
def test_dask(benchmark: Any, parameters: ac.Formula, processes: int) -> None:
    f = range(8, 8 + 20 * len(F))
    many = MANY * 20
    what = f"{processes} process{'es' if processes > 1 else ''}"
    benchmark.extra_info.update(baseline=processes == 1, what=what, each=many)
    parts = ac.sweep({"parameters": parameters}, chunks="auto", k=K, f=f, n=N)
    within = parts.where("parameters <= 1_000_000")
    best = benchmark.pedantic(
        lambda: within.best("parameters", largest=True), rounds=3, warmup_rounds=1
    )
    assert best["parameters"] <= 1_000_000
    assert parameters(**best.symbols) == best["parameters"]
