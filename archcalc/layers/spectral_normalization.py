"""A kernel divided by its largest singular value.

Source: Miyato et al., *Spectral Normalization for Generative Adversarial Networks* (2018).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import (
    Arithmetic,
    Remark,
    Weight,
    Work,
)
from archcalc.layers.frozen import as_told
from archcalc.layers.sight import Sights
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["SpectralNormalization"]


class SpectralNormalization(Layer):
    """A layer whose kernel is divided by its largest singular value while training.

    It keeps a vector from which that value is found by power iteration; it is not learned.  What
    the iteration computes in training is no part of the work stated here.

    Args:
        layer: a layer with a kernel, or an Embedding.
        power_iterations: as in Keras; it changes no size.

    >>> from archcalc.layers.core import Dense
    >>> [(w.name, w.shape) for w in SpectralNormalization(Dense(10)).weights(Shape((784,)))]
    [('kernel', (784, 10)), ('vector_u', (1, 10)), ('bias', (10,))]
    """

    layer: Layer
    power_iterations: int = Field(default=1, ge=1)

    source: ClassVar[str] = "https://arxiv.org/abs/1802.05957 (algorithm 1)"

    def inside(self, x: Shape) -> tuple[Shape, ...]:
        """The shape that the layer inside gets."""
        return (x,)

    def input_kind(self, index: int) -> str:
        return self.layer.input_kind(index)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        self.layer.check(*inputs)
        self._kernel(*inputs)

    def _kernel(self, x: Shape) -> Weight:
        for weight in self.layer.weights(x):
            if weight.name in ("kernel", "embeddings"):
                return weight
        raise InvalidLayerError(
            f"{type(self.layer).__name__} has no kernel to normalise",
            code="no-kernel",
            hint="give a Dense, a convolution or an Embedding",
        )

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return self.layer.axis_names_for(x)

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return self.layer.feature_axes(x)

    def output_shape(self, x: Shape) -> Shape:
        return self.layer.output_shape(x)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...] | None:
        return self.layer.arithmetic(*shapes)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        vector = Weight("vector_u", Shape((1, self._kernel(x).shape[-1])), "statistic")
        frozen = not self.layer.trainable
        own = as_told(self.layer, self.layer.weights(x), (x,))
        held = [replace(w, frozen=w.frozen or frozen) for w in own]
        adapted = any(weight.role == "adapter" for weight in held)
        held.insert(0 if adapted else 1, vector)  # after a kernel that Keras takes for its own
        return tuple(held)

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return self.layer.work(x, y)

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        return self.layer.windows(x)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return self.layer.sights(output, x)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return self.layer.requirements(x)

    def remarks(self, x: Shape) -> tuple[Remark, ...]:
        return self.layer.remarks(x)
