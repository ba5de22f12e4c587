"""Polynomials nested by one symbol, as Horner wrote them, to save passes over its axis.

``(a·f + 1)·n + b·f + 10·(n + 1)`` takes three passes over every ``n``, ``f`` and ``a``; as
``(a·f + 11)·n + (b·f + 10)`` it takes two, and the brackets are computed without ``n``.
Knuth, *The Art of Computer Programming*, vol. 2, section 4.6.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

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
    if x not in e.free_symbols:
        return {0: e}
    if e == x:
        return {1: Integer(1)}
    if not isinstance(e, Add | Mul | Pow):
        return None
    if isinstance(e, Pow):
        if not (isinstance(e.exp, Integer) and 0 < int(e.exp) <= _HIGHEST):
            return None
        parts = [_coefficients(e.base, x)] * int(e.exp)
    else:
        parts = [_coefficients(a, x) for a in e.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return _sum(known) if isinstance(e, Add) else _product(known)


def _sum(parts: Sequence[_Coefficients]) -> _Coefficients:
    terms: dict[int, list[Expr]] = {}
    for part in parts:
        for power, coefficient in part.items():
            terms.setdefault(power, []).append(coefficient)
    return {power: Add(*coefficients) for power, coefficients in terms.items()}


def _product(parts: Sequence[_Coefficients]) -> _Coefficients | None:
    product: _Coefficients = {0: Integer(1)}
    for part in parts:
        if max(product) + max(part) > _HIGHEST:
            return None
        crossed = [{p + q: Mul(a, b)} for p, a in product.items() for q, b in part.items()]
        product = _sum(crossed)
    return product
