"""Numbers brought to another range."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import axes_back, axes_there
from archcalc.frameworks.record import Argument, Entry, Record, same, same_tensors
from archcalc.layers.rescaling import Normalization, Rescaling
from archcalc.symbolic.shape import Shape

__all__ = ["RECORDS"]

_STATISTICS = same_tensors("mean", "variance", "count")


def _some_axes_there(axes: tuple[int, ...], x: Shape) -> int | list[int] | None:
    return axes_there(axes, x) if axes else None


def _some_axes_back(axes: Any, x: Shape) -> tuple[int, ...]:
    return () if axes is None else axes_back(axes, x)


RECORDS = (
    Record(
        Rescaling,
        keras=Entry(arguments=same("scale", "offset")),
        torch=Entry(".Rescaled", same("scale", "offset")),
    ),
    Record(
        Normalization,
        keras=Entry(
            arguments=(
                Argument("axis", "axis", _some_axes_there, _some_axes_back),
                *same("mean", "variance", "invert"),
            ),
            tensors=_STATISTICS,
        ),
        torch=Entry(
            ".Standardized",
            same("mean", "variance", "invert"),
            applied_outside=("axis",),
            tensors=_STATISTICS,
            core="images.normalization",
        ),
    ),
)
