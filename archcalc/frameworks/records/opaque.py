"""What no rule describes: its numbers are known, and not what it does."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Record
from archcalc.layers.opaque import Opaque

__all__ = ["RECORDS"]

_WHY = "its numbers are known, and not what it computes"
_HINT = "replace it by a layer that says what it does: net.replace(path, layer)"

RECORDS = (Record(Opaque, keras=Absent(_WHY, hint=_HINT), torch=Absent(_WHY, hint=_HINT)),)
