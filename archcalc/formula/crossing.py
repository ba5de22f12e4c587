"""Where one formula overtakes another as a symbol grows, exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, overload

from sympy import Expr, Symbol

from archcalc.formula.closed_form import ClosedForm
from archcalc.formula.conditions import described
from archcalc.formula.domain import allowed, by_residue_class, ranges_of
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.integer_sets import Progression, Span
from archcalc.formula.roots import Inner, inner_form, sign_of
from archcalc.formula.univariate import SearchLimits, Undecided, Values
from archcalc.formula.values import open_requirements, read_values
from archcalc.symbolic.errors import EvaluationError, NoSolutionError
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute

__all__ = ["Crossover", "Run", "SymbolicCrossover", "crossover"]

_MOST_SHOWN = 9
"""Of more stretches than this only the first and the last are printed."""


@dataclass(frozen=True, slots=True)
class Run(Shown):
    """Values of a symbol at which the same formula is the larger one.

    Attributes:
        low: the first value.
        high: the last value; ``None`` where there is none.
        larger: ``"first"``, ``"second"``, ``"neither"`` where they are equal, or ``"by turns"``
            where that changes from value to value.
    """

    low: int
    high: int | None
    larger: str


@dataclass(frozen=True, slots=True)
class Crossover(Shown):
    """Which of two formulas is larger at which values of a symbol.

    Values at which one of the two architectures does not exist are in no stretch.

    Attributes:
        symbol: the symbol that grows.
        runs: rising and without overlap.
    """

    symbol: str
    runs: tuple[Run, ...]

    @property
    def first_larger(self) -> int | None:
        """The smallest value at which the first formula is the larger one."""
        return self._smallest("first")

    @property
    def second_larger(self) -> int | None:
        """The smallest value at which the second formula is the larger one."""
        return self._smallest("second")

    def _smallest(self, larger: str) -> int | None:
        return next((s.low for s in self.runs if s.larger == larger), None)

    @property
    def points(self) -> tuple[int, ...]:
        """The values from which on another one is larger than before."""
        return tuple(b.low for a, b in pairwise(self.runs) if a.larger != b.larger)

    def __str__(self) -> str:
        """
        >>> print(crossover("2*s", "s + 7", "s"))
        the first is smaller for s ≤ 6, equal at s = 7, the second is smaller from s = 8 on
        """
        alone = len(self.runs) == 1
        parts = [f"{_WORDS[s.larger]} {_range(self.symbol, s, alone=alone)}" for s in self.runs]
        if len(parts) > _MOST_SHOWN:
            parts[3:-2] = [f"… ({len(parts) - 5:,} more stretches) …"]
        return ", ".join(parts)

    __repr__ = __str__


_WORDS = {
    "first": "the second is smaller",
    "second": "the first is smaller",
    "neither": "equal",
    "by turns": "now one and now the other",
}


def _range(symbol: str, stretch: Run, *, alone: bool) -> str:
    low, high = stretch.low, stretch.high
    if high is None:
        return f"for every {symbol}" if alone and low == 1 else f"from {symbol} = {low:,} on"
    if low == high:
        return f"at {symbol} = {low:,}"
    return f"for {symbol} ≤ {high:,}" if low == 1 else f"for {low:,} ≤ {symbol} ≤ {high:,}"


@dataclass(frozen=True, slots=True)
class SymbolicCrossover(Shown):
    """The value of a symbol, in terms of others, at which one formula overtakes another.

    Attributes:
        symbol: the symbol that grows.
        at: the real number at which both are equal, which may be called with values; ``None``
            where there is none.
        larger_before: ``"first"`` or ``"second"``: the larger one below that; with no such number,
            the one that is always larger, or ``"neither"``.
    """

    symbol: str
    at: ClosedForm | None
    larger_before: str

    def __str__(self) -> str:
        """
        >>> print(crossover("2*s*d", "8*d**2", "s"))
        the first is smaller for s < 4·d, equal at s = 4·d, the second is smaller for s > 4·d
        """
        before, after = _WORDS[self.larger_before], _WORDS[_OTHER[self.larger_before]]
        if self.at is None:
            return f"{before} for every {self.symbol}"
        s, at = self.symbol, self.at.to_text()
        return f"{before} for {s} < {at}, equal at {s} = {at}, {after} for {s} > {at}"

    __repr__ = __str__


_OTHER = {"first": "second", "second": "first", "neither": "neither"}


@overload
def crossover(
    first: FormulaLike, second: FormulaLike, symbol: str | Symbol, /, **values: Any
) -> Crossover | SymbolicCrossover: ...
@overload
def crossover(
    first: FormulaLike, second: FormulaLike, /, *, symbol: str | Symbol, **values: Any
) -> Crossover | SymbolicCrossover: ...
@overload
def crossover(
    *, first: FormulaLike, second: FormulaLike, symbol: str | Symbol, **values: Any
) -> Crossover | SymbolicCrossover: ...
def crossover(
    first: FormulaLike | None = None,
    second: FormulaLike | None = None,
    symbol: str | Symbol | None = None,
    /,
    **values: Any,
) -> Crossover | SymbolicCrossover:
    """Where `first` and `second` overtake one another as `symbol` grows.

    With numbers for all other symbols the answer is exact for every positive integer, also through
    floors and maxima.  With symbols left it is a closed form, where algebra has one and both are
    known to be equal at one positive number only.

    Args:
        first, second: formulas.
        symbol: the symbol that grows.
        values: numbers, or expressions, for other symbols; also for such as are called ``first``,
            where the formulas and the symbol are given by place.

    Raises:
        UnknownSymbolError: neither formula has such a symbol.
        EvaluationError: a value that is no positive integer.
        NoSolutionError: ``no-network``, both exist at no value of the symbol; ``not-decided``.

    >>> crossover("4*s*d**2 + 2*s**2*d", "8*s*d**2", "s", d=768)
    the first is smaller for s ≤ 1,535, equal at s = 1,536, the second is smaller from s = 1,537 on
    >>> overtakes = crossover("4*s*d**2 + 2*s**2*d", "8*s*d**2", "s").at
    >>> overtakes, overtakes(d=768)
    (2·d, 1536)
    >>> crossover("n**2", "10*n - 21", "n").runs[1:4]  # doctest: +NORMALIZE_WHITESPACE
    (Run(low=3, high=3, larger='neither'),
     Run(low=4, high=6, larger='second'),
     Run(low=7, high=7, larger='neither'))
    """
    first, second, symbol = _arguments(first, second, symbol, values)
    both = Formula(first), Formula(second)
    known = {**both[0].known_symbols, **both[1].known_symbols}
    name = symbol.name if isinstance(symbol, Symbol) else str(symbol)
    s = next(iter(read_values({name: 1}, dict(sorted(known.items())))))
    if name in values:
        raise EvaluationError(
            f"{name} is what grows; it cannot be given too", values={name: values[name]}
        )
    accepted = {**both[0].accepted_symbols, **both[1].accepted_symbols}
    given = read_values(values, dict(sorted(accepted.items())))
    requirements = open_requirements(dict.fromkeys(r for f in both for r in f.requirements), given)
    difference = substitute(both[0].expr - both[1].expr, given)
    if difference.free_symbols <= {s}:
        return _exactly(difference, s, [r for r in requirements if r.symbols == {s}])
    return _in_closed_form(difference, s, requirements)


def _arguments(
    first: FormulaLike | None,
    second: FormulaLike | None,
    symbol: str | Symbol | None,
    values: dict[str, Any],
) -> tuple[FormulaLike, FormulaLike, str | Symbol]:
    """The formulas and the symbol, by place or by name; by place, the name is left to a symbol."""
    first = values.pop("first", None) if first is None else first
    second = values.pop("second", None) if second is None else second
    symbol = values.pop("symbol", None) if symbol is None else symbol
    if first is None or second is None or symbol is None:
        raise EvaluationError(
            "crossover() takes two formulas and a symbol",
            hint="write it as in crossover(a, b, 'n', d=64)",
        )
    return first, second, symbol


# With numbers for all but one symbol


@dataclass(frozen=True, slots=True)
class _Found:
    """The places of a progression at which both exist, and where the difference is ≥ 0 and = 0."""

    numbers: Progression
    domain: list[Span]
    not_negative: list[Span]
    zero: list[Span]

    def ends(self) -> Iterator[int]:
        """The numbers at which something may change."""
        for low, high in (*self.domain, *self.not_negative, *self.zero):
            yield self.numbers.number(low)
            if high is not None:
                yield self.numbers.number(high) + 1

    def within(self, low: int, high: int | None) -> Span | None:
        """The places of the numbers from `low` to `high` at which both exist, if they do there."""
        step, offset = self.numbers.step, self.numbers.offset
        first = max(-((offset - low) // step), 1)
        last = None if high is None else (high - offset) // step
        empty = last is not None and last < first
        return None if empty or not _holds(self.domain, first) else (first, last)

    def larger(self, place: int) -> str:
        if _holds(self.zero, place):
            return "neither"
        return "first" if _holds(self.not_negative, place) else "second"


def _holds(spans: Sequence[Span], number: int) -> bool:
    i = bisect_right(spans, number, key=lambda span: span[0]) - 1
    return i >= 0 and (spans[i][1] is None or number <= spans[i][1])  # type: ignore[operator]


def _exactly(difference: Expr, s: Symbol, requirements: Sequence[Requirement]) -> Crossover:
    def find(numbers: Progression, limits: SearchLimits) -> _Found:
        domain = allowed(requirements, s, numbers, limits)
        values = Values(numbers.along(difference, s), s, limits)
        above, zero = (
            [run for span in domain for run in values.preimage(0, upper, span)]
            for upper in (None, 0)
        )
        return _Found(numbers, domain, above, zero)

    try:
        runs = by_residue_class(requirements, s, find)
    except Undecided:
        raise NoSolutionError(
            f"where they overtake one another as {s.name} grows cannot be decided",
            code="not-decided",
            hint=f"evaluate both over a range of {s.name} instead",
        ) from None
    if not any(run.domain for run in runs):
        raise NoSolutionError(
            f"the two exist together for no {s.name}: {described(requirements, 'one of them')}",
            code="no-network",
            hint="change the other values",
        )
    return Crossover(s.name, tuple(_merged(_stretches(runs))))


def _stretches(runs: Sequence[_Found]) -> Iterator[Run]:
    """What holds between one number at which something may change and the next."""
    ends = sorted({end for run in runs for end in run.ends()})
    for low, following in zip(ends, [*ends[1:], None], strict=True):
        high = None if following is None else following - 1
        found = [(run, places) for run in runs if (places := run.within(low, high)) is not None]
        larger = {run.larger(first) for run, (first, _) in found}
        if len(larger) > 1 and high is not None and high - low < LIMITS.told_apart:
            yield from _number_by_number(found)
        elif larger:
            lasts = [run.numbers.number(last) for run, (_, last) in found if last is not None]
            yield Run(
                min(run.numbers.number(first) for run, (first, _) in found),
                max(lasts) if high is not None else None,
                larger.pop() if len(larger) == 1 else "by turns",
            )


def _number_by_number(found: Sequence[tuple[_Found, Span]]) -> list[Run]:
    singles = [
        (run.numbers.number(place), run.larger(place))
        for run, (first, last) in found
        for place in range(first, (first if last is None else last) + 1)
    ]
    return [Run(number, number, larger) for number, larger in sorted(singles)]


def _merged(stretches: Iterable[Run]) -> list[Run]:
    merged: list[Run] = []
    for stretch in stretches:
        if merged and merged[-1].larger == stretch.larger:
            merged[-1] = Run(merged[-1].low, stretch.high, stretch.larger)
        else:
            merged.append(stretch)
    return merged


# With symbols left


def _in_closed_form(
    difference: Expr, s: Symbol, requirements: Sequence[Requirement]
) -> SymbolicCrossover:
    known = ranges_of(requirements) or {}
    always = sign_of(difference, known)
    if always is not None:
        return SymbolicCrossover(s.name, None, _LARGER[always])
    inner = inner_form(difference, s, known)
    changes = None if inner is None else _sign_changes(inner, known)
    if inner is None or changes is None:
        missing = sorted(x.name for x in difference.free_symbols - {s})
        raise NoSolutionError(
            f"where they overtake one another as {s.name} grows has no closed form that is known "
            f"to be the only one",
            code="not-decided",
            hint=f"give numbers for {', '.join(missing)}",
        )
    before = _LARGER[changes[0]]
    if len(changes) == 1:
        return SymbolicCrossover(s.name, None, before)
    kept = tuple(r for r in requirements if s not in r.symbols)
    return SymbolicCrossover(s.name, ClosedForm(inner.zero(1, known), s.name, kept), before)


_LARGER = {1: "first", -1: "second", 0: "neither"}


def _sign_changes(inner: Inner, known: Mapping[Symbol, Interval]) -> list[int] | None:
    """The signs in turn, where there are at most two: by Descartes, as many as there are runs of
    one sign among the coefficients.  ``None`` where a sign is not known, or there are more.
    """
    signs = [sign_of(c, known) for c in inner.coefficients]
    if None in signs:
        return None
    runs = [sign for sign, _ in groupby(sign for sign in signs if sign)]
    return runs if 1 <= len(runs) <= 2 else None
