"""How a framework orders the axes of a weight: a pattern that is read both ways.

Frameworks hold the same tensor in different orders: a Keras kernel is ``(k_h, k_w, in, out)``, a
torch weight ``(out, in, k_h, k_w)``.  One pattern says both, theirs on the left:
``"o i * -> * i o"``.  A letter is an axis, ``*`` any number of axes, ``1`` an axis of that length,
and ``(c m)`` one axis that runs over two of the other side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

__all__ = ["arranged", "spelt", "to_ours", "to_theirs"]

_Axis = tuple[str, ...]
"""The letters that one axis runs over; ``("*",)`` stands for any number of axes."""


def spelt(pattern: str) -> str:
    """The pattern with its letters in the order of the alphabet: of one order there is one.

    >>> spelt("o i * -> * i o") == spelt("i o * -> * o i"), spelt("(c m) 1 * -> * c m")
    (True, '(a b) 1 * -> * a b')
    """
    names: dict[str, str] = {}
    return re.sub("[a-z]", lambda m: names.setdefault(m[0], chr(ord("a") + len(names))), pattern)


def to_theirs(pattern: str, ours: Sequence[int]) -> tuple[int, ...]:
    """The shape that a weight of our shape has in the framework.

    >>> to_theirs("o i * -> * i o", (3, 3, 1, 32)), to_theirs("(c m) 1 * -> * c m", (3, 3, 16, 2))
    ((32, 1, 3, 3), (32, 1, 3, 3))
    """
    theirs_side, ours_side = _sides(pattern)
    return _written(theirs_side, _bound(ours_side, ours, {}))


def to_ours(pattern: str, theirs: Sequence[int], **known: int) -> tuple[int, ...]:
    """The shape that a weight of the framework has in our order.

    Args:
        pattern: the pattern.
        theirs: the framework's shape.
        known: the lengths of axes that the framework's shape does not tell apart.

    >>> to_ours("(c m) 1 * -> * c m", (32, 1, 3, 3), m=2)
    (3, 3, 16, 2)
    """
    theirs_side, ours_side = _sides(pattern)
    return _written(ours_side, _bound(theirs_side, theirs, known))


def arranged(pattern: str, ours: Any) -> Any:
    """An array of our shape as the framework holds it.

    Args:
        pattern: the pattern.
        ours: an array, of NumPy or anything with its ``transpose`` and ``reshape``.

    >>> import numpy as np
    >>> arranged("o i * -> * i o", np.zeros((3, 3, 1, 32))).shape
    (32, 1, 3, 3)
    """
    theirs_side, ours_side = _sides(pattern)
    many = [f"*{i}" for i in range(len(ours.shape) - len(ours_side) + 1)]
    here = [letter for axis in ours_side for letter in (many if axis == ("*",) else axis)]
    there = [letter for axis in theirs_side for letter in (many if axis == ("*",) else axis)]
    order = [here.index(letter) for letter in there if letter != "1"]
    return ours.transpose(order).reshape(to_theirs(pattern, ours.shape))


@lru_cache(maxsize=64)
def _sides(pattern: str) -> tuple[tuple[_Axis, ...], tuple[_Axis, ...]]:
    left, _, right = pattern.partition("->")
    return _axes(left), _axes(right)


def _axes(side: str) -> tuple[_Axis, ...]:
    found: list[_Axis] = []
    group: list[str] | None = None
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            group = []
        elif token == ")":
            found.append(tuple(group or ()))
            group = None
        elif group is not None:
            group.append(token)
        else:
            found.append((token,))
    return tuple(found)


def _bound(
    side: tuple[_Axis, ...], shape: Sequence[int], known: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """The length of every letter, found in `shape`."""
    lengths: dict[str, tuple[int, ...]] = {name: (value,) for name, value in known.items()}
    many = len(shape) - len(side) + 1  # how many axes the star stands for
    place = 0
    for axis in side:
        width = many if axis == ("*",) else 1
        if axis == ("*",):
            lengths["*"] = tuple(shape[place : place + width])
        elif axis != ("1",):
            fixed = [letter for letter in axis if letter in lengths]
            (open_one,) = [letter for letter in axis if letter not in lengths] or axis[:1]
            lengths[open_one] = (shape[place] // prod(lengths[letter][0] for letter in fixed),)
        place += width
    return lengths


def _written(side: tuple[_Axis, ...], lengths: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    shape: list[int] = []
    for axis in side:
        if axis == ("*",):
            shape.extend(lengths["*"])
        else:
            shape.append(prod(lengths[letter][0] for letter in axis if letter != "1"))
    return tuple(shape)
