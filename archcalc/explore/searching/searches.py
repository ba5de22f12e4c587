"""The search for the best configuration under constraints, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import inf
from typing import Any

from archcalc.explore.naming import ranges_by_name
from archcalc.explore.searching.certificate import Certificate, Exclusion
from archcalc.explore.searching.exploring import Exploration
from archcalc.explore.searching.optimum import Optimum, met_at
from archcalc.explore.searching.plan import Bound
from archcalc.explore.searching.question import ConstraintLike, Question
from archcalc.explore.searching.refusing import refusal
from archcalc.explore.searching.spreading import explored
from archcalc.formula.formula import FormulaLike

__all__ = ["search"]


def search(
    more: Mapping[str, Any] | None = None,
    /,
    *,
    maximize: FormulaLike | None = None,
    minimize: FormulaLike | None = None,
    subject_to: ConstraintLike | Iterable[ConstraintLike] = (),
    client: Any = None,
    **ranges: Any,
) -> Optimum:
    """The configuration with the largest, or smallest, value of a formula under constraints.

    The answer is exact, and no table of the configurations is made: whole boxes of them are
    excluded where the bounds of a formula, or its directions, show that a constraint is broken
    there or that nothing better is in it.  Interrupted (Ctrl-C), it gives what was found so far.

    Args:
        more: ranges of symbols that are called as an option of this function is.
        maximize: the formula that is to be large,
        minimize: or the one that is to be small.
        subject_to: comparisons of formulas such as ``P <= 1_000_000``, and texts over the symbols
            such as ``"f % 8 == 0"``, ``"k <= n"`` or ``"k != 3 and (f > 8 or n < 5)"``.
        client: a ``dask.distributed.Client`` on whose workers to search.
        ranges: for each symbol a range, a list, an array, or one integer; of configurations that
            are as good, the one whose values were given first is the answer.

    Raises:
        EvaluationError: not exactly one objective; a range that is empty, has no end or holds
            something else than positive integers; or a symbol without one (``unbounded``).
        UnknownSymbolError: a range for a symbol that occurs nowhere.
        ExpressionError: a text that is no constraint.
        NoSolutionError: no configuration meets the constraints; it says which one is to blame.
        ArithmeticRuleError: a divisor is zero at some configuration.

    >>> from archcalc.formula import Formula
    >>> P, M = Formula("(k**2 + 1)*f + 10*n*f"), Formula("784*k**2*f + 10*n*f")
    >>> found = search(
    ...     maximize=M, subject_to=[P <= 10_000], k=[1, 3, 5], f=range(8, 513), n=range(1, 1025)
    ... )
    >>> found.best, found.value
    ({'k': 5, 'f': 277, 'n': 1}, 5431970)
    >>> found.certificate.total, found.certificate.adds_up, found.verify()
    (1551360, True, True)
    """
    question = Question.read(maximize, minimize, subject_to, ranges_by_name(more, ranges))
    plan, broken = question.plan()
    exploration = Exploration(plan)
    if plan.size:
        exploration = explored(plan, client)
    answer = _answer(question, exploration, broken)
    if answer.complete and answer.best is None:
        raise refusal(question)
    return answer


def _answer(question: Question, exploration: Exploration, broken: Sequence[int]) -> Optimum:
    plan, best, tally = exploration.plan, exploration.best, exploration.tally
    left = plan.size - tally.total
    excluded = [
        Exclusion("constraint" if rule.is_constraint else "requirement", rule.label, lost)
        for rule, *counts in zip(plan.rules, broken, tally.broken, strict=True)
        if (lost := sum(counts))
    ]
    if tally.worse:
        excluded.append(Exclusion("objective", "", tally.worse))
    total = plan.size + sum(broken)
    certificate = Certificate(total, tally.evaluated, tuple(excluded), left)
    sign = 1 if question.largest else -1
    bound = max(exploration.bound, -inf if best is None else best.value) if left else None
    if best is None:
        return Optimum(None, None, (), certificate, _signed(sign, bound), question)
    values = plan.values_at(best.turns)
    return Optimum(
        values,
        sign * best.value,
        met_at(question, values),
        certificate,
        _signed(sign, best.value if bound is None else bound),
        question,
    )


def _signed(sign: int, bound: Bound | Fraction | None) -> int | Fraction | None:
    return None if bound is None or isinstance(bound, float) else sign * bound
