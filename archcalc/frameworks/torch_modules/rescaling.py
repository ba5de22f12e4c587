"""Modules that bring numbers to another range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

__all__ = ["Rescaled", "Standardized"]

Numbers: TypeAlias = float | Sequence[float]

_LEAST = 1e-7
"""What Keras divides by where a variance is smaller still."""


class Rescaled(nn.Module):  # type: ignore[misc]
    """``x·scale + offset``; the two are no weights."""

    def __init__(self, scale: Numbers, offset: Numbers = 0.0) -> None:
        super().__init__()
        self.scale = scale
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return x * x.new_tensor(self.scale) + x.new_tensor(self.offset)

    def extra_repr(self) -> str:
        return f"{self.scale}, {self.offset}"


class Standardized(nn.Module):  # type: ignore[misc]
    """``(x − mean)/√variance``; buffers, and a count, where mean and variance are not given.

    Args:
        shape: the axes along which they differ, and 1 for every other axis of the input.
        axes: those axes, without the batch.
    """

    def __init__(
        self,
        shape: Sequence[int],
        axes: Sequence[int],
        mean: Numbers | None = None,
        variance: Numbers | None = None,
        invert: bool = False,
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.invert = invert
        self.given = None if mean is None or variance is None else (mean, variance)
        if self.given is None:
            kept = [self.shape[axis] for axis in axes]
            self.register_buffer("mean", torch.zeros(kept))
            self.register_buffer("variance", torch.ones(kept))
            self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.last = [1] * (len(self.shape) - 1 - max(axes, default=-1))

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = self.statistics(x)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the standard deviation, in the shape of the input."""
        if self.given is None:
            mean, variance = self.mean.reshape(self.shape), self.variance.reshape(self.shape)
        else:
            mean, variance = (
                torch.as_tensor(v, dtype=x.dtype, device=x.device).reshape(-1, *self.last)
                for v in self.given
            )
        return mean, variance.sqrt().clamp(min=_LEAST)

    def extra_repr(self) -> str:
        return f"{self.shape}, invert={self.invert}"
