"""Following shapes through a network: one row for every layer that is called.

A layer's facts depend on its hyperparameters and its input shapes alone, so that equal layers on
equal shapes share them: the 36 equal blocks of ResNet-152 are worked out once.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from archcalc.costs.loops import Carry, Loop, numbered, positions, with_own_weights
from archcalc.layers.applied import Applied
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Weight, Work
from archcalc.network.requirements import for_each
from archcalc.network.ties import TiedWeight, no_owner, owned, settled
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ArchcalcError, ShapeError
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.requirement import Relation, Requirement, undecided
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.sums import Index

__all__ = ["HandedOn", "Round", "Row", "Scope", "Tracer", "Value", "frozen", "growing"]


@contextmanager
def growing() -> Iterator[None]:
    """While this lasts, nothing looks for garbage: a walk makes none, it only grows.

    Otherwise a long network would have Python's collector go through everything that sympy has
    loaded, again and again, which costs more than the walk itself and grows faster than it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Value(NamedTuple):
    """What flows along an edge.

    Attributes:
        shape: its shape.
        source: the row it comes from; below 0 an input of the network.
        output: which of the row's outputs it is.
        handed: the loops around of which one turn alone takes it and the others what the turn
            before gave: each by its place in `Row.carried`, and by which `HandedOn` of it.
    """

    shape: Shape
    source: int
    output: int = 0
    handed: tuple[tuple[int, int], ...] = ()


