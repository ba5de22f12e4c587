"""Padding and cropping, in one to three dimensions.

Source: https://keras.io/api/layers/reshaping_layers/; torch's ``ReflectionPad2d``,
``ReplicationPad2d``, ``CircularPad2d`` and ``ConstantPad2d`` are modes of `Padding2D`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from archcalc.layers.base import AxisWindow
from archcalc.layers.choices import PaddingMode
from archcalc.layers.facts import Arithmetic, Saved
from archcalc.layers.fields import Amounts, SignedAmounts, hyper
from archcalc.layers.requirements import reaching, taken_off
from archcalc.layers.spatial import DataFormat, Spatial, one_pair, per_axis
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.halves import with_halves_up
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Padding1D",
    "Padding2D",
    "Padding3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class _Padding(Spatial, abstract=True):
    """Something before and after each spatial axis."""

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.padding, strict=True)
        padded = (with_halves_up(n + a + b) for n, (a, b) in pairs)
        return self.shaped(tuple(padded), self.channels(x))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        pairs = zip(self.spatial_axes(), self.padding, strict=True)
        return tuple((axis, Window(1, padding=pair)) for axis, pair in pairs)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        """Where less than nothing is added, something is left."""
        return tuple(
            _leaves_some(self, x, axis, -before - after)
            for axis, (before, after) in self._cropped()
        )

    def _cropped(self) -> list[tuple[int, tuple[Dim, Dim]]]:
        """The axes of which something may be taken off, with what is added before and after."""
        pairs = zip(self.spatial_axes(), self.padding, strict=True)
        return [(axis, pair) for axis, pair in pairs if any(map(_may_take_off, pair))]

    def _is_there(self, x: Shape) -> tuple[Requirement, ...]:
        """What is taken off is there, whatever is added at the other end."""
        off = [(axis, pair, lower(sum(map(taken_off, pair)))) for axis, pair in self._cropped()]
        return tuple(
            Requirement(
                x[axis],
                Relation.AT_LEAST,
                cut,
                f"cropping {{cut}} takes more than input {self.axis_word(x, axis)} {{input}} has",
                code="nothing-left",
                hint="crop less",
                details=(("cut", cut), ("input", x[axis])),
            )
            for axis, pair, cut in off
            if cut != -sum(pair)
        )

    if TYPE_CHECKING:  # every subclass declares it, in the order of its own arguments

        @property
        def padding(self) -> tuple[tuple[Dim, Dim], ...]: ...


class _ZeroPadding(_Padding, abstract=True):
    padding: SignedAmounts = hyper("p", default=((1, 1),))
    data_format: DataFormat = "channels_last"

    _pair = one_pair("padding")
    _spread = per_axis("padding")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/zero_padding2d/"

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return (*super().requirements(x), *self._is_there(x))


class _ModePadding(_Padding, abstract=True):
    padding: SignedAmounts = hyper("p")
    mode: PaddingMode = "constant"
    value: float = 0.0
    data_format: DataFormat = "channels_last"

    _pair = one_pair("padding")
    _spread = per_axis("padding")

    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html"
    )

    @model_validator(mode="after")
    def _value_is_for_constants(self) -> Any:
        if self.value and self.mode != "constant":
            raise InvalidLayerError(
                f"mode {self.mode!r} takes its values from the input, not value={self.value}",
                code="invalid-argument",
                hint="leave value out, or use mode='constant'",
            )
        return self

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        there = self._is_there(x) if self.mode == "constant" else ()
        copied = reaching(self, x, self.padding, self.mode)
        return (*super().requirements(x), *there, *copied)

    def taken(self, n: int, position: int) -> int | None:
        """The position of an axis of length `n` that padding is a copy of; ``None`` for a constant.

        >>> [Padding1D(2, "reflect").taken(5, p) for p in (-2, -1, 5, 6)]
        [2, 1, 3, 2]
        """
        copies = {
            "reflect": (n - 1) - abs(n - 1 - abs(position)),
            "replicate": min(max(position, 0), n - 1),
            "circular": position % n,
        }
        return copies.get(self.mode)


def _may_take_off(amount: Dim) -> bool:
    """Whether an amount of padding is, or with some numbers can be, less than nothing."""
    return amount < 0 if isinstance(amount, int) else not amount.is_nonnegative


class _Cropping(Spatial, abstract=True):
    cropping: Amounts = hyper("q", default=((1, 1),))
    data_format: DataFormat = "channels_last"

    _pair = one_pair("cropping")
    _spread = per_axis("cropping")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/cropping2d/"

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.cropping, strict=True)
        return self.shaped(tuple(n - a - b for n, (a, b) in pairs), self.channels(x))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        pairs = zip(self.spatial_axes(), self.cropping, strict=True)
        return tuple((axis, Window(1, padding=(-a, -b))) for axis, (a, b) in pairs)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        pairs = zip(self.spatial_axes(), self.cropping, strict=True)
        return tuple(_leaves_some(self, x, axis, a + b) for axis, (a, b) in pairs)


def _leaves_some(layer: Spatial, x: Shape, axis: int, cut: Dim) -> Requirement:
    return Requirement(
        x[axis],
        Relation.AT_LEAST,
        cut + 1,
        f"cropping {{cut}} leaves nothing of input {layer.axis_word(x, axis)} {{input}}",
        code="nothing-left",
        hint="crop less",
        details=(("cut", cut), ("input", x[axis])),
    )


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after, over time.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis; less than
            nothing takes off, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding1D().output_shape(Shape((98, 50)))
    (100, 50)
    """

    rank: ClassVar[int] = 1


class ZeroPadding2D(_ZeroPadding):
    """Zeros before and after, over height and width.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis; less than
            nothing takes off, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding2D().output_shape(Shape((26, 26, 32)))
    (28, 28, 32)
    """

    rank: ClassVar[int] = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros before and after, over depth, height and width.

    Args:
        padding: how many: one amount, one an axis, or a pair (before, after) an axis; less than
            nothing takes off, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> ZeroPadding3D().output_shape(Shape((8, 16, 16, 4)))
    (10, 18, 18, 4)
    """

    rank: ClassVar[int] = 3


class Padding1D(_ModePadding):
    """Constants, reflections, repetitions or the other end before and after, over time.

    Args:
        padding: how many: one amount, or a pair (before, after) an axis; less than nothing takes
            off, as in torch.
        mode: what stands there: ``"constant"`` the value, ``"reflect"`` the input mirrored at its
            first and last position (less than its length), ``"replicate"`` that position over and
            over, ``"circular"`` the input's other end (at most its length).
        value: what stands there in mode ``"constant"``.
        data_format: whether the channels are the last axis or the first.

    >>> Padding1D(2, "reflect").output_shape(Shape((98, 50)))
    (102, 50)
    """

    rank: ClassVar[int] = 1


class Padding2D(_ModePadding):
    """Constants, reflections, repetitions or the other end around height and width.

    Arguments as in `Padding1D`, one amount or pair, or one for each axis.

    >>> Padding2D(1, "circular").output_shape(Shape((26, 26, 32)))
    (28, 28, 32)
    """

    rank: ClassVar[int] = 2


class Padding3D(_ModePadding):
    """Constants, reflections, repetitions or the other end around depth, height and width.

    Arguments as in `Padding1D`, one amount or pair, or one for each axis.

    >>> Padding3D(((1, 0), 1, 1), "replicate").output_shape(Shape((8, 16, 16, 4)))
    (9, 18, 18, 4)
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
