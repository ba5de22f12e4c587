"""What is left of a number without its half, ``n − ⌊n/2⌋``, as the half rounded up: ``⌈n/2⌉``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from sympy import Add, Expr, Integer

from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import FloorDiv, floor_div

__all__ = ["with_halves_up"]


def with_halves_up(value: Dim) -> Dim:
    """A sum in which a number and its half are told together.

    ``⌊x/p⌋ − ⌊(x + j·p)/(2·p)⌋`` is ``⌊(x + (1 − j)·p)/(2·p)⌋`` for every whole j, because
    ``n − ⌊(n + j)/2⌋ = ⌈(n − j)/2⌉``.

    >>> from archcalc.symbolic import symbols
    >>> h = symbols("h")
    >>> even = floor_div(h, 4) + (floor_div(h, 4) - 2 * floor_div(h, 8))
    >>> with_halves_up(h - floor_div(h, 2)), with_halves_up(even)
    ((h + 1)//2, 2*((h + 4)//8))
    """
    if isinstance(value, int) or not value.has(FloorDiv):
        return value
    terms = {part: times for times, part in map(_term, Add.make_args(value))}
    pair = next(_pairs(terms), None)
    if pair is None:
        return value
    whole, half, made = pair
    times = min(terms[whole], -terms[half])
    rest = value - times * whole + times * half + times * made
    return with_halves_up(lower(rest))


def _term(term: Expr) -> tuple[int, Expr]:
    times, part = term.as_coeff_Mul()
    return (int(times), part) if isinstance(times, Integer) else (0, term)


def _pairs(terms: dict[Expr, int]) -> Iterator[tuple[Expr, Expr, Dim]]:
    """A number and its half that go together, and what they are together.

    A number is at least as often there as its half is taken away: what is left of it is then no
    more than the sum was.
    """
    for whole, half in permutations(terms, 2):
        if not (isinstance(half, FloorDiv) and 0 < -terms[half] <= terms[whole]):
            continue
        x, p = whole.args if isinstance(whole, FloorDiv) else (whole, Integer(1))
        y, q = half.args
        if not (isinstance(p, Integer) and q == 2 * p):
            continue
        steps = (y - x) / p
        if isinstance(steps, Integer):
            yield whole, half, floor_div(lower(x + (1 - steps) * p), lower(q))
