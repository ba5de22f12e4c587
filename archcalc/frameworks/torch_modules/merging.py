"""What joins several inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Concatenate", "Difference", "Dot", "Largest", "Mean", "Product", "Smallest", "Sum"]


class Merge(nn.Module):  # type: ignore[misc]
    """Inputs of one shape, element by element; missing axes come after the batch, as in Keras."""

    @staticmethod
    def aligned(inputs: Sequence[Tensor]) -> list[Tensor]:
        rank = max(x.ndim for x in inputs)
        return [x.reshape(len(x), *(1,) * (rank - x.ndim), *x.shape[1:]) for x in inputs]

    def folded(self, inputs: Sequence[Tensor], join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        result, *others = self.aligned(inputs)
        for other in others:
            result = join(result, other)
        return result


class Sum(Merge):
    """The sum."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.add)


class Difference(Merge):
    """The first less the second."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.sub)


class Product(Merge):
    """The product."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.mul)


class Mean(Merge):
    """The mean."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.add) / len(inputs)


class Largest(Merge):
    """The largest."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.maximum)


class Smallest(Merge):
    """The smallest."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.minimum)


class Concatenate(nn.Module):  # type: ignore[misc]
    """One after the other along an axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.axis)


class Dot(nn.Module):  # type: ignore[misc]
    """Products of two inputs summed along an axis of each."""

    def __init__(self, axes: Sequence[int], normalize: bool = False) -> None:
        super().__init__()
        self.axes = tuple(axes) if len(axes) == 2 else (axes[0], axes[0])
        self.normalize = normalize

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if self.normalize:
            x, y = (
                functional.normalize(x, dim=self.axes[0]),
                functional.normalize(y, dim=self.axes[1]),
            )
        x, y = x.movedim(self.axes[0], -1), y.movedim(self.axes[1], 1)
        outside = (*x.shape[1:-1], *y.shape[2:])
        rows = x.reshape(len(x), prod(x.shape[1:-1]), x.shape[-1])
        columns = y.reshape(len(y), y.shape[1], prod(y.shape[2:]))
        return torch.bmm(rows, columns).reshape(len(x), *(outside or (1,)))
