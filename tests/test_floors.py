"""Who imports whom: a package imports from packages below its own only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from archcalc._loading import MOVED
from archcalc.errors import MovedNameError
from tests.sampling import slow

ROOT = Path(__file__).parents[1] / "archcalc"

FLOORS = {
    "symbolic": 0, "formula": 1, "layers": 2, "costs": 3, "network": 4, "explain": 5,
    "frameworks": 6, "torch": 6, "families": 6, "explore": 7, "testing": 8, "cli": 9,
}  # fmt: skip


def imported(source: str) -> Iterator[str]:
    """The modules of archcalc that a source imports anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "archcalc":
            yield from (f"archcalc.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def upwards(package: str, source: str) -> list[str]:
    """What a source of this package imports that stands on a higher floor."""
    rooms = [(name, name.split(".")[1]) for name in imported(source) if "archcalc." in name]
    return [name for name, room in rooms if FLOORS.get(room, -1) > FLOORS[package]]


def test_every_package_has_its_floor() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == FLOORS.keys()


@pytest.mark.parametrize("package", FLOORS)
def test_nothing_imports_from_a_higher_floor(package: str) -> None:
    found = {
        path.relative_to(ROOT).as_posix(): higher
        for path in (ROOT / package).rglob("*.py")
        if (higher := upwards(package, path.read_text(encoding="utf-8")))
    }
    assert found == {}


OFFERED = {
    "archcalc.explain.derivation:derive",
    "archcalc.explain.summary:summary_text",
    "archcalc.frameworks.keras:to_keras",
    "archcalc.frameworks.torch:to_torch",
}
"""What a network and its trace offer of a higher floor, and look up by name."""


def looked_up(source: str) -> list[str]:
    """What a source looks up by name; where that cannot be read off, the look-up itself."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    asked = [call for call in calls if getattr(call.func, "id", "") == "late"]
    return [
        str(call.args[0].value) if isinstance(call.args[0], ast.Constant) else ast.unparse(call)
        for call in asked
    ]


@slow
def test_nothing_else_is_looked_up_by_name() -> None:
    found = [name for path in ROOT.rglob("*.py") for name in looked_up(path.read_text("utf-8"))]
    assert sorted(found) == sorted(OFFERED)


def loaded_upwards(package: str, source: str) -> list[str]:
    """What a source loads at a call, by name, that stands on a higher floor than its package."""
    found = re.findall(r'\bloaded\(\s*f?"archcalc\.(\w+)[^"]*"', source)
    return [room for room in found if FLOORS.get(room, -1) > FLOORS[package]]


@pytest.mark.parametrize("package", FLOORS)
def test_nothing_is_loaded_from_a_higher_floor(package: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / package).rglob("*.py")]
    assert [room for source in sources for room in loaded_upwards(package, source)] == []


def test_the_look_ups_are_seen() -> None:
    assert looked_up('late(f"archcalc.{x}")(late("a:b"))') == ["late(f'archcalc.{x}')", "a:b"]
    assert loaded_upwards("network", 'loaded("archcalc.explain.drawing").draw(x)') == ["explain"]


def test_this_guard_can_fail() -> None:
    assert upwards("formula", "def f():\n    from archcalc.explore import sweep") == [
        "archcalc.explore"
    ]
    assert upwards("explore", "from archcalc import formula, testing") == ["archcalc.testing"]


@pytest.mark.parametrize(("old", "now"), MOVED.items())
def test_what_moved_says_where_to(old: str, now: str) -> None:
    (package, _, name), (home, _, new) = old.rpartition("."), now.rpartition(".")
    with pytest.raises(MovedNameError, match=f"{name} is {now}; write: from {home} import {new}"):
        getattr(import_module(package), name)
    assert getattr(import_module(home), new)
