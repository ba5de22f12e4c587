"""An edit followed through the network: the calls after it whose shapes it changes, and no others.

Nothing is traced anew: a call is looked at again where what goes into it is another shape, and the
layer on the same shapes is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archcalc.explain.reconciling.edit import Variant
from archcalc.layers import Applied, Layer
from archcalc.network import Row, Trace
from archcalc.symbolic import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["MOST_CALLS", "MOST_VISITS", "Follower"]

MOST_VISITS = 15_000
"""How many calls are looked at again for one reconciliation; the likeliest edits come first."""

MOST_CALLS = 3_000
"""How many layers are worked out on other shapes for one reconciliation."""


class _Misread(Applied):
    """A layer on its inputs, of which another output is believed to come out."""

    def __init__(self, applied: Applied, outputs: tuple[Shape, ...]) -> None:
        self.layer = applied.layer
        self.inputs = applied.inputs
        self.requirements = applied.requirements
        self.outputs = outputs
        self.output = outputs[0]


class Follower:
    """Follows changes through the rows of a trace.

    Attributes:
        visits: how many calls have been looked at again.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.rows = trace.rows
        self.visits = 0
        self._most, self._calls = MOST_VISITS, 0
        self._known: dict[tuple[int, tuple[Shape, ...]], Applied | None] = {}
        self._layers: list[Any] = []
        self._both: dict[tuple[int, int], Layer] = {}
        last: dict[int, int] = {}
        for i, row in enumerate(trace.rows):
            for source in row.sources:
                last[source] = i
        self._last = last

    @property
    def tired(self) -> bool:
        """Whether as many calls were looked at again as may be."""
        return self.visits > self._most or self._calls > MOST_CALLS

    def allow(self, visits: int) -> None:
        """Allow so many calls more to be looked at again."""
        self._most = self.visits + visits

    def changed(
        self,
        changes: Mapping[int, Sequence[Variant]],
        inputs: tuple[Shape, ...] | None = None,
    ) -> dict[int, Row] | None:
        """The rows that are others after `changes` at some of them; ``None`` where it cannot be.

        Args:
            changes: what is done otherwise, by the number of the row.
            inputs: other shapes that go into the network.
        """
        if self.tired:
            return None
        made: dict[tuple[int, int], Shape] = {}
        if inputs is not None:
            for i, (new, old) in enumerate(zip(inputs, self.trace.inputs, strict=True)):
                if new != old:
                    made[-1 - i, 0] = new
        found: dict[int, Row] = {}
        first = min(changes, default=0) if inputs is None else 0
        until = max((self._last.get(s, -1) for s, _ in made), default=-1)
        until = max([until, *changes])
        inside = {i: self.rows[i].rounds for i in changes if self.rows[i].rounds}
        i = first
        while i <= until:
            step = self._step(i, changes.get(i, ()), made)
            if step is None:
                return None
            if isinstance(step, Row):
                if self._leaves(i, inside, found):
                    return None
                found[i] = step
                before = self.rows[i].outputs
                going = _passed(step, changes.get(i, ()))
                if going is None:
                    return None
                for number, shape in enumerate(going):
                    if number >= len(before) or shape != before[number]:
                        made[i, number] = shape
                        until = max(until, self._last.get(i, -1))
            i += 1
        return found

    def _leaves(self, i: int, inside: Mapping[int, Any], found: Mapping[int, Row]) -> bool:
        """Whether a change within copies is seen outside: they would not fit one another."""
        for start, rounds in inside.items():
            if rounds[0] not in self.rows[i].rounds and any(
                s == start or (s in found and rounds[0] in self.rows[s].rounds)
                for s in self.rows[i].sources
            ):
                return True
        return False

    def _step(
        self, i: int, changes: Sequence[Variant], made: Mapping[tuple[int, int], Shape]
    ) -> Row | bool | None:
        """The row as it is then; ``False`` where it stays, ``None`` where it cannot be."""
        row = self.rows[i]
        self.visits += 1
        taken = row.inputs
        if made:
            numbers = row.outputs_of or (0,) * len(row.sources)
            ways = zip(row.sources, numbers, row.inputs, strict=True)
            taken = tuple([made.get((s, o), x) for s, o, x in ways])
        layer = row.layer
        for change in changes:
            layer = layer if change.layer is None else self._made(row.layer, layer, change.layer)
            taken = change.inputs if change.inputs is not None else taken
        if layer is row.layer and taken == row.inputs and not changes:
            return False
        applied = row.applied if layer is row.layer and taken == row.inputs else None
        if applied is None:
            applied = self._applied(layer, taken)
        if applied is None:
            return None
        for change in changes:
            if change.outputs is not None:
                outputs = change.outputs(applied)
                if outputs is None or any(_empty(shape) for shape in outputs):
                    return None
                applied = _Misread(applied, outputs)
        return replace(row, applied=applied)

    def _made(self, right: Layer, before: Layer, other: Layer) -> Layer:
        """A layer with what another change makes of it: another class, or fields of its own."""
        if before is right or type(before) is not type(other):
            return other
        key = (id(before), id(other))
        if key not in self._both:
            theirs = right.__dict__
            fields = {n: v for n, v in other.__dict__.items() if v != theirs.get(n)}
            self._both[key] = before.model_copy(update=fields)
        return self._both[key]

    def _applied(self, layer: Any, inputs: tuple[Shape, ...]) -> Applied | None:
        key = (id(layer), inputs)
        if key not in self._known:
            self._layers.append(layer)  # so that no other has its identity
            self._calls += 1
            try:
                self._known[key] = Applied(layer, inputs)
            except (
                ArchcalcError,
                ValueError,
                TypeError,
                ZeroDivisionError,
                IndexError,
            ):
                self._known[key] = None
        return self._known[key]

    def trace_of(self, changed: Mapping[int, Row], inputs: tuple[Shape, ...] | None) -> Trace:
        """The trace with these rows in the place of its own."""
        rows = tuple(changed.get(i, row) for i, row in enumerate(self.rows))
        shapes = self.trace.inputs if inputs is None else inputs
        return Trace(
            self.trace.network,
            shapes,
            rows,
            tuple(self.trace.results),
            handed_on=self.trace.handed_on,
        )


def _passed(row: Row, changes: Sequence[Variant]) -> tuple[Shape, ...] | None:
    """What goes on from a call to those after it; ``None`` where it cannot be."""
    going: tuple[Shape, ...] | None = row.outputs
    for change in changes:
        if change.passes is not None:
            going = change.passes(row.applied)
    return None if going is None or any(_empty(shape) for shape in going) else going


def _empty(shape: Shape) -> bool:
    return any(isinstance(size, int) and size < 1 for size in shape)
