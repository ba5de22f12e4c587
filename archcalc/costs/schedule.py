"""What a network does in order: its calls, and the memory that they read and make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archcalc.costs.loops import Factors
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.sums import Index

__all__ = ["Buffer", "Called", "Moment", "Schedule", "Turn"]


@dataclass(slots=True)
class Buffer:
    """Memory that holds one output, or what is seen differently in it.

    Attributes:
        path: the row that made it; ``"input"`` where it came in.
        shape: of what was first stored there.
        size: its elements.
        first, last: the moments between which it is alive, both included.
        copies: how often it is there, where it stands for several copies of a block.
        gathered: whether it is the tokens that experts take, put together for them.
    """

    path: str
    shape: Shape
    size: Dim
    first: int
    last: int
    copies: Factors = ()
    gathered: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """The copies that a moment stands for: those after the first of `count`, by their number."""

    index: Index
    count: Dim


@dataclass(frozen=True, slots=True)
class Called:
    """What a call takes and gives.

    Attributes:
        inputs: for each input, the buffers that it may be in, and whether it has a gradient.
        outputs: the buffers that hold what comes out.
        learned: whether what comes out has a gradient.
        copies: how many calls it stands for.
        values: the numbers of copies that are put in for their symbols.
    """

    inputs: tuple[tuple[frozenset[int], bool], ...] = ()
    outputs: frozenset[int] = frozenset()
    learned: bool = False
    copies: Factors = ()
    values: Mapping[Index, Dim] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """One call.

    Attributes:
        row: the number of the row that is called.
        path: its path.
        there: 1 where it happens for sure; otherwise 1 where it does, and 0 where it does not.
        turns: the copies that it stands for, from the outermost loop to the innermost.
    """

    row: int
    path: str
    there: Dim = 1
    turns: tuple[Turn, ...] = ()


@dataclass(slots=True)
class Schedule:
    """The moments of a network, the buffers that are alive between them, and who uses them.

    Attributes:
        moments: one a call that is made, in order.
        buffers: one a piece of memory.
        uses: for each moment, the buffers that the call reads, and those that it makes.
        outputs: the buffers that come out.
        overwrites: for each moment, the buffer that the call writes over; ``None`` for none.
        after: for each moment, those whose results the call takes.
        calls: for each moment, what its call takes and gives.
    """

    moments: list[Moment] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    uses: list[tuple[set[int], set[int]]] = field(default_factory=list)
    outputs: set[int] = field(default_factory=set)
    overwrites: list[int | None] = field(default_factory=list)
    after: list[set[int]] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)

    def users(self) -> list[set[int]]:
        """For each buffer, the moments whose calls read it or make it."""
        found: list[set[int]] = [set() for _ in self.buffers]
        for moment, (read, made) in enumerate(self.uses):
            for number in read | made:
                found[number].add(moment)
        return found

    def makers(self) -> list[int | None]:
        """For each buffer, the moment whose call makes it; ``None`` for what comes in."""
        found: list[int | None] = [None] * len(self.buffers)
        for moment, (_, made) in enumerate(self.uses):
            for number in made:
                found[number] = moment
        return found
