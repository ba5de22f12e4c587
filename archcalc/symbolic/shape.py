"""Shapes: dimensions in order, without the batch axis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import prod
from typing import Any, NoReturn, SupportsIndex, overload

from sympy import Expr, Mul

from archcalc.symbolic.dims import Dim, DimLike, as_dim, lower
from archcalc.symbolic.errors import DimensionError, ExpressionError, quoted, shorten
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.printing.layout import Product, Signed, Sum, layout
from archcalc.symbolic.printing.text import to_text

__all__ = ["Shape", "ShapeLike", "as_shape", "needs_brackets", "product"]

ShapeLike = Iterable[DimLike]


class Shape(tuple[Dim, ...]):
    """Dimensions without the batch axis; a tuple that shows its formulas as people write them.

    >>> from archcalc.symbolic import CeilDiv, symbols
    >>> h, c = symbols("h c")
    >>> Shape((CeilDiv(h, 2), 28, c))
    (⌈h/2⌉, 28, c)
    >>> str(Shape((28, 28, 1)))
    '28×28×1'
    """

    __slots__ = ()

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    @property
    def elements(self) -> Dim:
        """The number of elements of one sample: the product of the dimensions."""
        return product(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Dim: ...
    @overload
    def __getitem__(self, index: slice) -> Shape: ...
    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return Shape(part) if isinstance(index, slice) else part

    def __add__(self, other: tuple[Dim, ...]) -> Shape:
        return Shape(tuple.__add__(self, other))

    def replace(self, axis: int, dim: Dim) -> Shape:
        """This shape with `dim` at `axis`.

        >>> Shape((28, 28, 1)).replace(-1, 32)
        (28, 28, 32)
        """
        dims = list(self)
        dims[axis] = dim
        return Shape(dims)

    def __repr__(self) -> str:
        inner = ", ".join(to_text(dim) for dim in self)
        return f"({inner},)" if len(self) == 1 else f"({inner})"

    def __str__(self) -> str:
        return "×".join(self.factors(to_text, "({})")) if self else "scalar"

    def factors(self, shown: Callable[[Dim], str], brackets: str) -> list[str]:
        """The dimensions as a notation shows them, in its brackets where a neighbour needs them.

        >>> from archcalc.symbolic import symbol
        >>> Shape((symbol("t"), 4 * symbol("d"))).factors(str, "({})")
        ['t', '(4*d)']
        """
        return [
            brackets.format(shown(dim)) if len(self) > 1 and needs_brackets(dim) else shown(dim)
            for dim in self
        ]


def needs_brackets(dim: Dim) -> bool:
    """Whether `dim` is printed as a sum or a product, so that brackets keep it from its neighbours.

    >>> from archcalc.symbolic import CeilDiv, symbols
    >>> h = symbols("h")
    >>> [needs_brackets(dim) for dim in (h - 2, 4 * h, CeilDiv(h, 2), CeilDiv(h, 2) + 1)]
    [True, True, False, False]
    """
    return isinstance(layout(dim), Sum | Signed | Product)


def as_shape(value: object, *, minimum: int = 1) -> Shape:
    """`value` as a shape: one dimension, or several in a sequence.

    Raises:
        DimensionError: something in it is not a dimension.

    >>> as_shape(["h", "w", 3])
    (h, w, 3)
    >>> as_shape(10)
    (10,)
    """
    if isinstance(value, str | Expr | int) or not isinstance(value, Iterable):
        return Shape((_alone(value, minimum),))
    dims = tuple(value)
    if any(dim is None for dim in dims):
        _refuse_open(dims)
    if len(dims) > LIMITS.axes:
        raise DimensionError(
            f"a shape of {len(dims)} axes is beyond what any framework takes ({LIMITS.axes})",
            values={"shape": shorten(dims)},
        )
    return Shape(as_dim(dim, minimum=minimum) for dim in dims)


def _alone(value: object, minimum: int) -> Dim:
    """The dimension of a shape that is no sequence; a shape in one text is told to be a list."""
    try:
        return as_dim(value, minimum=minimum)
    except ExpressionError:
        parts = re.split(r"\s*[x×,]\s*", str(value).strip("()[] ,"))
        if len(parts) < 2 or not all(map(str.isalnum, parts)):
            raise
        raise DimensionError(
            f"{quoted(value)} is a text, not a list of dimensions",
            code="not-a-list",
            hint=shorten(f"write [{', '.join(parts)}]"),
        ) from None


def _refuse_open(dims: tuple[Any, ...]) -> NoReturn:
    hint = "give a size that is not known a name, such as 't'"
    if dims[0] is None and len(dims) > 1:
        rest = ", ".join(shorten(dim, 20) for dim in dims[1:])
        without = shorten(f"shapes stand without the batch axis: ({rest}{',' * (len(dims) == 2)})")
        hint = f"{without}; or {hint}"
    raise DimensionError(
        f"{quoted(dims)} has an axis of no size", code="axis-without-size", hint=hint
    )


def product(dims: Iterable[Dim]) -> Dim:
    """The product of dimensions; an ``int`` where all of them are.

    >>> product((3, 3, 1, 32))
    288
    """
    factors = tuple(dims)
    if all(isinstance(factor, int) for factor in factors):
        return prod(factors)
    return lower(Mul(*factors))
