"""Many configurations at once: sweeps with their tables and plots, and exact searches.

Each part is loaded when it is first used, and NumPy with it (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing

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

_LATER = {"LazyTable": "sweeping.lazy", "Table": "sweeping.table", "sweep": "sweeping.sweeps"}
_LATER |= dict.fromkeys(("Configuration", "Excluded"), "sweeping.rows")
_LATER |= {"search": "searching.searches"}
_LATER |= dict.fromkeys(("Certificate", "Exclusion"), "searching.certificate")
_LATER |= dict.fromkeys(("ConstraintValue", "Optimum"), "searching.optimum")
"""Where the names live that are loaded on use."""


def _found(name: str) -> Any:
    if name not in _LATER:
        raise missing(__name__, name)
    value = globals()[name] = getattr(loaded(f"{__name__}.{_LATER[name]}"), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
