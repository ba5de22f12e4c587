"""What is seen where branches meet: the hull of what each of them sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from math import lcm
from typing import NamedTuple

from archcalc.costs.seen import MOST_PHASES, UndefinedError, at_turn, shortest, union
from archcalc.layers.sight import Sight, Stretch
from archcalc.symbolic.compare import at_least, equal, largest, smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div

__all__ = ["Room", "hull"]


class Room(NamedTuple):
    """How long the axes are between which something is seen.

    Attributes:
        out: the axis of the output along which stretches move; 1 where they do not.
        there: the axis of the input.
    """

    out: Dim
    there: Dim


def hull(sights: Sequence[Sight], room: Callable[[int | None], Room]) -> Sight:
    """What is seen by one of several or another: from the first of all positions to the last.

    Raises:
        UndefinedError: they move apart from one another.
    """
    unlike = list(dict.fromkeys(sights))
    if len(unlike) == 1:
        return unlike[0]
    if any(sight.channels for sight in unlike):
        return next(sight for sight in unlike if sight.channels)
    lost = next((sight for sight in unlike if not sight.known), None)
    if lost is not None:
        return lost
    along = {sight.along for sight in unlike if sight.moves}
    if len(along) > 1:
        raise UndefinedError("they run along different axes")
    (axis,) = along or {unlike[0].along}
    lengths = room(axis)
    made = _together(unlike, lengths) if along else _standing(unlike)
    return replace(
        made,
        along=axis,
        over=frozenset().union(*(sight.over for sight in unlike)),
        wraps=any(sight.wraps for sight in unlike),
        why=next((sight.why for sight in unlike if sight.why), ""),
    )


def _standing(sights: Sequence[Sight]) -> Sight:
    """All of them see the same from everywhere."""
    first, *others = sights
    stays = all(s.first == first.first and s.last == first.last for s in others)
    read = _widest([sight.stretches[0] for sight in sights])
    if stays:
        return replace(first, stretches=(read,))
    return replace(first, stretches=(read,), first=0, last=0)


def _together(sights: Sequence[Sight], room: Room) -> Sight:
    if room.out == 1:
        at_all = [replace(s, stretches=s.stretches[:1], first=0, last=0) for s in sights]
        return _standing(at_all)
    period = lcm(*(sight.period for sight in sights if sight.moves))
    if period > MOST_PHASES:
        raise UndefinedError(f"there are more than {MOST_PHASES:,} phases", "use smaller strides")
    spread = [_repeated(sight, period) for sight in sights]
    first, last = _step([s.first for s in spread]), _step([s.last for s in spread])
    made = []
    for phase in range(period):
        seen = [(s, s.stretches[phase]) for s in spread]
        there = [(s, read) for s, read in seen if read is not None]
        turns = floor_div(lower(room.out - 1 - phase), period)
        made.append(_met(there, (first, last), room.there, turns) if there else None)
    return shortest(replace(spread[0], stretches=tuple(made), first=first, last=last))


def _repeated(sight: Sight, period: int) -> Sight:
    """The same in more phases."""
    if not sight.moves:
        return replace(sight, stretches=sight.stretches * period, first=0, last=0)
    turns = period // sight.period
    read = [
        None if seen is None else at_turn(seen, turn, sight)
        for turn in range(turns)
        for seen in sight.stretches
    ]
    first, last = lower(sight.first * turns), lower(sight.last * turns)
    return replace(sight, stretches=tuple(read), first=first, last=last)


def _step(steps: Sequence[Dim]) -> Dim:
    """How far they move together: an end that stays at an end of the axis stays."""
    moving = [step for step in dict.fromkeys(steps) if step != 0]
    if any(equal(moving[0], step) is not True for step in moving[1:]):
        raise UndefinedError("their strides differ")
    return 0 if 0 in steps or not moving else moving[0]


def _met(
    seen: Sequence[tuple[Sight, Stretch]], steps: tuple[Dim, Dim], there: Dim, turns: Dim
) -> Stretch:
    """The hull in one phase, which comes again `turns` times."""
    first, last = steps
    if all(s.first == first and s.last == last for s, _ in seen):
        whole = _widest([read for _, read in seen])
        assert whole is not None
        return whole
    starts = [(s.first, read.start) for s, read in seen]
    ends = [(s.last, lower(read.start + read.size)) for s, read in seen]
    start = _end(starts, first, 0, turns, _first_of)
    end = _end(ends, last, there, turns, _last_of)
    return Stretch(start, lower(end - start))


def _first_of(a: Dim, b: Dim) -> bool:
    return at_least(b, a) is True


def _last_of(a: Dim, b: Dim) -> bool:
    return at_least(a, b) is True


def _end(
    ends: Sequence[tuple[Dim, Dim]],
    step: Dim,
    edge: Dim,
    turns: Dim,
    beyond: Callable[[Dim, Dim], bool],
) -> Dim:
    """Where they begin or end together, each given by how far it moves and where it is at first."""
    pick = smallest if beyond is _first_of else largest
    staying = [place for move, place in ends if move == step]
    if not staying:
        raise UndefinedError("one moves where another stays")
    outermost = reduce(pick, staying)
    for move, place in ends:
        if move == step:
            continue
        ever = (place, lower(place + move * turns))
        if not (beyond(outermost, edge) or all(beyond(outermost, end) for end in ever)):
            raise UndefinedError("one moves where another stays")
    return lower(outermost)


def _widest(seen: Sequence[Stretch | None]) -> Stretch | None:
    """The hull of stretches; where they have one centre the size is simply the largest."""
    read = [stretch for stretch in seen if stretch is not None]
    if not read:
        return None
    centre = lower(2 * read[0].start + read[0].size)
    if all(equal(centre, lower(2 * s.start + s.size)) is True for s in read[1:]):
        size = reduce(largest, (s.size for s in read))
        return Stretch(lower(reduce(smallest, (s.start for s in read))), lower(size))
    return union(read)
