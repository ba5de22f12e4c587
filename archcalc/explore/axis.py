"""The values of one symbol, as sweeps and searches take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from archcalc.formula.compiling.inputs import read_array
from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.interval import IntegerInterval

__all__ = ["Axis", "Part", "read_axis"]

Part: TypeAlias = tuple[int, int]
"""The places from the first up to, and without, the second."""

_LARGEST = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Axis:
    """The values of one symbol.

    Each has a turn, its number from 0 in the order in which the values were given, and a place,
    its number from 0 as they rise.

    Attributes:
        name: the symbol.
        values: as they were given; ranges stay ranges.
    """

    name: str
    values: range | Array

    @cached_property
    def size(self) -> int:
        """How many values there are, also of a range that is longer than `len` says.

        >>> Axis("k", range(1, 10**30, 3)).size == 10**30 // 3
        True
        """
        if isinstance(self.values, range):
            return max(0, -((self.values.start - self.values.stop) // self.values.step))
        return len(self.values)

    @cached_property
    def _way(self) -> int:
        """1 where the values were given as they rise, -1 as they fall, 0 where they do neither."""
        if isinstance(self.values, range):
            return 1 if self.values.step > 0 else -1
        before, after = self.values[:-1], self.values[1:]
        return int((before < after).all()) - int((before > after).all() and self.size > 1)

    @cached_property
    def _order(self) -> Array:
        """The turn of the value at each place, where that is not known from the way."""
        return np.argsort(self.values, kind="stable")

    @cached_property
    def _rising(self) -> range | Array:
        if self._way:
            return self.values[:: self._way]
        assert not isinstance(self.values, range)
        return self.values[self._order]

    def at(self, place: int) -> int:
        """The value at a place."""
        return int(self._rising[place])

    def given(self, turn: int) -> int:
        """The value whose turn it is."""
        return int(self.values[turn])

    def place_of(self, value: int) -> int:
        """The place of a value.

        >>> Axis("k", range(9, 0, -2)).place_of(3)
        1
        """
        if isinstance(self._rising, range):
            return self._rising.index(value)
        return int(np.searchsorted(self._rising, value))

    def span(self, part: Part) -> IntegerInterval:
        """The least and the largest value of a part."""
        return self.at(part[0]), self.at(part[1] - 1)

    def taken(self, places: Array) -> Array:
        """The values at `places`: in 64 bits where these hold them."""
        return _taken(self._rising, places)

    def listed(self) -> Array:
        """All values in the order in which they were given.

        >>> Axis("k", range(9, 0, -4)).listed()
        array([9, 5, 1])
        """
        if not isinstance(self.values, range):
            return self.values
        start, stop, step = self.values.start, self.values.stop, self.values.step
        if max(start, stop) <= _LARGEST:
            return np.arange(start, stop, step, dtype=np.int64)
        return _taken(self.values, np.arange(self.size))

    def turns(self, places: Array) -> Array:
        """The turns of the values at `places`."""
        if self._way:
            return places if self._way > 0 else self.size - 1 - places
        return self._order[places]

    def first_turn(self, part: Part) -> int:
        """The first turn in a part.

        >>> Axis("k", np.array([20, 7, 9])).first_turn((1, 3))
        0
        """
        start, stop = part
        if self._way:
            return start if self._way > 0 else self.size - stop
        return int(self._order[start:stop].min())

    def first_turns(self, low: Array, high: Array) -> Array:
        """The first turn from each place of `low` to that of `high`."""
        if self._way:
            return self.turns(low if self._way > 0 else high)
        ends = np.stack([low, high + 1], axis=1).reshape(-1)
        order = np.append(self._order, self.size)  # an end may be one past the last place
        first: Array = np.minimum.reduceat(order, ends)[::2]
        return first

    def keeping(self, keep: Array) -> Axis:
        """The axis with only those values where `keep`, in the order given, is true."""
        return self if keep.all() else Axis(self.name, self.listed()[keep])

    def repeated(self) -> int | None:
        """A value that was given more than once."""
        rising = self._rising
        if self._way or isinstance(rising, range):
            return None
        again = rising[1:][rising[1:] == rising[:-1]]
        return int(again[0]) if again.size else None


def _taken(values: range | Array, at: Array) -> Array:
    if not isinstance(values, range):
        return values[at]
    kept = np.int64 if max(values[0], values[-1]) <= _LARGEST else object
    taken: Array = at.astype(kept) * values.step + values.start
    return taken


def read_axis(name: str, values: Any) -> Axis:
    """The axis of one symbol.

    Args:
        name: the symbol.
        values: an integer, a range, or a list, a tuple or an array of integers, be it NumPy's or
            of another library.

    Raises:
        EvaluationError: it has no end, no values, or one that is no positive integer.

    >>> read_axis("f", range(32, 8, -8))
    Axis(name='f', values=range(32, 8, -8))
    >>> read_axis("k", [5, 1, 3]).values
    array([5, 1, 3])
    >>> read_axis("n", 7).values
    array([7])
    """
    axis = Axis(name, values if isinstance(values, range) else _read_array(name, values))
    if not axis.size:
        raise EvaluationError(
            f"{name} has no values: {shorten(values, 40)} is empty",
            code="empty-range",
            values={"name": name},
            hint="a range such as range(1, 9) holds 1 to 8",
        )
    if isinstance(values, range) and (wrong := min(values[0], values[-1])) < 1:
        read_array(name, wrong)  # refuses it
    return axis


def _read_array(name: str, values: Any) -> Array:
    if not isinstance(values, int | np.integer | list | tuple | np.ndarray):
        values = _listed(name, values)
    array = read_array(name, values)
    if array.ndim > 1:
        raise EvaluationError(
            f"{name} is an array of {array.ndim} axes",
            values={name: array.shape},
            hint="give its values in one line",
        )
    return array.reshape(-1)


def _listed(name: str, values: Any) -> Any:
    """What a library other than NumPy keeps as a column."""
    if hasattr(values, "__array__"):
        return np.asarray(values)
    hint = "give a range such as range(1, 1025), a list of integers, or one integer"
    if isinstance(values, Iterator):
        raise EvaluationError(
            f"{name} = {shorten(values, 40)} is no range of integers with an end",
            code="unbounded",
            values={"name": name},
            hint=hint,
        )
    raise EvaluationError(
        f"{name} = {shorten(values, 40)} are no values to take one after another",
        values={name: values},
        hint=hint,
    )
