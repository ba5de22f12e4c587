"""Which cells of a layer's input and output belong together: what pictures are drawn from.

Windows say which positions belong together, and the work says which channels do.  Nothing here
knows a kind of layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.window import Stretches, TransposedWindow, Window
from archcalc.symbolic.errors import PictureError, ShapeError
from archcalc.symbolic.shape import Shape

__all__ = ["CHANNELS", "Stage", "WindowAxis", "axes_of", "drawable", "stages"]

View: TypeAlias = Window | TransposedWindow | Stretches

_LONGEST = 24
"""The most cells that are drawn in a row."""

CHANNELS = 8
"""The most channels that are drawn."""

_LARGE = 60
"""Stands for a size that is a symbol."""


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """One axis: cells on one side, and for each of them the cells on the other that belong to it.

    Attributes:
        word: what it is called, such as ``"height"``.
        view: the window.
        size: the length of the input.
        many: the length of the side on which windows lie: of the input where they read, of the
            output where they write.
        prints: the window of every position of the other side.
        copies: the positions outside that are copies of others, and of which.
    """

    word: str
    view: View
    size: int
    many: int
    prints: tuple[range, ...]
    copies: Mapping[int, int] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether windows lie on the output."""
        return isinstance(self.view, TransposedWindow)

    @property
    def moves(self) -> bool:
        """Whether every window is one cell beside the last: some are added or left out."""
        alone = all(len(cells) == 1 for cells in self.prints)
        return isinstance(self.view, Window) and alone and self.view.stride == 1

    @property
    def step(self) -> int:
        """From where one window begins to where the next does; 0 where there is one only."""
        return self.prints[1][0] - self.prints[0][0] if len(self.prints) > 1 else 0

    @property
    def padding(self) -> tuple[int, int]:
        """Cells of padding before and after the input."""
        pads = self.view.pads(self.size) if isinstance(self.view, Window) else (0, 0)
        return max(0, int(pads[0])), max(0, int(pads[1]))

    @property
    def outside(self) -> tuple[int, int]:
        """Cells before and after: padding, or what is cut off."""
        first, last = self.prints[0][0], max(cells[-1] for cells in self.prints)
        before, after = self.padding
        return max(-first, before), max(last + 1 - self.many, after)

    @property
    def cells(self) -> int:
        """How many cells there are on the side on which windows lie."""
        return self.many + sum(self.outside)


@dataclass(frozen=True, slots=True)
class Stage:
    """A product over channels: so many go in and come out, in so many groups."""

    ins: int
    outs: int
    groups: int

    def joins(self, a: int, b: int) -> bool:
        """Whether channel `a` that goes in is read by channel `b` that comes out.

        >>> [[Stage(4, 2, 2).joins(a, b) for a in range(4)] for b in range(2)]
        [[True, True, False, False], [False, False, True, True]]
        """
        return a * self.groups // self.ins == b * self.groups // self.outs


def axes_of(applied: Applied) -> tuple[WindowAxis, ...]:
    """The axes along which a layer has windows; none where it has none.

    Raises:
        PictureError: a window has no number.

    >>> from archcalc.layers import Conv1D
    >>> (time,) = axes_of(Applied(Conv1D(8, 3, padding="causal"), (Shape((4, 1)),)))
    >>> [list(cells) for cells in time.prints], time.outside
    ([[-2, -1, 0], [-1, 0, 1], [0, 1, 2], [1, 2, 3]], (2, 0))
    """
    layer, x = applied.layer, applied.inputs[0]
    return tuple(
        _axis(layer, x[place], layer.axis_word(x, place), v) for place, v in _views(applied)
    )


def _views(applied: Applied) -> tuple[tuple[int, View], ...]:
    """The window along every axis, or the stretches of a pool that has no one window."""
    if applied.windows is not None:
        return applied.windows
    stretches = getattr(applied.layer, "stretches", lambda x: ())
    found: tuple[tuple[int, View], ...] = stretches(applied.inputs[0])
    return found


def _axis(layer: Layer, size: Any, word: str, view: View) -> WindowAxis:
    try:
        n, out = int(size), int(view.output(size))
        if isinstance(view, TransposedWindow):
            return WindowAxis(word, view, n, out, tuple(view.writes(n, u) for u in range(n)))
        prints = tuple(view.reads(n, u) for u in range(out))
        return WindowAxis(word, view, n, n, prints, _copies(layer, n, prints))
    except TypeError:
        raise PictureError(
            f"the window of {layer!r} has no number along {word}",
            code="symbols-left",
            hint="give numbers to its symbols",
        ) from None


