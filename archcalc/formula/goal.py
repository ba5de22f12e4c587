"""The bound that a formula is to meet."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Rational

from archcalc.symbolic.errors import EvaluationError, quoted
from archcalc.symbolic.evaluate import Exact
from archcalc.symbolic.numbers import read_number, shown

__all__ = ["Goal", "read_goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """The bound: both ends are the same where a result is asked for exactly.

    >>> goal = Goal(None, 100)
    >>> print(goal), goal.missed_by(101)
    at most 100
    (None, 1)
    """

    lower: Exact | None
    upper: Exact | None

    @property
    def largest(self) -> bool:
        """Whether the largest number is asked for."""
        return self.lower is None

    @property
    def exact(self) -> bool:
        """Whether one result is asked for."""
        return self.lower == self.upper

    def missed_by(self, value: Exact) -> int:
        """1 where `value` is above the bound, −1 where it is below, 0 where it meets it."""
        if self.lower is not None and value < self.lower:
            return -1
        return int(self.upper is not None and value > self.upper)

    def __str__(self) -> str:
        if self.lower is None:
            return f"at most {shown(self.upper or 0)}"
        return f"{'at least' if self.upper is None else 'exactly'} {shown(self.lower)}"


def read_goal(at_most: Any, at_least: Any, equals: Any) -> Goal:
    """The one bound that is given.

    Raises:
        EvaluationError: it is not exactly one, or no exact number.
    """
    given = {"at_most": at_most, "at_least": at_least, "equals": equals}
    named = {name: bound for name, bound in given.items() if bound is not None}
    if len(named) != 1:
        were = f"{' and '.join(named)} were" if named else "none was"
        raise EvaluationError(
            f"solve() takes one bound, and {were} given",
            code="one-bound",
            hint="give at_most, at_least or equals",
        )
    ((name, bound),) = named.items()
    exact = _exact(name, bound)
    return Goal(None if name == "at_most" else exact, None if name == "at_least" else exact)


def _exact(name: str, bound: Any) -> Exact:
    if isinstance(bound, str):
        number = read_number(bound)
        bound = bound if number is None else number
    if isinstance(bound, Fraction | Rational):
        exact = Fraction(int(bound.numerator), int(bound.denominator))
        return exact.numerator if exact.denominator == 1 else exact
    if not isinstance(bound, bool):
        try:
            return operator.index(bound)
        except TypeError:
            pass
    raise EvaluationError(
        f"{name} = {quoted(bound, 40)} is not an exact number",
        values={name: bound},
        hint="write one such as '1e6' or '25.6M'"
        if isinstance(bound, str)
        else "give an integer or a Fraction",
    )
