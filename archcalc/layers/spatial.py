"""What layers with spatial axes share: which axes they are, and one value for each of them."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.layers.choices import DataFormat
from archcalc.layers.facts import Remark
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape, as_shape

__all__ = ["DataFormat", "Spatial", "one_pair", "per_axis", "with_indices"]

_AXES = {1: ("t",), 2: ("h", "w"), 3: ("d", "h", "w")}


def per_axis(*fields: str) -> Any:
    """A validator that gives each of `fields` one value for every spatial axis."""

    def spread(cls: type[Spatial], value: Any) -> Any:
        if isinstance(value, tuple) and len(value) == 1:
            return value * cls.rank
        if isinstance(value, tuple) and len(value) != cls.rank:
            raise InvalidLayerError(
                f"{len(value)} values for {cls.rank} spatial ax{'is' if cls.rank == 1 else 'es'}",
                code="wrong-number-of-values",
                hint=f"give one, or {cls.rank}",
            )
        return value

    return field_validator(*fields, mode="after")(classmethod(spread))


def one_pair(field: str) -> Any:
    """A validator that takes two amounts for a single axis as before and after, as Keras does."""

    def pair(cls: type[Spatial], value: Any) -> Any:
        two = isinstance(value, list | tuple) and len(value) == 2
        return (tuple(value),) if cls.rank == 1 and two else value

    return field_validator(field, mode="before")(classmethod(pair))


def _looks_channels_first(x: Shape) -> bool:
    """Whether a shape is that of a square picture as torch writes it, such as ``(3, 224, 224)``."""
    if len(x) != 3 or x[0] not in (1, 3):
        return False
    return x[1] == x[2] and isinstance(x[1], int) and x[1] >= _SMALLEST_PICTURE


_SMALLEST_PICTURE = 8


class Spatial(Layer, abstract=True):
    """A layer on `rank` spatial axes and one of channels."""

    rank: ClassVar[int]

    spreads: ClassVar[bool] = True

    over_time: ClassVar[bool] = False
    """Whether there is an axis of time before all others."""

    def first(self) -> bool:
        """Whether the channels come first."""
        return getattr(self, "data_format", "channels_last") == "channels_first"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        spatial = _AXES[self.rank]
        return ("c_in", *spatial) if self.first() else (*spatial, "c_in")

    def spatial_axes(self) -> range:
        """The spatial axes of a shape."""
        return range(1, self.rank + 1) if self.first() else range(self.rank)

    def channel_axis(self) -> int:
        """The axis of the channels."""
        return 0 if self.first() else self.rank

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (self.channel_axis(),)

    def gradient_inputs(self, output: int, *inputs: Any) -> tuple[int, ...]:
        """What a pool gives beside its values are their places."""
        return () if output > 0 else super().gradient_inputs(output, *inputs)

    def remarks(self, *inputs: Any, **_: Any) -> tuple[Remark, ...]:
        if self.first() or self.rank != 2 or not inputs or not _looks_channels_first(inputs[0]):
            return ()
        c, h, w = inputs[0]
        return (
            Remark(
                "channels-first",
                f"{c}×{h}×{w} is read as a height of {c}, a width of {h} and {w} channels; if the "
                f"channels stand first, write ({h}, {w}, {c}), or data_format='channels_first'",
                of_input=True,
            ),
        )

    def extent(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial dimensions of `x`."""
        axes = self.spatial_axes()
        return tuple(x)[axes.start : axes.stop]

    def channels(self, x: Shape) -> Dim:
        """The channels of `x`."""
        return x[self.channel_axis()]

    def told_sizes(self, output_size: Any) -> tuple[Dim, ...]:
        """The spatial dimensions of torch's ``output_size=`` at a call: those alone, or a shape.

        Raises:
            InvalidLayerError: there are not as many.
        """
        sizes = tuple(as_shape(output_size))
        if len(sizes) > self.rank:
            sizes = self.extent(Shape(sizes[-self.rank - 1 :]))
        sizes = sizes * self.rank if len(sizes) == 1 else sizes
        if len(sizes) != self.rank:
            raise InvalidLayerError(
                f"output_size has {len(sizes)} values for {self.rank} spatial axes",
                code="wrong-number-of-values",
                hint=f"give one, or {self.rank}",
            )
        return sizes

    def shaped(self, extent: tuple[Dim, ...], channels: Dim) -> Shape:
        """A shape of these spatial dimensions and channels, in this layer's order."""
        return Shape((channels, *extent) if self.first() else (*extent, channels))


def with_indices(values: Shape, too: bool) -> tuple[Shape, ...]:
    """The shape of the largest values, and that of their places where they come out too."""
    return (values, values) if too else (values,)
