"""Lines broken where a person would break them: between words, terms and factors, and in paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

__all__ = ["fitted", "in_parts", "wrapped"]

_GAP = 2
"""Between columns."""

_OPEN, _CLOSE = frozenset("(⌊⌈["), frozenset(")⌋⌉]")
_JOINING = frozenset("+−-=→×·*")
"""An operator stands at the start of a line rather than at the end of one."""

_PART = 5
"""A name that has to be broken is, after so many letters, at an underscore or a capital."""


def wrapped(words: str, width: int, indent: int = 0) -> list[str]:
    """`words` in lines of no more than `width`, where that can be; all but the first indented.

    >>> wrapped("stage2/block3/conv2d", 10)
    ['stage2/', 'block3/', 'conv2d']
    >>> wrapped("running (k² + 1)·f + 10", 14, 2)
    ['running', '  (k² + 1)·f', '  + 10']
    """
    if len(words) <= width:
        return [words]
    lines: list[str] = []
    line = ""
    for piece in _small(words, width - indent):
        if line.strip() and len((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = " " * indent
        line += piece
    return [*lines, line.rstrip()]


def _small(words: str, width: int) -> Iterator[str]:
    """The pieces of `words`, those that are too long in pieces of their own."""
    for piece in _pieces(words, 0):
        if len(piece.rstrip()) <= width:
            yield piece
        else:
            yield from _pieces(piece, 1)


def _pieces(words: str, deepest: int) -> Iterator[str]:
    """What is not broken, as far as brackets of this depth are; names and shapes are if it is 1."""
    depth = start = 0
    for i, c in enumerate(words[:-1]):
        depth += (c in _OPEN) - (c in _CLOSE)
        after = words[i + 1]
        if depth > deepest or i < start or after == " ":
            continue
        named = deepest > 0 and i - start + 1 >= _PART and _ends_part(c, after)
        if (
            named
            or (c in "/·×" and not depth)
            or (c == " " and words[max(i - 1, 0)] not in _JOINING)
        ):
            yield words[start : i + 1]
            start = i + 1
    yield words[start:]


def _ends_part(c: str, after: str) -> bool:
    return c in "_×·" or (c.islower() and after.isupper())


def fitted(columns: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """How wide each column is so that a table is no wider than `width`, where that can be.

    The widest columns that can be broken give way first.

    >>> fitted([["a" * 10], ["b c d e f g"]], 18)
    [10, 6]
    """
    widths = [max(map(len, column)) for column in columns]
    if width is None:
        return widths
    over = _total(widths) - width
    for deepest in (0, 1):
        narrow = [max(_longest(cell, deepest) for cell in column) for column in columns]
        while over > 0:
            widest = max(range(len(widths)), key=lambda i: (widths[i] > narrow[i], widths[i]))
            if widths[widest] <= narrow[widest]:
                break
            widths[widest] -= 1
            over -= 1
    return widths


def in_parts(columns: Sequence[Sequence[str]], width: int | None) -> list[list[int]]:
    """The columns that stand side by side, by their numbers, where not all of them can.

    The first stands before each part, so that a row is known again.

    >>> in_parts([["a"], ["b" * 9], ["c" * 9]], 12)
    [[0, 1], [0, 2]]
    >>> in_parts([["a"], ["b" * 9], ["c" * 9]], 80)
    [[0, 1, 2]]
    """
    everything = list(range(len(columns)))
    if width is None or _total(fitted(columns, width)) <= width:
        return [everything]
    parts: list[list[int]] = [[0]]
    for number in everything[1:]:
        wider = [columns[i] for i in (*parts[-1], number)]
        if len(parts[-1]) > 1 and _total(fitted(wider, width)) > width:
            parts.append([0])
        parts[-1].append(number)
    return parts


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _longest(words: str, deepest: int) -> int:
    return max(len(piece.rstrip()) for piece in _pieces(words, deepest))
