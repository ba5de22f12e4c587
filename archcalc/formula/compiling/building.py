"""From expressions to the steps of a program.

Fractions are kept out of the steps: a value is carried as a whole number over a divisor, and what
is divided, is divided at the end.  So ``a·(a − 1)/2`` is computed in integers, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm, prod

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, Rational, Symbol

from archcalc.formula.compiling.program import ArrayProgram, Body, Kind, Need, Step
from archcalc.formula.compiling.steps import MOST_FACTORS, Steps
from archcalc.symbolic.compare import at_least
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArithmeticRuleError, EvaluationError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.sums import Sum

__all__ = ["build"]


def build(
    expressions: Sequence[Expr],
    requirements: Sequence[Requirement] = (),
    sizes: Mapping[str, int] | None = None,
) -> ArrayProgram:
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
    return ArrayProgram(tuple(builder.steps.all), outputs, needs)


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
        self.steps = Steps(sizes)
        self._known: dict[Expr, _Ratio] = {}
        self._unsure: set[int] = set()
        """Steps by which something is divided and whose sign is not known."""

    # What is asked of a program

    def result(self, expression: Expr) -> int:
        """The step whose result is the value of `expression`."""
        return self._divided(Kind.QUOTIENT, self.of(expression))

    def need(self, requirement: Requirement) -> Need:
        """What `requirement` asks for, as a number that must be 0, or at least 0."""
        left, right = (self.of(plain(side)) for side in (requirement.left, requirement.right))
        if requirement.relation is Relation.MULTIPLE_OF:
            quotient = self._product([left, self._inverse(right)])
            under = self._under(quotient)
            floor = self.steps.emit(Kind.FLOOR, quotient.over, under)
            rest = self.steps.difference(quotient.over, self.steps.times([floor, under]))
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
                return _Ratio(self.steps.emit(Kind.INPUT, name=e.name))
            case Rational():
                return _Ratio(self.steps.constant(int(e.p)), int(e.q))
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
        args = (count, *(self.steps.emit(Kind.INPUT, name=name) for name in names))
        program = ArrayProgram(tuple(inner.steps.all), (term.over,), ())
        total = self.steps.made(Step(Kind.SUM, args, body=Body(program, e.index.name, names)))
        return _Ratio(total, term.constant)

    def _number(self, value: int) -> _Ratio:
        return _Ratio(self.steps.constant(value))

    def _sum(self, terms: Sequence[_Ratio]) -> _Ratio:
        overs, constant, under = self._common(terms)
        return _Ratio(self.steps.plus(overs), constant, under)

    def _common(self, parts: Sequence[_Ratio]) -> tuple[list[int], int, dict[int, int]]:
        """The numerators of `parts` over what is a divisor of them all, and that divisor."""
        constant = lcm(*[part.constant for part in parts])
        under: dict[int, int] = {}
        for part in parts:
            under.update({s: max(p, under.get(s, 0)) for s, p in part.under.items()})
        overs = []
        for part in parts:
            rest = [self.steps.raised(s, p - part.under.get(s, 0)) for s, p in under.items()]
            number = self.steps.constant(constant // part.constant)
            overs.append(self.steps.times([part.over, number, *rest]))
        return overs, constant, under

    def _product(self, factors: Sequence[_Ratio]) -> _Ratio:
        under: dict[int, int] = {}
        for factor in factors:
            for s, p in factor.under.items():
                under[s] = under.get(s, 0) + p
        return _Ratio(
            self.steps.times([f.over for f in factors]), prod(f.constant for f in factors), under
        )

    def _power(self, base: Expr, exponent: Expr) -> _Ratio:
        value = self.of(base)
        positive = bool(at_least(base, 1)) and not self._flips(value)
        if isinstance(exponent, Integer) and abs(int(exponent)) <= MOST_FACTORS:
            n = int(exponent)
            return self._to_the(value if n > 0 else self._inverse(value, positive), abs(n))
        under = self._under(value)
        raised = self._divided(Kind.WHOLE, self.of(exponent))
        if at_least(exponent, 0):
            over, below = (self.steps.emit(Kind.POWER, s, raised) for s in (value.over, under))
            positive = not self._flips(value)
        else:
            zero = self.steps.constant(0)
            up = self.steps.emit(Kind.MAXIMUM, raised, zero)
            down = self.steps.emit(Kind.MAXIMUM, self.steps.difference(zero, raised), zero)
            over = self._crossed(value.over, up, under, down)
            below = self._crossed(under, up, value.over, down)
        return self._product([_Ratio(over), self._inverse(_Ratio(below), positive)])

    def _crossed(self, a: int, up: int, b: int, down: int) -> int:
        return self.steps.times(
            [self.steps.emit(Kind.POWER, a, up), self.steps.emit(Kind.POWER, b, down)]
        )

    def _to_the(self, value: _Ratio, n: int) -> _Ratio:
        under = {s: p * n for s, p in value.under.items()}
        return _Ratio(self.steps.raised(value.over, n), value.constant**n, under)

    def _inverse(self, value: _Ratio, positive: bool = True) -> _Ratio:
        over = self._under(value)
        divisor = self.steps.all[value.over]
        if divisor.kind is Kind.CONSTANT:
            if divisor.value == 0:
                raise ArithmeticRuleError("1 cannot be divided by zero")
            sign = self.steps.constant(1 if divisor.value > 0 else -1)
            return _Ratio(self.steps.times([over, sign]), abs(divisor.value))
        if not positive:
            self._unsure.add(value.over)
        return _Ratio(over, 1, {value.over: 1})

    def _extreme(self, kind: Kind, args: Iterable[Expr]) -> _Ratio:
        overs, constant, under = self._common([self.of(a) for a in args])
        flip = self._flips(_Ratio(0, 1, under))
        if flip:  # over a square, numerators compare as the values do
            by = self.steps.times([self.steps.raised(s, under[s]) for s in flip])
            overs = [self.steps.times([over, by]) for over in overs]
            under |= {s: 2 * under[s] for s in flip}
        return _Ratio(self.steps.folded(kind, overs), constant, under)

    def _signed(self, value: _Ratio) -> int:
        """A step with the sign of `value`."""
        return self.steps.times([value.over, *self._flips(value)])

    def _flips(self, value: _Ratio) -> list[int]:
        """The steps that may turn the sign of `value` when it is divided by them."""
        return [s for s, power in value.under.items() if power % 2 and s in self._unsure]

    def _divided(self, kind: Kind, value: _Ratio) -> int:
        return self.steps.emit(kind, value.over, self._under(value))

    def _under(self, value: _Ratio) -> int:
        parts = [self.steps.raised(s, p) for s, p in value.under.items()]
        return self.steps.times([self.steps.constant(value.constant), *parts])
