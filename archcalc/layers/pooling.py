"""Pools: sliding, global and adaptive, in one to three dimensions.

Sources: Keras' pooling layers; torch's ``MaxPool2d`` and ``AvgPool2d`` for ``padding``,
``dilation`` and ``ceil_mode``, and ``AdaptiveAvgPool2d``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from archcalc.layers.base import AxisWindow
from archcalc.layers.convolution import Sliding
from archcalc.layers.fields import OptionalSizes, Padding, Sizes, SomeSizes, hyper
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pool(Sliding, abstract=True):
    """A window that is reduced to one value a channel."""

    source: ClassVar[str] = "https://arxiv.org/abs/1603.07285 (section 3)"

    @model_validator(mode="after")
    def _no_causal(self) -> Any:
        if self.padding == "causal":
            raise InvalidLayerError(
                "a pool has no padding 'causal'",
                code="invalid-padding",
                hint="use 'same', 'valid' or amounts",
            )
        return self

    def sliding(self) -> tuple[Window, ...]:
        steps = self.pool_size if self.strides is None else self.strides
        dilation = getattr(self, "dilation_rate", (1,) * self.rank)
        parts = zip(self.pool_size, steps, dilation, self.pads(), strict=True)
        return tuple(Window(*part, ceil_mode=self.ceil_mode) for part in parts)

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.slid(x), self.channels(x))

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        needs = super().requirements(x)
        if isinstance(self.padding, str):
            return needs
        pads = [
            _at_most_half(pad, window.kernel)
            for window, pair in zip(self.sliding(), self.padding, strict=True)
            for pad in pair
            if pad != 0
        ]
        return (*needs, *pads)

    if TYPE_CHECKING:  # every subclass declares these, in the order of Keras' arguments

        @property
        def pool_size(self) -> tuple[Dim, ...]: ...
        @property
        def ceil_mode(self) -> bool: ...


def _at_most_half(pad: Dim, kernel: Dim) -> Requirement:
    """torch's rule; it counts what a window reads, however far apart dilation puts it."""
    return Requirement(
        floor_div(kernel, 2),
        Relation.AT_LEAST,
        pad,
        "padding {pad} is more than half of the pool_size {kernel}",
        code="padding-too-large",
        hint="a pool may pad at most half of its window, or a window would see padding only",
        details=(("pad", pad), ("kernel", kernel)),
    )


class _MaxPool(_Pool, abstract=True):
    pool_size: Sizes = hyper("k", default=(2,))
    strides: OptionalSizes = hyper("s", default=None)  # type: ignore[assignment]
    padding: Padding = hyper("p", default="valid")
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    ceil_mode: bool = False

    _spread = per_axis("pool_size", "strides", "padding", "dilation_rate")


class _AveragePool(_Pool, abstract=True):
    pool_size: Sizes = hyper("k", default=(2,))
    strides: OptionalSizes = hyper("s", default=None)  # type: ignore[assignment]
    padding: Padding = hyper("p", default="valid")
    data_format: DataFormat = "channels_last"
    ceil_mode: bool = False

    _spread = per_axis("pool_size", "strides", "padding")


class _GlobalPool(Spatial, abstract=True):
    """One window over the whole extent."""

    data_format: DataFormat = "channels_last"
    keepdims: bool = False

    source: ClassVar[str] = "https://keras.io/api/layers/pooling_layers/"

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return tuple((axis, Window(x[axis])) for axis in self.spatial_axes())

    def output_shape(self, x: Shape) -> Shape:
        if self.keepdims:
            return self.shaped((1,) * self.rank, self.channels(x))
        return Shape((self.channels(x),))


