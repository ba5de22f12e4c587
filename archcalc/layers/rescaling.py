"""Numbers brought to another range: Rescaling, Normalization.

Source: https://keras.io/api/layers/preprocessing_layers/
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import model_validator

from archcalc.layers.axes import axis_indices
from archcalc.layers.base import Layer
from archcalc.layers.facts import Weight
from archcalc.layers.fields import SomeAxes, option
from archcalc.layers.ranges import as_list
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Normalization", "Rescaling"]

Numbers: TypeAlias = Annotated[float | tuple[float, ...], as_list]
"""One number for all, or one for each place along an axis."""


def _counted(numbers: Numbers | None) -> tuple[int, ...] | None:
    """The shape of what is given: nothing, one number for all, or one each."""
    if numbers is None:
        return None
    return (len(numbers),) if isinstance(numbers, tuple) else ()


def _one_each(numbers: Numbers | None, name: str, x: Shape, axis: int) -> tuple[Requirement, ...]:
    """That there is a number for each place along `axis`, where there are several."""
    if not isinstance(numbers, tuple) or len(numbers) == 1:
        return ()
    return (
        Requirement(
            x[axis],
            Relation.EQUAL,
            len(numbers),
            f"{name} has {len(numbers)} numbers for an axis of {{size}}",
            code="wrong-number-of-values",
            hint="give one number, or one for each place along the axis",
            details=(("size", x[axis]),),
        ),
    )


class Rescaling(Layer):
    """``y = x·scale + offset``.

    Args:
        scale: the factor, or one for each place along the last axis.
        offset: what is added, or one for each place along the last axis.

    >>> Rescaling(1 / 255).output_shape(Shape((224, 224, 3)))
    (224, 224, 3)
    """

    scale: Numbers
    offset: Numbers = 0.0

    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/"
    )

    def output_shape(self, x: Shape) -> Shape:
        return x

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return _one_each(self.scale, "scale", x, -1) + _one_each(self.offset, "offset", x, -1)


class Normalization(Layer):
    """``y = (x − mean)/√variance``, with a mean and a variance of the data set.

    They are given, and are then no weights; or Keras measures them (``adapt``), and keeps them and
    a count as weights that are not learned.

    Args:
        axis: the axes along which every place has a mean of its own, counted as in Keras from 1;
            ``None`` for one mean of everything.
        mean, variance: both, or neither; one number, or one for each place along the last of the
            axes.
        invert: whether the data are taken back: ``x·√variance + mean``.

    >>> [(w.name, w.shape) for w in Normalization().weights(Shape((28, 28, 3)))]
    [('mean', (3,)), ('variance', (3,)), ('count', ())]
    >>> Normalization(mean=127.5, variance=2.0).weights(Shape((28, 28, 3)))
    ()
    """

    axis: SomeAxes = option(default=(-1,))
    mean: Numbers | None = None
    variance: Numbers | None = None
    invert: bool = False

    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/numerical/normalization/"
    )

    @model_validator(mode="after")
    def _both_alike(self) -> Any:
        if _counted(self.mean) != _counted(self.variance):
            raise InvalidLayerError(
                "mean and variance go together: both or neither, and equally many numbers",
                code="mean-without-variance",
                hint="give both, or leave both out and let Keras measure them",
            )
        if isinstance(self.mean, tuple) and not self.axis:
            raise InvalidLayerError(
                f"{len(self.mean)} means, and no axis along which they differ",
                code="wrong-number-of-values",
                hint="give axis, or one mean",
            )
        return self

    def _axes(self, x: Shape) -> tuple[int, ...]:
        return tuple(sorted(axis_indices(self.axis, x)))

    def output_shape(self, x: Shape) -> Shape:
        return x

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        if self.mean is not None:
            return ()
        along = Shape(x[axis] for axis in self._axes(x))
        shapes = (("mean", along), ("variance", along), ("count", Shape()))
        return tuple(Weight(name, shape, "statistic") for name, shape in shapes)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axes = self._axes(x)
        return _one_each(self.mean, "mean", x, axes[-1]) if axes else ()
