"""Dimensions and small shapes; frameworks are really run on these."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol
from archcalc.testing.bounds import between, flag, whole
from archcalc.testing.draw import numbers

__all__ = ["dims", "shapes", "small"]

_LONGEST = {1: 9, 2: 9, 3: 7, 4: 5}
"""The longest axis of a shape, by the number of its axes."""

_NAMES = ("n", "c", "h", "w", "d")


def dims(
    *, min_value: int = 1, max_value: int | None = None, symbolic: bool = False
) -> SearchStrategy[Dim]:
    """Dimensions: positive integers, and symbols or simple formulas of them where asked for.

    Args:
        min_value: the least number.
        max_value: the largest; far beyond any tensor where ``None``.
        symbolic: whether formulas are drawn as well, such as ``c``, ``2*c`` and ``h//2 + 1``.

    Raises:
        BoundError: no number lies between the bounds.

    >>> from hypothesis import find
    >>> find(dims(min_value=3), lambda dim: True)
    3
    >>> find(dims(symbolic=True), lambda dim: not isinstance(dim, int))
    n
    """
    least, most = between("min_value", min_value, "max_value", max_value or 2**63)
    known: SearchStrategy[Dim] = st.integers(least, most)
    return known | _formulas() if flag("symbolic", symbolic) else known


@lru_cache(maxsize=1)
def _formulas() -> SearchStrategy[Dim]:
    """A symbol, a multiple of it, a fraction of it rounded down, each with something added."""
    parts = st.sampled_from(_NAMES), numbers(1, 4), numbers(1, 3), numbers(0, 3)
    return st.builds(lambda n, a, q, b: (a * symbol(n)) // q + b, *parts)


def shapes(
    *,
    min_axes: int = 1,
    max_axes: int = 4,
    min_dim: int = 1,
    max_dim: int | None = None,
    symbolic: bool = False,
) -> SearchStrategy[Shape]:
    """Shapes without the batch axis.

    Args:
        min_axes, max_axes: how many axes.
        min_dim, max_dim: how long each is; small enough to be run, where no longest is given.
        symbolic: whether some of the axes are formulas, as `dims` draws them.

    Raises:
        BoundError: no number lies between two bounds.

    >>> from hypothesis import find
    >>> find(shapes(min_axes=2), lambda x: x[0] > 3)
    (4, 1)
    """
    fewest, most = between("min_axes", min_axes, "max_axes", max_axes)
    whole("min_dim", min_dim)
    if max_dim is not None:
        between("min_dim", min_dim, "max_dim", max_dim)
    symbols = _formulas() if flag("symbolic", symbolic) else st.nothing()
    return numbers(fewest, most).flatmap(
        lambda count: st.tuples(
            *[numbers(min_dim, max_dim or min_dim + _LONGEST.get(count, 3) - 1) | symbols] * count
        ).map(Shape)
    )


@lru_cache(maxsize=64)
def small(axes: int | None = None, *, longest: int | None = None) -> SearchStrategy[Shape]:
    """Shapes of so many axes, one to four where ``None``, none longer than `longest`."""
    counts = numbers(1, 4) if axes is None else st.just(axes)
    return counts.flatmap(
        lambda count: st.tuples(*[numbers(1, longest or _LONGEST[count])] * count).map(Shape)
    )
