"""What gives images another size: Resizing, crops, and boxes around what is seen.

Source: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from archcalc.layers.base import AxisWindow
from archcalc.layers.facts import Arithmetic
from archcalc.layers.fields import Size, hyper
from archcalc.layers.images import Images
from archcalc.layers.sight import Sights
from archcalc.layers.spatial import DataFormat
from archcalc.layers.upsampling import interpolated, interpolating, ratios_of
from archcalc.layers.window import Window
from archcalc.symbolic.compare import at_least
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape

__all__ = ["CenterCrop", "MaxNumBoundingBoxes", "RandomCrop", "Resizing"]


class _Resized(Images, abstract=True):
    height: Size = hyper("H", counts="positions")
    width: Size = hyper("W", counts="positions")

    source: ClassVar[str] = "https://keras.io/api/layers/preprocessing_layers/image_preprocessing/"

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped((self.height, self.width), self.channels(x))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        return None


class Resizing(_Resized):
    """Images of one size, by interpolation.

    Args:
        height, width: the size that comes out.
        interpolation: how values between pixels are made; it changes no shape.
        crop_to_aspect_ratio: whether what does not fit the proportions is cut off.
        pad_to_aspect_ratio: whether what is missing to the proportions is filled in.
        fill_mode, fill_value: what it is filled with.
        antialias: whether an image that becomes smaller is smoothed.
        data_format: whether the channels are the last axis or the first.

    >>> Resizing(224, 224).output_shape(Shape((480, 640, 3)))
    (224, 224, 3)
    """

    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = "bilinear"
    crop_to_aspect_ratio: bool = False
    pad_to_aspect_ratio: bool = False
    fill_mode: Literal["constant"] = "constant"
    fill_value: float = 0.0
    antialias: bool = False
    data_format: DataFormat = "channels_last"

    not_counted: ClassVar[str] = (
        "what is smoothed, cut to the proportions or made of more than two neighbours is not stated"
    )

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...] | None:
        if self.antialias or self.crop_to_aspect_ratio or self.pad_to_aspect_ratio:
            return None
        return interpolated(self.interpolation, self.rank, x, y)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """By phase where nothing is smoothed or cut: as many phases as the ratio says."""
        if self.antialias or self.crop_to_aspect_ratio or self.pad_to_aspect_ratio:
            return super().sights(output, x)
        after = self.extent(self.output_shape(x))
        ratios = ratios_of(self.spatial_axes(), self.extent(x), after)
        mode = {"nearest": "nearest-exact"}.get(self.interpolation, self.interpolation)  # in Keras
        views = interpolating(mode, ratios, x, self.channel_axis())
        return super().sights(output, x) if views is None else (views,)

    @model_validator(mode="after")
    def _one_way(self) -> Any:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise InvalidLayerError(
                "crop_to_aspect_ratio and pad_to_aspect_ratio cannot both be on",
                code="contradicting-arguments",
                hint="choose one",
            )
        return self


class CenterCrop(_Resized):
    """The middle of each image; one that is too small is resized and cut to the proportions.

    Args:
        height, width: the size that comes out.
        data_format: whether the channels are the last axis or the first.

    >>> CenterCrop(224, 224).output_shape(Shape((256, 256, 3)))
    (224, 224, 3)
    """

    data_format: DataFormat = "channels_last"

    not_counted: ClassVar[str] = "an image that is too small is resized, others are only cut"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...] | None:
        return None if self.windows(x) is None else ()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        sides = list(zip(self.spatial_axes(), self.extent(x), self._size(), strict=True))
        if not all(at_least(n, size) for _, n, size in sides):
            return None
        return tuple((axis, Window(1, padding=_cut(n - size))) for axis, n, size in sides)

    def _size(self) -> tuple[Dim, Dim]:
        return self.height, self.width


def _cut(surplus: Dim) -> tuple[Dim, Dim]:
    """What is taken off before and after; the odd pixel after."""
    before = floor_div(surplus, 2)
    return -before, before - surplus


class RandomCrop(_Resized):
    """A part of each image, anywhere; one that is too small is resized.

    This is what comes out in training.  In inference Keras 3.15 lets images through as they are,
    although it promises this size.

    Args:
        height, width: the size that comes out.
        seed: makes the draws repeatable.
        data_format: whether the channels are the last axis or the first.

    >>> RandomCrop(224, 224).output_shape(Shape((256, 256, 3)))
    (224, 224, 3)
    """

    seed: int | None = None
    data_format: DataFormat = "channels_last"

    not_counted: ClassVar[str] = "in inference Keras does not give the size that it promises"


class MaxNumBoundingBoxes(Images):
    """Images as they are; the boxes that come with them become `max_number` for each image.

    Keras keeps boxes and their labels in a dictionary beside the images.  Of the tensors that a
    network hands on, the images, this layer changes nothing.

    Args:
        max_number: how many boxes an image has afterwards.
        fill_value: what stands for boxes that are missing.

    >>> MaxNumBoundingBoxes(10).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    max_number: Size = hyper("n", counts="")
    fill_value: int = -1
    data_format: DataFormat = Field(default="channels_last", kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/preprocessing_layers/"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return ()
