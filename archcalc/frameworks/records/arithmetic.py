"""Operations that compute element by element, or take what indices name, without weights."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function, keras_operation
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.arithmetic import (
    Clip,
    Compare,
    Divide,
    Function,
    Power,
    Take,
    TakeAlongAxis,
    Where,
)

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Function,
        keras=keras_operation("function", "exp", "how"),
        torch=Entry(".Function", same("how")),
    ),
    Record(
        Clip,
        keras=keras_operation("clip", "clip", "low", "high"),
        torch=Entry(".Clip", same("low", "high")),
    ),
    Record(
        Divide,
        keras=keras_operation("divide", "divide", "value"),
        torch=Entry(".Divide", same("value")),
    ),
    Record(
        Power,
        keras=keras_operation("power", "power", "value"),
        torch=Entry(".Power", same("value")),
    ),
    Record(
        Compare,
        keras=keras_operation("compare", "equal", "how", "value"),
        torch=Entry(".Compare", same("how", "value")),
    ),
    Record(Where, keras=keras_operation("where", "where"), torch=Entry(".Where")),
    Record(Take, keras=keras_function("take"), torch=Entry(".Take", same("axis"))),
    Record(
        TakeAlongAxis,
        keras=keras_operation("take_along_axis", "take_along_axis", "axis"),
        torch=Entry(".TakeAlongAxis", same("axis")),
    ),
)
