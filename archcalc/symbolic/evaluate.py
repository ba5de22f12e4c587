"""Exact evaluation of an expression at numbers, in Python integers and fractions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import TypeAlias

from sympy import Add, Expr, Max, Min, Mul, Pow, Rational, Symbol

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArithmeticRuleError, EvaluationError, shorten
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul
from archcalc.symbolic.sums import Sum

__all__ = ["Exact", "evaluate"]

Exact: TypeAlias = int | Fraction


def evaluate(expression: Expr | int, values: Mapping[Symbol, int]) -> Exact:
    """The value of `expression` with every symbol at its number; an ``int`` where it is whole.

    Raises:
        EvaluationError: a symbol has no number, or a power is too large to compute.
        ArithmeticRuleError: a divisor is zero.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k = symbols("h k")
    >>> evaluate(FloorDiv(h - k, 2) + 1, {h: 28, k: 3})
    13
    """
    if isinstance(expression, int):
        return expression
    return _Evaluator(values).of(expression)


class _Evaluator:
    """One evaluation: every shared part of the expression is computed once."""

    def __init__(self, values: Mapping[Symbol, int]) -> None:
        self.values = values
        self.known: dict[Expr, Exact] = {}

    def of(self, e: Expr) -> Exact:
        if isinstance(e, Symbol):
            if e not in self.values:
                raise EvaluationError(f"{e.name} has no number", values={"symbol": e.name})
            return self.values[e]
        if isinstance(e, Rational):
            return int(e.p) if e.q == 1 else Fraction(int(e.p), int(e.q))
        found = self.known.get(e)
        if found is None:
            found = self.known[e] = _whole(self._sum(e) if isinstance(e, Sum) else self._rule(e))
        return found

    def _rule(self, e: Expr) -> Exact:
        rule = _RULES.get(type(e))
        if rule is None:
            raise EvaluationError(f"{type(e).__name__} cannot be evaluated exactly")
        return rule([self.of(a) for a in e.args])

    def _sum(self, e: Sum) -> Exact:
        count = self.of(e.count)
        if not isinstance(count, int) or count > LIMITS.summed:
            raise EvaluationError(
                f"a sum of {shorten(count, 40)} terms cannot be computed",
                code="too-large",
                hint=f"a whole number of terms, {LIMITS.summed:,} at most, can be",
            )
        terms = ({**self.values, e.index: number} for number in range(count))
        return sum(_Evaluator(values).of(e.term) for values in terms)


def _whole(value: Exact) -> Exact:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def _divide(parts: list[Exact]) -> Exact:
    numerator, divisor = parts
    if divisor == 0:
        raise ArithmeticRuleError(f"{numerator} cannot be divided by zero")
    return numerator // divisor


def _power(parts: list[Exact]) -> Exact:
    base, exponent = parts
    if not isinstance(exponent, int):
        raise EvaluationError(f"the exponent {exponent} is not a whole number")
    size = max(abs(base.numerator), base.denominator).bit_length()
    if abs(exponent) * (size if abs(base) != 1 else 0) > LIMITS.power_bits:
        raise EvaluationError(
            f"{_short(base)}^{_short(exponent)} is too large to compute",
            code="too-large",
            hint="use smaller values",
        )
    if base == 0 and exponent < 0:
        raise ArithmeticRuleError("1 cannot be divided by zero")
    return base**exponent if exponent >= 0 else Fraction(1) / Fraction(base) ** -exponent


def _short(number: Exact) -> str:
    if isinstance(number, int):
        return shorten(number, 40)
    return f"({_short(number.numerator)}/{_short(number.denominator)})"


_RULES: dict[type, Callable[[list[Exact]], Exact]] = {
    Add: sum,
    Mul: prod,
    OrderedAdd: sum,
    OrderedMul: prod,
    Pow: _power,
    FloorDiv: _divide,
    Max: max,
    Min: min,
}
