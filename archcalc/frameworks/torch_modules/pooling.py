"""Pools that torch has not got."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archcalc.frameworks.torch_modules.shapes import Pad

__all__ = ["AverageInside", "Unpool"]


class AverageInside(nn.Module):  # type: ignore[misc]
    """The mean of each window over what lies inside the input, as Keras' ``"same"`` means it."""

    def __init__(
        self, kernel_size: Sequence[int], stride: Sequence[int], pairs: Sequence[tuple[int, int]]
    ) -> None:
        super().__init__()
        rank = len(kernel_size)
        self.pad = Pad(pairs)
        self.pool = getattr(nn, f"AvgPool{rank}d")(tuple(kernel_size), tuple(stride))

    def forward(self, x: Tensor) -> Tensor:
        inside = torch.ones_like(x[:1, :1])
        return self.pool(self.pad(x)) / self.pool(self.pad(inside))


class Unpool(nn.Module):  # type: ignore[misc]
    """A max pool undone: values and their indices, to a size that is given with the module."""

    def __init__(self, pool: nn.Module, size: Sequence[int] | None, last: bool) -> None:
        super().__init__()
        self.pool = pool
        self.size = None if size is None else list(size)
        self.last = last

    def forward(self, values: Tensor, indices: Tensor) -> Tensor:
        if self.last:
            values, indices = values.movedim(-1, 1), indices.movedim(-1, 1)
        out = self.pool(values, indices, output_size=self.size)
        return out.movedim(1, -1) if self.last else out

    def extra_repr(self) -> str:
        return f"size={self.size}, last={self.last}"
