"""Constraints of several comparisons, as one number that must not be negative.

Between whole numbers ``a > b`` is ``a − b − 1 ≥ 0``; both of two hold where the smaller of their
numbers is not negative, and one of them where the larger is not.  So a search has bounds and
directions of such a constraint as of any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Max, Min, Symbol

from archcalc.formula.conditions import assumption
from archcalc.formula.statements import (
    All,
    Any,
    Comparison,
    Not,
    Statement,
    comparisons_of,
    conjuncts_of,
    in_words,
    read_statement,
    refused,
)
from archcalc.formula.values import read_values
from archcalc.symbolic.dims import lower
from archcalc.symbolic.division import FloorDiv, is_whole
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["Combined", "read_constraints"]


@dataclass(frozen=True, slots=True, repr=False)
class Combined(Requirement):
    """A constraint of several comparisons; it holds where ``left`` is not negative.

    Attributes:
        text: the constraint as people write it.
    """

    text: str = ""

    def statement(self) -> str:
        """The constraint as people write it."""
        return self.text

    __repr__ = __str__ = statement


def read_constraints(text: str, known: Mapping[str, Symbol]) -> tuple[Requirement, ...]:
    """The constraints that a text writes, one for each of the parts that ``and`` joins.

    Args:
        text: a condition, as `archcalc.formula.statements.read_statement` reads it.
        known: the symbols that it may name.

    Raises:
        ExpressionError: the text is no condition, or compares fractions as only whole numbers are.
        UnknownSymbolError: it names another symbol.
        RequirementError: no remainder is what it says.

    >>> from archcalc.symbolic import symbols
    >>> k, f = symbols("k f")
    >>> read_constraints("k <= 7 and f % 8 == 0", {"k": k, "f": f})
    (k ≤ 7, f is a multiple of 8)
    >>> read_constraints("k != 3 and (k < 3 or f > 8)", {"k": k, "f": f})
    (k ≠ 3, k < 3 or f > 8)
    """
    statement = read_statement(text)
    if sum(1 for _ in comparisons_of(statement)) > LIMITS.joined:
        raise refused(text, f"has more than {LIMITS.joined} comparisons")
    parts = list(conjuncts_of(statement))
    return tuple(_constraint(text, part, known, alone=len(parts) == 1) for part in parts)


def _constraint(
    text: str, statement: Statement, known: Mapping[str, Symbol], *, alone: bool
) -> Requirement:
    if isinstance(statement, Comparison) and _is_requirement(statement):
        return assumption(text, statement, known)
    sides = (side for c in comparisons_of(statement) for side in (c.left, c.right))
    for name in sorted({s.name for side in sides for s in side.free_symbols}):
        read_values({name: 1}, known)
    gap = lower(_gap(text, statement, holds=True))
    words = " ".join(text.split()) if alone else in_words(statement)
    return Combined(gap, Relation.AT_LEAST, 0, "", "constraint-broken", text=words)


def _is_requirement(statement: Comparison) -> bool:
    """Whether a comparison is one of those that requirements are."""
    whole = is_whole(statement.left) and is_whole(statement.right)
    return statement.sign != "≠" and (whole or statement.sign not in ("<", ">"))


def _gap(text: str, statement: Statement, *, holds: bool) -> Expr:
    """What is not negative just where a statement holds, or where it does not."""
    match statement:
        case Not(part):
            return _gap(text, part, holds=not holds)
        case All(parts) | Any(parts):
            least = isinstance(statement, All) == holds
            gaps = [_gap(text, part, holds=holds) for part in parts]
            # sympy compares each with each to drop some, which takes longer than to keep them
            return (Min if least else Max)(*gaps, evaluate=False)
        case Comparison(left, sign, right):
            return _compared(text, left, sign if holds else _OPPOSITE[sign], right)


_OPPOSITE = {"=": "≠", "≠": "=", "≤": ">", ">": "≤", "≥": "<", "<": "≥"}
_OPPOSITE |= {Relation.MULTIPLE_OF.value: "no multiple"}


def _compared(text: str, left: Expr, sign: str, right: Expr) -> Expr:
    rest = left - right * FloorDiv(left, right) if sign in _MULTIPLES else left - right
    match sign:
        case "≥":
            return rest
        case "≤":
            return -rest
        case ">":
            return _whole(text, rest) - 1
        case "<":
            return -_whole(text, rest) - 1
        case "≠" | "no multiple":
            return Max(_whole(text, rest), -_whole(text, rest)) - 1
    return Min(rest, -rest)


_MULTIPLES = (Relation.MULTIPLE_OF.value, "no multiple")


def _whole(text: str, difference: Expr) -> Expr:
    """The difference in positive units in which it is whole.

    Raises:
        ExpressionError: there are none.
    """
    whole, unit = difference.as_numer_denom()
    if unit.is_positive and is_whole(whole):
        return whole
    raise refused(
        text, "needs < or > between fractions", "write <= or >=, or multiply by what divides"
    )
