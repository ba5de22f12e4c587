"""The integer at which a formula meets a bound, exactly, also through floors.

The numbers at which the network exists are cut into runs on which the formula only rises or only
falls; on each the bound is found by doubling and halving, in exact integers.  A formula that does
neither is cut where it turns, and one with floors is first taken apart into the residue classes
in which it is a polynomial.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

from sympy import Expr, Symbol

from archcalc.formula.conditions import described
from archcalc.formula.domain import allowed, by_residue_class, of_copies
from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.goal import Goal, read_goal
from archcalc.formula.integer_sets import Progression, Span
from archcalc.formula.solutions import Solutions
from archcalc.formula.univariate import SearchLimits, Undecided, Values
from archcalc.formula.values import open_requirements, read_values
from archcalc.symbolic.errors import ArchcalcWarning, EvaluationError, NoSolutionError
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.numbers import shown
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.substitution import substitute

__all__ = ["solutions", "solve"]

_OPTIONS = frozenset(["at_most", "at_least", "equals"])
"""What keywords mean besides symbols."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is to be solved, with a number in place of every symbol but `n`."""

    expression: Expr
    n: Symbol
    goal: Goal
    requirements: tuple[Requirement, ...]

    def value(self, n: int) -> Exact:
        """The result at `n`."""
        return evaluate(self.expression, {self.n: n})


@dataclass(frozen=True)
class _Found:
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


