"""Type checkers agree with what is accepted at run time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "typing"
ROOT = Path(__file__).parents[1]


def mypy(path: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-pretty", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def test_what_is_meant_is_accepted() -> None:
    assert "Success" in mypy(HERE / "accepted.py")


def test_what_is_wrong_is_refused_line_by_line() -> None:
    path = HERE / "refused.py"
    said = mypy(path)
    found = {int(line) for line in re.findall(r"refused\.py:(\d+): error", said)}
    lines = path.read_text().splitlines()
    wanted = {i for i, line in enumerate(lines, start=1) if line.endswith("# error")}
    assert found == wanted, said
