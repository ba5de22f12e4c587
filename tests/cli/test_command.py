"""The command as a whole: help, errors, exit codes, streams and signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.cli import main
from archcalc.network.spec.schema import json_schema

Run = Callable[..., Any]

ROOT = Path(__file__).parents[2]
MNIST = str(ROOT / "docs/examples/mnist_cnn.yaml")
TOWER = str(ROOT / "docs/examples/repeat_symbolic.yaml")
COMMANDS = ["summary", "derive", "reconcile", "compare", "cost", "conventions", "solve", "schema"]


def test_help_lists_the_commands_and_the_exit_codes(run: Run) -> None:
    for answer in (run("--help"), run("-h"), run()):
        assert answer.code == 0
        assert [c for c in COMMANDS if f"\n  {c} " in answer.out] == COMMANDS
        assert "Exit codes" in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: str) -> None:
    answer = run(command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: archcalc {command} ")


def test_help_of_reconcile_says_how_it_ends(run: Run) -> None:
    said = " ".join(run("reconcile", "--help").out.split())
    assert "Exits with 0 where the count is right or the difference is explained" in said


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"archcalc {ac.__version__}\n", "")


def test_schema_is_the_json_schema(run: Run) -> None:
    answer = run("schema")
    assert answer.code == 0
    assert json.loads(answer.out)["$schema"] == json_schema()["$schema"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "error: No such command 'nothing'."),
        (["summary"], "error: Missing argument 'FILE'."),
        (["summary", MNIST, "--nope"], "error: No such option"),
        (["summary", MNIST, "--nope"], "--nope"),  # in quotes or not, as typer likes it
        (["summary", MNIST, "--format", "pdf"], "error: Invalid value for '--format'"),
        (["summary", MNIST, "more"], "error: Got unexpected extra argument"),
        (["summary", "missing.yaml"], "error: missing.yaml: there is no such file"),
        (["summary", "."], "error: .: this is a directory"),
        (["summary", "net.xml"], "error: net.xml: the name does not say which format this is"),
        (["summary", MNIST, "--set", "f=3"], "there is no symbol f here; this network is all num"),
        (["summary", TOWER, "--set", "q=3"],
         f"error: {TOWER}: there is no symbol q here; the symbols are L, c, h, w"),
        (["summary", TOWER, "--set", "c"], "error: --set 'c' is not NAME=VALUE"),
        (["summary", TOWER, "--set", "c=1", "--set", "c=2"], "error: --set gives c twice"),
        (["summary", TOWER, "--set", "c=0"], "c = '0' is not a positive integer"),
        (["summary", TOWER, "--set", "c=1.5"], "exact"),
        (["summary", TOWER, "--set", "c=__import__('os').getpid()"], "text in quotes"),
        (["summary", "json:dumps"], "error: json:dumps: it cannot be called without obj; --call"),
        (["summary", "tempfile:gettempdir"], "this is str, not a network of archcalc; give"),
        (["summary", "json:dump_"], "error: json:dump_: json has no dump_; did you mean dump?"),
        (["summary", "no.such:net"], "error: no.such:net: no is not installed; pip install no, or"),
        (["summary", "xml.etre:x"], "it cannot be imported: No module named 'xml.etre'; did you"),
        (["summary", "json:dumps", "--call", "obk=1"],
         "there is no argument 'obk'; did you mean obj?; it takes obj, skipkeys, "),
    ],
)  # fmt: skip
def test_errors_are_one_line_and_end_with_2(run: Run, arguments: list[str], said: str) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_errors_of_a_file_have_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: [8, 8, 1]\nlayers:\n  - Conv2D: [4, 3]\n  - Conv2D: [4, 9]\n")
    assert f"error: {file}:4: conv2d_1: kernel 9 does not fit" in run("summary", str(file)).err
    file.write_text("input: [8, 8, 1]\nlayers:\n  - Conv2D: [-4, 3]\n")
    said = run("summary", str(file)).err
    assert said.startswith(f"error: {file}:3: layers[0].Conv2D.filters: -4 is not a dimension")
    file.write_text("layers: [Flatten]")
    said = run("summary", str(file)).err
    assert said.startswith(f"error: {file}: there is no input to start from; write input: [28")


def test_values_are_checked_where_the_layer_stands(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("input: [8, 8, 1]\nlayers:\n  - Flatten\n  - Dense: n\n  - Reshape: [m, 2]\n")
    answer = run("summary", str(file), "--set", "n=6", "--set", "m=4")
    assert answer.code == 2
    assert f"error: {file}:5: reshape: " in answer.err


def test_an_error_does_not_write_to_the_terminal_what_a_file_says(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.json"
    file.write_text('{"layers": ["\\u001b[2Jx\\ny"]}')
    answer = run("summary", str(file))
    assert "\x1b" not in answer.err
    assert answer.err.count("\n") == 1


def test_a_module_gives_a_network_by_name(process: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import archcalc as ac\n"
        "class nets:\n"
        "    small = ac.Sequential([ac.Dense('n')], input_shape=784)\n"
    )
    answer = process("summary", "mine:nets.small", "--set", "n=10")
    assert (answer.code, answer.err) == (0, "")
    assert "7,850" in answer.out
    answer = process("summary", "mine:nets.small", "--set", "q=10")
    assert answer.err.startswith("error: mine:nets.small: there is no symbol q here")


def test_a_module_that_fails_is_one_line(process: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("1/0")
    answer = process("summary", "mine:net")
    assert (answer.code, answer.out) == (2, "")
    said = "error: mine:net: it cannot be imported: ZeroDivisionError: division by zero"
    assert answer.err.startswith(said)
    assert answer.err.count("\n") == 1


def test_a_fault_is_one_line_that_asks_to_report_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken\ninside")

    monkeypatch.setattr("archcalc.explain.summarize", fail)
    answer = run("summary", MNIST)
    assert answer.code == 2
    assert answer.err == (
        "error: RuntimeError: broken inside (this is a fault of archcalc; please report it)\n"
    )


def test_memory_that_runs_out_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("archcalc.explain.summarize", fail)
    assert run("summary", MNIST).err == "error: there is not enough memory for this\n"


def test_warnings_of_python_are_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    def warn(trace: ac.Trace, **_: object) -> object:
        warnings.warn("something\nrare", ac.ArchcalcWarning, stacklevel=1)
        return trace.derivation()

    monkeypatch.setattr("archcalc.explain.summarize", warn)
    assert run("summary", MNIST).err == "warning: something rare\n"


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}])
def test_answers_are_utf_8_whatever_the_locale(process: Run, locale: dict[str, str]) -> None:
    answer = process("derive", MNIST, **locale)
    assert answer.code == 0
    assert "28×28×1 → 26×26×32" in answer.out


def test_an_encoding_that_is_asked_for_is_used(process: Run) -> None:
    answer = process("derive", MNIST, PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert "input 28x28x1\n" in answer.out


@pytest.mark.parametrize("command", [["schema"], ["summary", MNIST]])
def test_a_reader_that_has_gone_is_no_error(command: list[str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "archcalc.cli", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    said = child.stderr.read()
    assert child.wait() == 141
    assert said == b""
    child.stderr.close()


def test_an_interrupt_is_quiet(process: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    answer = process("summary", "mine:net")
    assert answer.code == 130
    assert "Traceback" not in answer.err


def test_the_command_returns_its_code() -> None:
    assert main(["summary", "missing.yaml"]) == 2


def test_the_package_is_the_command_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "archcalc", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0
    assert done.stdout.strip().endswith(ac.__version__)
