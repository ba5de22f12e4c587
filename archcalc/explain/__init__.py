"""Explanations: why a number is what it is."""

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
    from archcalc.explain.comparison import Change, Comparison, compare
    from archcalc.explain.counting_choices import Conventions, conventions
    from archcalc.explain.deployed import Deployed, deploy
    from archcalc.explain.deployed_line import SheetLine
    from archcalc.explain.derivation import Derivation, derive
    from archcalc.explain.drawing import Drawing, draw, draw_costs, draw_field
    from archcalc.explain.live import Report, report, widget
    from archcalc.explain.memory_table import Memory, memory
    from archcalc.explain.reconciling import (
        Claim,
        Edit,
        Finding,
        Place,
        Reconciliation,
        Variant,
        register_edit,
    )
    from archcalc.explain.reconciling.reconcile import reconcile
    from archcalc.explain.summary import Summary, summarize
    from archcalc.explain.training_cost import Account, CostLine, account
    from archcalc.explain.verdict import Verdict
    from archcalc.explain.window_picture import picture

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
    "Report",
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
    "draw_costs",
    "draw_field",
    "memory",
    "picture",
    "reconcile",
    "register_edit",
    "report",
    "summarize",
    "widget",
]

_HOMES = {
    "comparison": "Change Comparison compare",
    "counting_choices": "Conventions conventions",
    "deployed": "Deployed deploy",
    "deployed_line": "SheetLine",
    "derivation": "Derivation derive",
    "drawing": "Drawing draw draw_costs draw_field",
    "live": "Report report widget",
    "memory_table": "Memory memory",
    "window_picture": "picture",
    "reconciling": "Claim Edit Finding Place Reconciliation Variant register_edit",
    "reconciling.reconcile": "reconcile",
    "summary": "Summary summarize",
    "training_cost": "Account CostLine account",
    "verdict": "Verdict",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
