"""One symbol, a bound on the formula, and the search for the numbers that meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from sympy import Expr, Symbol

from archcalc.formula.conditions import Assumption
from archcalc.formula.domain import allowed, congruent
from archcalc.formula.integer_sets import Progression, Span
from archcalc.formula.univariate import Effort, Undecided, Values
from archcalc.symbolic.errors import shorten
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.requirement import Requirement

__all__ = ["Goal", "Problem", "Run", "by_residue_class", "limits", "searched", "shown"]

T = TypeVar("T")

_READS_AS_IT_IS = 100
"""A ratio of smaller numbers needs no decimals."""


def shown(value: Exact) -> str:
    """A number for people, and no longer than a line; a long ratio with its decimals.

    >>> shown(542230), shown(2**10_000)
    ('542,230', 'an integer of 10,001 bits')
    >>> from fractions import Fraction
    >>> shown(Fraction(7, 2)), shown(Fraction(2084010, 10471))
    ('7/2', '2,084,010/10,471 ≈ 199.027')
    """
    longest = max(abs(value.numerator), value.denominator)
    if longest.bit_length() > 300:
        return f"an integer of {longest.bit_length():,} bits"
    if isinstance(value, int):
        return f"{value:,}"
    ratio = f"{value.numerator:,}/{value.denominator:,}"
    return ratio if longest < _READS_AS_IT_IS else f"{ratio} ≈ {float(value):,.6g}"


def limits(requirements: Iterable[Requirement], network: str = "the network") -> str:
    """What the network asks for and what was assumed, as a clause.

    >>> from archcalc.formula.conditions import read_condition
    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> print(limits(read_condition("h % 32 == 0", {"h": h})))
    it is assumed that h is a multiple of 32
    """
    every = list(requirements)
    assumed = [r.statement() for r in every if isinstance(r, Assumption)]
    asked = [str(r).replace(" is a ", " to be a ") for r in every if not isinstance(r, Assumption)]
    said = [f"{network} asks for {'; '.join(asked)}"] if asked else []
    said += [f"it is assumed that {' and '.join(assumed)}"] if assumed else []
    return shorten(", and ".join(said), 240)


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


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be solved, with a number in place of every symbol but `n`."""

    expression: Expr
    n: Symbol
    goal: Goal
    requirements: tuple[Requirement, ...]

    def value(self, n: int) -> Exact:
        """The result at `n`."""
        return evaluate(self.expression, {self.n: n})


@dataclass(frozen=True)
class Run:
    """What was found among the numbers of one progression, by their places in it.

    Attributes:
        numbers: the progression.
        domain: the places at which the network exists.
        fits: those of them that meet the bound.
        values: the formula along the progression.
    """

    numbers: Progression
    domain: list[Span]
    fits: list[Span]
    values: Values

    @cached_property
    def seen(self) -> Mapping[int, Exact]:
        """The values computed, by number."""
        return {self.numbers.number(m): v for m, v in self.values.seen.items()}

    def numbered(self, spans: Sequence[Span]) -> Iterator[Span]:
        """`spans` of places by the numbers at their ends."""
        for low, high in spans:
            yield self.numbers.number(low), None if high is None else self.numbers.number(high)


def searched(problem: Problem) -> list[Run]:
    """One run, or one for each residue class where the formula must be taken apart.

    Raises:
        Undecided: that comes to no end.
    """
    return by_residue_class(problem.requirements, problem.n, partial(_run, problem))


def by_residue_class(
    requirements: Sequence[Requirement], n: Symbol, find: Callable[[Progression, Effort], T]
) -> list[T]:
    """What `find` finds among all `n`, or in each residue class where it asks for such.

    Args:
        requirements: what `n` must meet; of some of them the numbers are known to begin with.
        n: the symbol.
        find: from the numbers to look at, and how far to look.

    Raises:
        Undecided: that comes to no end.
    """
    whole = congruent(requirements, n)
    if whole is None:
        return []
    classes = 1
    while True:
        try:
            left = Effort(LIMITS.classes // classes)
            return [find(numbers, left) for numbers in whole.apart(classes)]
        except Undecided as stuck:
            if stuck.period is None:
                raise
            classes *= stuck.period


def _run(problem: Problem, numbers: Progression, effort: Effort) -> Run:
    n, goal = problem.n, problem.goal
    domain = allowed(problem.requirements, n, numbers, effort)
    values = Values(numbers.along(problem.expression, n), n, effort)
    fits = [run for span in domain for run in values.preimage(goal.lower, goal.upper, span)]
    return Run(numbers, domain, fits, values)
