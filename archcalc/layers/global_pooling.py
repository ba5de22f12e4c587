"""Pools over all positions, in one to three dimensions.

Source: https://keras.io/api/layers/pooling_layers/global_average_pooling2d/
"""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.base import AxisWindow
from archcalc.layers.facts import Arithmetic, ArithmeticKind, Primitive, Saved
from archcalc.layers.spatial import DataFormat, Spatial
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
]


class _GlobalPool(Spatial, abstract=True):
    """One window over the whole extent."""

    data_format: DataFormat = "channels_last"
    keepdims: bool = False

    largest: ClassVar[bool] = False
    """Whether the largest is taken, and not the mean."""

    source: ClassVar[str] = "https://keras.io/api/layers/pooling_layers/"

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return tuple((axis, Window(x[axis])) for axis in self.spatial_axes())

    def output_shape(self, x: Shape) -> Shape:
        if self.keepdims:
            return self.shaped((1,) * self.rank, self.channels(x))
        return Shape((self.channels(x),))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        between: Primitive = "comparison" if self.largest else "addition"
        area = product(self.extent(x))
        others = (lower(plain(area) - 1), self.channels(x))
        parts: list[tuple[Primitive, tuple[Dim, ...]]] = [(between, others)]
        if not self.largest:
            parts.append(("division", tuple(y)))
        kind: ArithmeticKind = "global max pooling" if self.largest else "global average pooling"
        return (Arithmetic(kind, tuple(parts), tuple(x), tuple(y), area),)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,), output=True) if self.largest else Saved()


class GlobalMaxPooling1D(_GlobalPool):
    """The largest value of each channel over time.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling1D().output_shape(Shape((100, 16)))
    (16,)
    """

    rank: ClassVar[int] = 1
    largest: ClassVar[bool] = True


class GlobalMaxPooling2D(_GlobalPool):
    """The largest value of each channel over height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling2D().output_shape(Shape((26, 26, 32)))
    (32,)
    """

    rank: ClassVar[int] = 2
    largest: ClassVar[bool] = True


class GlobalMaxPooling3D(_GlobalPool):
    """The largest value of each channel over depth, height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling3D().output_shape(Shape((8, 16, 16, 4)))
    (4,)
    """

    rank: ClassVar[int] = 3
    largest: ClassVar[bool] = True


class GlobalAveragePooling1D(_GlobalPool):
    """The mean value of each channel over time.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalAveragePooling1D().output_shape(Shape((100, 16)))
    (16,)
    """

    rank: ClassVar[int] = 1


class GlobalAveragePooling2D(_GlobalPool):
    """The mean value of each channel over height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalAveragePooling2D().output_shape(Shape((26, 26, 32)))
    (32,)
    """

    rank: ClassVar[int] = 2


class GlobalAveragePooling3D(_GlobalPool):
    """The mean value of each channel over depth, height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalAveragePooling3D().output_shape(Shape((8, 16, 16, 4)))
    (4,)
    """

    rank: ClassVar[int] = 3
