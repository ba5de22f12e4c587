"""Random formulas, as totals of networks are: sums of products, floors, maxima."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from sympy import Add, Expr, Integer, Max, Min, Mul, Pow

from archcalc.formula import Formula
from archcalc.symbolic.division import CeilDiv, FloorDiv
from archcalc.symbolic.errors import ArchcalcError, shorten
from archcalc.symbolic.symbols import symbol
from archcalc.testing.bounds import BoundError, flag, whole
from archcalc.testing.draw import numbers

__all__ = ["formulas"]

_LARGEST = 9


def formulas(
    symbols: Iterable[str] = ("n", "c", "h", "k"),
    *,
    max_leaves: int = 8,
    floors: bool = True,
    extremes: bool = False,
) -> SearchStrategy[Formula]:
    """Closed forms in symbols; a whole number of at least 0 wherever every symbol is at least 1.

    Args:
        symbols: their names.
        max_leaves: how many numbers and symbols are put together, at most.
        floors: whether something is divided and rounded, by numbers and by symbols.
        extremes: whether there are maxima and minima.

    Raises:
        BoundError: a name is no name of a symbol, or a bound is none.

    >>> from hypothesis import find
    >>> find(formulas(["n"]), lambda f: f.symbols and f(n=9) > 9)
    2·n
    """
    names = tuple(_symbol(name) for name in symbols)
    if not names:
        raise BoundError("symbols=[]: there is nothing to build a formula from")
    ways: tuple[Any, ...] = (Add, Mul, Pow)
    ways += (FloorDiv, CeilDiv) if flag("floors", floors) else ()
    ways += (Max, Min) if flag("extremes", extremes) else ()
    return _formulas(names, ways, whole("max_leaves", max_leaves))


@st.composite
def _formulas(draw: DrawFn, names: tuple[Expr, ...], ways: tuple[Any, ...], leaves: int) -> Formula:
    return Formula(_expression(draw, names, ways, leaves))


def _expression(draw: DrawFn, names: tuple[Expr, ...], ways: tuple[Any, ...], leaves: int) -> Expr:
    """An expression of at most so many leaves."""
    if leaves < 2 or not draw(st.booleans()):
        return draw(st.sampled_from(names) | numbers(0, _LARGEST).map(Integer))
    way = draw(st.sampled_from(ways))
    if way in (FloorDiv, CeilDiv):
        divisor = draw(st.sampled_from(names) | numbers(1, _LARGEST).map(Integer))
        return way(_expression(draw, names, ways, leaves - 1), divisor)
    if way is Pow:
        return _expression(draw, names, ways, leaves - 1) ** draw(numbers(2, 3))
    first = draw(numbers(1, leaves - 1))
    parts = [_expression(draw, names, ways, count) for count in (first, leaves - first)]
    return way(*parts)


def _symbol(name: str) -> Expr:
    try:
        return symbol(name)
    except (ArchcalcError, TypeError) as error:
        said = error.message if isinstance(error, ArchcalcError) else str(error)
        raise BoundError(f"symbols: {shorten(repr(name), 40)}: {said}") from None
