"""Small torch modules, for what torch has as a function or not at all.

The only module of the package that imports torch at once; it is itself imported only when a torch
module is built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "AverageInside",
    "Concatenate",
    "Difference",
    "Dot",
    "Exponential",
    "GaussianDropout",
    "GaussianNoise",
    "Largest",
    "Mean",
    "Net",
    "Pad",
    "Permute",
    "Product",
    "Rectifier",
    "RepeatVector",
    "Reshape",
    "Slopes",
    "Smallest",
    "Squareplus",
    "Sum",
]


class Net(nn.Module):  # type: ignore[misc]
    """Modules called in the order of a program; submodules are named by the paths of the layers."""

    def __init__(
        self, calls: Sequence[tuple[str, tuple[int, ...]]], outputs: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.calls = tuple(calls)
        self.outputs = outputs

    def forward(self, *inputs: Tensor) -> Any:
        made: list[Tensor] = []
        for name, sources in self.calls:
            fed = [made[i] if i >= 0 else inputs[-1 - i] for i in sources]
            made.append(self.get_submodule(name)(*fed))
        results = tuple(made[i] if i >= 0 else inputs[-1 - i] for i in self.outputs)
        return results[0] if len(results) == 1 else results


class Permute(nn.Module):  # type: ignore[misc]
    """The axes in another order, counted from 1; 0 is the batch and stays."""

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = tuple(dims)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, *self.dims)

    def extra_repr(self) -> str:
        return str(self.dims)


class Reshape(nn.Module):  # type: ignore[misc]
    """The same elements in another shape, without the batch."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), *self.shape)

    def extra_repr(self) -> str:
        return str(self.shape)


class RepeatVector(nn.Module):  # type: ignore[misc]
    """One vector, `n` times."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(1).repeat(1, self.n, 1)


class Pad(nn.Module):  # type: ignore[misc]
    """`value` before and after each spatial axis; less than nothing takes off."""

    def __init__(self, pairs: Sequence[tuple[int, int]], value: float = 0.0) -> None:
        super().__init__()
        self.pairs = tuple(pairs)
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(
            x, [n for pair in reversed(self.pairs) for n in pair], value=self.value
        )

    def extra_repr(self) -> str:
        return f"{self.pairs}, value={self.value}"


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


class Rectifier(nn.Module):  # type: ignore[misc]
    """ReLU with a ceiling, a slope below the threshold, or another threshold, as in Keras."""

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0
    ) -> None:
        super().__init__()
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        above = x if self.max_value is None else x.clamp(max=self.max_value)
        return torch.where(x >= self.threshold, above, self.negative_slope * (x - self.threshold))

    def extra_repr(self) -> str:
        return f"{self.max_value}, {self.negative_slope}, {self.threshold}"


class Slopes(nn.Module):  # type: ignore[misc]
    """PReLU with a slope for every element, as in Keras; axes of length 1 share theirs."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(tuple(shape)))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x) - self.alpha * functional.relu(-x)


class Exponential(nn.Module):  # type: ignore[misc]
    """``e^x``."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


class Squareplus(nn.Module):  # type: ignore[misc]
    """``(x + √(x² + 4))/2``."""

    def forward(self, x: Tensor) -> Tensor:
        return (x + torch.sqrt(x * x + 4)) / 2


class GaussianNoise(nn.Module):  # type: ignore[misc]
    """Noise added while training."""

    def __init__(self, stddev: float) -> None:
        super().__init__()
        self.stddev = stddev

    def forward(self, x: Tensor) -> Tensor:
        return x + self.stddev * torch.randn_like(x) if self.training else x


class GaussianDropout(nn.Module):  # type: ignore[misc]
    """Multiplied with noise around 1 while training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return x
        return x * (1 + (self.rate / (1 - self.rate)) ** 0.5 * torch.randn_like(x))


class _Merge(nn.Module):  # type: ignore[misc]
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


class Sum(_Merge):
    """The sum."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.add)


class Difference(_Merge):
    """The first less the second."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.sub)


class Product(_Merge):
    """The product."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.mul)


class Mean(_Merge):
    """The mean."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.add) / len(inputs)


class Largest(_Merge):
    """The largest."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.folded(inputs, torch.maximum)


class Smallest(_Merge):
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
