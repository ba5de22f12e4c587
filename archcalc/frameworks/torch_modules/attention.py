"""Attention: torch's, and all that torch's has no argument for.

Every module here takes query, value and key in this order, as Keras does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["AdditiveAttention", "Attention", "HeadedAttention", "MultiheadAttention"]


class _OneHead(nn.Module):  # type: ignore[misc]
    """A mean of the values, weighted by the softmax of what a subclass says the scores are."""

    def __init__(
        self, dropout: float, return_attention_scores: bool, use_causal_mask: bool
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.return_attention_scores = return_attention_scores
        self.use_causal_mask = use_causal_mask

    def forward(self, query: Tensor, value: Tensor | None = None, key: Tensor | None = None) -> Any:
        value = query if value is None else value
        scores = self.scores(query, value if key is None else key)
        if self.use_causal_mask:
            queries, keys = scores.shape[-2:]
            scores = scores.masked_fill(_later(queries, keys, scores.device), float("-inf"))
        scores = scores.softmax(-1)
        mean = self.dropout(scores) @ value
        return (mean, scores) if self.return_attention_scores else mean

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        return query @ key.mT


def _later(queries: int, keys: int, device: Any) -> Tensor:
    """Whether each key comes after each query, which then may not see it."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).triu(1)


def _apart(query: Tensor, key: Tensor) -> Tensor:
    """The sum of every query and every key."""
    return query.unsqueeze(-2) + key.unsqueeze(-3)


class Attention(_OneHead):
    """Products of query and key, or sums of ``tanh(q + k)``, as in Keras."""

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> None:
        super().__init__(dropout, return_attention_scores, use_causal_mask)
        self.scale = nn.Parameter(torch.ones(())) if use_scale else None
        concat = score_mode == "concat"
        self.concat_score_weight = nn.Parameter(torch.ones(())) if concat else None

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        scale = 1 if self.scale is None else self.scale
        if self.concat_score_weight is None:
            return scale * super().scores(query, key)
        return self.concat_score_weight * torch.tanh(scale * _apart(query, key)).sum(-1)


