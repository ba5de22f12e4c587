"""Tables: every question answered as plain Python answers it on a list of rows."""

from __future__ import annotations

import csv
import io
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest
import rich.console
from hypothesis import given
from hypothesis import strategies as st

from archcalc.explore import Configuration, Table, sweep
from archcalc.explore.sweeping import order
from archcalc.symbolic import (
    ArithmeticRuleError,
    EvaluationError,
    ExpressionError,
    NoSolutionError,
    UnknownSymbolError,
)

FORMULAS = {
    "parameters": "(k**2 + 1)*f",
    "macs": "k**2*f*((29 - k)//2) + f",
    "below": "f - 7*k",
    "half": "f/2 - k/3",
    "large": "(f - 5)*10**20",
}
COLUMNS = ("k", "f", *FORMULAS)
THIRD = Fraction(1, 3)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Whole grids, and what is left of them when some rows are chosen."""
    values = st.lists(st.integers(1, 12), min_size=1, max_size=8)
    table = sweep(FORMULAS, k=draw(values), f=draw(values))
    if draw(st.booleans()):
        table = table.where("f != 3 and k <= 10")
    if draw(st.booleans()):
        table = table.sort(draw(st.sampled_from(COLUMNS)))
    return table


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in table]


CONDITIONS = {
    "parameters <= 100": lambda r: r["parameters"] <= 100,
    "parameters <= 1e2 and k != 3": lambda r: r["parameters"] <= 100 and r["k"] != 3,
    "k = 3 or k == 5 or not f >= 7": lambda r: r["k"] in (3, 5) or r["f"] < 7,
    "not (k < 3 and f > 4) and (k + 1)*2 ≤ 9": (
        lambda r: not (r["k"] < 3 and r["f"] > 4) and (r["k"] + 1) * 2 <= 9
    ),
    "2 <= k < f <= 9": lambda r: 2 <= r["k"] < r["f"] <= 9,
    "f % 4 == 1 or f % k == 0": lambda r: r["f"] % 4 == 1 or r["f"] % r["k"] == 0,
    "macs/parameters > 2.5": lambda r: Fraction(r["macs"], r["parameters"]) > Fraction(5, 2),
    "half < 0.5 and half ≠ 1/3": lambda r: (
        r["half"] < Fraction(1, 2) and r["half"] != Fraction(1, 3)
    ),
    "below >= -20 and max(below, 0) == 0": lambda r: -20 <= r["below"] <= 0,
    "below//3 < -2 or floor(half) == 1": lambda r: r["below"] // 3 < -2 or r["half"] // 1 == 1,
    "large > 3*10^20 and large*large < 10**42": (
        lambda r: r["large"] > 3 * 10**20 and r["large"] ** 2 < 10**42
    ),
    "1 < 2": lambda r: True,
    "(k)*(f) > (12)": lambda r: r["k"] * r["f"] > 12,
}


@given(tables(), st.sampled_from(sorted(CONDITIONS)))
def test_where(table: Table, condition: str) -> None:
    assert rows(table.where(condition)) == list(filter(CONDITIONS[condition], rows(table)))


@given(tables(), st.sampled_from(COLUMNS), st.booleans(), st.integers(1, 70))
def test_best_and_top(table: Table, by: str, largest: bool, count: int) -> None:
    ordered = sorted(rows(table), key=lambda r: -r[by] if largest else r[by])
    assert rows(table.top(count, by, largest=largest)) == ordered[:count]
    if len(table):
        assert dict(table.best(by, largest=largest)) == ordered[0]


@given(tables(), st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True), st.data())
def test_sort(table: Table, by: list[str], data: Any) -> None:
    falling = data.draw(st.sets(st.sampled_from(by)))
    want = rows(table)
    for name in reversed(by):
        want.sort(key=lambda r, name=name: -r[name] if name in falling else r[name])
    assert rows(table.sort(*by, largest=tuple(falling))) == want


@given(tables(), st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4, unique=True), st.data())
def test_pareto(table: Table, by: list[str], data: Any) -> None:
    falling = data.draw(st.sets(st.sampled_from(by)))
    points = [tuple(-r[n] if n in falling else r[n] for n in by) for r in rows(table)]
    beaten = [
        any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in points)
        for p in points
    ]
    want = [r for r, lost in zip(rows(table), beaten, strict=True) if not lost]
    want.sort(key=lambda r: tuple(-r[n] if n in falling else r[n] for n in by))
    assert rows(table.pareto(*by, largest=tuple(falling))) == want


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=200), st.integers(1, 7))
def test_fronts_in_slices(points: list[tuple[int, ...]], size: int) -> None:
    keys = [np.array(k) for k in zip(*points, strict=True)]
    want = {p for p in points if not any(q != p and all(map(int.__le__, q, p)) for q in points)}
    usual, order._SLICE = order._SLICE, size
    try:
        found = order.front(keys)
    finally:
        order._SLICE = usual
    assert sorted(found) == [i for i, p in enumerate(points) if p in want]


@given(tables(), st.integers(-80, 80), st.slices(64))
def test_rows_and_slices(table: Table, place: int, some: slice) -> None:
    want = rows(table)
    assert rows(table[some]) == want[some]
    if -len(want) <= place < len(want):
        assert dict(table[place]) == want[place]
    else:
        with pytest.raises(IndexError):
            table[place]
    assert len(table) == len(want)
    for name in COLUMNS:
        assert table[name].tolist() == [r[name] for r in want]


@given(tables())
def test_exports_hold_every_digit(table: Table) -> None:
    want = rows(table)
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.to_dict("records") == want
    assert {name: a.tolist() for name, a in table.to_numpy().items()} == {
        name: [r[name] for r in want] for name in COLUMNS
    }
    polar = table.to_polars()
    assert isinstance(polar, polars.DataFrame)
    text = [{n: str(v) if n == "half" else v for n, v in r.items()} for r in want]
    got = [{n: str(v) if n == "half" else v for n, v in r.items()} for r in polar.to_dicts()]
    assert got == text
    read = list(csv.reader(io.StringIO(table.to_csv())))
    assert read == [list(COLUMNS), *([str(v) for v in r.values()] for r in want)]
    loaded = json.loads(table.to_json())
    assert [{n: Fraction(v) for n, v in r.items()} for r in loaded] == want


def test_integers_beyond_128_bits() -> None:
    table = sweep("h**60", h=[1, 1000])
    assert table.to_polars()["value"].to_list() == ["1", str(1000**60)]
    assert table.to_pandas()["value"].to_list() == [1, 1000**60]
    assert table.to_csv() == f"h,value\n1,1\n1000,{1000**60}\n"


def test_csv_into_a_file(tmp_path: Path) -> None:
    table = sweep(FORMULAS, k=[1, 2], f=range(1, 9))
    assert table.to_csv(tmp_path / "t.csv") is None
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == table.to_csv()


def test_what_it_looks_like() -> None:
    table = sweep({"parameters": "(k**2 + 1)*f"}, k=[1, 3], f=range(100, 1300, 100))
    shown = """\
