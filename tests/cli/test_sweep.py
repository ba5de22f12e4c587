"""archcalc sweep: rows that a loop over frameworks' own counts would give, and how it ends."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

MNIST = "docs/examples/mnist_symbols.yaml"
OVER = ["--over", "k=1,3,5", "--over", "f=8:16:4", "--over", "n=1:3"]


def by_hand(k: int, f: int, n: int) -> tuple[int, int]:
    """Weights, and multiply-accumulates, of each layer of the little CNN."""
    side = 28 - k + 1
    pooled = side // 2
    flat = pooled * pooled * f
    parameters = (k * k * f + f) + (flat * n + n) + (n * 10 + 10)
    return parameters, side * side * k * k * f + flat * n + n * 10


ROWS = [(k, f, n, *by_hand(k, f, n)) for k in (1, 3, 5) for f in (8, 12, 16) for n in (1, 2, 3)]
NAMES = ["k", "f", "n", "parameters", "macs"]


def test_every_row_in_files(run: Run) -> None:
    table = run("sweep", MNIST, *OVER, "--format", "csv")
    assert (table.code, table.err) == (0, "")
    read = list(csv.reader(io.StringIO(table.out)))
    assert read == [NAMES, *([str(v) for v in row] for row in ROWS)]
    rows = json.loads(run("sweep", MNIST, *OVER, "--format", "json").out)
    assert [tuple(row.values()) for row in rows] == ROWS


def test_a_table_to_read(run: Run) -> None:
    lines = run("sweep", MNIST, *OVER, "--rows", "4").lines
    assert lines[0].split() == NAMES
    assert lines[1] == " ".join(f"{v:,}" for v in ROWS[0])
    assert lines[3] == "⋮ ⋮ ⋮ ⋮ ⋮"
    assert lines[-1] == "27 configurations"
    markdown = run("sweep", MNIST, *OVER, "--format", "markdown").out
    assert markdown.startswith("| k | f | n | parameters | macs |\n| ---: |")
    assert run("sweep", MNIST, *OVER, "--format", "html").out.startswith("<!DOCTYPE html>")


def test_the_question_of_the_tutorial(run: Run) -> None:
    """The most work within a million parameters, by a loop in plain Python."""
    grid = ((k, f, n) for k in (1, 3, 5) for f in range(8, 513) for n in range(1, 1025))
    within = ((by_hand(*at), at) for at in grid)
    (parameters, macs), (k, f, n) = max(
        (found for found in within if found[0][0] <= 1_000_000), key=lambda found: found[0][1]
    )
    answer = run(
        "sweep", MNIST, "--over", "k=1,3,5", "--over", "f=8:512", "--over", "n=1:1024",
        "--where", "parameters <= 1e6", "--best", "macs", "--largest", "macs",
    )  # fmt: skip
    assert answer.out == (
        f"k = {k}, f = {f}, n = {n}: parameters = {parameters:,}, macs = {macs:,}\n"
    )


def test_best_top_and_front(run: Run) -> None:
    ordered = sorted(ROWS, key=lambda row: row[4])
    top = run("sweep", MNIST, *OVER, "--best", "macs", "--top", "4", "--format", "json")
    assert [tuple(row.values()) for row in json.loads(top.out)] == ordered[:4]
    one = run("sweep", MNIST, *OVER, "--best", "macs", "--format", "json")
    assert [tuple(row.values()) for row in json.loads(one.out)] == ordered[:1]
    front = run("sweep", MNIST, *OVER, "--pareto", "parameters,macs", "--largest", "macs",
                "--format", "json")  # fmt: skip
    unbeaten = [
        row for row in ROWS
        if not any(a[3] <= row[3] and a[4] >= row[4] and a[3:] != row[3:] for a in ROWS)
    ]  # fmt: skip
    got = [tuple(row.values()) for row in json.loads(front.out)]
    assert sorted(got) == sorted(unbeaten)


def test_in_parts_it_is_the_same(run: Run) -> None:
    for more in ([], ["--best", "macs"], ["--where", "parameters > 3000", "--where", "k != 3"]):
        whole = run("sweep", MNIST, *OVER, *more)
        assert run("sweep", MNIST, *OVER, *more, "--chunks", "5") == whole
        assert whole.code == 0


def test_columns_and_values(run: Run) -> None:
    answer = run("sweep", MNIST, "--of", "macs", "--set", "k=3", "--set", "f=2*u", "--over", "u=4",
                 "--over", "n=1", "--format", "csv")  # fmt: skip
    assert answer.out == f"u,n,macs\n4,1,{by_hand(3, 8, 1)[1]}\n"


def test_what_is_no_network_is_said(run: Run) -> None:
    answer = run("sweep", MNIST, "--over", "k=26:30", "--over", "f=1", "--over", "n=1")
    assert answer.lines[-1] == (
        "2 configurations; 3 more are no networks, which need "
        "k ≤ 28 (conv2d); k ≤ 27 (max_pooling2d)"
    )


def test_a_picture(run: Run, tmp_path: Path) -> None:
    for name in ("front.png", "front.svg"):
        answer = run("sweep", MNIST, *OVER, "--plot", str(tmp_path / name))
        assert (answer.code, answer.err) == (0, "")
        assert (tmp_path / name).stat().st_size > 5_000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "there are no values for f, k, n; give --over f=1:64, or one value with --set"),
        (["--over", "k=1"], 2, "there are no values for f, n"),
        ([*OVER, "--over", "k=1"], 2, "--over gives k twice"),
        ([*OVER, "--over", "q=1"], 2, "there is no symbol q here; the symbols are f, k, n"),
        (["--over", "k=0", "--over", "f=1", "--over", "n=1"], 2, "k = 0 is not a positive int"),
        (["--over", "k=5:1"], 2, "'5:1' is no range of values; write 1:100"),
        (["--over", "k"], 2, "--over 'k' is not NAME=VALUE"),
        ([*OVER, "--where", "q < 3"], 2, "there is no column q here; the columns are k, f, n, par"),
        ([*OVER, "--where", "k"], 2, "'k' does not read as a condition"),
        ([*OVER, "--best", "q"], 2, "there is no column q here"),
        ([*OVER, "--top", "3"], 2, "--top counts the rows of --best; add --best parameters"),
        ([*OVER, "--best", "macs", "--top", "0"], 2, "top takes how many rows are wanted, not 0"),
        ([*OVER, "--pareto", "macs", "--largest", "k"], 2, "largest names k"),
        ([*OVER, "--chunks", "some"], 2, "chunks = some is no number of rows"),
        ([*OVER, "--plot", "plot.xyz"], 2, "plot.xyz has no ending of a picture"),
        ([*OVER, "--where", "k > 5"], 1, "none of 27 configurations meets the condition"),
        ([*OVER, "--where", "k > 5", "--best", "macs"], 1, "none of 27 configurations meets"),
        (["--over", "k=29:40", "--over", "f=1", "--over", "n=1"], 1,
         "no configuration is a network, which needs k ≤ 28 (conv2d)"),
    ],
)  # fmt: skip
def test_how_it_ends(run: Run, arguments: list[str], code: int, said: str) -> None:
    answer = run("sweep", MNIST, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("error: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1
