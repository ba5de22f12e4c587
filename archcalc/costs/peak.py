"""The peak of inference: the most that is in memory at once.

In the order of the network, what is alive at each call is added up, and the largest sum is the
peak; with symbols it is the maximum of those sums that no other is known to exceed.  The best
order of a small network is found by exact search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, NamedTuple, NoReturn

from sympy import Add, Expr, Integer, Max

from archcalc.costs.base import Cost, Rows
from archcalc.costs.liveness import Strided, program
from archcalc.costs.mesh import ONE_DEVICE, Mesh
from archcalc.costs.number_formats import bytes_of
from archcalc.costs.order import best_order
from archcalc.costs.placement import Placement
from archcalc.costs.schedule import Buffer, Moment, Schedule
from archcalc.formula import Formula
from archcalc.formula.monotone import Direction, direction
from archcalc.symbolic.compare import at_least, bounds
from archcalc.symbolic.dims import Dim, DimLike, as_dim, lower
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Requirement, undecided
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Index

__all__ = ["Alive", "Peak", "PeakBytes", "PeakMoment"]


@dataclass(frozen=True, slots=True)
class Alive(Shown):
    """One output that is in memory.

    Attributes:
        path: the row that made it; ``"input"`` where it came in.
        shape: its shape.
        elements: its elements, of one sample.
    """

    path: str
    shape: Shape
    elements: Dim


@dataclass(frozen=True, slots=True)
class PeakMoment(Shown):
    """A call at which as much may be alive as at no other.

    Attributes:
        path: the row that is called.
        alive: what is in memory during the call, in the order in which it was made.
        elements: how many elements that is, all together, of one sample.
    """

    path: str
    alive: tuple[Alive, ...]
    elements: Dim


@dataclass(frozen=True, repr=False)
class Peak(Shown):
    """Where and how much of a network's memory is in use at most.

    Attributes:
        moments: the calls that may be the largest: with numbers one, the first of the largest.
        each: the bytes of one element, of the whole batch.
        order: the paths of the calls, in the order in which they are made.
        requirements: what must hold for the network to exist.
    """

    moments: tuple[PeakMoment, ...]
    each: Dim
    order: tuple[str, ...]
    requirements: tuple[Requirement, ...] = ()

    def __repr__(self) -> str:
        places = ", ".join(visible(moment.path) for moment in self.moments)
        return f"<Peak of {self.bytes} bytes at {places}>"

    @cached_property
    def elements(self) -> Formula:
        """The elements that are alive at the peak, of one sample."""
        return Formula(largest_of([moment.elements for moment in self.moments]), self.requirements)

    @cached_property
    def bytes(self) -> Formula:
        """The bytes of the whole batch at the peak."""
        return self.elements * Formula(self.each)


@dataclass(frozen=True)
class PeakBytes(Cost[Formula]):
    """Bytes of activations that inference needs at once: the largest sum of what is alive.

    While a layer is called, what goes in and what comes out are in memory, and so is whatever is
    read later.  An activation function given as an argument of a layer works in place.  What an
    operation needs inside (a copy of windows, scores of attention) is not counted, and neither are
    weights.

    Args:
        batch: samples in the batch; a number or a symbol.
        dtype: the format of activations and of the input.
        order: the calls as they stand in the network, or in the ``"best"`` order, which is searched
            for where the network is small.
        strided: whether a transpose or a slice is a ``"view"``, as in torch, or a ``"copy"``.
        keep_inputs: whether the network's inputs stay to the end, as those of a function do that
            is called in torch, or make room when they were read last.
        mesh: the devices; what is counted is what one of them has.
        beforehand: the numbers of the inputs that have come before this call, as the source of a
            decoder that writes: what follows from them alone is there already and not counted.

    Raises:
        EvaluationError: the largest of repeated blocks is undecided, or the best order is asked of
            what is too large for it, or has symbols or repeated blocks.

    >>> from archcalc.layers import Conv2D, Dense, Flatten, MaxPooling2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3), MaxPooling2D(2), Flatten(), Dense(10)])
    >>> net.trace((28, 28, 1)).cost(PeakBytes())
    108160
    >>> (26*26*32 + 13*13*32)*4
    108160
    >>> Sequential([Dense("n"), Dense(10)]).trace(784).cost(PeakBytes(dtype="float16"))
    2·n + 1568
    """

    batch: DimLike = 1
    dtype: str = "float32"
    order: Literal["network", "best"] = "network"
    strided: Strided = "view"
    keep_inputs: bool = False
    mesh: Mesh = ONE_DEVICE
    beforehand: tuple[int, ...] = ()
    unit = "bytes"
    source = "Appel, Modern Compiler Implementation (1998), section 10.1: live ranges"

    def over(self, trace: Rows) -> Formula:
        return self.peak(trace).bytes

    def peak(self, trace: Rows) -> Peak:
        """Where the peak is, and what is alive there."""
        done = program(
            trace,
            strided=self.strided,
            keep_inputs=self.keep_inputs,
            beforehand=self.beforehand,
        )
        placed = Placement(trace, self.mesh)
        if not self.mesh.is_one:
            for buffer in done.buffers:
                buffer.size = placed.given(buffer.path, buffer.size)
        order = best_order(done) if self.order == "best" else range(len(done.moments))
        each = product((bytes_of(self.dtype), as_dim(self.batch)))
        paths = tuple(done.moments[number].path for number in order)
        found = tuple(_peak_moments(_in_order(done, order)))
        needs = (*trace.requirements, *undecided(dict.fromkeys(placed.needs)))
        return Peak(found, each, paths, needs)


def _in_order(done: Schedule, order: Sequence[int]) -> Schedule:
    """The same calls in another order: buffers live from the call that makes them to the last."""
    if isinstance(order, range):
        return done
    place = {number: at for at, number in enumerate(order)}
    users, makers, end = done.users(), done.makers(), len(order) - 1
    buffers = [
        Buffer(
            b.path,
            b.shape,
            b.size,
            0 if makers[n] is None else min(place[user] for user in users[n]),
            end if n in done.outputs else max((place[user] for user in users[n]), default=0),
        )
        for n, b in enumerate(done.buffers)
    ]
    return Schedule([done.moments[n] for n in order], buffers)


def _peak_moments(done: Schedule) -> Iterator[PeakMoment]:
    if all(isinstance(buffer.size, int) for buffer in done.buffers):
        at, amount = _largest_number(done)
        yield _moment(done, at, amount)
        return
    for at, amount in _candidates(done):
        yield _moment(done, at, amount)


def _moment(done: Schedule, at: int, amount: Dim) -> PeakMoment:
    alive = (b for b in done.buffers if b.first <= at <= b.last)
    shown = tuple(Alive(b.path, b.shape, b.size) for b in alive)
    return PeakMoment(done.moments[at].path, shown, amount)


def _largest_number(done: Schedule) -> tuple[int, int]:
    """The first of the moments with most elements alive, by one sweep."""
    changes = [0] * (len(done.moments) + 1)
    for buffer in done.buffers:
        if buffer.first <= min(buffer.last, len(done.moments) - 1):
            changes[buffer.first] += int(buffer.size)
            changes[buffer.last + 1] -= int(buffer.size)
    sums = list(accumulate(changes[:-1]))
    most = max(sums)
    return sums.index(most), most


class _Sum(NamedTuple):
    """What is alive at a moment, and 1 where that moment happens, otherwise 0."""

    at: int
    there: Dim
    amount: Dim

    def exceeds(self, other: _Sum) -> bool:
        """Whether it is known to be at least as much as another."""
        sure = self.there in (1, other.there)
        return sure and at_least(self.amount, other.amount) is True


def _candidates(done: Schedule) -> Iterator[tuple[int, Dim]]:
    """The moments that may be the largest, with their sums: those that none is known to exceed."""
    kept: list[_Sum] = []
    seen: set[tuple[Dim, Dim]] = set()
    for at, moment, amount in _sums(done):
        for part in _over_turns(amount, moment):
            found = _Sum(at, moment.there, part)
            if found[1:] in seen:
                continue
            seen.add(found[1:])
            if not any(other.exceeds(found) for other in kept):
                kept = [*(one for one in kept if not found.exceeds(one)), found]
    for one in kept:
        yield one.at, one.amount if one.there == 1 else product((one.there, one.amount))


def _sums(done: Schedule) -> Iterator[tuple[int, Moment, Dim]]:
    """The sum of what is alive at each moment."""
    born: dict[int, list[int]] = {}
    gone: dict[int, list[int]] = {}
    for number, buffer in enumerate(done.buffers):
        born.setdefault(buffer.first, []).append(number)
        gone.setdefault(buffer.last + 1, []).append(number)
    alive: dict[int, Expr] = {}
    known: dict[tuple[Expr, ...], Dim] = {}
    for at, moment in enumerate(done.moments):
        for number in gone.get(at, ()):
            alive.pop(number, None)
        for number in born.get(at, ()):
            if done.buffers[number].last >= at:
                alive[number] = plain(done.buffers[number].size)
        sizes = tuple(alive.values())
        if sizes not in known:
            known[sizes] = lower(Add(*sizes))
        yield at, moment, known[sizes]


def _over_turns(amount: Dim, moment: Moment) -> list[Dim]:
    """The sums at those copies after the first that may have the largest one.

    Raises:
        EvaluationError: it is undecided which copies those are.
    """
    found = [amount]
    for turn in reversed(moment.turns):
        last = lower(plain(turn.count) - 1)
        ends = (_ends(one, turn.index, last) for one in found)
        found = [end for one in ends for end in one or _undecided(turn.count, moment.path)]
    return found


def _undecided(count: Dim, path: str) -> NoReturn:
    raise EvaluationError(
        "it is undecided in which copy of a repeated block most is in memory",
        code="undecided-peak",
        path=path,
        values={"copies": count},
        hint=f"build the network with a number of copies in place of {to_text(count)}",
    )


def _ends(amount: Dim, index: Index, last: Dim) -> list[Dim]:
    """The values of a sum at the copies that may have the largest: it only grows, or falls, or
    falls and grows again; none where that is undecided."""
    if not isinstance(amount, Expr) or index not in amount.free_symbols:
        return [amount]
    known: Mapping[Index, tuple[Integer, None]] = {index: (Integer(1), None)}
    way = direction(amount, index, {index: (1, None)})
    if way is Direction.RISING:
        return [lower(_at(amount, index, last))]
    if way.decided:
        return [lower(_at(amount, index, 1))]
    ahead = (_at(amount, index, index + 1) - amount).expand()
    low, _ = bounds((_at(ahead, index, index + 1) - ahead).expand(), known)
    if low is not None and low >= 0:
        return [lower(_at(amount, index, 1)), lower(_at(amount, index, last))]
    return []


def _at(amount: Expr, index: Index, value: Dim) -> Expr:
    return substitute(amount, {index: value})


def largest_of(amounts: Iterable[Dim]) -> Dim:
    """The maximum of those that none of the others is known to exceed.

    >>> largest_of([3, 5, 4])
    5
    """
    kept: list[Dim] = []
    for amount in dict.fromkeys(amounts):
        if not any(at_least(other, amount) for other in kept):
            kept = [*(one for one in kept if not at_least(amount, one)), amount]
    return kept[0] if len(kept) == 1 else Max(*map(plain, kept), evaluate=False)
