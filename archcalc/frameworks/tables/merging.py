"""What joins several inputs."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Table, same, theirs
from archcalc.frameworks.tables.converters import KERAS_AXIS, axes_back
from archcalc.symbolic.shape import Shape

__all__ = ["KERAS", "TORCH"]


def _dot_axes(axes: tuple[int, ...], x: Shape) -> int | tuple[int, ...]:
    return axes[0] if len(axes) == 1 else axes


KERAS: Table = {
    **theirs("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", entry=Entry("")),
    "Concatenate": Entry("Concatenate", (KERAS_AXIS,)),
    "Dot": Entry("Dot", (Argument("axes", "axes", _dot_axes, axes_back), *same("normalize"))),
}

TORCH: Table = {
    "Add": Entry(".Sum"),
    "Subtract": Entry(".Difference"),
    "Multiply": Entry(".Product"),
    "Average": Entry(".Mean"),
    "Maximum": Entry(".Largest"),
    "Minimum": Entry(".Smallest"),
    "Concatenate": Entry(".Concatenate", same("axis")),
    "Dot": Entry(".Dot", same("axes", "normalize")),
}
