"""Modules around torch's functions that compute without weights.

Axes are counted with the batch as 0, as torch counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from archcalc.frameworks.torch_modules.merging import Merge
from archcalc.frameworks.torch_modules.operations import Operation

__all__ = [
    "Clip",
    "Compare",
    "Convolve",
    "CumulativeSum",
    "Divide",
    "Einsum",
    "Function",
    "Matmul",
    "Power",
    "Reduce",
    "ScaledDotProductAttention",
    "StopGradient",
    "Take",
    "TakeAlongAxis",
    "Where",
]


def _product(x: Tensor, dim: Sequence[int], keepdim: bool) -> Tensor:
    for axis in sorted(dim, reverse=True):  # torch's takes one axis
        x = x.prod(axis, keepdim=keepdim)
    return x


def _position(of: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def found(x: Tensor, dim: Sequence[int], keepdim: bool) -> Tensor:
        (axis,) = dim
        return of(x, axis, keepdim=keepdim).to(x.dtype)

    return found


_REDUCED: Mapping[str, Callable[..., Tensor]] = {
    "mean": torch.mean,
    "sum": torch.sum,
    "max": torch.amax,
    "min": torch.amin,
    "product": _product,
    "variance": torch.var,
    "deviation": torch.std,
    "norm": torch.linalg.vector_norm,
    "argmax": _position(torch.argmax),
    "argmin": _position(torch.argmin),
}


class Reduce(Operation):
    """One number from all along some axes."""

    def __init__(
        self, how: str, axis: Sequence[int] | None, keepdims: bool, correction: int
    ) -> None:
        super().__init__(how=how, axis=axis, keepdims=keepdims)
        self.how, self.axis, self.keepdims = how, axis, keepdims
        spread = how in ("variance", "deviation")
        self.more = {"correction": correction} if spread else {}

    def forward(self, x: Tensor) -> Tensor:
        axes = range(1, x.ndim) if self.axis is None else (axis % x.ndim for axis in self.axis)
        return _REDUCED[self.how](x, dim=tuple(axes), keepdim=self.keepdims, **self.more)


class CumulativeSum(Operation):
    """The sum of all up to each position."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return x.cumsum(self.axis)


class _WithConstant(Merge):
    """Two inputs, or one and a constant."""

    def __init__(self, value: float | None) -> None:
        super().__init__()
        self.value = value

    def pair(self, inputs: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Both, brought to one number of axes."""
        if self.value is not None:
            return inputs[0], self.value
        first, second = self.aligned(inputs)
        return first, second

    def extra_repr(self) -> str:
        return "" if self.value is None else f"value={self.value}"


class Divide(_WithConstant):
    """The first by the second."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.div(*self.pair(inputs))


class Power(_WithConstant):
    """The first to the power of the second."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.pow(*self.pair(inputs))


_COMPARED: Mapping[str, Callable[..., Tensor]] = {
    "equal": torch.eq,
    "not_equal": torch.ne,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
}


class StopGradient(nn.Module):  # type: ignore[misc]
    """What goes in, and no gradient goes back."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


class Compare(_WithConstant):
    """1 where the first stands so to the second, else 0, as numbers of the first's kind."""

    def __init__(self, how: str, value: float | None) -> None:
        super().__init__(value)
        self.how = how

    def forward(self, *inputs: Tensor) -> Tensor:
        return _COMPARED[self.how](*self.pair(inputs)).to(inputs[0].dtype)


class Function(Operation):
    """A function of every number by itself."""

    def __init__(self, how: str) -> None:
        super().__init__(how=how)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = getattr(torch, self.how)(x)
        return made.to(x.dtype) if made.dtype == torch.bool else made


class Clip(Operation):
    """Every number held between two ends."""

    def __init__(self, low: float | None, high: float | None) -> None:
        super().__init__(low=low, high=high)
        self.ends = low, high

    def forward(self, x: Tensor) -> Tensor:
        return x if self.ends == (None, None) else torch.clamp(x, *self.ends)


class Where(Merge):
    """The second where the first is not 0, else the third."""

    def forward(self, *inputs: Tensor) -> Tensor:
        condition, first, second = self.aligned(inputs)
        return torch.where(condition != 0, first, second)


class Take(Operation):
    """Positions of an axis, those that the second says of every sample."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        each = [
            a.index_select(self.axis % x.ndim - 1, i.flatten().long()).unflatten(
                self.axis % x.ndim - 1, i.shape
            )
            for a, i in zip(x, indices, strict=True)
        ]
        return torch.stack(each)


class TakeAlongAxis(Operation):
    """What stands where the indices say."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, x: Tensor, indices: Tensor) -> Tensor:
        return torch.take_along_dim(x, indices.long(), self.axis)


class Matmul(Merge):
    """The matrix product over the last two axes."""

    def __init__(self, transpose_first: bool, transpose_second: bool) -> None:
        super().__init__()
        self.transposed = transpose_first, transpose_second

    def forward(self, *inputs: Tensor) -> Tensor:
        x, y = (
            each.mT if transposed else each
            for each, transposed in zip(self.aligned(inputs), self.transposed, strict=True)
        )
        return torch.matmul(x, y)


class Einsum(Operation):
    """Einstein's notation."""

    def __init__(self, equation: str) -> None:
        super().__init__(equation=equation)
        self.equation = equation

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.einsum(self.equation, *inputs)


class Convolve(Operation):
    """A convolution whose kernel is an input, another for every sample."""

    def __init__(
        self, strides: Sequence[int], padding: Sequence[Sequence[int]],
        dilation_rate: Sequence[int], groups: int,
    ) -> None:  # fmt: skip
        super().__init__(
            strides=strides, padding=padding, dilation_rate=dilation_rate, groups=groups
        )
        self.strides, self.padding = tuple(strides), tuple(padding)
        self.dilation_rate, self.groups = tuple(dilation_rate), groups

    def forward(self, x: Tensor, kernel: Tensor, *bias: Tensor) -> Tensor:
        batch, rank = len(x), x.ndim - 2
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[rank - 1]
        pairs = self.padding * (rank if len(self.padding) == 1 else 1)
        x = functional.pad(x, [int(n) for pair in reversed(pairs) for n in pair])
        y: Tensor = convolve(  # every sample is a group of its own
            x.reshape(1, -1, *x.shape[2:]), kernel.reshape(-1, *kernel.shape[2:]),
            *(b.reshape(-1) for b in bias), stride=self.strides, dilation=self.dilation_rate,
            groups=batch * self.groups,
        )  # fmt: skip
        return y.reshape(batch, -1, *y.shape[2:])


class ScaledDotProductAttention(nn.Module):  # type: ignore[misc]
    """Attention as a function."""

    def __init__(
        self, is_causal: bool, dropout: float, scale: float | None, enable_gqa: bool
    ) -> None:
        super().__init__()
        told = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
        self.told: dict[str, Any] = told
        self.dropout = dropout

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *masks: Tensor) -> Tensor:
        dropped = self.dropout if self.training else 0.0
        mask = next((_behind_the_batch(mask, query.ndim) for mask in masks), None)
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropped, **self.told
        )


def _behind_the_batch(x: Tensor, rank: int) -> Tensor:
    """`x` with as many axes, those that it lacks after the batch."""
    return x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:])
