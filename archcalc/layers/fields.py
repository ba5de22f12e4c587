"""The types of hyperparameters: what may be given, what is kept, and what a file says.

At run time each is an annotated Pydantic type.  To a type checker each is a descriptor, because a
hyperparameter is *given* as a number, a name or a formula and *read* as a normalised value, and a
descriptor is how a dataclass-like constructor says so (PEP 681).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from sympy import Expr, Rational, Symbol

from archcalc.symbolic.dims import Dim, DimLike, as_dim, as_expr
from archcalc.symbolic.errors import DimensionError, quoted
from archcalc.symbolic.printing import to_python
from archcalc.symbolic.shape import Shape, as_shape

__all__ = [
    "OTHER_PADDINGS",
    "PADDINGS",
    "Amounts",
    "AtLeast",
    "Axes",
    "Count",
    "Counts",
    "Dimension",
    "Function",
    "Groups",
    "OptionalAmounts",
    "OptionalAxes",
    "OptionalPosition",
    "OptionalRatios",
    "OptionalSize",
    "OptionalSizes",
    "Padding",
    "Position",
    "SectionCount",
    "Sections",
    "ShapeField",
    "ShapeRule",
    "Size",
    "Sizes",
    "SomeAxes",
    "SomeSizes",
    "TargetShape",
    "counts_of",
    "hyper",
    "least_of",
    "listed",
    "option",
    "parted_by",
    "plain",
]

PaddingPairs: TypeAlias = tuple[tuple[Dim, Dim], ...]

_DIM_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "description": "a formula"}]
}


@dataclass(frozen=True, slots=True)
class AtLeast:
    """What every dimension that a field holds is at least, as a part of the field's type.

    Attributes:
        minimum: the bound.
        words: what the field reads beside dimensions, or refuses in words of its own.
    """

    minimum: int
    words: tuple[str, ...] = ()


Counts: TypeAlias = Literal[
    "features", "positions", "sizes", "rows", "copies", "parts", "groups", "incoming", ""
]
"""What the number in a field is a number of.

