"""The sample project: its tests pass, and each of five planted bugs is found and shrunk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings

import archcalc as ac
from archcalc.network.code import held

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


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_and_shrunk(bug: str) -> None:
    right, wrong = BUGS[bug]
    assert ENGINE.count(right) == 1
    engine = module("engine", ENGINE.replace(right, wrong))
    with mock.patch.dict(sys.modules, engine=engine):
        tests = module("test_engine", TESTS)
    test = tests.test_the_engine_agrees_with_archcalc.hypothesis.inner_test
    failing: list[Any] = []
    tried: list[Any] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(tests.NETWORKS)
    def found(net: ac.Network) -> None:
        tried.append(net)
        try:
            test(net)
        except Exception:
            failing.append((len(tried), net))
            raise

    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever a broken engine does
        found()
    assert failing[0][0] <= 200
    assert layers_of(failing[-1][1]) <= 3
