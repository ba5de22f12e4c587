"""Parts of an input."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_operation
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.slicing import Select, Slice, Split, Unbind

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Select,
        keras=keras_operation("select", "get_item", "axis", "index"),
        torch=Entry(".Select", same("axis", "index")),
    ),
    Record(
        Slice,
        keras=keras_operation("cut", "get_item", "axis", "start", "stop", "step"),
        torch=Entry(".Slice", same("axis", "start", "stop", "step")),
    ),
    Record(
        Split,
        keras=keras_operation("split", "split", "sections", "axis"),
        torch=Entry(".Split", same("sections", "axis")),
    ),
    Record(
        Unbind,
        keras=keras_operation("unbind", "unstack", "count", "axis"),
        torch=Entry(".Unbind", same("count", "axis")),
    ),
)
