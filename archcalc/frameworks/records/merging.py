"""What joins several inputs."""

from __future__ import annotations

from archcalc.frameworks.converters import KERAS_AXIS, axes_back
from archcalc.frameworks.record import Argument, Entry, Record, same
from archcalc.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)
from archcalc.symbolic.shape import Shape

__all__ = ["RECORDS"]


def _dot_axes(axes: tuple[int, ...], x: Shape) -> int | tuple[int, ...]:
    return axes[0] if len(axes) == 1 else axes


RECORDS = (
    Record(Add, keras=Entry(), torch=Entry(".Sum")),
    Record(Subtract, keras=Entry(), torch=Entry(".Difference")),
    Record(Multiply, keras=Entry(), torch=Entry(".Product")),
    Record(Average, keras=Entry(), torch=Entry(".Mean")),
    Record(Maximum, keras=Entry(), torch=Entry(".Largest")),
    Record(Minimum, keras=Entry(), torch=Entry(".Smallest")),
    Record(
        Concatenate,
        keras=Entry(arguments=(KERAS_AXIS,)),
        torch=Entry(".Concatenate", same("axis")),
    ),
    Record(
        Dot,
        keras=Entry(arguments=(Argument("axes", "axes", _dot_axes, axes_back), *same("normalize"))),
        torch=Entry(".Dot", same("axes", "normalize")),
    ),
)
