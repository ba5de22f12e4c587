"""Closed-form totals and the questions one asks of them.

What computes on whole arrays is loaded when it is first used, and NumPy with it (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archcalc.formula.conditions import Assumption
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.sensitivity import Effect, Sensitivity

if TYPE_CHECKING:
    from archcalc.formula.sweeping.compiled import Compiled

__all__ = ["Assumption", "Compiled", "Effect", "Formula", "FormulaLike", "Sensitivity"]

_LATER = {"Compiled": "sweeping.compiled"}
"""Where the names live that are loaded on use."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return value
