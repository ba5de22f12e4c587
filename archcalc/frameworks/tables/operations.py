"""Operations that people write as a function."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Table, same

__all__ = ["KERAS", "TORCH"]


def _function(*names: str) -> Absent:
    return Absent(f"Keras has it as a function, {' and '.join(f'keras.ops.{n}' for n in names)}")


KERAS: Table = {
    "Slice": Absent("Keras writes it as Python does, x[:, start:stop:step]"),
    "Select": Absent("Keras writes it as Python does, x[:, index]"),
    "Split": _function("split"),
    "Unbind": _function("unstack"),
    "Stack": _function("stack"),
    "ExpandDims": _function("expand_dims"),
    "Squeeze": _function("squeeze"),
    "Expand": _function("broadcast_to"),
    "Tile": _function("tile", "repeat"),
    "Flip": _function("flip"),
    "Roll": _function("roll"),
    "Transpose": _function("swapaxes"),
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
