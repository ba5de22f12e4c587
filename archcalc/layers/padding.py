"""ZeroPadding, Cropping and UpSampling, in one to three dimensions.

Source: https://keras.io/api/layers/reshaping_layers/
"""

from __future__ import annotations

from typing import ClassVar, Literal

from archcalc.layers.base import AxisWindow
from archcalc.layers.fields import Amounts, Sizes, hyper
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class _ZeroPadding(Spatial, abstract=True):
    padding: Amounts = hyper("p", default=((1, 1),))
    data_format: DataFormat = "channels_last"

    _spread = per_axis("padding")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/zero_padding2d/"

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.padding, strict=True)
        return self.shaped(tuple(n + a + b for n, (a, b) in pairs), self.channels(x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        pairs = zip(self.spatial_axes(), self.padding, strict=True)
        return tuple((axis, Window(1, padding=pair)) for axis, pair in pairs)


class _Cropping(Spatial, abstract=True):
    cropping: Amounts = hyper("q", default=((1, 1),))
    data_format: DataFormat = "channels_last"

    _spread = per_axis("cropping")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/cropping2d/"

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.cropping, strict=True)
        return self.shaped(tuple(n - a - b for n, (a, b) in pairs), self.channels(x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        pairs = zip(self.spatial_axes(), self.cropping, strict=True)
        return tuple((axis, Window(1, padding=(-a, -b))) for axis, (a, b) in pairs)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        pairs = zip(self.spatial_axes(), self.cropping, strict=True)
        return tuple(self._leaves_some(x, axis, a + b) for axis, (a, b) in pairs)

    def _leaves_some(self, x: Shape, axis: int, cut: Dim) -> Requirement:
        return Requirement(
            x[axis],
            Relation.AT_LEAST,
            cut + 1,
            f"cropping {{cut}} leaves nothing of input {self.axis_word(x, axis)} {{input}}",
            code="nothing-left",
            hint="crop less",
            details=(("cut", cut), ("input", x[axis])),
        )


class _UpSampling(Spatial, abstract=True):
    size: Sizes = hyper("s", default=(2,))
    data_format: DataFormat = "channels_last"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = "nearest"

    _spread = per_axis("size")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/up_sampling2d/"

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.size, strict=True)
        return self.shaped(tuple(n * s for n, s in pairs), self.channels(x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        if self.interpolation != "nearest":
            return None
        pairs = zip(self.spatial_axes(), self.size, strict=True)
        return tuple((axis, TransposedWindow(s, s)) for axis, s in pairs)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return ()


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after, over time.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding1D().output_shape(Shape((98, 50)))
    (100, 50)
    """

    rank: ClassVar[int] = 1


class ZeroPadding2D(_ZeroPadding):
    """Zeros before and after, over height and width.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding2D().output_shape(Shape((26, 26, 32)))
    (28, 28, 32)
    """

    rank: ClassVar[int] = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros before and after, over depth, height and width.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding3D().output_shape(Shape((8, 16, 16, 4)))
    (10, 18, 18, 4)
    """

    rank: ClassVar[int] = 3


class Cropping1D(_Cropping):
    """Less at both ends, over time.

    Args:
        cropping: how much: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> Cropping1D().output_shape(Shape((98, 50)))
    (96, 50)
    """

    rank: ClassVar[int] = 1


class Cropping2D(_Cropping):
    """Less at both ends, over height and width.

    Args:
        cropping: how much: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> Cropping2D().output_shape(Shape((26, 26, 32)))
    (24, 24, 32)
    """

    rank: ClassVar[int] = 2


class Cropping3D(_Cropping):
    """Less at both ends, over depth, height and width.

    Args:
        cropping: how much: one amount, one an axis, or a pair (before, after) an axis.
        data_format: whether the channels are the last axis or the first.

    >>> Cropping3D().output_shape(Shape((8, 16, 16, 4)))
    (6, 14, 14, 4)
    """

    rank: ClassVar[int] = 3


class UpSampling1D(_UpSampling):
    """Every position several times, over time.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling1D().output_shape(Shape((98, 50)))
    (196, 50)
    """

    rank: ClassVar[int] = 1


class UpSampling2D(_UpSampling):
    """Every position several times, over height and width.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling2D().output_shape(Shape((26, 26, 32)))
    (52, 52, 32)
    """

    rank: ClassVar[int] = 2


class UpSampling3D(_UpSampling):
    """Every position several times, over depth, height and width.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling3D().output_shape(Shape((8, 16, 16, 4)))
    (16, 32, 32, 4)
    """

    rank: ClassVar[int] = 3
