"""Where the values of an expression of one symbol lie between two bounds, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import isqrt

from sympy import Add, Dummy, Expr, Integer, Max, Min, Mul, Poly, Pow, Rational, Symbol

from archcalc.formula.integer_sets import Span, joined, spans_of
from archcalc.formula.monotone import Direction, direction
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArithmeticRuleError, EvaluationError
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.residues import period

__all__ = ["SearchLimits", "Undecided", "Values", "turning_points"]

_FEW = 64
"""A run of at most so many integers is evaluated one by one."""

_MOST_TAILS = 128
"""An endless run is cut no more often than this, each time at twice the number."""

_HIGHEST_DEGREE = 40
"""The turning points of polynomials beyond this degree are not isolated."""

_MOST_FLOORS = 4
"""With more floors than this, each is bounded by itself."""

_FAR = 4_096
"""What bounds on exponents are taken at, at most: a power further out fills the memory."""


class Undecided(Exception):  # noqa: N818 - it steers the search and never leaves this package
    """The question is undecided within the limits.

    Attributes:
        period: into how many residue classes to take it apart, where that may help.
    """

    def __init__(self, period: int | None = None) -> None:
        super().__init__(period)
        self.period = period


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How much work a search may take before it is given up.

    Attributes:
        classes: the most residue classes that may be asked for by `Undecided`.
        values: at most so many integers are evaluated one by one.
        parts: a run is cut into at most so many parts before it is evaluated one by one.
    """

    classes: int = 1
    values: int = LIMITS.looked_at
    parts: int = 250


