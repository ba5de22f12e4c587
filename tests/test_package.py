"""What is installed: the built packages hold what they should, and say the same as the project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from configparser import ConfigParser
from email.message import Message
from email.parser import Parser
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import Metadata

import archcalc
from archcalc._loading import MOVED
from tests.sampling import NIGHTLY

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INFO = f"archcalc-{archcalc.__version__}.dist-info"
SMOKE = ("symbolic/test_parser.py", "symbolic/test_printing.py", "network/test_schema.py",
         "cli/test_command.py", "explain/test_derivation.py")  # fmt: skip
"""What is tried with the lowest versions of what archcalc depends on."""


def environment(place: Path, packages: list[str]) -> str:
    """A fresh environment with these packages; its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    python = str(place / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def derived(python: str, place: Path) -> str:
    """What ``archcalc example mnist | archcalc derive -`` prints, away from the repository."""
    command = str(Path(python).parent / "archcalc")
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = ""
    for words in (["example", "mnist"], ["derive", "-"]):
        said = subprocess.run([command, *words], input=said, cwd=place, env=alone, check=True,
                              capture_output=True, text=True).stdout  # fmt: skip
    return said


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a wheel and a source distribution, built as pip builds them."""
    place = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(place)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return place


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{INFO}/METADATA").decode())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = {path for path in (ROOT / "archcalc").rglob("*") if path.suffix != ".pyc"}
    ours = {str(path.relative_to(ROOT)) for path in files if path.is_file()}
    assert {"archcalc/py.typed", "archcalc/__init__.py"} <= ours
    assert {name for name in wheel.namelist() if not name.startswith(INFO)} == ours
    assert f"{INFO}/licenses/LICENSE" in wheel.namelist()


def test_the_source_distribution_can_be_tested(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {
        "pyproject.toml", "README.md", "LICENSE", "archcalc/py.typed",
        "docs/examples/mnist_cnn.yaml",
        "docs/conf.py", "tests/conftest.py", "tests/compatibility/format-1/totals.toml",
        "tests/api/public.txt",
    } <= names  # fmt: skip


def test_every_entry_point_leads_somewhere(wheel: zipfile.ZipFile) -> None:
    groups = ConfigParser()
    groups.read_string(wheel.read(f"{INFO}/entry_points.txt").decode())
    assert dict(groups["console_scripts"]) == {"archcalc": "archcalc.cli:main"}
    for group in groups.sections():
        for name, value in groups[group].items():
            assert EntryPoint(name, value, group).load() is not None


def test_the_version_is_one(metadata: Message) -> None:
    assert metadata["Version"] == archcalc.__version__
    changes = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    assert f"\n## {archcalc.__version__}\n" in changes


def test_an_index_would_take_both(built: Path, wheel: zipfile.ZipFile) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as source:
        info = source.extractfile(f"archcalc-{archcalc.__version__}/PKG-INFO")
        assert info is not None
        texts = [info.read(), wheel.read(f"{INFO}/METADATA")]
    for text in texts:
        said = Metadata.from_email(text, validate=True)  # as twine and the index check it
        assert said.description_content_type == "text/markdown"
        assert said.description is not None
        assert "archcalc derive" in said.description
        assert said.license_expression == "MIT"


def test_what_moved_is_in_the_changelog() -> None:
    changes = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    _, _, table = changes.partition("### What moved, and where to")
    for old, new in MOVED.items():
        for name in (old, new):
            assert re.search(rf"\b{name.rpartition('.')[2]}\b", table), name


@pytest.mark.skipif(not NIGHTLY, reason="an environment of its own takes a minute")
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_is_installed_away_from_the_repository(kind: str, built: Path, tmp_path: Path) -> None:
    (package,) = built.glob(kind)
    python = environment(tmp_path, [str(package)])
    assert "total 542,230 parameters" in derived(python, tmp_path)


@pytest.mark.skipif(not NIGHTLY, reason="an environment of its own takes a minute")
def test_the_lowest_versions_that_are_allowed_are_enough(built: Path, tmp_path: Path) -> None:
    (package,) = built.glob("*.whl")
    extras = PROJECT["project"]["optional-dependencies"]
    least = [*PROJECT["project"]["dependencies"], *extras["testing"], *extras["notebook"],
             *extras["checkpoints"], *extras["hdf5"], *extras["onnx"]]  # fmt: skip
    also = ["jsonschema", "pytest", "sybil"]
    python = environment(tmp_path, [str(package), *(n.replace(">=", "==") for n in least), *also])
    assert "total 542,230 parameters" in derived(python, tmp_path)
    tests = [ROOT / "tests" / part for part in SMOKE]
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:archcalc",
         "-o", "addopts=--import-mode=importlib", *map(str, tests)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "ARCHCALC_PROFILE": "dev"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_what_is_said_of_pythons_is_the_same_everywhere(metadata: Message) -> None:
    prefix = "Programming Language :: Python :: 3."
    said = metadata.get_all("Classifier") or []
    pythons = [int(text.removeprefix(prefix)) for text in said if text.startswith(prefix)]
    assert metadata["Requires-Python"] == f">=3.{min(pythons)}"
    assert pythons == list(range(min(pythons), max(pythons) + 1))
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py3{min(pythons)}"
    assert PROJECT["tool"]["mypy"]["python_version"] == f"3.{min(pythons)}"


def test_it_says_that_it_is_typed(metadata: Message) -> None:
    assert "Typing :: Typed" in (metadata.get_all("Classifier") or [])


def test_every_extra_that_another_names_exists(metadata: Message) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert set(metadata.get_all("Provides-Extra") or []) == set(extras)
    ours = [need for needs in extras.values() for need in needs if need.startswith("archcalc[")]
    for need in ours:
        assert set(need.removeprefix("archcalc[").rstrip("]").split(",")) <= set(extras)
