"""Values of hyperparameters: what is given as what is kept, and what is kept as a file has it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import isfinite
from typing import Any, TypeAlias

from sympy import Expr, Rational, Symbol

from archcalc.symbolic.dims import Dim, as_dim
from archcalc.symbolic.errors import DimensionError, quoted
from archcalc.symbolic.printing import to_python
from archcalc.symbolic.shape import Shape, as_shape

__all__ = [
    "OTHER_PADDINGS",
    "PADDINGS",
    "PaddingPairs",
    "as_data",
    "as_list",
    "function_name",
    "listed",
    "optional",
    "read_amounts",
    "read_axes",
    "read_dims",
    "read_function",
    "read_groups",
    "read_no_axes",
    "read_padding",
    "read_ratios",
    "read_rule",
    "read_section_count",
    "read_sections",
    "read_some",
    "read_target",
]


PaddingPairs: TypeAlias = tuple[tuple[Dim, Dim], ...]


def as_data(value: Any) -> Any:
    """A normalised value as numbers, strings and lists that a file can hold.

    >>> as_data((3, 3)), as_data(((1, 1), (1, 1))), as_data((3, 5)), as_data(((1, 2), (1, 2)))
    (3, 1, [3, 5], [[1, 2], [1, 2]])
    >>> as_data(Shape((3, 3))), as_data(Shape())
    ([3, 3], [])
    >>> as_data((Fraction(3, 2), Fraction(3, 2))), as_data(Fraction(1, 7654321))
    (1.5, '1/7654321')
    """
    if isinstance(value, Expr):
        return value.name if isinstance(value, Symbol) else to_python(value)
    if isinstance(value, Fraction):
        return float(value) if _meant(float(value)) == value else str(value)
    if isinstance(value, Shape):
        return [as_data(dim) for dim in value]
    if isinstance(value, tuple):
        parts = [as_data(part) for part in value]
        alike = bool(parts) and all(part == parts[0] for part in parts)
        return parts[0] if alike and not isinstance(parts[0], list) else parts
    return value


def read_function(value: Any) -> Any:
    """A function, or ``None``."""
    if value is None or callable(value):
        return value
    raise DimensionError(f"{quoted(value)} is not a function", code="not-a-function")


def read_rule(value: Any, *, minimum: int) -> Any:
    """A shape, a function that gives one, or ``None``."""
    return value if value is None or callable(value) else as_shape(value, minimum=minimum)


def function_name(value: Any) -> Any:
    """A function by its name; anything else as a file has it."""
    return getattr(value, "__name__", repr(value)) if callable(value) else as_list(value)


def as_list(value: Any) -> Any:
    return [as_data(part) for part in value] if isinstance(value, tuple) else as_data(value)


def listed(value: Any) -> Any:
    """A value with its tuples as lists, as deep as they go, none of them taken for one number.

    >>> listed((2, 2)), listed({"axes": (0, 1)})
    ([2, 2], {'axes': [0, 1]})
    """
    if isinstance(value, Mapping):
        return {key: listed(part) for key, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, tuple | list) else as_data(value)


def is_sequence(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | Expr)


def read_dims(value: Any, *, minimum: int) -> tuple[Dim, ...]:
    """A dimension for every axis, or one for all of them."""
    if is_sequence(value):
        parts = tuple(value)
        if not parts:
            raise DimensionError("an empty sequence gives no size")
        return tuple(as_dim(part, minimum=minimum) for part in parts)
    return (as_dim(value, minimum=minimum),)


def read_groups(value: Any, *, minimum: int) -> Dim:
    """A number of groups, or −1 for one a channel."""
    return -1 if value in (-1, "-1") else as_dim(value, minimum=minimum)


def optional(read: Any) -> Any:
    return lambda value, **how: None if value is None else read(value, **how)


def read_some(value: Any, *, minimum: int) -> tuple[Dim | None, ...]:
    """A dimension for every axis, or ``None`` where it stays."""
    parts = tuple(value) if is_sequence(value) else (value,)
    return tuple(None if part is None else as_dim(part, minimum=minimum) for part in parts)


def read_padding(value: Any, *, minimum: int) -> Any:
    """A named rule, one amount, an amount an axis, or a pair an axis; pairs come out."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in PADDINGS:
            return word
        if word in OTHER_PADDINGS or difflib.get_close_matches(word[:20], PADDINGS, cutoff=0.7):
            raise DimensionError(
                f"{quoted(value, 40)} is not a padding",
                code="unknown-padding",
                hint=f"use {', '.join(map(repr, PADDINGS))}, or amounts",
            )
    return read_amounts(value, minimum=minimum)


