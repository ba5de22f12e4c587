"""What a drawing of a network shows: cards of layers, blocks around them, and what flows between.

A block is what stands next to one another in the order of the calls under one name, so that what
flows between blocks goes forward.  A layer without products or windows that keeps its shape, as a
normalization or an activation, stands on the card of the layer before it.  Equal blocks that follow
one another are one, with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from archcalc.costs.loops import Loop
from archcalc.explain.columns import Blocks
from archcalc.layers.window import Window
from archcalc.network import Row, Trace
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "Block", "Card", "Label", "Part", "Value", "Words", "block_of", "cuts", "fed", "values_between",
]  # fmt: skip

Value: TypeAlias = tuple[int, int]
"""What flows: a row, or an input of the network below 0, and which of its outputs."""

Words: TypeAlias = tuple[str | Dim | Shape, ...]
"""Words with dimensions among them."""

Label: TypeAlias = tuple[Words, ...]
"""Lines of words."""


@dataclass(frozen=True)
class Card:
    """Layers that are drawn on one card.

    Attributes:
        rows: their numbers in the trace.
        path: where the first is.
        lines: what stands on it.
        kind: what the first layer is, for its colour: ``"product"``, ``"window"``, ``"merge"`` or
            ``"other"``.
        times: how often they follow one another, where equal cards do.
    """

    rows: tuple[int, ...]
    path: str
    lines: Label
    kind: str
    times: Dim = 1

    @property
    def key(self) -> str:
        return self.path


@dataclass(frozen=True)
class Block:
    """Layers under one name.

    Attributes:
        rows: their numbers in the trace, with those of equal blocks that are not drawn again.
        path: where it is; empty for the network itself.
        name: what it is called; how often it stands there is apart.
        kind: its class.
        parts: what is in it, each after what feeds it.
        times: how often it stands there.
    """

    rows: tuple[int, ...]
    path: str
    name: str
    kind: str
    parts: tuple[Part, ...]
    times: Dim = 1

    @property
    def key(self) -> str:
        return f"{self.path}@{self.rows[0] if self.rows else 0}"

    @property
    def made_of(self) -> tuple[object, ...]:
        """What kind of block it is: that of its parts, however large they are."""
        return tuple(
            part.made_of if isinstance(part, Block) else (part.lines[0][0], part.kind)
            for part in self.parts
        )

    @property
    def drawn(self) -> tuple[int, ...]:
        """The rows that stand in its parts: those of the first of equal blocks."""
        return tuple(row for part in self.parts for row in part.rows)


Part: TypeAlias = Card | Block


def block_of(trace: Trace) -> Block:
    """The network as one block."""
    name = trace.network.name or type(trace.network).__name__
    rows = tuple(range(len(trace.rows)))
    if not rows:  # what goes in comes out
        return Block(rows, "", name, type(trace.network).__name__, (), 1)
    made = _Making(trace)
    times, taken = made.repeated(rows, 0)
    parts = made.parts(rows, 0, taken)
    while len(parts) == 1 and isinstance(parts[0], Block) and parts[0].times == 1:
        parts = parts[0].parts  # what is around everything says nothing
    return Block(rows, "", name, type(trace.network).__name__, tuple(parts), times)


class _Making:
    """Parts made of the rows of a trace."""

    def __init__(self, trace: Trace) -> None:
        self.rows = trace.rows
        self._blocks = Blocks.of(trace)
        self._around = [self._blocks.around(row.path) for row in trace.rows]
        self._readers: Counter[Value] = Counter(v for row in trace.rows for v in fed(row))
        self._readers.update(zip(trace.ends, trace.end_outputs, strict=True))

    def parts(self, rows: Sequence[int], depth: int, taken: int) -> tuple[Part, ...]:
        """What stands at one level.

        Args:
            rows: the rows of the level.
            depth: how many names are around it.
            taken: how many loops, of which blocks around have said that they are.
        """
        found: list[Part] = []
        runs = [(path, tuple(g)) for path, g in groupby(rows, lambda i: self._name(i, depth))]
        nested = _nested([path for path, _ in runs])
        for path, numbers in runs:
            if path is None:
                found.extend(self._card(each, taken) for each in self._along(numbers))
            elif path in nested:
                found.extend(self.parts(numbers, depth + 1, taken))
            else:
                found.append(self._block(path, numbers, depth, taken))
        return self._run_together(found)

    def _name(self, row: int, depth: int) -> str | None:
        names = self._around[row]
        return names[depth] if len(names) > depth + 1 else None

    def _block(self, path: str, rows: tuple[int, ...], depth: int, taken: int) -> Part:
        times, all_taken = self.repeated(rows, taken)
        parts = self.parts(rows, depth + 1, all_taken)
        parent = self._around[rows[0]][depth - 1] + "/" if depth else ""
        name = path.removeprefix(parent)  # a name may have a / in it
        if len(parts) > 1:
            return Block(rows, path, name, self._blocks.kind(path), parts, times)
        only = parts[0]  # a box around one thing says nothing
        often_there = product((times, only.times))
        if isinstance(only, Card):
            return replace(only, times=often_there)
        return replace(only, name=f"{name}/{only.name}", times=often_there)

    def repeated(self, rows: Sequence[int], taken: int) -> tuple[Dim, int]:
        """How often all of these rows are there together, and how many loops then are said."""
        first = self.rows[rows[0]]
        shared = taken
        while all(_loop(self.rows[i], shared) == _loop(first, shared) is not None for i in rows):
            shared += 1
        return _times(first.loops[taken:shared]), shared

    def _along(self, rows: Sequence[int]) -> list[tuple[int, ...]]:
        """Layers, with each those that go on the card of the one before."""
        cards: list[tuple[int, ...]] = []
        for number in rows:
            if cards and self._goes_along(number, cards[-1][-1]):
                cards[-1] = (*cards[-1], number)
            else:
                cards.append((number,))
        return cards

    def _goes_along(self, number: int, before: int) -> bool:
        row, last = self.rows[number], self.rows[before]
        alone = row.sources == (before,) and self._readers[before, 0] == 1
        same = row.inputs == row.outputs and row.loops == last.loops
        return alone and same and len(last.outputs) == 1 and not (row.applied.work or _slides(row))

    def _card(self, rows: tuple[int, ...], taken: int) -> Card:
        first, *others = (self.rows[i] for i in rows)
        more = " · ".join(type(row.layer).__name__ for row in others)
        lines: Label = ((type(first.layer).__name__, *_window(first)),)
        return Card(rows, first.path, (*lines, (more,)) if more else lines, _kind(first),
                    _times(first.loops[taken:]))  # fmt: skip

    def _run_together(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Equal blocks, of which each takes only what the one before gives, as one."""
        found: list[Part] = []
        for part in parts:
            last = found[-1] if found else None
            if isinstance(part, Block) and isinstance(last, Block) and self._again(last, part):
                rows = (*last.rows, *part.rows)
                found[-1] = replace(last, rows=rows, times=int(last.times) + 1)
            else:
                found.append(part)
        return tuple(found)

    def _again(self, last: Block, part: Block) -> bool:
        size = len(part.rows)
        if part.times != 1 or not isinstance(last.times, int) or len(last.rows) % size:
            return False
        before = last.rows[-size:]
        if self._signature(before) != self._signature(part.rows):
            return False
        inside = {*part.rows}
        given = {v for i in part.rows for v in fed(self.rows[i]) if v[0] not in inside}
        gone = {v for i in (*part.rows, part.rows[-1] + 1) if i < len(self.rows)
                for v in fed(self.rows[i]) if v[0] in {*before}}  # fmt: skip
        return len(given) == 1 and given == gone and self._all_read(before, part.rows)

    def _all_read(self, before: Sequence[int], after: Sequence[int]) -> bool:
        """Whether nothing but the block after reads what a block gives."""
        inside = {*before}
        reads = Counter(v for i in (*before, *after) for v in fed(self.rows[i]) if v[0] in inside)
        return all(self._readers[value] == many for value, many in reads.items())

    def _signature(self, rows: Sequence[int]) -> tuple[object, ...]:
        """What a block is made of, wherever it stands."""
        start = rows[0]
        each = [self.rows[i] for i in rows]
        return tuple(
            (row.layer.key, row.inputs, row.loops, *((max(i - start, -1), o) for i, o in fed(row)))
            for row in each
        )


