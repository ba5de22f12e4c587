"""Normalization of each position over its features.

Sources: Ba et al. (2016) for layer, Zhang and Sennrich (2019) for root mean square normalization.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from archcalc.layers.facts import (
    Arithmetic,
    ArithmeticKind,
    Kept,
    Primitive,
    Saved,
    Weight,
)
from archcalc.layers.fields import Axes, ShapeField, option
from archcalc.layers.kept import AFFINE
from archcalc.layers.normalization import Normalizing, affine
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape

__all__ = ["LayerNormalization", "RMSNormalization", "UnitNormalization"]


class _OverFeatures(Normalizing, abstract=True):
    """Normalised over the axes that are named."""

    def together(self, x: Shape) -> tuple[int, ...]:
        return self._axes(x)


class LayerNormalization(_OverFeatures):
    """Normalised over the features of each position.

    Args:
        axis: the axes normalised over, counted as in Keras from 1.
        epsilon: as in Keras.
        center: whether an offset (beta) is learned.
        scale: whether a factor (gamma) is learned.
        normalized_shape: the sizes that these axes must have, as torch is told.

    With Keras' ``rms_scaling=True`` a factor is learned, and no offset, whatever these say.

    >>> sum(w.size for w in LayerNormalization().weights(Shape((1024, 768))))
    1536
    """

    axis: Axes = option(default=(-1,))
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    normalized_shape: ShapeField = option(default=None, kw_only=True, counts="incoming")

    built_with: ClassVar[tuple[str, ...]] = (*AFFINE, "rms_scaling")
    source: ClassVar[str] = "https://arxiv.org/abs/1607.06450"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return self._over_groups(x, "layer normalization", *self._over_axes(x))

    def saves(self, x: Shape, y: Shape) -> Saved:
        groups = Shape(self._over_axes(x)[0])
        own = (Kept("mean", groups, "statistic"), Kept("deviation", groups, "statistic"))
        return Saved((0,), own=own)

    @model_validator(mode="before")
    @classmethod
    def _rms_scaling(cls, data: Any) -> Any:
        scaled = isinstance(data, dict) and data.get("rms_scaling")
        return {**data, "scale": True, "center": False} if scaled else data

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return affine(self._along(x), self.scale, self.center)


class RMSNormalization(_OverFeatures):
    """Divided by the root of the mean square; a factor is learned, an offset is not.

    Args:
        axis: the axes normalised over, counted as in Keras from 1.
        epsilon: as in Keras; torch's own choice for the type of number where it is ``None``.
        scale: whether a factor is learned; torch's ``elementwise_affine``.
        normalized_shape: the sizes that these axes must have, as torch is told.

    >>> sum(w.size for w in RMSNormalization().weights(Shape((2048, 4096))))
    4096
    """

    axis: Axes = option(default=(-1,))
    epsilon: float | None = 1e-6
    scale: bool = True
    normalized_shape: ShapeField = option(default=None, kw_only=True, counts="incoming")

    source: ClassVar[str] = "https://arxiv.org/abs/1910.07467"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        kind: ArithmeticKind = "root mean square normalization"
        return self._over_groups(x, kind, *self._over_axes(x), mean=False)

    def saves(self, x: Shape, y: Shape) -> Saved:
        root = Kept("root", Shape(self._over_axes(x)[0]), "statistic")
        return Saved((0,), own=(root, *((Kept("normalized", x),) if self.scale else ())))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("scale", self._along(x), "scale"),) if self.scale else ()


class UnitNormalization(_OverFeatures):
    """Divided by its length: the root of the sum of squares becomes 1.

    Args:
        axis: the axes that a length runs over, counted as in Keras from 1.

    >>> UnitNormalization().output_shape(Shape((20, 64)))
    (20, 64)
    """

    axis: Axes = option(default=(-1,))

    source: ClassVar[str] = "https://keras.io/api/layers/normalization_layers/unit_normalization/"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        groups, size = self._over_axes(x)
        every, between = (*groups, size), (*groups, lower(plain(size) - 1))
        parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
            ("multiplication", every),
            ("addition", between),
            ("square root", groups),
            ("division", every),
        )
        return (Arithmetic("normalization", parts, tuple(x), tuple(x)),)
