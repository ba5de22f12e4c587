"""Several unknowns of one formula, within ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.explore.searching.searches import search
from archcalc.formula.conditions import Assumption
from archcalc.formula.formula import Formula
from archcalc.formula.goal import read_goal
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.requirement import Relation

__all__ = ["solve_several"]


def solve_several(
    formula: Formula,
    unknowns: Mapping[str, Any],
    values: Mapping[str, Any],
    at_most: Any,
    at_least: Any,
    equals: Any,
) -> dict[str, int]:
    """The values of `unknowns` with the result that meets one bound most nearly.

    Args:
        formula: what is to meet the bound.
        unknowns: the range of each unknown.
        values: numbers for all other symbols.
        at_most: find the largest result of at most this,
        at_least: the smallest of at least this,
        equals: or exactly this one.

    Raises:
        EvaluationError: not exactly one bound, or a range that is not valid.
        NoSolutionError: no values fit.

    >>> solve_several(Formula("k**2*f"), {"k": [3, 5], "f": range(1, 99)}, {}, None, None, 225)
    {'k': 3, 'f': 25}
    """
    goal = read_goal(at_most, at_least, equals)
    twice = sorted(unknowns.keys() & values.keys())
    if twice:
        raise EvaluationError(
            f"{twice[0]} is what is solved for; it cannot be given too",
            values={twice[0]: values[twice[0]]},
        )
    left = formula(**values)
    if not isinstance(left, Formula):
        left = Formula(left)
    if goal.exact:
        bound = Formula(goal.lower or 0).expr
        meets: Any = Assumption(lower(left.expr), Relation.EQUAL, lower(bound), "", "not-equal")
    else:
        meets = left <= goal.upper if goal.largest else left >= goal.lower
    aim = {"maximize": left} if goal.largest else {"minimize": left}
    found = search(**aim, subject_to=[meets], **unknowns)
    return dict(found.best or {})
