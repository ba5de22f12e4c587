"""Experts among which tokens are routed: no framework's layer, and built as a module of ours."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Record, same
from archcalc.network.experts import Experts

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Experts,
        keras=Absent("no layer there routes tokens", hint="to_torch() builds it"),
        torch=Entry(".Experts", same("block", "count", "active", "normalize")),
    ),
)
