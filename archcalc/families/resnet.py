"""Residual networks: ResNet, ResNeXt and Wide ResNet, with depths and width as symbols.

Sources: He et al., *Deep Residual Learning for Image Recognition* (2015), table 1; the stride
stands in the 3×3 convolution, as in torchvision ("v1.5"), which changes no count of parameters.
Grouped: Xie et al., *Aggregated Residual Transformations* (2017); wide: Zagoruyko and Komodakis,
*Wide Residual Networks* (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from archcalc.families.parts import Dims, normalized, one_of, read_dim, read_dims
from archcalc.layers import Dense, GlobalAveragePooling2D, Layer, MaxPooling2D, ReLU
from archcalc.network import Repeat, Residual, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike

__all__ = ["RESNETS", "resnet"]

_USUAL = {"width": 64, "classes": 1000}

RESNETS: Mapping[str, Mapping[str, Any]] = {
    "resnet18": {"block": "basic", "depths": (2, 2, 2, 2), **_USUAL},
    "resnet34": {"block": "basic", "depths": (3, 4, 6, 3), **_USUAL},
    "resnet50": {"depths": (3, 4, 6, 3), **_USUAL},
    "resnet101": {"depths": (3, 4, 23, 3), **_USUAL},
    "resnet152": {"depths": (3, 8, 36, 3), **_USUAL},
    "resnext50_32x4d": {"depths": (3, 4, 6, 3), "groups": 32, "widening": 2, **_USUAL},
    "resnext101_32x8d": {"depths": (3, 4, 23, 3), "groups": 32, "widening": 4, **_USUAL},
    "resnext101_64x4d": {"depths": (3, 4, 23, 3), "groups": 64, "widening": 4, **_USUAL},
    "wide_resnet50_2": {"depths": (3, 4, 6, 3), "widening": 2, **_USUAL},
    "wide_resnet101_2": {"depths": (3, 4, 23, 3), "widening": 2, **_USUAL},
}
"""The networks that have names, each with what makes it of `resnet`."""


class _Stage(NamedTuple):
    """What the first block of a stage is made for; the others have no stride."""

    width: Dim
    inner: Dim
    groups: Dim
    strides: int


def _basic(stage: _Stage) -> list[Layer]:
    return [
        *normalized(stage.inner, 3, stage.strides, stage.groups),
        ReLU(),
        *normalized(stage.width, 3),
    ]


def _bottleneck(stage: _Stage) -> list[Layer]:
    return [
        *normalized(stage.inner, 1),
        ReLU(),
        *normalized(stage.inner, 3, stage.strides, stage.groups),
        ReLU(),
        *normalized(4 * stage.width, 1),
    ]


def _original(stage: _Stage) -> list[Layer]:
    return [
        *normalized(stage.inner, 1, stage.strides, bias=True),
        ReLU(),
        *normalized(stage.inner, 3, 1, stage.groups, bias=True),
        ReLU(),
        *normalized(4 * stage.width, 1, bias=True),
    ]


@dataclass(frozen=True)
class _Kind:
    """A kind of block: the branch that is added, how many times its width comes out, and whether
    convolutions that are normalized have biases."""

    branch: Callable[[_Stage], list[Layer]]
    expansion: int
    bias: bool = False

    def block(self, stage: _Stage, shortcut: list[Layer] | None) -> list[Layer]:
        return [Residual(self.branch(stage), shortcut), ReLU()]

    def projection(self, stage: _Stage) -> list[Layer] | None:
        """What brings the input to the shape of the branch, where it has not got it already."""
        if stage.strides == self.expansion == 1:
            return None
        return normalized(self.expansion * stage.width, 1, stage.strides, bias=self.bias)


_BLOCKS = {
    "bottleneck": _Kind(_bottleneck, 4),
    "basic": _Kind(_basic, 1),
    "original": _Kind(_original, 4, bias=True),
}


def resnet(
    depths: Dims = ("n1", "n2", "n3", "n4"),
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    block: str = "bottleneck",
    groups: DimLike = 1,
    widening: DimLike = 1,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """A residual network: a stem, stages of blocks that double the width, and a classifier.

    Learned are the kernels of the convolutions, which have no bias, a scale and a shift for every
    channel that is normalized, and the classifier.  With four stages of bottlenecks that is

    ``c²·(17·n1 + 68·n2 + 272·n3 + 1088·n4 + 505) + c·(12·n1 + 24·n2 + 48·n3 + 96·n4 + 32·K + 269)
    + K``

    Args:
        depths: how many blocks each stage has, each at least 1; one number or symbol a stage.
        width: the channels of the stem, and of the first stage inside its blocks.
        classes: how many classes are told apart.
        block: ``"bottleneck"``, or ``"basic"`` as in ResNet-18 and -34; ``"original"`` is the
            bottleneck of the paper, which strides in its first convolution, with biases as in the
            authors' files and in Keras.
        groups: into how many groups the 3×3 convolutions are divided; more than 1 is ResNeXt.
        widening: how many times as wide the blocks are inside.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there is no such block, or there are no stages.

    >>> P = resnet().trace().parameters
    >>> P.collect("c", "K")
    c²·(17·n1 + 68·n2 + 272·n3 + 1088·n4 + 505)
      + c·(32·K + 12·n1 + 24·n2 + 48·n3 + 96·n4 + 269) + K
    >>> [P(n1=3, n2=a, n3=b, n4=3, c=64, K=1000) for a, b in [(4, 6), (4, 23), (8, 36)]]
    [25557032, 44549160, 60192808]
    >>> resnet(block="basic").trace().parameters.collect("c", "K")
    c²·(18·n1 + 72·n2 + 288·n3 + 1152·n4 − 336) + c·(8·K + 4·n1 + 8·n2 + 16·n3 + 32·n4 + 177) + K
    """
    kind = one_of("block", block, _BLOCKS)
    c = read_dim("width", width)
    wider, parts = read_dim("widening", widening), read_dim("groups", groups)
    stages = [
        _stage(kind, _Stage(c * 2**i, c * 2**i * wider, parts, 2 if i else 1), depth, i + 1)
        for i, depth in enumerate(read_dims("depths", depths))
    ]
    stem = [*normalized(c, 7, 2, bias=kind.bias), ReLU(), MaxPooling2D(3, 2, padding=1)]
    head = [GlobalAveragePooling2D(), Dense(read_dim("classes", classes))]
    return Sequential([Sequential(stem, name="stem"), *stages, *head], input_shape=input_shape)


def _stage(kind: _Kind, stage: _Stage, depth: Dim, number: int) -> Sequential:
    """A block that changes the shape, and the rest, which keep it."""
    first = kind.block(stage, kind.projection(stage))
    rest = kind.block(stage._replace(strides=1), None)
    return Sequential([*first, Repeat(rest, depth - 1)], name=f"stage{number}")
