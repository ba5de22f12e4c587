"""A grid: the values of each symbol, and all combinations of them as numbered rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from archcalc.explore.axis import Axis, read_axis
from archcalc.formula.compiling.inputs import span_of
from archcalc.formula.compiling.operations import Array
from archcalc.formula.compiling.running import Region
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.interval import IntegerInterval
from archcalc.symbolic.limits import LIMITS

__all__ = ["Grid", "read_grid"]


@dataclass(frozen=True, eq=False)
class Grid:
    """The values of each symbol; the last one varies fastest from row to row.

    Attributes:
        axes: the values by symbol, as one-dimensional arrays.
    """

    axes: Mapping[str, Array]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """How many values each symbol takes."""
        return tuple(map(len, self.axes.values()))

    @property
    def size(self) -> int:
        """How many rows there are."""
        return prod(self.shape)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many values each symbol takes, by name."""
        return dict(zip(self.axes, self.shape, strict=True))

    def inputs(self) -> dict[str, Array]:
        """The values of each symbol along an axis of its own."""
        return dict(zip(self.axes, np.ix_(*self.axes.values()), strict=True))

    def merged_inputs(self, most: int) -> dict[str, Array]:
        """The same with short last axes made one, of no more than `most` values.

        NumPy goes along the last axis in one go, and a short one makes many goes of little work.
        """
        keep = self._kept_apart(most)
        inner = self.shape[keep:]
        merged = {}
        for name, array in self.inputs().items():
            if any(n > 1 for n in array.shape[keep:]):
                array = np.broadcast_to(array, array.shape[:keep] + inner)
            merged[name] = array.reshape((*array.shape[:keep], -1))
        return merged

    def unmerged(self, array: Array) -> Array:
        """What was computed with merged axes, on the axes of the grid."""
        if not self.shape:
            return array
        keep = array.ndim - 1
        inner = self.shape[keep:] if array.shape[-1] > 1 else (1,) * (len(self.shape) - keep)
        return array.reshape(array.shape[:keep] + inner)

    def _kept_apart(self, most: int) -> int:
        """How many axes come before those that are merged."""
        keep = len(self.shape) - 1
        if keep < 1 or self.shape[-1] >= _LONG_ENOUGH:
            return max(keep, 0)
        while keep > 1 and prod(self.shape[keep - 1 :]) <= most:
            keep -= 1
        return keep

    def spans(self) -> dict[str, IntegerInterval]:
        """The least and the largest value of each symbol."""
        return {name: span_of(values) for name, values in self.axes.items()}

    def at(self, name: str, rows: Array) -> Array:
        """The values of one symbol in `rows`."""
        at = list(self.axes).index(name)
        inner = prod(self.shape[at + 1 :])
        values: Array = self.axes[name][rows // inner % self.shape[at]]
        return values

    def taken(self, array: Array, rows: Array) -> Array:
        """What an array on some of the axes holds in `rows`."""
        index = rows if array.shape == self.shape else self._places(array.shape, rows)
        values: Array = array.reshape(-1)[index]
        return values

    def _places(self, shape: tuple[int, ...], rows: Array) -> Array:
        """Where `rows` stand in an array of some of the axes."""
        index = np.zeros_like(rows)
        inner = own_inner = 1
        for length, own in zip(reversed(self.shape), reversed(shape), strict=True):
            if own != 1:
                index += rows // inner % length * own_inner
            inner *= length
            own_inner *= own
        return index

    def keeping(self, name: str, keep: Array) -> Grid:
        """The grid with only those values of one symbol where `keep` is true."""
        return Grid({**self.axes, name: self.axes[name][keep]})

    def part(self, region: Region) -> Grid:
        """The grid of a part of the values of each symbol."""
        kept = zip(self.axes.items(), region, strict=True)
        return Grid({name: values[which] for (name, values), which in kept})

    def rows_of(self, region: Region, rows: Array) -> Array:
        """`rows` of the part that `region` is, as rows of the whole grid."""
        found = np.zeros_like(rows)
        inner = part_inner = 1
        for length, which in zip(reversed(self.shape), reversed(region), strict=True):
            own = which.stop - which.start
            found += (rows // part_inner % own + which.start) * inner
            inner *= length
            part_inner *= own
        return found


def read_grid(ranges: Mapping[str, Any]) -> Grid:
    """The grid over `ranges`, which are integers, ranges, lists or arrays of integers.

    Raises:
        EvaluationError: one has no values, or one that is no positive integer.

    >>> read_grid({"k": [1, 3], "f": range(8, 11), "n": 5}).shape
    (2, 3, 1)
    """
    axes = (read_axis(name, values) for name, values in ranges.items())
    return Grid({axis.name: _written_out(axis) for axis in axes})


def _written_out(axis: Axis) -> Array:
    """The values of an axis, if memory holds them."""
    if axis.size > LIMITS.axis_values:
        raise EvaluationError(
            f"{axis.name} takes {axis.size:,} values, too many to hold in memory",
            code="too-large",
            values={axis.name: axis.values},
            hint="take fewer, or ask ac.search, which holds none of them",
        )
    return axis.listed()


_LONG_ENOUGH = 256
"""An axis of so many values is worth going along by itself."""
