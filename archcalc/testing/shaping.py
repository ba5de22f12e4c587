"""Small shapes; frameworks are really run on these."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import numbers

__all__ = ["shapes"]

_LONGEST = {1: 9, 2: 9, 3: 7, 4: 5}
"""The longest axis of a shape, by the number of its axes."""


def shapes(axes: int | None = None, *, longest: int | None = None) -> SearchStrategy[Shape]:
    """Small shapes, without the batch axis.

    Args:
        axes: how many axes; one to four where ``None``.
        longest: the longest axis; by the number of axes where ``None``.
    """
    counts = numbers(1, 4) if axes is None else st.just(axes)
    return counts.flatmap(
        lambda count: st.tuples(*[numbers(1, longest or _LONGEST[count])] * count).map(Shape)
    )
