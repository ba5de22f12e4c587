"""Noise, added or multiplied while training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["GaussianDropout", "GaussianNoise"]


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