``"features"`` are channels, units, classes; ``"positions"`` lie along an axis that windows slide
over, or sequences do; ``"sizes"`` are of axes of either kind; ``"rows"`` are of a table, one for
each index; ``"copies"`` follow one another; ``"parts"`` are heads and experts; ``"groups"`` are of
channels; ``"incoming"`` says what must come in.  What is none of these is a property of the layer
alone, as a kernel, a stride and a dilation are.
"""


@dataclass(frozen=True, slots=True)
class _Counting:
    """What numbers of a type of field count, unless the field says otherwise."""

    counts: Counts


@lru_cache(maxsize=1024)
def counts_of(cls: Any) -> dict[str, Counts]:
    """The fields of `cls` that hold numbers of features, positions and the like, and of which.

    >>> from archcalc.layers import Conv2D
    >>> counts_of(Conv2D)
    {'expects': 'incoming', 'filters': 'features', 'groups': 'groups', 'lora_rank': 'features'}
    """
    found: dict[str, Counts] = {}
    for name, field in cls.model_fields.items():
        extra = field.json_schema_extra
        told: Any = extra.get("counts") if isinstance(extra, dict) else None
        usual: Any = next((m.counts for m in field.metadata if isinstance(m, _Counting)), "")
        if told if told is not None else usual:
            found[name] = told if told is not None else usual
    return found


@lru_cache(maxsize=1024)
def parted_by(cls: Any) -> dict[str, str]:
    """The fields of `cls` that are a part of a width, and the field that says how many there are.

    >>> from archcalc.layers import MultiHeadAttention
    >>> parted_by(MultiHeadAttention)
    {'key_dim': 'num_heads', 'value_dim': 'num_heads'}
    """
    extras = {name: field.json_schema_extra for name, field in cls.model_fields.items()}
    return {n: e["per"] for n, e in extras.items() if isinstance(e, dict) and e.get("per")}


class Dimension:
    """What signatures call the type of a dimension: a whole number, a name or a formula."""


@lru_cache(maxsize=1024)
def least_of(cls: Any) -> dict[str, AtLeast]:
    """The fields of `cls` that hold dimensions, and what each of these is at least."""
    return {
        name: bound
        for name, field in cls.model_fields.items()
        for bound in field.metadata
        if isinstance(bound, AtLeast)
    }


def hyper(
    symbol: str,
    *,
    default: Any = ...,
    neutral: Any = None,
    kw_only: bool = False,
    called: tuple[str, ...] = (),
    counts: Counts | None = None,
    per: str = "",
) -> Any:
    """A hyperparameter with a symbol of its own in the general rule.

    Args:
        symbol: its name in formulas, such as ``"f"`` for ``filters``.
        default: its value where none is given; required without one.
        neutral: a value at which it stays a number, so that a plain layer reads plainly:
            ``groups=1`` says nothing in ``(k·k·c_in + 1)·f``.
        kw_only: whether it is given by name only.
        called: the names by which it may be given, its own first, where there are several: Keras
            has an argument ``output_shape``, which is a method here.
        counts: what its number is a number of, where its type does not say that.
        per: the field that says into how many of it a width is parted: heads, for what is as wide
            as one of them.
    """
    extra = {"symbol": symbol, "neutral": neutral, "counts": counts, "per": per}
    return Field(
        default=default,
        kw_only=kw_only,
        validation_alias=_also(called),
        json_schema_extra=extra,
    )


def option(
    *,
    default: Any = ...,
    kw_only: bool = False,
    called: tuple[str, ...] = (),
    counts: Counts | None = None,
) -> Any:
    """A hyperparameter without a symbol, of a type that is normalised.

    Args:
        default: its value where none is given; required without one.
        kw_only: whether it is given by name only.
        called: the names by which it may be given, as in `hyper`.
        counts: what its number is a number of, as in `hyper`.
    """
    extra: Any = None if counts is None else {"counts": counts}
    return Field(
        default=default,
        kw_only=kw_only,
        validation_alias=_also(called),
        json_schema_extra=extra,
    )


def _also(called: tuple[str, ...]) -> AliasChoices | None:
    return AliasChoices(*called) if called else None


def plain(value: Any) -> Any:
    """A normalised value as numbers, strings and lists that a file can hold.

    >>> plain((3, 3)), plain(((1, 1), (1, 1))), plain((3, 5)), plain(((1, 2), (1, 2)))
    (3, 1, [3, 5], [[1, 2], [1, 2]])
    >>> plain(Shape((3, 3))), plain(Shape())
    ([3, 3], [])
    >>> plain((Fraction(3, 2), Fraction(3, 2))), plain(Fraction(1, 7654321))
    (1.5, '1/7654321')
    """
    if isinstance(value, Expr):
        return value.name if isinstance(value, Symbol) else to_python(value)
    if isinstance(value, Fraction):
        return float(value) if _nearby(float(value)) == value else str(value)
    if isinstance(value, Shape):
        return [plain(dim) for dim in value]
    if isinstance(value, tuple):
        parts = [plain(part) for part in value]
        alike = bool(parts) and all(part == parts[0] for part in parts)
        return parts[0] if alike and not isinstance(parts[0], list) else parts
    return value


def _function(value: Any) -> Any:
    """A function, or ``None``."""
    if value is None or callable(value):
        return value
    raise DimensionError(f"{quoted(value)} is not a function", code="not-a-function")


def _rule(value: Any, *, minimum: int) -> Any:
    """A shape, a function that gives one, or ``None``."""
    return value if value is None or callable(value) else as_shape(value, minimum=minimum)


def _named(value: Any) -> Any:
    """A function by its name; anything else as a file has it."""
    return getattr(value, "__name__", repr(value)) if callable(value) else _listed(value)


def _listed(value: Any) -> Any:
    return [plain(part) for part in value] if isinstance(value, tuple) else plain(value)


def listed(value: Any) -> Any:
    """A value with its tuples as lists, as deep as they go, none of them taken for one number.

    >>> listed((2, 2)), listed({"axes": (0, 1)})
    ([2, 2], {'axes': [0, 1]})
    """
    if isinstance(value, Mapping):
        return {key: listed(part) for key, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, tuple | list) else plain(value)


def _sequence(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | Expr)


def _dims(value: Any, *, minimum: int) -> tuple[Dim, ...]:
    """A dimension for every axis, or one for all of them."""
    if _sequence(value):
        parts = tuple(value)
        if not parts:
            raise DimensionError("an empty sequence gives no size")
        return tuple(as_dim(part, minimum=minimum) for part in parts)
    return (as_dim(value, minimum=minimum),)


def _groups(value: Any, *, minimum: int) -> Dim:
    """A number of groups, or −1 for one a channel."""
    return -1 if value in (-1, "-1") else as_dim(value, minimum=minimum)


def _optional(read: Any) -> Any:
    return lambda value, **how: None if value is None else read(value, **how)


def _some(value: Any, *, minimum: int) -> tuple[Dim | None, ...]:
    """A dimension for every axis, or ``None`` where it stays."""
    parts = tuple(value) if _sequence(value) else (value,)
    return tuple(None if part is None else as_dim(part, minimum=minimum) for part in parts)


def _padding(value: Any, *, minimum: int) -> Any:
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
    return _amounts(value, minimum=minimum)


PADDINGS = ("valid", "same", "causal")
OTHER_PADDINGS = ("full", "zeros", "reflect", "replicate", "circular", "constant", "none", "auto")
"""Words that other tools take for a padding, and that nobody means as a symbol."""


def _amounts(value: Any, *, minimum: int) -> PaddingPairs:
    if not _sequence(value):
        amount = as_dim(value, minimum=minimum)
        return ((amount, amount),)
    pairs = []
    for part in tuple(value):
        ends = tuple(part) if _sequence(part) else (part, part)
        if len(ends) != 2:
            raise DimensionError(f"{quoted(part)} is not an amount or a pair (before, after)")
        pairs.append((as_dim(ends[0], minimum=minimum), as_dim(ends[1], minimum=minimum)))
    if not pairs:
        raise DimensionError("an empty sequence gives no padding")
    return tuple(pairs)


_MOST_TAKEN_OFF = 2**62
"""More than any axis is long."""


def _axes(value: Any) -> tuple[int, ...]:
    parts = tuple(value) if _sequence(value) else (value,)
    for part in parts:
        if type(part) is not int:
            raise DimensionError(f"{quoted(part)} is not the number of an axis")
    return parts


_FINEST = 1_000_000
"""A float stands for the fraction nearest to it whose denominator is at most this."""


def _ratio(value: Any) -> Fraction:
    """A ratio above 0, exactly: a float is the simple fraction that it was written for."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction | Rational):
        raise DimensionError(f"{quoted(value)} is not a ratio")
    if isinstance(value, float):
        made = _nearby(value) if isfinite(value) else Fraction(0)
        exact = float(made) == value
    else:
        made, exact = _fraction(value), True
    if made <= 0 or not exact:
        raise DimensionError(
            f"{quoted(value)} is not a ratio",
            hint="give a number above 0 as a fraction, such as 1.5 or '1/3'",
        )
    return made


