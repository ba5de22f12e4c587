"""What is asked of a search, read and checked; and what single values already rule out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from sympy import Symbol
from sympy.logic.boolalg import Boolean

from archcalc.explore.axis import Axis, read_axis
from archcalc.explore.naming import how_to_give
from archcalc.explore.searching.combined import read_constraints
from archcalc.explore.searching.plan import Rule, SearchPlan
from archcalc.formula.compiling.bounds import bounds_of
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.operations import Array
from archcalc.formula.compiling.running import Runner
from archcalc.formula.conditions import Assumption, SympyRelation, in_text
from archcalc.formula.constraint import Constraint
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.values import read_values
from archcalc.symbolic.errors import EvaluationError, ExpressionError, shorten
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.symbols import symbol

__all__ = ["ConstraintLike", "Question", "planned"]

ConstraintLike: TypeAlias = Constraint | Requirement | SympyRelation | str
"""What is accepted for a constraint: ``P <= 1_000_000``, or text over the symbols."""

_OPTIONS = frozenset(["maximize", "minimize", "subject_to", "client"])
"""What the keywords of a search mean besides symbols."""

_LONGEST = 2**62
"""So many places of an axis are counted in 64 bits, and twice as many."""

_LISTED = 1_000_000
"""Axes with more values than this are not listed to see which of them a rule forbids."""


@dataclass(frozen=True, eq=False)
class Question:
    """A search as it was asked for.

    Attributes:
        objective: the formula.
        largest: whether it is to be large, or small.
        constraints: the statements that were asked for.
        axes: the values of every symbol.
    """

    objective: Formula
    largest: bool
    constraints: tuple[Constraint | Requirement, ...]
    axes: tuple[Axis, ...]

    @classmethod
    def read(
        cls,
        maximize: FormulaLike | None,
        minimize: FormulaLike | None,
        subject_to: ConstraintLike | Iterable[ConstraintLike],
        ranges: Mapping[str, Any],
    ) -> Question:
        """The question that the arguments of `search` put.

        Raises:
            EvaluationError: not exactly one objective, a range that is not valid, or none for a
                symbol.
            UnknownSymbolError: a range or a text names a symbol that occurs nowhere.
            ExpressionError: something is no constraint.
        """
        objective = _objective(maximize, minimize)
        # what was meant as a range of such a symbol was read as an option
        _check_ranges({*objective.known_symbols} & _OPTIONS - ranges.keys())
        several = not isinstance(subject_to, str) and isinstance(subject_to, Iterable)
        given: list[Any] = [*subject_to] if several else [subject_to]  # type: ignore[misc]
        formulas = [objective]
        for each in given:
            if isinstance(each, Constraint):
                formulas += [Formula(each.left), Formula(each.right)]
        known = {name: s for formula in formulas for name, s in formula.known_symbols.items()}
        spoken = known | {name: symbol(name) for name in ranges if str(name).isidentifier()}
        constraints = tuple(c for each in given for c in _constraints(each, spoken))
        for each in constraints:
            if isinstance(each, Requirement):
                known |= {s.name: s for s in each.symbols}
        accepted = {n: s for formula in formulas for n, s in formula.accepted_symbols.items()}
        read_values(dict.fromkeys(ranges, 1), dict(sorted((known | accepted).items())))
        _check_ranges(known.keys() - ranges.keys())
        if not ranges:
            raise EvaluationError(
                "there is nothing to search: no symbol has a range",
                code="no-range",
                hint="evaluate the formula instead",
            )
        return cls(objective, maximize is not None, constraints, _read_axes(ranges))

    def rules(self) -> tuple[Rule, ...]:
        """What a configuration must meet: first what networks ask for, then the constraints."""
        formulas = [self.objective]
        for each in self.constraints:
            if isinstance(each, Constraint):
                formulas += [each.left, each.right]  # type: ignore[list-item]
        asked = dict.fromkeys(r for formula in formulas for r in formula.requirements)
        networks = [Rule(r, str(r)) for r in asked]
        return (*networks, *map(_rule, self.constraints))

    def plan(self) -> tuple[SearchPlan, list[int]]:
        """The search, and how many configurations each rule excluded beforehand (`planned`)."""
        objective = self.objective.expr if self.largest else -self.objective.expr
        return planned(SearchPlan(self.axes, objective, self.rules()))


def planned(plan: SearchPlan) -> tuple[SearchPlan, list[int]]:
    """A search without the values that a rule forbids by themselves.

    Returns:
        The search, with all rules; and how many configurations went, for each rule.
    """
    broken = [0] * len(plan.rules)
    for which, rule in enumerate(plan.rules):
        varying = [a for a in plan.axes if a.name in rule.names and a.size > 1]
        if len(varying) > 1 or any(a.size > _LISTED for a in varying) or not plan.size:
            continue
        axis = varying[0] if varying else plan.axes[0]
        holds = _holding(rule, axis.size if varying else 1, plan.axes)
        if holds.all():
            continue
        left = axis.keeping(holds) if varying else Axis(axis.name, range(0))
        broken[which] = plan.size - plan.size // axis.size * left.size
        plan = replace(plan, axes=tuple(left if a is axis else a for a in plan.axes))
    return plan, broken


def _check_ranges(without: Iterable[str]) -> None:
    missing = sorted(without)
    if missing:
        raise EvaluationError(
            f"the search has no end: there is no range for {', '.join(missing)}",
            code="unbounded",
            values={"missing": missing},
            hint=how_to_give(missing[0], 1024, _OPTIONS),
        )


def _read_axes(ranges: Mapping[str, Any]) -> tuple[Axis, ...]:
    axes = tuple(read_axis(name, values) for name, values in ranges.items())
    for axis in axes:
        if axis.size > _LONGEST:
            raise EvaluationError(
                f"{axis.name} takes more values than places can be counted in 64 bits",
                code="too-large",
                values={"name": axis.name},
                hint="give a shorter range",
            )
        if (twice := axis.repeated()) is not None:
            raise EvaluationError(
                f"{axis.name} takes {twice:,} more than once",
                code="value-twice",
                values={"name": axis.name},
                hint="give every value once",
            )
    return axes


def _objective(maximize: FormulaLike | None, minimize: FormulaLike | None) -> Formula:
    given = [f for f in (maximize, minimize) if f is not None]
    if len(given) == 2:
        for name, each in (("maximize", maximize), ("minimize", minimize)):
            if not isinstance(each, str) and isinstance(each, Iterable):
                _check_ranges([name])
    if len(given) != 1:
        raise EvaluationError(
            f"search() takes one objective, and {'two were' if given else 'none was'} given",
            code="one-objective",
            hint="give maximize or minimize",
        )
    return Formula(given[0])


def _constraints(given: Any, known: Mapping[str, Symbol]) -> tuple[Constraint | Requirement, ...]:
    if isinstance(given, Constraint | Requirement):
        return (given,)
    if isinstance(given, Boolean):
        given = in_text(given)
    if isinstance(given, str):
        return read_constraints(given, dict(sorted(known.items())))
    equality = isinstance(given, bool | np.bool_)
    raise ExpressionError(
        f"{shorten(given, 60)} is no constraint",
        code="bad-condition",
        hint="== asks whether two formulas are the same; write it as text, such as 'k == 3'"
        if equality
        else "give one such as P <= 1_000_000, or text such as 'f % 8 == 0'",
    )


def _rule(constraint: Constraint | Requirement) -> Rule:
    if isinstance(constraint, Requirement):
        stated = constraint.statement() if isinstance(constraint, Assumption) else str(constraint)
        return Rule(constraint, stated, is_constraint=True)
    requirement = Requirement(
        constraint.larger.expr, Relation.AT_LEAST, constraint.smaller.expr, "", "constraint-broken"
    )
    return Rule(requirement, str(constraint), strict=constraint.strict, is_constraint=True)


def _holding(rule: Rule, size: int, axes: Sequence[Axis]) -> Array:
    """At which of the values of the only axis that varies a rule holds."""
    program = build([], [rule.requirement])
    (need,) = program.needs
    inputs = {a.name: a.listed() for a in axes if a.name in rule.names}
    spans = {a.name: a.span((0, a.size)) for a in axes if a.name in rule.names}
    bounds = bounds_of(program, spans, [need.step])
    numbers = Runner(program, inputs, bounds).results([need.step])[0] - int(rule.strict)
    return np.broadcast_to(np.asarray(need.holds_at(numbers), bool), (size,))
