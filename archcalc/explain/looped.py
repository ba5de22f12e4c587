"""How explanations say for how many calls a row stands."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from archcalc.costs.loops import Loop, numbered, often, owned, positions
from archcalc.explain.document import Amount, Inline, Inlines
from archcalc.layers.values import as_data
from archcalc.network import Row
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.ordered import plain

__all__ = ["by_position", "cell", "loops_data", "numbers", "there", "times"]


def loops_data(row: Row) -> list[dict[str, Any]]:
    """The loops around a row as data, from the outermost."""
    return [_loop_data(loop) for loop in row.loops]


def _loop_data(loop: Loop) -> dict[str, Any]:
    made = {"kind": loop.kind, "count": as_data(loop.count), "active": as_data(loop.active)}
    made |= {"index": loop.index.name} if loop.index is not None else {}
    return {**made, "in_turn": loop.in_turn}


def times(row: Row) -> Inlines:
    """How often a layer stands there, or is run: ``×L``, ``×12 with the same weights``."""
    return (*_copies(row), *_again(row, "×", " with the same weights"), *_experts(row, " experts"))


def numbers(row: Row) -> Inlines:
    """What the numbers of copies that differ run through."""
    parts: list[Inline] = []
    for copies in numbered(row.loops):
        parts += [", ", Amount(copies.index), " = 0 … ", Amount(plain(copies.count) - 1)]
    return tuple(parts)


def by_position(row: Row) -> Inlines:
    """At how many positions a layer is called."""
    parts: list[Inline] = []
    for count in positions(row.loops):
        parts += ["  at each of ", Amount(count), " steps"]
    return tuple(parts)


def there(row: Row) -> Inlines:
    """How often its weights are there: ``×L``; nothing where they are there once."""
    return _crossed(often(owned(row.loops)))


def cell(row: Row) -> Inlines:
    """How often a layer stands there, for a table: ``L``, ``12 shared``, ``2 of 8``."""
    copies = often(owned(_of(row, "copies")))
    parts: list[Inlines] = [(Amount(copies),)] if copies != 1 else []
    parts += [said for said in (_again(row, "", " shared"), _experts(row, "")) if said]
    joined: list[Inline] = []
    for part in parts:
        joined += [" × " if joined else "", *part]
    return tuple(joined)


def _of(row: Row, kind: str) -> list[Loop]:
    return [loop for loop in row.loops if loop.kind == kind]


def _copies(row: Row) -> Inlines:
    return _crossed(often(owned(_of(row, "copies"))))


def _crossed(count: Dim) -> Inlines:
    if count == 1:
        return ()
    if isinstance(count, Expr) and count.is_Add:
        return ("×(", Amount(count), ")")
    return ("×", Amount(count))


def _again(row: Row, before: str, after: str) -> Inlines:
    parts: list[Inline] = []
    for loop in _of(row, "steps"):
        if loop.in_turn:
            parts += [before, Amount(loop.count), after]
    return tuple(parts)


def _experts(row: Row, after: str) -> Inlines:
    parts: list[Inline] = []
    for loop in _of(row, "experts"):
        parts += [Amount(loop.active), " of ", Amount(loop.count), after]
    return tuple(parts)