def _nearby(value: float) -> Fraction:
    return Fraction(value).limit_denominator(_FINEST)


def _fraction(value: int | str | Fraction | Rational) -> Fraction:
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    try:
        return Fraction(value) if len(str(value)) <= _LONGEST_RATIO else Fraction(0)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


_LONGEST_RATIO = 100


def _ratios(value: Any) -> tuple[Fraction, ...]:
    parts = tuple(value) if _sequence(value) else (value,)
    if not parts:
        raise DimensionError("an empty sequence gives no ratio")
    return tuple(map(_ratio, parts))


def _no_axes(value: Any) -> tuple[int, ...]:
    return () if value is None else _axes(value)


def _sections(value: Any, *, minimum: int) -> int | tuple[Dim, ...]:
    """How many parts, which must be a number, or the size of each."""
    sizes: tuple[Dim, ...] = _dims(value, minimum=minimum) if _sequence(value) else ()
    return sizes or _section_count(value)


def _section_count(value: Any) -> int:
    count = as_dim(value)
    if not isinstance(count, int) or count > _MOST_SECTIONS:
        raise DimensionError(
            f"{quoted(value)} does not say how many there are",
            hint=f"give a number up to {_MOST_SECTIONS:,}: each is an output of its own",
        )
    return count


_MOST_SECTIONS = 4_096
"""Each is an output of its own, with its shape."""


def _target(value: Any, *, minimum: int) -> tuple[Dim, ...]:
    """A shape in which one dimension may be −1, to be worked out."""
    parts = tuple(value) if _sequence(value) else (value,)
    dims = tuple(-1 if part in (-1, "-1") else as_dim(part, minimum=minimum) for part in parts)
    if sum(dim == -1 for dim in dims) > 1:
        raise DimensionError("only one dimension of a target shape may be -1")
    return dims


