"""The sample project: its tests pass, and each of five planted bugs is found and shrunk.

The networks are drawn as a person's own tests draw them: every health check is on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings

import archcalc as ac
from archcalc.network.code import held
from tests.sampling import slow

RUNTIME = Path(__file__).parents[2] / "docs" / "examples" / "runtime"
ENGINE = (RUNTIME / "engine.py").read_text(encoding="utf-8")
TESTS = (RUNTIME / "test_engine.py").read_text(encoding="utf-8")

BUGS = {
    "padding": ("(a // 2, a - a // 2)", "(a // 2, a // 2)"),
    "stride": ("found[:, :: step[0], :: step[1]]", "found[:, :: step[0], :: step[0]]"),
    "bias": ("self.weight(units) if use_bias else 0.0", "self.weight(units)"),
    "group": ("depth = pair(kernel_size), pair(strides), shape[-1] // groups",
              "depth = pair(kernel_size), pair(strides), shape[-1]"),
    "transposed output size": ("(h - 1) * s + max(k, s)\n", "h * s\n"),
}  # fmt: skip
"""What the engine says, and what somebody might have written instead."""


@slow
def test_the_tests_of_the_sample_project_pass() -> None:
    root = str(RUNTIME.parents[2])
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=RUNTIME,
        env={**os.environ, "PYTHONPATH": root, "HYPOTHESIS_STORAGE_DIRECTORY": os.devnull},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def module(name: str, source: str) -> ModuleType:
    made = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), made.__dict__)
    return made


def layers_of(net: Any) -> int:
    """How many layers there are, blocks taken apart."""
    if isinstance(net, ac.Sequential | ac.Repeat):
        return sum(map(layers_of, held(net)))
    return 1


def failing(engine: str) -> list[Any]:
    """The networks on which the sample project's test fails with this engine, as they shrink."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "engine", module("engine", engine))
        tests = module("test_engine", TESTS)
    test = tests.test_the_engine_agrees_with_archcalc.hypothesis.inner_test
    failed: list[Any] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True,
              suppress_health_check=())  # fmt: skip
    @given(tests.NETWORKS)
    def asked(net: ac.Network) -> None:
        try:
            test(net)
        except Exception:  # whatever a broken engine does
            failed.append(net)
            raise

    try:
        asked()
    except Exception:
        if not failed:
            raise
    return failed


@slow
def test_the_engine_without_a_bug_is_not_found_wanting() -> None:
    assert failing(ENGINE) == []


@slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_within_200_networks_and_shrunk(bug: str) -> None:
    right, wrong = BUGS[bug]
    assert ENGINE.count(right) == 1
    assert layers_of(failing(ENGINE.replace(right, wrong))[-1]) <= 3
