"""Reading the values of symbols: integers and arrays of integers, all of them at least 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.interval import IntegerInterval

__all__ = ["aligned", "read_array", "read_with_span", "span_of"]

_POSITIVE = "every symbol stands for a dimension: 1, 2, 3, …"
_LARGEST = 2**63 - 1

_AT_ONCE = 1 << 16
"""So many numbers stay in the cache."""


def read_array(name: str, values: Any) -> Array:
    """`values` as 64-bit integers, or as Python integers where one is larger than these hold.

    Args:
        name: the symbol that they are for.
        values: an integer, a list or range of integers, or an array of integers.

    Raises:
        EvaluationError: one of them is no positive integer.

    >>> read_array("k", [1, 3, 5])
    array([1, 3, 5])
    >>> read_array("k", [1, 2.5])
    Traceback (most recent call last):
    archcalc.symbolic.errors.EvaluationError: k = 2.5 is not a positive integer; ...
    """
    return read_with_span(name, values)[0]


def read_with_span(name: str, values: Any) -> tuple[Array, IntegerInterval]:
    """`values` as `read_array` reads them, and the least and the largest of them.

    Without values, these are 1 and 1.

    Raises:
        EvaluationError: one of them is no positive integer.

    >>> read_with_span("k", [1, 3, 5])
    (array([1, 3, 5]), (1, 5))
    """
    array = _as_integers(name, values)
    if not array.size:
        return array, (1, 1)
    span = span_of(array)
    if span[0] < 1:
        raise _refused(name, int(array[array < 1].flat[0]) if array.ndim else int(array))
    return array, span


def _as_integers(name: str, values: Any) -> Array:
    if np.ma.is_masked(values):
        raise EvaluationError(
            f"{name} is an array of which some values are masked",
            code="masked",
            values={"name": name},
            hint="give its compressed() values, or fill the others",
        )
    if isinstance(values, np.ndarray | np.generic) and values.dtype.kind in "iu":
        array = np.asarray(values)
        if array.dtype == np.uint64 and array.size and array.max() > _LARGEST:
            return array.astype(object)
        return array.astype(np.int64, copy=False)
    try:
        array = np.array(values, object)
    except ValueError as error:
        raise _refused(name, values) from error
    wrong = [v for v in array.flat if not _is_integer(v)]
    if wrong:
        raise _refused(name, wrong[0])
    if array.size and max(map(abs, array.flat)) > _LARGEST:
        return np.array([int(v) for v in array.flat], object).reshape(array.shape)
    return array.astype(np.int64)


def _is_integer(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    return isinstance(value, int | np.integer)


def _refused(name: str, value: object) -> EvaluationError:
    return EvaluationError(
        f"{name} = {shorten(value, 40)} is not a positive integer",
        values={name: value},
        hint=_POSITIVE,
    )


def span_of(array: Array) -> IntegerInterval:
    """The least and the largest of values, of which there is one at least."""
    flat = array.reshape(-1)
    if array.dtype == object or array.size <= _AT_ONCE or not np.shares_memory(flat, array):
        return int(array.min()), int(array.max())
    # part by part, so that the memory is read once for both
    parts = [flat[i : i + _AT_ONCE] for i in range(0, flat.size, _AT_ONCE)]
    ends = [(part.min(), part.max()) for part in parts]
    return int(min(low for low, _ in ends)), int(max(high for _, high in ends))


def aligned(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[int, ...]]:
    """`arrays` with as many axes each as they have when broadcast, and the shape that gives.

    Raises:
        EvaluationError: their shapes do not fit one another.
    """
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name}: {array.shape}" for name, array in arrays.items())
        raise EvaluationError(
            f"arrays of these shapes do not fit one another: {shapes}",
            code="shapes-differ",
            hint="give arrays that NumPy broadcasts, or use sweep for a grid of all combinations",
        ) from error
    rank = len(shape)
    return {n: a.reshape((1,) * (rank - a.ndim) + a.shape) for n, a in arrays.items()}, shape
