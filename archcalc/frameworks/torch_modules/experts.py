"""A mixture of experts in torch: each token through the experts that its scores choose."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Experts"]


class Experts(nn.Module):  # type: ignore[misc]
    """Modules side by side; a token goes through those with the highest scores, and no others."""

    def __init__(
        self, block: Sequence[nn.Module], count: int, active: int, normalize: bool
    ) -> None:
        super().__init__()
        self.experts = nn.ModuleList(block)
        self.count = count
        self.active = active
        self.normalize = normalize

    def forward(self, x: Tensor, scores: Tensor) -> Tensor:
        routed = scores.shape[:-1]
        weights, chosen = scores.flatten(0, -2).topk(self.active)
        if self.normalize:
            weights = weights / weights.sum(-1, keepdim=True)
        order = chosen.flatten().argsort(stable=True)  # by expert; each token `active` times
        tokens = x.flatten(0, len(routed) - 1)[order // self.active]
        parts = zip(self.experts, tokens.split(self._sizes(chosen)), strict=True)
        made = torch.cat([expert(part) for expert, part in parts if len(part)])
        made = made[order.argsort()].unflatten(0, chosen.shape)
        mixed = (made * weights.view(*chosen.shape, *[1] * (made.ndim - 2))).sum(1)
        return mixed.unflatten(0, routed)

    def _sizes(self, chosen: Tensor) -> list[int]:
        """How many tokens each expert gets; without values, as on the meta device, equally many."""
        if chosen.is_meta:
            each, more = divmod(chosen.numel(), self.count)
            return [each + (number < more) for number in range(self.count)]
        sizes: list[int] = chosen.flatten().bincount(minlength=self.count).tolist()
        return sizes
