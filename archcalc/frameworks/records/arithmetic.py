"""Operations that compute element by element or along an axis, without weights."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.arithmetic import (
    Clip,
    Compare,
    CumulativeSum,
    Divide,
    Function,
    Power,
    Reduce,
    Take,
    TakeAlongAxis,
    Where,
)

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Reduce,
        keras=keras_function("mean", "sum", "max", "min", "prod", "var", "std", "norm"),
        torch=Entry(".Reduce", same("how", "axis", "keepdims", "correction")),
    ),
    Record(
        CumulativeSum,
        keras=keras_function("cumsum"),
        torch=Entry(".CumulativeSum", same("axis")),
    ),
    Record(
        Function,
        keras=keras_function("absolute", "exp", "log", "sqrt", "square", "sin", "cos"),
        torch=Entry(".Function", same("how")),
    ),
    Record(Clip, keras=keras_function("clip"), torch=Entry(".Clip", same("low", "high"))),
    Record(Divide, keras=keras_function("divide"), torch=Entry(".Divide", same("value"))),
    Record(Power, keras=keras_function("power"), torch=Entry(".Power", same("value"))),
    Record(
        Compare,
        keras=keras_function("equal", "less", "greater"),
        torch=Entry(".Compare", same("how", "value")),
    ),
    Record(Where, keras=keras_function("where"), torch=Entry(".Where")),
    Record(Take, keras=keras_function("take"), torch=Entry(".Take", same("axis"))),
    Record(
        TakeAlongAxis,
        keras=keras_function("take_along_axis"),
        torch=Entry(".TakeAlongAxis", same("axis")),
    ),
)
