"""Sights one after the other, and how much is seen.

What a network sees of its input is composed of what its layers see of theirs: the first and the
last position of a stretch are each an affine function of the place of the output, phase by phase,
and so is what comes of one after the other.

Source: Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural Networks*,
Distill (2019), equations 2 to 6, whose recurrences these are where there is one phase.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from math import gcd, lcm

from sympy import Rational

from archcalc.layers.sight import Sight, Sights, Stretch, itself
from archcalc.symbolic.compare import at_least, equal, largest, smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.ordered import plain

__all__ = [
    "MOST_PHASES",
    "NO_NUMBER",
    "UndefinedError",
    "along",
    "at_turn",
    "grown",
    "rate",
    "shortest",
    "through",
    "union",
]

MOST_PHASES = 4_096
NO_NUMBER = "give the strides, and what is cut off, as numbers"


class UndefinedError(Exception):
    """No rule says what is seen: why, and what would mend it."""

    def __init__(self, why: str, hint: str = "", code: str = "") -> None:
        super().__init__(why)
        self.why, self.hint, self.code = why, hint, code


def through(sight: Sight, views: Sights, length: Callable[[int], Dim]) -> Sight:
    """What `sight` says of a tensor, said of what a layer makes of it.

    Args:
        sight: how an axis of the network's input is seen from the tensor.
        views: how each axis of the tensor is seen from the layer's output; one that is not there
            stays where it is.
        length: how long each axis of the tensor is.

    Raises:
        UndefinedError: no rule says.
    """
    if not sight.known:
        return sight
    if not sight.over:
        return sight if sight.along is None else along(sight, views.get(sight.along))
    over, why = _shared_out(sight, views, length)
    alone = replace(sight, over=frozenset(), why="")
    moved = alone if sight.along is None else along(alone, views.get(sight.along))
    if not moved.known:
        return moved
    return replace(moved, over=moved.over | over, why=moved.why or why)


def along(sight: Sight, view: Sight | None) -> Sight:
    """One axis of a tensor, seen from what a layer makes of it."""
    if view is None or view.plain:
        stays = view is None or view.along == sight.along
        return sight if stays or view is None else replace(sight, along=view.along)
    if not view.known:
        return replace(view, channels=sight.channels)
    made = _one_phase(sight, view) if sight.period == 1 else _several(sight, _standing_still(view))
    return replace(
        shortest(made),
        along=view.along,
        channels=sight.channels,
        over=view.over,
        wraps=sight.wraps or view.wraps,
        why=view.why,
    )


_PARTS = "windows over axes that were joined see parts of them"


def _standing_still(view: Sight) -> Sight:
    """What does not move along any axis moves by nothing."""
    return view if view.along is not None else replace(view, first=0, last=0)


def _shared_out(
    sight: Sight, views: Sights, length: Callable[[int], Dim]
) -> tuple[frozenset[int], str]:
    """The axes over which it is shared out afterwards: none where all of them are seen."""
    over: set[int] = set()
    for axis in sight.over:
        view = views.get(axis, itself(axis))
        if view.plain and view.along is not None:
            over.add(view.along)
        elif view.over and replace(view, over=frozenset()).covers(length(axis)):
            over |= view.over
        elif not (view.known and (view.channels or view.covers(length(axis)))):
            raise UndefinedError(sight.why or _PARTS)
    return frozenset(over), sight.why if over else ""


def _negative(step: Dim) -> bool:
    return at_least(-1, step) is True


def _one_phase(sight: Sight, view: Sight) -> Sight:
    """The first and last positions are affine, so that those of the ends are enough."""
    (own,) = sight.stretches
    if own is None:
        return replace(sight, stretches=(None,) * view.period)
    back, end_back = _negative(sight.first), _negative(sight.last)
    found: list[Stretch | None] = []
    for seen in view.stretches:
        if seen is None:
            found.append(None)
            continue
        last = seen.start + seen.size - 1
        x, y = (last if back else seen.start), (seen.start if end_back else last)
        start = own.start + x * sight.first
        if sight.first == sight.last:
            reach = (seen.size - 1) * (-sight.first if back else sight.first)
        else:
            reach = y * sight.last - x * sight.first
        found.append(Stretch(lower(plain(start)), lower(plain(own.size + reach))))
    first = sight.first * (view.last if back else view.first)
    last_step = sight.last * (view.first if end_back else view.last)
    return replace(sight, stretches=tuple(found), first=lower(first), last=lower(last_step))


def _several(sight: Sight, view: Sight) -> Sight:
    """Where phases meet phases, as many are looked at as come before both begin again."""
    steps = (view.first, view.last)
    if not (isinstance(steps[0], int) and isinstance(steps[1], int)):
        raise UndefinedError("phases are met by a stride that is a symbol", NO_NUMBER)
    period = sight.period
    turns = lcm(*(period // gcd(step, period) for step in steps))
    if turns * view.period > MOST_PHASES:
        raise UndefinedError(f"there are more than {MOST_PHASES:,} phases", "use smaller strides")
    every = [(seen, turn) for turn in range(turns) for seen in view.stretches]
    found = [
        None if seen is None else _from_turn(sight, seen, turn, turns, view) for seen, turn in every
    ]
    back, end_back = _negative(sight.first), _negative(sight.last)
    first = sight.first * (turns * (steps[1] if back else steps[0]) // period)
    last = sight.last * (turns * (steps[0] if end_back else steps[1]) // period)
    return replace(sight, stretches=tuple(found), first=lower(first), last=lower(last))


def _from_turn(sight: Sight, seen: Stretch, turn: int, turns: int, view: Sight) -> Stretch | None:
    """What is seen in a turn; what grows has seen every phase only in the next."""
    if view.first == view.last or _rises(sight):
        return _from_to(sight, at_turn(seen, turn, view))
    later = _from_to(sight, at_turn(seen, turn + turns, view))
    if later is None:
        return None
    first, last = (step * turns // sight.period for step in (view.first, view.last))
    grown = last * sight.last - first * sight.first
    return Stretch(lower(later.start - first * sight.first), lower(later.size - grown))


def at_turn(seen: Stretch, turn: int, view: Sight) -> Stretch:
    start = seen.start + turn * view.first
    return replace(
        seen, start=lower(start), size=lower(seen.size + turn * (view.last - view.first))
    )


def _from_to(sight: Sight, read: Stretch) -> Stretch | None:
    """What is seen from all the positions that are read, of which those at the ends are enough."""
    last = read.start + read.size - 1
    if _rises(sight):
        return union([_at(sight, read.start), _at(sight, lower(last))])
    if not all(isinstance(n, int) for n in (read.start, read.size, read.apart)):
        raise UndefinedError("phases that see nothing are met by a symbol", NO_NUMBER)
    every = range(int(read.start), int(last) + 1, int(read.apart))
    ends = {*every[: sight.period], *every[-sight.period :]}
    return union([_at(sight, place) for place in sorted(ends)])


def _rises(sight: Sight) -> bool:
    """Whether later positions never begin or end earlier, and none sees nothing."""
    read = [s for s in sight.stretches if s is not None]
    if len(read) < sight.period or not (
        read and at_least(sight.first, 0) and at_least(sight.last, 0)
    ):
        return False
    starts = [s.start for s in read] + [lower(read[0].start + sight.first)]
    ends = [lower(s.start + s.size) for s in read]
    ends.append(lower(read[0].start + read[0].size + sight.last))
    pairs = [*pairwise(starts), *pairwise(ends)]
    return all(at_least(after, before) for before, after in pairs)


def _at(sight: Sight, place: Dim) -> Stretch | None:
    """What one position sees."""
    turn, phase = _turn(place, sight.period)
    seen = sight.stretches[phase]
    if seen is None:
        return None
    start = seen.start + turn * sight.first
    return Stretch(lower(start), lower(seen.size + turn * (sight.last - sight.first)))


def _turn(place: Dim, period: int) -> tuple[Dim, int]:
    """A place as a turn and a phase.

    Raises:
        UndefinedError: the phase depends on a symbol.
    """
    if isinstance(place, int):
        return divmod(place, period)
    if period == 1:
        return place, 0
    constant, rest = plain(place).expand().as_coeff_Add()
    terms = rest.as_coefficients_dict()
    if not constant.is_Integer or any(c % period for c in terms.values()):
        raise UndefinedError("which phase comes there depends on a symbol", NO_NUMBER)
    return floor_div(place, period), int(constant) % period


def union(seen: Sequence[Stretch | None]) -> Stretch | None:
    found = [s for s in seen if s is not None]
    if not found:
        return None
    start = reduce(smallest, (s.start for s in found))
    end = reduce(largest, (lower(s.start + s.size) for s in found))
    return Stretch(lower(start), lower(end - start))


def shortest(sight: Sight) -> Sight:
    """The same with as few phases as there are."""
    period = sight.period
    for fewer in range(1, period):
        if period % fewer == 0 and _comes_again(sight, fewer):
            share = Rational(fewer, period)
            steps = [lower(plain(step) * share) for step in (sight.first, sight.last)]
            kept = sight.stretches[:fewer]
            return replace(sight, stretches=kept, first=steps[0], last=steps[1])
    return sight


def _comes_again(sight: Sight, fewer: int) -> bool:
    share = Rational(fewer, sight.period)
    first, last = (plain(step) * share for step in (sight.first, sight.last))
    if any(isinstance(step, Rational) and not step.is_Integer for step in (first, last)):
        return False
    pairs = zip(sight.stretches, sight.stretches[fewer:], strict=False)
    return all(_apart_by(a, b, lower(first), lower(last)) for a, b in pairs)


def _apart_by(a: Stretch | None, b: Stretch | None, first: Dim, last: Dim) -> bool:
    if a is None or b is None:
        return a is b
    grows = last - first
    return bool(equal(b.start, lower(a.start + first)) and equal(b.size, lower(a.size + grows)))


def grown(sight: Sight, n: Dim) -> Dim:
    """The size of the largest stretch that any of `n` positions sees."""
    sizes: list[Dim] = []
    for phase, read in enumerate(sight.stretches):
        if read is None:
            continue
        sizes.append(read.size)
        if sight.along is not None and sight.first != sight.last:
            turns = floor_div(lower(n - 1 - phase), sight.period)
            sizes.append(lower(read.size + turns * (sight.last - sight.first)))
    return lower(reduce(largest, sizes)) if sizes else 0


def rate(sight: Sight) -> Dim:
    """How far apart neighbours' stretches are, on average over the phases."""
    step = sight.last if sight.first == 0 else sight.first
    if sight.period == 1:
        return step
    return lower(plain(step) * Rational(1, sight.period))
