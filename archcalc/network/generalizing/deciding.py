"""What the numbers of one layer become, on what comes into it.

A field becomes what `Numbers` says of a number of its kind, but for what follows from what comes
in: groups that are as many as the channels, the width of a head, a told number of features, the
axes of a reshape.  Where the layer then does not fit what comes in, or does at the original numbers
alone, fields stay numbers until it does.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from sympy import Expr, Symbol

from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.fields import counts_of, parted_by
from archcalc.layers.reshaping import Reshape, Unflatten
from archcalc.layers.slicing import Slice
from archcalc.network.generalizing.readings import Numbers
from archcalc.symbolic.dims import Dim, exact_div, lower
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.substitution import substitute

__all__ = ["Entering", "decided", "fields_of", "pinned"]


class Entering(NamedTuple):
    """What comes into a layer: the shapes with numbers, and the same with symbols."""

    old: tuple[Shape, ...]
    new: tuple[Shape, ...]


Fields: TypeAlias = dict[str, Any]


def decided(
    layer: Layer, at: Entering | None, numbers: Numbers, as_rows: Container[int] = ()
) -> Layer:
    """The layer with symbols, as many as leave it fitting what comes in.

    Args:
        layer: the layer.
        at: what comes in, where that is known.
        numbers: the symbols, and what they stand for.
        as_rows: numbers of features that are as many as a table has rows.
    """
    wanted = fields_of(layer, at, numbers, as_rows)
    changed = {name: value for name, value in wanted.items() if value != getattr(layer, name)}
    best = layer
    for kept in _fewer(changed):
        made = with_fields(layer, kept)
        if at is None:
            return made
        found = _pins(made, at.new, numbers)
        if found is not None and not found:
            return made
        if found is not None and best is layer:
            best = made  # it fits at the original numbers alone: so be it, where nothing is better
    return best


def _fewer(changed: Fields) -> Iterator[Fields]:
    """All changes, then all but one, and so on; no change at last."""
    for count in range(len(changed), -1, -1):
        for names in combinations(changed, count):
            yield {name: changed[name] for name in names}


def with_fields(layer: Layer, changed: Fields) -> Layer:
    """The layer with other values of some fields."""
    if not changed:
        return layer
    cls = type(layer)
    return cls(**{**{n: getattr(layer, n) for n in cls.model_fields}, **layer.kept, **changed})


def _pins(layer: Layer, shapes: tuple[Shape, ...], numbers: Numbers) -> set[Symbol] | None:
    """The symbols that could have no other number; ``None`` where the layer does not fit at all."""
    try:
        needs = Applied(layer, shapes).requirements
    except ArchcalcError:
        return None
    return set().union(*(pinned(needed, numbers) for needed in needs))


def pinned(needed: Requirement, numbers: Numbers) -> set[Symbol]:
    """The symbols whose number cannot be doubled with this still holding.

    Twice the number divides by whatever the number does, so a requirement of divisibility stays.
    """
    at = numbers.at()
    return {
        s for s in needed.symbols & at.keys() if needed.at({**at, s: 2 * at[s]}).holds() is False
    }


# Fields


def fields_of(
    layer: Layer, at: Entering | None, numbers: Numbers, as_rows: Container[int] = ()
) -> Fields:
    """What every field that counts something becomes; see `decided`."""
    parted = parted_by(type(layer))
    made: Fields = {}
    for name, counts in counts_of(type(layer)).items():
        value = getattr(layer, name)
        if value is None or callable(value):
            continue
        if counts == "groups":
            made[name] = _groups(layer, value, at)
        elif counts == "incoming":
            made[name] = (
                numbers.within(value, "sizes") if at is None else _incoming(layer, value, at)
            )
        elif counts == "rows" or (counts == "features" and value in as_rows):
            made[name] = value if _is_width(layer, name) else numbers.within(value, "rows")
        else:
            made[name] = numbers.within(value, counts)
        if name in parted and at is not None:
            made[name] = _part(value, getattr(layer, parted[name]), made[name], at, numbers)
    if at is not None and type(layer) in _OWN:
        made.update(_OWN[type(layer)](layer, at, numbers))
    return made


def _is_width(layer: Layer, rows: str) -> bool:
    """Whether a table has as many rows as it is wide, so that the number is that of the width."""
    counted = counts_of(type(layer))
    widths = {getattr(layer, name) for name, counts in counted.items() if counts == "features"}
    return counted[rows] == "rows" and getattr(layer, rows) in widths


def _groups(layer: Layer, value: Any, at: Entering | None) -> Any:
    """As many groups as channels follow the channels."""
    if at is None or value == 1 or not at.old:
        return value
    return layer.incoming(*at.new) if layer.incoming(*at.old) == value else value


def _incoming(layer: Layer, value: Any, at: Entering) -> Any:
    """What was told to come in, as it does: the features, or else the last axis of that length."""
    if isinstance(value, tuple):
        return Shape(_incoming(layer, part, at) for part in value)
    if at.old and layer.incoming(*at.old) == value:
        return layer.incoming(*at.new)
    for old, new in zip(at.old, at.new, strict=True):
        for a, b in zip(reversed(old), reversed(new), strict=True):
            if a == value:
                return b
    return value


def _part(value: Any, count: Any, made: Any, at: Entering, numbers: Numbers) -> Any:
    """A part of the width that comes in, where it is one, and no symbol has just this number."""
    if not (at.old and at.old[0] and type(value) is int and type(count) is int):
        return made
    exact = value in numbers.at().values() and made != value
    if exact or at.old[0][-1] != value * count:
        return made
    return exact_div(at.new[0][-1], count)


def _slice(layer: Slice, at: Entering, numbers: Numbers) -> Fields:
    """Ends follow the axis, and nothing that is no size of it."""
    axis = axis_index(layer.axis, at.old[0])
    free = _symbols(at.new[0][axis])
    made = {n: numbers.within(getattr(layer, n), "sizes") for n in ("start", "stop")}
    return {n: v if _symbols(v) <= free else getattr(layer, n) for n, v in made.items()}


def _symbols(dim: Any) -> set[Symbol]:
    return set(dim.free_symbols) if isinstance(dim, Expr) else set()


def _reshape(layer: Reshape, at: Entering, numbers: Numbers) -> Fields:
    return {"target_shape": _regrouped(layer.target_shape, at.old[0], at.new[0], numbers)}


def _unflatten(layer: Unflatten, at: Entering, numbers: Numbers) -> Fields:
    axis = axis_index(layer.dim, at.old[0])
    old, new = Shape((at.old[0][axis],)), Shape((at.new[0][axis],))
    return {"unflattened_size": _regrouped(layer.unflattened_size, old, new, numbers)}


_OWN: dict[type[Layer], Callable[[Any, Entering, Numbers], Fields]] = {
    Reshape: _reshape,
    Unflatten: _unflatten,
    Slice: _slice,
}
"""Layers whose fields follow from one another and what comes in."""


def _regrouped(target: tuple[Dim, ...], old: Shape, new: Shape, numbers: Numbers) -> Any:
    """The axes that the same elements are put in, where they are `new` and not `old`.

    Axes that stay at either end follow those that come in.  Of the others those become multiples,
    the largest first, whose product is then what it has to be; or one is what the others leave.
    """
    whole = product(old)
    known = product(dim for dim in target if dim != -1)
    if not (isinstance(whole, int) and isinstance(known, int) and known):
        return target
    sizes = [whole // known if dim == -1 else dim for dim in target]
    first = 0
    while first < min(len(sizes), len(old)) and sizes[first] == old[first]:
        first += 1
    last = 0
    while last < min(len(sizes), len(old)) - first and sizes[-1 - last] == old[-1 - last]:
        last += 1
    inside = new[first : len(new) - last]
    middle = _filled(sizes[first : len(sizes) - last], product(inside), numbers)
    made = (*new[:first], *middle, *new[len(new) - last :])
    if product(made) != product(new):
        return made
    return tuple(-1 if dim == -1 else size for dim, size in zip(target, made, strict=True))


def _filled(sizes: Sequence[Any], wanted: Dim, numbers: Numbers) -> Sequence[Any]:
    if isinstance(wanted, int) or not all(isinstance(size, int) for size in sizes):
        return sizes
    places = sorted(range(len(sizes)), key=lambda i: (-sizes[i], -i))
    made = {i: numbers.of(sizes[i], "sizes") for i in places}
    able = [i for i in places if made[i] != sizes[i]]
    for count in range(1, len(able) + 1):
        for chosen in combinations(able, count):
            tried = [made[i] if i in chosen else size for i, size in enumerate(sizes)]
            if _alike(product(tried), wanted, numbers):
                return tried
    for i in reversed(range(len(sizes))):
        others = product(size for j, size in enumerate(sizes) if j != i)
        tried = [*sizes[:i], exact_div(wanted, others), *sizes[i + 1 :]]
        if _alike(product(tried), wanted, numbers):
            return tried
    return sizes


def _alike(a: Dim, b: Dim, numbers: Numbers) -> bool:
    """Whether both are the same wherever one number is doubled, or none is."""
    at = numbers.at()
    points = [at, *({**at, s: 2 * n} for s, n in at.items())]
    return all(_value(a, point) == _value(b, point) for point in points)


def _value(dim: Dim, at: dict[Symbol, Dim]) -> Dim:
    return dim if isinstance(dim, int) else lower(substitute(dim, at))