PADDINGS = ("valid", "same", "causal")


OTHER_PADDINGS = ("full", "zeros", "reflect", "replicate", "circular", "constant", "none", "auto")
"""Words that other tools take for a padding, and that nobody means as a symbol."""


def read_amounts(value: Any, *, minimum: int) -> PaddingPairs:
    if not is_sequence(value):
        amount = as_dim(value, minimum=minimum)
        return ((amount, amount),)
    pairs = []
    for part in tuple(value):
        ends = tuple(part) if is_sequence(part) else (part, part)
        if len(ends) != 2:
            raise DimensionError(f"{quoted(part)} is not an amount or a pair (before, after)")
        pairs.append((as_dim(ends[0], minimum=minimum), as_dim(ends[1], minimum=minimum)))
    if not pairs:
        raise DimensionError("an empty sequence gives no padding")
    return tuple(pairs)


def read_axes(value: Any) -> tuple[int, ...]:
    parts = tuple(value) if is_sequence(value) else (value,)
    for part in parts:
        if type(part) is not int:
            raise DimensionError(f"{quoted(part)} is not the number of an axis")
    return parts


_FINEST = 1_000_000
"""A float stands for a fraction whose denominator is at most this, where one is as near as it."""


def _ratio(value: Any) -> Fraction:
    """A ratio above 0, exactly: a float is the simple fraction that it was written for."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction | Rational):
        raise DimensionError(f"{quoted(value)} is not a ratio")
    if isinstance(value, float):
        made = _meant(value) if isfinite(value) else Fraction(0)
    else:
        made = _fraction(value)
    if made <= 0:
        raise DimensionError(
            f"{quoted(value)} is not a ratio",
            hint="give a number above 0 as a fraction, such as 1.5 or '1/3'",
        )
    return made


def _meant(value: float) -> Fraction:
    """The simple fraction that a float was written for; the float itself where it is for none.

    >>> _meant(1.3), _meant(1 / 3), _meant(1.33333333) == Fraction(1.33333333)
    (Fraction(13, 10), Fraction(1, 3), True)
    """
    simple = Fraction(value).limit_denominator(_FINEST)
    return simple if float(simple) == value else Fraction(value)


def _fraction(value: int | str | Fraction | Rational) -> Fraction:
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    try:
        return Fraction(value) if len(str(value)) <= _LONGEST_RATIO else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


_LONGEST_RATIO = 100


def read_ratios(value: Any) -> tuple[Fraction, ...]:
    parts = tuple(value) if is_sequence(value) else (value,)
    if not parts:
        raise DimensionError("an empty sequence gives no ratio")
    return tuple(map(_ratio, parts))


def read_no_axes(value: Any) -> tuple[int, ...]:
    return () if value is None else read_axes(value)


def read_sections(value: Any, *, minimum: int) -> int | tuple[Dim, ...]:
    """How many parts, which must be a number, or the size of each."""
    sizes: tuple[Dim, ...] = read_dims(value, minimum=minimum) if is_sequence(value) else ()
    return sizes or read_section_count(value)


def read_section_count(value: Any) -> int:
    count = as_dim(value)
    if not isinstance(count, int) or count > _MOST_SECTIONS:
        raise DimensionError(
            f"{quoted(value)} does not say how many there are",
            hint=f"give a number up to {_MOST_SECTIONS:,}: each is an output of its own",
        )
    return count


_MOST_SECTIONS = 4_096
"""Each is an output of its own, with its shape."""


def read_target(value: Any, *, minimum: int) -> tuple[Dim, ...]:
    """A shape in which one dimension may be −1, to be worked out."""
    parts = tuple(value) if is_sequence(value) else (value,)
    dims = tuple(-1 if part in (-1, "-1") else as_dim(part, minimum=minimum) for part in parts)
    if sum(dim == -1 for dim in dims) > 1:
        raise DimensionError("only one dimension of a target shape may be -1")
    return dims
