"""A chain with lines over its middle, each within the one before, drawn as a U: down, and up again.

Source: Ronneberger, Fischer and Brox, *U-Net* (2015), figure 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from archcalc.explain.drawing.layered import Box, Layout, Line

__all__ = ["Turn", "turn_of", "u_shaped"]

_CHANNEL, _MARGIN = 70.0, 26.0
"""The room between the way down and the way up, and beside what goes out."""

Points: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Turn:
    """Where a chain turns.

    Attributes:
        skips: the lines over the middle, from the outermost in.
        bottom: the part at which it turns.
    """

    skips: tuple[tuple[int, int], ...]
    bottom: int


def turn_of(edges: Sequence[tuple[int, int]], many: int) -> Turn | None:
    """Where a chain of so many parts turns, if it is one with two lines at least over its middle.

    Args:
        edges: from part to part, each once; −1 is what comes in, `many` what goes out.
        many: the number of parts.

    >>> turn_of([(-1, 0), (0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (1, 3), (4, 5)], 5)
    Turn(skips=((0, 4), (1, 3)), bottom=2)
    >>> turn_of([(-1, 0), (0, 1), (1, 2), (0, 2), (2, 3)], 3) is None
    True
    """
    chain = {(place, place + 1) for place in range(-1, many)}
    skips = sorted(set(edges) - chain)
    nested = all(a < c and d < b for (a, b), (c, d) in pairwise(skips))
    if len(skips) < 2 or not nested or not chain <= set(edges) or len(edges) > len(set(edges)):
        return None
    (start, end), first, last = skips[-1], skips[0][0], skips[0][1]
    turns = first >= 0 and last < many and end - start >= 2
    return Turn(tuple(skips), (start + end) // 2) if turns else None


def u_shaped(
    boxes: Sequence[Box], lines: Sequence[Line], turn: Turn, gap: float, words: float
) -> Layout:
    """Where the boxes of such a chain go.

    Args:
        boxes: the first for what comes in, the last for what goes out.
        lines: between them.
        turn: where the chain turns.
        gap: the room between two boxes.
        words: how wide is what is said beside the way up.
    """
    return _Shape(boxes, lines, turn, gap, words).layout()


class _Shape:
    """The boxes by their numbers: the parts are counted from 1 here, after what comes in."""

    def __init__(
        self, boxes: Sequence[Box], lines: Sequence[Line], turn: Turn, gap: float, words: float
    ) -> None:
        self.boxes, self.lines, self.gap = boxes, lines, gap
        self.skips = [(a + 1, b + 1) for a, b in turn.skips]
        self.bottom, self.last = turn.bottom + 1, len(boxes) - 1
        down, up = range(1, self.bottom), range(self.bottom + 1, self.last)
        left, right = (max(boxes[i].wide for i in way) for way in (down, up))
        low = boxes[self.bottom].wide
        channel = max(_CHANNEL, low + 2 * _MARGIN - (left + right) / 2)
        self.down, self.up = left / 2, left + channel + right / 2
        self.out = self.up + max(right / 2 + _MARGIN, words + _MARGIN / 2)
        self.x = {**dict.fromkeys([0, *down], self.down), **dict.fromkeys(up, self.up),
                  self.bottom: (self.down + self.up) / 2, self.last: self.out}  # fmt: skip
        self.y = self._heights()

    def _tall(self, run: Sequence[int]) -> float:
        """How far the middles of the first and the last of neighbours are apart at least."""
        return sum(
            (self.boxes[a].high + self.boxes[b].high) / 2 + self.gap for a, b in pairwise(run)
        )

    def _heights(self) -> dict[int, float]:
        """The middle of each box: what a line joins over the middle stands at the same height."""
        a, b = self.skips[0]
        y: dict[int, float] = {}
        before, after = list(range(1, a + 1)), list(range(self.last - 1, b - 1, -1))
        tops = [self._tall(run) + self.boxes[run[0]].high / 2 for run in (before, after)]
        at = self.boxes[0].free + max(tops)
        self._spread(y, before, at - self._tall(before), at)
        self._spread(y, after, at - self._tall(after), at)
        for (a, b), (c, d) in pairwise(self.skips):
            left, right = list(range(a, c + 1)), list(range(b, d - 1, -1))
            low = at + max(self._tall(left), self._tall(right))
            self._spread(y, left, at, low)
            self._spread(y, right, at, low)
            at = low
        c, d = self.skips[-1]
        left, right = list(range(c, self.bottom)), list(range(d, self.bottom, -1))
        low = at + max(self._tall(left), self._tall(right))
        self._spread(y, left, at, low)
        self._spread(y, right, at, low)
        deepest = max(self.boxes[i].high for i in (left[-1], right[-1])) / 2
        y[self.bottom] = low + deepest + self.gap + self.boxes[self.bottom].high / 2
        return y

    def _spread(self, y: dict[int, float], run: Sequence[int], start: float, end: float) -> None:
        """Put neighbours between two heights, with what is left over shared between them."""
        more = (end - start - self._tall(run)) / max(len(run) - 1, 1)
        y[run[0]] = start
        for a, b in pairwise(run):
            y[b] = y[a] + self._tall((a, b)) + more

    def layout(self) -> Layout:
        """All of it, with the lines."""
        high = self.y[self.bottom] + self.boxes[self.bottom].high / 2 + self.gap
        self.y[0], self.y[self.last] = 0.0, high
        middles = tuple(
            (self.x[i], self.y[i] - self.boxes[i].high / 2) for i in range(len(self.boxes))
        )
        routes = tuple(self._route(line) for line in self.lines)
        return Layout(middles, routes, self.out + _MARGIN / 2, high, 0)

    def _route(self, line: Line) -> Points:
        a, b = line.start, line.end
        (x, y), (u, v) = (self.x[a], self.y[a]), (self.x[b], self.y[b])
        high, wide = self.boxes[a].high / 2, self.boxes[a].wide / 2
        if b == self.last:  # beside everything down to where it goes out
            return (x + wide, y), (u, y), (u, v)
        if b - a > 1:
            return (x + wide, y), (u - self.boxes[b].wide / 2, v)
        if b == self.bottom:
            return (
                (x + line.leaves, y + high),
                (x + line.leaves, v),
                (u - self.boxes[b].wide / 2, v),
            )
        if a == self.bottom:
            return (x + wide, y), (u, y), (u, v + self.boxes[b].high / 2)
        if a > self.bottom:
            return (x, y - high), (u, v + self.boxes[b].high / 2)
        return (x + line.leaves, y + high), (u + line.arrives, v - self.boxes[b].high / 2)
