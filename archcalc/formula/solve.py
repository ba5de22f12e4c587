"""The integer at which a formula meets a bound, exactly, also through floors.

The numbers at which the network exists are cut into runs on which the formula only rises or only
falls; on each the bound is found by doubling and halving, in exact integers.  A formula that does
neither is cut where it turns, and one with floors is first taken apart into the residue classes
in which it is a polynomial.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational, Symbol, sympify

from archcalc.formula.between import Unresolved, Values
from archcalc.formula.domain import Progression, allowed, congruent
from archcalc.formula.spans import Span
from archcalc.formula.values import put_in, read_values
from archcalc.symbolic.errors import (
    ArchcalcWarning,
    EvaluationError,
    NoSolutionError,
    shorten,
)
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.requirement import Requirement

if TYPE_CHECKING:
    from archcalc.formula.formula import Formula

__all__ = ["solve"]

_MOST_CLASSES = 420
"""A formula with floors is taken apart into no more residue classes than this."""


def solve(
    formula: Formula,
    unknown: str | Symbol,
    *,
    at_most: int | Fraction | None = None,
    at_least: int | Fraction | None = None,
    equals: int | Fraction | None = None,
    values: Mapping[str, Any],
) -> int:
    """The integer value of `unknown` at which `formula` meets one bound.

    Args:
        formula: what is to meet the bound; its requirements say at which values it exists.
        unknown: the symbol to solve for.
        at_most: find the largest `unknown` with a result of at most this.
        at_least: find the smallest `unknown` with a result of at least this.
        equals: find the smallest `unknown` with exactly this result.
        values: what all other symbols are: numbers, or expressions of `unknown`.

    Raises:
        UnknownSymbolError: the formula has no such symbol.
        EvaluationError: not exactly one bound, a bound that is no exact number, or a symbol
            without a value.
        RequirementError: the network does not exist at `values`, whatever `unknown` is.
        NoSolutionError: ``none-fits``, ``all-fit`` (there is no largest), ``no-network`` (it
            exists for no value of `unknown`), or ``not-decided``.

    Warns:
        ArchcalcWarning: the formula neither only rises nor only falls with `unknown`.

    >>> from archcalc.formula import Formula
    >>> solve(Formula("k**2*f + f"), "f", at_most=100_000, values={"k": 3})
    10000
    """
    goal = _read_goal(at_most, at_least, equals)
    problem = _read_problem(formula, unknown, goal, values)
    if problem.n not in problem.expression.free_symbols:
        raise _constant(problem)
    runs = _searched(problem)
    if not any(run.domain for run in runs):
        raise _nowhere(problem)
    answer = _answer(problem, runs)
    _warn_of_turns(problem, runs, answer)
    return answer


# Reading what is asked


@dataclass(frozen=True, slots=True)
class _Goal:
    """The bound: both ends are the same where a result is asked for exactly."""

    lower: Exact | None
    upper: Exact | None

    @property
    def largest(self) -> bool:
        """Whether the largest number is asked for."""
        return self.lower is None

    def __str__(self) -> str:
        if self.lower is None:
            return f"at most {_shown(self.upper)}"
        return f"{'at least' if self.upper is None else 'exactly'} {_shown(self.lower)}"


def _read_goal(at_most: Any, at_least: Any, equals: Any) -> _Goal:
    given = {"at_most": at_most, "at_least": at_least, "equals": equals}
    named = {name: bound for name, bound in given.items() if bound is not None}
    if len(named) != 1:
        raise EvaluationError(
            f"solve() takes one bound, and {' and '.join(named) or 'none'} was given",
            code="one-bound",
            hint="give at_most, at_least or equals",
        )
    ((name, bound),) = named.items()
    exact = _exact(name, bound)
    return _Goal(None if name == "at_most" else exact, None if name == "at_least" else exact)


def _exact(name: str, bound: Any) -> Exact:
    if isinstance(bound, Fraction | Rational):
        exact = Fraction(int(bound.numerator), int(bound.denominator))
        return exact.numerator if exact.denominator == 1 else exact
    if not isinstance(bound, bool):
        try:
            return operator.index(bound)
        except TypeError:
            pass
    raise EvaluationError(
        f"{name} = {shorten(repr(bound), 40)} is not an exact number",
        values={name: bound},
        hint="give an integer or a Fraction",
    )


@dataclass(frozen=True)
class _Problem:
    """What is to be solved, with a number in place of every symbol but `n`."""

    expression: Expr
    n: Symbol
    goal: _Goal
    requirements: tuple[Requirement, ...]


def _read_problem(
    formula: Formula, unknown: str | Symbol, goal: _Goal, values: Mapping[str, Any]
) -> _Problem:
    found = set(formula.symbols).union(*(r.symbols for r in formula.requirements))
    known = {s.name: s for s in sorted(found, key=lambda s: s.name)}
    name = unknown.name if isinstance(unknown, Symbol) else unknown
    n = next(iter(read_values({name: 1}, known)))
    if name in values:
        raise EvaluationError(
            f"{name} is what is solved for; it cannot be given too", values={name: values[name]}
        )
    given = read_values(values, known)
    requirements = put_in(formula.requirements, given)
    expression = formula.expr.xreplace({s: sympify(v) for s, v in given.items()})
    missing = sorted(s.name for s in expression.free_symbols - {n})
    if missing:
        raise EvaluationError(
            f"to solve for {name}, every other symbol needs a number",
            code="symbols-left",
            values={"missing": missing},
            hint=f"give {', '.join(missing)}",
        )
    return _Problem(expression, n, goal, tuple(r for r in requirements if r.symbols == {n}))


# Searching


@dataclass(frozen=True)
class _Run:
    """What was found among the numbers of one progression, by their places in it."""

    numbers: Progression
    domain: list[Span]
    fits: list[Span]
    values: Values

    @cached_property
    def seen(self) -> dict[int, Exact]:
        """The values computed, by number."""
        return {self.numbers.number(m): v for m, v in self.values.seen.items()}

    def numbered(self, spans: Sequence[Span]) -> Iterator[tuple[int, int | None]]:
        """`spans` of places with the numbers there."""
        for low, high in spans:
            yield self.numbers.number(low), None if high is None else self.numbers.number(high)


def _searched(problem: _Problem) -> list[_Run]:
    """One run, or one for each residue class where the formula must be taken apart."""
    whole = congruent(problem.requirements, problem.n)
    if whole is None:
        return []
    classes = 1
    while True:
        try:
            left = _MOST_CLASSES // classes
            return [_run(problem, numbers, left) for numbers in whole.apart(classes)]
        except Unresolved as stuck:
            if stuck.period is None:
                raise _not_decided(problem) from None
            classes *= stuck.period


def _run(problem: _Problem, numbers: Progression, most_classes: int) -> _Run:
    n, goal = problem.n, problem.goal
    domain = allowed(problem.requirements, n, numbers, most_classes)
    values = Values(numbers.along(problem.expression, n), n, most_classes)
    fits = [run for span in domain for run in values.between(goal.lower, goal.upper, span)]
    return _Run(numbers, domain, fits, values)


def _answer(problem: _Problem, runs: Sequence[_Run]) -> int:
    found = [span for run in runs for span in run.numbered(run.fits)]
    if not found:
        raise _none_fits(problem, runs)
    if not problem.goal.largest:
        return min(low for low, _ in found)
    ends = [high for _, high in found if high is not None]
    if len(ends) < len(found):
        raise _all_fit(problem, runs)
    return max(ends)


def _warn_of_turns(problem: _Problem, runs: Sequence[_Run], answer: int) -> None:
    if not _turns(problem, runs):
        return
    n, goal = problem.n, problem.goal
    text = f"the formula is not monotone in {n}: {n} = {answer:,} is the "
    text += "largest value" if goal.largest else "smallest value"
    text += f" that gives {goal}"
    other = _exception(problem, runs, answer)
    if other is not None:
        text += f", but {n} = {other:,} gives {_shown(_value(problem, other))}"
    warnings.warn(text, ArchcalcWarning, stacklevel=4)


def _turns(problem: _Problem, runs: Sequence[_Run]) -> bool:
    """Whether the values seen rise somewhere and fall somewhere else."""
    whole = Values(problem.expression, problem.n)
    domain = [span for run in runs for span in run.numbered(run.domain)]
    ends = [high for _, high in domain]
    last = None if None in ends else max(end for end in ends if end is not None)
    if whole.direction((min(low for low, _ in domain), last)).decided:
        return False
    seen = {n: value for run in runs for n, value in run.seen.items()}
    for run in runs:  # neighbours show what the ends of long runs do not
        seen |= {run.numbers.number(m): v for m in _first_places(run) if (v := run.values.at(m))}
    ordered = [seen[n] for n in sorted(seen)]
    steps = {(b > a) - (b < a) for a, b in zip(ordered, ordered[1:], strict=False)}
    return {1, -1} <= steps


def _first_places(run: _Run) -> Iterator[int]:
    for low, high in run.domain[:1]:
        yield from range(low, low + 3 if high is None else min(low + 2, high) + 1)


def _exception(problem: _Problem, runs: Sequence[_Run], answer: int) -> int | None:
    """A number on the near side of `answer` that does not fit, or beyond it for a lower bound."""
    goal = problem.goal
    if goal.lower == goal.upper:
        return None
    seen = {n: value for run in runs for n, value in run.seen.items()}
    if goal.largest:
        return max((n for n, v in seen.items() if n < answer and v > goal.upper), default=None)
    return min((n for n, v in seen.items() if n > answer and v < goal.lower), default=None)


def _value(problem: _Problem, n: int) -> Exact:
    return evaluate(problem.expression, {problem.n: n})


# What is said where there is no answer


def _shown(value: Exact | None) -> str:
    if isinstance(value, int) and value.bit_length() < 1_000:
        return f"{value:,}"
    return shorten(value if isinstance(value, int) else str(value), 80)


def _constant(problem: _Problem) -> NoSolutionError:
    goal, n = problem.goal, problem.n
    value = _value(problem, 1)
    above = goal.lower is None or value >= goal.lower
    fits = above and (goal.upper is None or value <= goal.upper)
    return NoSolutionError(
        f"the result is {_shown(value)} whatever {n} is: "
        + (f"every {n} gives {goal}" if fits else f"no {n} gives {goal}"),
        code="all-fit" if fits else "none-fits",
        values={"result": value},
        hint=f"solve for a symbol that the result depends on instead of {n}",
    )


def _nowhere(problem: _Problem) -> NoSolutionError:
    asked = "; ".join(str(r) for r in problem.requirements)
    return NoSolutionError(
        f"the network exists for no {problem.n}: it asks for {shorten(asked, 200)}",
        code="no-network",
        hint="change the other values",
    )


def _not_decided(problem: _Problem) -> NoSolutionError:
    return NoSolutionError(
        f"which {problem.n} give {problem.goal} cannot be decided: the formula is not monotone in "
        f"{problem.n}, and its turning points cannot be found",
        code="not-decided",
        hint=f"evaluate it over a range of {problem.n} instead",
    )


def _none_fits(problem: _Problem, runs: Sequence[_Run]) -> NoSolutionError:
    n, goal = problem.n, problem.goal
    seen = {number: value for run in runs for number, value in run.seen.items()}
    if goal.lower == goal.upper:
        said, hint = _nearest(n, goal, seen), ""
    else:
        said = _furthest(problem, runs, seen)
        asked = "; ".join(str(r) for r in problem.requirements)
        hint = f"the network asks for {shorten(asked, 200)}" if asked else ""
    return NoSolutionError(f"no {n} gives {goal}: {said}", code="none-fits", hint=hint)


def _nearest(n: Symbol, goal: _Goal, seen: Mapping[int, Exact]) -> str:
    asked = goal.lower
    below = [(-value, number) for number, value in seen.items() if value < asked]
    above = [(value, number) for number, value in seen.items() if value > asked]
    said = [f"{n} = {number:,} gives {_shown(-value)}" for value, number in sorted(below)[:1]]
    said += [f"{n} = {number:,} gives {_shown(value)}" for value, number in sorted(above)[:1]]
    return " and ".join(said)


def _furthest(problem: _Problem, runs: Sequence[_Run], seen: Mapping[int, Exact]) -> str:
    sign = 1 if problem.goal.largest else -1
    if not all(run.values.complete for run in runs):
        ends = [run.values.bounds(span)[0 if sign > 0 else 1] for run in runs for span in run.domain]
        known = [sign * end for end in ends if end is not None]
        if len(known) == len(ends):
            return f"it is {'at least' if sign > 0 else 'at most'} {_shown_rational(sign * min(known))}"
    value, number = min((sign * value, number) for number, value in seen.items())
    return f"even {problem.n} = {number:,} gives {_shown(sign * value)}"


def _shown_rational(value: Rational) -> str:
    return _shown(int(value) if value.q == 1 else Fraction(int(value.p), int(value.q)))


def _all_fit(problem: _Problem, runs: Sequence[_Run]) -> NoSolutionError:
    n, goal = problem.n, problem.goal
    if all(run.fits == run.domain for run in runs):
        said = f"every {n} gives {goal}"
    elif all(run.fits[-1:] and run.fits[-1][1] is None for run in runs if run.domain):
        start = max(run.numbers.number(run.fits[-1][0]) for run in runs if run.domain)
        said = f"every {n} from {start:,} on gives {goal}"
    else:
        said = f"ever larger {n} give {goal}"
    return NoSolutionError(f"there is no largest {n}: {said}", code="all-fit")
