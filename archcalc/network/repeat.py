"""A block several times over, with a number or a symbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

from pydantic import field_validator, model_validator

from archcalc.costs.loops import Loop
from archcalc.layers.base import Layer
from archcalc.layers.bounds import field_bounds
from archcalc.layers.fields import Count, option
from archcalc.network.base import Network
from archcalc.network.fields import Block
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.indexed import Indexed
from archcalc.network.shape_recurrence import (
    MOST_APART,
    Step,
    at_end,
    no_rule,
    require_left,
    shape_recurrence,
)
from archcalc.network.tracer import Scope, Tracer, Value
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Repeat", "V"]

V = TypeVar("V")

_MOST_COPIES = 100_000
"""How many copies that differ in shape are written out, one by one, before it is refused."""


class Repeat(Indexed):
    """`block` one after the other `times` times, each with weights of its own or all with the same.

    Where the block keeps its shape, the cost is that of one block: its rows stand once, with their
    number beside them, and totals are closed forms in `times`.  A first block that changes the
    shape (as in a stage of a ResNet) is counted apart.

    Where every copy changes the shape by the same rule, a symbol for `times` gives the shape at
    copy ``i``: channels that grow by ``g`` are ``c + g·i``, channels that double ``c·2^i``, sizes
    that halve ``⌈h/2^i⌉``.  Totals are added up over ``i``, in closed form where there is one.

    What comes out of one copy goes into the next in the place of its first inputs; inputs beyond
    those are the same for every copy, as the memory is for the decoder of a transformer.

    With ``shared=True`` one block is run `times` times, each time on what it gave before, as the
    layers of ALBERT are (Lan et al., 2019, section 3.1): it keeps its shape, its weights are there
    once, and its work is done `times` times.  With ``times=0`` what comes in goes out.

    Args:
        block: a layer, a network, or a list of layers.
        times: how often; a number or a symbol.
        index: the name of the symbol that, in the block, stands for the number of the copy,
            counted from 0.
        shared: whether it is the same block every time, with the same weights.

    Raises:
        InvalidLayerError: nothing in the block depends on the index, or what is shared differs
            from copy to copy or is never run.
        ShapeError: `times` is a symbol, and no rule says what goes into each copy; or what is
            shared changes its shape.

    >>> from archcalc.layers import Conv2D, Dense
    >>> Repeat(Dense("d"), "L").trace("d").parameters
    L·(d + 1)·d
    >>> trace = Repeat(Dense("d"), "L", shared=True).trace("d")
    >>> trace.parameters, trace.macs
    ((d + 1)·d, d²·L)
    >>> stage = Repeat(Conv2D("c*2**i", 3, strides=2, padding="same"), "L", index="i")
    >>> trace = stage.trace(("h", "w", 3))
    >>> trace.output
    (⌈h/2^L⌉, ⌈w/2^L⌉, 2^(L − 1)·c)
    >>> trace.parameters
    28·c + 3·c²·(4^L − 4)/2 + c·(2^L − 2)
    """

    block: Block
    times: Count
    shared: bool = option(default=False, kw_only=True)

    @field_validator("block", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)

    @model_validator(mode="after")
    def _can_be_shared(self) -> Self:
        if self.shared and self.index:
            raise InvalidLayerError(
                f"copies that differ by {self.index} cannot share their weights",
                code="shared-copies-differ",
                hint="leave index out, or shared",
            )
        if self.shared and self.times == 0:
            raise InvalidLayerError(
                "what is shared is run at least once",
                code="shared-never-run",
                hint="Repeat(block, 0) has no block, and no weights",
            )
        return self

    @property
    def count(self) -> Dim:
        return self.times

    def parts(self) -> tuple[Layer, ...]:
        return (self.block,)

    def copy_of(self, number: Dim) -> Repeat:
        """What is copy `number`, counted from 0."""
        if not self.index:
            return self
        if number not in self._single:
            self._single[number] = Repeat(self.copied(self.block, number), 1, name=self.name)
        return self._single[number]

    @cached_property
    def _single(self) -> dict[Dim, Repeat]:
        return {}

    @cached_property
    def _open(self) -> Network | None:
        """The block, where its layers stand open here."""
        if isinstance(self.block, Network) and self.block.stands_open and not self.block.name:
            return self.block
        return None

    @property
    def shown(self) -> Network:
        return self._open or self

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
        return (*field_bounds(self._open), *self._open.needs(*inputs)) if self._open else ()

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """One copy after the other, until all that are left can be followed at once."""
        if self.shared:
            return self._over_again(tracer, tuple(values), at)
        current, done = tuple(values), 0
        while self.times != done:
            left = lower(self.times - done)
            require_left(tracer, left, done, at.path)
            after = self._at_once(tracer, current, at, done, left)
            if after is not None:
                return after
            after = self._one(tracer, current, self._place(at, done), done)
            done += 1
            self._bounded(done, current, after)
            current = self.carried(current, after)
        return tuple(self._results(current))

    def _over_again(
        self, tracer: Tracer, current: tuple[Value, ...], at: Scope
    ) -> tuple[Value, ...]:
        """The same block every time: once for all, or time by time for a walk that takes apart."""
        tracer.require((_at_least_once(self.times),), at)
        number = self.times if tracer.unroll and isinstance(self.times, int) else None
        if number is None:
            after = self._together(tracer, current, at, Loop.again(self.times), 0)
            tracer.require(_kept(current, after, at.path), at)
            return after
        for done in range(number):
            after = self._one(tracer, current, at.under(str(done)), done)
            tracer.require(_kept(current, after, at.path), at)
            current = self.carried(current, after)
        return tuple(self._fed_back(current))

    def _together(
        self,
        tracer: Tracer,
        current: Sequence[Value],
        at: Scope,
        loop: Loop,
        number: Dim,
    ) -> tuple[Value, ...]:
        """All turns of a loop followed as one."""
        place = at.repeating(loop, tracer, self._fed_back(current))
        taken = self._fed_back(current)
        entering = (*tracer.entering(taken, at, place), *current[len(taken) :])
        made = self._one(tracer, entering, place, number)
        return tracer.leaving(taken, made, at, place)

    def _at_once(
        self, tracer: Tracer, current: tuple[Value, ...], at: Scope, done: int, left: Dim
    ) -> tuple[Value, ...] | None:
        """All copies that are left, where one rule says what goes into each."""
        one_by_one = isinstance(left, int) and (tracer.unroll or bool(self.index))
        here = self._place(at, done, open_=not done)
        if not one_by_one and not self.index and self._rests(tracer, current, at):
            return self._together(tracer, current, here, Loop.copies(left), done)
        if isinstance(left, int):
            return None
        index = self.numbering(left, *current)
        number = lower(plain(index) + done)
        entering = shape_recurrence(self._step(tracer, at, number), current, index)
        if entering is None:
            return None
        made = self._together(tracer, entering, here, Loop.copies(left, index), number)
        sources = [m._replace(shape=v.shape) for v, m in zip(entering, made, strict=False)]
        return at_end(sources, index, left)

    def _one(
        self, tracer: Tracer, values: Sequence[Value], at: Scope, number: Dim
    ) -> tuple[Value, ...]:
        """Copy `number` followed."""
        return Network.follow(self.copy_of(number), tracer, values, at)

    def _fed_back(self, values: Sequence[Value]) -> Sequence[Value]:
        """Those of the inputs in whose place goes what a copy gives."""
        return values[: len(self.graph().outputs)]

    def _results(self, values: Sequence[Value]) -> Sequence[Value]:
        """What comes out, where all copies have been followed."""
        return self._fed_back(values)

    @property
    def place_mark(self) -> int:
        """What tells its copies from those of others."""
        return id(self)

    def _place(self, at: Scope, done: int, open_: bool = False) -> Scope:
        """Where copies stand: under their number, unless they are all there are."""
        here = at if open_ else at.under(str(done))
        return here._replace(copy=(*at.copy, self.place_mark, done))

    def _step(self, tracer: Tracer, at: Scope, number: Dim) -> Step:
        def step(values: Sequence[Value]) -> tuple[Value, ...]:
            made = self._one(tracer.fork(), values, at, number)
            return self.carried(values, made)

        return step

    def _rests(self, tracer: Tracer, current: Sequence[Value], at: Scope) -> bool:
        """Whether the block gives back the shapes that it takes."""
        trial = self._one(tracer.fork(), current, at, 0)
        return all(a.shape == b.shape for a, b in zip(trial, current, strict=False))

    @staticmethod
    def carried(values: Sequence[V], made: Sequence[V]) -> tuple[V, ...]:
        """What goes into the next copy, where `values` went into this one and `made` came out."""
        return (*made, *values[len(made) :])

    def _bounded(self, done: int, before: Sequence[Value], after: Sequence[Value]) -> None:
        if done >= MOST_APART and not (isinstance(self.times, int) and self.times <= _MOST_COPIES):
            hint = f"a block that changes its shape is repeated at most {_MOST_COPIES:,} times"
            raise no_rule(self.times, before, after, hint if isinstance(self.times, int) else "")


def _at_least_once(times: Dim) -> Requirement:
    return Requirement(
        times,
        Relation.AT_LEAST,
        1,
        "what is shared is run at least once, not {left} times",
        code="shared-never-run",
        details=(("left", times),),
    )


def _kept(before: Sequence[Value], after: Sequence[Value], path: str) -> Iterator[Requirement]:
    """What must hold for a block to give what it can take again.

    Raises:
        ShapeError: it changes its shape, whatever the symbols.
    """
    for taken, given in zip(before, after, strict=False):
        pairs = list(zip(taken.shape, given.shape, strict=False))
        if len(taken.shape) != len(given.shape) or any(equal(a, b) is False for a, b in pairs):
            raise ShapeError(
                f"what is shared is run again on what it gave, but it makes {given.shape!r} "
                f"of {taken.shape!r}",
                code="repeat-changes-shape",
                path=path,
                hint="give a block that keeps its shape, or leave shared out",
            )
        for a, b in pairs:
            yield Requirement(
                a,
                Relation.EQUAL,
                b,
                "what is shared is run again on what it gave, but it makes {second} of {first}",
                code="repeat-changes-shape",
                details=(("first", a), ("second", b)),
            )
