"""A tensor while a graph is lowered: what it is here, and where its batch is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.substitution import substitute

__all__ = ["MixesSamplesError", "NotLoweredError", "OfAllSamplesError", "Value", "number"]


class NotLoweredError(Exception):
    """No layer says this call; why."""


class MixesSamplesError(NotLoweredError):
    """The call computes along the batch."""


class OfAllSamplesError(MixesSamplesError):
    """The call gives one value of all samples, as a loss does."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor.

    Attributes:
        tensor: of the functional API, without the batch; ``None`` for a single constant number.
        shape: with the batch.
        at: where the batch is; ``None`` where there is none, as in weights and constants.
        batch: how long it is.
    """

    tensor: Any
    shape: tuple[int, ...]
    at: Batch | None
    batch: int

    @property
    def own(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return without_batch(self.shape, self.at, self.batch)

    @property
    def is_free(self) -> bool:
        """Whether the batch is an axis of its own."""
        return self.at is not None and self.at.folded(self.shape, self.batch) == 1

    def index(self, axis: int) -> int:
        """Where an axis of theirs is here, from 0.

        Raises:
            MixesSamplesError: it is the batch.
        """
        axis %= max(len(self.shape), 1)
        if self.at is None or axis < self.at.axis:
            return axis
        if axis == self.at.axis:
            raise MixesSamplesError(f"axis {axis} is the batch")
        return axis - self.is_free

    def own_axis(self) -> int:
        """Where what is folded into the batch is an axis here, counted from the end."""
        return (self.at.axis if self.at else 0) - len(self.own)

    def axis(self, axis: int) -> int:
        """The same, counted from the end: below 0."""
        return self.index(axis) - len(self.own)


def number(dim: Dim, sizes: Mapping[Any, int]) -> int:
    """A dimension at the sizes that the model was run at."""
    return dim if isinstance(dim, int) else int(substitute(plain(dim), dict(sizes)))
