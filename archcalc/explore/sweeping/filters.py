"""Conditions on the rows of a table, read from text: ``parameters <= 1e6 and k != 3``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from sympy import Expr

from archcalc.formula.compiling.operations import Array
from archcalc.formula.statements import NAME, All, Any, Comparison, Not, Statement, read_statement
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import UnknownSymbolError, shorten
from archcalc.symbolic.parser import parse
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["Condition", "read_rows"]

_HINT = "write one such as 'parameters <= 1_000_000 and k != 3'"

Choice: TypeAlias = Callable[[Sequence[Array]], Array]
"""From where each comparison holds to where the condition does."""


@dataclass(frozen=True)
class Condition:
    """What rows are chosen by.

    Attributes:
        comparisons: what is compared, as requirements of which each holds or not.
        choice: from where each of them holds to where the whole condition does.
    """

    comparisons: tuple[Requirement, ...]
    choice: Choice


def read_rows(text: str, columns: Sequence[str], spelt: Mapping[str, str]) -> Condition:
    """The condition that `text` writes.

    Args:
        text: comparisons, joined by ``and``, ``or``, ``not`` and parentheses.
        columns: the names that it may use.
        spelt: what to read for some of them: a symbol stands for a positive integer, and a column
            with other numbers is expressed by one that has such.

    Raises:
        ExpressionError: the text is no condition.
        UnknownSymbolError: it names something that is no column.
    """

    def side(formula: str) -> Expr:
        for name in sorted(s.name for s in parse(formula).free_symbols):
            if name not in columns:
                raise UnknownSymbolError(
                    f"there is no column {shorten(name, 40)} here",
                    values={"name": name},
                    hint=f"the columns are {', '.join(columns)}",
                )
        return parse(NAME.sub(lambda match: spelt.get(match[0], match[0]), formula))

    statement = read_statement(text, side, hint=_HINT)
    compared: list[Requirement] = []
    choice = _choice(statement, compared)
    return Condition(tuple(compared), choice)


def _choice(statement: Statement, compared: list[Requirement]) -> Choice:
    """How a statement follows from its comparisons, which are added to `compared`."""
    match statement:
        case Not(part):
            return _negated(_choice(part, compared))
        case All(parts):
            return _joined(np.logical_and, [_choice(part, compared) for part in parts])
        case Any(parts):
            return _joined(np.logical_or, [_choice(part, compared) for part in parts])
        case Comparison():
            return _comparison(statement, compared)


def _comparison(comparison: Comparison, compared: list[Requirement]) -> Choice:
    def holds(left: Expr, relation: Relation, right: Expr) -> Choice:
        compared.append(Requirement(lower(left), relation, lower(right), "", ""))
        which = len(compared) - 1
        return lambda found: found[which]

    match comparison.sign:
        case "≤":
            return holds(comparison.right, Relation.AT_LEAST, comparison.left)
        case "≥":
            return holds(comparison.left, Relation.AT_LEAST, comparison.right)
        case "<":
            return _negated(holds(comparison.left, Relation.AT_LEAST, comparison.right))
        case ">":
            return _negated(holds(comparison.right, Relation.AT_LEAST, comparison.left))
        case "≠":
            return _negated(holds(comparison.left, Relation.EQUAL, comparison.right))
        case "=":
            return holds(comparison.left, Relation.EQUAL, comparison.right)
    return holds(comparison.left, Relation.MULTIPLE_OF, comparison.right)


def _negated(choice: Choice) -> Choice:
    return lambda holds: ~choice(holds)


def _joined(function: np.ufunc, parts: Sequence[Choice]) -> Choice:
    def joined(holds: Sequence[Array]) -> Array:
        result = parts[0](holds)
        for part in parts[1:]:
            result = function(result, part(holds))
        return result

    return joined
