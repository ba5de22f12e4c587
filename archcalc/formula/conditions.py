"""Conditions such as ``h % 32 == 0`` and ``1 <= k < 8``, read from text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import sympy
from sympy import Expr, Symbol

from archcalc.formula.constraint import Constraint
from archcalc.formula.statements import Comparison, conjuncts_of, read_statement, refused
from archcalc.formula.values import read_values
from archcalc.symbolic.dims import as_expr, lower
from archcalc.symbolic.division import FloorDiv, is_whole
from archcalc.symbolic.errors import RequirementError, shorten
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = [
    "Assumption",
    "ConditionLike",
    "SympyRelation",
    "assumption",
    "described",
    "in_text",
    "read_condition",
]


class SympyRelation(Protocol):
    """What sympy makes of ``n >= 5``; sympy itself has no types."""

    @property
    def is_Boolean(self) -> bool: ...
    @property
    def free_symbols(self) -> AbstractSet[Any]: ...


ConditionLike: TypeAlias = str | Constraint | SympyRelation
"""What is accepted for a condition."""


@dataclass(frozen=True, slots=True, repr=False)
class Assumption(Requirement):
    """A requirement that no layer asks for: it was assumed of a formula.

    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> read_condition("h % 32 == 0", {"h": h})
    (h is a multiple of 32,)
    """

    def __repr__(self) -> str:
        return self.statement()

    def __str__(self) -> str:
        return f"{self.statement()} (assumed)"


def described(requirements: Iterable[Requirement], network: str = "the network") -> str:
    """What the network asks for and what was assumed, as a clause.

    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> print(described(read_condition("h % 32 == 0", {"h": h})))
    it is assumed that h is a multiple of 32
    """
    every = list(requirements)
    assumed = [r.statement() for r in every if isinstance(r, Assumption)]
    asked = [str(r).replace(" is a ", " to be a ") for r in every if not isinstance(r, Assumption)]
    parts = [f"{network} asks for {'; '.join(asked)}"] if asked else []
    parts += [f"it is assumed that {' and '.join(assumed)}"] if assumed else []
    return shorten(", and ".join(parts), 240)


def in_text(condition: object) -> str:
    """A condition as the text that says it: a relation of sympy's, or a comparison of formulas.

    Raises:
        ExpressionError: it is neither of these nor text.

    >>> import sympy
    >>> from archcalc.symbolic import symbols
    >>> h, k = symbols("h k")
    >>> in_text(h >= 5), in_text((k < 8) & sympy.Eq(h % 32, 0))
    ('h ≥ 5', 'k < 8 and h − 32·⌊h/32⌋ = 0')
    """
    if isinstance(condition, str):
        return condition
    if isinstance(condition, sympy.And):
        return " and ".join(map(in_text, condition.args))
    if isinstance(condition, sympy.Rel) and condition.rel_op in _SIGNS:
        sides = (to_text(as_expr(side)) for side in condition.args)
        return f" {_SIGNS[condition.rel_op]} ".join(sides)
    if isinstance(condition, Constraint):
        return f" {condition.sign} ".join(
            to_text(s.expr) for s in (condition.left, condition.right)
        )
    if condition in (True, False):  # sympy decides by itself what does not depend on symbols
        return "0 = 0" if condition else "0 = 1"
    return condition  # type: ignore[return-value]  # what reads it says that it is no text


_SIGNS = {"==": "=", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}


def read_condition(text: str, known: Mapping[str, Symbol]) -> tuple[Assumption, ...]:
    """The assumptions that one condition makes; a chain such as ``8 <= f <= 64`` makes two.

    Args:
        text: two or three formulas with ``==``, ``<=``, ``>=``, ``<`` or ``>`` between them, or two
            such comparisons with ``and`` between them.
        known: the symbols that it may name.

    Raises:
        ExpressionError: the text is not such a condition.
        UnknownSymbolError: it names another symbol.
        RequirementError: no remainder is what it says.

    >>> from archcalc.symbolic import symbols
    >>> h, k = symbols("h k")
    >>> read_condition("k < h <= 64", {"h": h, "k": k})
    (h ≥ k + 1, h ≤ 64)
    """
    parts = list(conjuncts_of(read_statement(text)))
    made = [p for p in parts if isinstance(p, Comparison) and p.sign != "≠"]
    if len(made) < len(parts) or len(made) > LIMITS.compared:
        raise refused(text, "does not read as a condition")
    return tuple(assumption(text, part, known) for part in made)


def assumption(text: str, comparison: Comparison, known: Mapping[str, Symbol]) -> Assumption:
    """The assumption that one comparison makes, which is any but that two are not equal.

    Raises:
        ExpressionError: it says that one fraction is less than another.
        UnknownSymbolError: it names a symbol that is not among `known`.
        RequirementError: no remainder is what it says.
    """
    symbols = comparison.left.free_symbols | comparison.right.free_symbols
    for name in sorted(s.name for s in symbols):
        read_values({name: 1}, known)
    return _assumption(text, comparison.sign, comparison.left, comparison.right)


def _assumption(text: str, how: str, left: Expr, right: Expr) -> Assumption:
    if how in (">", "<") and not (is_whole(left) and is_whole(right)):
        raise refused(text, "has < or > between fractions", "write <= or >=")
    match how:
        case "=":
            return _remainder(text, left - right) or _stated(left, Relation.EQUAL, right)
        case "≤":
            return _stated(right, Relation.AT_LEAST, left)
        case "≥":
            return _stated(left, Relation.AT_LEAST, right)
        case "<":
            return _stated(right, Relation.AT_LEAST, left + 1)
        case ">":
            return _stated(left, Relation.AT_LEAST, right + 1)
        case _:
            return _stated(left, Relation.MULTIPLE_OF, right)


def _remainder(text: str, difference: Expr) -> Assumption | None:
    """``c·(x − q·⌊x/q⌋) − c·r = 0`` says that ``x − r`` is a multiple of ``q``."""
    e = difference.expand()
    floors = list(e.atoms(FloorDiv))
    if len(floors) != 1:
        return None
    (floor,) = floors
    x, q = floor.args
    c = -e.coeff(floor) / q
    if not c.is_Rational or c == 0 or not is_whole(x):
        return None
    r = (x - q * floor - e / c).expand()
    if not r.is_Rational or not (q.is_Integer or r == 0):
        return None
    if not r.is_Integer or not 0 <= r < (q if q.is_Integer else 1):
        raise RequirementError(
            f"no values meet {shorten(text, 80)!r}: the remainder would be {r} of {q}",
            code="contradiction",
            values={"text": shorten(text)},
            hint=f"a remainder is a whole number from 0 to {q - 1}",
        )
    return _stated((x - r).expand(), Relation.MULTIPLE_OF, q)


def _stated(left: Expr, relation: Relation, right: Expr) -> Assumption:
    bare = Assumption(lower(left), relation, lower(right), "", "")
    named = sorted(bare.symbols, key=lambda s: s.name)
    at = ", ".join(f"{s.name} = {{{s.name}}}" for s in named)
    return Assumption(
        bare.left,
        relation,
        bare.right,
        f"the assumption that {bare.statement()} does not hold" + (f" at {at}" if at else ""),
        code="assumption-broken",
        hint="give a value that meets it, or take the formula from before it was assumed",
        details=tuple((s.name, s) for s in named),
    )
