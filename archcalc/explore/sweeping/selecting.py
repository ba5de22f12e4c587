"""Where a condition holds among columns, exactly, in blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

import numpy as np

from archcalc.explore.sweeping.filters import read_rows
from archcalc.formula.compiling.bounds import bounds_of, fits
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.operations import Array
from archcalc.formula.compiling.running import Runner
from archcalc.formula.statements import names_in
from archcalc.symbolic.interval import IntegerInterval

__all__ = ["places_where"]


def places_where(text: str, columns: Mapping[str, Array]) -> Array:
    """The places, in rising order, at which the condition `text` holds.

    Args:
        text: such as ``"parameters <= 1_000_000 and k != 3"``.
        columns: arrays that broadcast against one another, by name.

    Raises:
        ExpressionError: the text is no condition.
        UnknownSymbolError: it names something that is no column.
        ArithmeticRuleError: it divides by zero somewhere.

    >>> places_where("h*k == 12 or h > k + 3", {"h": np.array([2, 3, 9]), "k": np.array([5, 4, 1])})
    array([1, 2])
    """
    shape = np.broadcast_shapes(*(array.shape for array in columns.values()))
    asked = names_in(text) if isinstance(text, str) else set()
    seen = {name: _seen(name, array) for name, array in columns.items() if name in asked}
    condition = read_rows(text, list(columns), {n: s.spelt for n, s in seen.items() if s.spelt})
    program = build([], condition.comparisons)
    steps = [need.step for need in program.needs]
    if 0 in shape:
        return np.empty(0, np.int64)
    bounds = bounds_of(program, {name: s.span for name, s in seen.items()}, steps)
    inputs = {name: s.values for name, s in seen.items()}
    inputs |= {"": np.empty((1,) * len(shape))}  # for its rank, where no column is named
    dtype = "float64" if any(s.values.dtype.kind == "f" for s in seen.values()) else "int64"
    found, start = list[Array](), 0
    for region, parts in Runner(program, inputs, bounds, dtype).parts(steps, shape):
        lengths = [s.stop - s.start for s in region]
        compared = zip(program.needs, parts, strict=True)
        holds = condition.choice(
            [need.holds_at(numbers).astype(bool, copy=False) for need, numbers in compared]
        )
        holds = np.broadcast_to(holds, lengths)
        found.append(np.flatnonzero(holds) + start)
        start += holds.size
    return np.concatenate(found)


@dataclass(frozen=True)
class _Seen:
    """A column as whole numbers of at least 1, for such is what a symbol stands for.

    Attributes:
        values: the numbers.
        span: the least and the largest of them.
        spelt: what the column is in terms of them; empty where it is just that.
    """

    values: Array
    span: IntegerInterval
    spelt: str = ""


def _seen(name: str, array: Array) -> _Seen:
    if not array.size:
        return _Seen(array, (1, 1))
    if array.dtype.kind == "f":
        return _Seen(array, (floor(array.min()), ceil(array.max())))
    scale = 1
    if array.dtype == object:
        scale = lcm(*(v.denominator for v in array.flat if isinstance(v, Fraction)))
        array = array if scale == 1 else _whole(array * scale)
    least, largest = int(array.min()), int(array.max())
    shift = max(0, 1 - least)
    span = least + shift, largest + shift
    if not fits(span):
        array = array.astype(object)
    spelt = f"(({name} - {shift})/{scale})" if shift or scale > 1 else ""
    return _Seen(array + shift if shift else array, span, spelt)


def _whole(array: Array) -> Array:
    return np.array([int(v) for v in array.flat] + [None], object)[:-1].reshape(array.shape)
