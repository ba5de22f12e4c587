"""Parts of an axis: a stretch of it, one position, sections, and every position by itself.

Axes are counted as in Keras, from 1 (0 is the batch) or from the end.  Positions along an axis are
Python's: they are counted from 0, and those below 0 from the end.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

from sympy import Add

from archcalc.layers.axes import axis_index, without
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Storage
from archcalc.layers.fields import (
    OptionalPosition,
    Position,
    SectionCount,
    Sections,
    Size,
    hyper,
    option,
)
from archcalc.layers.requirements import multiple, same_length, something
from archcalc.layers.sight import Sight, Sights, Stretch, at_position, in_place, without_one
from archcalc.layers.window import Window
from archcalc.symbolic.compare import at_least, largest, smallest
from archcalc.symbolic.dims import Dim, exact_div, lower
from archcalc.symbolic.division import ceil_div
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Select", "Slice", "Split", "Unbind"]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."


def _from_front(position: Dim, n: Dim) -> tuple[Dim, bool]:
    """A position along an axis of length `n` from its front, and whether it was from the end.

    A formula counts from the end where it is below 0 whatever its symbols are.
    """
    behind = at_least(-1, position) is True
    return (lower(n + position) if behind else position), behind


def _not_below(position: Dim, given: Dim, word: str) -> Requirement:
    return Requirement(
        position,
        Relation.AT_LEAST,
        0,
        f"position {{given}} of input {word} lies before its front",
        code="no-such-position",
        hint="a formula is counted from the front, unless it is below 0 for all its symbols",
        details=(("given", given),),
    )


class Slice(Layer):
    """A stretch of an axis, as Python's ``x[start:stop:step]``.

    Args:
        axis: the axis, counted from 1 (0 is the batch).
        start: the first position; below 0 from the end.
        stop: the position after the last; below 0 from the end; the end where ``None``.
        step: how far apart the positions are.

    As in Python, what lies beyond the end is left out: of `n` positions ``Slice(1, 0, "k")`` gives
    the smaller of ``k`` and ``n``.  At least one must be left.

    >>> Slice(1, 2, -1).output_shape(Shape((10, 64)))
    (7, 64)
    """

    axis: int
    start: Position = option(default=0)
    stop: OptionalPosition = option(default=None)
    step: Size = hyper("s", default=1, neutral=1, counts="")

    source: ClassVar[str] = "https://docs.python.org/3/reference/expressions.html#slicings"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def _bounds(self, n: Dim) -> tuple[list[Dim], list[Dim]]:
        """It begins at the largest of the first, and ends before the smallest of the others."""
        start, behind = _from_front(self.start, n)
        starts = [start, 0] if behind else [start]
        if self.stop is None:
            return starts, [n]
        stop, behind = _from_front(self.stop, n)
        return starts, [stop] if behind else [stop, n]

    def _length(self, n: Dim) -> Dim:
        """From the first position to the one after the last."""
        starts, stops = self._bounds(n)
        return reduce(_smaller, [lower(stop - start) for stop in stops for start in starts])

    def output_shape(self, x: Shape) -> Shape:
        axis = axis_index(self.axis, x)
        return x.replace(axis, ceil_div(self._length(x[axis]), self.step))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        axis = axis_index(self.axis, x)
        n = x[axis]
        starts, stops = self._bounds(n)
        before, after = reduce(largest, starts), reduce(smallest, stops)
        return ((axis, Window(1, self.step, padding=(lower(-before), lower(after - n)))),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis = axis_index(self.axis, x)
        n, word = x[axis], self.axis_word(x, axis)
        ends = [(d, *_from_front(d, n)) for d in (self.start, self.stop) if d is not None]
        return (
            *(_not_below(place, given, word) for given, place, behind in ends if not behind),
            something(self._length(n), n, word, hint="let it end behind where it begins"),
        )


def _smaller(a: Dim, b: Dim) -> Dim:
    return lower(smallest(a, b))


class Select(Layer):
    """One position of an axis, which is then gone: ``x[index]``.

    Args:
        axis: the axis, counted from 1 (0 is the batch).
        index: the position; below 0 from the end.

    The token that a classifier reads:

    >>> Select(1, 0).output_shape(Shape((197, 768)))
    (768,)
    """

    axis: int
    index: Position

    source: ClassVar[str] = f"{_TORCH}select.html"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def output_shape(self, x: Shape) -> Shape:
        return without(x, axis_index(self.axis, x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        axis = axis_index(self.axis, x)
        place, _ = _from_front(self.index, x[axis])
        return ((axis, Window(1, padding=(lower(-place), lower(place + 1 - x[axis])))),)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        place, _ = _from_front(self.index, x[axis])
        return (without_one(axis, len(x), at_position(place)),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis = axis_index(self.axis, x)
        n, word = x[axis], self.axis_word(x, axis)
        place, _ = _from_front(self.index, n)
        within = Requirement(
            n,
            Relation.AT_LEAST,
            lower(place + 1),
            f"there is no position {{index}}: input {word} is {{input}} long",
            code="no-such-position",
            hint="positions are counted from 0, or below 0 from the end",
            details=(("input", n), ("index", self.index)),
        )
        return (_not_below(place, self.index, word), within)


def _parted(axis: int, x: Shape, parts: int) -> tuple[AxisWindow, ...] | None:
    """How parts of an axis see it: each of them differently, but for what is no axis of positions.

    The last axis is that of the features, as everywhere in Keras' layers.
    """
    return () if parts == 1 or axis == len(x) - 1 else None


class Split(Layer):
    """An axis in parts, each an output.

    Args:
        sections: how many equal parts, a number; or a list with the size of each.
        axis: the axis, counted from 1 (0 is the batch).

    Queries, keys and values from one projection, ``q, k, v = Split(3)(x)``:

    >>> Split(3).output_shapes(Shape((10, 192)))
    ((10, 64), (10, 64), (10, 64))
    >>> Split([2, 3], axis=1).output_shapes(Shape((5, 8)))
    ((2, 8), (3, 8))
    """

    sections: Sections
    axis: int = -1

    source: ClassVar[str] = "https://keras.io/api/ops/numpy/ (split)"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def _sizes(self, n: Dim) -> tuple[Dim, ...]:
        if isinstance(self.sections, tuple):
            return self.sections
        return (exact_div(n, self.sections),) * self.sections

    def output_shape(self, x: Shape) -> Shape:
        return self.output_shapes(x)[0]

    def output_shapes(self, x: Shape) -> tuple[Shape, ...]:
        axis = axis_index(self.axis, x)
        return tuple(x.replace(axis, size) for size in self._sizes(x[axis]))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        axis = axis_index(self.axis, x)
        return (axis,) if len(self._sizes(x[axis])) > 1 and axis == len(x) - 1 else ()

    def incoming(self, *inputs: Any) -> None:
        return None  # it has no weights that are made for a number

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        axis = axis_index(self.axis, x)
        return _parted(axis, x, len(self._sizes(x[axis])))

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        axis = axis_index(self.axis, x)
        before = lower(Add(*self._sizes(x[axis])[:output]))
        return (in_place(x, {axis: Sight(axis, (Stretch(before, 1),))}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis = axis_index(self.axis, x)
        n, word = x[axis], self.axis_word(x, axis)
        if not isinstance(self.sections, tuple):
            message = f"input {word}, {{size}} long, does not part into {{factor}} equal sections"
            return (multiple(n, self.sections, message),)
        total = lower(Add(*self.sections))
        return (same_length(f"the sum of the sections along input {word}", total, n),)


class Unbind(Layer):
    """Every position of an axis as an output of its own, without the axis.

    Args:
        count: how long the axis is, a number: as many outputs there are.
        axis: the axis, counted from 1 (0 is the batch).

    >>> Unbind(3).output_shapes(Shape((3, 10, 64)))
    ((10, 64), (10, 64), (10, 64))
    """

    count: SectionCount
    axis: int = 1

    source: ClassVar[str] = f"{_TORCH}unbind.html"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    def output_shape(self, x: Shape) -> Shape:
        return without(x, axis_index(self.axis, x))

    def output_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return (self.output_shape(x),) * self.count

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        axis = axis_index(self.axis, x)
        return ((axis, Window(1)),) if self.count == 1 else _parted(axis, x, self.count)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (without_one(axis_index(self.axis, x), len(x), at_position(output)),)

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        axis = axis_index(self.axis, x)
        return (axis,) if self.count > 1 and axis == len(x) - 1 else ()

    def incoming(self, *inputs: Any) -> None:
        return None  # it has no weights that are made for a number

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axis = axis_index(self.axis, x)
        return (_counted(self.count, x[axis], self.axis_word(x, axis)),)


def _counted(count: int, length: Dim, word: str) -> Requirement:
    return Requirement(
        count,
        Relation.EQUAL,
        length,
        f"count is {{count}}, and input {word} has {{length}} positions",
        code="lengths-differ",
        hint="count is as long as the axis",
        details=(("count", count), ("length", length)),
    )