class Values:
    """The values of an expression of one symbol, and where they lie between two bounds.

    Args:
        expression: an expression of `variable` alone.
        variable: its symbol.
        limits: how much work is allowed.

    Attributes:
        seen: the values computed on the way, by the symbol's number.
        complete: whether the extremes, where there are any, are among those seen.

    >>> from archcalc.symbolic import symbols
    >>> n = symbols("n")
    >>> Values(n**2 - 10*n, n).preimage(None, -16, (1, None))
    [(2, 8)]
    """

    def __init__(
        self, expression: Expr, variable: Symbol, limits: SearchLimits = SearchLimits()
    ) -> None:
        self.expression = expression
        self.variable = variable
        self.limits = limits
        self.seen: dict[int, Exact] = {}
        self.complete = True
        powers = expression.atoms(Pow)
        self._exponentials = [p for p in powers if variable in p.exp.free_symbols == p.free_symbols]
        self._looked_at = self._parts = self._tails = 0

    def at(self, n: int) -> Exact | None:
        """The value at `n`; ``None`` where there is none, as a divisor is zero."""
        if n not in self.seen:
            try:
                self.seen[n] = evaluate(self.expression, {self.variable: n})
            except ArithmeticRuleError:
                return None
        return self.seen[n]

    def direction(self, span: Span) -> Direction:
        """How the value moves along `span`, where the structure shows it."""
        return direction(self.expression, self.variable, self._known(span))

    def bounds(self, span: Span) -> Interval:
        """Bounds on the value along `span`."""
        kept = _envelope(self.expression, self.variable, span) if not self._exponentials else None
        return kept or bounds(self.expression, self._known(span))

    def preimage(self, lower: Exact | None, upper: Exact | None, span: Span) -> list[Span]:
        """The numbers of `span` at which the value is at least `lower` and at most `upper`.

        Raises:
            Undecided: that cannot be found out.
        """
        found: list[Span] = []
        pending = [span]
        while pending:
            part = pending.pop()
            settled = self._settled(lower, upper, part)
            if settled is None:
                pending.extend(reversed(self._cut(part)))
            else:
                found.extend(settled)
        return joined(found)

    def _known(self, span: Span) -> Mapping[Symbol, Interval]:
        low, high = span
        if self._exponentials:
            low, high = min(low, self._far), None if high is None or high > self._far else high
        return {self.variable: (Integer(low), None if high is None else Integer(high))}

    @cached_property
    def _far(self) -> int:
        """How far out every power can still be computed."""
        far = _FAR
        while far > 1 and not all(_computable(p, self.variable, far) for p in self._exponentials):
            far //= 2
        return far

    def _settled(self, lower: Exact | None, upper: Exact | None, span: Span) -> list[Span] | None:
        """The part of `span` between the bounds, or ``None`` where `span` must be cut first."""
        low, high = span
        self._look_at_ends(span)
        if high is not None and high - low < _FEW:  # quicker than to ask how it moves
            return self._one_by_one(lower, upper, low, high)
        way = self.direction(span)
        if way.decided:
            return self._on_monotone(lower, upper, span, way)
        pieces = _pieces(self.expression, self.variable, span)
        if pieces is not None:
            parts = [self._on_monotone(lower, upper, p, self._way_of(p)) for p in pieces]
            return [run for part in parts for run in part]
        simpler = _without_extreme(self.expression, self.variable, span)
        if simpler is not None:
            return [run for part, e in simpler for run in self._within(part, e, lower, upper)]
        classes = period(self.expression)
        if classes is not None and 1 < classes <= self.limits.classes:
            raise Undecided(classes)
        return self._by_bounds(lower, upper, span)

    def _within(
        self, span: Span, simpler: Expr, lower: Exact | None, upper: Exact | None
    ) -> list[Span]:
        """The numbers of a part of a run, along which `simpler` has the same values."""
        inside = Values(simpler, self.variable, self.limits)
        found = inside.preimage(lower, upper, span)
        self.seen |= inside.seen
        self.complete = self.complete and inside.complete
        return found

    def _look_at_ends(self, span: Span) -> None:
        for end in span:
            if end is not None:
                self.at(end)

    def _by_bounds(self, lower: Exact | None, upper: Exact | None, span: Span) -> list[Span] | None:
        least, most = self.bounds(span)
        self.complete = False
        if lower is not None and most is not None and most < Rational(lower):
            return []
        if upper is not None and least is not None and least > Rational(upper):
            return []
        above = lower is None or (least is not None and least >= Rational(lower))
        below = upper is None or (most is not None and most <= Rational(upper))
        return [span] if above and below else None

    def _cut(self, span: Span) -> list[Span]:
        low, high = span
        if high is None:
            self._tails += 1
            if self._tails > _MOST_TAILS or (self._exponentials and low > self._far):
                raise Undecided
            return [(low, 2 * low), (2 * low + 1, None)]
        self._parts += 1
        if self._parts > self.limits.parts:
            self._afford(low, high)
            return [(n, min(n + _FEW - 1, high)) for n in range(low, high + 1, _FEW)]
        middle = isqrt(low * high) if high > 4 * low else (low + high) // 2
        return [(low, middle), (middle + 1, high)]

    def _one_by_one(
        self, lower: Exact | None, upper: Exact | None, low: int, high: int
    ) -> list[Span]:
        self._looked_at += self._afford(low, high)
        fits = []
        for n in range(low, high + 1):
            value = self.at(n)
            above = value is not None and (lower is None or value >= lower)
            if above and (upper is None or value <= upper):  # type: ignore[operator]
                fits.append(n)
        return spans_of(fits)

    def _afford(self, low: int, high: int) -> int:
        """The work of evaluating every number of a run; a power costs as much as it has digits."""
        work = (high - low + 1) * (1 + high // 16 if self._exponentials else 1)
        if self._looked_at + work > self.limits.values:
            raise Undecided
        return work

    def _way_of(self, piece: Span) -> Direction:
        """The direction along a piece on which there is only one, by its first neighbours."""
        low, high = piece
        if low == high:
            return Direction.CONSTANT
        first, second = self.at(low), self.at(low + 1)
        if first is None or second is None:
            raise Undecided
        return Direction.RISING if second >= first else Direction.FALLING

    # Pieces of one direction

    def _on_monotone(
        self, lower: Exact | None, upper: Exact | None, span: Span, way: Direction
    ) -> list[Span]:
        """The run of a piece of one direction that lies between the bounds."""
        self._look_at_ends(span)
        first, last = span
        sign = 1
        if way is Direction.FALLING:  # the negated value rises
            sign = -1
            lower, upper = (-b if b is not None else None for b in (upper, lower))
        if lower is not None:
            reaches = self._first(sign, lower, span, strict=False)
            if reaches is None:
                return []
            first = reaches
        if upper is not None:
            passes = self._first(sign, upper, (first, last), strict=True)
            last = last if passes is None else passes - 1
        return [(first, last)] if last is None or first <= last else []

    def _first(self, sign: int, bound: Exact, span: Span, *, strict: bool) -> int | None:
        """The first number of `span` at which the rising value reaches, or passes, `bound`."""
        low, high = span

        def there(n: int) -> bool:
            value = self.at(n)
            if value is None:
                raise Undecided
            return sign * value > bound or (not strict and sign * value == bound)

        if there(low):
            return low
        if high is not None:
            if not there(high):
                return None
        else:
            if self._stays_below(sign, bound, span, strict=strict):
                return None
            stride = 1
            while not there(low + stride):
                low, stride = low + stride, 2 * stride
                if stride.bit_length() > LIMITS.solution_bits:
                    raise Undecided
            high = low + stride
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if there(middle) else (middle, high)
        return high

    def _stays_below(self, sign: int, bound: Exact, span: Span, *, strict: bool) -> bool:
        """Whether an endless rise is known to end before `bound`."""
        least, most = self.bounds(span)
        furthest = most if sign > 0 else least
        if furthest is None:
            return False
        missing = Rational(bound) - sign * furthest
        stays = bool(missing >= 0 if strict else missing > 0)
        self.complete = self.complete and not stays
        return stays


def _computable(power: Expr, variable: Symbol, n: int) -> bool:
    try:
        evaluate(power, {variable: n})
    except ArithmeticRuleError:
        return True
    except EvaluationError:
        return False
    return True


def _pieces(expression: Expr, n: Symbol, span: Span) -> list[Span] | None:
    """`span` cut where a polynomial turns; ``None`` where the expression is none."""
    if expression.has(Max, Min) or period(expression) != 1 or _degree(expression) > _HIGHEST_DEGREE:
        return None
    return _cut_after_roots(expression.xreplace({n: n + 1}) - expression, n, span)


def _cut_after_roots(polynomial: Expr, n: Symbol, span: Span) -> list[Span]:
    """`span` in parts; all but the last number of each have values of one sign, none of them 0."""
    cuts: set[int] = set()
    plain = Poly(polynomial, n, domain="QQ")
    for (left, right), _ in () if plain.is_ground else plain.intervals(eps=Rational(1, 2)):
        cuts.update(range(int(left // 1) + 1, int(right // 1) + 2))
    low, high = span
    starts = [low, *sorted(cut for cut in cuts if cut > low and (high is None or cut <= high))]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), high], strict=True))


