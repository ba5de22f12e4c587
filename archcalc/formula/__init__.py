"""Closed-form totals and the questions one asks of them.

Where formulas cross, and what computes on whole arrays, is loaded when it is first used, and NumPy
with the latter (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing
from archcalc.formula.closed_form import ClosedForm
from archcalc.formula.conditions import Assumption
from archcalc.formula.constraint import Constraint
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.inverse import Inverse
from archcalc.formula.sensitivity import Effect, Sensitivity
from archcalc.formula.solutions import Solutions

if TYPE_CHECKING:
    from archcalc.formula.compiling.compiled import Compiled
    from archcalc.formula.crossing import Crossover, Run, SymbolicCrossover, crossover
    from archcalc.formula.interpolating import Interpolated, Interpolation, interpolate_formula

__all__ = [
    "Assumption",
    "ClosedForm",
    "Compiled",
    "Constraint",
    "Crossover",
    "Effect",
    "Formula",
    "FormulaLike",
    "Interpolated",
    "Interpolation",
    "Inverse",
    "Run",
    "Sensitivity",
    "Solutions",
    "SymbolicCrossover",
    "crossover",
    "interpolate_formula",
]

_LATER = {"Compiled": "compiling.compiled"}
_LATER |= dict.fromkeys(("Crossover", "Run", "SymbolicCrossover", "crossover"), "crossing")
_LATER |= dict.fromkeys(("Interpolated", "Interpolation", "interpolate_formula"), "interpolating")
"""Where the names live that are loaded on use."""


def _found(name: str) -> Any:
    if name not in _LATER:
        raise missing(__name__, name)
    value = globals()[name] = getattr(loaded(f"{__name__}.{_LATER[name]}"), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
