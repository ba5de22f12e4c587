"""Operations that make one number of several along axes."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_operation
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.reductions import CumulativeSum, Reduce

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Reduce,
        keras=keras_operation("reduce", "mean", "how", "axis", "keepdims", "correction"),
        torch=Entry(".Reduce", same("how", "axis", "keepdims", "correction")),
    ),
    Record(
        CumulativeSum,
        keras=keras_operation("cumulative_sum", "cumsum", "axis"),
        torch=Entry(".CumulativeSum", same("axis")),
    ),
)
