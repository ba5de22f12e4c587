"""ConvNeXt: a ResNet with the habits of a transformer.

Source: Liu et al., *A ConvNet for the 2020s* (2022), figure 4 and table 9, as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.families.parts import Dims, read_dim, read_dims
from archcalc.layers import (
    GELU,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Multiply,
)
from archcalc.network import Input, Model, Parameter, Repeat, Residual, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike

__all__ = ["CONVNEXTS", "convnext"]

CONVNEXTS: Mapping[str, Mapping[str, Any]] = {
    "convnext_tiny": {"depths": (3, 3, 9, 3), "width": 96, "classes": 1000},
    "convnext_small": {"depths": (3, 3, 27, 3), "width": 96, "classes": 1000},
    "convnext_base": {"depths": (3, 3, 27, 3), "width": 128, "classes": 1000},
    "convnext_large": {"depths": (3, 3, 27, 3), "width": 192, "classes": 1000},
    "convnext_xlarge": {"depths": (3, 3, 27, 3), "width": 256, "classes": 1000},
}
"""The networks that have names, each with what makes it of `convnext`."""


def convnext(
    depths: Dims = ("n1", "n2", "n3", "n4"),
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """A ConvNeXt: patches, stages of blocks that double the width, and a classifier.

    A block is a 7×7 convolution of each channel by itself, two Dense layers at each position, four
    times as wide in between, and a learned number that each channel is multiplied with.

    Args:
        depths: how many blocks each stage has; one number or symbol a stage.
        width: the channels of the first stage.
        classes: how many classes are told apart.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there are no stages.

    >>> P = convnext().trace().parameters
    >>> P.collect("c", "K")
    c²·(8·n1 + 32·n2 + 128·n3 + 512·n4 + 168)
      + c·(8·K + 58·n1 + 116·n2 + 232·n3 + 464·n4 + 95) + K
    >>> P(n1=3, n2=3, n3=9, n4=3, c=96, K=1000)
    28589128
    """
    c = read_dim("width", width)
    layers: list[Layer] = [Conv2D(c, 4, strides=4), LayerNormalization()]
    for i, depth in enumerate(read_dims("depths", depths)):
        d = c * 2**i
        smaller = [LayerNormalization(), Conv2D(d, 2, strides=2)] if i else []
        layers.append(Sequential([*smaller, Repeat(_block(d), depth)], name=f"stage{i + 1}"))
    head = [GlobalAveragePooling2D(), LayerNormalization(), Dense(read_dim("classes", classes))]
    return Sequential([*layers, *head], input_shape=input_shape)


def _block(channels: Dim) -> Residual:
    x = Input((1, 1, channels))  # what it is called on has the real size
    scaled = Model(x, Multiply()([x, Parameter((channels,))]), name="scaled")
    return Residual(
        [
            *(DepthwiseConv2D(7, padding="same"), LayerNormalization()),
            *(Dense(4 * channels), GELU(), Dense(channels), scaled),
        ]
    )
