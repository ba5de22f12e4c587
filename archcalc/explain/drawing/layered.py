"""Boxes in layers, lines between them downwards, with as few crossings as are found.

Source: Sugiyama, Tagawa and Toda, *Methods for Visual Understanding of Hierarchical System
Structures* (1981): boxes are put in layers by the longest way that leads to them, lines that pass a
layer have a place in it, each layer is put in the order of the middles of its neighbours, and at
last everything is moved as near to its neighbours as the order allows, in the sense of least
squares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

__all__ = ["Box", "Layout", "Line", "crossings", "layered"]

Spot: TypeAlias = tuple[int, float]
"""A place in a layer, and where on it."""

_SWEEPS = 24
_BETWEEN = 22.0
"""The room between two boxes of a layer."""
_PASSING = 14.0
"""The room beside a line that passes a layer."""


@dataclass(frozen=True)
class Box:
    """How large something is; `free` is how much room is below it, for lines and their labels."""

    wide: float
    high: float
    free: float = 34.0


@dataclass(frozen=True)
class Line:
    """From one box down to another; where it leaves and arrives, from the middles of both."""

    start: int
    end: int
    leaves: float = 0.0
    arrives: float = 0.0


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    Attributes:
        middles: of each box, the middle of its upper edge.
        routes: for each line the points that it goes through, from box to box.
        wide, high: the room that all of it takes.
        crossings: how often lines cross.
    """

    middles: tuple[tuple[float, float], ...]
    routes: tuple[tuple[tuple[float, float], ...], ...]
    wide: float
    high: float
    crossings: int


def layered(boxes: Sequence[Box], lines: Sequence[Line], last: Sequence[int] = ()) -> Layout:
    """Where boxes go, and the lines between them.

    Args:
        boxes: each after those from which lines lead to it.
        lines: between them.
        last: boxes that stand in the lowest layer.

    >>> made = layered([Box(80, 30), Box(80, 30)], [Line(0, 1)])
    >>> made.middles, made.crossings
    (((40.0, 0.0), (40.0, 64.0)), 0)
    """
    places = _Places(boxes, lines, _ranks(boxes, lines, last))
    places.order()
    places.move()
    return places.layout()


def _ranks(boxes: Sequence[Box], lines: Sequence[Line], last: Sequence[int]) -> list[int]:
    """The layer of each box: below all that lead to it."""
    begin = 1 if any(box.high == 0 and i not in last for i, box in enumerate(boxes)) else 0
    ranks = [begin if box.high else 0 for box in boxes]
    for line in sorted(lines, key=lambda line: line.end):
        ranks[line.end] = max(ranks[line.end], ranks[line.start] + 1)
    lowest = max((r for i, r in enumerate(ranks) if i not in last), default=0)
    if last:
        lowest = max(lowest + 1, *(ranks[i] for i in last))
    for i in last:
        ranks[i] = lowest
    fed = {line.end for line in lines}
    below: dict[int, list[int]] = {}
    for line in lines:
        below.setdefault(line.start, []).append(line.end)
    for i in reversed(range(len(boxes))):  # what is fed by nothing stands by what it feeds
        if i not in fed and i in below and boxes[i].high > 0:
            ranks[i] = min(ranks[j] for j in below[i]) - 1
    return ranks


