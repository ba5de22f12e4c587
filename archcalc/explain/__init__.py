"""Explanations: why a number is what it is."""

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing
from archcalc.explain.comparison import Change, Comparison, compare
from archcalc.explain.conventions import Conventions, conventions
from archcalc.explain.derivation import Derivation, derive
from archcalc.explain.drawing import Drawing, draw
from archcalc.explain.memory import Memory, memory
from archcalc.explain.picture import picture
from archcalc.explain.reconciling import (
    Claim,
    Edit,
    Finding,
    Place,
    Reconciliation,
    Variant,
    reconcile,
    register_edit,
)
from archcalc.explain.summary import Summary, summarize
from archcalc.explain.training_cost import Account, CostLine, account
from archcalc.explain.verdict import Verdict

if TYPE_CHECKING:
    from archcalc.explain.deployed import Deployed, deploy
    from archcalc.explain.deployed_line import SheetLine

_LATE = {"Deployed": "deployed", "SheetLine": "deployed_line", "deploy": "deployed"}
"""The modules of names that few ask for."""

__all__ = [
    "Account",
    "Change",
    "Claim",
    "Comparison",
    "Conventions",
    "CostLine",
    "Deployed",
    "Derivation",
    "Drawing",
    "Edit",
    "Finding",
    "Memory",
    "Place",
    "Reconciliation",
    "SheetLine",
    "Summary",
    "Variant",
    "Verdict",
    "account",
    "compare",
    "conventions",
    "deploy",
    "derive",
    "draw",
    "memory",
    "picture",
    "reconcile",
    "register_edit",
    "summarize",
]


def _late(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name not in _LATE:
        raise missing(__name__, name)
    value = getattr(loaded(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _late
