"""Sizes of a run that is followed with symbols: a number, and the formula that it is the value of.

What decides on the structure of a graph reads the number; what becomes an argument of a layer is
read as the formula, because `archcalc.symbolic` takes whatever says ``_sympy_``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any

import sympy

from archcalc.symbolic.dims import Dim, exact_div, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.halves import with_halves_up

__all__ = ["Size", "dim_of", "product_of", "quotient"]


class Size(int):
    """A size that depends on symbols.

    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> half = Size(224, h) // 2
    >>> half, dim_of(half), dim_of(half * 3 + 1)
    (112, h//2, 3*(h//2) + 1)
    """

    dim: Dim

    def __new__(cls, number: int, dim: Dim) -> Any:
        if isinstance(dim, int):
            return int(dim)
        made = super().__new__(cls, number)
        made.dim = dim
        return made

    def _sympy_(self) -> Any:
        return self.dim

    def __add__(self, other: Any) -> Any:
        return _both(self, other, int.__add__, _sum)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _both(self, other, int.__sub__, lambda a, b: _sum(a, -b))

    def __rsub__(self, other: Any) -> Any:
        return _both(self, other, int.__rsub__, lambda a, b: _sum(-a, b))

    def __mul__(self, other: Any) -> Any:
        return _both(self, other, int.__mul__, lambda a, b: lower(sympy.sympify(a) * b))

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return Size(-int(self), lower(-sympy.sympify(self.dim)))

    def __floordiv__(self, other: Any) -> Any:
        return _both(self, other, int.__floordiv__, floor_div)

    def __rfloordiv__(self, other: Any) -> Any:
        return _both(self, other, int.__rfloordiv__, lambda a, b: floor_div(b, a))

    def __mod__(self, other: Any) -> Any:
        return self - self // other * other


def dim_of(size: Any) -> Dim:
    """What a size is as a dimension: the formula, or the number."""
    return size.dim if isinstance(size, Size) else int(size)


def product_of(sizes: Iterable[int]) -> int:
    """The product, as a formula where one of them is."""
    return prod(sizes)


def quotient(size: int, by: int) -> int:
    """What a size is divided by something that is a factor of it.

    >>> quotient(15, 5)
    3
    """
    if not isinstance(size, Size) and not isinstance(by, Size):
        return size // by
    return Size(int(size) // int(by), exact_div(dim_of(size), dim_of(by)))  # type: ignore[no-any-return]


def _sum(a: Dim, b: Dim) -> Dim:
    return with_halves_up(lower(sympy.sympify(a) + b))


def _both(a: Size, b: Any, numbers: Callable[..., Any], dims: Callable[..., Any]) -> Any:
    if not isinstance(b, int):
        return NotImplemented
    return Size(numbers(int(a), int(b)), dims(a.dim, dim_of(b)))
