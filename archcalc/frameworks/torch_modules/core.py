"""A product by an equation, a mask, a norm, and a function of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Constant", "EinsumDense", "Lambda", "Masking", "UnitNorm", "Value"]


class Value(nn.Module):  # type: ignore[misc]
    """A tensor by itself, once for every sample of a batch."""

    def __init__(self, shape: Sequence[int], learned: bool) -> None:
        super().__init__()
        made = torch.zeros(tuple(shape))
        if learned:
            self.value = nn.Parameter(made)
        else:
            self.register_buffer("value", made)

    def forward(self, batch: int) -> Tensor:
        return self.value.expand(batch, *self.value.shape)


class Constant(nn.Module):  # type: ignore[misc]
    """Fixed numbers, the same for every sample of a batch; one everywhere, until they are set."""

    def __init__(self, shape: Sequence[int], value: float) -> None:
        super().__init__()
        self.shape, self.value = tuple(shape), value
        self.numbers: Tensor | None = None

    def forward(self, batch: int) -> Tensor:
        numbers = self.numbers
        if numbers is None:
            numbers = torch.full(self.shape, self.value)
        return numbers.expand(batch, *self.shape)


class EinsumDense(nn.Module):  # type: ignore[misc]
    """A dense layer whose product is written as an equation."""

    def __init__(self, equation: str, kernel: Sequence[int], bias: Sequence[int] | None) -> None:
        super().__init__()
        self.equation = equation
        self.kernel = nn.Parameter(torch.empty(tuple(kernel)))
        self.bias = None if bias is None else nn.Parameter(torch.zeros(tuple(bias)))
        nn.init.normal_(self.kernel, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        result = torch.einsum(self.equation, x, self.kernel)
        return result if self.bias is None else result + self.bias

    def extra_repr(self) -> str:
        return self.equation


class Masking(nn.Module):  # type: ignore[misc]
    """Zeros at positions whose features all have the mask's value."""

    def __init__(self, mask_value: float = 0.0) -> None:
        super().__init__()
        self.mask_value = mask_value

    def forward(self, x: Tensor) -> Tensor:
        return torch.where((x != self.mask_value).any(dim=-1, keepdim=True), x, 0.0)

    def extra_repr(self) -> str:
        return str(self.mask_value)


class UnitNorm(nn.Module):  # type: ignore[misc]
    """Divided by the root of the sum of squares along some axes."""

    def __init__(self, dim: Sequence[int]) -> None:
        super().__init__()
        self.dim = tuple(dim)

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=self.dim, keepdim=True)
        return x / length.clamp_min(1e-12)

    def extra_repr(self) -> str:
        return str(self.dim)


class Lambda(nn.Module):  # type: ignore[misc]
    """A function of one's own, of a tensor or of a list of several."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(inputs[0] if len(inputs) == 1 else list(inputs))
