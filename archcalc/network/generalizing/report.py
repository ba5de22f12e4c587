"""What generalizing a network made of its numbers: what became what, and what stayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from archcalc.layers.base import Layer
from archcalc.layers.fields import Counts, counts_of, least_of
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.generalizing.deciding import pinned
from archcalc.network.generalizing.readings import Kind, Numbers, Reading, input_kinds
from archcalc.network.trace import Trace
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import shorten
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shown import Shown

__all__ = ["Generalization", "Kept", "Replaced", "reported"]


@dataclass(frozen=True, slots=True)
class Replaced(Shown):
    """A number that became a formula.

    Attributes:
        field: the field that it stands in, such as ``"filters"``, or ``"input"``.
        number: the number, or a formula with a number in it.
        becomes: the formula.
        paths: the layers in which it does.
        instead: what it could have become by other symbols, whose numbers divide it too.
    """

    field: str
    number: Dim
    becomes: Dim
    paths: tuple[str, ...]
    instead: tuple[Dim, ...] = ()

    def __str__(self) -> str:
        other = f" (or {' or '.join(map(to_text, self.instead))})" if self.instead else ""
        change = f"{self.field} {to_text(self.number)} → {to_text(self.becomes)}"
        return f"{change}{other}, {_places(self.paths)}"


@dataclass(frozen=True, slots=True)
class Kept(Shown):
    """A number that stayed one.

    Attributes:
        field: the field that it stands in.
        number: the number.
        why: why it did.
        paths: the layers in which it did.
    """

    field: str
    number: int
    why: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field} {self.number}, {_places(self.paths)}: {self.why}"


@dataclass(frozen=True, slots=True, repr=False)
class Generalization(Shown):
    """What became what in a network that `Network.generalize` made.

    Attributes:
        readings: what each symbol stands for.
        replaced: the numbers that became formulas.
        folded: how many equal blocks became one that is repeated, with the formula.
        kept: the numbers that stayed numbers, and why.
        undecided: what holds at the original numbers alone, or at few others, so that a size was
            not read as it was meant.
    """

    readings: tuple[Reading, ...]
    replaced: tuple[Replaced, ...]
    folded: tuple[tuple[Dim, int], ...]
    kept: tuple[Kept, ...]
    undecided: tuple[str, ...]

    @property
    def ambiguous(self) -> tuple[Replaced, ...]:
        """What other symbols could have stood for too."""
        return tuple(one for one in self.replaced if one.instead)

    def __str__(self) -> str:
        lines: list[str] = []
        for reading in self.readings:
            lines.append(f"{reading.symbol} = {reading.number}, {_MEANT[reading.kind]}")
            lines.extend(f"  {one}" for one in self.replaced if _uses(one.becomes, reading))
            made = [(times, n) for times, n in self.folded if _uses(times, reading)]
            lines.extend(f"  {n} times a block → {to_text(times)} times" for times, n in made)
        for head, found in (("stayed numbers", self.kept), ("undecided", self.undecided)):
            lines.extend([head, *(f"  {one}" for one in found)] if found else [])
        return "\n".join(lines)

    __repr__ = __str__


_MEANT: dict[Kind, str] = {
    "features": "a number of channels, units or rows",
    "copies": "a number of equal blocks",
    "positions": "a number of positions",
    "parts": "a number of heads or experts",
}


def _uses(dim: Dim, reading: Reading) -> bool:
    return not isinstance(dim, int) and reading.symbol in dim.free_symbols


def _places(paths: Sequence[str]) -> str:
    first = visible(shorten(paths[0], 60)) or "input"
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A number in a field of a layer, and what it became."""

    path: str
    field: str
    counts: Counts
    old: Any
    new: Any


def reported(
    before: Trace, after: Trace, folded: Iterable[tuple[Dim, int]], last: Trace, numbers: Numbers
) -> Generalization:
    """What became what.

    Args:
        before: the network with its numbers, followed.
        after: it with symbols for sizes, followed.
        folded: what was folded.
        last: it once blocks are folded, followed.
        numbers: the symbols, and what they stand for.
    """
    replaced: dict[tuple[str, Dim, Dim], list[_Seen]] = {}
    kept: dict[tuple[str, int, str], list[str]] = {}
    for one in _seen(before, after):
        if one.new != one.old:
            replaced.setdefault((one.field, one.old, one.new), []).append(one)
            continue
        why = _why(one, numbers)
        if why:
            kept.setdefault((one.field, one.old, why), []).append(one.path)
    return Generalization(
        numbers.readings,
        tuple(
            Replaced(f, n, d, _once(o.path for o in found), _instead(found[0], numbers))
            for (f, n, d), found in replaced.items()
        ),
        tuple(folded),
        tuple(Kept(f, n, why, _once(paths)) for (f, n, why), paths in kept.items()),
        tuple(_undecided(last, numbers)),
    )