def _copies(layer: Layer, n: int, prints: tuple[range, ...]) -> dict[int, int]:
    """The positions outside that a padding copies from the input."""
    taken = getattr(layer, "taken", lambda n, place: None)
    outside = {place for cells in prints for place in cells if not 0 <= place < n}
    found = {place: taken(n, place) for place in outside}
    return {place: source for place, source in found.items() if source is not None}


def stages(applied: Applied) -> tuple[Stage, ...]:
    """The products over channels that a convolution does, one after the other.

    The innermost loops of its work run over channels: where there are fewer than every channel that
    goes in times every channel that comes out, they are in groups.

    >>> from archcalc.layers import SeparableConv2D
    >>> stages(Applied(SeparableConv2D(5, 3), (Shape((9, 9, 4)),)))
    (Stage(ins=4, outs=4, groups=4), Stage(ins=4, outs=5, groups=1))
    """
    x, y = applied.inputs[0], applied.output
    places = applied.layer.feature_axes(x)
    done = [work.factors for work in applied.work if work.kind == "convolution"]
    if len(places) != 1 or not done or len(x) != len(y):
        return ()
    widths = [x[places[0]], *(factors[-2] for factors in done[1:]), y[places[0]]]
    pairs = [prod(factors[-2:]) for factors in done]
    if not all(isinstance(number, int) for number in (*widths, *pairs)):
        return ()
    each = zip(widths, widths[1:], pairs, strict=False)
    return tuple(Stage(ins, outs, ins * outs // both) for ins, outs, both in each)


# A small input that shows as much


def drawable(layer: Layer, *inputs: Shape) -> Applied:
    """The layer on an input that can be drawn: on this one, or on a smaller one that shows as much.

    Raises:
        PictureError: it slides no window over one input, or one of too many cells.

    >>> from archcalc.layers import Conv2D
    >>> drawable(Conv2D(32, 3, strides=2), Shape((224, 224, 3))).inputs
    ((7, 7, 3),)
    """
    applied = Applied(layer, inputs)
    places = [place for place, _ in _views(applied)] if len(inputs) == 1 else []
    if not places or _joins(applied, places):
        raise PictureError(
            f"{type(layer).__name__} slides no window over its input",
            hint="convolutions, pools, paddings, croppings and upsamplings have pictures",
        )
    x = Shape(
        _LARGE if place in places and not isinstance(n, int) else n
        for place, n in enumerate(inputs[0])
    )
    whole = axes_of(Applied(layer, (x,)))
    if _fits(whole):
        return _few_channels(Applied(layer, (x,)))
    for n in range(1, _LONGEST + 1):
        smaller = Shape(min(n, d) if place in places else d for place, d in enumerate(x))
        found = _tried(layer, smaller)
        axes = axes_of(found) if found else ()
        if found and _fits(axes) and _as_telling(axes, whole):
            return _few_channels(found)
    raise PictureError(
        f"{layer!r} cannot be drawn in {_LONGEST} cells a row",
        code="too-large-to-draw",
        hint="draw the layer with smaller windows or strides",
    )


def _tried(layer: Layer, x: Shape) -> Applied | None:
    """The layer on `x` where it takes it."""
    try:
        return Applied(layer, (x,))
    except ShapeError:
        return None


def _fits(axes: tuple[WindowAxis, ...]) -> bool:
    return all(max(axis.cells, len(axis.prints)) <= _LONGEST for axis in axes)


def _joins(applied: Applied, places: list[int]) -> bool:
    """Whether axes are joined into one, rather than slid along or reduced to one position each."""
    x, y = applied.inputs[0], applied.output
    if len(y) >= len(x):
        return any(view.output(x[place]) != y[place] for place, view in _views(applied))
    kept = Shape(dim for place, dim in enumerate(x) if place not in places)
    return y.elements != kept.elements


def _as_telling(axes: tuple[WindowAxis, ...], whole: tuple[WindowAxis, ...]) -> bool:
    """Whether there is as much to see as on the whole input: three windows of several cells."""
    return len(axes) == len(whole) and all(
        small.size >= min(max(4, len(small.prints[0])), large.size)
        and len(small.prints) >= min(3, len(large.prints))
        and len(small.prints[0]) >= min(2, len(large.prints[0]))
        for small, large in zip(axes, whole, strict=True)
    )


def _few_channels(applied: Applied) -> Applied:
    """The layer on fewer channels, where there are groups of more than can be drawn."""
    layer, x = applied.layer, applied.inputs[0]
    places = layer.feature_axes(x)
    widths = [width for stage in stages(applied) for width in (stage.ins, stage.outs)]
    if len(places) != 1 or (widths and max(widths) <= CHANNELS):
        return applied
    for channels in range(3, CHANNELS + 1):
        fewer = _tried(layer, x.replace(places[0], channels))
        if fewer and any(stage.groups > 1 for stage in stages(fewer)):
            return fewer
    return applied
