"""Formulas in the notations that people and programs read."""

from archcalc.symbolic.printing.code import to_numpy, to_python
from archcalc.symbolic.printing.javascript import javascript_helpers, to_javascript
from archcalc.symbolic.printing.latex import to_latex
from archcalc.symbolic.printing.mathml import to_mathml
from archcalc.symbolic.printing.text import to_text

__all__ = [
    "javascript_helpers",
    "to_javascript",
    "to_latex",
    "to_mathml",
    "to_numpy",
    "to_python",
    "to_text",
]
