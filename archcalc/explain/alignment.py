"""Two sequences side by side: the alignment that keeps the most together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from archcalc.network import Row

__all__ = ["Pair", "aligned", "aligned_rows", "same_call"]

A = TypeVar("A")
B = TypeVar("B")

Pair: TypeAlias = tuple[Row | None, Row | None]
"""A row of each trace; ``None`` where one has none."""

_SAME = 4
"""The likeness of two rows that are equal in everything."""

_MOST_PAIRS = 4_000_000
"""Beyond this what differs is shown as taken out and put in, unaligned."""


def same_call(a: Row, b: Row) -> bool:
    """Whether the same layer is called on the same shapes, as often."""
    return a.layer.key == b.layer.key and _call(a) == _call(b)


def _call(row: Row) -> tuple[object, ...]:
    tied = tuple(tie.weight for tie in row.ties)
    return row.inputs, row.loops, row.shared, tied


def _likeness(a: Row, b: Row) -> int:
    """How alike two rows are: not at all, in class, in place, in specification, in everything."""
    if type(a.layer) is not type(b.layer):
        return 0
    same = a.layer.key == b.layer.key
    return 1 + (a.path == b.path) + same + same_call(a, b)


def aligned_rows(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Rows of two traces in order, after what both have in common at the start."""
    start = 0
    while start < min(len(a), len(b)) and _likeness(a[start], b[start]) == _SAME:
        start += 1
    head: list[Pair] = list(zip(a[:start], b[:start], strict=True))
    return [*head, *aligned(a[start:], b[start:], _likeness)]


def aligned(
    a: Sequence[A], b: Sequence[B], likeness: Callable[[A, B], float]
) -> list[tuple[A | None, B | None]]:
    """Both in order, in the pairs that have the most in common; ``None`` where one is alone.

    Source: Needleman and Wunsch (1970).

    Args:
        a, b: what is aligned.
        likeness: how much is gained by a pair; none is made where that is not positive.

    >>> aligned("kitten", "sitting", lambda x, y: int(x == y))[-3:]
    [('e', None), ('n', 'n'), (None, 'g')]
    """
    if len(a) * len(b) > _MOST_PAIRS:
        return [*((one, None) for one in a), *((None, one) for one in b)]
    alike = [[likeness(one, other) for other in b] for one in a]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            together = best[i + 1][j + 1] + alike[i][j] if alike[i][j] > 0 else 0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return _followed(a, b, alike, best)


def _followed(
    a: Sequence[A], b: Sequence[B], alike: list[list[float]], best: list[list[float]]
) -> list[tuple[A | None, B | None]]:
    """The pairs along the best way through the table."""
    pairs: list[tuple[A | None, B | None]] = []
    i = j = 0
    while i < len(a) or j < len(b):
        gain = alike[i][j] if i < len(a) and j < len(b) else 0
        if gain > 0 and best[i][j] == best[i + 1][j + 1] + gain:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif j < len(b) and (i == len(a) or best[i][j] == best[i][j + 1]):
            pairs.append((None, b[j]))
            j += 1
        else:
            pairs.append((a[i], None))
            i += 1
    return pairs
