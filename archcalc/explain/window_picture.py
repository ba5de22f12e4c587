"""Pictures of layers: what one output position reads, or to what one input position writes.

A picture is a fold over a layer's facts, as a derivation is:
see `archcalc.explain.window_geometry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from archcalc.explain.svg import FIRST, INK, SECOND, Edge, Point, Svg, SvgCanvas
from archcalc.explain.window_geometry import CHANNELS, WindowAxis, axes_of, drawable, stages
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.window import Stretches, Window
from archcalc.symbolic.errors import PictureError
from archcalc.symbolic.shape import ShapeLike, as_shape

__all__ = ["picture"]


def picture(layer: Layer, *inputs: ShapeLike) -> Svg:
    """A picture of `layer` on `inputs` as SVG: its window or its padding, and groups of channels.

    It is text, which a notebook shows as a picture and which can be written to a file.  Lines and
    words take the colour of the page.  Sizes of the input that are symbols, or too large
    to draw, are replaced by small ones at which there is as much to see.

    Args:
        layer: a layer that slides a window: a convolution, a pool, a padding, an upsampling, ….
        inputs: the shape that goes in, without the batch.

    Raises:
        PictureError: the layer slides no window, or one without numbers, or one too large to draw.
        ShapeError: the layer cannot take this input.

    >>> from archcalc.layers import Conv2D, Dense
    >>> svg = picture(Conv2D(32, 3, strides=2), ("h", "w", 3))
    >>> print(svg.partition("<desc>")[2].partition("</desc>")[0])
    On 7×7×3 comes 3×3×32. One output reads 3×3 positions of the input; the next begins 2 further.
    >>> picture(Dense(10), (784,))
    Traceback (most recent call last):
    archcalc.symbolic.errors.PictureError: ...
    """
    if not isinstance(layer, Layer):
        raise PictureError(
            f"{type(layer).__name__} is no layer",
            hint="picture takes a layer and what goes into it, as in picture(Conv2D(32, 3), "
            "(28, 28, 1)); network.draw() draws a whole network",
        )
    applied = drawable(layer, *map(as_shape, inputs))
    axes = axes_of(applied)
    shown = _Plane(*axes[-2:]) if len(axes) > 1 else _Plane(_ALONE, *axes)
    canvas = SvgCanvas()
    legend = _placed(canvas, shown) if shown.moves else _slid(canvas, shown)
    legend += [("", f"{axis.word} goes the same way") for axis in axes[:-2]]
    bottom = canvas.bottom
    _channels(canvas, applied)
    _legend(canvas, legend, bottom)
    return canvas.svg(repr(layer), _said(applied, axes))


_ALONE = WindowAxis("", Window(1), 1, 1, (range(1),))
"""The other axis of a line of cells."""


@dataclass(frozen=True, slots=True)
class _Plane:
    """The two axes that are drawn: down, and across."""

    rows: WindowAxis
    columns: WindowAxis

    @property
    def line(self) -> bool:
        """Whether it is a single line of cells."""
        return self.rows is _ALONE

    @property
    def writes(self) -> bool:
        return self.columns.writes

    @property
    def moves(self) -> bool:
        """Whether cells are only added or left out, at some end."""
        both = (self.rows, self.columns)
        return all(axis.moves for axis in both) and any(
            any(axis.outside) or len(axis.prints) != axis.size for axis in both
        )

    @property
    def cell(self) -> float:
        """How large a cell is drawn."""
        cells = max(self.rows.cells, self.columns.cells)
        return 22 if cells <= 9 else 17 if cells <= 14 else 12


@dataclass(frozen=True, slots=True)
class _Side:
    """The cells of one side, on the canvas; `outside` are drawn before and after, each way."""

    at: Point
    cell: float
    rows: int
    columns: int
    outside: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))

    def __str__(self) -> str:
        return f"{self.rows}×{self.columns}"

    @property
    def wide(self) -> float:
        return (self.columns + sum(self.outside[1])) * self.cell

    @property
    def high(self) -> float:
        return (self.rows + sum(self.outside[0])) * self.cell

    def corner(self, row: int, column: int) -> Point:
        """The upper left corner of a cell; those outside count on below 0 and from the end."""
        (above, _), (before, _) = self.outside
        return self.at[0] + (column + before) * self.cell, self.at[1] + (row + above) * self.cell

    def grid(self, canvas: SvgCanvas) -> None:
        """The lines between the cells."""
        if any(map(any, self.outside)):
            rows, columns = round(self.high / self.cell), round(self.wide / self.cell)
            canvas.grid(self.at, rows, columns, self.cell, "outside")
        canvas.grid(self.corner(0, 0), self.rows, self.columns, self.cell, "inside")


_Legend: TypeAlias = list[tuple[str, str]]
"""Marks and what they mean."""


def _many(plane: _Plane, at: Point = (0, 0)) -> _Side:
    """The side on which windows lie."""
    rows, columns = plane.rows, plane.columns
    return _Side(at, plane.cell, rows.many, columns.many, (rows.outside, columns.outside))


def _one(plane: _Plane, at: Point = (0, 0)) -> _Side:
    """The side of which every position has a window."""
    return _Side(at, plane.cell, len(plane.rows.prints), len(plane.columns.prints))


# A window that slides


def _slid(canvas: SvgCanvas, plane: _Plane) -> _Legend:
    """Both sides, the first window with its cell, and the next."""
    many, one = _arranged(plane)
    names = ("output", "input") if plane.writes else ("input", "output")
    _rays(canvas, plane, many, one)
    legend = _windows(canvas, plane, many, one)
    for side, name in zip((many, one), names, strict=True):
        side.grid(canvas)
        (x, y), middle = side.at, side.high / 2
        if plane.line:
            canvas.words((x - 8, y + middle + 4), f"{name} {side.columns}", "end")
        else:
            canvas.words((x + side.wide / 2, y + side.high + 17), f"{name} {side}")
    _measures(canvas, plane, many)
    return legend + _edges(plane)


def _arranged(plane: _Plane) -> tuple[_Side, _Side]:
    """The side of the windows and the other: left and right, or above and below for a line."""
    many, one = _many(plane), _one(plane)
    first, second = (one, many) if plane.writes else (many, one)
    if plane.line:
        at = ((first.wide - second.wide) / 2, first.high + 46)
    else:
        at = (first.wide + 84, (first.high - second.high) / 2)
    return (_many(plane, at), one) if plane.writes else (many, _one(plane, at))


def _windows(canvas: SvgCanvas, plane: _Plane, many: _Side, one: _Side) -> _Legend:
    """The cells of the first window and of the next."""
    across = len(plane.columns.prints) > 1
    verb, other = ("written", "input") if plane.writes else ("read", "output")
    legend = [("first", f"{verb} by one {other}")]
    _marks(canvas, plane, many, one, (0, 0))
    if across or len(plane.rows.prints) > 1:
        _marks(canvas, plane, many, one, (0, 1) if across else (1, 0))
        legend.append(("both" if plane.writes else "next", f"{verb} by the next"))
    return legend + (_counts(canvas, plane, many) if plane.writes else [])


def _marks(canvas: SvgCanvas, plane: _Plane, many: _Side, one: _Side, at: tuple[int, int]) -> None:
    """The cells of one window, and the cell that it belongs to."""
    window = [(r, c) for r in plane.rows.prints[at[0]] for c in plane.columns.prints[at[1]]]
    spots = [one.corner(*at), *(many.corner(*spot) for spot in window)]
    ink, kind = (SECOND, "next") if any(at) else (FIRST, "first")
    for x, y in spots:
        if any(at) and not plane.writes:
            canvas.dot((x + many.cell / 2, y + many.cell / 2), ink, kind)
        else:
            canvas.fill((x, y), many.cell, many.cell, ink, kind)


def _counts(canvas: SvgCanvas, plane: _Plane, many: _Side) -> _Legend:
    """In each cell how many windows write there, where any two overlap."""
    down, across = (
        [sum(place in cells for cells in axis.prints) for place in range(axis.many)]
        for axis in (plane.rows, plane.columns)
    )
    if max(down) * max(across) < 2:
        return []
    for r, over in enumerate(down):
        for c, times in enumerate(across):
            x, y = many.corner(r, c)
            canvas.words((x + many.cell / 2, y + many.cell / 2 + 4), str(over * times), size=10)
    return [("2", "how many inputs are added up")]


def _rays(canvas: SvgCanvas, plane: _Plane, many: _Side, one: _Side) -> None:
    """Lines from the corners of the first window to those of its cell, where they face."""
    rows, columns = plane.rows.prints[0], plane.columns.prints[0]
    window = many.corner(rows[0], columns[0]), many.corner(rows[-1] + 1, columns[-1] + 1)
    cell = one.corner(0, 0), one.corner(1, 1)
    (x1, y1), (x2, y2) = cell if plane.writes else window
    (x3, y3), (x4, y4) = window if plane.writes else cell
    facing = (
        [((x1, y2), (x3, y3)), ((x2, y2), (x4, y3))]
        if plane.line
        else [((x2, y1), (x3, y3)), ((x2, y2), (x3, y4))]
    )
    for start, end in facing:
        canvas.line(start, end, FIRST, "ray")


def _measures(canvas: SvgCanvas, plane: _Plane, many: _Side) -> None:
    """How large the first window is and where the next begins."""
    rows, columns = plane.rows, plane.columns
    spot = many.corner(0, columns.prints[0][0]), many.corner(0, columns.prints[0][-1] + 1)
    below = plane.line and plane.writes
    edge: Edge = "below" if below else "above"
    start = many.at[1] + many.high + 10 if below else many.at[1] - 10
    for i, (text, length) in enumerate(_lengths(columns, many.cell)):
        y = start + (26 if below else -24) * i
        canvas.measure((spot[0][0], y), (spot[0][0] + length, y), text, edge)
    if plane.line or _lengths(rows, many.cell) == _lengths(columns, many.cell):
        return
    top = many.corner(rows.prints[0][0], 0)[1]
    edge = "right" if plane.writes else "left"
    x = many.at[0] + many.wide + 10 if plane.writes else many.at[0] - 10
    for i, (text, length) in enumerate(_lengths(rows, many.cell)):
        beside = x + (64 if plane.writes else -64) * i
        canvas.measure((beside, top), (beside, top + length), text, edge)


def _lengths(axis: WindowAxis, cell: float) -> list[tuple[str, float]]:
    """What there is to measure of a window along one axis: words, and how long."""
    view, first = axis.view, axis.prints[0]
    if isinstance(view, Stretches):
        return []
    dilated = f", dilation {view.dilation}" if view.dilation != 1 else ""
    size = (f"kernel {view.kernel}{dilated}", (first[-1] + 1 - first[0]) * cell)
    return [(f"stride {axis.step}", axis.step * cell), size] if axis.step > 1 else [size]


# Cells that are added or left out


def _placed(canvas: SvgCanvas, plane: _Plane) -> _Legend:
    """The output as a frame over the input."""
    side, out = _many(plane), _one(plane)
    side.grid(canvas)
    rows, columns = plane.rows.prints, plane.columns.prints
    x, y = side.corner(rows[0][0], columns[0][0])
    canvas.frame((x, y), out.wide, out.high, FIRST, "first")
    copied = _numbered(canvas, plane, side)
    sizes = (side.columns, out.columns) if plane.line else (side, out)
    middle = max(side.wide / 2, 0)
    canvas.words((middle, side.high + 18), "input {} → output {}".format(*sizes))
    return [("frame", "output"), *_edges(plane), *copied]


def _numbered(canvas: SvgCanvas, plane: _Plane, side: _Side) -> _Legend:
    """The number of every cell, the same for its copies, where padding is copied."""
    if not (plane.rows.copies or plane.columns.copies):
        return []
    down, across = (
        {**{place: place for place in range(axis.many)}, **axis.copies}
        for axis in (plane.rows, plane.columns)
    )
    for r, row in down.items():
        for c, column in across.items():
            x, y = side.corner(r, c)
            number = str(row * plane.columns.many + column + 1)
            canvas.words((x + side.cell / 2, y + side.cell / 2 + 4), number, size=10)
    return [("1", "the same number, the same value")]


# Channels in groups


def _channels(canvas: SvgCanvas, applied: Applied) -> None:
    """Which channels are read by which, where they are in groups."""
    found = stages(applied)
    widths = [found[0].ins, *(stage.outs for stage in found)] if found else []
    if all(stage.groups == 1 for stage in found) or max(widths) > CHANNELS:
        return
    left, middle, gap = canvas.right + 56, canvas.bottom / 2, 20
    dots = [
        [(left + 64 * i, middle + (j - (width - 1) / 2) * gap) for j in range(width)]
        for i, width in enumerate(widths)
    ]
    for i, stage in enumerate(found):
        for a, start in enumerate(dots[i]):
            for b, end in enumerate(dots[i + 1]):
                if stage.joins(a, b):
                    first = stage.groups > 1 and stage.joins(0, b)
                    canvas.line(start, end, FIRST if first else INK, "joined", 1 if first else 0.5)
    for column in dots:
        for spot in column:
            canvas.dot(spot, INK, "channel", 4)
    top = middle - max(widths) * gap / 2
    canvas.words((left + 32 * len(found), top - 12), "channels")
    for column in dots:
        canvas.words((column[0][0], middle + max(widths) * gap / 2 + 14), str(len(column)))


# Words


def _edges(plane: _Plane) -> _Legend:
    """What the cells outside are."""
    if not any((*plane.rows.outside, *plane.columns.outside)):
        return []
    if plane.writes:
        return [("outside", "cut off")]
    padded = any(any(axis.padding) for axis in (plane.rows, plane.columns))
    return [("outside", "padding" if padded else "beyond the end")]


def _legend(canvas: SvgCanvas, legend: _Legend, bottom: float) -> None:
    """The marks with their meanings, one below the other."""
    left = canvas.left
    for i, (mark, meaning) in enumerate(legend):
        y = bottom + 24 + 19 * i
        at = (left, y - 10)
        if mark == "outside":
            canvas.grid(at, 1, 1, 12, "outside")
        elif mark == "frame":
            canvas.frame((left + 1, y - 9), 10, 10, FIRST, "key")
        elif mark == "next":
            canvas.dot((left + 6, y - 4), SECOND, "key")
        elif mark in ("first", "both"):
            canvas.fill(at, 12, 12, FIRST if mark == "first" else SECOND, "key")
        elif mark:
            canvas.words((left + 6, y), mark, size=10)
        canvas.words((left + (20 if mark else 0), y), meaning, "start")


def _said(applied: Applied, axes: tuple[WindowAxis, ...]) -> str:
    """The picture in words."""
    (x,), y = applied.inputs, applied.output
    size = "×".join(str(len(axis.prints[0])) for axis in axes)
    one, other = ("input writes", "output") if axes[-1].writes else ("output reads", "input")
    apart = {axis.prints[0].step for axis in axes} - {1}
    every = f", every {max(apart)}th," if apart else ""
    following = f"; the next begins {axes[-1].step} further" if axes[-1].step else ""
    return f"On {x} comes {y}. One {one} {size} positions{every} of the {other}{following}."
