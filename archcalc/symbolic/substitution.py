"""Substitution of values for symbols, which computes nothing that is too large."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Integer, Pow, Rational, Symbol

from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.extremes import settled

__all__ = ["substitute"]

_SMALL_EXPONENT = 64


def substitute(expression: Expr, values: Mapping[Symbol, Expr | int]) -> Expr:
    """`expression` with `values` substituted for symbols, all at once.

    Raises:
        EvaluationError: a power is too large to compute.

    >>> from archcalc.symbolic import symbols
    >>> c, L = symbols("c L")
    >>> substitute(c**2*2**L, {L: 3})
    8*c**2
    >>> substitute(c*9**9**L, {L: 9})
    Traceback (most recent call last):
    archcalc.symbolic.errors.EvaluationError: 9^387420489 is too large to compute; ... [too-large]
    """
    exact = {s: Integer(v) if isinstance(v, int) else v for s, v in values.items()}
    _refuse_huge_powers(expression, exact)
    return settled(expression.xreplace(exact))


def _refuse_huge_powers(expression: Expr, values: Mapping[Symbol, Expr]) -> None:
    """sympy computes a power of numbers as soon as it sees one, however large it may become."""
    numbers = {s: int(v) for s, v in values.items() if isinstance(v, Integer)}
    for power in expression.atoms(Pow):
        small = isinstance(power.exp, Rational) and abs(power.exp) <= _SMALL_EXPONENT
        if not small and power.free_symbols <= numbers.keys():
            evaluate(power, numbers)
