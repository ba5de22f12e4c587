"""From expressions to the steps of a program.

Fractions are kept out of the steps: a value is carried as a whole number over a divisor, and what
is divided, is divided at the end.  So ``a·(a − 1)/2`` is computed in integers, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import lcm, prod

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, Rational, Symbol

from archcalc.formula.sweeping.program import Body, Kind, Need, Program, Step
from archcalc.symbolic.compare import at_least
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArithmeticRuleError, EvaluationError
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.sums import Sum
from archcalc.symbolic.written import evaluated

__all__ = ["build"]

_USUAL_SIZE = 100
_MOST_FACTORS = 64
"""A power with a number for its exponent is multiplied out up to this exponent."""
_MOST_BITS = 100_000


def build(
    expressions: Sequence[Expr],
    requirements: Sequence[Requirement] = (),
    sizes: Mapping[str, int] | None = None,
) -> Program:
    """The program that computes `expressions`, and what `requirements` ask for.

    Args:
        expressions: plain expressions of positive-integer symbols.
        requirements: what must hold.
        sizes: how many values each symbol takes, if that is known: what comes in sums and
            products is put together in the order that makes the fewest passes over the large axes.

    Raises:
        EvaluationError: something in an expression cannot be computed exactly.
    """
    builder = _Builder(sizes or {})
    outputs = tuple(builder.result(e) for e in expressions)
    needs = tuple(builder.need(r) for r in requirements)
    return Program(tuple(builder.steps), outputs, needs)


@dataclass(frozen=True)
class _Ratio:
    """A whole number over ``constant · ∏ step^power``.

    Attributes:
        over: the step of the numerator.
        constant: a positive integer.
        under: steps that divide, each with its power.
    """

    over: int
    constant: int = 1
    under: Mapping[int, int] = field(default_factory=dict)


class _Builder:
    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.steps: list[Step] = []
        self.axes: list[frozenset[str]] = []
        self._at: dict[Step, int] = {}
        self._known: dict[Expr, _Ratio] = {}
        self._unsure: set[int] = set()
        """Steps by which something is divided and whose sign is not known."""

    # What is asked of a program

    def result(self, expression: Expr) -> int:
        """The step whose result is the value of `expression`."""
        return self._divided(Kind.QUOTIENT, self.of(expression))

    def need(self, requirement: Requirement) -> Need:
        """What `requirement` asks for, as a number that must be 0, or at least 0."""
        left, right = (self.of(evaluated(side)) for side in (requirement.left, requirement.right))
        if requirement.relation is Relation.MULTIPLE_OF:
            quotient = self._product([left, self._inverse(right)])
            under = self._under(quotient)
            floor = self._emit(Kind.FLOOR, quotient.over, under)
            rest = self._difference(quotient.over, self._times([floor, under]))
            return Need(rest, exactly=True)
        gap = self._sum([left, self._product([self._number(-1), right])])
        if requirement.relation is Relation.EQUAL:
            return Need(gap.over, exactly=True)
        return Need(self._signed(gap), exactly=False)

    # Expressions

    def of(self, e: Expr) -> _Ratio:
        """The value of `e`, computed once however often it occurs."""
        found = self._known.get(e)
        if found is None:
            found = self._known[e] = self._read(e)
        return found

    def _read(self, e: Expr) -> _Ratio:
        match e:
            case Symbol():
                return _Ratio(self._emit(Kind.INPUT, name=e.name))
            case Rational():
                return _Ratio(self._constant(int(e.p)), int(e.q))
            case Add():
                return self._sum([self.of(a) for a in e.args])
            case Mul():
                return self._product([self.of(a) for a in e.args])
            case Pow():
                return self._power(e.base, e.exp)
            case FloorDiv():
                parts = [self.of(e.numerator), self._inverse(self.of(e.divisor))]
                quotient = self._product(parts)
                return _Ratio(self._divided(Kind.FLOOR, quotient))
            case Max():
                return self._extreme(Kind.MAXIMUM, e.args)
            case Min():
                return self._extreme(Kind.MINIMUM, e.args)
            case Sum():
                return self._added_up(e)
        raise EvaluationError(f"{type(e).__name__} cannot be evaluated exactly")

    def _added_up(self, e: Sum) -> _Ratio:
        """A sum over copies: a program of its own for the term."""
        inner = _Builder(self.sizes)
        term = inner.of(e.term)
        if term.under:
            raise EvaluationError(
                f"a sum of quotients by what is no number cannot be compiled: {to_text(e)}",
                code="sum-of-quotients",
                hint="evaluate the formula at one configuration after another",
            )
        names = tuple(sorted(s.name for s in e.term.free_symbols - {e.index}))
        count = self._divided(Kind.WHOLE, self.of(e.count))
        args = (count, *(self._emit(Kind.INPUT, name=name) for name in names))
        program = Program(tuple(inner.steps), (term.over,), ())
        total = self._made(Step(Kind.SUM, args, body=Body(program, e.index.name, names)))
        return _Ratio(total, term.constant)

    def _number(self, value: int) -> _Ratio:
        return _Ratio(self._constant(value))

    def _sum(self, terms: Sequence[_Ratio]) -> _Ratio:
        overs, constant, under = self._common(terms)
        return _Ratio(self._plus(overs), constant, under)

    def _common(self, parts: Sequence[_Ratio]) -> tuple[list[int], int, dict[int, int]]:
        """The numerators of `parts` over what is a divisor of them all, and that divisor."""
        constant = lcm(*[part.constant for part in parts])
        under: dict[int, int] = {}
        for part in parts:
            under.update({s: max(p, under.get(s, 0)) for s, p in part.under.items()})
        overs = []
        for part in parts:
            rest = [self._raised(s, p - part.under.get(s, 0)) for s, p in under.items()]
            number = self._constant(constant // part.constant)
            overs.append(self._times([part.over, number, *rest]))
        return overs, constant, under

    def _product(self, factors: Sequence[_Ratio]) -> _Ratio:
        under: dict[int, int] = {}
        for factor in factors:
            for s, p in factor.under.items():
                under[s] = under.get(s, 0) + p
        return _Ratio(
            self._times([f.over for f in factors]), prod(f.constant for f in factors), under
        )

    def _power(self, base: Expr, exponent: Expr) -> _Ratio:
        value = self.of(base)
        positive = bool(at_least(base, 1)) and not self._flips(value)
        if isinstance(exponent, Integer) and abs(int(exponent)) <= _MOST_FACTORS:
            n = int(exponent)
            return self._to_the(value if n > 0 else self._inverse(value, positive), abs(n))
        under = self._under(value)
        raised = self._divided(Kind.WHOLE, self.of(exponent))
        if at_least(exponent, 0):
            over, below = (self._emit(Kind.POWER, s, raised) for s in (value.over, under))
            positive = not self._flips(value)
        else:
            zero = self._constant(0)
            up = self._emit(Kind.MAXIMUM, raised, zero)
            down = self._emit(Kind.MAXIMUM, self._difference(zero, raised), zero)
            over = self._crossed(value.over, up, under, down)
            below = self._crossed(under, up, value.over, down)
        return self._product([_Ratio(over), self._inverse(_Ratio(below), positive)])

    def _crossed(self, a: int, up: int, b: int, down: int) -> int:
        return self._times([self._emit(Kind.POWER, a, up), self._emit(Kind.POWER, b, down)])

    def _to_the(self, value: _Ratio, n: int) -> _Ratio:
        under = {s: p * n for s, p in value.under.items()}
        return _Ratio(self._raised(value.over, n), value.constant**n, under)

    def _inverse(self, value: _Ratio, positive: bool = True) -> _Ratio:
        over = self._under(value)
        divisor = self.steps[value.over]
        if divisor.kind is Kind.CONSTANT:
            if divisor.value == 0:
                raise ArithmeticRuleError("1 cannot be divided by zero")
            sign = self._constant(1 if divisor.value > 0 else -1)
            return _Ratio(self._times([over, sign]), abs(divisor.value))
        if not positive:
            self._unsure.add(value.over)
        return _Ratio(over, 1, {value.over: 1})

    def _extreme(self, kind: Kind, args: Iterable[Expr]) -> _Ratio:
        overs, constant, under = self._common([self.of(a) for a in args])
        flip = self._flips(_Ratio(0, 1, under))
        if flip:  # over a square, numerators compare as the values do
            by = self._times([self._raised(s, under[s]) for s in flip])
            overs = [self._times([over, by]) for over in overs]
            under |= {s: 2 * under[s] for s in flip}
        return _Ratio(self._folded(kind, overs), constant, under)

    def _signed(self, value: _Ratio) -> int:
        """A step with the sign of `value`."""
        return self._times([value.over, *self._flips(value)])

    def _flips(self, value: _Ratio) -> list[int]:
        """The steps that may turn the sign of `value` when it is divided by them."""
        return [s for s, power in value.under.items() if power % 2 and s in self._unsure]

    # Steps

    def _divided(self, kind: Kind, value: _Ratio) -> int:
        return self._emit(kind, value.over, self._under(value))

    def _under(self, value: _Ratio) -> int:
        parts = [self._raised(s, p) for s, p in value.under.items()]
        return self._times([self._constant(value.constant), *parts])

    def _constant(self, value: int) -> int:
        return self._emit(Kind.CONSTANT, value=value)

    def _raised(self, base: int, n: int) -> int:
        """A power by squaring."""
        if n > _MOST_FACTORS:
            return self._emit(Kind.POWER, base, self._constant(n))
        if n == 0:
            return self._constant(1)
        half = self._raised(base, n // 2)
        return self._times([half, half, *([base] if n % 2 else [])]) if n > 1 else base

    def _times(self, factors: Sequence[int]) -> int:
        return self._folded(Kind.MULTIPLY, factors or [self._constant(1)])

    def _difference(self, a: int, b: int) -> int:
        return self._emit(Kind.SUBTRACT, a, b)

    def _plus(self, terms: Sequence[int]) -> int:
        """A sum; what is subtracted is put together as what is added."""
        added, taken = list[int](), list[int]()
        for term in terms:
            rest = self._negated(term)
            if rest is None:
                added.append(term)
            else:
                taken.append(rest)
        zero = [self._constant(0)]
        if not taken:
            return self._folded(Kind.ADD, added or zero)
        if not added:
            return self._difference(zero[0], self._folded(Kind.ADD, taken))
        return self._difference(self._folded(Kind.ADD, added), self._folded(Kind.ADD, taken))

    def _negated(self, at: int) -> int | None:
        """What `at` is minus one times of, if it was written so."""
        step = self.steps[at]
        minus = self._constant(-1)
        if step.kind is Kind.MULTIPLY and minus in step.args:
            return step.args[1 - step.args.index(minus)]
        return None

    def _folded(self, kind: Kind, parts: Sequence[int]) -> int:
        """All of `parts` put together by `kind`, those on the smaller axes first."""
        groups: dict[frozenset[str], int] = {}
        for part in sorted(parts):
            axes = self.axes[part]
            groups[axes] = self._emit(kind, groups[axes], part) if axes in groups else part
        while len(groups) > 1:
            a, b = min(combinations(groups, 2), key=lambda pair: self._size(pair[0] | pair[1]))
            joined = self._emit(kind, groups.pop(a), groups.pop(b))
            axes = self.axes[joined]
            groups[axes] = self._emit(kind, groups[axes], joined) if axes in groups else joined
        return next(iter(groups.values()))

    def _size(self, axes: frozenset[str]) -> tuple[int, tuple[str, ...]]:
        return prod(self.sizes.get(name, _USUAL_SIZE) for name in axes), tuple(sorted(axes))

    def _emit(self, kind: Kind, *args: int, value: int = 0, name: str = "") -> int:
        """The step, which is made once; with numbers for arguments, it is their value."""
        numbers = [self.steps[a].value for a in args if self.steps[a].kind is Kind.CONSTANT]
        if args and len(numbers) == len(args) and kind is not Kind.QUOTIENT:
            return self._constant(_ON_NUMBERS[kind](*numbers))
        if args:
            plain = self._neutral(kind, *args)
            if plain is not None:
                return plain
        if kind in _SYMMETRIC:
            args = tuple(sorted(args))
        return self._made(Step(kind, args, value, name))

    def _made(self, step: Step) -> int:
        if step not in self._at:
            self._at[step] = len(self.steps)
            self.steps.append(step)
            own = {step.name} if step.name else set()
            self.axes.append(frozenset(own.union(*(self.axes[a] for a in step.args))))
        return self._at[step]

    def _neutral(self, kind: Kind, a: int, b: int) -> int | None:
        """What the step comes to without being done, if it does."""
        left, right = self.steps[a], self.steps[b]
        zero, one = Step(Kind.CONSTANT, value=0), Step(Kind.CONSTANT, value=1)
        match kind:
            case Kind.ADD if zero in (left, right):
                return b if left == zero else a
            case Kind.MULTIPLY if one in (left, right):
                return b if left == one else a
            case Kind.MULTIPLY if zero in (left, right):
                return self._constant(0)
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
    if abs(a) > 1 and b * a.bit_length() > _MOST_BITS:
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
