"""Operations that people write as a function."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Table, same
from archcalc.frameworks.tables.converters import keras_function

__all__ = ["KERAS", "TORCH"]


KERAS: Table = {
    "Slice": Absent("Keras writes it as Python does, x[:, start:stop:step]"),
    "Select": Absent("Keras writes it as Python does, x[:, index]"),
    "Split": keras_function("split"),
    "Unbind": keras_function("unstack"),
    "Stack": keras_function("stack"),
    "ExpandDims": keras_function("expand_dims"),
    "Squeeze": keras_function("squeeze"),
    "Expand": keras_function("broadcast_to"),
    "Tile": keras_function("tile", "repeat"),
    "Flip": keras_function("flip"),
    "Roll": keras_function("roll"),
    "Transpose": keras_function("swapaxes"),
}

TORCH: Table = {
    "Slice": Entry(".Slice", same("axis", "start", "stop", "step")),
    "Select": Entry(".Select", same("axis", "index")),
    "Split": Entry(".Split", same("sections", "axis")),
    "Unbind": Entry(".Unbind", same("count", "axis")),
    "Stack": Entry(".Stack", same("axis")),
    "ExpandDims": Entry(".ExpandDims", same("axis")),
    "Squeeze": Entry(".Squeeze", same("axis")),
    "Expand": Entry(".Expand", same("axis", "size")),
    "Tile": Entry(".Tile", same("times", "axis", "each")),
    "Flip": Entry(".Flip", same("axis")),
    "Roll": Entry(".Roll", same("shift", "axis")),
    "Transpose": Entry(".Transpose", same("axis1", "axis2")),
}
