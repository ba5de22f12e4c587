"""The way back from vectors to words."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["LogProbabilities", "ReversibleEmbedding"]


class LogProbabilities(nn.AdaptiveLogSoftmaxWithLoss):  # type: ignore[misc]
    """torch's adaptive softmax, giving the score of every class; it needs no right ones."""

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.log_prob(x)
        return scores


class ReversibleEmbedding(nn.Module):  # type: ignore[misc]
    """A table of vectors, asked for the rows of indices, or for the product with its transpose."""

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        logit_soft_cap: float | None = None,
        reverse: bool = False,
    ) -> None:
        super().__init__()
        self.embeddings = nn.Parameter(torch.empty(input_dim, output_dim))
        self.reverse_embeddings = (
            None if tie_weights else nn.Parameter(torch.empty(output_dim, input_dim))
        )
        for table in self.parameters():
            nn.init.uniform_(table, -0.05, 0.05)
        self.cap = logit_soft_cap
        self.reverse = reverse

    def forward(self, x: Tensor) -> Tensor:
        if not self.reverse:
            return nn.functional.embedding(x, self.embeddings)
        tied = self.reverse_embeddings is None
        logits = x @ (self.embeddings.T if tied else self.reverse_embeddings)
        return logits if self.cap is None else torch.tanh(logits / self.cap) * self.cap