if TYPE_CHECKING:
    _Many: TypeAlias = DimLike | Iterable[DimLike]
    _Pairs: TypeAlias = DimLike | Iterable[DimLike | Iterable[DimLike]]
    _Ratio: TypeAlias = int | float | str | Fraction | Rational

    class Size:
        """A dimension of at least 1."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim: ...
        def __set__(self, owner: object, value: DimLike) -> None: ...

    class Count:
        """A dimension of at least 0."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim: ...
        def __set__(self, owner: object, value: DimLike) -> None: ...

    class Groups:
        """A number of groups, or −1 for one a channel."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim: ...
        def __set__(self, owner: object, value: DimLike) -> None: ...

    class OptionalSize:
        """A dimension of at least 1, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim | None: ...
        def __set__(self, owner: object, value: DimLike | None) -> None: ...

    class Sizes:
        """A dimension for every spatial axis, or one for all of them."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Dim, ...]: ...
        def __set__(self, owner: object, value: _Many) -> None: ...

    class OptionalSizes:
        """Like `Sizes`, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Dim, ...] | None: ...
        def __set__(self, owner: object, value: _Many | None) -> None: ...

    class Padding:
        """``"valid"``, ``"same"``, ``"causal"``, an amount, or amounts for every axis."""

        def __get__(self, owner: object, kind: type | None = None) -> str | PaddingPairs: ...
        def __set__(self, owner: object, value: _Pairs) -> None: ...

    class Amounts:
        """An amount, an amount an axis, or a pair (before, after) an axis."""

        def __get__(self, owner: object, kind: type | None = None) -> PaddingPairs: ...
        def __set__(self, owner: object, value: _Pairs) -> None: ...

    class SignedAmounts(Amounts):
        """Like `Amounts`; less than nothing takes off."""

    class SomeSizes:
        """Like `Sizes`; ``None`` for an axis that stays as it is."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Dim | None, ...]: ...
        def __set__(
            self, owner: object, value: DimLike | Iterable[DimLike | None] | None
        ) -> None: ...

    class OptionalAmounts:
        """An amount for every axis, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Dim, ...] | None: ...
        def __set__(self, owner: object, value: _Many | None) -> None: ...

    class OptionalRatios:
        """An exact ratio above 0 for every axis, or one for all of them, or ``None``."""

        def __get__(
            self, owner: object, kind: type | None = None
        ) -> tuple[Fraction, ...] | None: ...
        def __set__(self, owner: object, value: _Ratio | Iterable[_Ratio] | None) -> None: ...

    class Position:
        """A position along an axis, or a distance: any whole number."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim: ...
        def __set__(self, owner: object, value: DimLike) -> None: ...

    class OptionalPosition:
        """Like `Position`, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> Dim | None: ...
        def __set__(self, owner: object, value: DimLike | None) -> None: ...

    class SectionCount:
        """How many outputs there are: a number."""

        def __get__(self, owner: object, kind: type | None = None) -> int: ...
        def __set__(self, owner: object, value: int) -> None: ...

    class Sections:
        """How many equal parts there are, a number, or the size of each."""

        def __get__(self, owner: object, kind: type | None = None) -> int | tuple[Dim, ...]: ...
        def __set__(self, owner: object, value: _Many) -> None: ...

    class Axes:
        """One axis or several, by number."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[int, ...]: ...
        def __set__(self, owner: object, value: int | Iterable[int]) -> None: ...

    class OptionalAxes:
        """Like `Axes`, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[int, ...] | None: ...
        def __set__(self, owner: object, value: int | Iterable[int] | None) -> None: ...

    class SomeAxes:
        """Like `Axes`; ``None`` for none of them."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[int, ...]: ...
        def __set__(self, owner: object, value: int | Iterable[int] | None) -> None: ...

    class ShapeField:
        """A shape, without the batch axis, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> Shape | None: ...
        def __set__(self, owner: object, value: _Many | None) -> None: ...

    class Function:
        """A function, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> Callable[..., Any] | None: ...
        def __set__(self, owner: object, value: Callable[..., Any] | None) -> None: ...

    class ShapeRule:
        """A shape, a function from shape to shape, or ``None``."""

        def __get__(
            self, owner: object, kind: type | None = None
        ) -> Shape | Callable[[Shape], Any] | None: ...
        def __set__(self, owner: object, value: _Many | Callable[[Shape], Any] | None) -> None: ...

    class TargetShape:
        """A shape in which one dimension may be −1."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Dim, ...]: ...
        def __set__(self, owner: object, value: _Many) -> None: ...

