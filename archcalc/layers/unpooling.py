"""Max pools undone, in one to three dimensions.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from archcalc.layers.facts import Arithmetic, Saved
from archcalc.layers.fields import (
    Amounts,
    OptionalSizes,
    Sizes,
    hyper,
)
from archcalc.layers.requirements import same_length, something
from archcalc.layers.sight import Sights, channels, parted
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["MaxUnpooling1D", "MaxUnpooling2D", "MaxUnpooling3D"]


class _MaxUnpool(Spatial, abstract=True):
    """Every value back to where its index says; zeros elsewhere."""

    pool_size: Sizes = hyper("k")
    strides: OptionalSizes = hyper("s", default=None)
    padding: Amounts = hyper("p", default=((0, 0),))
    output_size: OptionalSizes = hyper("n", default=None, counts="positions")
    data_format: DataFormat = "channels_last"

    _spread = per_axis("pool_size", "strides", "padding", "output_size")

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html"
    )

    def input_kind(self, index: int) -> str:
        return "indices" if index == 1 else "numbers"

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len(inputs[1]) != len(inputs[0]):
            raise ShapeError(
                f"the values have shape {inputs[0]!r}, their indices {inputs[1]!r}",
                code="indices-differ",
                hint=_OF_ONE_POOL,
            )

    def __call__(self, *tensors: Any, output_size: Any = None, **how: Any) -> Any:
        """As every layer; `output_size` is torch's: the size that the pool took in.

        Raises:
            InvalidLayerError: it has another number of axes.
        """
        if output_size is None:
            return super().__call__(*tensors, **how)
        return self.reaching(tensors[0].shape, output_size)(*tensors)

    def reaching(self, x: Shape, output_size: Any) -> Self:
        """The layer by which `output_size` comes out."""
        told = {"output_size": self.told_sizes(output_size)}
        return type(self)(**{**self.given(), **told})

    def output_shape(self, x: Shape, indices: Shape) -> Shape:
        return self.shaped(self.output_size or self._undone(x), self.channels(x))

    def arithmetic(self, x: Shape, indices: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, x: Shape, indices: Shape, y: Shape) -> Saved:
        return Saved((1,))

    def windows(self, x: Shape, indices: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape, indices: Shape) -> tuple[Sights, ...]:
        """Which position a value goes to is known to its index only."""
        why = f"the indices of {type(self).__name__} say where each value goes"
        over = self.spatial_axes()
        views = {axis: parted(x[axis], over, why) for axis in over}
        return ({**views, self.channel_axis(): channels(self.channels(x))},) * 2

    def _undone(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial dimensions that a pool of these windows would have taken in, at least."""
        steps = self.strides or self.pool_size
        parts = zip(self.pool_size, steps, self.padding, self.extent(x), strict=True)
        return tuple(TransposedWindow(k, s, padding=p).output(n) for k, s, p, n in parts)

    def requirements(self, x: Shape, indices: Shape) -> tuple[Requirement, ...]:
        steps = self.strides or self.pool_size
        undone = self._undone(x)
        sizes = self.output_size or undone
        parts = zip(self.spatial_axes(), sizes, undone, steps, strict=True)
        return (
            *(
                same_length("an axis", a, b, hint=_OF_ONE_POOL)
                for a, b in zip(x, indices, strict=True)
            ),
            *(need for part in parts for need in self._made(x, *part)),
        )

    def _made(
        self, x: Shape, axis: int, size: Dim, undone: Dim, step: Dim
    ) -> tuple[Requirement, ...]:
        needs = (something(size, x[axis], self.axis_word(x, axis)),)
        return needs if self.output_size is None else (*needs, *_ambiguous(size, undone, step))


_OF_ONE_POOL = "give the values and the indices of one max pool"


def _ambiguous(size: Dim, undone: Dim, step: Dim) -> tuple[Requirement, ...]:
    """What was pooled is known up to less than one stride."""
    message = "output_size {size} is not within less than a stride {step} of {undone}"
    details = (("size", size), ("step", step), ("undone", undone))
    pairs = ((size, undone - step + 1), (undone + step - 1, size))
    return tuple(
        Requirement(
            larger,
            Relation.AT_LEAST,
            smaller,
            message,
            code="output-size-impossible",
            hint="give the size that the max pool took in",
            details=details,
        )
        for larger, smaller in pairs
    )


class MaxUnpooling1D(_MaxUnpool):
    """What a max pool over time kept, back where it was; zeros elsewhere.

    It takes two inputs: the values, and where each was, counted within its channel.

    Args:
        pool_size: the length of the pool's window.
        strides: how far it moved; as long as it is where ``None``.
        padding: what was added before and after.
        output_size: the spatial size that the pool took in, where windows do not say it exactly.
        data_format: whether the channels are the last axis or the first.

    >>> MaxUnpooling1D(2).output_shape(Shape((50, 16)), Shape((50, 16)))
    (100, 16)
    """

    rank: ClassVar[int] = 1


class MaxUnpooling2D(_MaxUnpool):
    """What a max pool over height and width kept, back where it was; zeros elsewhere.

    Arguments as in `MaxUnpooling1D`, one value or one for each axis.

    >>> MaxUnpooling2D(2, output_size=27).output_shape(Shape((13, 13, 32)), Shape((13, 13, 32)))
    (27, 27, 32)
    """

    rank: ClassVar[int] = 2


class MaxUnpooling3D(_MaxUnpool):
    """What a max pool over depth, height and width kept, back where it was; zeros elsewhere.

    Arguments as in `MaxUnpooling1D`, one value or one for each axis.

    >>> MaxUnpooling3D(2).output_shape(Shape((4, 8, 8, 4)), Shape((4, 8, 8, 4)))
    (8, 16, 16, 4)
    """

    rank: ClassVar[int] = 3
