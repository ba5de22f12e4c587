"""What a symbol stands for: a number, and which kind of size it is a number of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sympy import Add, Expr, Integer, Symbol

from archcalc.layers.fields import Counts, counts_of
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.substitution import network_symbols
from archcalc.network.trace import Trace
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import EvaluationError, LookupFailedError, quoted, shorten
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol

__all__ = ["Kind", "Numbers", "Reading", "input_kinds", "numbers_of", "readings"]

Kind: TypeAlias = Literal["features", "copies", "positions", "parts"]
"""What a symbol may stand for, the first that fits: `counts_of` says what a field counts."""

_KINDS: Mapping[Counts, tuple[Kind, ...]] = {
    "features": ("features",),
    "copies": ("copies",),
    "positions": ("positions",),
    "sizes": ("features", "positions"),
    "rows": ("features", "positions"),
    "parts": ("parts",),
}
"""The kinds of symbol that a field takes, by what it counts; one of no kind takes none."""

_ORDER: Mapping[str, Kind] = {
    "features": "features",
    "copies": "copies",
    "input": "features",
    "positions": "positions",
    "parts": "parts",
}
"""Where a number is looked for, in turn, and what a symbol that is found there stands for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one symbol stands for.

    Attributes:
        symbol: the symbol.
        number: the number that it stands for.
        kind: what it is a number of.
    """

    symbol: Symbol
    number: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Numbers:
    """The symbols and their numbers: what a size becomes."""

    readings: tuple[Reading, ...]

    def at(self) -> dict[Symbol, Dim]:
        """The number of each symbol."""
        return {r.symbol: r.number for r in self.readings}

    def of(self, number: Any, counts: Counts) -> Any:
        """What a number becomes that counts something: the symbol whose number it is, else the
        multiple of the largest that divides it, else itself; a formula is taken term by term."""
        if isinstance(number, Expr):
            return lower(Add(*(self._term(term, counts) for term in Add.make_args(number))))
        fits = self.dividing(number, counts)
        if not fits:
            return number
        best = max(fits, key=lambda r: (r.number == number, r.number))
        return best.symbol * (number // best.number)

    def _term(self, term: Expr, counts: Counts) -> Expr:
        """A term of a formula, such as ``64·2^i``, with what its number becomes."""
        number, rest = term.as_coeff_Mul()
        whole = isinstance(number, Integer)
        made: Expr = self.of(int(number), counts) * rest if whole else term
        return made

    def dividing(self, number: Any, counts: Counts) -> list[Reading]:
        """The symbols of which a number is a multiple, where it counts what they stand for."""
        if type(number) is not int or number < 1:
            return []
        kinds = _KINDS.get(counts, ())
        fits = [r for r in self.readings if r.kind in kinds and number % r.number == 0]
        return fits if counts != "rows" else [r for r in fits if r.number == number]

    def copies(self, number: int) -> Dim | None:
        """What a number of equal blocks becomes; ``None`` where no symbol stands for it."""
        known: Dim = self.of(number, "copies")
        return known if self.dividing(number, "copies") else None

    def within(self, value: Any, counts: Counts) -> Any:
        """A value with what each of its numbers becomes, however deep."""
        if isinstance(value, Shape):
            return Shape(self.of(dim, counts) for dim in value)
        if isinstance(value, tuple):
            return tuple(self.within(part, counts) for part in value)
        return self.of(value, counts)


def numbers_of(value: Any) -> Iterator[int]:
    """The numbers in a field, however deep."""
    if isinstance(value, tuple):
        for part in value:
            yield from numbers_of(part)
    elif isinstance(value, Expr):
        numbers = (term.as_coeff_Mul()[0] for term in Add.make_args(value))
        yield from (int(n) for n in numbers if isinstance(n, Integer) and n > 1)
    elif type(value) is int:
        yield value


def input_kinds(trace: Trace) -> list[list[Counts]]:
    """What each axis of each input counts: channels where a layer that reads it says so."""
    return [
        [
            "features" if axis in _features(trace, -1 - i, shape) else "positions"
            for axis in range(len(shape))
        ]
        for i, shape in enumerate(trace.inputs)
    ]


def _features(trace: Trace, source: int, shape: Shape) -> set[int]:
    """The axes of the channels, as the first layer says that reads them; what keeps the shape is
    read through."""
    for number, row in enumerate(trace.rows):
        if source not in row.sources:
            continue
        found = {axis % len(shape) for axis in row.layer.feature_axes(shape)}
        if not found and row.output == shape:
            found = _features(trace, number, shape)
        if found:
            return found
    return set()


def readings(
    network: Network, trace: Trace, given: Mapping[str, Any], runs: Iterable[int]
) -> Numbers:
    """What each of the symbols that were given stands for in `network`.

    Args:
        network: the network.
        trace: it, followed.
        given: the numbers, by the names of symbols.
        runs: how many equal blocks follow one another, wherever some do.

    Raises:
        EvaluationError: a number is no whole number from 2 on, or two are the same.
        LookupFailedError: no size is a multiple of one, or the network has such a symbol.
    """
    known = {s.name for s in network_symbols(network)}
    numbers = {symbol(name): _number(name, value) for name, value in given.items()}
    for s, number in numbers.items():
        if s.name in known:
            raise LookupFailedError(
                f"the network has a symbol {s.name} already",
                code="symbol-taken",
                hint="call it something else",
            )
        other = next((o for o, n in numbers.items() if n == number and o != s), None)
        if other is not None:
            raise EvaluationError(
                f"{s.name} and {other.name} both stand for {number}",
                code="same-number",
                hint="give one of them, or build the network with another number for one",
            )
    met = _met(network, trace, runs)
    return Numbers(tuple(Reading(s, n, _kind(s, n, met)) for s, n in numbers.items()))


def _number(name: str, value: Any) -> int:
    if type(value) is int and value >= 2:
        return value
    why = (
        "every size is a multiple of 1"
        if type(value) is int and value == 1
        else "it is no whole number from 2 on"
    )
    raise EvaluationError(
        f"{name} = {quoted(value, 40)} is no number that a symbol could stand for: {why}",
        code="bad-value",
        values={name: value},
        hint="give the number that the network was built with, such as c=64",
    )


Met: TypeAlias = Mapping[str, Counter[int]]


def _met(network: Network, trace: Trace, runs: Iterable[int]) -> Met:
    """How often each number stands where something of a kind is counted."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for layer in everything(network):
        for name, counts in counts_of(type(layer)).items():
            if not (layer.composed and name == "input_shape"):
                found[counts].update(numbers_of(getattr(layer, name)))
    for shape, kinds in zip(trace.inputs, input_kinds(trace), strict=True):
        for dim, counts in zip(shape, kinds, strict=True):
            found["input" if counts == "features" else counts].update(numbers_of(dim))
    found["copies"].update(runs)
    found["positions"].update(found["sizes"] + found["rows"])
    return found


def _kind(s: Symbol, number: int, met: Met) -> Kind:
    """The first kind of which the number itself is met; else of which a multiple is."""
    for fits in (lambda n: n == number, lambda n: n > 1 and n % number == 0):
        for where, kind in _ORDER.items():
            if any(map(fits, met[where])):
                return kind
    sizes = sorted({n for where in _ORDER for n in met[where] if n > 1})
    near = sorted(sizes, key=lambda n: abs(n - number))[:8]
    raise LookupFailedError(
        f"no size is a multiple of {s.name} = {number}",
        code="no-such-size",
        values={s.name: number},
        hint=shorten(f"the nearest sizes are {', '.join(map(str, sorted(near)))}", 200),
    )
