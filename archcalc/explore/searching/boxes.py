"""Parts of all axes at once, as boxes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from archcalc.explore.axis import Axis, Part

__all__ = ["Box", "size_of", "whole"]

Box: TypeAlias = tuple[Part, ...]
"""A part of each axis."""


def whole(axes: Sequence[Axis]) -> Box:
    """The box of all values."""
    return tuple((0, axis.size) for axis in axes)


def size_of(box: Box) -> int:
    """How many configurations a box holds."""
    return prod(stop - start for start, stop in box)
