"""Dimensions: positive integers, known or symbolic.

There is one symbol factory.  To sympy ``Symbol('k')`` and the positive-integer ``k`` are different
things, and substituting one for the other silently does nothing; so whatever comes in is
normalised by name (`as_expr`), and what goes out is evaluated by name.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

from archcalc.symbolic.division import CeilDiv, FloorDiv, has_denominator
from archcalc.symbolic.errors import ArchcalcError, DimensionError, quoted, shorten
from archcalc.symbolic.extremes import settled
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.parser import parse
from archcalc.symbolic.sums import Index, Sum, index_for
from archcalc.symbolic.symbols import symbol

__all__ = [
    "Dim",
    "DimLike",
    "ExpressionLike",
    "as_dim",
    "as_expr",
    "exact_div",
    "lower",
    "read_dim",
]

Dim: TypeAlias = int | Expr
"""A dimension after normalisation: a Python int, or an expression of positive-integer symbols."""

if TYPE_CHECKING:  # sympy has no types, so that its own would let anything through

    class _OfSympy(Protocol):
        @property
        def free_symbols(self) -> Any: ...

    class _OfFormula(Protocol):
        @property
        def expr(self) -> Any: ...

    ExpressionLike: TypeAlias = _OfSympy | _OfFormula
    DimLike: TypeAlias = SupportsIndex | str | ExpressionLike
else:
    ExpressionLike = Expr
    DimLike = int | str | Expr
"""What is accepted for a dimension: a whole number, text, an expression of sympy or a `Formula`."""


def as_expr(value: object) -> Dim:
    """`value` as an exact number or an expression of positive-integer symbols.

    Accepts integers (also NumPy's), text such as ``"4*c"`` or ``"⌈h/2⌉"``, and sympy expressions,
    whose symbols are normalised by name and whose ``floor``, ``ceiling`` and ``Mod`` become
    `FloorDiv`.
    An integer comes back as a Python ``int``.

    Raises:
        DimensionError: a bool, a float, or something that is no number at all.
        ExpressionError: a text that is not an arithmetic expression.

    >>> as_expr("(h + 1)//2")
    (h + 1)//2
    >>> as_expr(sympy.Symbol("k")) is symbol("k")
    True
    """
    if type(value) is int:
        return value
    if isinstance(value, str):
        return lower(parse(value))
    if isinstance(value, sympy.Basic) or hasattr(value, "_sympy_"):
        return lower(_normal(value._sympy_() if hasattr(value, "_sympy_") else value))
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise DimensionError(
        f"{quoted(value)} is not an integer or a formula",
        values={"value": shorten(value)},
        hint="give an integer, a symbol's name, or an expression such as '4*c'",
    )


def as_dim(value: object, *, minimum: int = 1) -> Dim:
    """`value` as a dimension: like `as_expr`, and at least `minimum` where that is a number.

    >>> as_dim(3), as_dim("2*c")
    (3, 2*c)
    >>> as_dim(0)
    Traceback (most recent call last):
    archcalc.symbolic.errors.DimensionError: 0 is not a dimension; it must be at least 1 ...
    """
    dim = as_expr(value)
    if isinstance(dim, int):
        if dim.bit_length() > LIMITS.dimension_bits:
            raise DimensionError(
                f"a dimension of {dim.bit_length():,} bits is beyond any machine",
                code="too-large",
                hint=f"it may have {LIMITS.dimension_bits:,}",
            )
        if dim < minimum:
            raise DimensionError(
                f"{quoted(dim)} is not a dimension",
                values={"value": dim},
                hint=f"it must be at least {minimum}",
            )
    elif dim.is_number:
        raise DimensionError(
            f"{shorten(str(dim))} is not a dimension", hint="it must be a whole number"
        )
    return dim


def read_dim(name: str, value: object, minimum: int = 1) -> Dim:
    """An argument that is a dimension.

    Raises:
        DimensionError: it is none; the error says which argument.

    >>> read_dim("width", "2*c")
    2*c
    >>> read_dim("width", 0)
    Traceback (most recent call last):
    archcalc.symbolic.errors.DimensionError: width: 0 is not a dimension; it must be at least 1 ...
    """
    try:
        return as_dim(value, minimum=minimum)
    except ArchcalcError as error:
        raise error.at(name) from None


def lower(value: Expr | int) -> Dim:
    """A sympy Integer as a Python int; everything else as it is."""
    return int(value) if isinstance(value, Integer) else value


def exact_div(a: Dim, b: Dim) -> Dim:
    """``a / b`` where `b` divides `a`, as a requirement beside it says: no floor is made.

    >>> from archcalc.symbolic import symbols
    >>> d, a = symbols("d a")
    >>> exact_div(512, 8), exact_div(d, a) * a, exact_div(2*d - 2, d - 1)
    (64, d, 2)
    """
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    quotient = sympy.sympify(a, strict=True) / b
    if has_denominator(quotient):  # sympy multiplies 2·(d − 1) out, and then cancels nothing
        whole = FloorDiv(a, b)
        quotient = quotient if whole.has(FloorDiv) else whole
    return lower(quotient)


def _normal(value: Any) -> Expr:
    """`value` with canonical symbols, and floors and ceilings as exact integer divisions."""
    if not isinstance(value, Expr):
        raise DimensionError(f"{shorten(str(value))} is not a formula")
    parts = _parts(value)
    kinds = {type(part) for part in parts}

    def holds(*those: Any) -> bool:
        return any(issubclass(kind, those) for kind in kinds)

    if holds(sympy.Float, *_ENDLESS):
        raise DimensionError(
            f"{shorten(str(value))} is not exact",
            hint="use integers and exact fractions, not floats or infinities",
        )
    binds = any(hasattr(kind, "bound_symbols") for kind in kinds)
    renamed = {
        old: symbol(old.name)
        for old in (value.free_symbols if binds else parts)
        if isinstance(old, Symbol) and not isinstance(old, Index) and old != symbol(old.name)
    }
    if renamed:
        value = value.xreplace(renamed)
    if holds(sympy.floor, sympy.ceiling):
        value = value.replace(sympy.floor, _exact_floor).replace(sympy.ceiling, _exact_ceiling)
    if holds(sympy.Mod):
        value = value.replace(sympy.Mod, lambda a, b: a - b * FloorDiv(a, b))
    if holds(sympy.Sum):
        value = value.replace(_is_foreign_sum, _exact_sum)
    return settled(value) if holds(sympy.Max, sympy.Min) else value


def _parts(value: Expr) -> list[Any]:
    """An expression and everything in it; what stands in several places once."""
    found = {id(value): value}
    pending = [value]
    while pending:
        inside = {id(part): part for part in pending.pop().args if id(part) not in found}
        found.update(inside)
        pending.extend(inside.values())
    return list(found.values())


_ENDLESS = tuple(map(type, (sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan)))
"""What is no number of anything."""


def _is_foreign_sum(part: Any) -> bool:
    return isinstance(part, sympy.Sum) and not isinstance(part, Sum)


def _exact_sum(added: Any) -> Expr:
    term = added.function
    for index, first, last in added.limits:
        inside = index_for(term, first, last)
        term = Sum(term.xreplace({index: inside + first}), (inside, sympy.S.Zero, last - first))
    return term


def _exact_floor(argument: Expr) -> Expr:
    return FloorDiv(*sympy.fraction(sympy.together(argument)))


def _exact_ceiling(argument: Expr) -> Expr:
    return CeilDiv(*sympy.fraction(sympy.together(argument)))