def depths_of(before: Network, after: Network) -> Iterator[tuple[Dim, int]]:
    """How often parts stand that were one before, where that became a formula."""
    for old, new in zip(everything(before), everything(after), strict=False):
        for name, counts in counts_of(type(old)).items():
            was, is_now = getattr(old, name), getattr(new, name, None)
            if counts == "copies" and isinstance(was, int) and isinstance(is_now, Expr):
                yield is_now, was


def _once(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))


def _seen(before: Trace, after: Trace) -> Iterator[_Seen]:
    """Every number that counts something, with what it became."""
    kinds = input_kinds(before)
    for old, new, counts in zip(before.inputs, after.inputs, kinds, strict=True):
        for a, b, kind in zip(old, new, counts, strict=True):
            if isinstance(a, int):
                yield _Seen("", "input", kind, a, b)
    exact = {row.path: row.layer for row in after.rows}
    copies = {_one_copy(row.path): row.layer for row in reversed(after.rows)}
    for row in before.rows:  # copies may stand together in one and by themselves in the other
        made = exact.get(row.path) or copies.get(_one_copy(row.path))
        if made is not None and type(made) is type(row.layer):
            yield from _seen_in(row.path, row.layer, made)


def _one_copy(path: str) -> str:
    """A path without the numbers of copies."""
    return "/".join(part for part in path.split("/") if not part.isdigit())


def _seen_in(path: str, old: Layer, new: Layer) -> Iterator[_Seen]:
    counted = counts_of(type(old))
    for name in type(old).model_fields:
        counts: Counts = counted.get(name, "")
        if counts == "incoming":
            continue
        if not counts and name not in least_of(type(old)):
            continue
        pairs = zip(_flat(getattr(old, name)), _flat(getattr(new, name)), strict=False)
        for a, b in pairs:
            if (type(a) is int and a > 1) or (isinstance(a, Expr) and a != b):
                yield _Seen(path, name, counts, a, b)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def _why(one: _Seen, numbers: Numbers) -> str:
    """Why a number stayed one; nothing where nobody would ask."""
    if numbers.dividing(one.old, one.counts):
        return "it follows from what comes in, or would not fit it with a symbol"
    mine = [r for r in numbers.readings if r.kind == "features"]
    if one.counts == "features" and mine and one.path:
        few = " or ".join(str(r.number) for r in mine)
        return f"no multiple of {few}; where it was computed from such a number, it stays as it was"
    if one.counts == "groups":
        near = [r for r in mine if one.old % r.number == 0 or r.number % one.old == 0]
        return "groups; it may be a number of them or follow from a width" if near else ""
    mine = [r for r in numbers.readings if r.kind != "copies" or one.counts == "parts"]
    same = [r for r in mine if r.number == one.old]
    if not same:
        return ""
    what = _STANDS[one.counts]
    return f"{what}, and {same[0].symbol} is {_MEANT[same[0].kind]}"


_STANDS: dict[Counts, str] = {
    "": "a property of the layer",
    "features": "a number of channels",
    "positions": "a number of positions",
    "sizes": "a size",
    "rows": "a number of rows",
    "copies": "a number of copies",
    "parts": "a number of heads or experts",
    "groups": "a number of groups",
    "incoming": "what comes in",
}


def _instead(one: _Seen, numbers: Numbers) -> tuple[Dim, ...]:
    """What a number could have become as well."""
    fits = numbers.dividing(one.old, one.counts)
    if any(r.number == one.old for r in fits):
        return ()
    made = [r.symbol * (one.old // r.number) for r in fits]
    return tuple(dim for dim in made if dim != one.new) if one.new in made else ()


def _undecided(trace: Trace, numbers: Numbers) -> Iterator[str]:
    for needed in trace.requirements:
        held_back = pinned(needed, numbers)
        if held_back:
            names = ", ".join(sorted(s.name for s in held_back))
            yield f"{needed}: with another {names} it would not hold"
