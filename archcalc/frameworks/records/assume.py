"""A condition on sizes: frameworks compute nothing there."""

from __future__ import annotations

from archcalc.frameworks.record import Entry, Record
from archcalc.layers.assume import Assume

__all__ = ["RECORDS"]

_STATED = ("left", "relation", "right", "why", "otherwise")

RECORDS = (
    Record(
        Assume,
        keras=Entry("Identity", unsaid=_STATED),
        torch=Entry("Identity", unsaid=_STATED),
        ranges={
            "left relation right": (
                (8, "at least", 8),
                (8, "equal to", 8),
                (8, "a multiple of", 4),
            ),
        },
    ),
)
