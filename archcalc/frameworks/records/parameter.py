"""A tensor that is learned by itself."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Record, same, same_tensors
from archcalc.network.parameter import Constant, Parameter

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Parameter,
        keras=Absent("Keras keeps tensors in layers", hint="write a layer that adds the weight"),
        torch=Entry(".Value", same("shape", "learned"), tensors=same_tensors("value")),
    ),
    Record(
        Constant,
        keras=Absent("Keras keeps tensors in layers", hint="write a layer that adds the numbers"),
        torch=Entry(".Constant", same("shape", "value")),
    ),
)
