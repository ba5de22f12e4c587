"""Pools that slide, in one to three dimensions.

Sources: Keras' pooling layers; torch's ``MaxPool2d`` and ``AvgPool2d`` for ``padding``,
``dilation`` and ``ceil_mode``; torch's ``LPPool2d``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from archcalc.layers.convolution import Sliding
from archcalc.layers.facts import Arithmetic, ArithmeticKind, Kept, Primitive, Saved
from archcalc.layers.fields import (
    OptionalSize,
    OptionalSizes,
    Padding,
    Sizes,
    hyper,
    option,
)
from archcalc.layers.spatial import DataFormat, per_axis, with_indices
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "LPPooling1D",
    "LPPooling2D",
    "LPPooling3D",
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

    def spatial_windows(self) -> tuple[Window, ...]:
        steps = self.pool_size if self.strides is None else self.strides
        dilation = getattr(self, "dilation_rate", (1,) * self.rank)
        parts = zip(self.pool_size, steps, dilation, self.pads(), strict=True)
        return tuple(Window(*part, ceil_mode=self.ceil_mode) for part in parts)

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.output_extent(x), self.channels(x))

    def _over_windows(
        self, x: Shape, y: Shape, kind: ArithmeticKind, each: Primitive, *last: Primitive
    ) -> tuple[Arithmetic, ...]:
        """An operation between all numbers of a window, and others on the result."""
        area = product(self.pool_size)
        between = lower(plain(area) - 1)
        parts: list[tuple[Primitive, tuple[Dim, ...]]] = [(each, (between, *y))]
        parts.extend((name, tuple(y)) for name in last)
        return (Arithmetic(kind, tuple(parts), tuple(x), tuple(y), area),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        needs = super().requirements(x)
        if isinstance(self.padding, str):
            return needs
        pads = [
            _at_most_half(pad, window.kernel)
            for window, pair in zip(self.spatial_windows(), self.padding, strict=True)
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
    return_indices: bool = Field(default=False, kw_only=True)

    _spread = per_axis("pool_size", "strides", "padding", "dilation_rate")

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return self._over_windows(x, y, "max pooling", "comparison")

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,), own=(Kept("indices", y, "index"),))

    def output_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)


class _AveragePool(_Pool, abstract=True):
    pool_size: Sizes = hyper("k", default=(2,))
    strides: OptionalSizes = hyper("s", default=None)  # type: ignore[assignment]
    padding: Padding = hyper("p", default="valid")
    data_format: DataFormat = "channels_last"
    ceil_mode: bool = False
    count_include_pad: bool = Field(default=True, kw_only=True)
    divisor_override: OptionalSize = option(default=None, kw_only=True, counts="")

    _spread = per_axis("pool_size", "strides", "padding")

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return self._over_windows(x, y, "average pooling", "addition", "division")

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,))


class _LPPool(_Pool, abstract=True):
    norm_type: float
    pool_size: Sizes = hyper("k")
    strides: OptionalSizes = hyper("s", default=None)  # type: ignore[assignment]
    ceil_mode: bool = False
    data_format: DataFormat = "channels_last"

    padding: ClassVar[str] = "valid"

    _spread = per_axis("pool_size", "strides")

    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        (sums,) = self._over_windows(x, y, "reduction", "addition", "transcendental")
        powers: tuple[Primitive, tuple[Dim, ...]] = ("transcendental", (sums.area, *y))
        return (replace(sums, parts=(powers, *sums.parts)),)

    @field_validator("norm_type")
    @classmethod
    def _not_zero(cls, power: float) -> float:
        if power == 0:
            raise InvalidLayerError(
                "there is no root of degree 0",
                code="invalid-argument",
                hint="1 adds up, 2 is the root of the sum of squares, inf is the largest",
            )
        return power

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        """torch's pools of three axes, alone of its pools, want the whole window inside."""
        needs = super().requirements(x)
        if self.rank < 3 or not self.ceil_mode:
            return needs
        axes = zip(self.spatial_axes(), self.pool_size, strict=True)
        inside = [Window(k).fits(x[axis], self.axis_word(x, axis)) for axis, k in axes]
        return (*needs, *(need for needs_of_axis in inside for need in needs_of_axis))


class MaxPooling1D(_MaxPool):
    """The largest value of each window over time.

    Args:
        pool_size: the length of the window.
        strides: how far it moves; as long as it is where ``None``.
        padding: ``"valid"``, ``"same"``, or amounts as in torch, at most half of the window.
        data_format: whether the channels are the last axis or the first.
        dilation_rate: the distance between positions it reads, as in torch.
        ceil_mode: whether a last window that hangs over the end counts, as in torch.
        return_indices: whether the place of each value comes out as well, as in torch, for
            `MaxUnpooling1D`.

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
        count_include_pad: whether amounts of padding count as zeros in the mean, as in torch.
        divisor_override: what the sum is divided by, in place of how many are added, as in torch.

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


class LPPooling1D(_LPPool):
    """The root of the sum of powers of each window over time: ``(Σ xᵖ)^(1/p)``; torch's.

    Args:
        norm_type: the power ``p``; ``inf`` takes the largest.
        pool_size: the length of the window.
        strides: how far it moves; as long as it is where ``None``.
        ceil_mode: whether a last window that hangs over the end counts; with three axes, windows
            larger than the input are refused all the same.
        data_format: whether the channels are the last axis or the first.

    >>> LPPooling1D(2, 3).output_shape(Shape((100, 16)))
    (33, 16)
    """

    rank: ClassVar[int] = 1


class LPPooling2D(_LPPool):
    """The root of the sum of powers of each window over height and width.

    Arguments as in `LPPooling1D`, one value or one for each axis.

    >>> LPPooling2D(2, 3, 2).output_shape(Shape((26, 26, 32)))
    (12, 12, 32)
    """

    rank: ClassVar[int] = 2


class LPPooling3D(_LPPool):
    """The root of the sum of powers of each window over depth, height and width.

    Arguments as in `LPPooling1D`, one value or one for each axis.

    >>> LPPooling3D(2, 2).output_shape(Shape((8, 16, 16, 4)))
    (4, 8, 8, 4)
    """

    rank: ClassVar[int] = 3
