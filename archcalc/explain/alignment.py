"""The rows of two traces side by side: the alignment that keeps the most together."""

from __future__ import annotations

from collections.abc import Sequence

from archcalc.network import Row

__all__ = ["Pair", "aligned", "same_call"]

Pair = tuple[Row | None, Row | None]
"""A row of each trace; ``None`` where one has none."""


def same_call(a: Row, b: Row) -> bool:
    """Whether the same layer is called on the same shapes, as often."""
    return a.layer.key == b.layer.key and _call(a) == _call(b)


def _call(row: Row) -> tuple[object, ...]:
    tied = tuple(tie.weight for tie in row.ties)
    return row.inputs, row.loops, row.shared, tied


def aligned(a: Sequence[Row], b: Sequence[Row]) -> list[Pair]:
    """Rows of both in order; the alignment that keeps the most, and the likest, together.

    Source: Needleman and Wunsch (1970), after what both have in common at either end.
    """
    start = 0
    while start < min(len(a), len(b)) and _likeness(a[start], b[start]) == _SAME:
        start += 1
    head = list(zip(a[:start], b[:start], strict=True))
    left, right = a[start:], b[start:]
    if len(left) * len(right) > _MOST_PAIRS:
        return [*head, *((row, None) for row in left), *((None, row) for row in right)]
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            likeness = _likeness(left[i], right[j])
            together = best[i + 1][j + 1] + likeness if likeness else 0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return [*head, *_followed(left, right, best)]


_SAME = 4
_MOST_PAIRS = 4_000_000
"""Beyond this what differs is shown as taken out and put in, unaligned."""


def _likeness(a: Row, b: Row) -> int:
    """How alike two rows are: not at all, in class, in place, in specification, in everything."""
    if type(a.layer) is not type(b.layer):
        return 0
    same = a.layer.key == b.layer.key
    return 1 + (a.path == b.path) + same + same_call(a, b)


def _followed(a: Sequence[Row], b: Sequence[Row], best: list[list[int]]) -> list[Pair]:
    """The pairs along the best way through the table."""
    pairs: list[Pair] = []
    i = j = 0
    while i < len(a) or j < len(b):
        likeness = _likeness(a[i], b[j]) if i < len(a) and j < len(b) else 0
        if likeness and best[i][j] == best[i + 1][j + 1] + likeness:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif j < len(b) and (i == len(a) or best[i][j] == best[i][j + 1]):
            pairs.append((None, b[j]))
            j += 1
        else:
            pairs.append((a[i], None))
            i += 1
    return pairs
