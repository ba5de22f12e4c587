"""A division rounded up as one that is rounded down, for notations that have only that."""

from __future__ import annotations

from archcalc.symbolic.printing.layout import Node, Number, Signed, Sum

__all__ = ["raised"]


def raised(numerator: Node, divisor: Node) -> Node:
    """``x + q − 1``, whose floor over ``q`` is the ceiling of ``x/q``."""
    terms: list[Signed] = []
    constant = -1
    for term in (*_terms(numerator), *_terms(divisor)):
        if isinstance(term.node, Number):
            constant += -term.node.value if term.negative else term.node.value
        else:
            terms.append(term)
    if constant or not terms:
        terms.append(Signed(constant < 0, Number(abs(constant))))
    return Sum(tuple(terms))


def _terms(node: Node) -> tuple[Signed, ...]:
    if isinstance(node, Sum):
        return node.terms
    return (node if isinstance(node, Signed) else Signed(False, node),)
