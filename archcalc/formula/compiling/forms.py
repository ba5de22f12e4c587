"""Which way of writing a formula takes the least work over given axes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from sympy import Expr

from archcalc.formula.compiling.bounds import bounds_of, fits
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.nesting import nested
from archcalc.symbolic.interval import IntegerInterval
from archcalc.symbolic.symbols import symbol

__all__ = ["cheapest_form"]

_PYTHON = 30
"""How much longer an operation takes on Python integers than on those of 64 bits, about."""


def cheapest_form(
    expression: Expr, sizes: Mapping[str, int], spans: Mapping[str, IntegerInterval]
) -> Expr:
    """`expression` as it is, or nested by its symbols, the last of `sizes` first.

    Args:
        expression: a plain expression.
        sizes: how many values each symbol takes.
        spans: the least and the largest of them.

    >>> from archcalc.symbolic import symbols
    >>> k, n = symbols("k n")
    >>> cheapest_form(k*n + 10*(n + 1), {"k": 9, "n": 99}, {"k": (1, 9), "n": (1, 99)})
    n*(k + 10) + 10
    """
    order = [symbol(name) for name in reversed(list(sizes)) if sizes[name] > 1]
    forms = dict.fromkeys([expression, nested(expression, order)])
    return min(forms, key=lambda form: _work(form, sizes, spans))


def _work(form: Expr, sizes: Mapping[str, int], spans: Mapping[str, IntegerInterval]) -> int:
    """How long the steps take, in operations on 64 bits."""
    program = build([form], (), sizes)
    axes = program.axes()
    bounds = bounds_of(program, spans, program.outputs)
    return sum(
        prod(sizes[name] for name in axes[at]) * (1 if fits(span) else _PYTHON)
        for at, span in bounds.items()
    )
