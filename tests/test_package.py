"""What is installed: the built packages hold what they should, and say the same as the project."""

from __future__ import annotations

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

import archcalc

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INFO = f"archcalc-{archcalc.__version__}.dist-info"


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
