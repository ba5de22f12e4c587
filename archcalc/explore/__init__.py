"""Many configurations at once: sweeps with their tables and plots, and exact searches.

Each part is loaded when it is first used, and NumPy with it (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
    from archcalc.explore.searching.certificate import Certificate, Exclusion
    from archcalc.explore.searching.optimum import ConstraintValue, Optimum
    from archcalc.explore.searching.searches import search
    from archcalc.explore.sweeping.lazy import LazyTable
    from archcalc.explore.sweeping.rows import Configuration, Excluded
    from archcalc.explore.sweeping.sweeps import sweep
    from archcalc.explore.sweeping.table import Table

__all__ = [
    "Certificate",
    "Configuration",
    "ConstraintValue",
    "Excluded",
    "Exclusion",
    "LazyTable",
    "Optimum",
    "Table",
    "search",
    "sweep",
]

_HOMES = {
    "searching.certificate": "Certificate Exclusion",
    "searching.optimum": "ConstraintValue Optimum",
    "searching.searches": "search",
    "sweeping.lazy": "LazyTable",
    "sweeping.rows": "Configuration Excluded",
    "sweeping.sweeps": "sweep",
    "sweeping.table": "Table",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
