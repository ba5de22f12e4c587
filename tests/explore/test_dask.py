"""Dask: its arrays go through a compiled formula, and sweeps in parts give what whole ones give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.explore import LazyTable, Table, sweep
from archcalc.explore.sweeping import lazy
from archcalc.formula import Formula
from archcalc.symbolic import (
    ArithmeticRuleError,
    EvaluationError,
    ExpressionError,
    FrameworkError,
    NoSolutionError,
    RequirementError,
    UnknownSymbolError,
)
from tests.sampling import examples, slow

FORMULAS = {
    "parameters": "(k**2 + 1)*f + (((29 - k)//2)**2*f + 1)*n",
    "macs": Formula("k**2*f*((29 - k)//2)**2 + f*n").assume("f >= k"),
    "large": "f*10**20 - n",
}


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Client]:
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster) as client:
        yield client


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in table]


@given(
    st.lists(st.integers(1, 28), min_size=1, max_size=20),
    st.lists(st.integers(1, 500), min_size=1, max_size=20),
    st.integers(1, 7),
    st.integers(1, 7),
)
def test_arrays_go_through_unchanged(k: list[int], f: list[int], a: int, b: int) -> None:
    compiled = Formula("(k**2 + 1)*f + ((29 - k)//2)**2*f*n + 10*n").compile()
    K, F = np.array(k), np.array(f)[:, None]
    lazily = compiled(k=da.from_array(K, chunks=a), f=da.from_array(F, chunks=(b, 1)), n=7)
    assert isinstance(lazily, da.Array)
    assert (lazily.shape, lazily.dtype) == ((len(f), len(k)), np.int64)
    assert np.array_equal(lazily.compute(scheduler="synchronous"), compiled(k=K, f=F, n=7))


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    def computed(block: Any) -> Any:
        raise AssertionError

    h = da.ones(10**12, dtype=int, chunks=10**9).map_blocks(computed, dtype=int)
    lazily = Formula("h**2 + 1").compile()(h=h)
    assert lazily.shape == (10**12,)


def test_numpy_arrays_beside_dask_arrays() -> None:
    lazily = Formula("h*k + w").compile()(
        h=da.arange(1, 7, chunks=4), k=np.array([[2], [3]]), w=np.int32(5)
    )
    want = np.arange(1, 7) * np.array([[2], [3]]) + 5
    assert np.array_equal(lazily.compute(), want)
    assert lazily.sum().compute() == want.sum()


def test_no_number_of_a_block_wraps_around() -> None:
    h = da.from_array(np.array([3, 2**31, 2**32]), chunks=1)
    squares = Formula("h**2").compile()(h=h)
    assert squares[:2].compute().tolist() == [9, 2**62]
    with pytest.raises(EvaluationError, match="64-bit integers do not hold results up to"):
        squares.compute()
    exact = Formula("h**2").compile("object")(h=h)
    assert exact.compute().tolist() == [9, 2**62, 2**64]
    floats = Formula("h/2").compile("float64")(h=h)
    assert floats.compute().tolist() == [1.5, 2.0**30, 2.0**31]
    with pytest.raises(EvaluationError, match="64-bit integers do not hold a fraction"):
        Formula("h/2").compile()(h=h).compute()


def test_values_in_a_block_that_cannot_be() -> None:
    compiled = Formula("28 - k + f").assume("k <= 28").compile()
    with pytest.raises(EvaluationError, match="k is an array of float64, not of integers"):
        compiled(k=da.ones(3), f=1)
    with pytest.raises(EvaluationError, match="k = 0 is not a positive integer"):
        compiled(k=da.zeros(3, dtype=int), f=1).compute()
    with pytest.raises(EvaluationError, match="f = 0 is not a positive integer"):
        compiled(k=da.ones(3, dtype=int), f=0).compute()
    with pytest.raises(RequirementError, match="k = 29"):
        compiled(k=da.arange(28, 30), f=1).compute()


@examples(1 / 4, least=10)
@given(
    st.lists(st.integers(1, 28), min_size=1, max_size=6),
    st.lists(st.integers(1, 60), min_size=1, max_size=6),
    st.lists(st.integers(1, 60), min_size=1, max_size=6),
    st.integers(1, 60),
    st.sampled_from(["n != 3", "parameters <= 3000 and k > 2", "macs*2 > parameters"]),
    st.sampled_from(["k", "parameters", "macs", "large"]),
    st.booleans(),
)
def test_parts_answer_as_the_whole(
    k: list[int], f: list[int], n: list[int], chunks: int, condition: str, by: str, largest: bool
) -> None:
    whole = sweep(FORMULAS, k=k, f=f, n=n).where(condition)
    with dask.config.set(scheduler="synchronous"):
        parts = sweep(FORMULAS, k=k, f=f, n=n, chunks=chunks).where(condition)
        assert isinstance(parts, LazyTable)
        together = parts.compute()
        assert rows(together) == rows(whole)
        assert (together.total, set(together.excluded)) == (whole.total, set(whole.excluded))
        assert len(parts) == len(whole)
        assert rows(parts.top(5, by, largest=largest)) == rows(whole.top(5, by, largest=largest))
        front = whole.pareto("parameters", by, largest=by) if by != "parameters" else whole
        if by != "parameters":
            assert rows(parts.pareto("parameters", by, largest=by)) == rows(front)
        if len(whole):
            assert parts.best(by, largest=largest) == whole.best(by, largest=largest)
        else:
            with pytest.raises(NoSolutionError, match="no row is left"):
                parts.best(by)


def test_two_processes_give_what_one_gives(two_processes: Client) -> None:
    net = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense("n"), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    trace = net.trace()
    formulas = {"parameters": trace.parameters, "macs": trace.macs}
    ranges = {"k": [1, 3, 5, 28, 31], "f": range(8, 73), "n": range(1, 257)}
    whole = ac.sweep(formulas, **ranges).where("parameters <= 1_000_000")
    parts = ac.sweep(formulas, **ranges, chunks=10_000).where("parameters <= 1_000_000")
    assert parts.parts > 4
    assert parts.best("macs", largest=True) == whole.best("macs", largest=True)
    assert rows(parts.pareto("parameters", "macs", largest="macs")) == rows(
        whole.pareto("parameters", "macs", largest="macs")
    )
    assert len(parts) == len(whole)
    assert parts.top(3, "macs").excluded == whole.excluded
    array = trace.parameters.compile()(
        k=3, f=da.arange(8, 73, chunks=16)[:, None], n=da.arange(1, 9)
    )
    assert array.sum().compute() == sum(
        trace.parameters(k=3, f=f, n=n) for f in range(8, 73) for n in range(1, 9)
    )
    assert len(two_processes.nthreads()) == 2


def test_errors_come_back_from_another_process(two_processes: Client) -> None:
    parts = sweep("w//(h - k)", h=[1, 2], k=[3, 2], w=[5], chunks=1)
    with pytest.raises(ArithmeticRuleError, match="divided by zero at h = 2, k = 2"):
        parts.compute()


def test_a_grid_beyond_any_memory_is_held_by_nobody() -> None:
    parts = sweep("h*k*w", h=range(1, 10**5), k=range(1, 10**5), w=range(1, 10**5), chunks="auto")
    assert parts.grid.size > 10**14
    assert repr(sweep("h*k", h=range(1, 9), k=[1, 2], chunks=5).where("value < 9")) == (
        "16 configurations of h, k, value, where value < 9, to be computed in 4 parts"
    )


def test_what_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for chunks in (0, -1, 2.5, True, "many", []):
        with pytest.raises(EvaluationError, match="is no number of rows; write chunks='auto'"):
            sweep("h", h=[1], chunks=chunks)  # type: ignore[call-overload]
    parts = sweep("h", h=range(1, 9), chunks=3)
    with pytest.raises(UnknownSymbolError, match="no column q here"):
        parts.where("q > 3")
    with pytest.raises(ExpressionError, match="does not read as a condition"):
        parts.where("h >")
    with pytest.raises(UnknownSymbolError, match="no column q here"):
        parts.best("q")
    with pytest.raises(EvaluationError, match="top takes how many rows"):
        parts.top(0, "h")
    nothing = sweep(Formula("h").assume("h > 9"), h=range(1, 9), chunks=3)
    assert len(nothing) == nothing.parts == 0
    assert nothing.compute().excluded[0].count == 8

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("archcalc.formula.optional.import_module", missing)
    with pytest.raises(FrameworkError, match="dask is not installed; pip install 'archcalc"):
        sweep("h", h=[1], chunks=3)


@slow
def test_parts_are_handed_out_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given_out: list[int] = []
    compute = dask.compute

    def counted(*tasks: Any) -> Any:
        given_out.append(len(tasks))
        return compute(*tasks, scheduler="synchronous")

    monkeypatch.setattr(dask, "compute", counted)
    parts = sweep("h", h=range(1, 101), chunks=1)
    assert parts.best("value", largest=True)["h"] == 100
    assert max(given_out) <= lazy._AT_ONCE
    assert sum(given_out) == 100