class _AdaptivePool(Spatial, abstract=True):
    """As many windows as make the output the size that is asked for."""

    output_size: SomeSizes = hyper("n")
    data_format: DataFormat = "channels_last"

    _spread = per_axis("output_size")

    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"
    )

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        """Windows of equal size where the output size divides the input; else there is no one."""
        found = []
        for axis, size in zip(self.spatial_axes(), self.sizes(x), strict=True):
            step = floor_div(x[axis], size)
            if step * size != x[axis]:
                return None
            found.append((axis, Window(step, step)))
        return tuple(found)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return ()

    def sizes(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial dimensions that come out."""
        pairs = zip(self.output_size, self.extent(x), strict=True)
        return tuple(n if size is None else size for size, n in pairs)

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.sizes(x), self.channels(x))


class MaxPooling1D(_MaxPool):
    """The largest value of each window over time.

    Args:
        pool_size: the length of the window.
        strides: how far it moves; as long as it is where ``None``.
        padding: ``"valid"``, ``"same"``, or amounts as in torch, at most half of the window.
        data_format: whether the channels are the last axis or the first.
        dilation_rate: the distance between positions it reads, as in torch.
        ceil_mode: whether a last window that hangs over the end counts, as in torch.

    >>> MaxPooling1D(2).output_shape(Shape((100, 16)))
    (50, 16)
    """

    rank: ClassVar[int] = 1


class MaxPooling2D(_MaxPool):
    """The largest value of each window over height and width.

    Arguments as in `MaxPooling1D`, one value or one for each axis.

    >>> MaxPooling2D(2).output_shape(Shape((26, 26, 32)))
    (13, 13, 32)
    """

    rank: ClassVar[int] = 2


class MaxPooling3D(_MaxPool):
    """The largest value of each window over depth, height and width.

    Arguments as in `MaxPooling1D`, one value or one for each axis.

    >>> MaxPooling3D(2).output_shape(Shape((8, 16, 16, 4)))
    (4, 8, 8, 4)
    """

    rank: ClassVar[int] = 3


class AveragePooling1D(_AveragePool):
    """The mean value of each window over time.

    Args:
        pool_size: the length of the window.
        strides: how far it moves; as long as it is where ``None``.
        padding: ``"valid"``, ``"same"``, or amounts as in torch, at most half of the window.
        data_format: whether the channels are the last axis or the first.
        ceil_mode: whether a last window that hangs over the end counts, as in torch.

    >>> AveragePooling1D(2).output_shape(Shape((100, 16)))
    (50, 16)
    """

    rank: ClassVar[int] = 1


class AveragePooling2D(_AveragePool):
    """The mean value of each window over height and width.

    Arguments as in `AveragePooling1D`, one value or one for each axis.

    >>> AveragePooling2D(2).output_shape(Shape((26, 26, 32)))
    (13, 13, 32)
    """

    rank: ClassVar[int] = 2


class AveragePooling3D(_AveragePool):
    """The mean value of each window over depth, height and width.

    Arguments as in `AveragePooling1D`, one value or one for each axis.

    >>> AveragePooling3D(2).output_shape(Shape((8, 16, 16, 4)))
    (4, 8, 8, 4)
    """

    rank: ClassVar[int] = 3


class GlobalMaxPooling1D(_GlobalPool):
    """The largest value of each channel over time.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling1D().output_shape(Shape((100, 16)))
    (16,)
    """

    rank: ClassVar[int] = 1


class GlobalMaxPooling2D(_GlobalPool):
    """The largest value of each channel over height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling2D().output_shape(Shape((26, 26, 32)))
    (32,)
    """

    rank: ClassVar[int] = 2


class GlobalMaxPooling3D(_GlobalPool):
    """The largest value of each channel over depth, height and width.

    Args:
        data_format: whether the channels are the last axis or the first.
        keepdims: whether the axes stay, at length 1.

    >>> GlobalMaxPooling3D().output_shape(Shape((8, 16, 16, 4)))
    (4,)
    """

    rank: ClassVar[int] = 3


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


class AdaptiveMaxPooling1D(_AdaptivePool):
    """The largest value of each of ``output_size`` stretches over time.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveMaxPooling1D(5).output_shape(Shape((100, 16)))
    (5, 16)
    """

    rank: ClassVar[int] = 1


class AdaptiveMaxPooling2D(_AdaptivePool):
    """The largest value of each of ``output_size`` stretches over height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveMaxPooling2D(5).output_shape(Shape((26, 26, 32)))
    (5, 5, 32)
    """

    rank: ClassVar[int] = 2


class AdaptiveMaxPooling3D(_AdaptivePool):
    """The largest value of each of ``output_size`` stretches over depth, height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveMaxPooling3D(5).output_shape(Shape((8, 16, 16, 4)))
    (5, 5, 5, 4)
    """

    rank: ClassVar[int] = 3


class AdaptiveAveragePooling1D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over time.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling1D(5).output_shape(Shape((100, 16)))
    (5, 16)
    """

    rank: ClassVar[int] = 1


class AdaptiveAveragePooling2D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling2D(5).output_shape(Shape((26, 26, 32)))
    (5, 5, 32)
    """

    rank: ClassVar[int] = 2


class AdaptiveAveragePooling3D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over depth, height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling3D(5).output_shape(Shape((8, 16, 16, 4)))
    (5, 5, 5, 4)
    """

    rank: ClassVar[int] = 3
