"""Where the batch is in a tensor, which need not be its first axis, nor an axis of its own.

A model was run with a batch whose length is a prime that no other size has.  So an axis of that
length is the batch; an axis of a multiple of it holds the batch and something folded into it:
windows, frames, heads.  What is left of such an axis without the batch is an ordinary axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from archcalc.frameworks.importing.sizes import quotient

__all__ = ["BATCH", "Batch", "after_reshape", "without_batch"]

BATCH = 10_007
"""A prime that is no size of a layer: an axis of that length is the batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The axis that the batch is in, and how many elements of that axis belong to one sample and
    lie next to one another.

    Attributes:
        axis: counted from 0.
        inner: of that axis, how many elements of one sample follow one another.
    """

    axis: int = 0
    inner: int = 1

    def folded(self, shape: Sequence[int], batch: int) -> int:
        """How many elements of the axis belong to one sample.

        >>> Batch(0).folded((5 * 64, 49, 96), 5)
        64
        """
        return quotient(shape[self.axis], batch)


def without_batch(shape: Sequence[int], at: Batch | None, batch: int) -> tuple[int, ...]:
    """The shape of one sample.

    >>> without_batch((7, 5, 512), Batch(1), 5), without_batch((5 * 64, 49), Batch(0), 5)
    ((7, 512), (64, 49))
    """
    if at is None:
        return tuple(shape)
    folded = at.folded(shape, batch)
    kept = (folded,) if folded != 1 else ()
    return (*shape[: at.axis], *kept, *shape[at.axis + 1 :])


def after_reshape(
    before: Sequence[int], at: Batch | None, after: Sequence[int], batch: int
) -> Batch | None:
    """Where the batch is once the elements of `before` have the shape `after`.

    One step along the batch is so many elements; in the new shape that is an axis too, or the
    batch was torn apart.

    >>> after_reshape((5, 8, 8, 96), Batch(0), (5 * 64, 96), 5)
    Batch(axis=0, inner=64)
    >>> after_reshape((7, 5, 512), Batch(1), (7, 5 * 8, 64), 5)
    Batch(axis=1, inner=8)
    """
    if at is None:
        return None
    before, after = [*map(int, before)], [*map(int, after)]
    step = at.inner * prod(before[at.axis + 1 :])
    behind = 1
    for axis in range(len(after) - 1, -1, -1):
        length = after[axis]
        if length % batch == 0 and behind <= step < behind * length:
            inner, rest = divmod(step, behind)
            if not rest and length % (batch * inner) == 0:
                return Batch(axis, inner)
        behind *= length
    return None
