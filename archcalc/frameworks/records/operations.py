"""Axes added, taken away, stretched, turned and exchanged."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
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
        keras=keras_function("broadcast_to"),
        torch=Entry(".Expand", same("axis", "size")),
    ),
    Record(
        ExpandDims,
        keras=keras_function("expand_dims"),
        torch=Entry(".ExpandDims", same("axis")),
    ),
    Record(
        Flip,
        keras=keras_function("flip"),
        torch=Entry(".Flip", same("axis")),
    ),
    Record(
        Roll,
        keras=keras_function("roll"),
        torch=Entry(".Roll", same("shift", "axis")),
    ),
    Record(
        Squeeze,
        keras=keras_function("squeeze"),
        torch=Entry(".Squeeze", same("axis")),
    ),
    Record(
        Stack,
        keras=keras_function("stack"),
        torch=Entry(".Stack", same("axis")),
    ),
    Record(
        Tile,
        keras=keras_function("tile", "repeat"),
        torch=Entry(".Tile", same("times", "axis", "each")),
    ),
    Record(
        Transpose,
        keras=keras_function("swapaxes"),
        torch=Entry(".Transpose", same("axis1", "axis2")),
    ),
)
