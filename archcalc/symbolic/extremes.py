"""Maxima and minima, with what sympy leaves undone in them done."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Max, Min

__all__ = ["settled"]


def settled(e: Expr) -> Expr:
    """`e` without maxima and minima of several numbers.

    sympy makes ``Min(c, Max(10, 12))`` of ``Max(Min(12, c), Min(c, 10))``, and leaves it so.

    >>> from archcalc.symbolic import symbols
    >>> c = symbols("c")
    >>> settled(Max(Min(12, c), Min(c, 10)))
    Min(12, c)
    """
    while any(map(_holds_numbers, e.atoms(Max, Min))):
        e = e.replace(_holds_numbers, lambda extreme: extreme.func(*extreme.args))
    return e


def _holds_numbers(part: Any) -> bool:
    return isinstance(part, Max | Min) and sum(bool(a.is_Number) for a in part.args) > 1
