"""Polynomials nested by one symbol, in Horner's form, to save passes over its axis.

``(a·f + 1)·n + b·f + 10·(n + 1)`` takes three passes over every ``n``, ``f`` and ``a``; as
``(a·f + 11)·n + (b·f + 10)`` it takes two, and the brackets are computed without ``n``.
Knuth, *The Art of Computer Programming*, vol. 2, section 4.6.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Expr, Integer, Mul, Symbol

from archcalc.formula.rewrite import powers_of
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain

__all__ = ["nested"]

_HIGHEST = 6
"""A polynomial of a higher degree is left as it is."""

_Coefficients = Mapping[int, Expr]


def nested(expression: Expr, by: Sequence[Symbol]) -> Expr:
    """`expression` nested by the first symbol, its coefficients by the next, and so on.

    >>> from archcalc.symbolic import symbols
    >>> k, f, n = symbols("k f n")
    >>> nested((k*f + 1)*n + f + 10*(n + 1), [n, f])
    f + n*(f*k + 11) + 10
    """
    if not by:
        return expression
    first, *rest = by
    found = _coefficients(expression, first)
    if found is None or found.keys() == {0}:
        return nested(expression, rest)
    result: Expr = Integer(0)
    for power in range(max(found), -1, -1):
        result = Add(Mul(result, first), nested(found.get(power, Integer(0)), rest))
    return result


def _coefficients(e: Expr, x: Symbol) -> _Coefficients | None:
    """The coefficients of `e` by powers of `x`; ``None`` where it is no such polynomial."""
    try:
        powers = powers_of(e, x)
    except EvaluationError:  # of too many terms
        return None
    if not all(power.is_Integer and 0 <= power <= _HIGHEST for power in powers):
        return None
    found = {int(power): Add(*map(plain, parts)) for power, parts in powers.items()}
    return None if any(x in c.free_symbols for c in found.values()) else found
