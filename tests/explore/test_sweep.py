"""Sweeps: the rows that a loop in plain Python would make, and what is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.explore import Table, sweep
from archcalc.explore.progress import Progress
from archcalc.explore.sweeping import plan
from archcalc.formula import Formula
from archcalc.symbolic import (
    ArithmeticRuleError,
    EvaluationError,
    ExpressionError,
    RequirementError,
    UnknownSymbolError,
)

NAMES = ("h", "k", "s", "w")


@pytest.fixture(scope="module")
def mnist() -> tuple[Formula, Formula]:
    """Parameters and MACs of the network that every tutorial starts with."""
    net = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense("n"), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    trace = net.trace()
    return trace.parameters, trace.macs


def rows(table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table]


def by_hand(axes: dict[str, Any], **functions: Any) -> list[tuple[Any, ...]]:
    """Every combination for which no function is broken, in order, by plain Python."""
    found = []
    for at in product(*axes.values()):
        values = dict(zip(axes, at, strict=True))
        try:
            found.append((*at, *(f(**values) for f in functions.values())))
        except RequirementError:
            continue
    return found


def test_what_the_readme_says(mnist: tuple[Formula, Formula]) -> None:
    P, M = mnist
    table = ac.sweep({"parameters": P, "macs": M}, k=[1, 3, 5], f=range(8, 513), n=range(1, 1025))
    assert len(table) == 3 * 505 * 1024
    assert table["parameters"].dtype == np.int64
    best = table.where("parameters <= 1_000_000").best("macs", largest=True)
    assert best["parameters"] == P(**best.symbols) <= 1_000_000
    assert best["macs"] == M(**best.symbols)
    K, F, N = np.ix_([1, 3, 5], np.arange(8, 513), np.arange(1, 1025))
    parameters = (K**2 + 1) * F + (((29 - K) // 2) ** 2 * F + 1) * N + 10 * (N + 1)
    assert np.array_equal(table["parameters"], parameters.reshape(-1))


@given(st.data())
def test_every_row_is_what_python_says(all_formulas: Any, data: Any) -> None:
    cases = data.draw(st.lists(all_formulas, min_size=1, max_size=3))
    names = sorted({s.name for case in cases for s in case.expression.free_symbols})
    values = st.lists(st.integers(1, 40), min_size=1, max_size=5)
    axes = {name: data.draw(values) for name in data.draw(st.permutations(names))}
    rest = {name: 1 for name in NAMES if name not in names}
    got = sweep({f"q{i}": case.expression for i, case in enumerate(cases)}, **axes)
    want = [
        (*at, *(case.at({**rest, **dict(zip(axes, at, strict=True))}) for case in cases))
        for at in product(*axes.values())
    ]
    assert rows(got) == want


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
    st.lists(st.integers(1, 9), min_size=1, max_size=9),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_what_is_no_network_is_left_out(ks: list[int], fs: list[int], gs: list[int]) -> None:
    """A kernel that does not fit, and groups that do not divide the filters."""
    net = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.Conv2D("f", 1, groups="g")], input_shape=(28, 28, "f")
    )
    P = net.trace().parameters
    axes = {"k": ks, "f": fs, "g": gs}
    table = sweep({"parameters": P}, **axes)
    want = by_hand(axes, parameters=P)
    assert rows(table) == want
    lost = sum(excluded.count for excluded in table.excluded)
    assert lost + len(table) == len(ks) * len(fs) * len(gs)
    assert all(excluded.count > 0 for excluded in table.excluded)
    assert ("more are no networks, which need" in str(table)) == (lost > 0)


def test_it_says_what_was_left_out_and_why(mnist: tuple[Formula, Formula]) -> None:
    table = sweep(mnist[0], k=range(1, 41), f=8, n=[1, 2])
    assert [str(excluded) for excluded in table.excluded] == [
        "24 for want of k ≤ 28 (conv2d)",
        "2 for want of k ≤ 27 (max_pooling2d)",
    ]
    assert table.excluded[0].requirement.path == "conv2d"
    assert str(table).endswith(
        "54 configurations; 26 more are no networks, which need "
        "k ≤ 28 (conv2d); k ≤ 27 (max_pooling2d)"
    )
    empty = sweep(mnist[0], k=[29, 30], f=8, n=[1, 2])
    assert len(empty) == 0
    assert empty.excluded[0].count == 4


def test_a_zero_divisor_among_what_is_left_out_does_not_matter() -> None:
    P = Formula("w//(h - k)").assume("h >= k + 1")
    table = sweep(P, h=range(1, 6), k=range(1, 6), w=[7])
    assert rows(table) == [(h, k, 7, 7 // (h - k)) for h in range(1, 6) for k in range(1, h)]
    assert rows(sweep(P, h=[3], k=[3], w=7)) == []
    with pytest.raises(ArithmeticRuleError, match="divided by zero at h = 1, k = 1"):
        sweep("w//(h - k)", h=[1, 2], k=[1, 5], w=3)


def test_gpt_scale_stays_exact() -> None:
    """6·N·D: where 64 bits do not suffice the column holds Python integers."""
    P = Formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d")
    table = sweep(
        {"parameters": P, "flops": 6 * P * "D"},
        L=range(12, 97, 12), d=[768, 12288], V=50257, S=2048, D=[300 * 10**9 + 7],
    )  # fmt: skip
    assert table["parameters"].dtype == np.int64
    assert table["flops"].dtype == object
    assert [row["flops"] for row in table] == [
        6 * P(L=row["L"], d=row["d"], V=50257, S=2048) * (300 * 10**9 + 7) for row in table
    ]
    assert max(table["flops"]) > 3 * 10**23


@given(st.lists(st.integers(2**30, 2**33), min_size=1, max_size=6))
def test_no_number_wraps(hs: list[int]) -> None:
    table = sweep({"a": "h**2", "b": "h**2 - 4*h**2 + 3*h**2 + h"}, h=hs)
    assert rows(table) == [(h, h**2, h) for h in hs]


def test_columns_on_few_symbols_are_kept_once() -> None:
    table = sweep({"small": "k**2", "large": "k*n"}, k=range(1, 4), n=range(1, 100_001))
    kept = table._columns["small"]
    assert kept.size == 3
    assert table["small"].tolist()[::100_000] == [1, 4, 9]
    assert table.best("small", largest=True)["n"] == 1


@given(st.permutations("kfns"), st.data())
def test_the_order_of_the_axes_is_the_order_of_the_rows(order: list[str], data: Any) -> None:
    """Also where short last axes are computed as one."""
    sizes = data.draw(st.lists(st.sampled_from([1, 2, 3, 7]), min_size=4, max_size=4))
    axes = {name: range(1, size + 1) for name, size in zip(order, sizes, strict=True)}
    axes[data.draw(st.sampled_from(order))] = range(1, 301)
    formulas = {"a": "k*f + ((k + 7)//3)*n**2 - s", "b": "k*k + s", "c": "f", "d": "k*f*n*s//5"}
    table = sweep(formulas, **axes)
    grid = dict(zip(axes, np.ix_(*(np.array(v) for v in axes.values())), strict=True))
    k, f, n, s = (grid[name] for name in "kfns")
    wanted = {"a": k * f + (k + 7) // 3 * n**2 - s, "b": k * k + s, "c": f, "d": k * f * n * s // 5}
    for name, values in wanted.items():
        whole = np.broadcast_to(values, table.grid.shape).reshape(-1)
        assert np.array_equal(table[name], whole)
        places = np.arange(len(table))[:: max(1, len(table) // 50)]
        assert np.array_equal(table._taken(places)[name], whole[places])


def test_kinds_of_ranges() -> None:
    want = [(1, 4), (2, 8), (3, 12)]
    for values in ([1, 2, 3], (1, 2, 3), range(1, 4), np.arange(1, 4), np.array([1, 2, 3], "u1")):
        assert rows(sweep("4*h", h=values)) == want
    assert rows(sweep("4*h", h=7)) == rows(sweep("4*h", h=np.int32(7))) == [(7, 28)]
    assert rows(sweep("4*h", h=range(3, 0, -1))) == want[::-1]
    assert sweep("h", h=[10**30]).best("value")["value"] == 10**30
    assert rows(sweep(12)) == [(12,)]


def test_dtypes() -> None:
    floats = sweep("h/2", h=[1, 2], dtype=float)
    assert floats["value"].tolist() == [0.5, 1.0]
    assert sweep("h/2", h=[2, 4])["value"].dtype == np.int64
    assert sweep("h", h=[2, 4], dtype=object)["value"].dtype == object
    assert rows(sweep("h/2", h=[1, 2])) == [(1, ac.Formula("1/2")()), (2, 1)]
    with pytest.raises(EvaluationError, match="64-bit integers do not hold"):
        sweep("h**2", h=[2**40], dtype="int64")
    with pytest.raises(EvaluationError, match="64-bit integers do not hold a fraction"):
        sweep("h/2", h=[1, 2], dtype="int64")


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"h": [], "k": 1}, r"h has no values: \[\] is empty; a range such as"),
        ({"h": range(5, 5), "k": 1}, r"h has no values: range\(5, 5\) is empty"),
        ({"h": [0, 1], "k": 1}, "h = 0 is not a positive integer"),
        ({"h": range(-3, 3), "k": 1}, "h = -3 is not a positive integer"),
        ({"h": [1.5], "k": 1}, "h = 1.5 is not a positive integer"),
        ({"h": 2.0, "k": 1}, "h = 2.0 are no values to take"),
        ({"h": "1:5", "k": 1}, "h = 1:5 are no values to take"),
        ({"h": {1, 2}, "k": 1}, "are no values to take one after another"),
        ({"h": True, "k": 1}, "h = True is not a positive integer"),
        ({"h": [[1, 2]], "k": 1}, "h is an array of 2 axes"),
        ({"h": [1]}, r"there is no range for k; give one, as in k=range\(1, 65\)"),
        ({"h": range(1, 10**12), "k": 1}, "h takes 999,999,999,999 values, too many"),
        ({"h": range(1, 10**6), "k": range(1, 10**6)}, "a table of 999,998,000,001 rows"),
    ],
)
def test_ranges_that_are_refused(ranges: dict[str, Any], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        sweep("h*k", **ranges)


def test_names_that_are_refused() -> None:
    with pytest.raises(UnknownSymbolError, match="no symbol q here; the symbols are h, k"):
        sweep("h*k", h=1, k=1, q=[1, 2])
    with pytest.raises(UnknownSymbolError, match="no symbol q here"):
        sweep({"a": "h", "b": "k"}, h=1, k=1, q=2)
    with pytest.raises(EvaluationError, match="there is no formula"):
        sweep({}, h=1)
    for name in ("", "2h", "a b", 3, "_x"):
        with pytest.raises(EvaluationError, match="not a name for a column"):
            sweep({name: "h"}, h=1)  # type: ignore[dict-item]
    with pytest.raises(EvaluationError, match="h is the name of a symbol and of a column"):
        sweep({"h": "2*h"}, h=[1])
    with pytest.raises(ExpressionError):
        sweep("__import__('os')", h=1)


def test_memory_is_asked_for_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_memory", lambda: 1_000_000)
    assert len(sweep("h*k", h=range(1, 101), k=range(1, 1001))) == 100_000
    with pytest.raises(EvaluationError, match=r"a table of 200,000 rows would take .* give chunks"):
        sweep("h*k", h=range(1, 201), k=range(1, 1001))


def test_progress_shows_on_long_work_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from archcalc.explore import progress

    clock = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    monkeypatch.setattr(progress, "_is_watched", lambda: True)
    with Progress(100, "configurations") as bar:
        bar.advance(10)
        assert bar._bar is None
        clock[0] = 2.0
        bar.advance(10)
        assert bar._bar is not None
        assert bar._bar.tasks[0].completed == 20
    assert bar._bar.finished or not bar._bar.live.is_started
    assert capsys.readouterr().out == ""


def test_an_interruption_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Progress, many: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep("h", h=[1, 2])
