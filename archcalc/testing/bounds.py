"""Bounds of strategies, checked when one is asked for: what cannot be met is said at once."""

from __future__ import annotations

from hypothesis.errors import InvalidArgument

from archcalc.symbolic.errors import ArchcalcError, shorten

__all__ = ["BoundError", "between", "flag", "whole"]


class BoundError(ArchcalcError, InvalidArgument):
    """A bound of a strategy is none, or no example can meet it.

    It is Hypothesis' ``InvalidArgument`` too.
    """

    default_code = "bad-bound"


def whole(name: str, value: object, least: int = 1) -> int:
    """`value` as a bound: a whole number of at least `least`.

    Raises:
        BoundError: it is none.

    >>> whole("max_layers", 0)
    Traceback (most recent call last):
    archcalc.testing.bounds.BoundError: max_layers=0: it must be at least 1 [bad-bound]
    """
    if type(value) is not int:
        raise BoundError(f"{name}={shorten(repr(value), 60)}: it must be a whole number")
    if value < least:
        raise BoundError(f"{name}={value}: it must be at least {least}")
    return value


def between(low: str, least: object, high: str, most: object, bottom: int = 1) -> tuple[int, int]:
    """Two bounds, the lower one first.

    Raises:
        BoundError: one is none, or no number lies between them.

    >>> between("min_dim", 3, "max_dim", 2)
    Traceback (most recent call last):
    archcalc.testing.bounds.BoundError: min_dim=3 is more than max_dim=2 [bad-bound]
    """
    a, b = whole(low, least, bottom), whole(high, most, bottom)
    if a > b:
        raise BoundError(f"{low}={a} is more than {high}={b}")
    return a, b


def flag(name: str, value: object) -> bool:
    """`value`, which is yes or no.

    Raises:
        BoundError: it is neither.
    """
    if not isinstance(value, bool):
        raise BoundError(f"{name}={shorten(repr(value), 60)}: it must be True or False")
    return value
