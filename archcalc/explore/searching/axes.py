"""The values of a symbol to search, rising; and parts of all axes at once, as boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np

from archcalc.formula.compiling.bounds import Span
from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.errors import EvaluationError, shorten

__all__ = ["Axis", "Box", "Part", "read_axes", "size_of", "whole"]

Part: TypeAlias = tuple[int, int]
"""The places from the first up to, and without, the second."""

Box: TypeAlias = tuple[Part, ...]
"""A part of each axis."""

_LARGEST = 2**63 - 1
_LONGEST = 2**62


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one symbol, rising, each numbered by its place from 0.

    Attributes:
        name: the symbol.
        values: a rising range, or a rising tuple.
    """

    name: str
    values: range | tuple[int, ...]

    @property
    def size(self) -> int:
        """How many values there are."""
        return length(self.values)

    def at(self, place: int) -> int:
        """The value at a place."""
        return self.values[place]

    def span(self, part: Part) -> Span:
        """The least and the largest value of a part."""
        return self.at(part[0]), self.at(part[1] - 1)

    def taken(self, places: Array) -> Array:
        """The values at `places`: in 64 bits where these hold them."""
        if not isinstance(self.values, range):
            return _array(self.values)[places]
        start, step = self.values.start, self.values.step
        kept = np.int64 if self.at(self.size - 1) <= _LARGEST else object
        taken: Array = places.astype(kept) * step + start
        return taken

    def listed(self) -> Array:
        """All values."""
        if isinstance(self.values, range):
            return self.taken(np.arange(self.size))
        return _array(self.values)

    def keeping(self, keep: Array) -> Axis:
        """The axis with only those values where `keep` is true."""
        if keep.all():
            return self
        return Axis(self.name, tuple(int(v) for v in self.listed()[keep]))


def _array(values: Sequence[int]) -> Array:
    return np.array(values, np.int64 if max(values, default=0) <= _LARGEST else object)


def length(values: range | tuple[int, ...]) -> int:
    """How many there are, also of a range that is longer than `len` says.

    >>> length(range(1, 10**30, 3)) == 10**30 // 3
    True
    """
    if isinstance(values, range):
        return max(0, -((values.start - values.stop) // values.step))
    return len(values)


def whole(axes: Sequence[Axis]) -> Box:
    """The box of all values."""
    return tuple((0, axis.size) for axis in axes)


def size_of(box: Box) -> int:
    """How many configurations a box holds."""
    return prod(stop - start for start, stop in box)


def read_axes(ranges: Mapping[str, Any]) -> tuple[Axis, ...]:
    """The axes over `ranges`: an integer, a range, or a list or array of integers for each.

    Raises:
        EvaluationError: one has no end, no values, one value twice, or one that is no positive
            integer.

    >>> read_axes({"k": [5, 1, 3], "f": range(32, 8, -8), "n": 7})[1]
    Axis(name='f', values=range(16, 33, 8))
    """
    return tuple(Axis(name, _read(name, values)) for name, values in ranges.items())


def _read(name: str, values: Any) -> range | tuple[int, ...]:
    if isinstance(values, int | np.integer) and not isinstance(values, bool):
        values = (int(values),)
    read: range | tuple[int, ...]
    if isinstance(values, range):
        read = _rising(values)
    elif isinstance(values, Sized) and not isinstance(values, str | bytes | Mapping):
        read = _tuple(name, values)
    else:
        raise EvaluationError(
            f"{name} = {shorten(values, 40)} is no range of integers with an end",
            code="unbounded",
            values={"name": name},
            hint="give a range such as range(1, 1025), a list of integers, or one integer",
        )
    if not length(read):
        raise EvaluationError(
            f"{name} has no values: {shorten(values, 40)} is empty",
            code="empty-range",
            values={"name": name},
            hint="a range such as range(1, 9) holds 1 to 8",
        )
    if length(read) > _LONGEST:
        raise EvaluationError(
            f"{name} takes more values than places can be counted in 64 bits", code="too-large",
            values={"name": name}, hint="give a shorter range",
        )  # fmt: skip
    if read[0] < 1:
        raise _not_positive(name, read[0])
    return read


def _rising(values: range) -> range:
    if not length(values):
        return range(0)
    first, last = values[0], values[-1]
    low, high = min(first, last), max(first, last)
    return range(low, high + 1, abs(values.step))


def _tuple(name: str, values: Any) -> tuple[int, ...]:
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise _not_positive(name, value)
    rising = tuple(sorted({int(value) for value in listed}))
    if len(rising) < len(listed):
        twice = next(v for v in rising if listed.count(v) > 1)
        raise EvaluationError(
            f"{name} takes {twice:,} more than once", code="value-twice", values={"name": name},
            hint="give every value once",
        )  # fmt: skip
    return rising


def _not_positive(name: str, value: object) -> EvaluationError:
    return EvaluationError(
        f"{name} = {shorten(value, 40)} is not a positive integer",
        values={name: value},
        hint="every symbol stands for a dimension: 1, 2, 3, …",
    )
