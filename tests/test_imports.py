"""What starting up loads: nothing that computes, and no framework."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    *(
        "sympy",
        "mpmath",
        "numpy",
        "pydantic",
        "typer",
        "rich",
        "ruamel",
        "matplotlib",
        "hypothesis",
    ),
    *("torch", "keras", "tensorflow", "jax", "onnx", "transformers", "pandas", "dask"),
}
FRAMEWORKS = HEAVY - {"sympy", "mpmath", "pydantic", "typer", "ruamel"}

PRINT = "\nimport sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
MAIN = "from archcalc.cli import main; main(%r)"


def loaded(code: str, watched: set[str] = HEAVY) -> set[str]:
    """Which of the watched packages are loaded once `code` has run in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", code + PRINT], capture_output=True, text=True, check=True
    )
    return watched.intersection(json.loads(result.stdout.splitlines()[-1]))


def test_importing_archcalc_loads_nothing_heavy() -> None:
    assert loaded("import archcalc; archcalc.__version__") == set()


def test_help_loads_only_what_parses_arguments() -> None:
    assert loaded(MAIN % ["--help"]) <= {"typer"}
    assert loaded(MAIN % ["--version"]) <= {"typer"}


@pytest.mark.parametrize(
    "code",
    [
        "import archcalc; archcalc.Conv2D",
        "import archcalc.explain",
        "import archcalc; archcalc.load('docs/examples/mnist_cnn.yaml').trace().parameters",
        MAIN % ["summary", "docs/examples/mnist_cnn.yaml"],
        MAIN % ["compare", *["docs/examples/mnist_cnn.yaml"] * 2],
        MAIN % ["summary", "archcalc.families:resnet"],
    ],
)
def test_working_loads_no_framework(code: str, pytestconfig: pytest.Config) -> None:
    result = loaded(f"import os; os.chdir({str(pytestconfig.rootpath)!r})\n{code}", FRAMEWORKS)
    assert result == set()


@pytest.mark.parametrize(
    ("file", "reader"), [("mnist_cnn.json", "json"), ("mnist_cnn.toml", "tomllib")]
)
def test_a_format_loads_no_other(file: str, reader: str, pytestconfig: pytest.Config) -> None:
    code = (
        f"import archcalc; archcalc.load({str(pytestconfig.rootpath / 'docs/examples' / file)!r})"
    )
    assert loaded(code, {"ruamel", reader}) == {reader}


def test_this_guard_can_fail() -> None:
    assert loaded("import archcalc; archcalc.Conv2D") >= {"sympy", "pydantic"}
    assert loaded("import sympy") >= {"sympy", "mpmath"}
