"""The catalogue: every layer states its facts once.

A family of layers is loaded when one of its layers is first used, so that a program that has four
layers does not wait for two hundred.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.facts import Operand, Remark, Role, State, Weight, Work
from archcalc.layers.registry import families, homes, layer_class, layer_classes
from archcalc.layers.window import TransposedWindow, Window

if TYPE_CHECKING:
    from archcalc.layers import every
    from archcalc.layers.every import *

    FAMILIES: tuple[ModuleType, ...]
    """The modules of the catalogue, the core first."""

__all__ = [
    "FAMILIES",
    "Applied",
    "Layer",
    "Operand",
    "Remark",
    "Role",
    "State",
    "TransposedWindow",
    "Weight",
    "Window",
    "Work",
    "layer_class",
    "layer_classes",
]
if TYPE_CHECKING:
    __all__ += every.__all__
else:
    __all__ += [name for name, home in homes().items() if home.startswith(f"{__name__}.")]


def _found(name: str) -> Any:
    if name == "FAMILIES":
        return tuple(map(loaded, families(__name__)))
    home = homes().get(name)
    if home is None:
        raise missing(__name__, name)
    value = globals()[name] = getattr(loaded(home), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found


def __dir__() -> list[str]:
    return sorted(__all__)
