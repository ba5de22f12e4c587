"""Pools to a size that is asked for: adaptive and fractional.

Sources: torch's ``AdaptiveAvgPool2d``; Graham, *Fractional
Max-Pooling* (2014).
"""

from __future__ import annotations

from math import gcd
from typing import Any, ClassVar

from pydantic import Field, model_validator

from archcalc.layers.base import AxisWindow
from archcalc.layers.facts import Arithmetic, ArithmeticKind, Kept, Primitive, Saved
from archcalc.layers.fields import OptionalRatios, OptionalSizes, Sizes, SomeSizes, hyper, option
from archcalc.layers.requirements import something
from archcalc.layers.scaling import scaled
from archcalc.layers.sight import Sights, channels, sliding
from archcalc.layers.spatial import DataFormat, Spatial, per_axis, with_indices
from archcalc.layers.window import Stretches, Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import ceil_div, floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.sums import index_for, summed

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "FractionalMaxPooling2D",
    "FractionalMaxPooling3D",
]


class _AdaptivePool(Spatial, abstract=True):
    """As many windows as make the output the size that is asked for."""

    output_size: SomeSizes = hyper("n", counts="positions")
    data_format: DataFormat = "channels_last"

    _spread = per_axis("output_size")

    largest: ClassVar[bool] = False
    """Whether the largest is taken, and not the mean."""

    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html"
    )

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        """Windows of equal size where the output size divides the input; else there is no one."""
        found = []
        for axis, size in zip(self.spatial_axes(), self.sizes(x), strict=True):
            step = floor_div(x[axis], size)
            if step * size != x[axis]:
                return None
            found.append((axis, Window(step, step)))
        return tuple(found)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """By windows where there are some, or by stretches whose lengths come again."""
        windows = dict(self.windows(x) or self.stretches(x))
        views = {axis: sliding(axis, window, x[axis]) for axis, window in windows.items()}
        return ({**views, self.channel_axis(): channels(self.channels(x))},)

    def stretches(self, x: Shape) -> tuple[tuple[int, Stretches], ...]:
        """What each output position reads along each axis, whether sizes divide or not."""
        pairs = zip(self.spatial_axes(), self.sizes(x), strict=True)
        return tuple((axis, Stretches(size)) for axis, size in pairs)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return ()

    def sizes(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial dimensions that come out."""
        pairs = zip(self.output_size, self.extent(x), strict=True)
        return tuple(n if size is None else size for size, n in pairs)

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.sizes(x), self.channels(x))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        pairs = zip(self.extent(x), self.sizes(x), strict=True)
        read = product((*(_read_by_stretches(n, size) for n, size in pairs), self.channels(x)))
        between: Primitive = "comparison" if self.largest else "addition"
        others = (lower(plain(read) - product(y)),)
        parts: list[tuple[Primitive, tuple[Dim, ...]]] = [(between, others)]
        if not self.largest:
            parts.append(("division", tuple(y)))
        kind: ArithmeticKind = (
            "adaptive max pooling" if self.largest else "adaptive average pooling"
        )
        return (Arithmetic(kind, tuple(parts), tuple(x), tuple(y)),)

    def saves(self, x: Shape, y: Shape) -> Saved:
        own = (Kept("indices", y, "index"),) if self.largest else ()
        mean = not self.largest and all(size == 1 for size in self.sizes(x))
        return Saved() if mean else Saved((0,), own=own)


class _AdaptiveMaxPool(_AdaptivePool, abstract=True):
    return_indices: bool = Field(default=False, kw_only=True)

    largest: ClassVar[bool] = True

    def output_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)


def _read_by_stretches(n: Dim, size: Dim) -> Dim:
    """How many positions `size` stretches of `n` read, all together: ``n + size − gcd(n, size)``.

    With symbols it is the sum of their lengths, ``⌈(u + 1)·n/size⌉ − ⌊u·n/size⌋`` for each `u`.
    """
    if isinstance(n, int) and isinstance(size, int):
        return n + size - gcd(n, size)
    if floor_div(n, size) * size == n:
        return n
    u = index_for(n, size, preferred="u")
    length = ceil_div((u + 1) * n, size) - floor_div(u * n, size)
    return lower(summed(length, u, size))


class _FractionalPool(Spatial, abstract=True):
    """Windows at steps drawn at random, as many as make the output the size that is asked for."""

    pool_size: Sizes = hyper("k")
    output_size: OptionalSizes = hyper("n", default=None, counts="positions")
    output_ratio: OptionalRatios = option(default=None)
    data_format: DataFormat = "channels_last"
    return_indices: bool = Field(default=False, kw_only=True)

    _spread = per_axis("pool_size", "output_size", "output_ratio")

    spare: ClassVar[int] = 0
    """How many positions torch wants beside those that the windows need."""

    source: ClassVar[str] = "https://arxiv.org/abs/1412.6071 (section 2)"

    @model_validator(mode="after")
    def _size_or_ratio(self) -> Any:
        if (self.output_size is None) == (self.output_ratio is None):
            raise InvalidLayerError(
                "give output_size or output_ratio, one of the two", code="size-or-ratio"
            )
        if any(ratio >= 1 for ratio in self.output_ratio or ()):
            raise InvalidLayerError("output_ratio is not below 1", code="invalid-argument")
        return self

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self._sizes(x), self.channels(x))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        area = product(self.pool_size)
        parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
            ("comparison", (lower(plain(area) - 1), *y)),
        )
        return (Arithmetic("max pooling", parts, tuple(x), tuple(y), area),)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved((0,), own=(Kept("indices", y, "index"),))

    def output_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)

    def windows(self, x: Shape) -> None:
        return None

    def no_sight(self) -> str:
        return f"the windows of {type(self).__name__} are drawn at random"

    def _sizes(self, x: Shape) -> tuple[Dim, ...]:
        if self.output_ratio is None:
            return self.output_size or ()
        return scaled(self.extent(x), self.output_ratio)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axes = zip(self.spatial_axes(), self._sizes(x), self.pool_size, strict=True)
        return tuple(need for axis, size, k in axes for need in self._fits(x, axis, size, k))

    def _fits(self, x: Shape, axis: int, size: Dim, kernel: Dim) -> tuple[Requirement, ...]:
        needed = size + kernel - 1 + self.spare
        word = self.axis_word(x, axis)
        details = (("size", size), ("kernel", kernel), ("input", x[axis]), ("needed", needed))
        return (
            something(size, x[axis], word),
            Requirement(
                x[axis],
                Relation.AT_LEAST,
                needed,
                f"{{size}} windows of {{kernel}} do not fit input {word} {{input}} "
                "(they need at least {needed})",
                code="kernel-exceeds-input",
                hint="ask for a smaller output, or use a smaller pool_size",
                details=details,
            ),
        )


class AdaptiveMaxPooling1D(_AdaptiveMaxPool):
    """The largest value of each of ``output_size`` stretches over time.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.
        return_indices: whether the place of each value comes out as well, as in torch.

    >>> AdaptiveMaxPooling1D(5).output_shape(Shape((100, 16)))
    (5, 16)
    """

    rank: ClassVar[int] = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPool):
    """The largest value of each of ``output_size`` stretches over height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.
        return_indices: whether the place of each value comes out as well, as in torch.

    >>> AdaptiveMaxPooling2D(5).output_shape(Shape((26, 26, 32)))
    (5, 5, 32)
    """

    rank: ClassVar[int] = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPool):
    """The largest value of each of ``output_size`` stretches over depth, height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.
        return_indices: whether the place of each value comes out as well, as in torch.

    >>> AdaptiveMaxPooling3D(5).output_shape(Shape((8, 16, 16, 4)))
    (5, 5, 5, 4)
    """

    rank: ClassVar[int] = 3


class AdaptiveAveragePooling1D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over time.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling1D(5).output_shape(Shape((100, 16)))
    (5, 16)
    """

    rank: ClassVar[int] = 1


class AdaptiveAveragePooling2D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling2D(5).output_shape(Shape((26, 26, 32)))
    (5, 5, 32)
    """

    rank: ClassVar[int] = 2


class AdaptiveAveragePooling3D(_AdaptivePool):
    """The mean value of each of ``output_size`` stretches over depth, height and width.

    Args:
        output_size: the spatial size that comes out, whatever goes in; ``None`` for an axis that
            stays as it is, as in torch.
        data_format: whether the channels are the last axis or the first.

    >>> AdaptiveAveragePooling3D(5).output_shape(Shape((8, 16, 16, 4)))
    (5, 5, 5, 4)
    """

    rank: ClassVar[int] = 3


class FractionalMaxPooling2D(_FractionalPool):
    """The largest values of windows at random steps over height and width; torch's.

    Args:
        pool_size: the size of the windows.
        output_size: the spatial size that comes out, whatever goes in; or
        output_ratio: how much of the input's size comes out, a fraction below 1.
        data_format: whether the channels are the last axis or the first.
        return_indices: whether the place of each value comes out as well.

    >>> FractionalMaxPooling2D(2, output_ratio=0.7).output_shape(Shape((26, 26, 32)))
    (18, 18, 32)
    """

    rank: ClassVar[int] = 2


class FractionalMaxPooling3D(_FractionalPool):
    """The largest values of windows at random steps over depth, height and width; torch's.

    Arguments as in `FractionalMaxPooling2D`.  torch wants one position more here than the windows
    need.

    >>> FractionalMaxPooling3D(2, output_size=5).output_shape(Shape((8, 16, 16, 4)))
    (5, 5, 5, 4)
    """

    rank: ClassVar[int] = 3
    spare: ClassVar[int] = 1
