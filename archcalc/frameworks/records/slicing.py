"""Parts of an input."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
from archcalc.frameworks.record import Absent, Entry, Record, same
from archcalc.layers.slicing import Select, Slice, Split, Unbind

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Select,
        keras=Absent("Keras writes it as Python does, x[:, index]"),
        torch=Entry(".Select", same("axis", "index")),
    ),
    Record(
        Slice,
        keras=Absent("Keras writes it as Python does, x[:, start:stop:step]"),
        torch=Entry(".Slice", same("axis", "start", "stop", "step")),
    ),
    Record(
        Split,
        keras=keras_function("split"),
        torch=Entry(".Split", same("sections", "axis")),
    ),
    Record(
        Unbind,
        keras=keras_function("unstack"),
        torch=Entry(".Unbind", same("count", "axis")),
    ),
)
