"""The numbers that symbols have where a page begins: such that the network exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product as every
from typing import Any

from sympy import Symbol

from archcalc.formula.values import open_requirements, read_values
from archcalc.network import Trace
from archcalc.symbolic.errors import ArchcalcError, EvaluationError

__all__ = ["beginning"]

_USUAL = {
    "h": 224, "w": 224, "t": 128, "n": 64, "d": 64, "c": 64, "f": 64, "u": 64, "k": 3, "p": 2,
    "s": 1, "g": 8, "a": 8, "r": 8, "e": 64, "K": 10, "L": 4, "V": 32_000, "S": 1_024,
}  # fmt: skip
"""What letters are taken for where nothing is given."""

_COMMON = 32
_DEPTH = 3
"""What numbered depths, n1 and n2, are taken for."""
_OTHERS = (1, 2, 3, 4, 8, 16, 32, 64, 128, 224, 256, 512, 1_024)
_TRIED = 4_000


def beginning(
    traces: Iterable[Trace], symbols: Iterable[Symbol], given: Mapping[str, Any]
) -> dict[Symbol, int]:
    """A number for each symbol: those that are given, and for the others usual ones, or others at
    which the networks exist.

    Raises:
        UnknownSymbolError: a name that no network has.
        EvaluationError: a number that is no positive integer.
        RequirementError: the networks do not exist at the numbers that are given.
    """
    known = sorted(symbols, key=lambda s: s.name)
    told = read_values(dict(given), {s.name: s for s in known})
    for s, value in told.items():
        if not isinstance(value, int):
            raise EvaluationError(
                f"{s.name} = {value} is no number", hint="a page begins with numbers"
            )
    values: dict[Symbol, int] = {s: int(told.get(s, _usual(s))) for s in known}
    needs = [needed for trace in traces for needed in trace.requirements]
    broken = _broken(needs, values)
    if broken is None:
        return values
    asked = [s for s in known if s not in told and s in broken]
    for tried, point in zip(range(_TRIED), _points(asked), strict=False):
        del tried
        there = {**values, **point}
        if _broken(needs, there) is None:
            return there
    free = [s for s in known if s not in told]
    for point in (dict.fromkeys(free, n) for n in _OTHERS):
        there = {**values, **point}
        if _broken(needs, there) is None:
            return there
    open_requirements(needs, dict(values))  # tells which does not hold
    return values


def _usual(s: Symbol) -> int:
    if re.fullmatch(r"n_?\d+", s.name):
        return _DEPTH
    letter = s.name.partition("_")[0].rstrip("0123456789")
    return _USUAL.get(letter, _COMMON)


def _points(symbols: list[Symbol]) -> Iterator[dict[Symbol, int]]:
    for values in every(_OTHERS, repeat=min(len(symbols), 4)):
        yield dict(zip(symbols, values, strict=False))


def _broken(needs: Iterable[Any], values: Mapping[Symbol, int]) -> frozenset[Symbol] | None:
    """The symbols of what does not hold; ``None`` where all of it does."""
    for needed in needs:
        try:
            open_requirements([needed], dict(values))
        except ArchcalcError:
            found: frozenset[Symbol] = needed.symbols
            return found
    return None
