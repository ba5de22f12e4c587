"""Explanations: why a number is what it is."""

from typing import TYPE_CHECKING, Any

from archcalc._loading import missing
from archcalc.explain.comparison import Change, Comparison, compare
from archcalc.explain.conventions import Conventions, conventions
from archcalc.explain.derivation import Derivation, derive
from archcalc.explain.drawing import Drawing, draw
from archcalc.explain.live import Report, report, widget
from archcalc.explain.memory import Memory, memory
from archcalc.explain.mistakes import Finding
from archcalc.explain.picture import picture
from archcalc.explain.reconciliation import Claim, Reconciliation, reconcile
from archcalc.explain.summary import Summary, summarize
from archcalc.explain.training_cost import Account, CostLine, account
from archcalc.explain.verdict import Verdict

__all__ = [
    "Account",
    "Change",
    "Claim",
    "Comparison",
    "Conventions",
    "CostLine",
    "Derivation",
    "Drawing",
    "Finding",
    "Memory",
    "Reconciliation",
    "Report",
    "Summary",
    "Verdict",
    "account",
    "compare",
    "conventions",
    "derive",
    "draw",
    "memory",
    "picture",
    "reconcile",
    "report",
    "summarize",
    "widget",
]


def _missing(name: str) -> Any:
    raise missing(__name__, name)


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _missing
