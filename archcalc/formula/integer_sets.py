"""Sets of integers: rising lists of runs, and progressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import gcd
from typing import TypeAlias

from sympy import Expr, Symbol

from archcalc.formula.rewrite import expandable
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.residues import multiplied_out

__all__ = ["Progression", "Span", "intersected", "joined", "spans_of"]

Span: TypeAlias = tuple[int, int | None]
"""All integers from the first to the second, which is ``None`` where there is no last one."""


def spans_of(numbers: Iterable[int]) -> list[Span]:
    """Rising `numbers` as runs.

    >>> spans_of([1, 2, 3, 7, 9, 10])
    [(1, 3), (7, 7), (9, 10)]
    """
    return joined((number, number) for number in numbers)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Rising runs with those that touch made one.

    >>> joined([(1, 4), (5, 6), (8, None)])
    [(1, 6), (8, None)]
    """
    runs: list[Span] = []
    for low, high in spans:
        if runs and runs[-1][1] == low - 1:
            runs[-1] = (runs[-1][0], high)
        else:
            runs.append((low, high))
    return runs


def intersected(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """What two rising lists of runs share.

    >>> intersected([(1, 5), (8, None)], [(4, 9), (12, 12)])
    [(4, 5), (8, 9), (12, 12)]
    """
    shared: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), _earlier(a[i][1], b[j][1])
        if high is None or low <= high:
            shared.append((low, high))
        if a[i][1] == high:
            i += 1
        else:
            j += 1
    return shared


def _earlier(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return b if a is None else a
    return min(a, b)


@dataclass(frozen=True, slots=True)
class Progression:
    """The numbers ``step·m + offset`` for ``m`` = 1, 2, 3, …

    >>> Progression(4, -2).number(1), list(Progression(4, -2).by_residue_class(2))
    (2, [Progression(step=8, offset=-6), Progression(step=8, offset=-2)])
    """

    step: int = 1
    offset: int = 0

    def number(self, m: int) -> int:
        """The number at place `m`."""
        return self.step * m + self.offset

    def along(self, expression: Dim, n: Symbol) -> Expr:
        """`expression` of `n` as one of the place, which is called `n` again."""
        e = plain(expression)
        if self.step == 1 and not self.offset:
            return e
        along = e.xreplace({n: self.number_at(n)})
        return multiplied_out(along) if expandable(along) else along

    def number_at(self, place: Symbol) -> Expr:
        """The number at a place that is a symbol."""
        return self.step * place + self.offset

    def places(self, numbers: Iterable[int]) -> list[int]:
        """The places of those of `numbers` that belong to it."""
        whole = [divmod(number - self.offset, self.step) for number in numbers]
        return [m for m, rest in whole if rest == 0 and m >= 1]

    def by_residue_class(self, classes: int) -> Iterator[Progression]:
        """The progressions of every `classes`-th of its numbers."""
        step = self.step * classes
        for first in range(1, classes + 1):
            yield Progression(step, self.number(first) - step)

    def meet(self, step: int, offset: int) -> Progression | None:
        """Those of its numbers that are `offset` modulo `step`; ``None`` where there are none."""
        g = gcd(self.step, step)
        if (offset - self.offset) % g:
            return None
        inverse = pow(self.step // g, -1, step // g)
        first = (offset - self.offset) // g * inverse % (step // g) or step // g
        joint = self.step * (step // g)
        return Progression(joint, self.number(first) - joint)
