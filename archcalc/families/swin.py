"""Swin Transformers: attention within windows that are shifted from layer to layer.

Source: Liu et al., *Swin Transformer: Hierarchical Vision Transformer using Shifted Windows*
(2021), section 3 and table 7, as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from archcalc.families.parts import Dims, read_dim, read_dims
from archcalc.layers import (
    GELU,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Permute,
    PixelUnshuffle,
    ScaledDotProductAttention,
    Split,
    Unflatten,
)
from archcalc.network import Constant, Input, Model, Repeat, Residual, Sequential
from archcalc.network.tensor import Tensor
from archcalc.symbolic.dims import Dim, DimLike, exact_div
from archcalc.symbolic.shape import ShapeLike

__all__ = ["SWINS", "swin"]

SWINS: Mapping[str, Mapping[str, Any]] = {
    "swin_t": {"depths": (2, 2, 6, 2), "width": 96, "classes": 1000},
    "swin_s": {"depths": (2, 2, 18, 2), "width": 96, "classes": 1000},
    "swin_b": {"depths": (2, 2, 18, 2), "width": 128, "classes": 1000},
}
"""The networks that have names, each with what makes it of `swin`."""


class _Windows(NamedTuple):
    """What all blocks share: how many positions a window is wide, and each head in channels."""

    side: int
    head: Dim


def swin(
    depths: Dims = ("n1", "n2", "n3", "n4"),
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    head: DimLike = 32,
    window: int = 7,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """A Swin Transformer: patches, stages of attention within windows, and a classifier.

    Positions attend to those of their own window, which is shifted in every second block (that
    changes no count); a learned number for each distance in a window is added to the scores.
    Between stages four neighbours become one of twice the width.

    Args:
        depths: how many blocks each stage has; one number or symbol a stage.
        width: the channels of the first stage; a multiple of `head`.
        classes: how many classes are told apart.
        head: the channels of each head.
        window: how many positions a window is wide; the map of each stage is a multiple of it.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there are no stages.

    >>> P = swin(head="e").trace().parameters
    >>> P.collect("c", "K")
    c²·(12·n1 + 48·n2 + 192·n3 + 768·n4 + 168)
      + c·(8·K + 13·n1 + 26·n2 + 52·n3 + 104·n4 + 169·n1/e + 338·n2/e + 676·n3/e + 1352·n4/e + 123)
      + K
    >>> P(n1=2, n2=2, n3=6, n4=2, c=96, e=32, K=1000)
    28288354
    """
    c, side = read_dim("width", width), _Windows(window, read_dim("head", head))
    layers: list[Layer] = [Conv2D(c, 4, strides=4), LayerNormalization()]
    for i, depth in enumerate(read_dims("depths", depths)):
        d = c * 2**i
        merged = [_merged(), LayerNormalization(), Dense(d, use_bias=False)] if i else []
        block = Repeat(_block(d, side), depth)
        layers.append(Sequential([*merged, block], name=f"stage{i + 1}"))
    last = [LayerNormalization(), GlobalAveragePooling2D(), Dense(read_dim("classes", classes))]
    return Sequential([*layers, *last], input_shape=input_shape)


def _merged() -> Layer:
    """Four neighbours side by side in one position."""
    return PixelUnshuffle(2, data_format="channels_last")


def _block(d: Dim, windows: _Windows) -> list[Layer]:
    return [
        Residual([LayerNormalization(), _attention(d, windows)]),
        Residual([LayerNormalization(), Dense(4 * d), GELU(), Dense(d)]),
    ]


def _attention(d: Dim, windows: _Windows) -> Model:
    """Attention of each window by itself, with a learned number for each distance."""
    side, area = windows.side, windows.side**2
    heads = exact_div(d, windows.head)
    x = Input((side, side, d))  # what it is called on has the real size
    apart = _in_windows(x, side)
    q, k, v = (
        Permute((1, 2, 4, 3, 5))(Unflatten(4, (heads, windows.head))(part))
        for part in Split(3)(Dense(3 * d)(apart))
    )
    distances = Embedding((2 * side - 1) ** 2, heads, name="distances")(Constant((area, area)))
    y = ScaledDotProductAttention()(q, k, v, Permute((3, 1, 2))(distances))
    joined = Flatten(4, 5)(Permute((1, 2, 4, 3, 5))(y))
    together = Unflatten(3, (side, side))(Dense(d)(joined))
    rows = Flatten(1, 2)(Permute((1, 3, 2, 4, 5))(together))
    return Model(x, Flatten(2, 3)(rows), name="attention")


def _in_windows(x: Tensor, side: int) -> Any:
    """Height and width as windows, and the positions in each as one axis."""
    apart = Unflatten(3, (-1, side))(Unflatten(1, (-1, side))(x))
    return Flatten(3, 4)(Permute((1, 3, 2, 4, 5))(apart))
