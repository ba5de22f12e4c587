"""The whole process: what a person waits for at the command line.

Every module is compiled before, as pip leaves what it installs; a checkout in which Python may keep
no compiled modules would compile all of archcalc at every start, and nothing of its peers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "mnist_cnn.yaml"
LLAMA = [
    f"--set={part}" for part in ["L=32", "d=4096", "f=14336", "V=128256", "a=32", "g=8", "e=128"]
]
COMMANDS = {
    "python -c 'import sympy, pydantic'": ["-c", "import sympy, pydantic"],
    "archcalc summary mnist_cnn.yaml": ["-m", "archcalc.cli", "summary", str(EXAMPLE)],
    "archcalc summary of a Llama": ["-m", "archcalc.cli", "summary", "archcalc.families:llama"],
    "archcalc llm of a Llama": ["-m", "archcalc.cli", "llm", "archcalc.families:llama", *LLAMA],
    "archcalc --help": ["-m", "archcalc.cli", "--help"],
    "python -c 'import archcalc'": ["-c", "import archcalc"],
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that keeps what it compiles; the first round fills it."""
    kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}


@pytest.mark.benchmark(group="a whole process (aim for summary: at most 1.4 times)")
@pytest.mark.parametrize("what", list(COMMANDS))
def test_process(benchmark: Any, compiled: dict[str, str], what: str) -> None:
    benchmark.extra_info.update(baseline="sympy" in what, what=what)
    command = [sys.executable, *COMMANDS[what]]
    run = benchmark.pedantic(
        lambda: subprocess.run(command, env=compiled, capture_output=True, check=True),
        rounds=9,
        warmup_rounds=1,
    )
    assert run.returncode == 0