else:

    def _field(read: Any, schema: dict[str, Any], write: Any = plain, counts: Counts = "") -> Any:
        kind = Annotated[Any, BeforeValidator(read), PlainSerializer(write), WithJsonSchema(schema)]
        return Annotated[kind, _Counting(counts)] if counts else kind

    def _bounded(
        minimum: int,
        read: Any,
        schema: dict[str, Any],
        write: Any = plain,
        words: tuple[str, ...] = (),
        counts: Counts = "",
    ) -> Any:
        """A field of dimensions: `minimum` is asked of a number here, of a formula in a trace."""
        kind = _field(partial(read, minimum=minimum), schema, write, counts)
        return Annotated[kind, AtLeast(minimum, words)]

    _MANY = {"anyOf": [*_DIM_SCHEMA["anyOf"], {"type": "array", "items": _DIM_SCHEMA}]}
    _PAIRS = {"anyOf": [*_DIM_SCHEMA["anyOf"], {"type": "array", "items": _MANY}]}
    _SIGNED = {"anyOf": [*_DIM_SCHEMA["anyOf"], {"type": "integer"}]}
    _SIGNED_MANY = {"anyOf": [*_SIGNED["anyOf"], {"type": "array", "items": _SIGNED}]}
    _SIGNED_PAIRS = {"anyOf": [*_SIGNED["anyOf"], {"type": "array", "items": _SIGNED_MANY}]}
    _DIM_OR_OPEN = {"anyOf": [*_DIM_SCHEMA["anyOf"], {"const": -1}]}
    _TARGET = {
        "anyOf": [*_DIM_OR_OPEN["anyOf"], {"type": "array", "items": _DIM_OR_OPEN}],
    }
    _AXES = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
    _NULL = {"type": "null"}
    _POSITION = {"anyOf": [{"type": "integer"}, {"type": "string", "description": "a formula"}]}
    _RATIO = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}
    _RATIOS = {"anyOf": [*_RATIO["anyOf"], {"type": "array", "items": _RATIO}, _NULL]}

    Size = _bounded(1, as_dim, _DIM_SCHEMA, counts="features")
    Count = _bounded(0, as_dim, _DIM_SCHEMA, counts="copies")
    OptionalSize = _bounded(
        1, _optional(as_dim), {"anyOf": [*_DIM_SCHEMA["anyOf"], _NULL]}, counts="features"
    )
    Groups = _bounded(
        1, _groups, {"anyOf": [*_DIM_SCHEMA["anyOf"], {"const": -1}]}, counts="groups"
    )
    Sizes = _bounded(1, _dims, _MANY)
    OptionalSizes = _bounded(1, _optional(_dims), {"anyOf": [_MANY, _NULL]})
    SomeSizes = _bounded(1, _some, {"anyOf": [_MANY, _NULL, {"type": "array"}]})
    OptionalAmounts = _bounded(0, _optional(_dims), {"anyOf": [_MANY, _NULL]})
    OptionalRatios = _field(_optional(_ratios), _RATIOS)
    Padding = _bounded(0, _padding, _PAIRS, words=(*PADDINGS, *OTHER_PADDINGS))
    Amounts = _bounded(0, _amounts, _PAIRS)
    Position = _field(as_expr, _POSITION, counts="sizes")
    OptionalPosition = _field(
        _optional(as_expr), {"anyOf": [*_POSITION["anyOf"], _NULL]}, counts="sizes"
    )
    SectionCount = _field(_section_count, {"type": "integer", "minimum": 1})
    Sections = _bounded(1, _sections, _MANY, _listed, counts="sizes")
    SignedAmounts = _bounded(-_MOST_TAKEN_OFF, _amounts, _SIGNED_PAIRS)
    Axes = _field(_axes, _AXES)
    OptionalAxes = _field(_optional(_axes), {"anyOf": [*_AXES["anyOf"], _NULL]})
    SomeAxes = _field(_no_axes, {"anyOf": [*_AXES["anyOf"], _NULL]})
    ShapeField = _bounded(
        1, _optional(as_shape), {"anyOf": [_MANY, _NULL]}, _listed, counts="sizes"
    )
    Function = _field(_function, _NULL, _named)
    ShapeRule = _bounded(1, _rule, {"anyOf": [_MANY, _NULL]}, _named, counts="sizes")
    TargetShape = _bounded(1, _target, _TARGET, _listed, counts="sizes")
