"""A block several times over, with a number or a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from pydantic import field_validator

from archcalc.layers.fields import Count
from archcalc.network.base import Network
from archcalc.network.fields import Block
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.sequential import as_layer
from archcalc.network.walk import Value, Walk, Where
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Repeat"]

V = TypeVar("V")

_MOST_COPIES = 100_000
"""How many copies that differ in shape are written out, one by one, before it is refused."""

_MOST_STEPS = 2
"""After how many steps of a long or symbolic repetition the shapes must have come to rest."""


class Repeat(Network):
    """`block` one after the other `times` times, each with weights of its own.

    Where the block keeps its shape, the cost is that of one block: its rows stand once, with their
    number beside them, and totals are closed forms in `times`.  A first block that changes the
    shape (as in a stage of a ResNet) is counted apart.

    What comes out of one copy goes into the next in the place of its first inputs; inputs beyond
    those are the same for every copy, as the memory is for the decoder of a transformer.

    Args:
        block: a layer, a network, or a list of layers.
        times: how often; a number or a symbol.

    >>> from archcalc.layers import Dense
    >>> Repeat(Dense("d"), "L").trace("d").parameters
    L·(d + 1)·d
    """

    block: Block
    times: Count

    @field_validator("block", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)

    @cached_property
    def _open(self) -> Network | None:
        """The block, where its layers stand open here."""
        if isinstance(self.block, Network) and self.block.stands_open and not self.block.name:
            return self.block
        return None

    @cached_property
    def _graph(self) -> Graph:
        if self._open:
            return self._open.graph()
        block = self.block
        whole = block.graph() if isinstance(block, Network) else None
        arity, count = (whole.arity, len(whole.outputs)) if whole else (block.arity[0], 1)
        inputs = tuple(Ref(INPUT, i) for i in range(arity))
        outputs = tuple(Ref(0, i) for i in range(min(arity, count)))
        return Graph.of(arity, [(block, inputs)], outputs)

    def graph(self) -> Graph:
        """The graph of one block."""
        return self._graph

    def needs(self, *inputs: Shape) -> tuple[Requirement, ...]:
        """What a block that stands open needs; another is asked where it is called."""
        return self._open.needs(*inputs) if self._open else ()

    def follow(self, walk: Walk, values: Sequence[Value], at: Where) -> tuple[Value, ...]:
        """One copy after the other until the shapes rest; then all that are left at once."""
        current, done = tuple(values), 0
        while self.times != done:
            left = lower(self.times - done)
            _require_left(walk, left, done, at.path)
            resting = not (walk.apart and isinstance(left, int)) and self._rests(walk, current, at)
            here = at if resting and not done else at.under(str(done))
            share = lower(at.times * left) if resting else at.times
            copy = replace(here, times=share, copy=(*at.copy, id(self), done))
            after = super().follow(walk, current, copy)
            if resting:
                return after
            done += 1
            self._bounded(done, current, after)
            current = self.carried(current, after)
        return current[: len(self.graph().outputs)]

    def _rests(self, walk: Walk, current: Sequence[Value], at: Where) -> bool:
        """Whether the block gives back the shapes that it takes."""
        trial = super().follow(walk.aside(), current, at)
        return all(a.shape == b.shape for a, b in zip(trial, current, strict=False))

    @staticmethod
    def carried(values: Sequence[V], made: Sequence[V]) -> tuple[V, ...]:
        """What goes into the next copy, where `values` went into this one and `made` came out."""
        return (*made, *values[len(made) :])

    def _bounded(self, done: int, before: Sequence[Value], after: Sequence[Value]) -> None:
        if isinstance(self.times, int):
            if done < _MOST_STEPS or self.times <= _MOST_COPIES:
                return
            hint = f"a block that changes its shape is repeated at most {_MOST_COPIES:,} times"
        elif done < _MOST_STEPS:
            return
        else:
            hint = "give a number, or a block that keeps its shape"
        raise ShapeError(
            f"Repeat by {to_text(self.times)}: the block changes its input from "
            f"{before[0].shape!r} to {after[0].shape!r} every time",
            code="repeat-changes-shape",
            hint=hint,
        )


def _require_left(walk: Walk, left: Dim, done: int, path: str) -> None:
    """A symbolic number of copies must leave those already followed."""
    if isinstance(left, int):
        return
    needs = Requirement(
        left,
        Relation.AT_LEAST,
        0,
        "{left} copies are left after {done}",
        code="too-few-copies",
        hint=f"at least {done}",
        details=(("left", left), ("done", done)),
        path=path,
    )
    if needs.holds() is not True:
        walk.extra.append(needs)
