"""Arithmetic on sizes that are symbols, where it is more than sums, products and floors."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from operator import mul
from typing import Any

from archcalc.frameworks.importing.sizes import Size

__all__ = ["OfSize", "formula", "of_sizes"]


class OfSize(float):
    """A number that was divided: it no longer knows its formula, and is refused as a size."""


def formula(value: Any) -> Any:
    """The formula that a number stands for; anything else as it is."""
    return value.dim if isinstance(value, Size) else value


def of_sizes(kind: type, left: Any, right: Any, compute: Callable[[Any, Any], Any]) -> Any:
    """Two numbers put together by an operator, one of which at least is a symbol's.

    >>> from archcalc.symbolic import symbol
    >>> d = Size(512, symbol("d"))
    >>> formula(of_sizes(ast.Pow, d, 2, pow)), of_sizes(ast.Div, d, 2, float.__truediv__)
    (d**2, 256.0)
    """
    if not isinstance(left, int) or not isinstance(right, int):
        return compute(left, right)
    if kind is ast.Div:
        return OfSize(int(left) / int(right))
    if kind is ast.Mod:
        return left - left // right * right
    if kind is ast.Pow:
        few = type(right) is int and 1 <= right <= 8
        return reduce(mul, [left] * right) if few else OfSize(float(left) ** float(right))
    return compute(left, right)
