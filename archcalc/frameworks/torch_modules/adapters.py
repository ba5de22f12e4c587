"""Low-rank adapters beside a frozen module, as peft has them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

__all__ = ["LoRA"]


class LoRA(nn.Module):  # type: ignore[misc]
    """What a module gives, and what a narrow pair of modules gives on the same input, added.

    Args:
        layer: what was there; it is not trained, but for its bias where that is.
        down, up: to the rank, and from it.
        activation: what the sum goes through.
        table: whether the layer is a table of vectors; peft then calls the pair otherwise.
        bias: whether the layer's bias is trained, ``"lora_only"``, or ``"none"``.
    """

    def __init__(
        self,
        layer: nn.Module,
        down: nn.Module,
        up: nn.Module,
        activation: Any,
        table: bool,
        bias: str = "none",
    ) -> None:
        super().__init__()
        self.names = ("table", "lora_embedding_A", "lora_embedding_B") if table else _NAMES
        for name, part in zip(self.names, (layer, down, up), strict=True):
            self.add_module(name, part)
        for name, weight in layer.named_parameters():
            kept = bias == "lora_only" and name.rpartition(".")[2] == "bias"
            weight.requires_grad_(kept)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        layer, down, up = (self.get_submodule(name) for name in self.names)
        made: Tensor = layer(x) + up(down(x))
        return made if self.activation is None else self.activation(made)


_NAMES = ("layer", "lora_A", "lora_B")
