"""The few shapes that pictures are drawn with, as SVG that takes the page's own ink.

Lines and words are in ``currentColor``, and the two fills are strong on white and on black, so that
a picture stands on light and on dark pages alike.  Every shape has a class, for pages that want
other colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal, TypeAlias

__all__ = ["FIRST", "INK", "SECOND", "Edge", "Point", "Svg", "SvgCanvas"]

INK = "currentColor"

FIRST = "#3b82f6"
"""What one position reads or writes."""

SECOND = "#f97316"
"""What the next position reads or writes."""

Point: TypeAlias = tuple[float, float]

Edge: TypeAlias = Literal["above", "below", "left", "right"]
"""Where something stands beside what it is about."""

_MARGIN = 4
_SIZE = 12
"""Of letters, where nothing else is said."""
_LETTER = 0.66
"""About how wide a letter is, for a font of size 1."""


_HEADS: Mapping[Edge, str] = {
    "below": "l-3.5 -7h7z", "right": "l-7 -3.5v7z", "above": "l-3.5 7h7z", "left": "l7 -3.5v7z",
}  # fmt: skip
"""The head of an arrow, from its tip."""


class Svg(str):
    """SVG as text, which notebooks show as the picture that it is."""

    __slots__ = ()

    def _repr_svg_(self) -> tuple[str, dict[str, str]]:
        return str(self), {"needs_background": "light"}  # as an image it has no page to take ink of


class SvgCanvas:
    """Shapes in the order in which they are drawn, and how much room they take."""

    def __init__(self) -> None:
        self._drawn: list[str] = []
        self.left = self.top = self.right = self.bottom = 0.0

    def _reach(self, *points: Point) -> None:
        for x, y in points:
            self.left, self.right = min(self.left, x), max(self.right, x)
            self.top, self.bottom = min(self.top, y), max(self.bottom, y)

    def _add(self, tag: str, kind: str, **attributes: float | str) -> None:
        said = {"class": kind, **attributes}
        written = " ".join(
            f'{name.replace("_", "-")}="{value if isinstance(value, str) else f"{value:g}"}"'
            for name, value in said.items()
        )
        self._drawn.append(f"<{tag} {written}/>")

    def _stroke(self, kind: str, path: str, **attributes: float | str) -> None:
        self._add("path", kind, d=path, fill="none", stroke=INK, **attributes)

    def _box(self, at: Point, wide: float, high: float, kind: str, **look: float | str) -> None:
        self._reach(at, (at[0] + wide, at[1] + high))
        self._add("rect", kind, x=at[0], y=at[1], width=wide, height=high, **look)

    def grid(self, at: Point, rows: int, columns: int, cell: float, kind: str) -> None:
        """Lines around and between cells; dashed where they are ``"outside"``."""
        (x, y), wide, high = at, columns * cell, rows * cell
        self._reach(at, (x + wide, y + high))
        lines = [f"M{x:g} {y + i * cell:g}h{wide:g}" for i in range(rows + 1)]
        lines += [f"M{x + i * cell:g} {y:g}v{high:g}" for i in range(columns + 1)]
        look: dict[str, float | str] = {"stroke_opacity": 0.5, "stroke_dasharray": "2 3"}
        if kind != "outside":
            look = {"stroke_opacity": 0.65}
            self._box(at, wide, high, kind, fill=INK, fill_opacity=0.07)
        self._stroke(kind, "".join(lines), shape_rendering="crispEdges", **look)

    def fill(self, at: Point, wide: float, high: float, ink: str, kind: str) -> None:
        """A box of colour; what lies below it shines through."""
        self._box(at, wide, high, kind, fill=ink, fill_opacity=0.45)

    def frame(self, at: Point, wide: float, high: float, ink: str, kind: str) -> None:
        """A bold line around a box."""
        self._box(at, wide, high, kind, fill="none", stroke=ink, stroke_width=2.5)

    def dot(self, at: Point, ink: str, kind: str, radius: float = 3) -> None:
        """A dot around a point."""
        x, y = at
        self._reach((x - radius, y - radius), (x + radius, y + radius))
        self._add("circle", kind, cx=x, cy=y, r=radius, fill=ink)

    def line(self, a: Point, b: Point, ink: str, kind: str, opacity: float = 0.7) -> None:
        """A thin line."""
        self._reach(a, b)
        self._add(
            "path",
            kind,
            d=f"M{a[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}",
            stroke=ink,
            stroke_opacity=opacity,
        )

    def words(self, at: Point, text: str, anchor: str = "middle", size: float = 12) -> None:
        """Words on a base line; `anchor` says which part of them stands at the point."""
        wide = len(text) * _LETTER * size
        left = at[0] - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        self._reach((left, at[1] - size), (left + wide, at[1] + size / 3))
        place = f'x="{at[0]:g}" y="{at[1]:g}" font-size="{size:g}" text-anchor="{anchor}"'
        self._drawn.append(f'<text class="words" {place} fill="{INK}">{escape(text)}</text>')

    def rich(
        self, at: Point, text: str, markup: str, *, anchor: str, size: float, kind: str
    ) -> None:
        """Words on a base line as `markup`, which is escaped already and as long as `text`."""
        wide = len(text) * _LETTER * size
        left = at[0] - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        self._reach((left, at[1] - size), (left + wide, at[1] + size / 3))
        place = f'x="{at[0]:g}" y="{at[1]:g}"'
        place += "" if anchor == "start" else f' text-anchor="{anchor}"'
        place += "" if size == _SIZE else f' font-size="{size:g}"'
        faint = "" if kind == "name" else ' fill-opacity="0.75"'
        self._drawn.append(f'<text class="{kind}" {place}{faint}>{markup}</text>')

    def card(
        self, at: Point, wide: float, high: float, ink: str, kind: str, *, strong: bool
    ) -> None:
        """A box with round corners, which shines through a little."""
        look: dict[str, float | str] = {"fill": ink, "stroke": ink, "rx": 6}
        look |= (
            {"fill_opacity": 0.14, "stroke_opacity": 0.9}
            if strong
            else {"fill_opacity": 0.035, "stroke_opacity": 0.35}
        )
        self._box(at, wide, high, kind, **look)

    def curve(self, parts: Sequence[tuple[Point, Point, Point, Point]], kind: str) -> None:
        """Bézier curves one after the other."""
        (x, y), *_ = parts[0]
        drawn = [f"M{x:g} {y:g}"]
        for start, *bends, end in parts:
            self._reach(start, end)
            straight = start[0] == end[0] or start[1] == end[1]
            points = (end,) if straight else (*bends, end)
            drawn.append(("L" if straight else "C") + " ".join(f"{a:g} {b:g}" for a, b in points))
        self._add("path", kind, d="".join(drawn))

    def arrow(self, tip: Point, kind: str, heading: Edge) -> None:
        """The head of an arrow that points to an edge of the page."""
        x, y = tip
        self._add("path", kind, d=f"M{x:g} {y:g}{_HEADS[heading]}")

    def open(self, tag: str, kind: str, title: str = "", **look: str) -> None:
        """Begin a group: what is said where a pointer rests on it, and how all in it looks."""
        said = f"<title>{escape(title)}</title>" if title else ""
        more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in look.items())
        self._drawn.append(f'<{tag} class="{kind}"{more}>{said}')

    def close(self, tag: str) -> None:
        """End the group that was begun last."""
        self._drawn.append(f"</{tag}>")

    def measure(self, a: Point, b: Point, text: str, edge: Edge) -> None:
        """A line from `a` to `b` with ticks at its ends, and what it measures beside it."""
        (x1, y1), (x2, y2) = a, b
        middle, beside = ((x1 + x2) / 2, (y1 + y2) / 2), {"left": -8.0, "right": 8.0}
        if edge in beside:
            path = f"M{x1 - 3:g} {y1:g}h6m-3 0V{y2:g}m-3 0h6"
            place = (x1 + beside[edge], middle[1] + 4)
            self.words(place, text, "end" if edge == "left" else "start")
        else:
            path = f"M{x1:g} {y1 - 3:g}v6m0 -3H{x2:g}m0 -3v6"
            self.words((middle[0], y1 + (-6 if edge == "above" else 15)), text)
        self._stroke("measure", path, stroke_opacity=0.85)

    def centre(self, x: float) -> None:
        """Take as much room on the left as on the right of `x`."""
        half = max(x - self.left, self.right - x)
        self.left, self.right = x - half, x + half

    def svg(self, title: str, description: str) -> Svg:
        """What was drawn, with words for those who do not see it."""
        left, top = self.left - _MARGIN, self.top - _MARGIN
        wide, high = self.right - left + _MARGIN, self.bottom - top + _MARGIN
        size = f'viewBox="{left:g} {top:g} {wide:g} {high:g}" width="{wide:g}" height="{high:g}"'
        head = '<svg xmlns="http://www.w3.org/2000/svg" class="archcalc-picture" role="img"'
        said = f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>"
        drawn = "\n".join(self._drawn)
        font = f'font-family="system-ui, sans-serif" font-size="{_SIZE}" fill="{INK}"'
        return Svg(f"{head} {size} {font}>\n{said}\n{drawn}\n</svg>")
