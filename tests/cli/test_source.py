"""Source code where a file stands, and networks written as code: ``convert``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import archcalc as ac

Run = Callable[..., Any]

QUESTION = "docs/examples/mnist_question.py"

NET = """
class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
    def forward(self, x):
        return self.conv(x)

class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
    def forward(self, x):
        return self.fc(x)
"""


def test_source_code_stands_where_a_file_does(run: Run) -> None:
    answer = run("summary", QUESTION)
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[-1].startswith("total 542,230 parameters (all trainable), 736,488 MACs")


def test_a_name_picks_a_model_and_symbols_are_warned_of(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text(NET)
    answer = run("summary", f"{file}:Net", "--input", "3,h,w", "--set", "width=8")
    assert answer.code == 0
    assert "warning: width has no value" in answer.err
    assert answer.lines[-1].startswith("total 224 parameters (all trainable), 216·h·w MACs")


def test_several_models_are_listed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text(NET)
    answer = run("summary", str(file))
    assert (answer.code, answer.out) == (2, "")
    assert "has several models: Net, Other" in answer.err


def test_an_error_names_the_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "typo.py"
    file.write_text("model = Sequential()\nmodel.add(Dens(3))\n")
    answer = run("derive", str(file))
    assert answer.code == 2
    assert "typo.py:2:1: Dens is not defined" in answer.err
    assert "did you mean Dense?" in answer.err


def test_convert_writes_code_that_reads_back(run: Run, tmp_path: Path) -> None:
    for target, ending in (("keras", "py"), ("torch", "py"), ("yaml", "yaml"), ("json", "json")):
        file = tmp_path / f"{target}.{ending}"
        answer = run("convert", QUESTION, "--to", target, "-o", str(file))
        assert (answer.code, answer.out, answer.err) == (0, "", "")
        given = () if target != "torch" else ("--input", "28,28,1")
        back = run("summary", str(file), *given)
        assert back.lines[-1].startswith("total 542,230 parameters"), target


def test_convert_to_python(run: Run) -> None:
    names: dict[str, Any] = {}
    exec(run("convert", QUESTION, "--to", "python").out, names)
    assert names["model"] == ac.from_source(QUESTION)


def test_convert_needs_numbers_for_frameworks(run: Run) -> None:
    answer = run("convert", "docs/examples/mnist_symbols.yaml", "--to", "torch")
    assert answer.code == 2
    assert "no number" in answer.err
    given = ("--set", "k=3", "--set", "f=32", "--set", "n=100")
    assert run("convert", "docs/examples/mnist_symbols.yaml", "--to", "torch", *given).code == 0
