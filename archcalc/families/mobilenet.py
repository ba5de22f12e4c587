"""MobileNets: convolutions of each channel by itself, and of all channels at each position.

Sources: Howard et al., *MobileNets* (2017), table 1; Sandler et al., *MobileNetV2: Inverted
Residuals and Linear Bottlenecks* (2018), table 2; Howard et al., *Searching for MobileNetV3*
(2019), tables 1 and 2, as torchvision has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sympy import sympify

from archcalc.families.inverted import Bottleneck
from archcalc.families.parts import (
    depthwise,
    floored,
    normalized,
    one_of,
    read_dim,
    read_ratio,
    rounded,
)
from archcalc.layers import (
    Activation,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    Layer,
)
from archcalc.layers.functions import ActivationName
from archcalc.network import Repeat, Residual, Sequential
from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike

__all__ = ["MOBILENETS_V3", "mobilenet", "mobilenet_v2", "mobilenet_v3"]

MOBILENETS_V3: Mapping[str, Mapping[str, Any]] = {
    "mobilenet_v3_large": {"size": "large", "width": 1, "classes": 1000},
    "mobilenet_v3_small": {"size": "small", "width": 1, "classes": 1000},
}
"""The networks that have names, each with what makes it of `mobilenet_v3`."""

_FIRST = ((2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2))
"""Channels, in widths, and stride of each pair of convolutions before those that are repeated."""


def mobilenet(
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    depth: DimLike = 5,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """The first MobileNet: pairs of convolutions, of each channel by itself and of all of them.

    Args:
        width: the channels of the first convolution: 32 times the paper's multiplier.
        classes: how many classes are told apart.
        depth: how many pairs keep the size, in the middle.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.

    >>> mobilenet(depth="n").trace().parameters.collect("c", "K")
    c²·(256·n + 1786) + c·(32·K + 208·n + 1066) + K
    >>> mobilenet().trace().parameters(c=32, K=1000)
    4231976
    """
    c = read_dim("width", width)
    first = [_pair(c * times, strides) for times, strides in _FIRST]
    middle = Repeat(_pair(16 * c, 1), read_dim("depth", depth), name="middle")
    last = [_pair(32 * c, 2), _pair(32 * c, 1)]
    return Sequential(
        [
            *(*normalized(c, 3, 2), Activation("relu6")),
            *(layer for pair in first for layer in pair),
            middle,
            *(layer for pair in last for layer in pair),
            *(GlobalAveragePooling2D(), Dropout(0.001), Dense(read_dim("classes", classes))),
        ],
        input_shape=input_shape,
    )


def _pair(filters: Dim, strides: int) -> list[Layer]:
    return [
        *(*depthwise(3, strides), Activation("relu6")),
        *(*normalized(filters, 1), Activation("relu6")),
    ]


_V2 = ((6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, blocks and stride of each stage after the first."""


