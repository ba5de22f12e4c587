"""Down and up again, with a rung across at every level: a U-Net, a feature pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import field_validator
from sympy import S

from archcalc.costs.loops import Loop
from archcalc.layers.base import Layer
from archcalc.layers.fields import Count, option
from archcalc.layers.merging import Concatenate
from archcalc.network.base import followed
from archcalc.network.fields import Block, OptionalBlock
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.indexed import Indexed
from archcalc.network.shape_recurrence import (
    MOST_APART,
    at_end,
    backward,
    no_rule,
    put_there,
    require_left,
    shape_recurrence,
)
from archcalc.network.substitution import anew
from archcalc.network.tracer import Scope, Tracer, Value
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Index

__all__ = ["Ladder"]

Calls = list[tuple[Layer, tuple[Ref, ...]]]


class Ladder(Indexed):
    """Levels, each inside the next: ``right(join(across, up(below)))`` with ``across = left(x)``.

    What `left` makes goes across, and through `down` to the next level; at the bottom stands
    `bottom`, and on the way back `up` brings what comes from below to the size of what goes
    across.

    With a symbol for `rungs`, the shapes follow a rule in the number of the level, which is counted
    from 0 at the top, and totals are added up over the levels (see `Repeat`).

    Args:
        left, down: on the way down: what goes across, and what makes it smaller.
        bottom: what stands below the last level.
        up, right: on the way up: what makes it larger, and what takes both once they are joined.
        rungs: how many levels; a number or a symbol.
        join: what joins what goes across with what comes from below; ``None`` puts one after the
            other along the channels.
        index: the name of the symbol that, in the parts, stands for the number of the level; at
            the bottom it is `rungs`.

    Raises:
        InvalidLayerError: nothing depends on the index.
        ShapeError: `rungs` is a symbol, and no rule says what goes into each level.

    >>> from archcalc.layers import Conv2D, Conv2DTranspose, MaxPooling2D
    >>> def conv(width):
    ...     return Conv2D(width, 3, padding="same")
    >>> net = Ladder(conv("c*2**i"), MaxPooling2D(2), conv("c*2**i"),
    ...              Conv2DTranspose("c*2**i", 2, strides=2), conv("c*2**i"), "L", index="i")
    >>> trace = net.trace(("h", "w", 3))
    >>> trace.output
    (h, w, c)
    >>> trace.parameters(L=4, c=64)
    15324672
    """

    left: Block
    down: Block
    bottom: Block
    up: Block
    right: Block
    rungs: Count
    join: OptionalBlock = option(default=None)

    source: ClassVar[str] = "https://arxiv.org/abs/1505.04597 (figure 1)"

    @field_validator("left", "down", "bottom", "up", "right", "join", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return None if value is None else as_layer(value)

    @property
    def count(self) -> Dim:
        return self.rungs

    def parts(self) -> tuple[Layer, ...]:
        return (self.left, self.down, self.bottom, self.up, self.right, self._join)

    @cached_property
    def _join(self) -> Layer:
        return self.join or Concatenate()

    # With numbers, a graph like any other

    @cached_property
    def _made(self) -> tuple[Graph, dict[int, Layer]]:
        rungs = self.rungs if isinstance(self.rungs, int) else 1
        origins: dict[int, Layer] = {}
        calls: Calls = []

        def call(part: str, number: int, *inputs: Ref) -> Ref:
            given: Layer = getattr(self, part) or self._join
            name = f"{given.name or part}_{number}" if part != "bottom" else given.name or part
            layer = anew(self.copied(given, number), name)
            origins[id(layer)] = given
            calls.append((layer, inputs))
            return Ref(len(calls) - 1)

        across: list[Ref] = []
        x = Ref(INPUT)
        for number in range(rungs):
            across.append(call("left", number, x))
            x = call("down", number, across[-1])
        x = call("bottom", rungs, x)
        for number in reversed(range(rungs)):
            joined = call("join", number, across[number], call("up", number, x))
            x = call("right", number, joined)
        return Graph.of(1, calls, (x,)), origins

    def graph(self) -> Graph:
        """The graph of all levels; of one, where their number is a symbol."""
        return self._made[0]

    def origin(self, layer: Layer) -> Layer:
        return self._made[1].get(id(layer), layer)

    # With a symbol, a rule in the number of the level

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """Down to the bottom and up again."""
        if isinstance(self.rungs, int):
            return super().follow(tracer, values, at)
        return self._below(tracer, values, at, 0)

    def _below(
        self, tracer: Tracer, values: Sequence[Value], at: Scope, done: int
    ) -> tuple[Value, ...]:
        """What level `done` gives, with all that is below it."""
        left = lower(self.rungs - done)
        require_left(tracer, left, done, at.path)
        together = self._at_once(tracer, values, at, done, left)
        if together is not None:
            return together
        here = at.under(str(done))._replace(copy=(*at.copy, id(self), done))
        across, below = self._down(tracer, values, here, done)
        if done >= MOST_APART:
            raise no_rule(self.rungs, values, below)
        return self._up(tracer, across, self._below(tracer, below, at, done + 1), here, done)

    def _at_once(
        self, tracer: Tracer, values: Sequence[Value], at: Scope, done: int, left: Dim
    ) -> tuple[Value, ...] | None:
        """All levels that are left, where rules say what goes into each on both ways."""
        index = self.numbering(left, *values)
        number = lower(plain(index) + done)
        entering = shape_recurrence(
            lambda v: self._down(tracer.fork(), v, at, number)[1], values, index
        )
        if entering is None:
            return None
        here = at.under(str(done)) if done else at
        here = here._replace(copy=(*at.copy, id(self), done))
        each = here.repeating(Loop.copies(left, index), tracer, values)
        entering = tracer.entering(entering, here, each)
        across, below = self._down(tracer, entering, each, number)
        below = tracer.leaving(values, below, here, each)
        sources = [b._replace(shape=v.shape) for v, b in zip(entering, below, strict=True)]
        turning = self._bottom(tracer, at_end(sources, index, left), here)
        rising = self._rising(tracer, across, turning, here, number, index, left)
        if rising is None:  # what the bottom gives is unlike what the levels give: one by itself
            require_left(tracer, lower(left - 1), done + 1, at.path)
            last = {index: plain(left) - 1}
            at_last = lower(substitute(plain(number), last))
            lowest = put_there(across, last)
            alone = here.under("lowest")._replace(copy=(*here.copy, id(self)))
            turning = self._up(tracer, lowest, turning, alone, at_last)
            left = lower(left - 1)
            each = here._replace(carried=each.carried).inside(Loop.copies(left, index))
            rising = self._rising(tracer, across, turning, here, number, index, left)
        if rising is None:
            made = self._up(tracer.fork(), across, turning, here, number)
            raise no_rule(left, turning, made)
        fed = [t._replace(shape=v.shape) for v, t in zip(rising, turning, strict=True)]
        out = self._up(tracer, across, tracer.entering(fed, here, each), each, number)
        out = tracer.leaving(turning, out, here, each, from_last=True)
        top = put_there(rising, {index: S.NegativeOne})
        return tuple(o._replace(shape=v.shape) for v, o in zip(top, out, strict=True))

    def _rising(
        self,
        tracer: Tracer,
        across: Sequence[Value],
        turning: Sequence[Value],
        at: Scope,
        number: Dim,
        index: Index,
        left: Dim,
    ) -> tuple[Value, ...] | None:
        """What comes from below at each level; ``None`` where no rule says."""
        return backward(
            lambda v: self._up(tracer.fork(), across, v, at, number), turning, index, left
        )

    def _bottom(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        return followed(self.copied(self.bottom, self.rungs), tracer, values, at.under("bottom"))

    def _down(
        self, tracer: Tracer, values: Sequence[Value], at: Scope, number: Dim
    ) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """What goes across at a level, and what goes on down."""
        across = followed(self.copied(self.left, number), tracer, values, at.under("left"))
        down = self.copied(self.down, number)
        return across, followed(down, tracer, across, at.under("down"))

    def _up(
        self,
        tracer: Tracer,
        across: Sequence[Value],
        below: Sequence[Value],
        at: Scope,
        number: Dim,
    ) -> tuple[Value, ...]:
        """What a level gives, of what goes across and what comes from below."""
        raised = followed(self.copied(self.up, number), tracer, below, at.under("up"))
        join = self.copied(self._join, number)
        joined = followed(join, tracer, (*across, *raised), at.under("join"))
        return followed(self.copied(self.right, number), tracer, joined, at.under("right"))