def _nested(paths: Sequence[str | None]) -> set[str]:
    """The levels of a ladder, which stand around one another and are no blocks.

    >>> sorted(_nested(["net/0", "net/1", "net/0", "net/out"]))
    ['net/0', 'net/1']
    """
    last = {path: i for i, path in enumerate(paths)}
    found: set[str] = set()
    for i, path in enumerate(paths):
        if path is not None and path.rpartition("/")[2].isdecimal() and last[path] > i:
            found |= {p for p in paths[i : last[path]] if p and p.rpartition("/")[2].isdecimal()}
    return found


def _loop(row: Row, place: int) -> tuple[Loop, int] | None:
    """A loop around a row, told from equal ones by where it begins."""
    if len(row.loops) <= place:
        return None
    turns = [loop for loop in row.loops[: place + 1] if loop.in_turn]
    loop = row.loops[place]
    carried = row.carried[len(turns) - 1].start if loop.in_turn and row.carried else -1
    return loop, carried


def _times(loops: Iterable[Loop]) -> Dim:
    """How often something is drawn as standing there: a layer at many positions stands there once.

    >>> _times([Loop.copies(12), Loop.steps(100)])
    12
    """
    return product(loop.count for loop in loops if loop.kind != "steps" or loop.in_turn)


def fed(row: Row) -> list[Value]:
    """What feeds a row."""
    which = row.outputs_of or (0,) * len(row.sources)
    return list(zip(row.sources, which, strict=True))


