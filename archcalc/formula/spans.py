"""Sets of integers as rising lists of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

__all__ = ["Span", "intersected", "joined", "spans_of"]

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
