"""summary, derive, cost and conventions: what stands in the acceptance, in every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.dom import minidom

import pytest

from archcalc import Formula
from tests.sampling import slow

Run = Callable[..., Any]

MNIST = "docs/examples/mnist_cnn.yaml"
PRINTED = "docs/examples/mnist_as_printed.yaml"
TOWER = "docs/examples/repeat_symbolic.yaml"


def test_derive_says_rule_numbers_result_and_running_total(run: Run) -> None:
    answer = run("derive", MNIST)
    assert (answer.code, answer.err) == (0, "")
    for expected in [
        "conv2d Conv2D 28×28×1 → 26×26×32",
        "size ⌊(h − k)/s⌋ + 1 = ⌊(28 − 3)/1⌋ + 1 = 26",
        "params (k·k·c_in + 1)·f = (3·3·1 + 1)·32 = 320 running 320",
        "params (n_in + 1)·n_out = (5408 + 1)·100 = 540,900 running 541,220",
        "total 542,230 parameters (all trainable), 736,488 MACs, 2.07 MiB as float32",
    ]:
        assert expected in answer.lines


def test_summary_is_the_table_alone(run: Run) -> None:
    answer = run("summary", MNIST)
    assert "dense Dense 100 540,900 540,800" in answer.lines
    assert answer.lines[-1].startswith("total 542,230 parameters (all trainable)")
    assert (answer.code, answer.err) == (0, "")


def test_a_function_that_makes_a_network_stands_for_it(run: Run) -> None:
    answer = run("summary", "archcalc.families:resnet50")
    assert answer.lines[-1].startswith("total 25,557,032 parameters (all trainable)")
    symbols = run("summary", "archcalc.families:resnet", "--set", "c=64", "--format", "json")
    assert (symbols.code, symbols.err) == (0, "")
    formula = Formula(json.loads(symbols.out)["parameters"])
    assert formula(n1=3, n2=8, n3=36, n4=3, K=1000) == 60_192_808


def test_summary_of_the_network_as_printed_warns(run: Run) -> None:
    answer = run("summary", PRINTED)
    assert "dense_1 Dense 26×26×10 1,010 676,000" in answer.lines
    assert any(line.startswith("total 4,630 parameters") for line in answer.lines)
    (warning,) = [line for line in answer.lines if line.startswith("warning: ")]
    assert warning.startswith("warning: dense: Dense acts on the last axis only")
    assert "is a Flatten missing?" in warning
    assert (answer.code, answer.err) == (0, "")


def test_warnings_do_not_stand_beside_what_programs_read(run: Run) -> None:
    assert run("summary", PRINTED, "--format", "json").err == ""


@pytest.mark.parametrize("command", ["summary", "derive", "cost"])
@pytest.mark.parametrize("how", ["text", "markdown", "latex", "html", "json"])
def test_every_format_says_the_total(run: Run, command: str, how: str) -> None:
    answer = run(command, MNIST, "--format", how)
    assert answer.code == 0
    assert answer.out.endswith("\n")
    assert "\n\n\n" not in answer.out
    number = "2168920" if command == "cost" else "542230"
    assert number in answer.out.replace(",", "").replace("{}", "").replace("\\", "")
    if how == "json":
        assert json.loads(answer.out)
    if how == "html":
        minidom.parseString(answer.out)


def test_the_three_formats_of_a_file_give_one_answer(run: Run) -> None:
    yaml, toml, json_ = (run("derive", MNIST.replace("yaml", e)) for e in ("yaml", "toml", "json"))
    assert yaml == toml == json_


@pytest.mark.parametrize("command", ["summary", "derive", "cost"])
def test_set_is_the_same_as_the_number_in_the_file(run: Run, command: str, tmp_path: Path) -> None:
    text = Path(TOWER).read_text(encoding="utf-8")
    numbers = tmp_path / "numbers.yaml"
    numbers.write_text(
        text.replace("[h, w, 3]", "[32, 24, 3]").replace("filters: c", "filters: 16")
        .replace("times: L", "times: 5"), encoding="utf-8",
    )  # fmt: skip
    values = ["--set", "h=32", "--set", "w=24", "--set", "c=16", "--set", "L=5"]
    assert run(command, TOWER, *values) == run(command, str(numbers))


def test_set_takes_symbols_and_formulas(run: Run) -> None:
    answer = run("summary", TOWER, "--set", "c=2*d", "--set", "L=d", "--format", "json")
    assert "d" in answer.out
    assert run("summary", TOWER, "--set", "c=8").code == 0


def test_cost_says_every_figure_with_its_formula(run: Run) -> None:
    answer = run(
        *("cost", MNIST, "--batch", "32", "--optimizer", "sgd-momentum", "--dtype", "float32"),
        *("--peak-flops", "1e12", "--bandwidth", "50e9"),
    )
    assert (answer.code, answer.err) == (0, "")
    said = answer.out.replace(",", "")
    weights, moved = 4 * 542_230, 2 * 2 * 4 * 542_230 + 4 * 32 * 28 * 28
    for number in (weights, 4 * 32 * 27_934, moved):
        assert str(number) in said
    seconds = moved / 50e9
    assert f"{seconds * 1e6:.4g} µs" in answer.out
    assert "slots·trained·bytes" in answer.out


def test_cost_with_a_format_for_each_kind_and_every_operation(run: Run) -> None:
    answer = run(
        *("cost", MNIST, "--optimizer", "adam", "--formats", "bfloat16 mixed"),
        *("--tally", "each operation"),
    )
    assert answer.code == 0
    assert "master copy" in answer.out
    assert "forward, each operation" in answer.out
    refused = run("cost", MNIST, "--tally", "mine")
    assert refused.code == 2
    assert "known are each operation, fvcore" in refused.err
    alone = run("cost", MNIST, "--recompute", "conv2d")
    assert alone.code == 2
    assert "give formats" in alone.err


def test_cost_of_symbols_is_a_formula(run: Run) -> None:
    answer = run("cost", TOWER, "--batch", "b", "--optimizer", "adam", "--dtype", "bfloat16")
    assert answer.code == 0
    assert "b" in answer.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--optimizer", "sdg"], "'sdg' is not a known optimizer"),
        (["--dtype", "float31"], "'float31' is not a known number format"),
        (["--batch", "0"], "0 is not a dimension"),
        (["--peak-flops", "1e12"], "a bound on the time takes both rates"),
        (["--peak-flops", "fast", "--bandwidth", "1"], "--peak-flops: 'fast' is not a rate"),
        (["--peak-flops", "1e999999999", "--bandwidth", "1"], "is not a rate"),
        (["--peak-flops", "_", "--bandwidth", "1"], "is not a rate"),
        (["--peak-flops", "0", "--bandwidth", "1"], "is not a positive rate"),
    ],
)
def test_costs_that_are_none(run: Run, arguments: list[str], said: str) -> None:
    answer = run("cost", MNIST, *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_conventions_are_listed_or_those_of_a_network(run: Run) -> None:
    listed = json.loads(run("conventions", "--format", "json").out)["conventions"]
    assert {"recurrent bias", "causal attention"} <= {c["name"] for c in listed}
    answer = run("conventions", MNIST)
    assert (answer.code, answer.err) == (0, "")
    assert [line.partition("  ")[0] for line in answer.out.replace("\n  ", "\n").splitlines()] == [
        "conventions",
        "FLOPs a MAC",
        "bias additions",
    ]


MODEL = """
from torch import nn

