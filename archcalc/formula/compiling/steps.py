"""Making steps: each one once, what is known at once not at all, and sums in a good order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import prod

from sympy import Rational

from archcalc.formula.compiling.program import Kind, Step
from archcalc.symbolic.errors import ArithmeticRuleError, EvaluationError
from archcalc.symbolic.limits import LIMITS

__all__ = ["MOST_FACTORS", "Steps"]

_USUAL_SIZE = 100
MOST_FACTORS = 64
"""A power with a number for its exponent is multiplied out up to this exponent."""
_MOST_GROUPS = 24
"""Among more groups than this, not every pair is compared."""


class Steps:
    """The steps of a program while it is made, known by their places.

    Args:
        sizes: how many values each symbol takes, where that is known.

    Attributes:
        all: the steps, each after those that it takes.
        axes: the symbols on which each of them depends.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.all: list[Step] = []
        self.axes: list[frozenset[str]] = []
        self._at: dict[Step, int] = {}

    def constant(self, value: int) -> int:
        """A number."""
        return self.emit(Kind.CONSTANT, value=value)

    def raised(self, base: int, n: int) -> int:
        """A power by squaring."""
        if n > MOST_FACTORS:
            return self.emit(Kind.POWER, base, self.constant(n))
        if n == 0:
            return self.constant(1)
        half = self.raised(base, n // 2)
        return self.times([half, half, *([base] if n % 2 else [])]) if n > 1 else base

    def times(self, factors: Sequence[int]) -> int:
        """A product."""
        return self.folded(Kind.MULTIPLY, factors or [self.constant(1)])

    def difference(self, a: int, b: int) -> int:
        """One less another."""
        return self.emit(Kind.SUBTRACT, a, b)

    def plus(self, terms: Sequence[int]) -> int:
        """A sum; what is subtracted is put together as what is added."""
        added, taken = list[int](), list[int]()
        for term in terms:
            rest = self._negated(term)
            if rest is None:
                added.append(term)
            else:
                taken.append(rest)
        zero = [self.constant(0)]
        if not taken:
            return self.folded(Kind.ADD, added or zero)
        if not added:
            return self.difference(zero[0], self.folded(Kind.ADD, taken))
        return self.difference(self.folded(Kind.ADD, added), self.folded(Kind.ADD, taken))

    def _negated(self, at: int) -> int | None:
        """What `at` is minus one times of, if it is such a product."""
        step = self.all[at]
        minus = self.constant(-1)
        if step.kind is Kind.MULTIPLY and minus in step.args:
            return step.args[1 - step.args.index(minus)]
        return None

    def folded(self, kind: Kind, parts: Sequence[int]) -> int:
        """All of `parts` put together by `kind`, those on the smaller axes first."""
        groups: dict[frozenset[str], int] = {}
        for part in sorted(parts):
            axes = self.axes[part]
            groups[axes] = self.emit(kind, groups[axes], part) if axes in groups else part
        while len(groups) > 1:
            a, b = self._next_pair(list(groups))
            joined = self.emit(kind, groups.pop(a), groups.pop(b))
            axes = self.axes[joined]
            groups[axes] = self.emit(kind, groups[axes], joined) if axes in groups else joined
        return next(iter(groups.values()))

    def _next_pair(self, groups: Sequence[frozenset[str]]) -> Sequence[frozenset[str]]:
        """The two groups that make the least work put together; of many, the two smallest."""
        if len(groups) > _MOST_GROUPS:
            return sorted(groups, key=self._size)[:2]
        return min(combinations(groups, 2), key=lambda pair: self._size(pair[0] | pair[1]))

    def _size(self, axes: frozenset[str]) -> tuple[int, tuple[str, ...]]:
        return prod(self.sizes.get(name, _USUAL_SIZE) for name in axes), tuple(sorted(axes))

    def emit(self, kind: Kind, *args: int, value: int = 0, name: str = "") -> int:
        """The step, which is made once; with numbers for arguments, it is their value."""
        numbers = [self.all[a].value for a in args if self.all[a].kind is Kind.CONSTANT]
        if args and len(numbers) == len(args) and kind is not Kind.QUOTIENT:
            return self.constant(_ON_NUMBERS[kind](*numbers))
        if args:
            plain = self._neutral(kind, *args)
            if plain is not None:
                return plain
        if kind in _SYMMETRIC:
            args = tuple(sorted(args))
        return self.made(Step(kind, args, value, name))

    def made(self, step: Step) -> int:
        """The place of a step, which is made once."""
        if step not in self._at:
            self._at[step] = len(self.all)
            self.all.append(step)
            own = {step.name} if step.name else set()
            self.axes.append(frozenset(own.union(*(self.axes[a] for a in step.args))))
        return self._at[step]

    def _neutral(self, kind: Kind, a: int, b: int) -> int | None:
        """What the step comes to without being done, if it does."""
        left, right = self.all[a], self.all[b]
        zero, one = Step(Kind.CONSTANT, value=0), Step(Kind.CONSTANT, value=1)
        match kind:
            case Kind.ADD if zero in (left, right):
                return b if left == zero else a
            case Kind.MULTIPLY if one in (left, right):
                return b if left == one else a
            case Kind.MULTIPLY if zero in (left, right):
                return self.constant(0)
            case Kind.SUBTRACT if right == zero:
                return a
            case Kind.FLOOR | Kind.QUOTIENT | Kind.WHOLE | Kind.POWER if right == one:
                return a
            case Kind.POWER if left == one:
                return a
            case Kind.MAXIMUM | Kind.MINIMUM if a == b:
                return a
        return None


_SYMMETRIC = frozenset({Kind.ADD, Kind.MULTIPLY, Kind.MAXIMUM, Kind.MINIMUM})


def _floor(a: int, b: int) -> int:
    if b == 0:
        raise ArithmeticRuleError(f"{a} cannot be divided by zero")
    return a // b


def _whole(a: int, b: int) -> int:
    quotient = _floor(a, b)
    if quotient * b != a:
        raise EvaluationError(f"the exponent {Rational(a, b)} is not a whole number")
    return quotient


def _raise(a: int, b: int) -> int:
    if abs(a) > 1 and b * a.bit_length() > LIMITS.early_power_bits:
        raise EvaluationError(f"{a}^{b} is too large to compute", code="too-large")
    return int(a**b)


_ON_NUMBERS: Mapping[Kind, Callable[[int, int], int]] = {
    Kind.ADD: lambda a, b: a + b,
    Kind.SUBTRACT: lambda a, b: a - b,
    Kind.MULTIPLY: lambda a, b: a * b,
    Kind.POWER: _raise,
    Kind.FLOOR: _floor,
    Kind.MAXIMUM: max,
    Kind.MINIMUM: min,
    Kind.WHOLE: _whole,
}
