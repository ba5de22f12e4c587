"""The narrow pair of layers that stands for adapters, where it can be said as two layers."""

from __future__ import annotations

from typing import Any

from archcalc.layers.adapters import LoRA
from archcalc.layers.base import Layer
from archcalc.layers.core import Dense
from archcalc.symbolic.errors import FrameworkError

__all__ = ["narrow_pair"]


def narrow_pair(adapted: LoRA) -> tuple[Layer, Layer]:
    """The layers to the rank and from it: another of the same kind, and a product at each position.

    Raises:
        FrameworkError: what is adapted is no Dense, plain convolution or Embedding.
    """
    layer: Any = adapted.layer
    kind, rank = type(layer).__name__, adapted.rank
    plain: dict[str, Any] = {"activation": None, "use_bias": False}
    if kind == "Dense":
        return Dense(rank, use_bias=False), Dense(layer.units, use_bias=False)
    if kind == "Embedding":
        return layer.model_copy(update={"output_dim": rank}), Dense(
            layer.output_dim, use_bias=False
        )
    if kind in ("Conv1D", "Conv2D", "Conv3D"):
        pointwise = type(layer)(layer.filters, 1, data_format=layer.data_format, use_bias=False)
        return layer.model_copy(update={"filters": rank, **plain}), pointwise
    raise FrameworkError(
        f"{kind} with adapters is no module here",
        code="not-in-torch",
        values={"layer": adapted},
        hint="there are those of Dense, convolutions and Embedding",
    )