net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2))

def made():
    return net
"""


@slow
def test_a_torch_model_is_read_where_a_file_is(process: Run, tmp_path: Path) -> None:
    (tmp_path / "of_torch.py").write_text(MODEL)
    with_symbols = process("derive", "of_torch:net", "--input", "3,h,w")
    assert "params (k·k·c_in + 1)·f = (3·3·3 + 1)·8 = 224 running 224" in with_symbols.lines
    with_numbers = process("summary", "of_torch:made", "--input", "3,32,32")
    assert with_numbers.lines[-1].startswith("total 516 parameters")
    missing = process("summary", "of_torch:net")
    assert missing.code != 0
    assert "on the command line --input 3,224,224" in missing.err


def test_a_drawing_is_written_as_its_name_says(run: Any, tmp_path: Any) -> None:
    for ending, begins in ((".svg", "<svg"), (".mmd", "flowchart"), (".dot", "digraph")):
        path = tmp_path / f"net{ending}"
        assert run("draw", "docs/examples/mnist_cnn.yaml", "-o", str(path)).code == 0
        assert path.read_text().startswith(begins)
    done = run("draw", "docs/examples/mnist_cnn.yaml", "-o", str(tmp_path / "net.png"))
    assert done.code == 2
    assert "has no ending of a drawing" in done.err
    assert not (tmp_path / "net.png").exists()


def test_what_goes_in_may_be_said_for_a_file_of_ours(run: Any, tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: 784\nlayers: [{Dense: 10}]")
    assert run("summary", str(path), "--input", "3").lines[-1].startswith("total 40 parameters")
    done = run("summary", str(path), "--input", "3", "--input", "4")
    assert done.code == 2
    assert "2 shapes are given" in done.err


def test_a_batch_is_a_number_as_people_write_it(run: Any) -> None:
    costs = {
        batch: run("cost", "docs/examples/mnist_cnn.yaml", "--batch", batch).lines
        for batch in ("2000", "2K", "2,000", "2*b")
    }
    assert costs["2K"] == costs["2,000"] == costs["2000"] != costs["2*b"]
    assert any("b" in line.split() or "·b" in line for line in costs["2*b"])
