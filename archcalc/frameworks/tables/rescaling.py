"""Numbers brought to another range."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import Argument, Entry, Table, same, same_tensors
from archcalc.frameworks.tables.converters import axes_back, axes_there
from archcalc.symbolic.shape import Shape

__all__ = ["KERAS", "TORCH"]

_STATISTICS = same_tensors("mean", "variance", "count")


def _some_axes_there(axes: tuple[int, ...], x: Shape) -> int | list[int] | None:
    return axes_there(axes, x) if axes else None


def _some_axes_back(axes: Any, x: Shape) -> tuple[int, ...]:
    return () if axes is None else axes_back(axes, x)


KERAS: Table = {
    "Rescaling": Entry("Rescaling", same("scale", "offset")),
    "Normalization": Entry(
        "Normalization",
        (
            Argument("axis", "axis", _some_axes_there, _some_axes_back),
            *same("mean", "variance", "invert"),
        ),
        tensors=_STATISTICS,
    ),
}

TORCH: Table = {
    "Rescaling": Entry(".Rescaled", same("scale", "offset")),
    "Normalization": Entry(
        ".Standardized",
        same("mean", "variance", "invert"),
        around=("axis",),
        tensors=_STATISTICS,
    ),
}
