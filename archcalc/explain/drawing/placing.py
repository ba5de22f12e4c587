"""Where the cards and blocks of a drawing stand, and the lines between them.

Everything is placed along the way that things flow, and across it; which of both is down the page
is decided at the end.  A block that is open is placed by itself, and then stands in what is around
it as one box, on whose edge each value that comes in or goes out has a place of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from archcalc.explain.drawing.layered import Box, Layout, Line, layered
from archcalc.explain.drawing.parts import (
    Block,
    Card,
    Label,
    Part,
    Value,
    Words,
    values_between,
)
from archcalc.explain.drawing.u_shaped import turn_of, u_shaped
from archcalc.network import Trace
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.shape import Shape

__all__ = [
    "Direction", "Look", "Placed", "Route", "Standing", "label_of", "place", "plain_words",
    "shape_of",
]  # fmt: skip

Direction: TypeAlias = Literal["down", "right"]

TITLE, SMALL, LETTER = 12.0, 10.5, 0.58
"""Sizes of letters, and how wide one of size 1 is about."""

_PAD, _HEAD = 14.0, 20.0

_CONTENT = 36
"""What is in a block is said in at most so many letters."""


@dataclass(frozen=True)
class Look:
    """How a drawing is laid out.

    Attributes:
        trace: what is drawn.
        opened: the keys of the blocks that are open.
        direction: where things flow to.
        shapes: whether the shapes of what flows are shown.
        begins, finishes: whether what comes in is the input of the network, and whether the shape
            of what goes out is said.
        shares: how large the cost of each row is beside the largest, where widths show it.
    """

    trace: Trace
    opened: frozenset[str]
    direction: Direction = "down"
    shapes: bool = True
    begins: bool = True
    finishes: bool = True
    shares: Mapping[int, float] | None = None

    @property
    def down(self) -> bool:
        return self.direction == "down"


@dataclass(frozen=True)
class Standing:
    """A card or a block, where it stands: its upper left corner and its size on the page."""

    part: Part
    x: float
    y: float
    wide: float
    high: float
    label: Label
    opened: bool = False


@dataclass(frozen=True)
class Route:
    """A value on its way, through points of the page; its shape is said where it sets out."""

    value: Value
    points: tuple[tuple[float, float], ...]
    words: Words = ()
    ends: bool = True


@dataclass(frozen=True)
class Placed:
    """Everything on the page; how often lines cross, and whether they go down or to the right."""

    standing: tuple[Standing, ...]
    routes: tuple[Route, ...]
    wide: float
    high: float
    crossings: int
    down: bool

    def shifted(self, dx: float, dy: float) -> Placed:
        """The same further right and down."""
        standing = tuple(replace(s, x=s.x + dx, y=s.y + dy) for s in self.standing)
        routes = tuple(
            replace(r, points=tuple((x + dx, y + dy) for x, y in r.points)) for r in self.routes
        )
        return replace(self, standing=standing, routes=routes)


def place(parts: Sequence[Part], look: Look) -> Placed:
    """The parts of one level, with what comes in before them and what goes out after.

    >>> from archcalc.explain.drawing.parts import block_of
    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense(100), Dense(10)], input_shape=784).trace()
    >>> placed = place(block_of(trace).parts, Look(trace, frozenset()))
    >>> [standing.label for standing in placed.standing]
    [(('Dense',),), (('Dense',),)]
    """
    return _Level(parts, look, outermost=True).placed()


def plain_words(words: Words) -> str:
    """Words as text."""
    return "".join(
        w if isinstance(w, str) else str(w) if isinstance(w, Shape) else to_text(w) for w in words
    )


def shape_of(trace: Trace, value: Value) -> Shape:
    """The shape of what flows."""
    source, output = value
    return trace.inputs[-1 - source] if source < 0 else trace.rows[source].outputs[output]


@dataclass(frozen=True)
class _Sized:
    """A part, how large it is along and across, and what is in it where it is open.

    Ports are where on its edges values come and go, from its middle.
    """

    part: Part
    box: Box
    label: Label
    inside: Placed | None = None
    at: tuple[float, float] = (0.0, 0.0)
    enters: Mapping[Value, float] = field(default_factory=dict)
    leaves: Mapping[Value, float] = field(default_factory=dict)


def _sized(part: Part, look: Look) -> _Sized:
    if isinstance(part, Block) and part.key in look.opened:
        return _opened(part, look)
    label = label_of(part)
    wide, high = _size_of_words(label)
    if look.shares is not None:
        share = max((look.shares.get(row, 0.0) for row in part.rows), default=0.0)
        wide, high = (wide + 220 * share, high) if look.down else (wide, high + 150 * share)
    return _Sized(part, _box(wide, high, look), label)


def _opened(block: Block, look: Look) -> _Sized:
    level = _Level(block.parts, look, outermost=False)
    inside, head = level.placed(), _times((block.name,), block.times)
    title = len(plain_words(head)) * TITLE * LETTER
    if look.down:
        wide = max(inside.wide + 2 * _PAD, 2 * title + 28)
        high, at = inside.high, ((wide - inside.wide) / 2, 0.0)
        aside = -inside.wide / 2
    else:
        wide, high = max(inside.wide, title + 24), inside.high + _HEAD + _PAD
        at, aside = (0.0, _HEAD), _HEAD - high / 2
    ports = [{v: x + aside for v, x in places.items()} for places in (level.enters, level.leaves)]
    return _Sized(block, _box(wide, high, look), (head,), inside, at, *ports)


def label_of(part: Part) -> Label:
    """What stands on the card of a part, also of a block that is folded."""
    if isinstance(part, Card):
        first, *others = part.lines
    else:
        first, others = (part.name,), [_content(part)]
    return (_times(first, part.times), *others)


def _content(block: Block) -> Words:
    """What is in a block: its parts, or how many layers it has where they are many."""
    names: list[str | Dim | Shape] = []
    for part in block.parts:
        name = part.name if isinstance(part, Block) else plain_words(part.lines[0])
        names += [" · " if names else "", name]
        if part.times != 1:
            names += ["\N{NO-BREAK SPACE}×", Shape((part.times,))]
    if len(plain_words(tuple(names))) <= _CONTENT:
        return tuple(names)
    many = len(block.drawn)
    return (f"{many} layer{'s' * (many != 1)}",)


def _times(words: Words, times: Dim) -> Words:
    if times == 1:
        return words
    return (*words, "  ×\N{NO-BREAK SPACE}", Shape((times,)))


def _size_of_words(label: Label) -> tuple[float, float]:
    sizes = [TITLE, *[SMALL] * (len(label) - 1)]
    wide = max(
        len(plain_words(words)) * size * LETTER for words, size in zip(label, sizes, strict=True)
    )
    return wide + 22, 12 + sum(size + 4 for size in sizes)


def _box(wide: float, high: float, look: Look) -> Box:
    return Box(wide, high) if look.down else Box(high, wide)


class _Level:
    """The parts of one level by themselves.

    What comes in and goes out has places without a size before and after them.
    """

    def __init__(self, parts: Sequence[Part], look: Look, *, outermost: bool) -> None:
        self.look, self.outermost = look, outermost
        self.edges = list(values_between(look.trace, parts))
        self.coming = list(dict.fromkeys(v for start, _, v in self.edges if start < 0))
        self.going = list(dict.fromkeys(v for _, to, v in self.edges if to == len(parts)))
        self.sized = [_sized(part, look) for part in parts]
        self.first, self.after = len(self.coming), len(self.coming) + len(parts)
        lines = [self._line(*edge) for edge in self.edges]
        self.made = self._layout(self._boxes(), lines)
        middles = self.made.middles
        self.enters = {v: middles[i][0] for i, v in enumerate(self.coming)}
        self.leaves = {v: middles[self.after + i][0] for i, v in enumerate(self.going)}

    def _layout(self, boxes: Sequence[Box], lines: Sequence[Line]) -> Layout:
        """In layers; as a U where that is how they lead, and nothing on the way up is open."""
        turn = turn_of([(start, to) for start, to, _ in self.edges], len(self.sized))
        if turn is None or any(sized.inside for sized in self.sized[turn.bottom :]):
            return layered(boxes, lines, range(self.after, len(boxes)))
        said = {v for v in self._values() if self._says(v)}
        beside = {v for start, _, v in self.edges if start > turn.bottom} & said
        wide = self._longest(beside) if self.look.down else 0.0
        return u_shaped(boxes, lines, turn, self._room(said), wide)

    def _boxes(self) -> list[Box]:
        """What is put in layers, with room below it for the lines and what they say."""
        said = {v for v in self._values() if self._says(v)}
        coming = said.intersection(self.coming)
        room = self._room(said - coming)
        inner = 26.0 if self.look.down else 18.0
        begin = self._room(coming) if self.outermost and self.look.begins else inner
        boxes = [Box(0, 0, begin) for _ in self.coming]
        for i, sized in enumerate(self.sized):
            speaks = any(start == i and v in said for start, _, v in self.edges)
            boxes.append(replace(sized.box, free=room if speaks else 22.0))
        return boxes + [Box(0, 0) for _ in self.going]

    def _values(self) -> list[Value]:
        return list(dict.fromkeys(v for *_, v in self.edges))

    def _says(self, value: Value) -> bool:
        """Whether the shape of a value stands here, and not at its way outside."""
        inner = value not in self.coming and value not in self.going
        ends = value not in self.going or self.look.finishes
        return self.look.shapes and (inner or (self.outermost and ends))

    def _room(self, said: Collection[Value]) -> float:
        """The room between layers."""
        if self.look.down:
            return 36.0 if said else 24.0
        return self._longest(said) + 24

    def _longest(self, said: Collection[Value]) -> float:
        """How wide the longest of the words at some lines is."""
        longest = max((len(plain_words(self._words(v))) for v in said), default=0)
        return longest * SMALL * LETTER

    def _words(self, value: Value) -> Words:
        """What stands at the first line of a value."""
        shape = shape_of(self.look.trace, value)
        if value not in self.coming:
            return (shape,)
        return ("input ", shape) if self.look.begins else ()

    def _line(self, start: int, to: int, value: Value) -> Line:
        goes_out = to == len(self.sized)
        a = self.coming.index(value) if start < 0 else self.first + start
        b = self.after + self.going.index(value) if goes_out else self.first + to
        leaves = self.sized[start].leaves.get(value, 0.0) if start >= 0 else 0.0
        return Line(a, b, leaves, 0.0 if goes_out else self.sized[to].enters.get(value, 0.0))

    def placed(self) -> Placed:
        """The parts where they stand, with what is in those that are open."""
        standing: list[Standing] = []
        routes = list(self._routes())
        crossed = self.made.crossings
        for i, sized in enumerate(self.sized):
            across, along = self.made.middles[self.first + i]
            x, y = self._page((across - sized.box.wide / 2, along))
            wide, high = self._page((sized.box.wide, sized.box.high))
            inside = sized.inside
            standing.append(Standing(sized.part, x, y, wide, high, sized.label, inside is not None))
            if inside is not None:
                within = inside.shifted(x + sized.at[0], y + sized.at[1])
                standing.extend(within.standing)
                routes.extend(within.routes)
                crossed += within.crossings
        size = self._page((self.made.wide, self.made.high))
        return Placed(tuple(standing), tuple(routes), *size, crossed, self.look.down)

    def _routes(self) -> Iterator[Route]:
        """The lines; the shape of a value stands at the first of its lines."""
        said: set[Value] = set()
        for (_, to, value), points in zip(self.edges, self.made.routes, strict=True):
            fresh = value not in said and self._says(value)
            said.add(value)
            words = self._words(value) if fresh else ()
            ends = self.outermost if to == len(self.sized) else self.sized[to].inside is None
            yield Route(value, tuple(map(self._page, points)), words, ends)

    def _page(self, spot: tuple[float, float]) -> tuple[float, float]:
        across, along = round(spot[0], 1), round(spot[1], 1)
        return (across, along) if self.look.down else (along, across)
