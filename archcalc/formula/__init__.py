"""Closed-form totals and the questions one asks of them."""

from archcalc.formula.conditions import Assumption
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.sensitivity import Effect, Sensitivity

__all__ = ["Assumption", "Effect", "Formula", "FormulaLike", "Sensitivity"]
