"""Densely connected networks: every layer reads all that came before it, and adds to it.

Source: Huang et al., *Densely Connected Convolutional Networks* (2016), table 1, as torchvision has
it; bottlenecks and compression are the paper's DenseNet-BC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from archcalc.families.parts import Dims, convolution, normalized, read_dim, read_dims
from archcalc.layers import (
    AveragePooling2D,
    BatchNormalization,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    ReLU,
)
from archcalc.network import Parallel, Repeat, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.shape import ShapeLike

__all__ = ["DENSENETS", "densenet"]

_USUAL = {"growth": 32, "width": 64, "classes": 1000}

DENSENETS: Mapping[str, Mapping[str, Any]] = {
    "densenet121": {"depths": (6, 12, 24, 16), **_USUAL},
    "densenet161": {"depths": (6, 12, 36, 24), **_USUAL, "growth": 48, "width": 96},
    "densenet169": {"depths": (6, 12, 32, 32), **_USUAL},
    "densenet201": {"depths": (6, 12, 48, 32), **_USUAL},
    "densenet264": {"depths": (6, 12, 64, 48), **_USUAL},
}
"""The networks that have names, each with what makes it of `densenet`."""


class _Growth(NamedTuple):
    """What all blocks share."""

    growth: Dim
    bottleneck: Dim
    compression: Dim


def densenet(
    depths: Dims = ("n1", "n2", "n3", "n4"),
    growth: DimLike = "g",
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    bottleneck: DimLike = 4,
    compression: DimLike = 2,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """A densely connected network: a stem, blocks in which channels grow, and a classifier.

    Learned are the kernels of the convolutions, which have no bias, a scale and a shift for every
    channel that is normalized, and the classifier.

    Args:
        depths: how many layers each block has; one number or symbol a block.
        growth: how many channels each layer adds.
        width: the channels of the stem.
        classes: how many classes are told apart.
        bottleneck: how many times `growth` channels the 1×1 convolution of a layer gives.
        compression: by what the transitions between blocks divide the channels; what is left over
            is dropped.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there are no blocks.

    Where `compression` divides the channels without remainder, so that no floors are left, and the
    stem gives twice what a layer adds, as in the paper, this is

    >>> densenet(growth="8*g", width="16*g").trace().parameters.collect("g", "K")
    g²·(170·n1² + 168·n1·n2 + 80·n1·n3 + 32·n1·n4 + 168·n2² + 160·n2·n3 + 64·n2·n4
        + 160·n3² + 128·n3·n4 + 128·n4² + 2856·n1 + 2512·n2 + 2336·n3 + 2240·n4 + 168)
      + g·(K·(n1 + 2·n2 + 4·n3 + 8·n4 + 2) + 8·n1² + 8·n1·n2 + 4·n1·n3 + 2·n1·n4 + 118·n1
        + 8·n2² + 8·n2·n3 + 4·n2·n4 + 100·n2 + 8·n3² + 8·n3·n4 + 88·n3 + 8·n4² + 76·n4 + 2444) + K

    and one formula for all of them:

    >>> P = densenet().trace().parameters
    >>> depths = [(6, 12, 24, 16), (6, 12, 32, 32), (6, 12, 48, 32), (6, 12, 64, 48)]
    >>> [P(n1=a, n2=b, n3=c, n4=d, g=32, c=64, K=1000) for a, b, c, d in depths]
    [7978856, 14149480, 20013928, 33337704]
    """
    parts = _Growth(
        read_dim("growth", growth),
        read_dim("bottleneck", bottleneck),
        read_dim("compression", compression),
    )
    c = read_dim("width", width)
    stem = [*normalized(c, 7, 2), ReLU(), MaxPooling2D(3, 2, padding=1)]
    layers: list[Layer] = [Sequential(stem, name="stem")]
    for i, depth in enumerate(read_dims("depths", depths), 1):
        if i > 1:
            c = floor_div(c, parts.compression)
            layers.append(_transition(c, i - 1))
        layers.append(_block(depth, parts, i))
        c = c + depth * parts.growth
    head = [BatchNormalization(), ReLU(), GlobalAveragePooling2D()]
    return Sequential(
        [*layers, *head, Dense(read_dim("classes", classes))], input_shape=input_shape
    )


def _block(depth: Dim, parts: _Growth, number: int) -> Repeat:
    """Layers that each put what they make of their input beside it."""
    layer = [
        *(BatchNormalization(), ReLU(), convolution(parts.bottleneck * parts.growth, 1)),
        *(BatchNormalization(), ReLU(), convolution(parts.growth, 3)),
    ]
    return Repeat(Parallel([[], layer], name="layer"), depth, name=f"block{number}")


def _transition(channels: Dim, number: int) -> Sequential:
    """Fewer channels on a map of half the size."""
    layers = [BatchNormalization(), ReLU(), convolution(channels, 1), AveragePooling2D(2)]
    return Sequential(layers, name=f"transition{number}")
