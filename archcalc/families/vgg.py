"""Stacks of 3×3 convolutions whose width doubles where the map is halved.

Source: Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*
(2014), table 1, as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.families.parts import Dims, read_dim, read_dims
from archcalc.layers import (
    AdaptiveAveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    ReLU,
)
from archcalc.network import Repeat, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike
from archcalc.symbolic.sums import index_for
from archcalc.symbolic.symbols import symbol

__all__ = ["VGGS", "doubling", "vgg"]

_DEPTHS = {
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}
_USUAL = {"width": 64, "hidden": 4096, "classes": 1000}

VGGS: Mapping[str, Mapping[str, Any]] = {
    f"{name}{suffix}": {"depths": depths, **_USUAL, "normalized": bool(suffix)}
    for suffix in ("", "_bn")
    for name, depths in _DEPTHS.items()
}
"""The networks that have names, each with what makes it of `vgg`; ``_bn`` is with normalization."""

_WIDEST = 8
"""The width doubles up to so many times the first."""


def vgg(
    depths: Dims = ("n1", "n2", "n3", "n4", "n5"),
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    hidden: DimLike = "m",
    normalized: bool = False,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """Stages of 3×3 convolutions with a pool after each, and a classifier of three Dense layers.

    Learned are the kernels and biases of the convolutions and of the Dense layers, and where there
    is normalization a scale and a shift for every channel.

    Args:
        depths: how many convolutions each stage has, each at least 1; one number or symbol a stage.
        width: the channels of the first stage; every stage doubles them, up to 8 times the first.
        classes: how many classes are told apart.
        hidden: the units of the first two Dense layers.
        normalized: whether every convolution is followed by batch normalization.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there are no stages.

    >>> P = vgg().trace().parameters
    >>> P.collect("c", "m", "K")
    c²·(9·n1 + 36·n2 + 144·n3 + 576·n4 + 576·n5 − 387)
      + c·(392·m + n1 + 2·n2 + 4·n3 + 8·n4 + 8·n5 + 27) + m² + m·(K + 2) + K
    >>> [P(n1=a, n2=a, n3=b, n4=b, n5=b, c=64, m=4096, K=1000) for a, b in [(1, 2), (2, 3), (2, 4)]]
    [132863336, 138357544, 143667240]
    """
    c = read_dim("width", width)
    stages = [
        Sequential(_convolutions(depth, c * min(2**i, _WIDEST), normalized), name=f"stage{i + 1}")
        for i, depth in enumerate(read_dims("depths", depths))
    ]
    units = read_dim("hidden", hidden)
    head = [
        *(AdaptiveAveragePooling2D(7), Flatten()),
        *(Dense(units), ReLU(), Dropout(0.5)),
        *(Dense(units), ReLU(), Dropout(0.5)),
        Dense(read_dim("classes", classes)),
    ]
    return Sequential([*stages, *head], input_shape=input_shape)


def doubling(
    stages: DimLike = "L",
    depth: DimLike = "n",
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    normalized: bool = False,
    input_shape: ShapeLike = ("h", "w", 3),
) -> Sequential:
    """A stack like VGG's that doubles its width at every stage, however many stages there are.

    Stage ``i``, counted from 0, has convolutions of ``c·2^i`` channels and halves the map; what
    comes out of the last is averaged over the map and classified by one Dense layer.  Kernels
    quadruple from stage to stage, so that the parameters grow with ``4^L``.

    Args:
        stages: how many stages; a number or a symbol.
        depth: how many convolutions each stage has, at least 1.
        width: the channels of the first stage.
        classes: how many classes are told apart.
        normalized: whether every convolution is followed by batch normalization.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.

    >>> trace = doubling(depth=1).trace()
    >>> trace.parameters.collect("c", "K")
    (3/2)·c²·(4^L − 4) + c·(2^(L − 1)·K + 2^L + 26) + K
    >>> trace.parameters(L=5, c=64, K=1000)
    7295592
    """
    c, n, times = (
        read_dim(*given) for given in (("width", width), ("depth", depth), ("stages", stages))
    )
    i = symbol(index_for(c, n, times, preferred="i").name)
    tower = Repeat(_convolutions(n, c * 2**i, normalized), times, index=i.name, name="stages")
    head = [GlobalAveragePooling2D(), Dense(read_dim("classes", classes))]
    return Sequential([tower, *head], input_shape=input_shape)


def _convolutions(depth: Dim, filters: Dim, normalized: bool) -> list[Layer]:
    """The convolution that widens, those that keep the width, and the pool."""
    norm = [BatchNormalization()] if normalized else []
    widens: list[Layer] = [Conv2D(filters, 3, padding=1), *norm, ReLU()]
    keeps = Repeat([Conv2D(filters, 3, padding=1), *norm, ReLU()], depth - 1)
    return [*widens, keeps, MaxPooling2D(2)]
