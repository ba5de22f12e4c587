"""The shapes that operations give, of whole numbers, the batch among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from math import prod
from typing import Any, TypeAlias

from archcalc.frameworks.importing.values import NotLoweredError

__all__ = ["broadcast", "einsum", "joined", "multiplied", "reshaped", "sections"]

Dims: TypeAlias = tuple[int, ...]


def broadcast(shapes: Sequence[Sequence[int]]) -> Dims:
    """What shapes are together, axes of length 1 stretched.

    Raises:
        NotLoweredError: they do not fit.

    >>> broadcast([(5, 1, 3), (4, 3), ()])
    (5, 4, 3)
    """
    made = []
    for lengths in zip_longest(*(tuple(reversed(shape)) for shape in shapes), fillvalue=1):
        found = {length for length in lengths if length not in (1, -1)}
        if len(found) > 1:
            raise NotLoweredError(f"lengths {sorted(found)} do not fit")
        made.append(found.pop() if found else 1)
    return tuple(reversed(made))


def reshaped(shape: Sequence[int], target: Sequence[int]) -> Dims:
    """A target with its open axis filled in.

    Raises:
        NotLoweredError: it has another number of elements.

    >>> reshaped((5, 6, 4), (-1, 24))
    (5, 24)
    """
    known = prod(dim for dim in target if dim != -1)
    if target.count(-1) > 1 or not known or prod(shape) % known:
        raise NotLoweredError(f"{tuple(shape)} does not go into {tuple(target)}")
    made = tuple(prod(shape) // known if dim == -1 else dim for dim in target)
    if prod(made) != prod(shape):
        raise NotLoweredError(f"{tuple(shape)} does not go into {tuple(target)}")
    return made


def joined(shapes: Sequence[Sequence[int]], axis: int) -> Dims:
    """Tensors one after the other along an axis.

    >>> joined([(5, 2, 3), (5, 4, 3)], 1)
    (5, 6, 3)
    """
    first = list(shapes[0])
    first[axis] = sum(shape[axis] for shape in shapes)
    return tuple(first)


def sections(length: int, asked: Any) -> list[int]:
    """How long the parts are of an axis that is split in equal parts, or at places.

    Raises:
        NotLoweredError: it does not go.

    >>> sections(6, 3), sections(6, (1, 4))
    ([2, 2, 2], [1, 3, 2])
    """
    if isinstance(asked, int):
        if asked < 1 or length % asked:
            raise NotLoweredError(f"{length} in {asked} parts")
        return [length // asked] * asked
    ends = [*asked, length]
    return [end - start for start, end in zip([0, *asked], ends, strict=True)]


def multiplied(first: Dims, second: Dims) -> Dims:
    """A product of matrices, with axes before.

    Raises:
        NotLoweredError: one has fewer than two axes.

    >>> multiplied((5, 7, 3), (3, 2))
    (5, 7, 2)
    """
    if min(len(first), len(second)) < 2:
        raise NotLoweredError("a product with a vector")
    return (*broadcast([first[:-2], second[:-2]]), first[-2], second[-1])


def einsum(equation: str, shapes: Sequence[Dims]) -> Dims:
    """What an equation gives.

    Raises:
        NotLoweredError: it leaves its output open.

    >>> einsum("...ij,...jk->...ik", [(5, 2, 3), (5, 3, 4)])
    (5, 2, 4)
    """
    ins, arrow, out = equation.replace(" ", "").partition("->")
    if not arrow:
        raise NotLoweredError("an equation that leaves its output open")
    lengths: dict[str, int] = {}
    before: list[Dims] = []
    for part, shape in zip(ins.split(","), shapes, strict=True):
        head, dots, tail = part.partition("...")
        more = len(shape) - len(head) - len(tail)
        lengths |= dict(zip(head, shape, strict=False))
        if dots:
            before.append(shape[len(head) : len(head) + more])
        lengths |= dict(zip(reversed(tail), reversed(shape), strict=False))
    start, dots, end = out.partition("...")
    middle = broadcast(before) if dots else ()
    return (*(lengths[c] for c in start), *middle, *(lengths[c] for c in end))
