"""EfficientNet: one network, made wider, deeper and for larger images at once.

Source: Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*
(2019), table 1 and equation 3, as the authors' code, torchvision and Keras have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import sympify

from archcalc.families.inverted import Bottleneck
from archcalc.families.parts import ceiled, floored, normalized, read_dim, read_ratio, rounded
from archcalc.layers import Activation, Dense, Dropout, GlobalAveragePooling2D, Layer
from archcalc.network import Repeat, Residual, Sequential
from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim, DimLike, lower
from archcalc.symbolic.shape import ShapeLike

__all__ = ["EFFICIENTNETS", "efficientnet"]


def _scaled(width: str, depth: str, side: int) -> Mapping[str, Any]:
    return {"width": width, "depth": depth, "classes": 1000, "input_shape": (side, side, 3)}


EFFICIENTNETS: Mapping[str, Mapping[str, Any]] = {
    "efficientnet_b0": _scaled("1", "1", 224),
    "efficientnet_b1": _scaled("1", "11/10", 240),
    "efficientnet_b2": _scaled("11/10", "6/5", 260),
    "efficientnet_b3": _scaled("6/5", "7/5", 300),
    "efficientnet_b4": _scaled("7/5", "9/5", 380),
    "efficientnet_b5": _scaled("8/5", "11/5", 456),
    "efficientnet_b6": _scaled("9/5", "13/5", 528),
    "efficientnet_b7": _scaled("2", "31/10", 600),
}
"""The networks that have names, each with what makes it of `efficientnet`."""

_STAGES = (
    *((1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1)),
    *((6, 192, 4, 5, 2), (6, 320, 1, 3, 1)),
)
"""Expansion, channels, blocks, kernel and stride of each stage of the smallest."""


def efficientnet(
    width: Any = "w/10",
    depth: Any = "n/10",
    classes: DimLike = "K",
    *,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """An EfficientNet: blocks that are wide inside and squeeze, in seven stages.

    Numbers of channels are multiples of 8, and numbers of blocks are rounded up, so that both
    factors stand in floors and ceilings.

    Args:
        width: by what all channels are multiplied: a number, a fraction, or a formula such as
            ``"w/10"``.
        depth: by what the numbers of blocks are multiplied.
        classes: how many classes are told apart.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension, or no factor.

    >>> P = efficientnet().trace().parameters
    >>> P(w=10, n=10, K=1000), P(w=14, n=18, K=1000), P(w=20, n=31, K=1000)
    (5288548, 19341616, 66347960)
    """
    by, deeper = read_ratio("width", width), read_ratio("depth", depth)
    came = rounded(32 * by)
    layers: list[Layer] = [*normalized(came, 3, 2), Activation("silu")]
    for number, (wider, channels, blocks, kernel, strides) in enumerate(_STAGES, 1):
        out = rounded(channels * by)
        first = _block(wider, came, out, kernel, strides)
        rest = Repeat(Residual(_block(wider, out, out, kernel, 1)), ceiled(blocks * deeper) - 1)
        layers.append(Sequential([*first, rest], name=f"stage{number}"))
        came = out
    return Sequential(
        [
            *(*layers, *normalized(4 * came, 1), Activation("silu")),
            *(GlobalAveragePooling2D(), Dropout(0.2), Dense(read_dim("classes", classes))),
        ],
        input_shape=input_shape,
    )


def _block(wider: int, came: Dim, out: Dim, kernel: int, strides: int) -> list[Layer]:
    squeeze = lower(largest(1, floored(sympify(came), 4)))
    return Bottleneck(wider * came, wider > 1, out, kernel, strides, "silu", squeeze).layers()
