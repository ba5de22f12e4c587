"""Where no configuration meets the constraints: which of them is to blame, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Min, S

from archcalc.explore.axis import Axis
from archcalc.explore.searching.optimum import met_at
from archcalc.explore.searching.plan import Rule, SearchPlan, gap_of
from archcalc.explore.searching.question import Question, planned
from archcalc.explore.searching.spreading import explored
from archcalc.symbolic.errors import NoSolutionError, shorten
from archcalc.symbolic.requirement import Relation

__all__ = ["refusal"]


def refusal(question: Question) -> NoSolutionError:
    """The error that says so, for a question of which no configuration meets all constraints."""
    rules = question.rules()
    networks = [rule for rule in rules if not rule.is_constraint]
    if _best(question.axes, S.Zero, networks) is None:
        asked = shorten("; ".join(rule.label for rule in networks), 200)
        return NoSolutionError(
            f"no configuration is a network: it asks for {asked}",
            code="no-network",
            hint="give other ranges",
        )
    constraints = [rule for rule in rules if rule.is_constraint]
    for which, constraint in enumerate(constraints):
        nearest = _nearest(question.axes, constraint, networks)
        if nearest is not None:
            return _blamed(question, which, nearest, "")
    for which, constraint in enumerate(constraints):
        nearest = _nearest(question.axes, constraint, [*networks, *constraints[:which]])
        if nearest is not None:
            others = " and ".join(rule.label for rule in constraints[:which])
            return _blamed(question, which, nearest, f" together with {shorten(others, 120)}")
    raise AssertionError("every constraint can be met together with those before it")


def _best(
    axes: tuple[Axis, ...], objective: Expr, rules: Sequence[Rule]
) -> tuple[Mapping[str, int], object] | None:
    plan, _ = planned(SearchPlan(axes, objective, tuple(rules)))
    found = explored(plan).best if plan.size else None
    return None if found is None else (plan.values_at(found.turns), found.value)


def _nearest(
    axes: tuple[Axis, ...], constraint: Rule, rules: Sequence[Rule]
) -> Mapping[str, int] | None:
    """Where a constraint that cannot be met together with `rules` is most nearly met."""
    gap = gap_of(constraint.requirement)
    if constraint.requirement.relation is Relation.MULTIPLE_OF:
        gap = -gap
    elif constraint.requirement.relation is Relation.EQUAL:
        gap = Min(gap, -gap)
    found = _best(axes, gap, rules)
    if found is None:
        return {}
    values, gap_there = found
    missed = gap_there <= 0 if constraint.strict else gap_there < 0  # type: ignore[operator]
    return values if missed else None


def _blamed(
    question: Question, which: int, nearest: Mapping[str, int], together: str
) -> NoSolutionError:
    met = met_at(question, nearest)[which]
    at = ", ".join(f"{name} = {value:,}" for name, value in nearest.items())
    there = f"{met.against} at {at}" if met.moving else f"at {at}"
    return NoSolutionError(
        f"no configuration meets {met.text}{together}: the nearest is {there}",
        code="none-fits",
        values={"constraint": met.text, "nearest": dict(nearest)},
        hint="allow more, or give other ranges",
    )
