"""Formulas in the notations that people and programs read."""

from archcalc.symbolic.printing.text import to_text

__all__ = ["to_text"]
