"""Families of layers are found by their files, and nothing lists them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from archcalc.layers.registry import is_layer_class, known_layers, layer_class

registry: Any = import_module("archcalc.layers.registry")

FAMILY = '''
"""A family that was not there."""
from archcalc.layers import Layer
from archcalc.layers.activations import ReLU
__all__ = ["LONGEST", "Novel", "Newer"]
LONGEST = 3
class _Base(Layer, abstract=True):
    """What both share."""
    def output_shape(self, x):
        return x
class Novel(_Base):
    """One of them."""
class Newer(
    _Base,
):
    """The other."""
class Hidden(_Base, abstract=True):
    """Not public."""
'''
HELPER = '__all__ = ["Helper"]\nclass Helper(dict):\n    """No layer."""\n'
OTHERS = 'from novelties.family import Novel\n__all__ = ["Renamed"]\nRenamed = Novel\n'


@pytest.fixture
def novelties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "novelties"
    package.mkdir()
    texts = {"__init__": "", "family": FAMILY, "helper": HELPER, "others": OTHERS}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text.lstrip(), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    registry.declare("novelties", str(package))
    yield
    for name in ("Novel", "Newer"):
        known_layers.pop(name, None)
    for module in [name for name in sys.modules if name.startswith("novelties")]:
        del sys.modules[module]
    registry._declared.pop("novelties")
    registry._index.cache_clear()
    registry._files.cache_clear()


@pytest.mark.usefixtures("novelties")
def test_a_new_file_is_a_new_family() -> None:
    assert registry.families("novelties") == ("novelties.family",)
    found = {name: home for name, home in registry.homes().items() if home.startswith("novelties.")}
    assert found == {
        **dict.fromkeys(("LONGEST", "Novel", "Newer"), "novelties.family"),
        "Renamed": "novelties.others",
    }
    assert {"Novel", "Newer", "Renamed"} <= registry.layer_names()
    assert not {"LONGEST", "Hidden", "Helper", "_Base"} & registry.layer_names()
    assert "novelties.family" not in sys.modules


@pytest.mark.usefixtures("novelties")
def test_a_family_is_loaded_when_a_layer_of_it_is_asked_for() -> None:
    assert is_layer_class("Renamed")
    assert layer_class("Renamed") is layer_class("Novel")
    assert "novelties.family" in sys.modules
