"""Down to a small map and up again, with what was seen on the way down beside it on the way up.

Source: Ronneberger, Fischer and Brox, *U-Net: Convolutional Networks for Biomedical Image
Segmentation* (2015), figure 1; with padding, so that what comes out is as large as the image, and
with batch normalization, as most implementations have it.
"""

from __future__ import annotations

from archcalc.families.parts import one_of, read_dim
from archcalc.layers import (
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Layer,
    MaxPooling2D,
    ReLU,
    UpSampling2D,
)
from archcalc.network import Ladder, Sequential
from archcalc.symbolic.dims import Dim, DimLike
from archcalc.symbolic.shape import ShapeLike
from archcalc.symbolic.sums import index_for
from archcalc.symbolic.symbols import symbol

__all__ = ["unet"]


def unet(
    depth: DimLike = "L",
    width: DimLike = "c",
    classes: DimLike = "K",
    *,
    normalized: bool = True,
    up: str = "transposed",
    input_shape: ShapeLike = ("h", "w", 3),
) -> Sequential:
    """A U-Net: the width doubles wherever the map is halved, and comes back on the way up.

    Level ``i``, counted from 0 at the top, has two 3×3 convolutions of ``c·2^i`` channels on each
    way; at the bottom there are two of ``c·2^L``.  Learned are the kernels, the biases (those of
    the 3×3 convolutions only where nothing is normalized), and a scale and a shift for every
    channel that is.

    Args:
        depth: how often the map is halved; a number or a symbol.
        width: the channels at the top.
        classes: how many classes each pixel may have.
        normalized: whether every 3×3 convolution is followed by batch normalization.
        up: ``"transposed"`` convolutions on the way up, or ``"upsampling"`` followed by a 2×2
            convolution, which has as many weights.
        input_shape: height, width and channels of the images, numbers or symbols; the first two are
            multiples of ``2^L``.

    Raises:
        DimensionError: an argument is no dimension.
        SpecificationError: there is no such way up.

    >>> P = unet().trace().parameters
    >>> P.collect("c", "K")
    c²·(89·4^L/3 − 62/3) + c·(K + 13·2^L + 18) + K
    >>> P(L=4, c=64, K=2)
    31037698
    """
    c, times = read_dim("width", width), read_dim("depth", depth)
    i = symbol(index_for(c, times, preferred="i").name)
    filters = c * 2**i
    ladder = Ladder(
        _twice(filters, normalized),
        MaxPooling2D(2),
        _twice(filters, normalized),
        one_of("up", up, _WAYS_UP)(filters),
        _twice(filters, normalized),
        times,
        index=i.name,
    )
    pixels = Conv2D(read_dim("classes", classes), 1)
    return Sequential([ladder, pixels], input_shape=input_shape)


def _twice(filters: Dim, normalized: bool) -> list[Layer]:
    """Two convolutions that keep the map."""

    def once() -> list[Layer]:
        norm = [BatchNormalization()] if normalized else []
        return [Conv2D(filters, 3, padding=1, use_bias=not normalized), *norm, ReLU()]

    return [*once(), *once()]


def _transposed(filters: Dim) -> list[Layer]:
    return [Conv2DTranspose(filters, 2, strides=2)]


def _upsampled(filters: Dim) -> list[Layer]:
    return [UpSampling2D(2), Conv2D(filters, 2, padding="same")]


_WAYS_UP = {"transposed": _transposed, "upsampling": _upsampled}
