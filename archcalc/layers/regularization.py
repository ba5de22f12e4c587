"""What acts in training only and leaves shapes alone: dropouts and noise.

Source: https://keras.io/api/layers/regularization_layers/
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archcalc.layers.base import Layer
from archcalc.layers.kept import EVERY
from archcalc.layers.spatial import DataFormat
from archcalc.symbolic.shape import Shape

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "FeatureAlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


class _TrainingOnly(Layer, abstract=True):
    source: ClassVar[str] = "https://keras.io/api/layers/regularization_layers/"

    def output_shape(self, x: Shape) -> Shape:
        return x


class _Dropout(_TrainingOnly, abstract=True):
    rate: float = Field(ge=0, le=1, allow_inf_nan=False)

    @property
    def reuses(self) -> bool:
        """What drops nothing gives its input as it is."""
        return super().reuses or self.rate == 0

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")


class _InPlace(_Dropout, abstract=True):
    """`inplace` is torch's: whether the output is written over the input."""

    inplace: bool = Field(default=False, kw_only=True)


class Dropout(_InPlace):
    """Elements set to zero at random while training.

    >>> Dropout(0.5).output_shape(Shape((100,)))
    (100,)
    """

    built_with: ClassVar[tuple[str, ...]] = (*_Dropout.built_with, "noise_shape")


class AlphaDropout(_InPlace):
    """Dropout that keeps mean and variance, for SELU.

    >>> AlphaDropout(0.1).output_shape(Shape((100,)))
    (100,)
    """

    built_with: ClassVar[tuple[str, ...]] = (*_Dropout.built_with, "noise_shape")


class FeatureAlphaDropout(_InPlace):
    """`AlphaDropout` of whole channels; torch's.

    >>> FeatureAlphaDropout(0.1).output_shape(Shape((8, 8, 4)))
    (8, 8, 4)
    """


class GaussianDropout(_Dropout):
    """Multiplied with noise around 1 while training.

    >>> GaussianDropout(0.1).output_shape(Shape((100,)))
    (100,)
    """


class GaussianNoise(_TrainingOnly):
    """Noise added while training.

    >>> GaussianNoise(0.1).output_shape(Shape((100,)))
    (100,)
    """

    stddev: float = Field(ge=0, allow_inf_nan=False)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")


class SpatialDropout1D(_InPlace):
    """Whole channels of ``(t, c)`` set to zero.

    >>> SpatialDropout1D(0.2).output_shape(Shape((100, 16)))
    (100, 16)
    """

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("t", "c")


class SpatialDropout2D(_InPlace):
    """Whole channels of ``(h, w, c)`` set to zero.

    >>> SpatialDropout2D(0.2).output_shape(Shape((8, 8, 16)))
    (8, 8, 16)
    """

    data_format: DataFormat = "channels_last"

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("h", "w", "c")


class SpatialDropout3D(_InPlace):
    """Whole channels of ``(d, h, w, c)`` set to zero.

    >>> SpatialDropout3D(0.2).output_shape(Shape((4, 8, 8, 16)))
    (4, 8, 8, 16)
    """

    data_format: DataFormat = "channels_last"

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("d", "h", "w", "c")


class ActivityRegularization(_TrainingOnly):
    """A penalty on the activations; nothing else.

    >>> ActivityRegularization().output_shape(Shape((100,)))
    (100,)
    """

    l1: float = 0.0
    l2: float = 0.0

    built_with: ClassVar[tuple[str, ...]] = tuple(n for n in EVERY if n != "activity_regularizer")
