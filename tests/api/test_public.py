"""The public names and signatures are those that are written down in `public.txt`."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import archcalc
import archcalc.costs
import archcalc.layers
from archcalc.errors import MovedNameError
from tests.api.every import text as every_layer
from tests.api.surface import surface

PUBLIC = Path(__file__).parent / "public.txt"
REFRESH = """\
What programs call has changed.  Where that is meant, write it down, and a line in the changelog:
    python -m tests.api.surface > tests/api/public.txt"""


def by_name(text: str) -> dict[str, str]:
    """The lines of a surface by the name that each begins with."""
    lines = {}
    for line in text.splitlines():
        words = line if line.startswith("$") else line.replace("(", " (", 1).replace(":", " :", 1)
        count = 3 if line.startswith("$") else 2 if " is a " in line else 1
        lines[" ".join(words.split(" ")[:count])] = line
    return lines


def difference(before: str, after: str) -> str:
    """What was added, removed and changed, for a person to read."""
    old, new = by_name(before), by_name(after)
    said = [f"removed  {old[name]}" for name in old if name not in new]
    said += [f"added    {new[name]}" for name in new if name not in old]
    for name in old:
        if name in new and old[name] != new[name]:
            said += [f"changed  {old[name]}", f"     to  {new[name]}"]
    return "\n".join(said)


def test_type_checkers_see_every_layer() -> None:
    seen = Path(archcalc.layers.__file__).with_name("every.py").read_text(encoding="utf-8")
    assert seen == every_layer(), "python -m tests.api.every > archcalc/layers/every.py"


def test_the_public_names_are_those_that_are_written_down() -> None:
    changed = difference(PUBLIC.read_text(encoding="utf-8"), surface())
    if changed:
        pytest.fail(f"{changed}\n\n{REFRESH}", pytrace=False)


def test_no_two_lines_have_one_name() -> None:
    text = PUBLIC.read_text(encoding="utf-8")
    assert len(by_name(text)) == len(text.splitlines())
    assert text.splitlines() == sorted(text.splitlines())


def test_nothing_in_it_differs_from_run_to_run() -> None:
    assert " at 0x" not in PUBLIC.read_text(encoding="utf-8")


def test_a_change_is_seen_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Macs:
        """Another one."""

        def __init__(self, kinds: str = "all", *, more: int) -> None:
            self.kinds = kinds

        def asked(self, how: str) -> str:
            return how

    Macs.__module__ = "archcalc.costs.work"
    before = surface()
    monkeypatch.setattr(archcalc.costs, "Macs", Macs)
    told = difference(before, surface()).splitlines()
    assert "removed  archcalc.costs.Macs is a Additive, Cost" in told
    assert "added    archcalc.costs.Macs.asked(how)" in told
    place = told.index("     to  archcalc.costs.Macs(kinds='all', *, more)")
    assert told[place - 1].startswith("changed  archcalc.costs.Macs(kinds=('matmul', ")


def test_the_same_differs_in_nothing() -> None:
    assert difference("a.f(x)\na.g: type\n", "a.f(x)\na.g: type\n") == ""


def test_layers_networks_and_some_thirty_names_stand_at_the_top() -> None:
    names = {name for name in dir(archcalc) if not name.startswith("__")}
    others = {name for name in names if not _is_layer(getattr(archcalc, name))}
    assert {"Conv2D", "Sequential", "Residual", "LSTM", "Layer"} <= names - others
    assert len(others - set(archcalc._DOORS)) <= 35


@pytest.mark.parametrize("room", archcalc._ROOMS)
def test_what_stands_behind_a_package_says_so(room: str) -> None:
    module = import_module(f"archcalc.{room}")
    for name in set(module.__all__) - set(dir(archcalc)):
        with pytest.raises(
            MovedNameError, match=rf"{name} is archcalc\.\w+\.{name}; write"
        ) as caught:
            getattr(archcalc, name)
        assert hasattr(import_module(caught.value.values["module"]), name)


def test_type_checkers_see_the_same_names() -> None:
    text = Path(archcalc.__file__).read_text(encoding="utf-8")
    seen = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    named = {alias.asname for node in seen for alias in node.names if alias.asname}
    for node in seen:
        if node.names[0].name == "*":
            named |= {n for n in import_module(str(node.module)).__all__ if n in dir(archcalc)}
    assert named - {"__version__"} == {n for n in dir(archcalc) if not n.startswith("__")}


def _is_layer(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, archcalc.Layer)
