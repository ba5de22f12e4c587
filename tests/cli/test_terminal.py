"""What a person at a terminal meets: colours, widths, pipes, files, cards, completion."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archcalc.cli.terminal import coloured, width_of

Run = Callable[..., Any]

ROOT = Path(__file__).parents[2]
MNIST = "docs/examples/mnist_cnn.yaml"
SYMBOLS = "docs/examples/mnist_symbols.yaml"


def in_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """What a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    settings = {"TERM": "xterm", "COLUMNS": str(columns), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "archcalc.cli", *arguments], cwd=ROOT, stdin=theirs, stdout=theirs,
        stderr=theirs, env={**kept, **settings, **environment}, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65_536)
        except OSError:
            break
        if not part:
            break
        written += part
    process.wait(60)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def bare(words: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", words)


def test_a_terminal_has_colours_and_a_width(run: Run) -> None:
    shown = in_terminal(60, "derive", SYMBOLS)
    assert "\x1b[36mconv2d\x1b[0m" in shown
    assert max(map(len, bare(shown).splitlines())) <= 60
    whole = run("derive", SYMBOLS).out
    assert "\x1b" not in whole
    assert "".join(bare(shown).split()) == "".join(whole.split())


def test_no_color_is_honoured(run: Run) -> None:
    shown = in_terminal(300, "summary", MNIST, NO_COLOR="1")
    assert shown == run("summary", MNIST).out


def test_an_error_is_red() -> None:
    assert in_terminal(80, "summary", "no.yaml").startswith("\x1b[1;31merror:\x1b[0m no.yaml: ")


def test_help_in_colours_says_the_same() -> None:
    shown = bare(in_terminal(100, "--help"))
    for command in ("summary", "derive", "layers", "example"):
        assert f" {command} " in shown


class Stream(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "wanted"),
    [
        ({}, Stream(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Stream(), False),
        ({"NO_COLOR": ""}, Stream(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "0"}, io.StringIO(), False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Stream(), False),
        ({"TERM": "dumb"}, Stream(), False),
    ],
)
def test_when_there_is_colour(
    environment: dict[str, str], stream: Any, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert coloured(stream) is wanted
    assert (width_of(stream) is not None) is isinstance(stream, Stream)


def test_signs_that_the_encoding_has_not_got_are_spelled(process: Run) -> None:
    answer = process("derive", str(ROOT / SYMBOLS), PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert answer.out.isascii()
    assert "floor((h - k)/s) + 1" in answer.out
    refused = process("summary", str(ROOT / SYMBOLS), "--set", "k=29", PYTHONIOENCODING="ascii")
    assert refused.code == 2
    assert refused.err.isascii()
    assert "\\u" not in refused.err


def test_standard_input_is_a_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = run("summary", MNIST).out
    for ending in ("yaml", "toml", "json"):
        text = (ROOT / MNIST).with_suffix(f".{ending}").read_text(encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert run("summary", "-").out == wanted, ending
    monkeypatch.setattr(
        sys, "stdin", io.StringIO("input: [8, 8, 1]\nlayers:\n  - Conv2D: [4, 9]\n")
    )
    refused = run("summary", "-")
    assert refused.code == 2
    assert refused.err.startswith("error: standard input:3: conv2d: kernel 9 does not fit")


def test_what_is_piped_in_need_be_no_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00")))
    assert "not text in UTF-8" in run("summary", "-").err


@pytest.mark.parametrize(
    ("ending", "begins"),
    [("txt", "layer"), ("md", "| layer"), ("tex", "\\begin"), ("html", "<!DOCTYPE"), ("json", "{")],
)
def test_an_answer_goes_to_a_file(run: Run, tmp_path: Path, ending: str, begins: str) -> None:
    file = tmp_path / f"answer.{ending}"
    assert run("summary", MNIST, "-o", str(file)) == (0, "", "")
    assert file.read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    "command",
    [
        ["solve", SYMBOLS, "n", "--at-most", "100,000", "--set", "k=3", "--set", "f=32"],
        ["sweep", SYMBOLS, "--over", "k=1,3", "--over", "f=8", "--set", "n=10"],
        ["search", SYMBOLS, "--minimize", "parameters", "--over", "k=1,3", "--over", "f=8",
         "--set", "n=10"],
        ["schema"], ["layers", "Dense"], ["example", "mnist"], ["conventions"], ["cost", MNIST],
        ["compare", MNIST, MNIST], ["reconcile", MNIST, "--total", "542,230"],
    ],
)  # fmt: skip
def test_every_command_writes_files(run: Run, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "answer"
    wanted = run(*command)
    assert run(*command, "--output", str(file)) == (0, "", "")
    assert file.read_text(encoding="utf-8") == wanted.out


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    answer = run("summary", MNIST, "-o", str(tmp_path))
    assert answer.code == 2
    assert "it cannot be written" in answer.err


def test_layers_are_listed_and_each_has_a_card(run: Run) -> None:
    listed = run("layers").out
    assert all(f"\n{name} " in listed for name in ("Conv2D", "Dense", "LSTM"))
    pools = run("layers", "pool").lines
    assert "MaxPooling2D" in " ".join(pools)
    assert not any(line.startswith("Dense") for line in pools)
    card = run("layers", "Conv2D").lines
    assert any(line.startswith("kernel_size the length of the window") for line in card)
    assert "params (k·k·c_in + 1)·f = (k·k·c + 1)·f = (c·k² + 1)·f" in card
    assert json.loads(run("layers", "Conv2D", "--format", "json").out)["layer"] == "Conv2D"
    refused = run("layers", "nosuch")
    assert (refused.code, refused.out) == (2, "")


def test_one_layer_is_derived(run: Run) -> None:
    lines = run("derive", MNIST, "--layer", "dense").lines
    assert lines[0] == "dense Dense 5408 → 100"
    assert lines[2].endswith("= 540,900 running 541,220")
    assert len(lines) == 4
    refused = run("derive", MNIST, "--layer", "dens")
    assert refused.code == 2
    assert "no layer is called 'dens'" in refused.err


def test_the_summary_has_columns_and_a_depth(run: Run) -> None:
    lines = run("summary", MNIST, "--columns", "kernel,share", "--columns", "depth").lines
    assert lines[0].endswith("MACs kernel share depth")
    assert "conv2d Conv2D 26×26×32 320 194,688 3×3 0.06% 1" in lines
    folded = run("summary", "archcalc.families:resnet50", "--depth", "1").lines
    assert any(line.startswith("stage1 Sequential ") for line in folded)
    assert "unknown-column" in run("summary", MNIST, "--columns", "size").err


@pytest.mark.parametrize(
    ("short", "long"), [("bf16", "bfloat16"), ("fp16", "float16"), ("fp32", "float32")]
)
def test_short_names_of_number_formats(run: Run, short: str, long: str) -> None:
    both = [
        json.loads(run("cost", MNIST, "--dtype", d, "--format", "json").out) for d in (short, long)
    ]
    assert both[0]["figures"] == both[1]["figures"]


def test_a_module_that_ends_the_process_is_an_error(process: Run, tmp_path: Path) -> None:
    for text in ("raise SystemExit", "import sys; sys.exit(3)", "exit('no')"):
        (tmp_path / "ends.py").write_text(text)
        answer = process("summary", "ends:net")
        assert answer.code == 2
        assert answer.err.startswith("error: ends:net: it ends the process as it is imported")


def test_examples_are_read_from_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("example").out.count("\n") == 3
    for name, total in (("mnist", "total 542,230 "), ("symbols", "total "), ("tower", "total ")):
        text = run("example", name).out
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert total in run("derive", "-").out
    assert run("example", "nosuch").code == 2


def test_a_shell_completes(process: Run) -> None:
    answer = process(_ARCHCALC_COMPLETE="complete_bash", COMP_WORDS="archcalc der", COMP_CWORD="1")
    assert (answer.code, answer.out.strip()) == (0, "derive")


def test_a_ratio_has_decimals(run: Run) -> None:
    answer = run("search", SYMBOLS, "--maximize", "macs/parameters", "--over", "k=3",
                 "--over", "f=1:4", "--over", "n=1:3")  # fmt: skip
    assert re.search(r"macs/parameters = [0-9,/]+ ≈ [0-9.]+$", answer.out, re.MULTILINE)
