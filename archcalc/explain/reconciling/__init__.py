"""Reconciliation: edits, their search, and what it finds."""

from archcalc.explain.reconciling import (
    biases,
    choices,
    factors,
    specification,
    weights,
    windows,
)
from archcalc.explain.reconciling.edit import (
    EDITS,
    Edit,
    Finding,
    Place,
    Variant,
    register_edit,
)
from archcalc.explain.reconciling.reconcile import reconcile
from archcalc.explain.reconciling.result import Claim, Reconciliation

__all__ = [
    "EDITS",
    "Claim",
    "Edit",
    "Finding",
    "Place",
    "Reconciliation",
    "Variant",
    "reconcile",
    "register_edit",
]  # fmt: skip

_FAMILIES = (biases, weights, factors, specification, windows, choices)
"""Where archcalc's own edits are; importing them registers them."""
