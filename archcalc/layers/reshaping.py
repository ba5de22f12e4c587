"""What changes a shape and computes nothing: Flatten, Unflatten, Reshape, Permute, RepeatVector.

Source: https://keras.io/api/layers/reshaping_layers/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from archcalc.layers.axes import axis_index
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Saved, Storage
from archcalc.layers.fields import Axes, Size, TargetShape, hyper
from archcalc.layers.kept import EVERY
from archcalc.layers.sight import Sights, itself, regrouped
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["Flatten", "Permute", "RepeatVector", "Reshape", "Unflatten"]


class Flatten(Layer):
    """All axes as one, or those from `start_dim` to `end_dim`, as in torch.

    Args:
        start_dim: the first axis to join, counted from 1 (0 is the batch).
        end_dim: the last axis to join.

    >>> Flatten().output_shape(Shape((13, 13, 32)))
    (5408,)
    """

    start_dim: int = 1
    end_dim: int = -1

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "data_format")
    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/flatten/"

    if not TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if args and isinstance(args[0], str) and args[0].startswith("channels_"):  # Keras' own
                kwargs["data_format"], *args = args
            super().__init__(*args, **kwargs)

    def storage(self, training: bool = True) -> Storage:
        return "reshaped"

    def _range(self, x: Shape) -> tuple[int, int]:
        if not x:
            return len(x), len(x)
        first, last = axis_index(self.start_dim, x), axis_index(self.end_dim, x) + 1
        if first >= last:
            raise ShapeError(
                f"nothing to flatten from axis {self.start_dim} to {self.end_dim} of {x!r}",
                code="no-such-axis",
            )
        return first, last

    def output_shape(self, x: Shape) -> Shape:
        first, last = self._range(x)
        return Shape((*x[:first], product(x[first:last]), *x[last:]))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        first, last = self._range(x)
        joined = range(first, last) if last - first > 1 else ()  # one axis stays what it is
        return tuple((axis, Window(x[axis])) for axis in joined)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (regrouped(x, self.output_shape(x)),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        self._range(x)
        return ()


class Reshape(Layer):
    """The same elements in another shape.

    Args:
        target_shape: the shape that comes out, without the batch; one dimension may be −1 and is
            then worked out.

    >>> Reshape((7, -1)).output_shape(Shape((784,)))
    (7, 112)
    """

    target_shape: TargetShape

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/reshape/"

    def storage(self, training: bool = True) -> Storage:
        return "reshaped"

    def _known(self) -> Dim:
        return product(dim for dim in self.target_shape if dim != -1)

    def output_shape(self, x: Shape) -> Shape:
        missing = floor_div(x.elements, self._known())
        return Shape(missing if dim == -1 else dim for dim in self.target_shape)

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (regrouped(x, self.output_shape(x), self.no_sight()),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        open_ended = -1 in self.target_shape
        return (
            Requirement(
                x.elements,
                Relation.MULTIPLE_OF if open_ended else Relation.EQUAL,
                self._known(),
                "{elements} elements do not fit a shape of "
                + ("a multiple of " if open_ended else "")
                + "{known}",
                code="elements-differ",
                hint="the product of the target shape must equal the product of the input's",
                details=(("elements", x.elements), ("known", self._known())),
            ),
        )


class Unflatten(Layer):
    """One axis as several; torch's.

    Args:
        dim: the axis to part, counted from 1 (0 is the batch).
        unflattened_size: what it becomes; one dimension may be −1 and is then worked out.

    >>> Unflatten(1, (8, -1)).output_shape(Shape((512, 7)))
    (8, 64, 7)
    """

    dim: int
    unflattened_size: TargetShape

    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html"

    def storage(self, training: bool = True) -> Storage:
        return "reshaped"

    def _parting(self) -> Reshape:
        return Reshape(self.unflattened_size)

    def output_shape(self, x: Shape) -> Shape:
        axis = axis_index(self.dim, x)
        parts = self._parting().output_shape(Shape((x[axis],)))
        return Shape((*x[:axis], *parts, *x[axis + 1 :]))

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (regrouped(x, self.output_shape(x), self.no_sight()),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return self._parting().requirements(Shape((x[axis_index(self.dim, x)],)))


class Permute(Layer):
    """The axes in another order.

    Args:
        dims: which axis of the input stands at each place, counted from 1 (0 is the batch).

    >>> Permute((2, 1)).output_shape(Shape((10, 64)))
    (64, 10)
    """

    dims: Axes

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/permute/"

    def storage(self, training: bool = True) -> Storage:
        return "strided"

    @model_validator(mode="after")
    def _every_axis_once(self) -> Any:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise InvalidLayerError(
                f"{self.dims} does not name every axis from 1 to {len(self.dims)} once",
                code="invalid-permutation",
                hint="axes are counted from 1; 0 is the batch and stays",
            )
        return self

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len(inputs[0]) != len(self.dims):
            raise ShapeError(
                f"Permute{self.dims} takes {len(self.dims)} axes, not {len(inputs[0])}: "
                f"{inputs[0]!r}",
                code="wrong-number-of-axes",
            )

    def output_shape(self, x: Shape) -> Shape:
        return Shape(x[dim - 1] for dim in self.dims)

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        return () if self.dims == tuple(range(1, len(x) + 1)) else None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return ({dim - 1: itself(place) for place, dim in enumerate(self.dims)},)


class RepeatVector(Layer):
    """One vector, `n` times: ``(c,)`` to ``(n, c)``.

    >>> RepeatVector(3).output_shape(Shape((32,)))
    (3, 32)
    """

    n: Size = hyper("n", counts="positions")

    axis_names: ClassVar[tuple[str, ...]] = ("c",)
    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/repeat_vector/"

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.n, *x))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return ({0: itself(1)},)