def turning_points(polynomial: Expr, n: Symbol, span: Span) -> list[int] | None:
    """The numbers of `span` from which on a polynomial may go another way; ``None`` if unknown.

    >>> from archcalc.symbolic import symbols
    >>> n = symbols("n")
    >>> turning_points(n*(10 - n), n, (1, 99))
    [5]
    """
    pieces = _pieces(polynomial, n, span)
    return None if pieces is None else [low for low, _ in pieces[1:]]


def _without_extreme(expression: Expr, n: Symbol, span: Span) -> list[tuple[Span, Expr]] | None:
    """`span` in parts, with an expression for each in which one maximum of polynomials is none."""
    extremes = expression.atoms(Max, Min)
    plain = [e for e in extremes if not any(a.has(Max, Min, FloorDiv) for a in e.args)]
    chosen = next((e for e in plain if period(e) == 1 and _degree(e) <= _HIGHEST_DEGREE), None)
    if chosen is None:
        return None
    parts = [span]
    for a, b in combinations(chosen.args, 2):
        parts = [piece for part in parts for piece in _cut_after_roots(a - b, n, part)]
    best = max if isinstance(chosen, Max) else min
    found = []
    for part in parts:
        known = {argument: evaluate(argument, {n: part[0]}) for argument in chosen.args}
        found.append((part, expression.xreplace({chosen: best(known, key=known.__getitem__)})))
    return found


def _degree(e: Expr) -> int:
    if isinstance(e, Add | Max | Min):
        return max(map(_degree, e.args))
    if isinstance(e, Mul):
        return sum(map(_degree, e.args))
    return _degree(e.base) * int(e.exp) if isinstance(e, Pow) else int(e.is_Symbol)


def _envelope(expression: Expr, n: Symbol, span: Span) -> Interval | None:
    """Bounds along `span` that keep each floor together with what it is the floor of."""
    if period(expression) is None or len(expression.atoms(FloorDiv)) > _MOST_FLOORS:
        return None
    low, high = span
    t = Dummy("t", integer=True, positive=True)
    lost: dict[Symbol, Interval] = {}
    smooth = _relaxed(expression, lost)
    if _degree(smooth) > _HIGHEST_DEGREE:
        return None
    lost[t] = (Integer(1), None if high is None else Integer(high - low + 1))
    return bounds(smooth.xreplace({n: t + (low - 1)}).expand(), lost)


def _relaxed(e: Expr, lost: dict[Symbol, Interval]) -> Expr:
    """`e` with every ``⌊x/q⌋`` as ``x/q − r``; bounds on each new ``r`` go into `lost`."""
    if isinstance(e, FloorDiv):
        q = e.divisor
        r = Dummy("r")
        lost[r] = (Integer(0), 1 - 1 / q)
        return _relaxed(e.numerator, lost) / q - r
    return e.func(*[_relaxed(a, lost) for a in e.args]) if e.args else e
