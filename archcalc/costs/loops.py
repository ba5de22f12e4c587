"""Loops: what makes one row of a trace stand for many calls, and what each quantity makes of it.

Copies own weights each; steps use the same ones again; of experts some are run and all are owned.
So quantities differ in which loops multiply them, and in nothing else:

===================== ======== ============== ========================= =========
quantity              copies   steps in turn  steps side by side        experts
===================== ======== ============== ========================= =========
`owned`: weights      count    once           once                      count
`active`: weights     count    once           once                      active
`called`: work        count    count          count, within `positions` active
===================== ======== ============== ========================= =========

Where calls follow one another, each on what the one before gave, the first differs from those that
follow in what feeds it: `in_turn`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from sympy import Add, Expr, Integer

from archcalc.symbolic.compare import smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import product
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Copies, Index, summed

__all__ = [
    "Carry",
    "Factor",
    "Loop",
    "LoopKind",
    "Turn",
    "active",
    "any_turn",
    "called",
    "in_turn",
    "numbered",
    "often",
    "owned",
    "parted",
    "positions",
    "repeated",
    "with_own_weights",
]

LoopKind: TypeAlias = Literal["copies", "steps", "experts"]


@dataclass(frozen=True, slots=True)
class Loop(Shown):
    """One loop around a call.

    Attributes:
        kind: ``"copies"``, each with weights of its own; ``"steps"``, with the same weights each
            time; ``"experts"``, of which a call runs some.
        count: how many there are.
        active: how many of them are run.
        index: the symbol by which they differ from one another, counted from 0; ``None`` where
            they are alike.
        in_turn: whether each takes what the one before gave, as blocks of a network do, and
            positions of a sequence do not.

    >>> Loop.experts(8, 2)
    Loop(kind='experts', count=8, active=2, index=None, in_turn=False)
    """

    kind: LoopKind
    count: Dim
    active: Dim
    index: Index | None = None
    in_turn: bool = False

    @classmethod
    def copies(cls, count: Dim, index: Index | None = None) -> Loop:
        """Copies of a block, one after the other."""
        return cls("copies", count, count, index, in_turn=True)

    @classmethod
    def again(cls, count: Dim) -> Loop:
        """The same block once more on what it gave, with the same weights."""
        return cls("steps", count, count, in_turn=True)

    @classmethod
    def steps(cls, count: Dim) -> Loop:
        """The same layer at each of several positions."""
        return cls("steps", count, count)

    @classmethod
    def experts(cls, count: Dim, active: Dim) -> Loop:
        """Blocks side by side, of which some are run."""
        return cls("experts", count, active)

    @property
    def is_once(self) -> bool:
        """Whether it changes nothing."""
        return self.count == 1 and self.active == 1 and self.index is None


@dataclass(frozen=True, slots=True)
class Carry:
    """What turns of a loop after the first take from the one before.

    Attributes:
        start: the number of the first row in the loop.
        sources: those of the rows before it that feed the first turn only.
    """

    start: int
    sources: frozenset[int]


class Turn(NamedTuple):
    """Some turns of a loop: those that are the first or not, and the last or not.

    Attributes:
        first, last: whether they are; ``None`` where either may be.
    """

    first: bool | None = None
    last: bool | None = None

    def comes_first(self, from_last: bool) -> bool:
        """Whether no turn was before, where the last may be the one that comes first."""
        return bool(self.last if from_last else self.first)


@dataclass(frozen=True, slots=True)
class Factor:
    """What a loop multiplies a quantity by, and the symbol by which its turns differ."""

    count: Dim
    index: Index | None = None


Factors: TypeAlias = tuple[Factor, ...]
"""From the outermost loop to the innermost."""


def owned(loops: Iterable[Loop]) -> Factors:
    """What multiplies weights that are there: every copy and every expert has its own.

    >>> often(owned([Loop.copies(12), Loop.steps(100), Loop.experts(8, 2)]))
    96
    """
    return tuple(Factor(loop.count, loop.index) for loop in loops if loop.kind != "steps")


def active(loops: Iterable[Loop]) -> Factors:
    """What multiplies weights that one sample meets: those of the experts that are run.

    >>> often(active([Loop.copies(12), Loop.steps(100), Loop.experts(8, 2)]))
    24
    """
    return tuple(Factor(loop.active, loop.index) for loop in loops if loop.kind != "steps")


def called(loops: Iterable[Loop]) -> Factors:
    """What multiplies the work of a row, and what it gives, beside its `positions`.

    >>> often(called([Loop.again(12), Loop.steps(100), Loop.experts(8, 2)]))
    24
    """
    return tuple(Factor(loop.active, loop.index) for loop in _run(loops))


def _run(loops: Iterable[Loop]) -> tuple[Loop, ...]:
    return tuple(loop for loop in loops if loop.kind != "steps" or loop.in_turn)


def in_turn(loops: Iterable[Loop]) -> Factors:
    """The loops of which each turn takes what the one before gave.

    >>> often(in_turn([Loop.again(12), Loop.steps(100), Loop.experts(8, 2)]))
    12
    """
    return tuple(Factor(loop.active, loop.index) for loop in loops if loop.in_turn)


def with_own_weights(loops: Iterable[Loop]) -> tuple[Loop, ...]:
    """The same where each turn would have weights of its own.

    >>> often(owned(with_own_weights([Loop.again(12), Loop.steps(100)])))
    12
    """
    return tuple(
        Loop.copies(loop.count) if loop.kind == "steps" and loop.in_turn else loop for loop in loops
    )


def positions(loops: Iterable[Loop]) -> tuple[Dim, ...]:
    """How often a layer is called side by side with the same weights: loops within its work.

    >>> positions([Loop.again(12), Loop.steps(100), Loop.experts(8, 2)])
    (100,)
    """
    return tuple(loop.count for loop in loops if loop.kind == "steps" and not loop.in_turn)


def numbered(loops: Iterable[Loop]) -> tuple[Copies, ...]:
    """The copies that differ from one another, by their number."""
    return tuple(Copies(loop.index, loop.count) for loop in loops if loop.index is not None)


def often(factors: Iterable[Factor]) -> Dim:
    """How often that is, all together."""
    return product(factor.count for factor in factors)


def repeated(factors: Factors, amount: Dim) -> tuple[Dim, Dim]:
    """``(times, amount)`` of a row that adds `amount` at each call.

    What depends on the number of a copy is added up over the copies, from the innermost; the rest
    is the same in each.
    """
    times: Dim = 1
    for factor in reversed(factors):
        count, index = factor.count, factor.index
        if index is not None and _depends(times, index):
            amount, times = lower(plain(amount) * times), 1
        if index is not None and _depends(amount, index):
            amount = lower(summed(amount, index, count))
        else:
            times = product((count, times))
    return times, amount


def _depends(amount: Dim, index: Index) -> bool:
    return isinstance(amount, Expr) and index in amount.free_symbols


def parted(
    loops: Iterable[Loop], amount: Dim, apart: Sequence[Sequence[Turn]]
) -> tuple[list[tuple[Dim, Dim]], tuple[Dim, Dim]]:
    """``(times, amount)`` of some of the calls of a row, and of all others.

    Args:
        loops: the loops of the row.
        amount: what one call adds.
        apart: the calls that are told from the others, by the turns of the loops in turn.

    >>> parted([Loop.copies(12), Loop.experts(8, 2)], 100, [[Turn(first=True)]])
    ([(2, 100)], (22, 100))
    """
    loops = tuple(loops)
    times, whole = repeated(called(loops), amount)
    parts = [_in_turns(loops, amount, turns) for turns in apart]
    if not parts:
        return parts, (times, whole)
    if whole is amount:
        rest = lower(plain(times) - Add(*[plain(often) for often, _ in parts]))
        return parts, (rest, amount)
    told = Add(*[plain(often) * plain(part) for often, part in parts])
    return parts, (1, plain(whole) * times - told)


def _in_turns(loops: tuple[Loop, ...], amount: Dim, turns: Sequence[Turn]) -> tuple[Dim, Dim]:
    """The same in some turns of each loop in turn."""
    left = list(turns)
    times: Dim = 1
    for factor, loop in zip(reversed(called(loops)), reversed(_run(loops)), strict=True):
        index, turn = factor.index, left.pop() if loop.in_turn else Turn()
        if index is not None and _depends(times, index):
            amount, times = lower(plain(amount) * times), 1
        n = plain(factor.count)
        one, two = plain(smallest(1, n)), plain(smallest(2, n))
        if index is not None and _depends(amount, index):
            first, last = (substitute(plain(amount), {index: at}) for at in (Integer(0), n - 1))
            whole = plain(summed(amount, index, n))
            each = whole, first * one, last * one, first * (2 * one - two)
            amount = lower(_over_turns(turn, *each))
        else:
            times = product((lower(_over_turns(turn, n, one, one, 2 * one - two)), times))
    return times, amount


def _over_turns(turn: Turn, whole: Expr, first: Expr, last: Expr, only: Expr) -> Expr:
    """A sum over some turns, of the sums over all, the first, the last, and the only one."""
    if turn.first is None and turn.last is None:
        return whole
    if turn.first is None:
        return last if turn.last else whole - last
    if turn.last is None:
        return first if turn.first else whole - first
    if turn.first and turn.last:
        return only
    if turn.first or turn.last:
        return (first if turn.first else last) - only
    return whole - first - last + only


def any_turn(loop: Loop) -> Dim:
    """1 where a loop has a turn, and 0 where it has none.

    >>> any_turn(Loop.copies(12)), any_turn(Loop.copies(0))
    (1, 0)
    """
    return smallest(1, loop.count)
