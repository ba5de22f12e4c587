"""The testing kit: what other projects' tests need of archcalc.

Strategies draw random valid layers, networks, formulas and files; oracles hold what a framework
builds, or what a function computes, against archcalc; and a pytest plugin watches budgets,
architectures and documents.  Hypothesis comes with ``pip install 'archcalc[testing]'``; a framework
is imported only by an oracle that asks it, and each name only when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing

if TYPE_CHECKING:
    from archcalc.testing.bounds import BoundError
    from archcalc.testing.budgets import BudgetError, assert_budget
    from archcalc.testing.conforms import ConformityError, assert_conforms
    from archcalc.testing.documents import StaleError, assert_document
    from archcalc.testing.files import Broken, broken_specs, specs
    from archcalc.testing.matching.matches import Difference, MismatchError, assert_matches
    from archcalc.testing.oracle_formula import FormulaError, assert_formula
    from archcalc.testing.oracle_shapes import ShapesError, assert_shapes
    from archcalc.testing.oracles import Seen, shapes_in_keras, shapes_in_torch
    from archcalc.testing.random_formulas import formulas
    from archcalc.testing.random_layers import layers
    from archcalc.testing.random_networks import networks
    from archcalc.testing.shaping import dims, shapes
    from archcalc.testing.snapshots import SnapshotError, assert_snapshot

_HOMES = {
    "bounds": ("BoundError",),
    "budgets": ("BudgetError", "assert_budget"),
    "conforms": ("ConformityError", "assert_conforms"),
    "documents": ("StaleError", "assert_document"),
    "random_layers": ("layers",),
    "files": ("Broken", "broken_specs", "specs"),
    "random_networks": ("networks",),
    "matching.matches": ("Difference", "MismatchError", "assert_matches"),
    "oracle_formula": ("FormulaError", "assert_formula"),
    "oracle_shapes": ("ShapesError", "assert_shapes"),
    "oracles": ("Seen", "shapes_in_keras", "shapes_in_torch"),
    "shaping": ("dims", "shapes"),
    "snapshots": ("SnapshotError", "assert_snapshot"),
    "random_formulas": ("formulas",),
}
"""The module of each public name."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "BoundError",
    "Broken",
    "BudgetError",
    "ConformityError",
    "Difference",
    "FormulaError",
    "MismatchError",
    "Seen",
    "ShapesError",
    "SnapshotError",
    "StaleError",
    "assert_budget",
    "assert_conforms",
    "assert_document",
    "assert_formula",
    "assert_matches",
    "assert_shapes",
    "assert_snapshot",
    "broken_specs",
    "dims",
    "formulas",
    "layers",
    "networks",
    "shapes",
    "shapes_in_keras",
    "shapes_in_torch",
    "specs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise missing(__name__, name)
    value = globals()[name] = getattr(loaded(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
