"""Axes added, taken away, stretched, turned and exchanged."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_operation
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.operations import (
    Expand,
    ExpandDims,
    Flip,
    Roll,
    Squeeze,
    Stack,
    Tile,
    Transpose,
)

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Expand,
        keras=keras_operation("expand", "repeat", "axis", "size"),
        torch=Entry(".Expand", same("axis", "size")),
    ),
    Record(
        ExpandDims,
        keras=keras_operation("expand_dims", "expand_dims", "axis"),
        torch=Entry(".ExpandDims", same("axis")),
    ),
    Record(
        Flip,
        keras=keras_operation("flip", "flip", "axis"),
        torch=Entry(".Flip", same("axis")),
    ),
    Record(
        Roll,
        keras=keras_operation("roll", "roll", "shift", "axis"),
        torch=Entry(".Roll", same("shift", "axis")),
    ),
    Record(
        Squeeze,
        keras=keras_operation("squeeze", "squeeze", "axis"),
        torch=Entry(".Squeeze", same("axis")),
    ),
    Record(
        Stack,
        keras=keras_operation("stack", "stack", "axis"),
        torch=Entry(".Stack", same("axis")),
    ),
    Record(
        Tile,
        keras=keras_operation("tile", "repeat", "times", "axis", "each"),
        torch=Entry(".Tile", same("times", "axis", "each")),
    ),
    Record(
        Transpose,
        keras=keras_operation("transpose", "swapaxes", "axis1", "axis2"),
        torch=Entry(".Transpose", same("axis1", "axis2")),
    ),
)
