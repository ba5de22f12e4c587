"""Type checkers agree with what is accepted at run time: mypy and pyright, each by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.sampling import slow

HERE = Path(__file__).parent / "typing"
ROOT = Path(__file__).parents[1]
Found = set[tuple[str, int]]


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def mypy(paths: Iterable[Path]) -> tuple[Found, str]:
    """The errors that mypy finds, by file and line, and all that it says."""
    said = run("mypy", "--strict", "--no-pretty", *map(str, paths))
    assert "Success" in said or re.search(r"Found \d+ error", said), said
    lines = re.findall(r"(\w+\.py):(\d+): error", said)
    return {(file, int(line)) for file, line in lines}, said


def pyright(paths: Iterable[Path]) -> tuple[Found, str]:
    """The errors that pyright finds, by file and line, and all that it says."""
    said = run("pyright", "--pythonpath", sys.executable, "--outputjson", *map(str, paths))
    told = json.loads(said[said.index("{") :])
    assert told["summary"]["filesAnalyzed"] > 0, said
    return {
        (Path(x["file"]).name, x["range"]["start"]["line"] + 1)
        for x in told["generalDiagnostics"]
        if x["severity"] == "error"
    }, said


checkers = pytest.mark.parametrize("checker", [mypy, pyright])
Checker = Callable[[Iterable[Path]], tuple[Found, str]]


@slow
@checkers
def test_what_is_meant_is_accepted(checker: Checker) -> None:
    found, said = checker(sorted(HERE.glob("accepted*.py")))
    assert found == set(), said


@slow
@checkers
def test_what_is_wrong_is_refused_line_by_line(checker: Checker) -> None:
    paths = sorted(HERE.glob("refused*.py"))
    wanted = {
        (path.name, number)
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line.endswith("# error")
    }
    found, said = checker(paths)
    assert found == wanted, said
