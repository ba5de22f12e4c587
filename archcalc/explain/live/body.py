"""What a page shows of one network: its drawing, its table, and its derivation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Symbol

from archcalc.costs import Macs, Parameters, ReceptiveField
from archcalc.costs.base import Additive
from archcalc.explain.derivation import Step, derive
from archcalc.explain.drawing.drawn import opened_keys
from archcalc.explain.drawing.parts import (
    Block,
    Card,
    Part,
    Value,
    Words,
    block_of,
    cuts,
    values_between,
)
from archcalc.explain.drawing.placing import Look, Placed, Standing, label_of, place, shape_of
from archcalc.explain.drawing.vector import as_svg
from archcalc.explain.live.markup import Markup, escaped
from archcalc.explain.live.program import value_of
from archcalc.explain.live.quantities import Total, totals
from archcalc.network import Row, Trace
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape, product

__all__ = ["NetworkPart"]

_ALSO = 8
"""Of more layers that are derived alike, no more than these are named."""

_BRANCHES = 40
"""Blocks on branches are open where no more layers than this stand there."""

_FIELDS = 40
"""The receptive field is drawn after no more layers than this."""


@dataclass
class NetworkPart:
    """One network of a page.

    Attributes:
        trace: the network, followed, with symbols.
        title: what it is called.
        markup: pieces whose numbers move.
        place: which of the networks of the page it is.
    """

    trace: Trace
    title: str
    markup: Markup
    place: int = 0

    @cached_property
    def totals(self) -> list[Total]:
        """What is counted."""
        return totals(self.trace)

    @cached_property
    def block(self) -> Block:
        """The layers in their blocks."""
        return block_of(self.trace)

    # The drawing

    def drawing(self) -> str:
        """The network drawn; every block on its way can be folded."""
        opened = frozenset(opened_keys(self.block, None))
        parts = (self.block,) if self.block.times != 1 else self.block.parts
        inside = "".join(self._pieces(parts, opened, outermost=True))
        return f'<div class="drawing">{inside}</div>'

    def _pieces(
        self, parts: Sequence[Part], opened: frozenset[str], *, outermost: bool
    ) -> Iterator[str]:
        if not parts:  # what goes in comes out
            return
        begins = outermost
        edges = list(values_between(self.trace, parts))
        ends = [*cuts(edges, len(parts)), len(parts) - 1]
        waiting: list[Part] = []
        start = 0
        for end in ends:
            segment = list(parts[start : end + 1])
            only = segment[0]
            if len(segment) == 1 and isinstance(only, Block):
                if waiting:
                    yield self._drawn(waiting, begins=begins, finishes=True)
                    begins = False
                waiting = []
                yield self._folding(only, opened, begins=begins)
                begins = False
                if outermost or end < len(parts) - 1:
                    yield self._flow(edges, end)
            else:
                waiting.extend(segment)
            start = end + 1
        if waiting:
            yield self._drawn(waiting, begins=begins, finishes=outermost)

    def _flow(self, edges: Sequence[tuple[int, int, Value]], end: int) -> str:
        """The line below a block, with the shape of what flows on it."""
        shapes = dict.fromkeys(
            shape_of(self.trace, value) for start, _, value in edges if start == end
        )
        shown = ", ".join(map(self.markup.shape, shapes))
        return f'<div class="flow">{shown}</div>'

    def _folding(self, block: Block, opened: frozenset[str], *, begins: bool) -> str:
        first, *others = label_of(block)
        name, content = ("".join(self._words(words)) for words in (first, others[0]))
        state = " open" if block.key in opened else ""
        inside = "".join(self._pieces(block.parts, opened, outermost=False))
        before = self._begins() if begins else ""
        return (
            f'{before}<details class="block"{state}><summary><b>{name}</b> '
            f"<small>{content}</small></summary>{inside}</details>"
        )

    def _begins(self) -> str:
        shapes = ", ".join(map(self.markup.shape, self.trace.inputs))
        return f'<div class="flow">input {shapes}</div>'

    def _words(self, words: Words) -> Iterator[str]:
        for word in words:
            if isinstance(word, str):
                yield escaped(word)
            else:
                yield self.markup.shape(word if isinstance(word, Shape) else Shape((word,)))

    def _drawn(self, parts: Sequence[Part], *, begins: bool, finishes: bool) -> str:
        """Cards, and blocks on branches, as a picture."""
        many = sum(len(part.rows) for part in parts)
        keys = [key for part in parts if isinstance(part, Block) for key in _keys(part)]
        shown = frozenset(keys if many <= _BRANCHES else ())
        look = Look(self.trace, shown, begins=begins, finishes=finishes)
        placed = place(parts, look)
        names = ", ".join(_name(part) for part in parts[:8])
        return as_svg(placed, names, f"{len(parts)} parts in order", self.markup.in_drawing,
                      self._noted, _middle(placed))  # fmt: skip

    def _noted(self, standing: Standing) -> str:
        return standing.part.path

    # The table

    def table(self) -> str:
        """Every layer once, with what it gives and holds, and its share of the whole."""
        head = (
            "<tr><th scope=col>layer<th scope=col>class<th scope=col>output<th scope=col>times"
            "<th scope=col class=r>parameters<th scope=col class=r>MACs<th scope=col>share</tr>"
        )
        rows = "".join(self._table_rows(self.block.parts, 0, self.block.times, 1))
        return (
            f'<div class=wide tabindex=0 role=region aria-label="layers of {escaped(self.title)}">'
            f"<table class=layers><caption><span>Of each layer what one call of it holds and does, "
            f"how often it is there, and its share of all parameters (above) and MACs (below)."
            f"</span></caption><thead>{head}</thead><tbody>{rows}</tbody></table></div>"
        )

    def _table_rows(self, parts: Sequence[Part], depth: int, times: Dim, run: int) -> Iterator[str]:
        for part in parts:
            often = product((times, part.times))
            if isinstance(part, Block):
                again = len(part.rows) // max(len(part.drawn), 1)
                name = "".join(self._words(label_of(part)[0]))
                kind = f"in d{min(depth, 6)}"
                yield f'<tr class="{kind}"><th colspan=7 scope=rowgroup>{name}</th></tr>'
                yield from self._table_rows(part.parts, depth + 1, often, run * again)
            else:
                for number in part.rows:
                    yield self._table_row(number, depth, often, run)

    def _table_row(self, number: int, depth: int, times: Dim, run: int) -> str:
        row = self.trace.rows[number]
        outputs = ", ".join(map(self.markup.shape, row.outputs))
        shown = "" if times == 1 else self.markup.number(times)
        cells = [self._amount(cost, row) for cost in (Parameters(), Macs())]
        wholes = zip("pm", self._whole(row, run), strict=True)
        bars = "".join(self._bar(name, whole) for name, whole in wholes)
        if bars:
            bars = f"<svg class=bar viewBox='0 0 100 6' aria-hidden=true>{bars}</svg>"
        return (
            f'<tr class="d{min(depth, 6)}"><th scope=row><code>{escaped(row.name)}</code></th>'
            f"<td>{escaped(type(row.layer).__name__)}</td><td>{outputs}</td><td>{shown}</td>"
            f"<td class=r>{cells[0]}</td><td class=r>{cells[1]}</td><td>{bars}</td></tr>"
        )

    def _amount(self, cost: Additive, row: Row) -> str:
        amount = cost.of(row)
        return self.markup.number(amount)

    def _whole(self, row: Row, run: int) -> list[Dim]:
        """What all calls of a row count together, those of equal blocks too."""
        found = []
        for cost in (Parameters(), Macs()):
            (times, amount), = cost.by_row([row])  # fmt: skip
            found.append(lower(plain(times) * plain(amount) * run))
        return found

    def _bar(self, name: str, whole: Dim) -> str:
        if whole == 0:
            return ""
        of = value_of(self.trace.parameters if name == "p" else self.trace.macs)
        at, most = self.markup.program.start(whole), self.markup.program.start(of)
        share = float(100 * at / most) if at is not None and most else 0.0
        moves = self.markup.program.moves(whole) or self.markup.program.moves(of)
        number = self.markup.program.number
        data = f" data-part={number(whole)},{number(of)}" if moves else ""
        return f"<rect class={name} width={share:.3g}{data} />"

    def parts_data(self) -> list[list[object]]:
        """For a map of what layers cost: the path, and the formulas of parameters and MACs."""
        number = self.markup.program.number
        found: list[list[object]] = []
        for i, run in _drawn_rows(self.block.parts, 1):
            wholes = self._whole(self.trace.rows[i], run)
            if any(whole != 0 for whole in wholes):
                found.append([self.trace.rows[i].path, *map(number, wholes)])
        return found

    # The derivation

    def derivation(self) -> str:
        """Every number with its rule; what is derived alike is derived once."""
        alike: dict[str, list[Step]] = {}
        steps = derive(self.trace).steps
        for number, _ in _drawn_rows(self.block.parts, 1):
            step = steps[number]
            rules = "".join(map(self.markup.rule, step.rules(running=False)))
            alike.setdefault(f"{type(step.row.layer).__name__}\0{rules}", []).append(step)
        return "".join(self._derived(key.partition("\0")[2], each) for key, each in alike.items())

    def _derived(self, rules: str, steps: Sequence[Step]) -> str:
        title = self.markup.line(steps[0].title())
        also = ", ".join(f"<code>{escaped(step.row.path)}</code>" for step in steps[1 : 1 + _ALSO])
        more = f" and {len(steps) - 1 - _ALSO} more" if len(steps) > 1 + _ALSO else ""
        said = f'<p class="also">likewise {also}{more}</p>' if also else ""
        table = f"<table>{rules}</table>" if rules else ""
        return f'<section class="entry"><h3>{title}</h3>{said}{table}</section>'

    # What is seen of the input

    @cached_property
    def fields(self) -> list[dict[str, object]]:
        """What a position sees of the input after each layer that slides, as formulas: size,
        stride, offset, how long the input is, and how many positions there are."""
        shape = self.trace.inputs[0] if self.trace.inputs else ()
        try:
            places = ReceptiveField().by_row(self.trace)
        except ArchcalcError:
            return []
        found: list[dict[str, object]] = []
        number = self.markup.program.number
        for row, there in zip(self.trace.rows, places, strict=True):
            seen = [f for f in there.values() if f.input == 0 and f.reach == "window"
                    and f.along is not None and len(f.phases) < 2]  # fmt: skip
            sizes = [
                d for f in seen for d in (f.size, f.stride, f.offset, row.output[f.along or 0])
            ]
            if not row.windows or not 1 <= len(seen) <= 2 or not all(map(self._has_number, sizes)):
                continue
            axes = [
                [number(d) for d in (f.size, f.stride, f.offset, shape[f.axis],
                                     row.output[f.along or 0])]
                for f in seen
            ]  # fmt: skip
            found.append({"path": row.path, "axes": axes})
        return found[-_FIELDS:]

    def _has_number(self, dim: Dim) -> bool:
        return isinstance(dim, int) or self.markup.program.moves(dim)

    # What must hold, and what is meant otherwise

    def requirements(self) -> str:
        """What must hold; what does not turns red, with the words of the error."""
        items = "".join(
            f'<li data-need="{self.place},{i}"><span>{escaped(needed)}</span><em></em></li>'
            for i, needed in enumerate(self.trace.requirements)
        )
        return f"<ul class=needs>{items}</ul>" if items else "<p>Nothing: it always exists.</p>"

    def warnings(self) -> str:
        """What is legal but rarely meant."""
        items = "".join(f"<li>{escaped(warning)}</li>" for warning in self.trace.warnings)
        return f"<ul class=warnings>{items}</ul>" if items else ""

    def symbols(self) -> set[Symbol]:
        """The symbols that are to have numbers."""
        return set(self.trace.symbols)


def _keys(block: Block) -> Iterator[str]:
    yield block.key
    for part in block.parts:
        if isinstance(part, Block):
            yield from _keys(part)


def _name(part: Part) -> str:
    return part.name if isinstance(part, Block) else part.path.rpartition("/")[2]


def _middle(placed: Placed) -> float:
    """What lies on the way in and out: the middle of a picture."""
    ends = [route.points[0][0] for route in placed.routes[:1]]
    return ends[0] if ends else placed.wide / 2


def _drawn_rows(parts: Sequence[Part], run: int) -> Iterator[tuple[int, int]]:
    """The rows that are drawn, and for how many equal blocks each stands."""
    for part in parts:
        if isinstance(part, Card):
            yield from ((row, run) for row in part.rows)
        else:
            again = len(part.rows) // max(len(part.drawn), 1)
            yield from _drawn_rows(part.parts, run * again)