def solve(
    formula: ExpressionLike,
    unknown: str | Symbol,
    *,
    at_most: int | Fraction | str | None = None,
    at_least: int | Fraction | str | None = None,
    equals: int | Fraction | str | None = None,
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
    goal = read_goal(at_most, at_least, equals)
    problem = _read_problem(formula, unknown, goal, values)
    if problem.n not in problem.expression.free_symbols and _says_all(problem):
        raise _constant(problem)
    runs = _searched(problem)
    answer = _answer(problem, runs)
    _warn_of_turns(problem, runs, answer)
    return answer


def solutions(
    formula: ExpressionLike,
    unknown: str | Symbol,
    *,
    equals: int | Fraction | str,
    values: Mapping[str, Any],
) -> Solutions:
    """All values of `unknown` at which `formula` gives exactly one result.

    Raises:
        UnknownSymbolError, EvaluationError, RequirementError: as for `solve`.
        NoSolutionError: ``no-network``, or ``not-decided``.

    >>> from archcalc.formula import Formula
    >>> solutions(Formula("n**2 - 10*n"), "n", equals=-16, values={})
    2 and 8
    """
    problem = _read_problem(formula, unknown, read_goal(None, None, equals), values)
    runs = _searched(problem)
    found = [
        (run.numbers.number(low), None if high is None else run.numbers.number(high),
         run.numbers.step)
        for run in runs
        for low, high in run.fits
    ]  # fmt: skip
    return Solutions(tuple(sorted(found, key=lambda progression: progression[0])))


def _searched(problem: _Problem) -> list[_Found]:
    """One run, or one for each residue class where the formula must be taken apart."""
    try:
        runs = by_residue_class(problem.requirements, problem.n, partial(_find, problem))
    except Undecided:
        raise _not_decided(problem) from None
    if not any(run.domain for run in runs):
        raise _nowhere(problem)
    return runs


def _find(problem: _Problem, numbers: Progression, limits: SearchLimits) -> _Found:
    n, goal = problem.n, problem.goal
    domain = allowed(problem.requirements, n, numbers, limits)
    values = Values(numbers.along(problem.expression, n), n, limits)
    fits = [run for span in domain for run in values.preimage(goal.lower, goal.upper, span)]
    return _Found(numbers, domain, fits, values)


def _read_problem(
    formula: ExpressionLike, unknown: str | Symbol, goal: Goal, values: Mapping[str, Any]
) -> _Problem:
    known = formula.known_symbols
    name = unknown.name if isinstance(unknown, Symbol) else str(unknown)
    n = next(iter(read_values({name: 1}, known)))
    if name in values:
        raise EvaluationError(
            f"{name} is what is solved for; it cannot be given too", values={name: values[name]}
        )
    given = read_values(values, known)
    requirements = open_requirements(formula.requirements, given)
    expression = substitute(formula.expr, given)
    missing = sorted(s.name for s in expression.free_symbols - {n})
    if missing:
        raise EvaluationError(
            f"to solve for {name}, every other symbol needs a number",
            code="symbols-left",
            values={"missing": missing},
            hint=f"substitute {taken[0]} first, as in formula({taken[0]}=64).solve(...), or give "
            f"it in a mapping"
            if (taken := [m for m in missing if m in _OPTIONS])
            else f"give {', '.join(missing)}",
        )
    asked = [one for r in requirements if r.symbols == {n} for one in of_copies(r)]
    return _Problem(expression, n, goal, tuple(asked))


# The answer


def _answer(problem: _Problem, runs: Sequence[_Found]) -> int:
    found = [span for run in runs for span in run.numbered(run.fits)]
    if not found:
        raise _none_fits(problem, runs)
    if not problem.goal.largest:
        return min(low for low, _ in found)
    ends = [high for _, high in found if high is not None]
    if len(ends) < len(found):
        raise _all_fit(problem, runs)
    return max(ends)


def _warn_of_turns(problem: _Problem, runs: Sequence[_Found], answer: int) -> None:
    if not _turns(problem, runs):
        return
    n, goal = problem.n, problem.goal
    which = "largest" if goal.largest else "smallest"
    text = f"the formula is not monotone in {n}: {n} = {shown(answer)} is the {which} value that "
    text += f"gives {goal}"
    other = None if goal.exact else _exception(goal, _seen(runs), answer)
    if other is not None:
        text += f", but {n} = {shown(other)} gives {shown(problem.value(other))}"
    warnings.warn(text, ArchcalcWarning, stacklevel=4)


def _turns(problem: _Problem, runs: Sequence[_Found]) -> bool:
    """Whether the values seen rise somewhere and fall somewhere else."""
    whole = Values(problem.expression, problem.n)
    domain = [span for run in runs for span in run.numbered(run.domain)]
    highs = [high for _, high in domain if high is not None]
    last = max(highs) if len(highs) == len(domain) else None
    if whole.direction((min(low for low, _ in domain), last)).decided:
        return False
    seen = _seen(runs)
    for run in runs:  # neighbours show what the ends of long runs do not
        near = {run.numbers.number(m): run.values.at(m) for m in _first_places(run)}
        seen |= {n: value for n, value in near.items() if value is not None}
    ordered = [seen[n] for n in sorted(seen)]
    return {1, -1} <= {(b > a) - (b < a) for a, b in pairwise(ordered)}


def _first_places(run: _Found) -> Iterator[int]:
    for low, high in run.domain[:1]:
        yield from range(low, low + 3 if high is None else min(low + 2, high) + 1)


def _exception(goal: Goal, seen: Mapping[int, Exact], answer: int) -> int | None:
    """The nearest number seen that would fit if the formula were monotone, and does not."""
    missed = [n for n, value in seen.items() if goal.missed_by(value)]
    if goal.largest:
        return max((n for n in missed if n < answer), default=None)
    return min((n for n in missed if n > answer), default=None)


def _seen(runs: Sequence[_Found]) -> dict[int, Exact]:
    return {n: value for run in runs for n, value in run.seen.items()}


# Messages where there is no answer


def _says_all(problem: _Problem) -> bool:
    """Whether a result that is always the same settles it: no requirement asks where it is."""
    return not problem.requirements or bool(problem.goal.missed_by(problem.value(1)))


def _constant(problem: _Problem) -> NoSolutionError:
    goal, n = problem.goal, problem.n
    value = problem.value(1)
    fits = not goal.missed_by(value)
    return NoSolutionError(
        f"the result is {shown(value)} whatever {n} is, so {'every' if fits else 'no'} {n} gives "
        f"{goal}",
        code="all-fit" if fits else "none-fits",
        values={"result": value},
        hint=f"solve for a symbol that the result depends on instead of {n}",
    )


def _nowhere(problem: _Problem) -> NoSolutionError:
    return NoSolutionError(
        f"the network exists for no {problem.n}: {described(problem.requirements, 'it')}",
        code="no-network",
        hint="change the other values",
    )


def _not_decided(problem: _Problem) -> NoSolutionError:
    n = problem.n
    return NoSolutionError(
        f"which {n} give {problem.goal} cannot be decided: the formula is not monotone in {n}, and "
        f"where it turns cannot be found",
        code="not-decided",
        hint=f"evaluate it over a range of {n} instead",
    )


def _none_fits(problem: _Problem, runs: Sequence[_Found]) -> NoSolutionError:
    goal = problem.goal
    reason = _nearest(problem, _seen(runs)) if goal.exact else _furthest(problem, runs)
    limited = problem.requirements and not goal.exact
    return NoSolutionError(
        f"no {problem.n} gives {goal}: {reason}",
        code="none-fits",
        hint=described(problem.requirements) if limited else "",
    )


def _nearest(problem: _Problem, seen: Mapping[int, Exact]) -> str:
    n, goal = problem.n, problem.goal
    gaps = [(abs(v - (goal.lower or 0)), goal.missed_by(v), at, v) for at, v in seen.items()]
    nearest = [min((g for g in gaps if g[1] == side), default=None) for side in (-1, 1)]
    return " and ".join(f"{n} = {shown(g[2])} gives {shown(g[3])}" for g in nearest if g)


def _furthest(problem: _Problem, runs: Sequence[_Found]) -> str:
    """How near the bound the result comes."""
    n, falls = problem.n, problem.goal.largest
    nearest = min if falls else max
    if not all(run.values.complete for run in runs):
        bounds = [run.values.bounds(span) for run in runs for span in run.domain]
        ends = [low if falls else high for low, high in bounds]
        known = [Fraction(int(end.p), int(end.q)) for end in ends if end is not None]
        if len(known) == len(ends):
            return f"it is {'at least' if falls else 'at most'} {shown(_lowered(nearest(known)))}"
    seen = _seen(runs)
    best = nearest(seen, key=lambda number: seen[number])
    return f"even {n} = {shown(best)} gives {shown(seen[best])}"


def _lowered(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value


def _all_fit(problem: _Problem, runs: Sequence[_Found]) -> NoSolutionError:
    n, goal = problem.n, problem.goal
    inhabited = [run for run in runs if run.domain]
    if all(run.fits == run.domain for run in inhabited):
        reason = f"every {n} gives {goal}"
    elif all(run.fits and run.fits[-1][1] is None for run in inhabited):
        start = max(run.numbers.number(run.fits[-1][0]) for run in inhabited)
        reason = f"every {n} from {shown(start)} on gives {goal}"
    else:
        reason = f"ever larger {n} give {goal}"
    return NoSolutionError(f"there is no largest {n}: {reason}", code="all-fit")
