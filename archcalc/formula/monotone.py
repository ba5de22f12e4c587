"""Whether an expression rises or falls as one of its symbols grows, read off its structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeAlias

from sympy import Add, Dummy, Expr, Integer, Max, Min, Mul, Pow, Rational, S, Symbol

from archcalc.symbolic.compare import bounds
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.interval import Interval, added, multiplied, negated
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.sums import Sum

__all__ = ["Direction", "direction"]

_HIGHEST_DEGREE = 32
"""Polynomials of a higher degree are not multiplied out to see whether they rise."""


class Direction(Enum):
    """How a value answers when a symbol grows; rising and falling include standing still."""

    CONSTANT = 0
    RISING = 1
    FALLING = -1
    UNDECIDED = None

    @property
    def decided(self) -> bool:
        """Whether it is known."""
        return self is not Direction.UNDECIDED


Sign: TypeAlias = int | None
"""1 for never negative, −1 for never positive, 0 for zero, ``None`` for not known."""

_WHOLE_LINE: Interval = (None, None)


def direction(
    expression: Expr | int, variable: Symbol, known: Mapping[Symbol, Interval] | None = None
) -> Direction:
    """Whether `expression` rises or falls as `variable` grows by steps of one.

    A decided answer holds for all values of the other symbols; `UNDECIDED` says only that the
    structure does not show it.

    Args:
        expression: an expression of positive-integer symbols.
        variable: the symbol that grows.
        known: bounds on symbols, `variable` among them; without bounds a symbol is at least 1.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> k, n = symbols("k n")
    >>> side = FloorDiv(29 - k, 2)
    >>> direction(n*side**2, n), direction(n*side**2, k)
    (<Direction.RISING: 1>, <Direction.UNDECIDED: None>)
    >>> direction(n*side**2, k, {k: (1, 28)}), direction(k**2 - 3*k, k)
    (<Direction.FALLING: -1>, <Direction.RISING: 1>)
    >>> direction(FloorDiv(n + 2**k - 1, 2**k), k)
    <Direction.FALLING: -1>
    """
    sympified = {
        s: (None if low is None else Rational(low), None if high is None else Rational(high))
        for s, (low, high) in (known or {}).items()
    }
    return _Analysis(variable, sympified).of(plain(expression))


class _Analysis:
    """The directions of all parts of one expression, each found once."""

    def __init__(self, variable: Symbol, known: Mapping[Symbol, Interval]) -> None:
        self.variable = variable
        self.known = dict(known)
        self.low, self.high = self.known.setdefault(variable, (Integer(1), None))
        self.found: dict[Expr, Direction] = {}

    def of(self, e: Expr) -> Direction:
        if e not in self.found:
            self.found[e] = self._decide(e)
        return self.found[e]

    def _decide(self, e: Expr) -> Direction:
        if e == self.variable:
            return Direction.RISING
        if self.is_constant(e):
            return Direction.CONSTANT
        by_structure = self._by_structure(e)
        return by_structure if by_structure.decided else _by_steps(self.steps(e))

    def _by_structure(self, e: Expr) -> Direction:
        if isinstance(e, Add):
            return _joined(self.of(term) for term in e.args)
        if isinstance(e, Mul):
            return self._product(e.args)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, FloorDiv):  # a floor never turns a rise into a fall
            return self._product((_without_whole_parts(e), Pow(e.divisor, -1)))
        if isinstance(e, Max | Min):
            return _joined(self.of(a) for a in self._that_matter(e))
        return self._copies(e) if isinstance(e, Sum) else Direction.UNDECIDED

    def is_constant(self, e: Expr) -> bool:
        return self.variable not in e.free_symbols

    def bounds(self, e: Expr) -> Interval:
        return bounds(e, self.known)

    def sign(self, e: Expr) -> Sign:
        low, high = self.bounds(e)
        if low is not None and low >= 0:
            return 0 if high is not None and high <= 0 else 1
        if isinstance(e, Pow) and self.sign(e.base) == 1:
            return 1  # whatever the exponent
        if isinstance(e, FloorDiv) and self.sign(e.numerator) == self.sign(e.divisor) == 1:
            return 1  # whatever the divisor
        return -1 if high is not None and high <= 0 else None

    # Rules

    def _product(self, factors: Iterable[Expr]) -> Direction:
        """Each factor pulls the way it goes, turned round where the other factors are negative."""
        parts = self._rounded_down(list(factors))
        if any(sign == 0 for _, sign in parts):
            return Direction.CONSTANT
        pulls = []
        for i, (way, _) in enumerate(parts):
            if way is not Direction.CONSTANT:
                others = [sign for j, (_, sign) in enumerate(parts) if j != i]
                pulls.append(_turned(way, _product_sign(others)))
        return _joined(pulls)

    def _rounded_down(self, factors: list[Expr]) -> list[tuple[Direction, Sign]]:
        """Where each factor goes; ``2**n*(x//2**n)``, which is `x` rounded down, as one that falls.

        It falls because a multiple of ``2**(n + 1)`` is one of ``2**n`` as well.
        """
        found = []
        for power in [f for f in factors if isinstance(f, Pow) and self._doubles(f)]:
            floor = next((f for f in factors if self._is_floor_by(f, power)), None)
            if floor is not None:
                factors = [f for f in factors if f is not power and f is not floor]
                found.append((Direction.FALLING, 1))
        return [*found, *((self.of(factor), self.sign(factor)) for factor in factors)]

    def _doubles(self, e: Pow) -> bool:
        """Whether `e` is a power of a whole number whose exponent rises by whole steps."""
        step = e.exp.diff(self.variable)
        return bool(isinstance(e.base, Integer) and step.is_Integer and step > 0)

    def _is_floor_by(self, e: Expr, power: Pow) -> bool:
        if not isinstance(e, FloorDiv) or not self.is_constant(e.numerator):
            return False
        moving = [f for f in Mul.make_args(e.divisor) if not self.is_constant(f)]
        same = len(moving) == 1 and isinstance(moving[0], Pow) and moving[0].base == power.base
        if not same or self.sign(e.divisor) != 1 or self.sign(e.numerator) != 1:
            return False
        return self.is_constant((moving[0].exp - power.exp).expand())

    def _power(self, e: Pow) -> Direction:
        base, exponent = e.base, e.exp
        low, high = self.bounds(base)
        if isinstance(exponent, Integer):
            return self._whole_power(self.of(base), low, high, int(exponent))
        if low is not None and low >= 1 and self.sign(exponent) == 1:
            return _joined([self.of(base), self.of(exponent)])
        if self.is_constant(base) and low is not None:
            if low >= 1:
                return self.of(exponent)
            if low > 0 and high is not None and high <= 1:
                return _turned(self.of(exponent), -1)
        return Direction.UNDECIDED

    @staticmethod
    def _whole_power(
        way: Direction, low: Rational | None, high: Rational | None, exponent: int
    ) -> Direction:
        above, below = low is not None and low >= 0, high is not None and high <= 0
        if exponent > 0:
            if above or exponent % 2:
                return way
            return _turned(way, -1) if below else Direction.UNDECIDED
        if above and low != 0:
            return _turned(way, -1)
        if below and high != 0:
            return _turned(way, -1) if exponent % 2 else way
        return Direction.UNDECIDED

    def _copies(self, e: Sum) -> Direction:
        """Each copy goes its own way, and one more of them adds what it holds."""
        _, most = self.bounds(e.count)
        last = None if most is None else max(most - 1, S.Zero)
        copy = _Analysis(self.variable, {**self.known, e.index: (S.Zero, last)})
        more = self.of(e.count)
        if more is not Direction.CONSTANT:
            more = _turned(more, copy.sign(e.term))
        return _joined([copy.of(e.term), more])

    def _that_matter(self, e: Max | Min) -> list[Expr]:
        """The arguments of a maximum or minimum without those that another one always beats."""
        ends = [self.bounds(a) for a in e.args]
        if isinstance(e, Min):
            ends = list(map(negated, ends))
        floor = max((low for low, _ in ends if low is not None), default=None)
        return [
            a
            for a, (_, high) in zip(e.args, ends, strict=True)
            if floor is None or high is None or high >= floor
        ]

    # Steps: bounds on e(n + 1) − e(n)

    def steps(self, e: Expr) -> Interval:
        if self.is_constant(e):
            return S.Zero, S.Zero
        if self._is_smooth(e):
            return self._smooth_steps(e)
        if isinstance(e, Add):
            return self._sum_steps(e)
        if isinstance(e, Mul):
            return self._product_steps(e)
        if isinstance(e, FloorDiv) and isinstance(e.divisor, Integer) and e.divisor > 0:
            low, high = self.steps(e.numerator)
            q = e.divisor
            return (None if low is None else low // q), (None if high is None else -(-high // q))
        return self._structural_steps(e)

    def _structural_steps(self, e: Expr) -> Interval:
        way = self.found.get(e) or self._by_structure(e)
        if way is Direction.RISING:
            return S.Zero, None
        return (None, S.Zero) if way is Direction.FALLING else _WHOLE_LINE

    def _sum_steps(self, e: Add) -> Interval:
        smooth = [term for term in e.args if self._is_smooth(term)]
        rough = [term for term in e.args if not self._is_smooth(term)]
        return added([self.steps(Add(*smooth)), *[self.steps(term) for term in rough]])

    def _product_steps(self, e: Mul) -> Interval:
        constant, moving = e.as_independent(self.variable, as_Add=False)
        if constant is S.One:
            return self._structural_steps(e)
        return multiplied(self.bounds(constant), self.steps(moving))

    def _is_smooth(self, e: Expr) -> bool:
        """Whether `e` is a polynomial, or one with powers such as ``4**n``."""
        if self.is_constant(e) or e == self.variable:
            return True
        if isinstance(e, Pow):
            if self.is_constant(e.base):
                return bool(e.exp.is_Add or e.exp.is_Mul or e.exp == self.variable)
            whole = isinstance(e.exp, Integer) and 0 < int(e.exp) <= _HIGHEST_DEGREE
            return whole and self._is_smooth(e.base)
        return isinstance(e, Add | Mul) and all(map(self._is_smooth, e.args))

    def _smooth_steps(self, e: Expr) -> Interval:
        """Counted from the lower end, where the coefficients show the sign."""
        if _degree(e) > _HIGHEST_DEGREE or self.low is None:
            return _WHOLE_LINE
        t = Dummy("t", integer=True, positive=True)
        now = self.low - 1 + t
        step = e.xreplace({self.variable: now + 1}) - e.xreplace({self.variable: now})
        last = None if self.high is None else max(self.high - self.low, S.One)
        known = {**self.known, t: (S.One, last)}
        coefficients: dict[Expr, list[Expr]] = {}
        for term in Add.make_args(step.expand()):
            flat, exponential = _split_exponential(term, t)
            coefficients.setdefault(exponential, []).append(flat)
        return added(
            multiplied(bounds(Add(*parts), known), bounds(exponential, known))
            for exponential, parts in coefficients.items()
        )


def _without_whole_parts(e: FloorDiv) -> Expr:
    """The numerator without multiples of the divisor, which come out of a floor as they are.

    So a ceiling, ``(h + 2**i - 1)//2**i``, is seen to fall as ``(h - 1)//2**i`` does.
    """
    each, divisor = e.divisor.as_coeff_Mul()
    split = [(term, *term.as_coeff_Mul()) for term in Add.make_args(e.numerator)]
    return Add(*(t for t, times, rest in split if rest != divisor or not (times / each).is_Integer))


def _split_exponential(term: Expr, t: Symbol) -> tuple[Expr, Expr]:
    """``3*t*4**t`` as ``3*t`` and ``4**t``."""
    flat: list[Expr] = []
    exponential: list[Expr] = []
    for factor in Mul.make_args(term):
        moves = isinstance(factor, Pow) and t in factor.exp.free_symbols
        (exponential if moves else flat).append(factor)
    return Mul(*flat), Mul(*exponential)


def _by_steps(steps: Interval) -> Direction:
    low, high = steps
    if low is not None and low >= 0:
        return Direction.RISING
    return Direction.FALLING if high is not None and high <= 0 else Direction.UNDECIDED


def _joined(ways: Iterable[Direction]) -> Direction:
    """What moves every one of `ways` at once: they must not pull against one another."""
    moving = {way for way in ways if way is not Direction.CONSTANT}
    if not moving:
        return Direction.CONSTANT
    return moving.pop() if len(moving) == 1 else Direction.UNDECIDED


def _turned(way: Direction, sign: Sign) -> Direction:
    """`way` seen through a factor of that sign."""
    if sign is None or not way.decided:
        return Direction.UNDECIDED
    return Direction(way.value * sign)


def _product_sign(signs: Iterable[Sign]) -> Sign:
    product = 1
    for sign in signs:
        if sign is None:
            return None
        product *= sign
    return product


def _degree(e: Expr) -> int:
    """An upper bound on the degree of a polynomial in all of its symbols."""
    if isinstance(e, Mul):
        return sum(map(_degree, e.args))
    if isinstance(e, Add):
        return max(map(_degree, e.args))
    if isinstance(e, Pow) and isinstance(e.exp, Integer):
        return _degree(e.base) * max(int(e.exp), 1)
    return 1 if e.free_symbols else 0
