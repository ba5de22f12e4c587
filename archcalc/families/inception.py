"""Inception v3: branches of different windows beside one another.

Source: Szegedy et al., *Rethinking the Inception Architecture for Computer Vision* (2015), table 1
and figures 5 to 7, as torchvision and Keras have it, without the auxiliary classifier.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from archcalc.families.parts import read_dim
from archcalc.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    ReLU,
)
from archcalc.network import Parallel, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike

__all__ = ["inception_v3"]

Branch: TypeAlias = list[Layer]

_FLAT = (1, 7)
_HIGH = (7, 1)


def inception_v3(
    width: DimLike = "w",
    classes: DimLike = "K",
    *,
    input_shape: ShapeLike = (299, 299, 3),
) -> Sequential:
    """Inception v3: a stem, eleven blocks of branches beside one another, and a classifier.

    Large windows are several small ones, and square ones a flat and a high one.  Every number of
    channels is a multiple of 16, for which `width` stands.

    Args:
        width: a sixteenth of 256 channels: 16 in the paper.
        classes: how many classes are told apart.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.

    >>> P = inception_v3().trace().parameters
    >>> P.collect("w", "K")
    84962·w² + w·(128·K + 2206) + K
    >>> P(w=16, K=1000)
    23834568
    """
    w = read_dim("width", width)
    stem = [
        *(*_conv(2 * w, 3, 2), *_conv(2 * w, 3), *_conv(4 * w, 3, padding="same")),
        *(MaxPooling2D(3, 2), *_conv(5 * w, 1), *_conv(12 * w, 3), MaxPooling2D(3, 2)),
    ]
    blocks = [
        *(_squares(w, pooled) for pooled in (2, 4, 4)),
        _smaller_squares(w),
        *(_crosses(w, inside) for inside in (8, 10, 10, 12)),
        *(_smaller_crosses(w), _wide(w), _wide(w)),
    ]
    head = [GlobalAveragePooling2D(), Dropout(0.5), Dense(read_dim("classes", classes))]
    return Sequential([Sequential(stem, name="stem"), *blocks, *head], input_shape=input_shape)


def _conv(
    filters: Dim, kernel: Any, strides: int = 1, padding: Literal["valid", "same"] = "valid"
) -> Branch:
    """A convolution, normalized in the place of a bias, and its activation."""
    convolution = Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)
    return [convolution, BatchNormalization(), ReLU()]


def _kept(filters: Dim, kernel: Any) -> Branch:
    return _conv(filters, kernel, padding="same")


def _pooled(filters: Dim) -> Branch:
    return [AveragePooling2D(3, 1, padding="same"), *_kept(filters, 1)]


def _squares(w: Dim, pooled: int) -> Parallel:
    """Windows of 1, 5 and twice 3 beside one another (figure 5)."""
    return Parallel(
        [
            _kept(4 * w, 1),
            [*_kept(3 * w, 1), *_kept(4 * w, 5)],
            [*_kept(4 * w, 1), *_kept(6 * w, 3), *_kept(6 * w, 3)],
            _pooled(pooled * w),
        ]
    )


def _smaller_squares(w: Dim) -> Parallel:
    """The map halved, by two branches and a pool (figure 10)."""
    return Parallel(
        [
            _conv(24 * w, 3, 2),
            [*_kept(4 * w, 1), *_kept(6 * w, 3), *_conv(6 * w, 3, 2)],
            MaxPooling2D(3, 2),
        ]
    )


def _crosses(w: Dim, inside: int) -> Parallel:
    """Flat and high windows of 7 in turn (figure 6)."""
    c = inside * w
    return Parallel(
        [
            _kept(12 * w, 1),
            [*_kept(c, 1), *_kept(c, _FLAT), *_kept(12 * w, _HIGH)],
            [
                *(*_kept(c, 1), *_kept(c, _HIGH), *_kept(c, _FLAT)),
                *(*_kept(c, _HIGH), *_kept(12 * w, _FLAT)),
            ],
            _pooled(12 * w),
        ]
    )


def _smaller_crosses(w: Dim) -> Parallel:
    """The map halved once more."""
    crossed = [*_kept(12 * w, 1), *_kept(12 * w, _FLAT), *_kept(12 * w, _HIGH)]
    return Parallel(
        [
            [*_kept(12 * w, 1), *_conv(20 * w, 3, 2)],
            [*crossed, *_conv(12 * w, 3, 2)],
            MaxPooling2D(3, 2),
        ]
    )


def _wide(w: Dim) -> Parallel:
    """A flat and a high window beside one another, twice (figure 7)."""
    return Parallel(
        [
            _kept(20 * w, 1),
            [*_kept(24 * w, 1), _both(w)],
            [*_kept(28 * w, 1), *_kept(24 * w, 3), _both(w)],
            _pooled(12 * w),
        ]
    )


def _both(w: Dim) -> Parallel:
    return Parallel([_kept(24 * w, (1, 3)), _kept(24 * w, (3, 1))])
