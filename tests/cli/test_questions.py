"""reconcile, compare and solve: what stands in the acceptance, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

MNIST = "docs/examples/mnist_cnn.yaml"
TOWER = "docs/examples/repeat_symbolic.yaml"
CLAIMS = ["--running", "conv2d=288", "--running", "dense=540988", "--running", "dense_1=541988"]


def test_where_the_242_come_from(run: Run) -> None:
    answer = run("reconcile", MNIST, *CLAIMS)
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines == [
        "conv2d claimed 288 is 320 +32 the bias was left out: one per filter, f = 32",
        "dense claimed 540,700 is 540,900 +100 the bias was left out: one per unit, n_out = 100",
        "+100 arithmetic slip: 288 + 540,800 = 541,088, not 540,988",
        "dense_1 claimed 1,000 is 1,010 +10 the bias was left out: one per unit, n_out = 10",
        "total claimed 541,988 is 542,230 +242 fully explained: 32 + 100 + 100 + 10",
    ]


@pytest.mark.parametrize("text", ["541988", "541,988", "541_988", "541 988", "541'988"])
def test_numbers_may_have_separators(run: Run, text: str) -> None:
    given = ["--running", "conv2d=288", "--running", "dense=540,988", "--running"]
    assert run("reconcile", MNIST, *given, f"dense_1={text}") == run("reconcile", MNIST, *CLAIMS)


def test_what_is_right_is_said_to_be_right(run: Run) -> None:
    answer = run("reconcile", MNIST, "--total", "542,230")
    assert (answer.code, answer.lines) == (0, ["total claimed 542,230 is right"])


def test_what_is_not_explained_ends_with_1(run: Run) -> None:
    answer = run("reconcile", MNIST, "--total", "12")
    assert answer.code == 1
    assert "unexplained" in answer.out
    assert answer.err == ""


def test_a_layer_may_be_claimed_by_number_or_by_formula(run: Run) -> None:
    assert run("reconcile", MNIST, "--layer", "conv2d=320").code == 0
    answer = run("reconcile", MNIST, "--layer", "conv2d=(5*5+1)*32")
    assert "(5*5+1)*32 = 832" in answer.out
    answer = run("reconcile", MNIST, "--layer", "conv2d=288", "--format", "json")
    assert answer.code == 0
    assert json.loads(answer.out)["findings"][0]["kind"] == "missing-bias"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is nothing to reconcile"),
        (["--total", "1.5"], "--total: '1.5' is not a whole number"),
        (["--total", "12,34"], "--total: '12,34' is not a whole number"),
        (["--running", "conv2d"], "--running 'conv2d' is not NAME=VALUE"),
        (["--running", "=3"], "is not NAME=VALUE"),
        (["--running", "conv2d=x"], "--running: 'x' is not a whole number"),
        (["--running", "conv2d=1", "--running", "conv2d=2"], "--running gives conv2d twice"),
        (["--layer", "conv3=1"], "conv3"),
        (["--layer", "conv2d=1+"], "'1+' ends with +"),
        (["--layer", "conv2d=__import__('os')"], "text in quotes"),
    ],
)
def test_claims_that_are_none(run: Run, arguments: list[str], said: str) -> None:
    answer = run("reconcile", MNIST, *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1


def test_compare_says_what_changed(run: Run, tmp_path: Path) -> None:
    deeper = tmp_path / "deeper.yaml"
    deeper.write_text(
        "input: [28, 28, 1]\nlayers:\n"
        "  - Conv2D: [32, 3]\n  - MaxPooling2D\n  - Conv2D: [64, 3]\n  - MaxPooling2D\n"
        "  - Flatten\n  - Dense: 100\n  - Dense: 10\n"
    )
    answer = run("compare", MNIST, str(deeper))
    assert answer.code == 0
    for said in ("542,230 → 179,926", "18,496", "380,800"):
        assert said in answer.out


def test_compare_sets_symbols_of_either(run: Run) -> None:
    values = ["--set", "c=8", "--set", "L=2", "--set", "h=8", "--set", "w=8"]
    assert "542,230 →" in run("compare", MNIST, TOWER, *values).out
    answer = run("compare", MNIST, TOWER, "--set", "q=1")
    assert answer.code == 2
    assert "there is no symbol q in either; the symbols are L, c, h, w" in answer.err


def test_solve_finds_the_largest_within_a_budget(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: [28, 28, 1]\nlayers:\n"
        "  - Conv2D: [f, k]\n  - MaxPooling2D\n  - Flatten\n  - Dense: n\n  - Dense: 10\n"
    )
    given = ["--set", "k=3", "--set", "f=32"]
    answer = run("solve", str(file), "n", "--at-most", "100_000", *given)
    assert (answer.code, answer.lines) == (0, ["n = 18", "parameters = 97,872"])
    answer = run("solve", str(file), "n", "--at-least", "100,000", *given, "--format", "json")
    assert json.loads(answer.out) == {"symbol": "n", "value": 19, "parameters": 103_291}
    answer = run("solve", str(file), "n", "--equals", "542230", *given)
    assert answer.lines[0] == "n = 100"
    answer = run("solve", str(file), "n", "--at-most", "736488", "--of", "macs", *given)
    assert answer.lines == ["n = 100", "macs = 736,488"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["L", "--at-most", "1", "--set", "c=8"], 1, "no L gives at most 1"),
        (["L", "--at-most", "100000"], 2, "every other symbol needs a number; give c"),
        (["q", "--at-most", "100000", "--set", "c=8"], 2, "there is no symbol q here"),
        (["L", "--set", "c=8"], 2, "one bound is needed"),
        (["L", "--at-most", "1", "--at-least", "1"], 2, "one bound is needed"),
        (["L", "--at-most", "many"], 2, "--at-most: 'many' is not a whole number"),
    ],
)
def test_solve_ends_with_what_it_found(
    run: Run, arguments: list[str], code: int, said: str
) -> None:
    answer = run("solve", TOWER, *arguments)
    assert answer.code == code
    assert said in answer.err
    assert answer.out == ""
