"""A count as the sum of products that it is: what an edit of a rule's reading acts on.

A weight is a product of its dimensions, a multiply-accumulate one of its loops, an output one of
its sizes.  Each factor keeps its place in the layer's own notation beside its number, so that a
person's reading of one symbol as another is the same rule with another number there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

from sympy import Expr, Symbol

from archcalc.layers.notation import Notation
from archcalc.symbolic import ArchcalcError, evaluate
from archcalc.symbolic.dims import Dim

__all__ = [
    "Factor", "Term", "Terms", "added", "counted_once", "divided", "factors_of", "in_values",
    "left_out", "omitted", "only", "size_of", "twice",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a product.

    Attributes:
        rule: what it is in the layer's own notation, a symbol or a formula; a number stays one.
        value: what that is here.
    """

    rule: Expr | int
    value: int


@dataclass(frozen=True, slots=True)
class Term:
    """One product of a count.

    Attributes:
        name: the weight, or the product, that it is of.
        role: the role of the weight; empty where it is none.
        factors: in the order in which a person multiplies them.
        times: how often it stands there: copies, and experts.
    """

    name: str
    role: str
    factors: tuple[Factor, ...]
    times: int = 1

    @property
    def size(self) -> int:
        """The product, so often."""
        return prod([factor.value for factor in self.factors]) * self.times


Terms: TypeAlias = tuple[Term, ...]


def size_of(terms: Terms) -> int:
    """The sum of the products.

    >>> size_of((Term("kernel", "kernel", (Factor(3, 3), Factor(32, 32))), Term("b", "bias", ())))
    97
    """
    return sum([term.size for term in terms])


def factors_of(
    rules: Sequence[Dim], reals: Sequence[Dim], values: Mapping[Symbol, Dim]
) -> tuple[Factor, ...] | None:
    """The factors of one product, each rule beside its number; ``None`` where one has no number."""
    found: list[Factor] = []
    for rule, real in zip(rules, reals, strict=True):
        if not isinstance(real, int):
            return None
        parts = rule.args if isinstance(rule, Expr) and rule.is_Mul else (rule,)
        numbers = [_number(part, values) for part in parts]
        if None not in numbers and prod(n for n in numbers if n is not None) == real:
            pairs = zip(parts, numbers, strict=True)
            found.extend(Factor(_plain(p), n) for p, n in pairs if n is not None)
        else:
            found.append(Factor(_plain(rule), real))
    return tuple(found)


def _plain(rule: Dim) -> Expr | int:
    return int(rule) if isinstance(rule, Expr) and rule.is_Integer else rule


def _number(rule: Dim, values: Mapping[Symbol, Dim]) -> int | None:
    if isinstance(rule, Symbol):
        value = values.get(rule)
        return value if isinstance(value, int) else None
    if isinstance(rule, int):
        return rule
    try:
        number = evaluate(rule, {s: v for s, v in values.items() if isinstance(v, int)})
    except ArchcalcError:
        return None
    return number if isinstance(number, int) else None


# What people do to a sum of products.  Each takes the terms first and gives others.


def omitted(terms: Terms, names: frozenset[str]) -> Terms:
    """The terms without those of these names."""
    return tuple([term for term in terms if term.name not in names])


def only(terms: Terms, names: frozenset[str]) -> Terms:
    """Those of these names alone."""
    return tuple([term for term in terms if term.name in names])


def twice(terms: Terms, names: frozenset[str]) -> Terms:
    """Those of these names counted a second time."""
    return (*terms, *[term for term in terms if term.name in names])


def added(terms: Terms, more: Terms) -> Terms:
    """The terms, and others."""
    return (*terms, *more)


def left_out(terms: Terms, rule: Expr | int, names: frozenset[str] | None, times: int = 1) -> Terms:
    """The terms with the factor `rule` so many times fewer, in those of these names, or in all."""
    for _ in range(times):
        terms = tuple([_without(t, rule) if names is None or t.name in names else t for t in terms])
    return terms


def _without(term: Term, rule: Expr | int) -> Term:
    for place, factor in enumerate(term.factors):
        if factor.rule == rule:
            return replace(term, factors=(*term.factors[:place], *term.factors[place + 1 :]))
    return term


def in_values(
    terms: Terms,
    values: Mapping[Symbol, Dim],
    put: Mapping[Symbol, int],
    names: frozenset[str] | None = None,
) -> Terms:
    """The terms with other numbers for some symbols, in those of these names, or in all.

    A factor that comes to no whole number is left as it is.
    """
    other = {**values, **put}
    symbols = frozenset(put)
    found = []
    for term in terms:
        if names is None or term.name in names:
            factors = tuple([_read(f, symbols, other) for f in term.factors])
            found.append(replace(term, factors=factors))
        else:
            found.append(term)
    return tuple(found)


def _read(factor: Factor, symbols: frozenset[Symbol], values: Mapping[Symbol, Dim]) -> Factor:
    rule = factor.rule
    if isinstance(rule, int):
        return factor
    if isinstance(rule, Symbol):
        value = values[rule] if rule in symbols else factor.value
        return Factor(rule, value) if isinstance(value, int) else factor
    if not rule.free_symbols & symbols:
        return factor
    number = _number(rule, values)
    return factor if number is None else Factor(rule, number)


def counted_once(terms: Terms) -> Terms:
    """The terms as if each stood there once."""
    return tuple([replace(term, times=1) for term in terms])


def divided(terms: Terms, names: Iterable[str]) -> dict[str, int]:
    """How much each of some names makes of the sum."""
    wanted = set(names)
    found: dict[str, int] = {}
    for term in terms:
        if term.name in wanted:
            found[term.name] = found.get(term.name, 0) + term.size
    return found


def notation_symbols(notation: Notation) -> dict[Symbol, int]:
    """The symbols of a notation that stand for numbers here."""
    return {s: v for s, v in notation.values.items() if isinstance(v, int)}