class HandedOn(NamedTuple):
    """What one turn of a loop hands on to the next.

    Attributes:
        taken: what the turn takes that comes first.
        given: what each of the others takes from the turn before.
        from_last: whether the last turn comes first, as on the way up a `Ladder`.
    """

    taken: Value
    given: Value
    from_last: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """What goes round: a block whose copies stand together, or one that is called step by step.

    Attributes:
        kind: ``"copies"``, one after the other; ``"steps"``, side by side; ``"recurrent"`` or
            ``"backwards"``, steps of which each sees those before it.
        start: the row that it begins with, by which rounds are told apart.
        count: how often.
        index: the number of a copy, where copies differ.
        carried: those of the rows before it that feed the first copy only.
    """

    kind: str
    start: int
    count: Dim
    index: Index | None = None
    carried: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Row(Shown):
    """One call of one layer.

    Attributes:
        path: where it is in the network, such as ``"stage2/conv2d_1"``.
        applied: the layer on its input shapes, with every fact.
        sources: the rows that feed it; −1 is the network's first input, −2 its second, ….
        loops: what it stands for many calls by, from the outermost loop to the innermost.
        shared: whether its weights belong to an earlier row.
        ties: those of its weights that another row owns.
        carried: for each loop whose turns follow one another, what those after the first take
            from the one before.
        outputs_of: which output of each source feeds it; the first of each where it is empty.
        handed: of each source, the loops that hand something on in its place; see `Value`.
        rounds: what it goes round in, the outermost first.
    """

    path: str
    applied: Applied
    sources: tuple[int, ...]
    loops: tuple[Loop, ...] = ()
    shared: bool = False
    ties: tuple[TiedWeight, ...] = ()
    carried: tuple[Carry, ...] = ()
    outputs_of: tuple[int, ...] = ()
    rounds: tuple[Round, ...] = ()
    handed: tuple[tuple[tuple[int, int], ...], ...] = ()

    def __repr__(self) -> str:
        return f"<Row {visible(self.path)}: {self.applied.said()}>"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.applied.layer

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The input shapes."""
        return self.applied.inputs

    @property
    def output(self) -> Shape:
        """The output shape; the first where there are several."""
        return self.applied.output

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The output shapes."""
        return self.applied.outputs

    @property
    def fed(self) -> tuple[Value, ...]:
        """What feeds it."""
        n = len(self.sources)
        edges = zip(
            self.inputs,
            self.sources,
            self.outputs_of or (0,) * n,
            self.handed or ((),) * n,
            strict=True,
        )
        return tuple([Value(*edge) for edge in edges])

    @property
    def weights(self) -> tuple[Weight, ...]:
        """The tensors it owns: none that another row owns."""
        if self.shared or not self.ties:
            return () if self.shared else self.applied.weights
        tied = {tie.weight for tie in self.ties}
        return tuple(w for w in self.applied.weights if w.name not in tied)

    @property
    def work(self) -> tuple[Work, ...]:
        """Its multiply-accumulates, at all the positions that it is called at."""
        work = self.applied.work
        for steps in reversed(positions(self.loops)):
            work = tuple(done.in_steps(steps) for done in work)
        return work

    @property
    def windows(self) -> tuple[AxisWindow, ...] | None:
        """How it sees its input along each axis."""
        return self.applied.windows

    def as_if(self, *, layer: Layer | None = None, shared: bool | None = None) -> Row:
        """The same call of another layer, or with weights of its own each time or another row's."""
        applied = self.applied if layer is None else Applied(layer, self.inputs)
        if shared is None:
            return replace(self, applied=applied)
        ties, loops = (self.ties, self.loops) if shared else ((), with_own_weights(self.loops))
        return replace(self, applied=applied, shared=shared, ties=ties, loops=loops)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What must hold and is not decided yet."""
        each = numbered(self.loops)
        return tuple(for_each(r.under(self.path), each) for r in self.applied.requirements)


class Scope(NamedTuple):
    """Where in a network a walk is.

    Attributes:
        path: the names down to here.
        loops: what makes it stand for many calls, from the outermost to the innermost.
        copy: which copies of repeated blocks these are: copies do not share weights.
        carried: what each loop in turn carries on; see `Row`.
        rounds: what goes round here, the outermost first.
        trained: whether no network around is frozen.
    """

    path: str = ""
    loops: tuple[Loop, ...] = ()
    copy: tuple[int, ...] = ()
    carried: tuple[Carry, ...] = ()
    rounds: tuple[Round, ...] = ()
    trained: bool = True

    def within(self, network: Layer) -> Scope:
        """The place in a network: what is in one that is not trained is not trained either."""
        return self if network.trainable else self._replace(trained=False)

    def under(self, name: str) -> Scope:
        """The place called `name` in here."""
        return Scope(f"{self.path}/{name}" if self.path else name, *self[1:])

    def inside(self, loop: Loop) -> Scope:
        """The place inside of a further loop, whose turns do not follow one another."""
        return self if loop.is_once else self._replace(loops=(*self.loops, loop))

    def repeating(self, loop: Loop, tracer: Tracer, values: Iterable[Value]) -> Scope:
        """The place inside of a further loop, whose first turn alone takes `values`."""
        if loop.is_once:
            return self
        carry = Carry(len(tracer.rows), frozenset(value.source for value in values))
        turn = Round("copies", carry.start, loop.count, loop.index, carry.sources)
        return self._replace(
            loops=(*self.loops, loop),
            carried=(*self.carried, carry),
            rounds=(*self.rounds, turn),
        )


class Tracer:
    """One pass through a network, collecting rows.

    Args:
        unroll: whether copies of a repeated block are followed one by one, also where they are
            alike; a symbolic number of them stands together all the same.
    """

    def __init__(self, unroll: bool = False) -> None:
        self.unroll = unroll
        self.rows: list[Row] = []
        self.extra: list[Requirement] = []
        self.handed_on: dict[tuple[int, int], list[HandedOn]] = {}
        self._known: dict[tuple[object, ...], Applied] = {}
        self._calls: dict[tuple[object, ...], list[int]] = {}
        self._tied: list[tuple[int, Layer, Scope]] = []
        self._frozen: set[tuple[object, ...]] = set()

    def fork(self) -> Tracer:
        """A walk of its own that keeps no rows here but knows the facts worked out already."""
        other = Tracer()
        other._known = self._known
        return other

    def call(self, layer: Layer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """Follow one layer: its row is added, and what comes out is returned.

        Raises:
            ArchcalcError: the layer cannot take these shapes; the error carries its path.
        """
        parts = zip(*values, strict=True) if values else ((), (), (), ())
        shapes, sources, outputs_of, handed = parts
        try:
            stated = layer if at.trained else frozen(layer)
            applied = self._apply(stated, shapes)
        except ArchcalcError as error:
            raise error.at(at.path) from None
        number = len(self.rows)
        weights = (id(layer), at.copy)
        calls = self._calls.setdefault(weights, [])
        if calls:
            needs = _shared(self.rows[calls[0]], applied, at.path)
            self.extra.extend(for_each(needed, numbered(at.loops)) for needed in needs)
        row = Row(
            at.path,
            applied,
            sources,
            at.loops,
            bool(calls),
            (),
            at.carried,
            outputs_of,
            at.rounds,
            handed if at.carried else (),
        )
        calls.append(number)
        if not stated.trainable:
            self._frozen.add(weights)
        if layer.tied:
            self._tied.append((number, layer, at))
        self.rows.append(row)
        return tuple([Value(shape, number, i) for i, shape in enumerate(applied.outputs)])

    def entering(self, values: Sequence[Value], around: Scope, at: Scope) -> tuple[Value, ...]:
        """What goes into a loop, where `values` go into the turn that comes first."""
        if len(at.carried) == len(around.carried):
            return tuple(values)
        depth = len(around.carried)
        known = len(self.handed_on.get((at.carried[-1].start, depth), ()))
        return tuple(
            [
                value._replace(handed=(*value.handed, (depth, known + i)))
                for i, value in enumerate(values)
            ]
        )

    def leaving(
        self,
        taken: Sequence[Value],
        given: Sequence[Value],
        around: Scope,
        at: Scope,
        from_last: bool = False,
    ) -> tuple[Value, ...]:
        """What comes out of a loop, of which each turn hands on what it gives to the next."""
        if len(at.carried) == len(around.carried):
            return tuple(given)
        start, depth = at.carried[-1].start, len(around.carried)
        if start < len(self.rows):  # something is called in there
            handed = self.handed_on.setdefault((start, depth), [])
            handed.extend(map(HandedOn, taken, given, [from_last] * len(taken)))
        return tuple(
            [
                value._replace(handed=tuple([mark for mark in value.handed if mark[0] < depth]))
                for value in given
            ]
        )

    def require(self, needs: Iterable[Requirement], at: Scope) -> None:
        """Keep what cannot be decided yet, asked for by the network at a place.

        Raises:
            RequirementError: something does not hold, whatever the symbols.
        """
        asked = (for_each(needed.under(at.path), numbered(at.loops)) for needed in needs)
        self.extra.extend(undecided(asked))

    def settle(self) -> None:
        """Find the owners of tied weights, once every layer has been called.

        What is frozen at one of its calls is frozen at all: its weights are there once.

        Raises:
            ShapeError: an owner is not in the network, or its weight does not fit.
        """
        for weights in self._frozen:
            self._freeze(self._calls[weights])
        for number, layer, at in self._tied:
            row, ties = self.rows[number], []
            for tie in layer.tied:
                own = owned(tie, row.applied.weights, at.path, layer)
                owner = self._owner(tie.owner, at)
                made, needs = settled(own, tie, owner.applied, owner.path, at.path)
                ties.append(made)
                self.extra.extend(for_each(needed, numbered(at.loops)) for needed in needs)
            self.rows[number] = replace(row, ties=tuple(ties))

    def _freeze(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            row = self.rows[number]
            applied = self._apply(frozen(row.layer), row.inputs)
            self.rows[number] = replace(row, applied=applied)

    def _owner(self, owner: Layer, at: Scope) -> Row:
        """The row that has the weights of `owner`, in the same copy of a repeated block or outside.

        Raises:
            ShapeError: there is none.
        """
        for length in range(len(at.copy), -1, -1):
            calls = self._calls.get((id(owner), at.copy[:length]))
            if calls:
                return self.rows[calls[0]]
        raise no_owner(owner, at.path)

    def _apply(self, layer: Layer, inputs: tuple[Shape, ...]) -> Applied:
        if layer.kept:  # others with the same facts are built with other arguments
            return Applied(layer, inputs)
        key = (layer.key, inputs)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Applied(layer, inputs)
        return found


def frozen(layer: Layer) -> Layer:
    """A layer as it is in a network that is not trained."""
    return layer.model_copy(update={"trainable": False}) if layer.trainable else layer


def _shared(owner: Row, again: Applied, path: str) -> list[Requirement]:
    """What must hold for a layer to have the same weights here as where it was first called.

    Raises:
        ShapeError: it has others, whatever the symbols.
    """
    before = [weight.shape for weight in owner.applied.weights]
    now = [weight.shape for weight in again.weights]
    needs: list[Requirement] = []
    for first, second in zip(before, now, strict=True):
        same = [equal(a, b) for a, b in zip(first, second, strict=False)]
        if len(first) != len(second) or False in same:
            raise _differs(owner, before, now, path)
        pairs = zip(first, second, same, strict=True)
        needs.extend(_same_dim(a, b, path) for a, b, known in pairs if known is None)
    return needs


def _same_dim(first: Dim, second: Dim, path: str) -> Requirement:
    return Requirement(
        first,
        Relation.EQUAL,
        second,
        "the layer is shared, and its weights are made for {first}, not for {second}",
        code="shared-layer-differs",
        hint="give both places the same number of features, or use two layers",
        details=(("first", first), ("second", second)),
        path=path,
    )


def _differs(owner: Row, before: list[Shape], now: list[Shape], path: str) -> ShapeError:
    place = "an earlier call" if owner.path == path else owner.path
    return ShapeError(
        f"the layer is shared with {place}, where its weights have shapes {before}; "
        f"here they would have {now}",
        code="shared-layer-differs",
        path=path,
        hint="give both places the same number of features, or use two layers",
    )
