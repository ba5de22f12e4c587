"""Sizes that are a fraction of others, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TypeVar

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div

__all__ = ["scaled", "spread"]

T = TypeVar("T")


def scaled(sizes: Iterable[Dim], ratios: Iterable[Fraction]) -> tuple[Dim, ...]:
    """Each of `sizes` times its ratio, rounded down.

    A framework multiplies floats here, and where a product should be whole it may come out just
    below: in floats ``0.29·100`` is 28.99….  The rule is the exact one, 29.

    >>> scaled((100, 7), (Fraction(29, 100), Fraction(3, 2)))
    (29, 10)
    """
    pairs = zip(sizes, ratios, strict=True)
    return tuple(floor_div(n * ratio.numerator, ratio.denominator) for n, ratio in pairs)


def spread(values: tuple[T, ...], count: int) -> tuple[T, ...]:
    """One value for each of `count` axes: the only one for all of them."""
    return values * count if len(values) == 1 else values
