"""Axes by number, as Keras counts them: 0 is the batch, −1 the last."""

from __future__ import annotations

from collections.abc import Iterable

from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.shape import Shape

__all__ = ["axis_index", "axis_indices", "without"]


def axis_index(axis: int, x: Shape) -> int:
    """Where in `x`, which has no batch axis, Keras' `axis` is.

    Raises:
        ShapeError: it is the batch axis, or there is no such axis.

    >>> axis_index(1, Shape((3, 224, 224))), axis_index(-1, Shape((28, 28, 1)))
    (0, 2)
    """
    rank = len(x)
    if axis == 0 or not -rank <= axis <= rank:
        raise ShapeError(
            f"axis {axis} is not an axis of {x!r}",
            code="no-such-axis",
            values={"axis": axis, "input": x},
            hint=f"axes go from 1 to {rank}, or from -{rank} to -1; 0 is the batch",
        )
    return axis - 1 if axis > 0 else rank + axis


def axis_indices(axes: Iterable[int], x: Shape) -> tuple[int, ...]:
    """Where in `x` Keras' `axes` are, as they are given, for a layer that takes several.

    Raises:
        ShapeError: one is the batch axis or not there, or two are one and the same.

    >>> axis_indices((1, -1), Shape((28, 28, 1)))
    (0, 2)
    >>> axis_indices((1, -1), Shape((28,)))
    Traceback (most recent call last):
    archcalc.symbolic.errors.ShapeError: axes (1, -1) of (28,) name an axis twice; name each ax...
    """
    given = tuple(axes)
    places = tuple(axis_index(axis, x) for axis in given)
    if len(set(places)) < len(places):
        raise ShapeError(
            f"axes {given} of {x!r} name an axis twice",
            code="no-such-axis",
            values={"axes": given, "input": x},
            hint="name each axis once",
        )
    return places


def without(x: Shape, axis: int) -> Shape:
    """`x` without the axis at this place.

    >>> without(Shape((28, 30, 1)), 1)
    (28, 1)
    """
    return Shape((*x[:axis], *x[axis + 1 :]))
