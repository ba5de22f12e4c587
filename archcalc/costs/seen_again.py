"""What is seen through the same layers over again, as often as a number or a symbol says."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from archcalc.costs.seen import UndefinedError, along
from archcalc.layers.sight import Sight, Stretch, itself
from archcalc.symbolic.compare import at_least
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.sums import Index, index_for, summed

__all__ = ["over_again"]


def over_again(views: dict[int, Sight], times: Dim, copies: Index | None) -> dict[int, Sight]:
    """What is seen of the input of the first of several equal blocks, from the output of the last.

    Args:
        views: how the block sees each axis of its input from its output, in copy number `copies`.
        times: how many blocks there are.
        copies: the symbol for the number of a block, from 0.

    Raises:
        UndefinedError: no rule says.
    """
    if times == 0:
        return {axis: itself(axis) for axis in views}
    found: dict[int, Sight] = {}
    for axis, view in views.items():
        if not view.known or (view.along is None and not view.over):
            found[axis] = view
        elif view.over or view.along != axis:
            raise UndefinedError("a repeated block moves its axes", _BLOCKS)
        elif isinstance(times, int) and times <= _WRITTEN_OUT:
            found[axis] = _times(view, times)
        else:
            found[axis] = _by_rule(view, times, copies)
    return found


_WRITTEN_OUT = 64


_BLOCKS = "give the number of copies as a number"


def _times(view: Sight, times: int) -> Sight:
    """Copy by copy."""
    made = view
    for _ in range(times - 1):
        made = along(made, view)
    return made


def _by_rule(view: Sight, times: Dim, copies: Index | None) -> Sight:
    """The affine functions of both ends, `times` over."""
    (read,) = view.stretches if view.period == 1 else (None,)
    if read is None:
        raise UndefinedError("after a number of copies that is a symbol phases differ", _BLOCKS)
    if not (at_least(view.first, 0) and at_least(view.last, 0)):
        raise UndefinedError("a repeated block turns its axis around", _BLOCKS)
    if view.first == view.last == 0:  # what is seen from everywhere is seen through any number
        return view
    index = copies or index_for(times, read.start, read.size, view.first, view.last)
    start, first = _iterated(read.start, view.first, index, times)
    if view.first == view.last:
        size = lower(1 + _sum(lower(read.size - 1), view.first, index, times))
        return replace(view, stretches=(Stretch(start, size),), first=first, last=first)
    end, last = _iterated(lower(read.start + read.size - 1), view.last, index, times)
    return replace(
        view, stretches=(Stretch(start, lower(end - start + 1)),), first=first, last=last
    )


def _iterated(start: Dim, step: Dim, index: Index, times: Dim) -> tuple[Dim, Dim]:
    """``x ↦ start + step·x``, `times` over: where it takes 0, and its step."""
    if step == 0:
        return start, 0
    return _sum(start, step, index, times), _power(step, times)


def _power(step: Dim, times: Dim) -> Dim:
    return 1 if step == 1 else lower(plain(step) ** plain(times))


def _sum(amount: Dim, step: Dim, index: Index, times: Dim) -> Dim:
    """What every copy adds, after the strides of those before it."""
    if isinstance(step, Expr) and index in step.free_symbols:
        raise UndefinedError("the stride differs from copy to copy", _BLOCKS)
    if isinstance(amount, Expr) and at_least(0, amount):  # −⌊(k − 1)/2⌋·L, and no 1 − ⌈k/2⌉
        return lower(-plain(_sum(lower(-amount), step, index, times)))
    each = plain(amount) * plain(_power(step, index))
    if index not in each.free_symbols:
        return lower(each * times)
    return lower(summed(each, index, times))
