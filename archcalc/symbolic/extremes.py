"""Maxima and minima, with what sympy leaves undone in them done."""

from __future__ import annotations

from sympy import Expr, Max, Min

__all__ = ["settled"]


def settled(e: Expr) -> Expr:
    """`e` with maxima in minima decided where they can be, and minima in maxima.

    sympy takes out what two minima have in common, makes ``Min(c, Max(10, 12))`` of
    ``Max(Min(12, c), Min(c, 10))``, and leaves it so.

    >>> from archcalc.symbolic import symbols
    >>> c = symbols("c")
    >>> settled(Max(Min(12, c), Min(c, 10)))
    Min(12, c)
    >>> settled(Max(Min(c, 5), Min(2 * c, 5)))
    Min(5, 2*c)
    """
    while undone := _undone(e):
        e = e.xreplace(undone)
    return e


def _undone(e: Expr) -> dict[Expr, Expr]:
    """What stands in a maximum or minimum and is something simpler."""
    inner = {a for extreme in e.atoms(Max, Min) for a in extreme.args if isinstance(a, Max | Min)}
    decided = {part: part.func(*part.args) for part in inner}
    return {part: simpler for part, simpler in decided.items() if simpler != part}
