"""What acts in training only and leaves shapes alone: dropouts and noise.

Source: https://keras.io/api/layers/regularization_layers/
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archcalc.layers.base import Layer
from archcalc.layers.facts import Kept, Saved, Storage
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

    def saves(self, x: Shape, y: Shape) -> Saved | None:
        return Saved() if self.does_nothing else self._noise(x)

    def _noise(self, x: Shape) -> Saved | None:
        """What is kept of what it draws at random; ``None`` where that is not said."""
        return None

    @property
    def does_nothing(self) -> bool:
        """Whether it gives what it takes also while training."""
        return False

    def storage(self, training: bool = True) -> Storage:
        return "own" if training and not self.does_nothing else "input"


class _Dropout(_TrainingOnly, abstract=True):
    rate: float = Field(ge=0, le=1, allow_inf_nan=False)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")

    @property
    def does_nothing(self) -> bool:
        return self.rate == 0


class _InPlace(_Dropout, abstract=True):
    """`inplace` is torch's: whether the output is written over the input."""

    inplace: bool = Field(default=False, kw_only=True)

    def storage(self, training: bool = True) -> Storage:
        found = super().storage(training)
        return "overwritten" if found == "own" and self.inplace else found


class Dropout(_InPlace):
    """Elements set to zero at random while training.

    >>> Dropout(0.5).output_shape(Shape((100,)))
    (100,)
    """

    built_with: ClassVar[tuple[str, ...]] = (*_Dropout.built_with, "noise_shape")

    def _noise(self, x: Shape) -> Saved:
        return Saved(own=(Kept("mask", x, "mask"),))


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

    def _noise(self, x: Shape) -> Saved:
        return Saved()

    @property
    def does_nothing(self) -> bool:
        return self.stddev == 0


class SpatialDropout1D(_InPlace):
    """Whole channels of ``(t, c)`` set to zero.

    >>> SpatialDropout1D(0.2).output_shape(Shape((100, 16)))
    (100, 16)
    """

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("t", "c")

    def _noise(self, x: Shape) -> Saved:
        return _channels(x, "channels_last")


class SpatialDropout2D(_InPlace):
    """Whole channels of ``(h, w, c)`` set to zero.

    >>> SpatialDropout2D(0.2).output_shape(Shape((8, 8, 16)))
    (8, 8, 16)
    """

    data_format: DataFormat = "channels_last"

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("h", "w", "c")

    def _noise(self, x: Shape) -> Saved:
        return _channels(x, self.data_format)


class SpatialDropout3D(_InPlace):
    """Whole channels of ``(d, h, w, c)`` set to zero.

    >>> SpatialDropout3D(0.2).output_shape(Shape((4, 8, 8, 16)))
    (4, 8, 8, 16)
    """

    data_format: DataFormat = "channels_last"

    built_with: ClassVar[tuple[str, ...]] = ("seed", "dtype")
    axis_names: ClassVar[tuple[str, ...]] = ("d", "h", "w", "c")

    def _noise(self, x: Shape) -> Saved:
        return _channels(x, self.data_format)


def _channels(x: Shape, data_format: str) -> Saved:
    """A mask of one number a channel."""
    kept = Shape((x[0] if data_format == "channels_first" else x[-1],))
    return Saved(own=(Kept("mask", kept, "mask"),))


class ActivityRegularization(_TrainingOnly):
    """A penalty on the activations; nothing else.

    >>> ActivityRegularization().output_shape(Shape((100,)))
    (100,)
    """

    l1: float = 0.0
    l2: float = 0.0

    built_with: ClassVar[tuple[str, ...]] = tuple(n for n in EVERY if n != "activity_regularizer")

    @property
    def does_nothing(self) -> bool:
        return True
