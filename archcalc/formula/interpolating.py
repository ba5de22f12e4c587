"""The exact polynomial behind any function that counts, found at few small points.

A polynomial of known degree in each of its symbols is decided by its values on a grid of as many
points as it has coefficients; with exact fractions nothing is lost.  What a function counts is held
against it at points that were not used.  Where a symbol is rounded, as in ``⌈c/8⌉·8``, the counts
are a polynomial in each residue class; these are put together with floors.

`grid` says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from operator import index
from random import Random
from typing import Any, TypeAlias

from sympy import Rational

from archcalc.formula.formula import Formula
from archcalc.formula.grid import Coefficients, GridAxis, coefficients, depends_on, expression
from archcalc.symbolic.errors import (
    EvaluationError,
    NoSolutionError,
    SpecificationError,
    UnknownSymbolError,
    quoted,
    shorten,
)
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.symbols import symbol

__all__ = ["Interpolated", "Interpolation", "interpolate_formula"]

Count: TypeAlias = Callable[..., Any]
Point: TypeAlias = dict[str, int]

_FURTHER = 4
"""How many more points along a symbol are looked at to say which degree would do."""

_APART = 5
"""How many steps beyond the grid points lie at which the formula is confirmed, in all symbols."""

_FAR = 17
"""How many steps beyond the grid one lies, along one symbol: beyond what is rounded up to 16."""


@dataclass(frozen=True, slots=True, repr=False)
class Interpolation(Shown):
    """At which points a function was counted, so that anybody can count again.

    Attributes:
        degrees: the highest power of each symbol that was allowed.
        periods: by which number each symbol was told into residue classes; 1 where it was not.
        used: the points that decide the formula, with what was counted.
        confirmed: other points, at which the formula gives what was counted.
    """

    degrees: Mapping[str, int]
    periods: Mapping[str, int]
    used: tuple[tuple[Point, int], ...]
    confirmed: tuple[tuple[Point, int], ...]

    def __str__(self) -> str:
        degrees = ", ".join(f"{name} to {n}" for name, n in self.degrees.items())
        classes = [f"{name} by {n}" for name, n in self.periods.items() if n > 1]
        lines = [
            f"interpolated exactly at {len(self.used):,} points, "
            f"confirmed at {len(self.confirmed):,} others",
            f"degrees    {degrees or 'none'}",
            *([f"residues   {', '.join(classes)}"] if classes else []),
            *_rows("used", self.used),
            *_rows("confirmed", self.confirmed),
        ]
        return "\n".join(lines)

    __repr__ = __str__


_SHOWN = 4


def _rows(head: str, points: Sequence[tuple[Point, int]]) -> Iterator[str]:
    for number, (point, counted) in enumerate(points[:_SHOWN]):
        at = ", ".join(f"{name} = {value:,}" for name, value in point.items())
        yield f"{'' if number else head:<11}{at}: {counted:,}"
    if len(points) > _SHOWN:
        yield f"{'':<11}… and {len(points) - _SHOWN:,} more"


class Interpolated(Formula):
    """A formula that was found by counting, with the points at which that was done.

    It is a `Formula` in every respect; what is made of it is one without a certificate.

    Attributes:
        certificate: at which points it was found and confirmed.
    """

    def __init__(self, expression: Any, certificate: Interpolation) -> None:
        super().__init__(expression)
        self.certificate = certificate

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        used, confirmed = len(self.certificate.used), len(self.certificate.confirmed)
        return f"{self.to_text()}  (exact at {used:,} points, confirmed at {confirmed:,} others)"


def interpolate_formula(
    count: Count,
    degrees: Mapping[str, int],
    /,
    *,
    period: Mapping[str, int] | None = None,
    start: int | Mapping[str, int] | None = None,
    step: int | Mapping[str, int] = 1,
    confirm: Iterable[Mapping[str, int]] = (),
) -> Interpolated:
    """The formula of what a Python function counts: exact, and confirmed where it was not used.

    The function is called with a number for every symbol, by name, at few small points: as many as
    a polynomial of these degrees has coefficients, and some more, at which it has to give what the
    formula says.

    Args:
        count: called as ``count(L=1, d=2)``; it gives a whole number, and may build a model for it.
        degrees: the highest power of each symbol.
        period: for symbols that are rounded: by how many, as in ``{"c": 8}`` for ``⌈c/8⌉``.
        start: the smallest value of each symbol; its step where it is left out.
        step: how far apart values are, for what must be divisible, as in ``{"d": 64}`` for heads;
            what is found holds for such values.
        confirm: further points at which the formula has to hold, as of a model of known count.

    Raises:
        NoSolutionError: the counts are no such polynomial: ``degree-too-low`` names the symbol, the
            point, and by how much it differs; ``not-a-polynomial`` where several must change.
        EvaluationError: what is counted is no whole number, or too many points would be counted.
        SpecificationError: a degree, a period, a start, a step or a point is none.

    A model's own count, of which nothing else is known:

    >>> def count(L, d, V):
    ...     table = V * d
    ...     return table + L * (12 * d * d + 13 * d) + 2 * d
    >>> P = interpolate_formula(count, {"L": 1, "d": 2, "V": 1})
    >>> P
    L·(12·d² + 13·d) + d·V + 2·d  (exact at 12 points, confirmed at 9 others)
    >>> P(L=12, d=768, V=50257)
    123653376
    >>> interpolate_formula(lambda c: -(-c // 8) * 8 * c, {"c": 2}, period={"c": 8})
    8·⌈c/8⌉·c  (exact at 24 points, confirmed at 9 others)
    >>> interpolate_formula(lambda d: d**3, {"d": 2})
    Traceback (most recent call last):
    archcalc.symbolic.errors.NoSolutionError: d: of degree 2 the formula would give 58 at d = 4, ...
    """
    if not callable(count):
        raise SpecificationError(
            f"{quoted(count, 40)} is no function", code="not-a-function",
            hint="give a function of the symbols by name, such as lambda d: count(d)",
        )  # fmt: skip
    axes = _axes(degrees, period or {}, start, step)
    calls = prod(axis.size for axis in axes)
    if calls > LIMITS.calls:
        raise EvaluationError(
            f"{calls:,} points would be counted",
            code="too-many-points",
            hint=f"at most {LIMITS.calls:,} are: give lower degrees, or fewer symbols at a time",
        )
    counter = _Counter(count)
    found = coefficients(axes, counter)
    used = tuple(counter.points)
    formula = Formula(expression(axes, found)).collect(*_outermost_first(axes, found))
    _confirmed(formula, axes, counter)
    for point in _points(axes, confirm):
        if _differs(formula, point, counter):
            raise _not_so(formula, point, counter)
    certificate = Interpolation(
        {axis.name: axis.degree for axis in axes},
        {axis.name: axis.period for axis in axes},
        used,
        tuple(counter.points[len(used) :]),
    )
    return Interpolated(formula, certificate)


def _points(axes: Sequence[GridAxis], given: Iterable[Mapping[str, int]]) -> Iterator[Point]:
    names = [axis.name for axis in axes]
    for point in given:
        if not isinstance(point, Mapping) or set(point) != set(names):
            raise SpecificationError(
                f"{quoted(point, 60)} is no point",
                code="not-a-point",
                hint=f"give a number for each of {', '.join(names) or 'no symbols'}",
            )
        yield {name: _told("value", point, name, 1, 1) for name in names}


def _axes(
    degrees: Mapping[str, int],
    period: Mapping[str, int],
    start: int | Mapping[str, int] | None,
    step: int | Mapping[str, int],
) -> list[GridAxis]:
    if not isinstance(degrees, Mapping):
        raise SpecificationError(
            f"{quoted(degrees, 60)} gives no degrees", code="not-a-mapping",
            hint='give the highest power of each symbol, such as {"L": 1, "d": 2}',
        )  # fmt: skip
    names = {symbol(name).name: name for name in degrees}
    for what, told in (("period", period), ("start", start), ("step", step)):
        unknown = sorted(set(told) - set(degrees)) if isinstance(told, Mapping) else []
        if unknown:
            raise UnknownSymbolError(
                f"{what} is given for {', '.join(unknown)}, which has no degree",
                hint=f"the symbols are {', '.join(degrees) or 'none'}",
            )
    made = []
    for name in names:
        stride = _told("step", step, name, 1, 1)
        first = stride if start is None else _told("start", start, name, stride, 1)
        degree = _told("degree", degrees, name, 0, 0)
        made.append(GridAxis(name, degree, first, stride, _told("period", period, name, 1, 1)))
    return made


def _told(what: str, told: Any, name: str, usual: int, least: int) -> int:
    value = told.get(name, usual) if isinstance(told, Mapping) else told
    if type(value) is int and value >= least:
        return value
    raise SpecificationError(
        f"the {what} of {name} is {quoted(value, 40)}",
        code="not-a-number",
        hint=f"give a whole number from {least} on",
    )


class _Counter:
    """Calls a function, once at each point, and remembers what it counted."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._known: dict[tuple[int, ...], int] = {}
        self.points: list[tuple[Point, int]] = []

    def __call__(self, point: Point) -> int:
        key = tuple(point.values())
        if key not in self._known:
            self._known[key] = _whole(self._count(**point), point)
            self.points.append((point, self._known[key]))
        return self._known[key]


def _whole(counted: Any, point: Point) -> int:
    try:
        value = int(counted) if isinstance(counted, Formula | Rational) else index(counted)
    except (TypeError, ArithmeticError, ValueError):
        raise EvaluationError(
            f"what is counted at {_at(point)} is {quoted(counted, 60)}, no whole number",
            code="not-whole",
            hint="let the function give an int",
        ) from None
    return value


def _at(point: Point) -> str:
    return ", ".join(f"{name} = {value:,}" for name, value in point.items()) or "no symbols"


def _outermost_first(axes: Sequence[GridAxis], found: Coefficients) -> list[str]:
    """The symbols by which the formula is collected, those of low degree first; none where floors
    are."""
    if any(axis.classes > 1 for axis in axes):
        return []
    return [a.name for a in sorted(depends_on(axes, found), key=lambda a: a.degree)]


# Points that were not used


def _confirmed(formula: Formula, axes: Sequence[GridAxis], count: _Counter) -> None:
    """Hold the formula against what is counted at other points.

    Further values along one symbol, the next of every residue and one far off, say whether its
    degree is too low; points beyond the grid in all of them, whether anything else is not as told.

    Raises:
        NoSolutionError: it differs.
    """
    random = Random(len(axes))
    for axis in axes:
        first = {a.name: a.place(0) for a in axes}
        last = {a.name: a.place(a.size - 1) for a in axes}
        beyond = [*((last, i) for i in range(axis.classes)), (first, _FAR)]
        for others, steps in beyond:
            point = {**others, axis.name: axis.place(axis.size + steps)}
            if _differs(formula, point, count):
                raise _too_low(formula, axis, point, count)
    for _ in range(len(axes)):
        point = {a.name: a.place(a.size + random.randrange(1, _APART)) for a in axes}
        if _differs(formula, point, count):
            raise _not_so(formula, point, count)


def _differs(formula: Formula, point: Point, count: _Counter) -> int:
    return int(count(point) - _value(formula, point))


def _value(formula: Formula, point: Point) -> Any:
    known = formula.known_symbols
    return formula(**{name: value for name, value in point.items() if name in known})


def _too_low(formula: Formula, axis: GridAxis, point: Point, count: _Counter) -> NoSolutionError:
    expected, counted = _value(formula, point), count(point)
    return NoSolutionError(
        f"{axis.name}: of degree {axis.degree} the formula would give {expected:,} at "
        f"{_at(point)}, and {counted:,} is counted, {counted - expected:+,}",
        code="degree-too-low",
        values={
            "symbol": axis.name,
            "degree": axis.degree,
            "at": point,
            "expected": expected,
            "counted": counted,
            "residual": counted - expected,
        },
        hint=_what_would_do(axis, point, count),
    )


def _what_would_do(axis: GridAxis, point: Point, count: _Counter) -> str:
    """The degree that fits further points, or else that none near does."""
    values: list[int] = []
    try:
        for number in range(axis.degree + 2 + _FURTHER):
            at = axis.value(0, number)
            values.append(count({**point, axis.name: at}))
    except Exception as error:  # whatever the function raises where it does not count
        return shorten(f"give a higher degree, or period= where it is rounded ({error})", 200)
    differences, degree = values, 0
    while len(set(differences)) > 1:
        differences = [b - a for a, b in pairwise(differences)]
        degree += 1
    if len(differences) > 2 and degree > axis.degree:
        return f"degree {degree} fits the next {len(values) - axis.degree - 1} values"
    return f"is {axis.name} rounded? give period={{{axis.name!r}: …}}, or another start"


def _not_so(formula: Formula, point: Point, count: _Counter) -> NoSolutionError:
    expected, counted = _value(formula, point), count(point)
    return NoSolutionError(
        f"the formula would give {expected:,} at {_at(point)}, and {counted:,} is counted, "
        f"{counted - expected:+,}",
        code="not-a-polynomial",
        values={
            "at": point,
            "expected": expected,
            "counted": counted,
            "residual": counted - expected,
        },
        hint="is something rounded, or the largest of several? give period=, or another start",
    )
