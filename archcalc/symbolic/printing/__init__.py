"""Formulas in the notations that people and programs read.

Each is loaded when it is first used (PEP 562).
"""

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
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

_HOMES = {
    "code": "to_numpy to_python",
    "javascript": "javascript_helpers to_javascript",
    "latex": "to_latex",
    "mathml": "to_mathml",
    "text": "to_text",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