k      f  parameters
1    100         200
1    200         400
1    300         600
1    400         800
1    500       1,000
⋮      ⋮           ⋮
3    800       8,000
3    900       9,000
3  1,000      10,000
3  1,100      11,000
3  1,200      12,000
24 configurations"""
    assert repr(table) == str(table) == shown
    assert table.to_text(rows=3).splitlines()[1:5] == [
        "1    100         200",
        "1    200         400",
        "⋮      ⋮           ⋮",
        "3  1,200      12,000",
    ]
    assert repr(table.where("f == 100")).endswith("2 of 24 configurations")
    assert repr(sweep("h", h=1)).endswith("1 configuration")
    assert repr(table.where("f == 1")) == "k  f  parameters\n0 of 24 configurations"
    console = rich.console.Console(width=60, file=io.StringIO())
    console.print(table)
    drawn = console.file.getvalue()
    assert "12,000" in drawn
    assert "24 configurations" in drawn
    assert drawn.count("│") == 11 * 4
    assert table.to_markdown(rows=2).splitlines() == [
        "| k | f | parameters |",
        "| ---: | ---: | ---: |",
        "| 1 | 100 | 200 |",
        "| ⋮ | ⋮ | ⋮ |",
        "| 3 | 1,200 | 12,000 |",
        "",
        "24 configurations",
    ]
    assert table.to_latex(rows=2).splitlines()[-3:] == [r"\end{tabular}", "", "24 configurations"]
    html = table._repr_html_()
    assert html.count("<tr>") == 12
    assert "24 configurations</caption>" in html


def test_a_row() -> None:
    row = sweep(FORMULAS, k=[3], f=[32]).best("macs")
    assert isinstance(row, Configuration)
    assert row.symbols == {"k": 3, "f": 32}
    assert row["parameters"] == 320
    assert list(row) == list(COLUMNS)
    assert repr(row) == (
        "k = 3, f = 32: parameters = 320, macs = 3,776, below = 11, half = 15, "
        "large = 2,700,000,000,000,000,000,000"
    )
    assert row == dict(row)
    assert {type(v) for v in row.values()} == {int}
    assert hash(row) == hash(sweep(FORMULAS, k=[3], f=[32])[0])
    with pytest.raises(KeyError):
        row["q"]


def test_it_can_be_sent_to_another_process() -> None:
    table = sweep(FORMULAS, k=range(1, 40), f=[1, 2]).where("k < 9")
    assert rows(pickle.loads(pickle.dumps(table))) == rows(table)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("", "does not read as a condition"),
        ("parameters", "'parameters' does not read as a condition; write one such as"),
        ("parameters <= ", "does not read as a condition"),
        ("parameters <= 5 and", "does not read as a condition"),
        ("parameters <= 5 k >= 3", "k"),
        ("(parameters <= 5", "does not read as a condition"),
        ("parameters <= 5)", "does not read as a condition"),
        ("parameters => 5", "="),
        ("(k <= 5) + 1 == 3", "does not read as a condition"),
        ("k is 3", "k is 3"),
        ("__import__('os').getpid() > 0", "__import__|quotes|dot"),
        ("k.real == 1", "dot"),
        ("9**9**9 > k", "too large"),
        ("1e999 > k", "more than 300 digits"),
        ("k > 1" + " and k > 1" * 2000, "longer than 10,000 characters"),
        ("(" * 60 + "k > 1" + ")" * 60, "too deeply nested"),
        ("not " * 60 + "k > 1", "too deeply nested"),
        (3, "is not text"),
        (None, "is not text"),
    ],
)
def test_conditions_that_are_refused(condition: Any, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        sweep(FORMULAS, k=[1], f=[2]).where(condition)


def test_other_questions_that_are_refused() -> None:
    table = sweep(FORMULAS, k=[1, 2], f=[2, 3])
    for ask in (
        lambda: table["q"],
        lambda: table.best("q"),
        lambda: table.top(1, "q"),
        lambda: table.sort("q"),
        lambda: table.pareto("macs", "q"),
        lambda: table.where("q < 3"),
    ):
        with pytest.raises(UnknownSymbolError, match="no column q here; the columns are k, f"):
            ask()
    with pytest.raises(NoSolutionError, match="there is no best macs: no row is left; loosen"):
        table.where("k > 9").best("macs")
    for count in (0, -1, 2.5, True, "3"):
        with pytest.raises(EvaluationError, match="top takes how many rows are wanted"):
            table.top(count, "macs")  # type: ignore[arg-type]
    with pytest.raises(EvaluationError, match="sort needs the name of a column"):
        table.sort()
    with pytest.raises(EvaluationError, match="largest names k, which is not one of macs"):
        table.pareto("macs", largest="k")
    with pytest.raises(ArithmeticRuleError, match="divided by zero at f = 2, k = 2"):
        table.where("macs//(f - k) > 3")


def test_floats_are_compared_as_floats() -> None:
    table = sweep({"half": "f/2"}, f=range(1, 6), dtype=float)
    assert table.where("half >= 1.5")["half"].tolist() == [1.5, 2.0, 2.5]
    assert repr(table.best("half", largest=True)) == "f = 5: half = 2.5"
    assert table.sort("half", largest="half")["f"].tolist() == [5, 4, 3, 2, 1]