class AdditiveAttention(_OneHead):
    """Sums of ``scale·tanh(q + k)``."""

    def __init__(
        self,
        features: int,
        use_scale: bool = True,
        dropout: float = 0.0,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> None:
        super().__init__(dropout, return_attention_scores, use_causal_mask)
        self.scale = nn.Parameter(torch.ones(features)) if use_scale else None

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        bent = torch.tanh(_apart(query, key))
        return bent.sum(-1) if self.scale is None else (bent @ self.scale[:, None]).squeeze(-1)


class MultiheadAttention(nn.MultiheadAttention):  # type: ignore[misc]
    """torch's own, called in Keras' order; the scores of every head come out, or none."""

    def __init__(
        self,
        *args: Any,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.return_attention_scores = return_attention_scores
        self.use_causal_mask = use_causal_mask

    def forward(self, query: Tensor, value: Tensor | None = None, key: Tensor | None = None) -> Any:
        value = query if value is None else value
        key = value if key is None else key
        hidden = _later(query.shape[1], key.shape[1], query.device)
        mean, scores = super().forward(
            query,
            key,
            value,
            attn_mask=hidden if self.use_causal_mask else None,
            is_causal=self.use_causal_mask and not (self.add_zero_attn or self.bias_k is not None),
            need_weights=self.return_attention_scores,
            average_attn_weights=False,
        )
        return (mean, scores) if self.return_attention_scores else mean


class HeadedAttention(nn.Module):  # type: ignore[misc]
    """Heads of any width, in groups, over any axes, with a gate; the weights lie as in Keras.

    Args:
        features: of the query, the value and the key.
        heads: how many heads, and how many keys and values there are for them.
        widths: of each head for keys, and for values.
        out: the features that come out.
        axes: the axes attended over, counted from 1.
        use_bias, use_gate, sliding_window, add_bias_kv, add_zero_attn, use_causal_mask, dropout: as
            in `archcalc.layers.MultiHeadAttention`.
        return_attention_scores: whether the scores come out too.
    """

    def __init__(
        self,
        features: tuple[int, int, int],
        heads: tuple[int, int],
        widths: tuple[int, int],
        out: Sequence[int],
        axes: Sequence[int],
        *,
        use_bias: bool = True,
        use_gate: bool = False,
        sliding_window: int | None = None,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        dropout: float = 0.0,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> None:
        super().__init__()
        (query, value, key), (many, shared), (narrow, wide) = features, heads, widths
        self.axes, self.window, self.causal = tuple(axes), sliding_window, use_causal_mask
        self.repeats, self.use_gate = many // shared, use_gate
        self.add_zero_attn, self.return_attention_scores = add_zero_attn, return_attention_scores
        self.dropout = nn.Dropout(dropout)
        self._projection("query", (query,), (many, narrow), use_bias)
        self._projection("key", (key,), (shared, narrow), use_bias)
        if use_gate:
            self._projection("gate", (query,), (many, wide), use_bias)
        self._projection("value", (value,), (shared, wide), use_bias)
        self._projection("output", (many, wide), tuple(out), use_bias)
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k = nn.Parameter(torch.randn(1, 1, many * narrow))
            self.bias_v = nn.Parameter(torch.randn(1, 1, many * wide))

    def _projection(
        self, name: str, into: tuple[int, ...], out: tuple[int, ...], use_bias: bool
    ) -> None:
        kernel = nn.Parameter(torch.randn(*into, *out) / sqrt(prod(into)))
        self.register_parameter(f"{name}_kernel", kernel)
        bias = nn.Parameter(torch.zeros(out)) if use_bias else None
        self.register_parameter(f"{name}_bias", bias)

    def _projected(self, name: str, x: Tensor, over: int = 1) -> Tensor:
        bias = getattr(self, f"{name}_bias")
        result = torch.tensordot(x, getattr(self, f"{name}_kernel"), over)
        return result if bias is None else result + bias

    def forward(self, query: Tensor, value: Tensor | None = None, key: Tensor | None = None) -> Any:
        value = query if value is None else value
        key = value if key is None else key
        asked = self._projected("query", query)
        keys = self._heads(self._projected("key", key), self.bias_k)
        values = self._heads(self._projected("value", value), self.bias_v)
        scores = self._scores(self._together(asked), keys, key.shape[1])
        mean = self._in_place(self.dropout(scores) @ values, asked)
        if self.use_gate:
            mean = mean * torch.sigmoid(self._projected("gate", query))
        output = self._projected("output", mean, 2)
        if not self.return_attention_scores:
            return output
        asking = [query.shape[axis] for axis in self.axes]
        found = [key.shape[axis] for axis in self.axes] if len(asking) > 1 else [-1]
        return output, scores.reshape(*scores.shape[:-2], *asking, *found)

    def _scores(self, asked: Tensor, keys: Tensor, length: int) -> Tensor:
        """Of every key and query; what is added to the `length` keys is seen from everywhere."""
        scores = asked @ keys.mT / sqrt(asked.shape[-1])
        every = torch.ones_like(scores[0, 0], dtype=torch.bool)
        seen = every.tril() if self.causal else every
        if self.window is not None:
            seen = seen & every.triu(1 - self.window) & every.tril(self.window - 1)
        seen[:, length:] = True
        return scores.masked_fill(~seen, float("-inf")).softmax(-1)

    def _heads(self, x: Tensor, extra: Tensor | None) -> Tensor:
        """Keys or values of every head, and what is added to them."""
        x = self._together(x).repeat_interleave(self.repeats, -3)
        if extra is not None:
            x = torch.cat([x, extra.view(-1, 1, x.shape[-1]).expand(len(x), -1, -1, -1)], -2)
        return nn.functional.pad(x, (0, 0, 0, 1)) if self.add_zero_attn else x

    def _together(self, x: Tensor) -> Tensor:
        """The axes attended over as one, after the heads."""
        return x.permute(self._order(x.ndim)).flatten(-1 - len(self.axes), -2)

    def _in_place(self, x: Tensor, like: Tensor) -> Tensor:
        """The axes of `x` where those of `like` are."""
        order = self._order(like.ndim)
        parted = x.unflatten(-2, [like.shape[axis] for axis in self.axes])
        return parted.permute([order.index(axis) for axis in range(like.ndim)])

    def _order(self, rank: int) -> list[int]:
        """The batch, the axes not attended over, the heads, the axes attended over, the width."""
        beside = [axis for axis in range(1, rank - 2) if axis not in self.axes]
        return [0, *beside, rank - 2, *self.axes, rank - 1]
