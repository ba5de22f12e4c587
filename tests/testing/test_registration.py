"""Hypothesis knows the layers by itself: by the entry point, in either order of imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Container, Hashable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archcalc as ac
from archcalc.layers.fields import Size, hyper
from archcalc.layers.spatial import Spatial
from archcalc.testing.registration import register
from tests.sampling import slow

HOOK = EntryPoint("archcalc", "archcalc.testing.registration:register", "hypothesis")
PLUGIN = EntryPoint("archcalc", "archcalc.testing.plugin", "pytest11")

FEW = settings(max_examples=10)


def drawn(cls: type[Any]) -> list[Any]:
    found: list[Any] = []

    @FEW
    @given(st.from_type(cls))
    def draws(value: Any) -> None:
        found.append(value)

    draws()
    return found


class Own(ac.Layer):
    """A layer of one's own, registered when it is defined."""

    units: Size = hyper("n")

    def output_shape(self, x: Any) -> Any:
        return x.replace(-1, self.units)


@pytest.mark.parametrize(
    "cls",
    [ac.Conv2D, ac.Dense, ac.LSTM, ac.Add, ac.Sequential, ac.Model, ac.Residual, ac.Repeat,
     ac.TransformerEncoder, ac.Bidirectional, Own, ac.Network, ac.Layer, Spatial],
)  # fmt: skip
def test_from_type(cls: type[Any]) -> None:
    assert all(isinstance(value, cls) for value in drawn(cls))


@pytest.mark.parametrize("cls", [Iterable, Iterable[int], Iterable[str], Hashable, Container[int]])
def test_what_layers_happen_to_be_is_no_layer(cls: Any) -> None:
    """Classes of pydantic can be gone through, but an ``Iterable[int]`` is a list or the like."""
    assert isinstance(ac.Dense(1), Iterable)
    found = drawn(cls)
    assert len(found) > 1
    assert not any(isinstance(value, ac.Layer) for value in found)


@FEW
@given(st.from_type(ac.Sequential), st.from_type(ac.Model))
def test_networks_from_their_types_are_valid(chain: ac.Sequential, model: ac.Model) -> None:
    assert chain.trace().outputs
    assert model.trace().outputs


@FEW
@given(st.builds(ac.Conv2D, use_bias=st.just(False)), st.builds(ac.Dense), st.builds(Own))
def test_builds_fills_in_what_is_required(conv: ac.Conv2D, dense: ac.Dense, own: Own) -> None:
    assert conv.use_bias is False
    assert isinstance(conv.filters, int)
    assert isinstance(dense.units, int)
    assert isinstance(own.units, int)


def _asks(net: ac.Sequential, layer: ac.Conv2D) -> tuple[ac.Sequential, ac.Conv2D]:
    return net, layer


@FEW
@given(st.builds(_asks))
def test_builds_finds_layers_by_annotations(pair: tuple[Any, Any]) -> None:
    assert isinstance(pair[0], ac.Sequential)
    assert isinstance(pair[1], ac.Conv2D)


BOTH = """
import sys
sys.path.insert(0, {root!r})
{imports}
from hypothesis import given, settings, strategies as st
@settings(max_examples=5, database=None)
@given(st.from_type(archcalc.Conv2D))
def draws(layer):
    assert isinstance(layer, archcalc.Conv2D)
draws()
"""
FIRST_OURS = (
    "import archcalc; archcalc.Conv2D; import hypothesis\n"
    "from importlib.metadata import EntryPoint\n"
    "EntryPoint('archcalc', 'archcalc.testing.registration:register', 'hypothesis').load()()"
)


@slow
@pytest.mark.parametrize("imports", ["import hypothesis, archcalc", FIRST_OURS])
def test_in_either_order(imports: str, pytestconfig: pytest.Config) -> None:
    code = BOTH.format(root=str(pytestconfig.rootpath), imports=imports)
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("entry", [HOOK, PLUGIN], ids=["hypothesis", "pytest11"])
def test_the_entry_points_are_declared(entry: EntryPoint, pytestconfig: pytest.Config) -> None:
    declared = (pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8")
    assert f'[project.entry-points.{entry.group}]\narchcalc = "{entry.value}"' in declared
    assert entry.load() is not None
    installed = [e for e in entry_points(group=entry.group) if e.name == "archcalc"]
    assert all(found.value == entry.value for found in installed)


def test_registering_twice_changes_nothing() -> None:
    register()
    register()
    assert drawn(ac.Dense)


@pytest.mark.parametrize(
    "code", ["import hypothesis; {hook}", "import pytest; import archcalc.testing.plugin"]
)
def test_start_up_loads_nothing_heavy(code: str, pytestconfig: pytest.Config) -> None:
    """Hypothesis and pytest load these at their start, in every project where archcalc is."""
    hook = "from archcalc.testing.registration import register; register()"
    heavy = "{'sympy', 'pydantic', 'numpy', 'torch', 'keras'} & set(sys.modules)"
    lines = [f"import sys; sys.path.insert(0, {str(pytestconfig.rootpath)!r})",
             f"before = {heavy}", code.format(hook=hook), f"print({heavy} - before)"]  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["set()"]
