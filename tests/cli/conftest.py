"""Running the command, in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from archcalc.cli import main

ROOT = Path(__file__).parents[2]


class Answer(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed, line by line, without the layout, which is free."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, from the top of the repository."""
    monkeypatch.chdir(ROOT)

    def run(*arguments: str) -> Answer:
        code = main(arguments)
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """The command in a process of its own, in an empty folder."""

    def process(*arguments: str, **environment: str) -> Answer:
        result = subprocess.run(
            [sys.executable, "-m", "archcalc.cli", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
        )
        return Answer(result.returncode, result.stdout.decode(), result.stderr.decode())

    return process
