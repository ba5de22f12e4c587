"""Candidates: edits of one trace, each with what it adds to the count of every call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from archcalc.explain.reconciling.edit import EDITS, Finding, Place, Variant
from archcalc.explain.reconciling.following import Follower
from archcalc.explain.reconciling.likelihood import EVERYWHERE, ONE_MORE, place_bits
from archcalc.explain.reconciling.quantities import Quantity
from archcalc.explain.reconciling.terms import Terms, size_of
from archcalc.layers import Applied
from archcalc.network import Row, Trace
from archcalc.symbolic.shape import Shape

__all__ = ["SHARING", "Candidate", "Field"]


@dataclass(slots=True)
class Candidate:
    """One edit, at one call or at all where it can be made.

    Attributes:
        bits: its cost, without that of the place.
        tag: what it has in common with others of its kind.
        changes: what is done otherwise, by the number of the row.
        amounts: what is to be added to the count of each row for it, towards the truth.
        inputs: other shapes of the network's inputs, if that is what it is.
        everywhere: whether it is made wherever it can be.
        text: in words, where no change says it.
        kind: a stable name.
    """

    bits: float
    tag: object
    kind: str
    changes: dict[int, Variant]
    amounts: dict[int, int]
    inputs: tuple[Shape, ...] | None = None
    everywhere: bool = False
    text: str = ""
    moved: dict[int, Row] = field(default_factory=dict)

    def total(self, rows: Set[int]) -> int:
        """The amount over some rows."""
        amounts = self.amounts
        if len(amounts) < len(rows):
            return sum([a for i, a in amounts.items() if i in rows])
        return sum([amounts[i] for i in rows if i in amounts])

    @property
    def cause(self) -> frozenset[tuple[int, object]]:
        """What it is, whatever else has the same effect."""
        return frozenset((i, c.tag) for i, c in self.changes.items())


class Field:
    """All candidates of a trace for one quantity.

    Args:
        trace: the trace, with numbers.
        quantity: what is counted.
    """

    def __init__(self, trace: Trace, quantity: Quantity) -> None:
        self.trace = trace
        self.rows: tuple[Row, ...] = tuple(trace.rows)
        self.quantity = quantity
        self.follower = Follower(trace)
        self._amounts: dict[tuple[object, ...], int] = {}
        self._places: dict[int, Place] = {}
        self._changes: dict[tuple[int, bool], list[Variant]] = {}
        self._kept: list[object] = []
        self._again: dict[tuple[object, ...], dict[object, Variant]] = {}
        self._moved: dict[tuple[int, int], Place] = {}

    @cached_property
    def base(self) -> tuple[int, ...]:
        """What each row adds."""
        return tuple(self.amount(row) for row in self.rows)

    @cached_property
    def _widths(self) -> frozenset[int]:
        sizes = (row.output[-1] for row in self.rows if row.output and row.weights)
        return frozenset(size for size in sizes if isinstance(size, int))

    def amount(self, row: Row) -> int:
        """What a row adds."""
        key = (id(row.applied), row.loops, row.shared, row.ties)
        if key not in self._amounts:
            self._kept.append(row.applied)
            value = self.quantity.amount(row)
            self._amounts[key] = value if isinstance(value, int) else 0
        return self._amounts[key]

    def place(self, index: int) -> Place:
        """A row as edits see it."""
        if index not in self._places:
            row = self.rows[index]
            earlier = self.rows[max(0, index - 8) : index]
            self._places[index] = Place(row, earlier, self.quantity, self._widths)
        return self._places[index]

    def changes(self, index: int, *, seen_after: bool) -> list[Variant]:
        """What may have been done otherwise at a row: by the edits that later rows see, or the
        others."""
        key = (index, seen_after)
        if key not in self._changes:
            place = self.place(index)
            asked = [edit for edit in EDITS if edit.seen_after is seen_after]
            self._changes[key] = [c for edit in asked for c in edit.at(place)]
        return self._changes[key]

    @cached_property
    def halves(self) -> frozenset[int]:
        """The rows that stand beside another of the same class, on the same input."""
        beside: dict[object, list[int]] = defaultdict(list)
        for i, row in enumerate(self.rows):
            around = row.path.rpartition("/")[0]
            if around and row.weights:
                beside[type(row.layer), around, row.sources, row.inputs].append(i)
        return frozenset(i for some in beside.values() if len(some) > 1 for i in some)

    # One change

    def local(self, index: int) -> list[Candidate]:
        """The candidates that change no more than the count of one row."""
        found = []
        reads = self.quantity.adds_up and not self.rows[index].shared
        for change in self.changes(index, seen_after=False):
            if change.moves or change.inputs is not None:
                continue
            if change.read is None or not (reads or change.touches == SHARING):
                continue
            amount = self.read_amount(self.place(index), [change])
            if amount:
                found.append(_one(index, change, {index: amount}))
        return found

    def read_amount(self, place: Place, changes: Sequence[Variant]) -> int:
        """What is added to the count of a row for its rule being read otherwise."""
        terms = place.terms
        if terms or place.count == self.amount(place.row):
            for change in changes:
                if change.read is not None:
                    terms = change.read(terms)
            return place.count - size_of(terms)
        return 0

    def read_on(self, index: int, row: Row, changes: Iterable[Variant]) -> Terms:
        """The products of a call that another edit has changed, its rule being read otherwise."""
        place = self.moved_place(index, row)
        terms = place.terms
        for change in changes:
            if change.read is not None:
                read = self._made_on(index, place, change).read or change.read
                terms = read(terms)
        return terms

    def moved_place(self, index: int, row: Row) -> Place:
        """A call that another edit has changed, as edits see it."""
        key = (index, id(row.applied))
        if key not in self._moved:
            self._moved[key] = Place(row, self.place(index).earlier, self.quantity, self._widths)
        return self._moved[key]

    def _made_on(self, index: int, place: Place, change: Variant) -> Variant:
        """The same change where another edit has changed the call: the sizes there are others."""
        if change.edit is None or not change.edit.by_size:
            return change
        key = (index, id(place.row.applied), change.edit)
        if key not in self._again:
            self._again[key] = {c.tag: c for c in change.edit.at(place)}
        return self._again[key].get(change.tag, change)

    def moving(self, index: int) -> list[Variant]:
        """The changes at a row after which other rows may be others."""
        every = (self.changes(index, seen_after=after) for after in (False, True))
        return [c for some in every for c in some if c.moves or c.inputs is not None]

    def followed(
        self,
        changes: Mapping[int, Sequence[Variant]],
        inputs: tuple[Shape, ...] | None = None,
    ) -> tuple[dict[int, int], dict[int, Row]] | None:
        """What changes, made together, add to the count of each row; and the rows they change."""
        rows = self.follower.changed(changes, inputs)
        if rows is None:
            return None
        amounts: dict[int, int] = {}
        if self.quantity.adds_up:
            for i, row in rows.items():
                now = self.amount(row)
                if any(c.read is not None for c in changes.get(i, ())):
                    now = size_of(self.read_on(i, row, changes[i]))
                if now != self.base[i]:
                    amounts[i] = self.base[i] - now
            if inputs is not None and self.quantity.before(self.trace):
                amounts[-1] = _elements(self.trace.inputs) - _elements(inputs)
        return amounts, rows

    def one(self, index: int, change: Variant) -> Candidate | None:
        """A moving change followed; ``None`` where it cannot be, or changes nothing."""
        made = self.followed({index: [change]})
        if made is None:
            return None
        amounts, rows = made
        changes_something = amounts or not self.quantity.adds_up
        return _one(index, change, amounts, rows) if changes_something else None

    # The same everywhere

    def everywhere(self, tagged: Mapping[object, dict[int, Variant]]) -> list[Candidate]:
        """For changes of several rows with one tag: all of them made."""
        found = []
        for tag, every in tagged.items():
            for changes, bits in self._groups(every):
                made = self._made(changes)
                if made is not None:
                    kind = next(iter(changes.values())).kind
                    found.append(
                        Candidate(
                            bits,
                            tag,
                            kind,
                            changes,
                            made[0],
                            everywhere=True,
                            moved=made[1],
                        )
                    )
        return found

    def _groups(self, every: Mapping[int, Variant]) -> Iterator[tuple[dict[int, Variant], float]]:
        """Rows at which a person makes the same mistake: all, those of a class, those side by side.

        Layers of one class on one input, as the two directions of a bidirectional layer, are one
        layer to a person.
        """
        if len(every) < 2:
            return
        first = min(change.bits for change in every.values())
        classes: dict[object, dict[int, Variant]] = defaultdict(dict)
        beside: dict[object, dict[int, Variant]] = defaultdict(dict)
        for i, change in every.items():
            row = self.rows[i]
            classes[type(row.layer)][i] = change
            around = row.path.rpartition("/")[0]
            beside[type(row.layer), around, row.sources, row.inputs][i] = change
        pairs = [some for some in beside.values() if len(some) > 1]
        for some in pairs:
            yield some, first + ONE_MORE / 2 + place_bits(len(pairs))
        if len(pairs) == 1 and len(pairs[0]) == len(every):
            return
        yield dict(every), first + EVERYWHERE
        if len(classes) > 1:
            for some in classes.values():
                if len(some) > 1:
                    yield some, first + EVERYWHERE + 0.5

    def _made(self, changes: Mapping[int, Variant]) -> tuple[dict[int, int], dict[int, Row]] | None:
        """What the changes add, all of them made; ``None`` where that is nothing, or no more than
        one of them."""
        if any(c.moves or c.inputs is not None for c in changes.values()):
            made = self.followed({i: [c] for i, c in changes.items()})
            if made is None or not (made[0] or (made[1] and not self.quantity.adds_up)):
                return None
            return made
        if not self.quantity.adds_up:
            return None
        each = {i: self.read_amount(self.place(i), [c]) for i, c in changes.items()}
        amounts = {i: amount for i, amount in each.items() if amount}
        return (amounts, {}) if len(amounts) > 1 else None

    # The network's input

    def other_inputs(self) -> list[Candidate]:
        """Another input size: 227 for 224, colours for grey, a batch or channels among the axes."""
        found: list[Candidate] = []
        if len(self.trace.inputs) != 1:
            return found
        (x,) = self.trace.inputs
        if not all(isinstance(size, int) for size in x):
            return found
        for shape, bits, text in _input_ways(tuple(int(size) for size in x)):
            made = self.followed({}, (Shape(shape),))
            if made is not None and made[1] and (made[0] or not self.quantity.adds_up):
                found.append(
                    Candidate(bits, ("input", shape), "other-input-size", {}, made[0],
                              (Shape(shape),), text=text, moved=made[1])
                )  # fmt: skip
        return found

    def left_out_inputs(self) -> list[Candidate]:
        """The network's input not counted, where it is."""
        there = self.quantity.before(self.trace)
        if not there:
            return []
        text = f"the network's input was not counted: {there:,}"
        return [Candidate(1.5, ("input left out",), "input-left-out", {}, {-1: there}, text=text)]

    def one_direction(self) -> list[Candidate]:
        """A bidirectional layer counted for one direction, also by what comes after it."""
        found = []
        for i, row in enumerate(self.rows):
            if not getattr(row.layer, "go_backwards", False):
                continue
            joins = [
                j for j, other in enumerate(self.rows)
                if i in other.sources and len(other.inputs) == 2 and not other.weights
            ]  # fmt: skip
            text = "one of the two directions was left out"
            kind = "direction-left-out"
            gone = Variant(text, _nothing, kind=kind, bits=2.5, tag=(kind,), touches="all")
            halved = Variant(text, outputs=_half, kind=kind, bits=2.5, tag=(kind, "joined"))
            for j in joins:
                made = self.followed({i: [gone], j: [halved]})
                if made is not None and made[0]:
                    changes = {i: gone, j: halved}
                    found.append(
                        Candidate(2.5, (kind, i), kind, changes, made[0], moved=made[1],
                                  everywhere=True)
                    )  # fmt: skip
        return found

    def combined(self, parts: Sequence[Candidate]) -> dict[int, int] | None:
        """What several candidates, made together, add to each row; recounted where they meet."""
        changes: dict[int, list[Variant]] = {}
        inputs = None
        for part in parts:
            inputs = part.inputs or inputs
            for i, change in part.changes.items():
                changes.setdefault(i, []).append(change)
        moving = [p for p in parts if p.moved]
        if not moving:
            return self._reads(changes)
        made = self.followed(changes, inputs)
        return None if made is None else made[0]

    def _reads(self, changes: Mapping[int, Sequence[Variant]]) -> dict[int, int]:
        found = {i: self.read_amount(self.place(i), some) for i, some in changes.items()}
        return {i: amount for i, amount in found.items() if amount}


