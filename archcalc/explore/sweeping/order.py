"""Orders among rows: the smallest, sorting, and those that no other dominates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archcalc.formula.compiling.operations import Array

__all__ = ["best", "front", "key", "sorted_by", "top"]

_SLICE = 1 << 16
"""Rows whose front is looked for at once, before the fronts are put together."""


def key(values: Array, largest: bool) -> Array:
    """Numbers that stand to one another as `values` do, or the other way round."""
    if values.dtype == object:
        values = np.unique(values, return_inverse=True)[1].reshape(values.shape)
    if not largest:
        return values
    return -values if values.dtype.kind == "f" else ~values


def best(values: Array, largest: bool) -> int:
    """The first row with the smallest value, or the largest; there is one row at least."""
    return int(np.argmax(values) if largest else np.argmin(values))


def top(count: int, values: Array, largest: bool) -> Array:
    """The first `count` rows when sorted, without sorting all.

    >>> top(3, np.array([5, 1, 4, 1, 9]), largest=False)
    array([1, 3, 2])
    """
    if count == 1 and len(values):
        return np.array([best(values, largest)])
    keys = key(values, largest)
    if count >= len(keys):
        return sorted_by([keys])
    last = np.partition(keys, count - 1)[count - 1]
    before = np.flatnonzero(keys < last)
    level = np.flatnonzero(keys == last)[: count - len(before)]
    rows = np.sort(np.concatenate([before, level]))
    return rows[sorted_by([keys[rows]])]


def sorted_by(keys: Sequence[Array]) -> Array:
    """Rows by the first key, those equal in it by the second, and so on; the rest as they were.

    >>> sorted_by([np.array([2, 1, 1]), np.array([0, 8, 7])])
    array([2, 1, 0])
    """
    return np.lexsort(list(reversed(keys)))


def front(keys: Sequence[Array]) -> Array:
    """The rows than which none is smaller in one key and not larger in any, sorted by the keys.

    Two keys take n·log n steps (Kung, Luccio, Preparata 1975, "On finding the maxima of a set of
    vectors"); more keys take n steps for each row of the front.

    >>> front([np.array([1, 2, 2, 3]), np.array([9, 5, 6, 5])])
    array([0, 1])
    """
    rows = np.arange(len(keys[0]))
    if len(rows) > _SLICE:
        slices = [rows[at : at + _SLICE] for at in range(0, len(rows), _SLICE)]
        rows = np.concatenate([part[_front([k[part] for k in keys])] for part in slices])
    return rows[_front([k[rows] for k in keys])]


def _front(keys: Sequence[Array]) -> Array:
    rows = sorted_by(keys)
    ordered = [k[rows] for k in keys]
    if not len(rows):
        return rows
    fresh = np.ones(len(rows), bool)
    fresh[1:] = np.logical_or.reduce([k[1:] != k[:-1] for k in ordered])
    distinct = [k[fresh] for k in ordered]
    keep = _unbeaten(distinct) if len(keys) > 2 else _falling(distinct[-1])
    if len(keys) == 1:
        keep = np.arange(len(distinct[0])) == 0
    kept: Array = rows[keep[np.cumsum(fresh) - 1]]
    return kept


def _falling(second: Array) -> Array:
    """Of points sorted by their first key, and by the second: where the second falls."""
    keep = np.ones(len(second), bool)
    keep[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    return keep


def _unbeaten(points: Sequence[Array]) -> Array:
    """Of distinct points in their order: those that none before them beats."""
    keep = np.zeros(len(points[0]), bool)
    left = np.arange(len(points[0]))
    while len(left):
        first, left = left[0], left[1:]
        keep[first] = True
        better = np.logical_or.reduce([k[left] < k[first] for k in points])
        left = left[better]
    return keep
