"""Modules that move or add elements."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Each", "Packed", "Pad", "Permute", "RepeatVector", "Reshape"]


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
    """`value`, or what `mode` says, around each spatial axis; less than nothing takes off."""

    def __init__(
        self, pairs: Sequence[tuple[int, int]], value: float = 0.0, mode: str = "constant"
    ) -> None:
        super().__init__()
        self.pairs = tuple(pairs)
        self.value = value
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        flat = [n for pair in reversed(self.pairs) for n in pair]
        value = {"value": self.value} if self.mode == "constant" else {}
        return functional.pad(x, flat, mode=self.mode, **value)

    def extra_repr(self) -> str:
        return f"{self.pairs}, value={self.value}, mode={self.mode}"


class Packed(nn.Module):  # type: ignore[misc]
    """The same elements, one after the other in memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.contiguous()


class Each(nn.Module):  # type: ignore[misc]
    """A module called on each of several tensors."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, several: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(self.module(x) for x in several)
