"""What a step does, on NumPy arrays of 64-bit integers, Python integers or floats."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from archcalc.formula.compiling.program import Kind
from archcalc.symbolic.errors import EvaluationError

__all__ = ["UFUNCS", "Array", "NotWholeError", "apply", "as_dtype"]

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class NotWholeError(Exception):
    """A result is a fraction, and 64-bit integers were to be computed."""


_OBJECT = np.dtype(object)

UFUNCS: Mapping[Kind, np.ufunc] = {
    Kind.ADD: np.add,
    Kind.SUBTRACT: np.subtract,
    Kind.MULTIPLY: np.multiply,
    Kind.POWER: np.power,
    Kind.FLOOR: np.floor_divide,
    Kind.MAXIMUM: np.maximum,
    Kind.MINIMUM: np.minimum,
}


def apply(
    kind: Kind, left: Array, right: Array, dtype: np.dtype[Any], out: Array | None = None
) -> Array:
    """The result of a step, of `dtype`, in `out` where that is given.

    It is computed in Python integers where an argument or the result has to be such.

    Raises:
        NotWholeError: a quotient is a fraction, and `dtype` holds integers.
        EvaluationError: a quotient that must be whole is not, or a float is too large.
    """
    plain = left.dtype == right.dtype == dtype
    if kind in UFUNCS:
        if plain and dtype.kind == "i":
            return np.asarray(UFUNCS[kind](left, right, out=out))
        if plain and dtype.kind == "f":
            return _in_range(UFUNCS[kind], left, right, out)
        return as_dtype(np.asarray(UFUNCS[kind](left, right, dtype=object), object), dtype, out)
    if dtype.kind == "f":
        return as_dtype(_float_quotient(kind, left, right), dtype, out)
    if dtype == _OBJECT and kind is Kind.QUOTIENT:
        exact = _exactly(left.astype(object), right.astype(object))
        return as_dtype(np.asarray(exact, object), dtype, out)
    working = dtype if plain else _OBJECT
    quotient = np.asarray(np.floor_divide(left, right, dtype=working), working)
    if (quotient * right != left).any():
        raise NotWholeError if kind is Kind.QUOTIENT else _not_whole()
    return as_dtype(quotient, dtype, out)


def as_dtype(values: Array, dtype: np.dtype[Any], out: Array | None = None) -> Array:
    """`values` as `dtype`, in `out` where that is given.

    Raises:
        EvaluationError: a number is larger than the largest float.
    """
    try:
        if out is None:
            return values.astype(dtype, copy=False)
        out[...] = values
    except OverflowError as error:
        raise _too_large() from error
    return out


def _float_quotient(kind: Kind, left: Array, right: Array) -> Array:
    quotient = _in_range(np.true_divide, left, right)
    if kind is Kind.WHOLE and (quotient != np.rint(quotient)).any():
        raise _not_whole()
    return quotient


def _exact(a: int, b: int) -> int | Fraction:
    value = Fraction(a, b)
    return value.numerator if value.denominator == 1 else value


_exactly = np.frompyfunc(_exact, 2, 1)


def _in_range(function: np.ufunc, left: Array, right: Array, out: Array | None = None) -> Array:
    try:
        with np.errstate(over="raise", invalid="raise"):
            return np.asarray(function(left, right, out=out))
    except FloatingPointError as error:
        raise _too_large() from error


def _too_large() -> EvaluationError:
    return EvaluationError(
        "a number is larger than the largest float", code="too-large",
        hint="compute in integers, or with smaller values",
    )  # fmt: skip


def _not_whole() -> EvaluationError:
    return EvaluationError("an exponent is not a whole number", code="not-whole")