def _slides(row: Row) -> bool:
    return any(isinstance(window, Window) for _, window in row.windows or ())


def _window(row: Row) -> Words:
    """How large its window is, and how far it moves."""
    windows = [window for _, window in row.windows or () if isinstance(window, Window)]
    if not windows or not {"kernel_size", "pool_size"} & type(row.layer).model_fields.keys():
        return ()
    strides = {window.stride for window in windows}
    words: list[str | Dim | Shape] = [" ", Shape(window.kernel for window in windows)]
    if strides != {1}:
        words += [" /", windows[0].stride]
    return tuple(words)


def _kind(row: Row) -> str:
    if len(row.inputs) > 1 and not row.applied.work:
        return "merge"
    if row.applied.work:
        return "product"
    return "window" if _slides(row) else "other"


def values_between(trace: Trace, parts: Sequence[Part]) -> Iterator[tuple[int, int, Value]]:
    """What each part takes, and of which: ``(from, to, value)``, with −1 for what is outside.

    Of what goes out, ``to`` is the number of parts.  Equal blocks that are drawn once are fed as
    the first is, and give what the last gives.
    """
    owner: dict[int, int] = {}
    for number, part in enumerate(parts):
        owner.update(dict.fromkeys(part.rows, number))
    seen: set[tuple[int, int, Value]] = set()
    for i, row in enumerate(trace.rows):
        to = owner.get(i, len(parts))
        for value in fed(row):
            start = owner.get(value[0], -1)
            edge = (start, to, value)
            if start != to and not (start == -1 and to == len(parts)) and edge not in seen:
                seen.add(edge)
                yield edge
    for end, output in zip(trace.ends, trace.end_outputs, strict=True):
        start = owner.get(end, -1)
        edge = (start, len(parts), (end, output))
        if start >= 0 and edge not in seen:
            seen.add(edge)
            yield edge


def cuts(edges: Iterable[tuple[int, int, Value]], many: int) -> list[int]:
    """After which parts just one value is on its way, so that a drawing can be cut there."""
    alive: list[set[Value]] = [set() for _ in range(many + 1)]
    for start, to, value in edges:
        for place in range(start, to):
            if place >= 0:
                alive[place].add(value)
    return [place for place in range(many - 1) if len(alive[place]) == 1]
