"""Activations that torch has as a function or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from archcalc.frameworks.records.activations import ACTIVATIONS

__all__ = ["Exponential", "Rectifier", "Slopes", "Squareplus", "activation"]


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

    def __init__(self, shape: Sequence[int], init: float = 0.0) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.full(tuple(shape), float(init)))

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


def activation(name: str, **extra: Any) -> nn.Module:
    """The function called `name` in Keras, with `extra` arguments of torch's class."""
    cls, arguments = ACTIVATIONS[name]
    own = {".Exponential": Exponential, ".Squareplus": Squareplus}
    found: nn.Module = (own.get(cls) or getattr(nn, cls))(**arguments, **extra)
    return found
