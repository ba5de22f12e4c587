"""AlexNet: five convolutions and three Dense layers.

Sources: Krizhevsky, *One weird trick for parallelizing convolutional neural networks* (2014), the
network on one device, with the widths that torchvision has: 64, 192, 384, 256 and 256 channels.
"""

from __future__ import annotations

from archcalc.families.parts import read_dim
from archcalc.layers import (
    AdaptiveAveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling2D,
    ReLU,
)
from archcalc.network import Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike

__all__ = ["alexnet"]


def alexnet(
    width: DimLike = "c",
    classes: DimLike = "K",
    hidden: DimLike = "m",
    *,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """AlexNet: a large window, a smaller one, three small ones, and a classifier of three layers.

    The convolutions have 1, 3, 6, 4 and 4 times `width` channels, which is 64 in torchvision's.

    Args:
        width: the channels of the first convolution.
        classes: how many classes are told apart.
        hidden: the units of the first two Dense layers.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.

    >>> P = alexnet().trace().parameters
    >>> P.collect("c", "m", "K")
    597·c² + c·(144·m + 381) + m² + m·(K + 2) + K
    >>> P(c=64, m=4096, K=1000)
    61100840
    """
    c, units = read_dim("width", width), read_dim("hidden", hidden)
    pooled = [MaxPooling2D(3, 2) for _ in range(3)]
    layers: list[Layer] = [
        *(*_convolution(c, 11, 4, 2), pooled[0]),
        *(*_convolution(3 * c, 5, 1, 2), pooled[1]),
        *(*_convolution(6 * c, 3, 1, 1), *_convolution(4 * c, 3, 1, 1)),
        *(*_convolution(4 * c, 3, 1, 1), pooled[2]),
        *(AdaptiveAveragePooling2D(6), Flatten()),
        *(Dropout(0.5), Dense(units), ReLU(), Dropout(0.5), Dense(units), ReLU()),
        Dense(read_dim("classes", classes)),
    ]
    return Sequential(layers, input_shape=input_shape)


def _convolution(filters: Dim, kernel: int, strides: int, padding: int) -> list[Layer]:
    return [Conv2D(filters, kernel, strides=strides, padding=padding), ReLU()]
