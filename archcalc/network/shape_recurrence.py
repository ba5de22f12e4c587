"""What goes into each copy of a block that changes the shape, as a rule in the copy's number.

The block is followed once with symbols in the place of the dimensions that it changes.  What it
makes of them says, for each, by which rule it goes on: `archcalc.symbolic.recurrence`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sympy import Dummy, Expr, Symbol

from archcalc.network.tracer import Tracer, Value
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ArchcalcError, ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.recurrence import after_copies, back_from
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Index

__all__ = [
    "MOST_APART",
    "Step",
    "at_end",
    "backward",
    "no_rule",
    "put_there",
    "require_left",
    "shape_recurrence",
]

MOST_APART = 2
"""After so many copies that are followed by themselves, a rule must hold for all that are left."""

Step: TypeAlias = Callable[[Sequence[Value]], Sequence[Value]]
"""What one copy makes of what goes in, for the first of the values."""

Place: TypeAlias = tuple[int, int]
"""One axis of one value."""


def shape_recurrence(step: Step, values: Sequence[Value], index: Index) -> tuple[Value, ...] | None:
    """What goes into copy `index`, where `values` go into copy 0; ``None`` where no rule says.

    Args:
        step: follows one copy; what it makes may depend on `index`.
        values: what goes into the first copy.
        index: the number of a copy.
    """
    try:
        names = _moving(step, values)
    except ArchcalcError:  # the copies, one by one, say what is wrong
        return None
    if names is None:
        return None
    made = step([_with(value, i, names) for i, value in enumerate(values)])
    steps = {x: plain(made[i].shape[axis]) for (i, axis), x in names.items()}
    starts = {x: plain(values[i].shape[axis]) for (i, axis), x in names.items()}
    found = after_copies(steps, starts, index)
    if found is None:
        return None
    there = {place: lower(found[x]) for place, x in names.items()}
    return tuple(_with(value, i, there) for i, value in enumerate(values))


def backward(
    step: Step, values: Sequence[Value], index: Index, count: Dim
) -> tuple[Value, ...] | None:
    """What goes into copy `index` on the way back, where `values` go into the last of `count`.

    What copy ``index`` gives goes into copy ``index − 1``; ``None`` where no rule says.
    """
    try:
        names = _moving(step, values)
    except ArchcalcError:
        return None
    if names is None:
        return None
    made = step([_with(value, i, names) for i, value in enumerate(values)])
    there: dict[Place, Dim] = {}
    for (i, axis), x in names.items():
        given, last = plain(made[i].shape[axis]), plain(values[i].shape[axis])
        found = back_from(given, x, last, index, plain(count))
        if found is None:
            return None
        there[i, axis] = lower(found)
    return tuple(_with(value, i, there) for i, value in enumerate(values))


def at_end(values: Sequence[Value], index: Index, count: Dim) -> tuple[Value, ...]:
    """What comes out of the last of `count` copies, where `values` go into copy `index`."""
    return put_there(values, {index: plain(count)})


def put_there(values: Sequence[Value], there: Mapping[Symbol, Expr]) -> tuple[Value, ...]:
    """`values` with other expressions in the place of symbols."""
    return tuple(
        value._replace(shape=Shape(lower(substitute(plain(d), there)) for d in value.shape))
        for value in values
    )


def _moving(step: Step, values: Sequence[Value]) -> dict[Place, Dummy] | None:
    """A name for every dimension that changes from copy to copy; ``None`` where axes come or go."""
    names: dict[Place, Dummy] = {}
    fed = tuple(values)
    while True:
        made = step(fed)
        if any(len(a.shape) != len(b.shape) for a, b in zip(made, values, strict=False)):
            return None
        changed = [
            (i, axis)
            for i, (a, b) in enumerate(zip(made, values, strict=False))
            for axis, (after, before) in enumerate(zip(a.shape, b.shape, strict=True))
            if after != before and (i, axis) not in names
        ]
        if not changed:
            return names
        names |= {place: Dummy("x", integer=True, positive=True) for place in changed}
        fed = tuple(_with(value, i, names) for i, value in enumerate(values))


def _with(value: Value, place: int, dims: Mapping[Place, Dim]) -> Value:
    shape = Shape(dims.get((place, axis), dim) for axis, dim in enumerate(value.shape))
    return value._replace(shape=shape)


def no_rule(
    times: Dim, before: Sequence[Value], after: Sequence[Value], hint: str = ""
) -> ShapeError:
    """The error where a block changes its shape by no rule."""
    return ShapeError(
        f"repeated {to_text(times)} times, the block changes its input from "
        f"{before[0].shape!r} to {after[0].shape!r}, by no rule that holds for every copy",
        code="repeat-changes-shape",
        hint=hint or "give a number, or a block whose every copy adds, multiplies or divides alike",
    )


def require_left(tracer: Tracer, left: Dim, done: int, path: str) -> None:
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
        tracer.extra.append(needs)
