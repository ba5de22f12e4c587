"""Runs the tests on a mutant, in a process of its own that has what is slow to load already.

The mistake is planted when the module is imported; no file changes.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.mutation.covering import Stage
from tests.mutation.mutants import Mutant, planted

__all__ = ["Verdict", "judge", "preload"]

_SECONDS = 300
"""Of computing, after which the tests count as ones that never end."""

_OUTPUT = Path(tempfile.gettempdir()) / f"archcalc-mutation-{os.getpid()}.txt"


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: ``"killed"``, ``"endless"`` or ``"survived"``."""

    how: str
    seconds: float
    said: str = ""


def preload() -> None:
    """Import what every run needs and no mutant touches."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ["ARCHCALC_PROFILE"] = "mutation"
    for name in ("hypothesis", "numpy", "pydantic", "pytest", "ruamel.yaml", "sympy", "torch",
                 "keras"):  # fmt: skip
        importlib.import_module(name)
    sys.modules["torch"].set_num_threads(1)


def judge(
    mutant: Mutant | None, stages: Sequence[Stage], clean: Mapping[Stage, float] | None = None
) -> Verdict:
    """Show a mutant, or the code as it is, to one stage of tests after another.

    Args:
        mutant: the mistake; none for the code as it is.
        stages: arguments of pytest, for one run each.
        clean: the seconds that a stage takes without a mistake: a mutant gets some times as many.
    """
    start = time.monotonic()
    for stage in stages:
        child = os.fork()
        if child == 0:
            os._exit(_run(mutant, stage, _allowed(stage, clean or {})))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            seconds = time.monotonic() - start
            return Verdict("killed" if code > 0 else "endless", seconds, _last_words())
    return Verdict("survived", time.monotonic() - start)


def _last_words() -> str:
    said = _OUTPUT.read_text(errors="replace")
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[-1][:160] if failed else said[-300:]


def _allowed(stage: Stage, clean: Mapping[Stage, float]) -> int:
    return min(_SECONDS, 30 + 5 * round(clean.get(stage, _SECONDS)))


def _run(mutant: Mutant | None, stage: Stage, seconds: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    out = os.open(_OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("archcalc", "tests")]:
        del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Planter(mutant))
    try:
        for file in stage:  # by its package: pytest would bring it in alone, as a second one
            if file.startswith("archcalc/"):
                importlib.import_module(_module(file))
    except Exception as error:
        print(f"FAILED to import: {error!r}", flush=True)
        return 1
    import pytest

    with tempfile.TemporaryDirectory() as place:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = place
        code = pytest.main(
            ["-x", "-q", "--tb=line", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist",
             "--hypothesis-seed=0", *stage]
        )  # fmt: skip
    return int(code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED))


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


class _Planter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module with a mistake in it."""

    def __init__(self, mutant: Mutant) -> None:
        self.file = mutant.file
        self.name = _module(mutant.file)
        self.tree: ast.Module = planted(mutant, Path(mutant.file).read_text(encoding="utf-8"))

    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, os.path.abspath(self.file), loader=self)

    def exec_module(self, module: ModuleType) -> None:
        code = compile(self.tree, os.path.abspath(self.file), "exec", dont_inherit=True)
        exec(code, module.__dict__)

    def get_source(self, name: str) -> str:
        return Path(self.file).read_text(encoding="utf-8")
