"""What starting up loads: nothing that computes, and no framework."""

from __future__ import annotations

import ast
import inspect
import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.sampling import slow

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


@slow
@pytest.mark.parametrize(
    ("file", "reader"), [("mnist_cnn.json", "json"), ("mnist_cnn.toml", "tomllib")]
)
def test_a_format_loads_no_other(file: str, reader: str, pytestconfig: pytest.Config) -> None:
    code = (
        f"import archcalc; archcalc.load({str(pytestconfig.rootpath / 'docs/examples' / file)!r})"
    )
    assert loaded(code, {"ruamel", reader}) == {reader}


UNUSED = {
    *("costs.conventions", "costs.liveness", "costs.peak", "costs.receptive", "costs.training"),
    *("explain.comparison", "explain.derivation", "explain.html", "explain.reconciling"),
    *("formula.assuming", "formula.inverse", "formula.sensitivity", "formula.solve"),
    *("layers.attention", "layers.merging", "layers.padding", "layers.recurrent"),
    *("network.adapting", "network.branches", "network.generalizing", "network.repeat"),
    *("symbolic.printing.latex", "symbolic.printing.mathml"),
}
"""What the summary of a chain of convolutions and dense layers has no use for."""

MODULES = "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"


def modules(code: str, root: Path) -> set[str]:
    """The modules of archcalc that are loaded once `code` has run in a process of its own."""
    code = f"import os; os.chdir({str(root)!r})\n{code}{MODULES}"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    found = json.loads(result.stdout.splitlines()[-1])
    return {name.removeprefix("archcalc.") for name in found if name.startswith("archcalc.")}


def unused(command: list[str], root: Path) -> set[str]:
    """Which of these modules a command loads."""
    return modules(MAIN % command, root) & UNUSED


def test_a_summary_loads_what_it_shows(pytestconfig: pytest.Config) -> None:
    assert unused(["summary", "docs/examples/mnist_cnn.yaml"], pytestconfig.rootpath) == set()


def test_what_is_asked_for_is_loaded(pytestconfig: pytest.Config) -> None:
    asked = unused(["derive", "docs/examples/mnist_cnn.yaml"], pytestconfig.rootpath)
    assert {"explain.derivation", "costs.receptive"} <= asked


READERS = {
    "frameworks.keras_reading", "frameworks.onnx_reading", "frameworks.source_reading",
    "frameworks.torch_reading", "frameworks.huggingface.reading",
}  # fmt: skip
LLAMA = "docs/examples/llama_3_8b/config.json"


BESIDE_A_SHEET = {"explain.training_cost", "explain.counting_choices", "layers.every"}


@slow
@pytest.mark.parametrize(
    ("code", "readers"),
    [
        ("from archcalc.testing import assert_snapshot", set()),
        (MAIN % ["summary", "docs/examples/mnist_cnn.json"], set()),
        (MAIN % ["llm", LLAMA], {"frameworks.huggingface.reading"}),
    ],
)
def test_a_reader_is_loaded_when_it_reads(
    code: str, readers: set[str], pytestconfig: pytest.Config
) -> None:
    found = modules(code, pytestconfig.rootpath)
    assert found & READERS == readers
    if "explain.deployed" in found:
        assert found.isdisjoint(BESIDE_A_SHEET)


LAZY = (
    *("costs", "explain", "explore", "formula", "frameworks", "network"),
    "symbolic.printing",
)
"""Packages that load their names when they are first used."""


@pytest.mark.parametrize("package", LAZY)
def test_a_lazy_package_says_the_same_to_type_checkers(package: str) -> None:
    module = import_module(f"archcalc.{package}")
    homes = {name: home for home, names in module._HOMES.items() for name in names.split()}
    told = {
        alias.name: node.module
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(module.__name__)
        for alias in node.names
    }
    assert told == {name: f"{module.__name__}.{home}" for name, home in homes.items()}
    assert sorted(homes) == sorted(module.__all__)
    assert set(homes) <= set(dir(module))


@pytest.mark.parametrize("package", LAZY)
def test_no_name_of_a_lazy_package_is_that_of_a_module(package: str) -> None:
    """The module would take the name's place as soon as it is loaded."""
    module = import_module(f"archcalc.{package}")
    modules = {info.name for info in pkgutil.iter_modules(module.__path__)}
    assert modules.isdisjoint(module.__all__)


def test_this_guard_can_fail() -> None:
    assert loaded("import archcalc; archcalc.Conv2D") >= {"sympy", "pydantic"}
    assert loaded("import sympy") >= {"sympy", "mpmath"}