def mobilenet_v2(
    width: Any = "w/8",
    classes: DimLike = "K",
    *,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """The second MobileNet: blocks that are wide inside and added where they are narrow.

    Numbers of channels are multiples of 8, so that the multiplier stands in floors.

    Args:
        width: by what all channels are multiplied: a number, a fraction, or a formula such as
            ``"w/8"``.
        classes: how many classes are told apart.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension, or no factor.

    >>> P = mobilenet_v2().trace().parameters
    >>> P(w=8, K=1000), P(w=4, K=1000), mobilenet_v2(1.4, 1000).trace().parameters
    (3504872, 1968680, 6108776)
    """
    by = read_ratio("width", width)
    first = rounded(32 * by)
    last = 16 * by
    stages: list[Layer] = [
        *(*normalized(first, 3, 2), Activation("relu6")),
        *Bottleneck(first, False, rounded(last), 3, 1, "relu6").layers(),
    ]
    for number, (wider, channels, depth, strides) in enumerate(_V2, 1):
        stages.append(_stage(wider, rounded(last), rounded(channels * by), depth, strides, number))
        last = channels * by
    return Sequential(
        [
            *stages,
            *(*normalized(largest(1280, rounded(1280 * by)), 1), Activation("relu6")),
            *(GlobalAveragePooling2D(), Dropout(0.2), Dense(read_dim("classes", classes))),
        ],
        input_shape=input_shape,
    )


def _stage(wider: int, came: Dim, out: Dim, depth: int, strides: int, number: int) -> Sequential:
    """A block that changes the shape, and the rest, which keep it."""
    changes = Bottleneck(wider * came, True, out, 3, strides, "relu6").layers()
    keeps = Residual(Bottleneck(wider * out, True, out, 3, 1, "relu6").layers())
    return Sequential([*changes, Repeat(keeps, depth - 1)], name=f"stage{number}")


_Searched: TypeAlias = tuple[int, int, int, bool, ActivationName, int]

_LARGE: tuple[_Searched, ...] = (
    *((3, 16, 16, False, "relu", 1), (3, 64, 24, False, "relu", 2), (3, 72, 24, False, "relu", 1)),
    *((5, 72, 40, True, "relu", 2), (5, 120, 40, True, "relu", 1), (5, 120, 40, True, "relu", 1)),
    *((3, 240, 80, False, "hard_swish", 2), (3, 200, 80, False, "hard_swish", 1)),
    *((3, 184, 80, False, "hard_swish", 1), (3, 184, 80, False, "hard_swish", 1)),
    *((3, 480, 112, True, "hard_swish", 1), (3, 672, 112, True, "hard_swish", 1)),
    *((5, 672, 160, True, "hard_swish", 2), (5, 960, 160, True, "hard_swish", 1)),
    (5, 960, 160, True, "hard_swish", 1),
)
"""Kernel, channels inside and outside, squeeze, activation and stride of each block."""

_SMALL: tuple[_Searched, ...] = (
    *((3, 16, 16, True, "relu", 2), (3, 72, 24, False, "relu", 2), (3, 88, 24, False, "relu", 1)),
    *((5, 96, 40, True, "hard_swish", 2), (5, 240, 40, True, "hard_swish", 1)),
    *((5, 240, 40, True, "hard_swish", 1), (5, 120, 48, True, "hard_swish", 1)),
    *((5, 144, 48, True, "hard_swish", 1), (5, 288, 96, True, "hard_swish", 2)),
    *((5, 576, 96, True, "hard_swish", 1), (5, 576, 96, True, "hard_swish", 1)),
)

_SIZES = {"large": (_LARGE, 1280), "small": (_SMALL, 1024)}


def mobilenet_v3(
    width: Any = "w/8",
    classes: DimLike = "K",
    *,
    size: str = "large",
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """The third MobileNet: blocks that were searched for, some of which squeeze.

    Args:
        width: by what all channels are multiplied: a number, a fraction, or a formula such as
            ``"w/8"``.
        classes: how many classes are told apart.
        size: ``"large"`` or ``"small"``.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension, or no factor.
        SpecificationError: there is no such size.

    >>> P = mobilenet_v3().trace().parameters
    >>> P(w=8, K=1000), mobilenet_v3(1, 1000, size="small").trace().parameters
    (5483032, 2542856)
    """
    by = read_ratio("width", width)
    blocks, hidden = one_of("size", size, _SIZES)
    came, layers = 16, [*normalized(rounded(16 * by), 3, 2), Activation("hard_swish")]
    for number, (kernel, inside, out, squeezes, activation, strides) in enumerate(blocks, 1):
        wide = rounded(inside * by)
        made = Bottleneck(
            wide,
            inside != came,
            rounded(out * by),
            kernel,
            strides,
            activation,
            rounded(sympify(floored(sympify(wide), 4))) if squeezes else None,
            ("relu", "hard_sigmoid"),
        ).layers()
        kept = strides == 1 and came == out
        layers.append(
            Residual(made, name=f"block{number}")
            if kept
            else Sequential(made, name=f"block{number}")
        )
        came = out
    return Sequential(
        [
            *(*layers, *normalized(6 * rounded(came * by), 1), Activation("hard_swish")),
            *(GlobalAveragePooling2D(), Dense(rounded(hidden * by)), Activation("hard_swish")),
            *(Dropout(0.2), Dense(read_dim("classes", classes))),
        ],
        input_shape=input_shape,
    )
