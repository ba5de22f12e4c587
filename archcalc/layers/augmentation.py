"""What moves, mixes or cuts images while training, and leaves their shape alone.

Arguments are Keras'.  A factor is a number, or the two between which it is drawn.  ``seed`` makes
the draws repeatable; ``data_format`` says whether the channels come last or first.

Source: https://keras.io/api/layers/preprocessing_layers/image_augmentation/
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archcalc.layers.images import Augmentation
from archcalc.layers.ranges import PIXELS, Between, FillMode, Fraction, Interpolation, Signed, Zoom
from archcalc.layers.spatial import DataFormat
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]


class AugMix(Augmentation):
    """Several chains of augmentations, mixed with the image.

    Args:
        value_range: the range of a pixel.
        num_chains, chain_depth: how many chains, and the most augmentations in each.
        factor: how strong they are, from 0 to 1.
        alpha: the parameter of the distributions that mix them.
        all_ops: whether colours, contrast and sharpness are changed too; images then have 1 or 3
            channels.
        interpolation: how values between pixels are made.

    >>> AugMix().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    num_chains: int = Field(default=3, ge=1)
    chain_depth: int = Field(default=3, ge=1)
    factor: Fraction = 0.3
    alpha: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    all_ops: bool = True
    interpolation: Interpolation = "bilinear"
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    source: ClassVar[str] = "https://arxiv.org/abs/1912.02781 (algorithm 1)"

    def colours(self) -> tuple[int, ...]:
        return (1, 3) if self.all_ops else ()


class CutMix(Augmentation):
    """A patch of another image of the batch in place of one's own.

    Args:
        factor: how much of the image, from 0 to 1.

    >>> CutMix().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    source: ClassVar[str] = "https://arxiv.org/abs/1905.04899"


class MixUp(Augmentation):
    """A weighted mean of two images of the batch.

    Args:
        alpha: the parameter of the beta distribution that the weight is drawn from.

    >>> MixUp().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    alpha: float = Field(default=0.2, gt=0, allow_inf_nan=False)
    data_format: DataFormat = "channels_last"
    seed: int | None = None

    source: ClassVar[str] = "https://arxiv.org/abs/1710.09412"


class RandAugment(Augmentation):
    """Some augmentations drawn from eleven, one after the other; images have 1 or 3 channels.

    Args:
        value_range: the range of a pixel.
        num_ops: how many are drawn.
        factor: how strong they are, from 0 to 1.
        interpolation: how values between pixels are made.

    >>> RandAugment().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    value_range: Between = PIXELS
    num_ops: int = Field(default=2, ge=1)
    factor: Fraction = 0.5
    interpolation: Interpolation = "bilinear"
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    source: ClassVar[str] = "https://arxiv.org/abs/1909.13719"

    def colours(self) -> tuple[int, ...]:
        return (1, 3)


class RandomElasticTransform(Augmentation):
    """Pixels moved by a smooth random field.

    Args:
        factor: how often it happens, from 0 to 1.
        scale: how far pixels move, from 0 to 1.
        interpolation: how values between pixels are made.
        fill_mode, fill_value: what stands where nothing was.
        value_range: the range of a pixel.

    >>> RandomElasticTransform().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    scale: Fraction = 1.0
    interpolation: Interpolation = "bilinear"
    fill_mode: FillMode = "reflect"
    fill_value: float = 0.0
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = "channels_last"


class RandomErasing(Augmentation):
    """A rectangle of each image overwritten.

    Args:
        factor: how often it happens, from 0 to 1.
        scale: how much of the image, from 0 to 1.
        fill_value: what is written there; noise where it is ``None``.
        value_range: the range of a pixel.

    >>> RandomErasing().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    scale: Fraction = (0.02, 0.33)
    fill_value: float | None = None
    value_range: Between = PIXELS
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    source: ClassVar[str] = "https://arxiv.org/abs/1708.04896 (algorithm 1)"


class RandomFlip(Augmentation):
    """Left and right exchanged, or top and bottom, or both.

    Args:
        mode: which of them.

    >>> RandomFlip("horizontal").output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = "horizontal_and_vertical"
    seed: int | None = None
    data_format: DataFormat = "channels_last"


class RandomPerspective(Augmentation):
    """Seen from another point; the four corners must be four, so no side is one pixel long.

    Args:
        factor: how often it happens, from 0 to 1.
        scale: how far the corners move, from 0 to 1.
        interpolation: how values between pixels are made.
        fill_value: what stands where nothing was.

    >>> RandomPerspective().output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Fraction = 1.0
    scale: float = Field(default=1.0, ge=0, le=1)
    interpolation: Interpolation = "bilinear"
    fill_value: float = 0.0
    seed: int | None = None
    data_format: DataFormat = "channels_last"

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return tuple(self._two_pixels(x, axis) for axis in self.spatial_axes())

    def _two_pixels(self, x: Shape, axis: int) -> Requirement:
        return Requirement(
            x[axis],
            Relation.AT_LEAST,
            2,
            f"the corners of the image fall together: its {self.axis_word(x, axis)} is {{size}}",
            code="image-too-small",
            hint="use an image of at least 2×2",
            details=(("size", x[axis]),),
        )


class RandomRotation(Augmentation):
    """Turned around its centre.

    Args:
        factor: how far, as a part of a full turn, from −1 to 1.
        fill_mode, fill_value: what stands where nothing was.
        interpolation: how values between pixels are made.

    >>> RandomRotation(0.2).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    factor: Signed
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: int | None = None
    fill_value: float = 0.0
    data_format: DataFormat = "channels_last"


class RandomShear(Augmentation):
    """Rows or columns moved against one another.

    Args:
        x_factor, y_factor: how far, from 0 to 1.
        interpolation: how values between pixels are made.
        fill_mode, fill_value: what stands where nothing was.

    >>> RandomShear(0.2).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    x_factor: Fraction = 0.0
    y_factor: Fraction = 0.0
    interpolation: Interpolation = "bilinear"
    fill_mode: FillMode = "reflect"
    fill_value: float = 0.0
    data_format: DataFormat = "channels_last"
    seed: int | None = None


class RandomTranslation(Augmentation):
    """Moved up, down or aside.

    Args:
        height_factor, width_factor: how far, as a part of the side, from −1 to 1.
        fill_mode, fill_value: what stands where nothing was.
        interpolation: how values between pixels are made.

    >>> RandomTranslation(0.1, 0.1).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    height_factor: Signed
    width_factor: Signed
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: int | None = None
    fill_value: float = 0.0
    data_format: DataFormat = "channels_last"


class RandomZoom(Augmentation):
    """Seen from nearer or farther; the image stays as large as it is.

    Args:
        height_factor: how much, above −1 and up to 1; less than 0 comes nearer.
        width_factor: the same across; as down where it is ``None``.
        fill_mode, fill_value: what stands where nothing was.
        interpolation: how values between pixels are made.

    >>> RandomZoom(0.2).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    height_factor: Zoom
    width_factor: Zoom | None = None
    fill_mode: FillMode = "reflect"
    interpolation: Interpolation = "bilinear"
    seed: int | None = None
    fill_value: float = 0.0
    data_format: DataFormat = "channels_last"
