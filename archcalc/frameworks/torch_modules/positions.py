"""Modules for positions of words, and the middle of attention with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from archcalc.frameworks.torch_modules.operations import Operation

__all__ = [
    "Cached",
    "CoreAttention",
    "LinearPositionBias",
    "PositionEmbedding",
    "RelativePositionBias",
    "RotaryEmbedding",
    "SegmentEmbedding",
    "SelectiveScan",
]


class Cached(Operation):
    """What comes in goes out."""

    def __init__(self, sliding_window: int | None) -> None:
        super().__init__(sliding_window=sliding_window)

    def forward(self, x: Tensor) -> Tensor:
        return x


class RotaryEmbedding(Operation):
    """Pairs of features turned by an angle that grows with the position."""

    def __init__(self, width: int | None) -> None:
        super().__init__(width=width)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        width = x.shape[-1] if self.width is None else self.width
        turned, rest = x[..., :width], x[..., width:]
        places = torch.arange(x.shape[-2], device=x.device, dtype=x.dtype)
        speeds = 10000.0 ** (-torch.arange(0, width, 2, device=x.device, dtype=x.dtype) / width)
        angles = torch.outer(places, speeds).repeat(1, 2)
        first, second = turned.chunk(2, dim=-1)
        across = torch.cat((-second, first), dim=-1)
        return torch.cat((turned * angles.cos() + across * angles.sin(), rest), dim=-1)


class PositionEmbedding(nn.Embedding):  # type: ignore[misc]
    """A learned vector for each of the first positions."""

    def __init__(self, num_embeddings: int, embedding_dim: int, offset: int) -> None:
        super().__init__(num_embeddings, embedding_dim)
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[1], device=x.device) + self.offset
        found: Tensor = super().forward(places)
        return found.expand(x.shape[0], -1, -1)


class SegmentEmbedding(nn.Embedding):  # type: ignore[misc]
    """A learned vector for each segment: that of the first everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        first = torch.zeros(x.shape[:2], dtype=torch.long, device=x.device)
        found: Tensor = super().forward(first)
        return found


class SelectiveScan(nn.Module):  # type: ignore[misc]
    """A state of each feature, moved on at every position."""

    def __init__(self, features: int, state_size: int) -> None:
        super().__init__()
        self.A_log = nn.Parameter(torch.zeros(features, state_size))
        self.D = nn.Parameter(torch.ones(features))

    def forward(self, x: Tensor, steps: Tensor, into: Tensor, out: Tensor) -> Tensor:
        rates, state, made = -self.A_log.exp(), x.new_zeros(len(x), *self.A_log.shape), []
        for t in range(x.shape[1]):
            step = steps[:, t, :, None]
            state = (step * rates).exp() * state + step * into[:, t, None] * x[:, t, :, None]
            made.append((state @ out[:, t, :, None]).squeeze(-1))
        return torch.stack(made, 1) + self.D * x


class RelativePositionBias(nn.Module):  # type: ignore[misc]
    """A learned number for each distance and head."""

    def __init__(self, heads: int, buckets: int) -> None:
        super().__init__()
        self.heads, self.buckets = heads, buckets
        self.weight = nn.Parameter(torch.zeros(buckets, heads))

    def forward(self, query: Tensor, *key: Tensor) -> Tensor:
        found = (key or (query,))[0]
        rows, columns = (torch.arange(x.shape[1], device=query.device) for x in (query, found))
        far = (rows[:, None] - columns[None]).abs().clamp(max=self.buckets - 1)
        bias: Tensor = functional.embedding(far, self.weight).permute(2, 0, 1)
        return bias.expand(query.shape[0], -1, -1, -1)


class LinearPositionBias(Operation):
    """A number that falls with the distance, another slope for each head."""

    def __init__(self, heads: int) -> None:
        super().__init__(heads=heads)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        slopes = 2.0 ** (-8.0 * torch.arange(1, self.heads + 1, device=x.device) / self.heads)
        places = torch.arange(x.shape[1], device=x.device)
        bias: Tensor = slopes[:, None, None] * places[None, None]
        return bias.to(x.dtype).expand(x.shape[0], -1, -1, -1)


class CoreAttention(nn.Module):  # type: ignore[misc]
    """Attention of heads with a mask that is known, and maybe sinks, a cap and positions."""

    def __init__(
        self, heads: Sequence[int], is_causal: bool, dropout: float, scale: float | None,
        enable_gqa: bool, sliding_window: int | None, sinks: bool, soft_cap: float | None,
        keeps: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.told: dict[str, Any] = {
            "is_causal": is_causal, "dropout": dropout, "scale": scale, "enable_gqa": enable_gqa,
            "sliding_window": sliding_window, "soft_cap": soft_cap, "keeps": keeps,
        }  # fmt: skip
        self.dropout = dropout
        self.sinks = nn.Parameter(torch.zeros(tuple(heads))) if sinks else None

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *added: Tensor) -> Tensor:
        told = self.told
        scale = query.shape[-1] ** -0.5 if told["scale"] is None else told["scale"]
        if told["enable_gqa"]:
            key, value = (
                x.repeat_interleave(query.shape[-3] // x.shape[-3], dim=-3) for x in (key, value)
            )
        scores = query @ key.transpose(-2, -1) * scale
        if told["soft_cap"]:
            scores = told["soft_cap"] * torch.tanh(scores / told["soft_cap"])
        for more in added:
            scores = scores + more.reshape(
                more.shape[0], *[1] * (scores.ndim - more.ndim), *more.shape[1:]
            )
        scores = scores.masked_fill(self._hidden(scores), float("-inf"))
        if self.sinks is not None:
            sinks = self.sinks[..., None, None].expand(*scores.shape[:-1], 1)
            scores = torch.cat((scores, sinks), dim=-1)
        shares = scores.softmax(-1)[..., : key.shape[-2]]
        shares = functional.dropout(shares, self.dropout, self.training)
        return shares @ value

    def _hidden(self, scores: Tensor) -> Tensor:
        """The pairs of a query and a key that do not meet."""
        rows, columns = (torch.arange(n, device=scores.device) for n in scores.shape[-2:])
        apart = rows[:, None] - columns[None]
        hidden = torch.zeros_like(apart, dtype=torch.bool)
        if self.told["is_causal"]:
            hidden = hidden | (apart < 0)
        if self.told["sliding_window"] is not None:
            hidden = hidden | (apart.abs() >= self.told["sliding_window"])
        return hidden
