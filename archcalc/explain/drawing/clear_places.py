"""Where the words of a line stand in a drawing: beside it, and on no other line and no card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from archcalc.explain.drawing.placing import SMALL, Placed, Route
from archcalc.explain.svg import Point

__all__ = ["ClearPlaces", "Curve", "curves_of"]

Curve: TypeAlias = tuple[Point, Point, Point, Point]
"""A cubic curve: where it begins, two points that it heads for, and where it ends."""

_Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom."""

_STEPS = 24
"""So many points of a curve are as good as all of them."""


def curves_of(points: Sequence[Point], down: bool) -> list[Curve]:
    """Curves from point to point that leave and arrive along the way that things flow."""
    curves = []
    for (x1, y1), (x2, y2) in pairwise(points):
        if down:
            bend = (y2 - y1) / 2
            curves.append(((x1, y1), (x1, y1 + bend), (x2, y2 - bend), (x2, y2)))
        else:
            bend = (x2 - x1) / 2
            curves.append(((x1, y1), (x1 + bend, y1), (x2 - bend, y2), (x2, y2)))
    return curves


class ClearPlaces:
    """What stands in a drawing, in the way of words."""

    def __init__(self, placed: Placed) -> None:
        self._down = placed.down
        self._cards = [(s.x, s.y, s.x + s.wide, s.y + s.high)
                       for s in placed.standing if not s.opened]  # fmt: skip
        self._curves = [
            (_around(curve), curve)
            for route in placed.routes
            for curve in curves_of(route.points, placed.down)
        ]

    def spot_of(self, route: Route, wide: float) -> tuple[Point, str]:
        """Where words of that width begin or end: the first place that is clear."""
        spots = list(self._spots(route))
        return next((spot for spot in spots if self._is_clear(*spot, wide)), spots[0])

    def _spots(self, route: Route) -> Iterator[tuple[Point, str]]:
        """Beside the beginning of a line, and beside the end of its first part."""
        (x, y), (u, v) = route.points[:2]
        if self._down:
            up = v < y
            for at, base in ((x, y - 7 if up else y + 15), (u, v + 15 if up else v - 7)):
                yield (at + 6, base), "start"
                yield (at - 6, base), "end"
        else:
            way, sides = (1, ("start", "end")) if u >= x else (-1, ("end", "start"))
            for at, middle, side in ((x + 8 * way, y, sides[0]), (u - 8 * way, v, sides[1])):
                yield (at, middle - 5), side
                yield (at, middle + 13), side

    def _is_clear(self, spot: Point, anchor: str, wide: float) -> bool:
        left = spot[0] - (wide if anchor == "end" else 0)
        box = left, spot[1] - SMALL, left + wide, spot[1] + 2
        return not any(_meet(box, card) for card in self._cards) and not any(
            _meet(box, around) and _goes_through(curve, box) for around, curve in self._curves
        )


def _around(curve: Curve) -> _Box:
    """A curve goes nowhere that its ends do not."""
    (a, b), (x, y) = curve[0], curve[3]
    return min(a, x), min(b, y), max(a, x), max(b, y)


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _goes_through(curve: Curve, box: _Box) -> bool:
    return any(
        box[0] <= x <= box[2] and box[1] <= y <= box[3]
        for x, y in (_point(curve, step / _STEPS) for step in range(_STEPS + 1))
    )


def _point(curve: Curve, t: float) -> Point:
    weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    x, y = (sum(w * p[i] for w, p in zip(weights, curve, strict=True)) for i in (0, 1))
    return x, y
