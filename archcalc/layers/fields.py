"""The types of hyperparameters: what may be given, what is kept, and what a file says.

At run time each is an annotated Pydantic type.  To a type checker each is a descriptor, because a
hyperparameter is *given* as a number, a name or a formula and *read* as a normalised value, and a
descriptor is how a dataclass-like constructor says so (PEP 681).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, SupportsIndex, TypeAlias

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from sympy import Rational

from archcalc.layers.values import (
    OTHER_PADDINGS,
    PADDINGS,
    PaddingPairs,
    as_data,
    as_list,
    function_name,
    optional,
    read_amounts,
    read_axes,
    read_dims,
    read_function,
    read_groups,
    read_no_axes,
    read_padding,
    read_ratios,
    read_rule,
    read_section_count,
    read_sections,
    read_some,
    read_target,
)
from archcalc.symbolic.dims import Dim, DimLike, ExpressionLike, as_dim, as_expr
from archcalc.symbolic.shape import Shape, as_shape

__all__ = [
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
    "option",
    "parted_by",
]


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
    {'expects': 'incoming', 'lora_rank': 'features', 'filters': 'features', 'groups': 'groups'}
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


_MOST_TAKEN_OFF = 2**62
"""More than any axis is long."""


if TYPE_CHECKING:
    _Many: TypeAlias = DimLike | Iterable[DimLike]
    _Pairs: TypeAlias = DimLike | Iterable[DimLike | Iterable[DimLike]]
    _Word: TypeAlias = Literal["valid", "same", "causal"]
    _Amount: TypeAlias = SupportsIndex | ExpressionLike
    _Pair: TypeAlias = _Amount | tuple[DimLike, ...] | list[Any]
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
        """``"valid"``, ``"same"``, ``"causal"``, an amount, or amounts for every axis.

        A text alone is one of the words here; an amount by a symbol is ``symbols("p")``.
        """

        def __get__(self, owner: object, kind: type | None = None) -> str | PaddingPairs: ...
        def __set__(self, owner: object, value: _Word | _Amount | Iterable[_Pair]) -> None: ...

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

    def _field(read: Any, schema: dict[str, Any], write: Any = as_data, counts: Counts = "") -> Any:
        kind = Annotated[Any, BeforeValidator(read), PlainSerializer(write), WithJsonSchema(schema)]
        return Annotated[kind, _Counting(counts)] if counts else kind

    def _bounded(
        minimum: int,
        read: Any,
        schema: dict[str, Any],
        write: Any = as_data,
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
        1, optional(as_dim), {"anyOf": [*_DIM_SCHEMA["anyOf"], _NULL]}, counts="features"
    )
    Groups = _bounded(
        1, read_groups, {"anyOf": [*_DIM_SCHEMA["anyOf"], {"const": -1}]}, counts="groups"
    )
    Sizes = _bounded(1, read_dims, _MANY)
    OptionalSizes = _bounded(1, optional(read_dims), {"anyOf": [_MANY, _NULL]})
    SomeSizes = _bounded(1, read_some, {"anyOf": [_MANY, _NULL, {"type": "array"}]})
    OptionalAmounts = _bounded(0, optional(read_dims), {"anyOf": [_MANY, _NULL]})
    OptionalRatios = _field(optional(read_ratios), _RATIOS)
    Padding = _bounded(0, read_padding, _PAIRS, words=(*PADDINGS, *OTHER_PADDINGS))
    Amounts = _bounded(0, read_amounts, _PAIRS)
    Position = _field(as_expr, _POSITION, counts="sizes")
    OptionalPosition = _field(
        optional(as_expr), {"anyOf": [*_POSITION["anyOf"], _NULL]}, counts="sizes"
    )
    SectionCount = _field(read_section_count, {"type": "integer", "minimum": 1})
    Sections = _bounded(1, read_sections, _MANY, as_list, counts="sizes")
    SignedAmounts = _bounded(-_MOST_TAKEN_OFF, read_amounts, _SIGNED_PAIRS)
    Axes = _field(read_axes, _AXES)
    OptionalAxes = _field(optional(read_axes), {"anyOf": [*_AXES["anyOf"], _NULL]})
    SomeAxes = _field(read_no_axes, {"anyOf": [*_AXES["anyOf"], _NULL]})
    ShapeField = _bounded(1, optional(as_shape), {"anyOf": [_MANY, _NULL]}, as_list, counts="sizes")
    Function = _field(read_function, _NULL, function_name)
    ShapeRule = _bounded(1, read_rule, {"anyOf": [_MANY, _NULL]}, function_name, counts="sizes")
    TargetShape = _bounded(1, read_target, _TARGET, as_list, counts="sizes")