def _nothing(terms: Terms) -> Terms:
    return ()


def _half(applied: Applied) -> tuple[Shape, ...] | None:
    last = applied.output[-1]
    if not isinstance(last, int) or last % 2:
        return None
    return (applied.output.replace(-1, last // 2),)


SHARING = ("convention", "shared weights")


def _one(
    index: int,
    change: Variant,
    amounts: dict[int, int],
    rows: dict[int, Row] | None = None,
) -> Candidate:
    return Candidate(
        change.bits, change.tag, change.kind, {index: change}, amounts, moved=rows or {}
    )


def _elements(shapes: Sequence[Shape]) -> int:
    sizes = [shape.elements for shape in shapes]
    return sum(size for size in sizes if isinstance(size, int))


_USUAL_SIZES = (28, 32, 224, 227, 256, 299)
"""The sizes of images that people have in mind."""


def _input_ways(x: tuple[int, ...]) -> Iterable[tuple[tuple[int, ...], float, str]]:
    """Other shapes that a person may have started from, with their costs."""
    here = str(Shape(x))
    seen = {x}
    ways: list[tuple[tuple[int, ...], float, str]] = []
    if len(x) >= 2:
        channels, sizes = x[-1], x[:-1]
        grey = {1: 3, 3: 1}.get(channels)
        if grey and len(x) > 2:
            ways.append(((*sizes, grey), 3.0, f"{grey} channels were taken, not {channels}"))
        for other, bits in ((sizes[0] + 3, 4.0), (sizes[0] - 3, 4.0), (sizes[0] + 1, 4.5),
                            (sizes[0] - 1, 4.5), (2 * sizes[0], 4.5), (sizes[0] // 2, 4.5),
                            (sizes[0] + 2, 6.0), (sizes[0] - 2, 6.0),
                            (sizes[0] + 4, 5.0)):  # fmt: skip
            if other > 0 and len(set(sizes)) == 1:
                ways.append(((*(other,) * len(sizes), channels), bits, ""))
        if len(x) > 2 and len(set(sizes)) == 1:
            ways.extend(((*(n,) * len(sizes), channels), 4.5, "") for n in _USUAL_SIZES)
        ways.append(((x[-1], *x[:-1]), 4.0, "its last axis was taken to be the first"))
        ways.append(((*x[1:], x[0]), 4.0, "its first axis was taken to be the last"))
        if len(x) == 2:
            ways.append(((x[1], x[0]), 4.0, "its axes were exchanged"))
    elif len(x) == 1:
        ways.extend(((n,), 4.5, "") for n in (x[0] + 1, x[0] - 1, 2 * x[0], x[0] // 2) if n > 0)
    for shape, bits, word in ways:
        if shape not in seen:
            seen.add(shape)
            text = f"the input was taken to be {Shape(shape)}, not {here}"
            yield shape, bits, f"{text}: {word}" if word else text


def findings_of(
    candidate: Candidate, field: Field, names: Sequence[str], rows: Iterable[int] | None
) -> list[Finding]:
    """What a candidate is told as: one finding for each row that it is made at, in some rows."""
    wanted = None if rows is None else set(rows)
    return _findings(candidate, field, wanted)


def _findings(candidate: Candidate, field: Field, wanted: set[int] | None) -> list[Finding]:
    found: list[Finding] = []
    left = {i: a for i, a in candidate.amounts.items() if wanted is None or i in wanted}
    for i, change in candidate.changes.items():
        amount = left.pop(i, 0)
        if change.parts and amount:
            for part in change.parts:
                each = field.read_amount(field.place(i), [part])
                found.append(Finding(field.rows[i].path, part.kind, each, part.words))
        elif amount:
            found.append(Finding(field.rows[i].path, change.kind, amount, change.words))
    rest = sum(left.values())
    if rest and found and candidate.moved and not candidate.everywhere:
        first = found[0]
        found[0] = Finding(first.layer, first.kind, first.amount + rest, first.text)
        rest = 0
    if rest or not found:
        places = list(candidate.changes)
        where = field.rows[places[0]].path if places else "input"
        text = candidate.text or candidate.changes[places[0]].words
        if len(places) > 1:
            text = f"{text}, at {len(places):,} layers"
        if found:
            found.append(Finding(where, candidate.kind, rest, text))
        else:
            found = [Finding(where, candidate.kind, rest, text)]
    return found


__all__ += ["ONE_MORE", "findings_of"]