class _Places:
    """Places in layers: boxes, and lines that pass a layer between two of them."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line], ranks: Sequence[int]) -> None:
        self.boxes, self.lines, self.ranks = boxes, lines, list(ranks)
        self.wide = [box.wide for box in boxes]
        self.rank = list(ranks)
        self.links: list[tuple[int, int, float, float]] = []
        self.ways: list[list[int]] = []
        for line in lines:
            self.ways.append(self._way(line))
        self.above: list[list[tuple[int, float]]] = [[] for _ in self.rank]
        self.below: list[list[tuple[int, float]]] = [[] for _ in self.rank]
        for a, b, leaves, arrives in self.links:
            self.below[a].append((b, arrives - leaves))
            self.above[b].append((a, leaves - arrives))
        self.layers: list[list[int]] = [[] for _ in range(max(self.rank, default=0) + 1)]
        for place in self._first_order():
            self.layers[self.rank[place]].append(place)
        self.x = [0.0] * len(self.rank)

    def _way(self, line: Line) -> list[int]:
        """The places of a line: its boxes, and one in each layer that it passes."""
        way = [line.start]
        for rank in range(self.ranks[line.start] + 1, self.ranks[line.end]):
            way.append(len(self.rank))
            self.rank.append(rank)
            self.wide.append(0.0)
        way.append(line.end)
        for i, (a, b) in enumerate(pairwise(way)):
            leaves = line.leaves if i == 0 else 0.0
            self.links.append((a, b, leaves, line.arrives if i == len(way) - 2 else 0.0))
        return way

    def _first_order(self) -> list[int]:
        """Depth first, so that what belongs together begins together; long ways come last."""
        reach = [0] * len(self.rank)
        for a, b, *_ in sorted(self.links, key=lambda link: -self.rank[link[0]]):
            reach[a] = max(reach[a], reach[b] + (1 if self._is_box(b) else 0))
        seen: dict[int, None] = {}
        starts = [i for i in range(len(self.rank)) if not self.above[i]]
        pending = list(reversed(starts))
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen[place] = None
            pending.extend(sorted((b for b, _ in self.below[place]), key=lambda b: reach[b]))
        return list(seen)

    def _is_box(self, place: int) -> bool:
        return place < len(self.boxes)

    # The order in each layer

    def order(self) -> None:
        """Sweep down and up, and keep the order with the fewest crossings."""
        best, fewest = [list(layer) for layer in self.layers], self.crossings()
        for sweep in range(_SWEEPS):
            if fewest == 0:
                break
            down = sweep % 2 == 0
            for layer in self.layers if down else reversed(self.layers):
                self._sort(layer, self.above if down else self.below)
            self._exchange()
            now = self.crossings()
            if now < fewest:
                best, fewest = [list(layer) for layer in self.layers], now
        self.layers = best
        self.crossed = fewest

    def _sort(self, layer: list[int], towards: list[list[tuple[int, float]]]) -> None:
        at = {p: i for each in self.layers for i, p in enumerate(each)}
        here = {p: i for i, p in enumerate(layer)}

        def middle(place: int) -> float:
            near = [at[other] + self._aside(place, other, shift) for other, shift in towards[place]]
            return sum(near) / len(near) if near else float(here[place])

        layer.sort(key=middle)

    def _aside(self, place: int, other: int, shift: float) -> float:
        """Where on a wide neighbour a line stands, as a part of a place."""
        wide = max(self.wide[other], self.wide[place], 1.0)
        return -0.9 * shift / wide

    def _exchange(self) -> None:
        """Exchange neighbours where that spares crossings."""
        for layer in self.layers:
            for i in range(len(layer) - 1):
                before = self.crossings()
                layer[i], layer[i + 1] = layer[i + 1], layer[i]
                if self.crossings() >= before:
                    layer[i], layer[i + 1] = layer[i + 1], layer[i]

    def crossings(self) -> int:
        """How often lines cross between neighbouring layers."""
        at = {p: i for layer in self.layers for i, p in enumerate(layer)}
        by_rank: dict[int, list[tuple[Spot, Spot]]] = {}
        for a, b, leaves, arrives in self.links:
            ends = ((at[a], leaves), (at[b], arrives))
            by_rank.setdefault(self.rank[a], []).append(ends)
        return sum(crossings(each) for each in by_rank.values())

    # How far to the right

    def move(self) -> None:
        """Move everything near its neighbours."""
        for layer in self.layers:
            self._pack(layer, [0.0] * len(layer), [1.0] * len(layer))
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            both = sweep >= _SWEEPS - 8
            for layer in self.layers if down else reversed(self.layers):
                wanted, weights = [], []
                for place in layer:
                    near = self.above[place] if down else self.below[place]
                    near = [*self.above[place], *self.below[place]] if both or not near else near
                    total = sum(self._pull(place, other) for other, _ in near)
                    spot = sum(
                        self._pull(place, other) * (self.x[other] + shift) for other, shift in near
                    )
                    wanted.append(spot / total if near else self.x[place])
                    weights.append(total if near else 0.01)
                self._pack(layer, wanted, weights)
        for _ in range(3):
            for chain in self._chains():
                self._straighten(chain)
        left = min((self.x[p] - self.wide[p] / 2 for p in range(len(self.x))), default=0.0)
        self.x = [x - left for x in self.x]

    def _chains(self) -> list[list[tuple[int, float]]]:
        """What is linked in a line, with no other link between, the longest first; with each how
        far its middle is from that of the first."""
        after = {a: (b, leaves - arrives) for a, b, leaves, arrives in self.links
                 if len(self.below[a]) == 1 and len(self.above[b]) == 1}  # fmt: skip
        begun = set(after) - {b for b, _ in after.values()}
        chains = []
        for start in begun:
            chain = [(start, 0.0)]
            while chain[-1][0] in after:
                place, shift = after[chain[-1][0]]
                chain.append((place, chain[-1][1] + shift))
            chains.append(chain)
        return sorted(chains, key=lambda chain: (-len(chain), chain[0][0]))

    def _straighten(self, chain: list[tuple[int, float]]) -> None:
        """Put a chain in a line, where there is room for it."""
        low, high = -float("inf"), float("inf")
        for place, shift in chain:
            layer = self.layers[self.rank[place]]
            i = layer.index(place)
            if i > 0:
                low = max(low, self.x[layer[i - 1]] + self._apart(layer[i - 1], place) - shift)
            if i < len(layer) - 1:
                high = min(high, self.x[layer[i + 1]] - self._apart(place, layer[i + 1]) - shift)
        if low > high:
            return
        spot = sum(self.x[place] - shift for place, shift in chain) / len(chain)
        spot = min(max(spot, low), high)
        for place, shift in chain:
            self.x[place] = spot + shift

    def _apart(self, left: int, right: int) -> float:
        """How far apart the middles of neighbours are at least."""
        boxes = self._is_box(left) and self._is_box(right)
        room = _BETWEEN if boxes else _PASSING
        return (self.wide[left] + self.wide[right]) / 2 + room

    def _pull(self, a: int, b: int) -> float:
        """Lines that pass layers are drawn straight first of all, then those between lone boxes."""
        if not self._is_box(a) and not self._is_box(b):
            return 8.0
        first, last = (a, b) if self.rank[a] < self.rank[b] else (b, a)
        alone = len(self.below[first]) == 1 and len(self.above[last]) == 1
        return 12.0 if alone else 1.0

    def _pack(self, layer: Sequence[int], wanted: Sequence[float], weights: list[float]) -> None:
        """Put a layer as near to where it wants to be as widths allow: pool adjacent violators."""
        starts: list[float] = []
        for i, place in enumerate(layer):
            if i == 0:
                starts.append(0.0)
                continue
            starts.append(starts[-1] + self._apart(layer[i - 1], place))
        pools: list[tuple[float, float, int]] = []
        for start, want, weight in zip(starts, wanted, weights, strict=True):
            pools.append((want - start, weight, 1))
            while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
                (a, wa, na), (b, wb, nb) = pools[-2:]
                pools[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
        offsets = [offset for offset, _, many in pools for _ in range(many)]
        for place, start, offset in zip(layer, starts, offsets, strict=True):
            self.x[place] = start + offset

    # What comes out

    def layout(self) -> Layout:
        """The boxes and lines where they stand."""
        tops, high = self._heights()
        middles = tuple((self.x[i], tops[self.ranks[i]]) for i in range(len(self.boxes)))
        routes = tuple(
            self._route(line, way, tops) for line, way in zip(self.lines, self.ways, strict=True)
        )
        wide = max((self.x[p] + self.wide[p] / 2 for p in range(len(self.x))), default=0.0)
        return Layout(middles, routes, wide, high, self.crossed)

    def _heights(self) -> tuple[list[float], float]:
        tops, y = [], 0.0
        self.tall: list[float] = []
        for layer in self.layers:
            boxes = [self.boxes[p] for p in layer if self._is_box(p)]
            tall = max((box.high for box in boxes), default=0.0)
            tops.append(y)
            self.tall.append(tall)
            y += tall + max((box.free for box in boxes), default=20.0)
        lowest = [self.boxes[p].free for p in self.layers[-1] if self._is_box(p)]
        return tops, y - max(lowest, default=20.0)

    def _route(
        self, line: Line, way: Sequence[int], tops: Sequence[float]
    ) -> tuple[tuple[float, float], ...]:
        start, end = self.boxes[line.start], self.ranks[line.end]
        x = self.x[line.start] + line.leaves
        first = tops[self.ranks[line.start]]
        points = [(x, first + start.high)]
        if start.high < self.tall[self.ranks[line.start]]:
            points.append((x, first + self.tall[self.ranks[line.start]]))
        for place in way[1:-1]:
            top = tops[self.rank[place]]
            points += [(self.x[place], top), (self.x[place], top + self.tall[self.rank[place]])]
        points.append((self.x[line.end] + line.arrives, tops[end]))
        return tuple(points)


def crossings(lines: Iterable[tuple[Spot, Spot]]) -> int:
    """How often lines between two layers cross, each told by where it starts and where it ends.

    >>> crossings([((0, 0.0), (1, 0.0)), ((1, 0.0), (0, 0.0)), ((2, 0.0), (2, 0.0))])
    1
    """
    ends = [end for _, end in sorted(lines)]
    return sum(later < end for i, end in enumerate(ends) for later in ends[i + 1 :])
