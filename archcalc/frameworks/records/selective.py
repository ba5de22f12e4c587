"""A selective state space: built as a module of ours."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Record, same, same_tensors
from archcalc.layers.selective import SelectiveScan

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        SelectiveScan,
        keras=Absent("no layer there is a selective scan", hint="to_torch() builds it"),
        torch=Entry(
            ".SelectiveScan",
            same("state_size"),
            implied=(("features", lambda x: x[-1]),),
            tensors=same_tensors("A_log", "D"),
        ),
    ),
)
