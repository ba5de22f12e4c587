"""Closed-form totals and the questions one asks of them.

Questions of several formulas, and what computes on whole arrays, are loaded when they are first
used, and NumPy with the latter (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded
from archcalc.formula.conditions import Assumption
from archcalc.formula.constraint import Constraint
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.inverse import Inverse
from archcalc.formula.real import RealNumber
from archcalc.formula.sensitivity import Effect, Sensitivity

if TYPE_CHECKING:
    from archcalc.formula.compiling.compiled import Compiled
    from archcalc.formula.crossing import Crossover, Stretch, SymbolicCrossover, crossover
    from archcalc.formula.searching.certificate import Certificate, Reason
    from archcalc.formula.searching.optimum import Met, Optimum
    from archcalc.formula.searching.searches import search
    from archcalc.formula.sweeping.lazy import LazyTable
    from archcalc.formula.sweeping.rows import Configuration, Excluded
    from archcalc.formula.sweeping.sweeps import sweep
    from archcalc.formula.sweeping.table import Table

__all__ = [
    "Assumption",
    "Certificate",
    "Compiled",
    "Configuration",
    "Constraint",
    "Crossover",
    "Effect",
    "Excluded",
    "Formula",
    "FormulaLike",
    "Inverse",
    "LazyTable",
    "Met",
    "Optimum",
    "RealNumber",
    "Reason",
    "Sensitivity",
    "Stretch",
    "SymbolicCrossover",
    "Table",
    "crossover",
    "search",
    "sweep",
]

_LATER = {"Compiled": "compiling.compiled", "LazyTable": "sweeping.lazy"}
_LATER |= {"Table": "sweeping.table", "sweep": "sweeping.sweeps"}
_LATER |= dict.fromkeys(("Crossover", "Stretch", "SymbolicCrossover", "crossover"), "crossing")
_LATER |= dict.fromkeys(("Configuration", "Excluded"), "sweeping.rows")
_LATER |= {"search": "searching.searches"}
_LATER |= dict.fromkeys(("Certificate", "Reason"), "searching.certificate")
_LATER |= dict.fromkeys(("Met", "Optimum"), "searching.optimum")
"""Where the names live that are loaded on use."""


def _found(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(loaded(f"{__name__}.{_LATER[name]}"), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
