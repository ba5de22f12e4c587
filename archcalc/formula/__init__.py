"""Closed-form totals and the questions one asks of them.

Each part is loaded when it is first used, and NumPy with what computes on whole arrays (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
    from archcalc.formula.closed_form import ClosedForm
    from archcalc.formula.compiling.compiled import Compiled
    from archcalc.formula.conditions import Assumption
    from archcalc.formula.constraint import Constraint
    from archcalc.formula.crossing import Crossover, Run, SymbolicCrossover, crossover
    from archcalc.formula.formula import Formula, FormulaLike
    from archcalc.formula.interpolating import Interpolated, Interpolation, interpolate_formula
    from archcalc.formula.inverse import Inverse
    from archcalc.formula.sensitivity import Effect, Sensitivity
    from archcalc.formula.solutions import Solutions

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

_HOMES = {
    "closed_form": "ClosedForm",
    "compiling.compiled": "Compiled",
    "conditions": "Assumption",
    "constraint": "Constraint",
    "crossing": "Crossover Run SymbolicCrossover crossover",
    "formula": "Formula FormulaLike",
    "interpolating": "Interpolated Interpolation interpolate_formula",
    "inverse": "Inverse",
    "sensitivity": "Effect Sensitivity",
    "solutions": "Solutions",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
