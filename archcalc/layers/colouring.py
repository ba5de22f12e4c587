"""What changes the colours, the contrast or the sharpness of images, and leaves their shape alone.

Arguments are Keras'.  A factor is a number, or the two between which it is drawn; ``value_range``
is the range of a pixel.  ``seed`` makes the draws repeatable; ``data_format`` says whether the
channels come last or first.

Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from archcalc.layers.fields import Sizes, option
from archcalc.layers.images import Augmentation
from archcalc.layers.ranges import PIXELS, Between, Bits, Fraction, Signed, as_list
from archcalc.layers.spatial import DataFormat, per_axis
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape

__all__ = [
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
    "Solarization",
]


class _Always(Augmentation, abstract=True):
    """What is done to every image, in inference as well."""

    not_counted: ClassVar[str] = "it counts or ranks the values of each image, which is in no tally"

    def arithmetic(self, *shapes: Shape) -> None:
        return None


class AutoContrast(_Always):
    """Each channel of an image stretched over the whole range of a pixel.

    >>> AutoContrast().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    data_format: DataFormat = Field(default="channels_last", kw_only=True)


class ContrastLimitedAdaptiveHistogramEqualization(_Always):
    """Histograms made even in tiles of the image, limited so that noise is not made larger.

    Args:
        value_range: the range of a pixel.
        clip_limit: how high a histogram may be.
        tile_grid_size: how many tiles down and across.

    >>> ContrastLimitedAdaptiveHistogramEqualization().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    clip_limit: float = 4.0
    tile_grid_size: Sizes = option(default=(8, 8))
    data_format: DataFormat = "channels_last"

    _spread = per_axis("tile_grid_size")


class Equalization(Augmentation):
    """The histogram of each channel made even.

    Args:
        value_range: the range of a pixel.
        bins: how many bars the histogram has.

    >>> Equalization().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    bins: int = Field(default=256, ge=2)
    data_format: DataFormat = "channels_last"


class RandomBrightness(Augmentation):
    """A random number added to all pixels.

    Args:
        factor: how much, as a part of the range, from −1 to 1.

    >>> RandomBrightness(0.2).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Signed
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = Field(default="channels_last", kw_only=True)


class RandomColorDegeneration(Augmentation):
    """Mixed with its own grey image; 3 channels.

    Args:
        factor: how grey, from 0 to 1.

    >>> RandomColorDegeneration(0.5).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Signed
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None

    def colours(self) -> tuple[int, ...]:
        return (3,)


class RandomColorJitter(Augmentation):
    """Brightness, contrast, saturation and hue, each by a factor of its own.

    Args:
        brightness_factor, contrast_factor: as in `RandomBrightness` and `RandomContrast`; left
            alone where ``None``.
        saturation_factor, hue_factor: as in `RandomSaturation` and `RandomHue`, which take images
            of 3 channels; left alone where ``None``.

    >>> RandomColorJitter(brightness_factor=0.2, hue_factor=0.1).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    brightness_factor: Signed | None = None
    contrast_factor: Fraction | None = None
    saturation_factor: Signed | None = None
    hue_factor: Fraction | None = None
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    def colours(self) -> tuple[int, ...]:
        return () if self.saturation_factor is None and self.hue_factor is None else (3,)


class RandomContrast(Augmentation):
    """Each channel drawn nearer to its mean or away from it.

    Args:
        factor: how much, from 0 to 1.

    >>> RandomContrast(0.2).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = Field(default="channels_last", kw_only=True)


def _odd(value: int | tuple[int, int]) -> int | tuple[int, int]:
    for size in value if isinstance(value, tuple) else (value,):
        if size < 1 or size % 2 == 0:
            raise InvalidLayerError(f"{size} is not an odd number", code="even-kernel")
    return value


class RandomGaussianBlur(Augmentation):
    """Every pixel a weighted mean of those around it.

    Args:
        factor: how often it happens, from 0 to 1.
        kernel_size: how many pixels down and across; odd.
        sigma: how wide the bell is, from 0 to 1.

    >>> RandomGaussianBlur().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    kernel_size: Annotated[int | tuple[int, int], AfterValidator(_odd), as_list] = 3
    sigma: Fraction = 1.0
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None


class RandomGrayscale(Augmentation):
    """Grey at random; the channels stay, 1 or 3.

    Args:
        factor: how often it happens, from 0 to 1.

    >>> RandomGrayscale(0.5).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: float = Field(default=0.5, ge=0, le=1)
    data_format: DataFormat = "channels_last"
    seed: int | None = None

    def colours(self) -> tuple[int, ...]:
        return (1, 3)


class RandomHue(Augmentation):
    """Colours turned on the colour wheel; 3 channels.

    Args:
        factor: how far, from 0 to 1.

    >>> RandomHue(0.1).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None

    def colours(self) -> tuple[int, ...]:
        return (3,)


class RandomInvert(Augmentation):
    """Dark and light exchanged.

    Args:
        factor: how often it happens, from 0 to 1.

    >>> RandomInvert().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = "channels_last"


class RandomPosterization(Augmentation):
    """Fewer bits for each pixel.

    Args:
        factor: how many bits, from 1 to 8.

    >>> RandomPosterization(4).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Bits
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None


class RandomSaturation(Augmentation):
    """Colours stronger or paler; 3 channels.

    Args:
        factor: 0 is grey, 0.5 leaves the image as it is, 1 is as strong as can be.

    >>> RandomSaturation(0.5).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Signed
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None

    def colours(self) -> tuple[int, ...]:
        return (3,)


class RandomSharpness(Augmentation):
    """Edges sharper or softer.

    Args:
        factor: how much, from 0 to 1.

    >>> RandomSharpness(0.5).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction
    value_range: Between = PIXELS
    data_format: DataFormat = "channels_last"
    seed: int | None = None


class Solarization(Augmentation):
    """Pixels above a threshold inverted.

    Args:
        addition_factor: what is added first, as a part of the range, from 0 to 1.
        threshold_factor: the threshold, as a part of the range, from 0 to 1.

    >>> Solarization(0.2, 0.5).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    addition_factor: Fraction = 0.0
    threshold_factor: Fraction = 0.0
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = Field(default="channels_last", kw_only=True)
