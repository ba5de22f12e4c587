"""What moves elements between channels and positions, or gathers windows; all of it torch's.

These have torch's names, so their arguments and the place of the channels are torch's too.
"""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.axes import axis_index
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.convolution import Sliding, divided
from archcalc.layers.facts import Arithmetic, Saved
from archcalc.layers.fields import Amounts, Size, Sizes, hyper
from archcalc.layers.functions import elementwise
from archcalc.layers.requirements import multiple, same_length
from archcalc.layers.sight import Sights, channels, parted
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["ChannelShuffle", "Fold", "PixelShuffle", "PixelUnshuffle", "Unfold"]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn."
_AS_UNFOLDED = "give Fold the arguments of the Unfold that it undoes"
_EACH_AXIS = ("kernel_size", "dilation_rate", "padding", "strides")


class Unfold(Sliding):
    """Every window as a column of its values: ``(c, h, w)`` to ``(c·k·k, l)``, `l` windows.

    Args:
        kernel_size: the size of the window.
        dilation_rate: the distance between positions it reads; torch's ``dilation``.
        padding: zeros around the input: one amount, one an axis, or a pair (before, after).
        strides: how far it moves; torch's ``stride``.
        data_format: whether the channels are the first axis, as in torch, or the last, so that
            ``(h, w, c)`` gives ``(l, c·k·k)``.

    >>> Unfold(3).output_shape(Shape((5, 28, 28)))
    (45, 676)
    """

    kernel_size: Sizes = hyper("k")
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    padding: Amounts = hyper("p", default=((0, 0),))
    strides: Sizes = hyper("s", default=(1,))
    data_format: DataFormat = "channels_first"

    _spread = per_axis(*_EACH_AXIS)

    rank: ClassVar[int] = 2
    source: ClassVar[str] = f"{_TORCH}Unfold.html"

    def output_shape(self, x: Shape) -> Shape:
        values, count = (
            product((self.channels(x), *self.kernel_size)),
            product(self.output_extent(x)),
        )
        return Shape((values, count) if self.first() else (count, values))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:  # type: ignore[override]
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """Positions are shared out over the windows, and over the values of each."""
        places = {i: parted(x[i], (0, 1), self.no_sight()) for i in self.spatial_axes()}
        return ({**places, self.channel_axis(): channels(self.channels(x))},)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        axes = zip(self.spatial_axes(), self.spatial_windows(), strict=True)
        return tuple(need for axis, w in axes for need in w.fits(x[axis], self.axis_word(x, axis)))


class Fold(Layer):
    """Columns back to the windows they were, overlaps summed: the transpose of `Unfold`.

    Args:
        output_size: the height and width that come out.
        kernel_size, dilation_rate, padding, strides, data_format: as in `Unfold`.

    >>> Fold(28, 3).output_shape(Shape((45, 676)))
    (5, 28, 28)
    """

    output_size: Sizes = hyper("n", counts="positions")
    kernel_size: Sizes = hyper("k")
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    padding: Amounts = hyper("p", default=((0, 0),))
    strides: Sizes = hyper("s", default=(1,))
    data_format: DataFormat = "channels_first"

    _spread = per_axis("output_size", *_EACH_AXIS)

    rank: ClassVar[int] = 2
    axis_names: ClassVar[tuple[str, ...]] = ("n_in", "l")
    source: ClassVar[str] = f"{_TORCH}Fold.html"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return self.axis_names if self._first() else self.axis_names[::-1]

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0 if self._first() else 1,)

    def _first(self) -> bool:
        return self.data_format == "channels_first"

    def _unfold(self) -> Unfold:
        same = {name: getattr(self, name) for name in (*_EACH_AXIS, "data_format")}
        return Unfold(**same)

    def output_shape(self, x: Shape) -> Shape:
        (values,) = (x[axis] for axis in self.feature_axes(x))
        channels = floor_div(values, product(self.kernel_size))
        return self._unfold().shaped(self.output_size, channels)

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        """Every number of every window is added to where it belongs."""
        return elementwise("elementwise", x, {"addition": 1})

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """Windows are shared out over height and width."""
        (values,) = self.feature_axes(x)
        over = self._unfold().spatial_axes()
        count = parted(x[1 - values], over, self.no_sight())
        return ({values: channels(x[values]), 1 - values: count},)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        image, unfold = self.output_shape(x), self._unfold()
        columns = unfold.output_shape(image)
        values, count = (0, 1) if self._first() else (1, 0)
        no_windows = "columns of {size} values are no whole windows of {factor}"
        return (
            *unfold.requirements(image),
            multiple(x[values], product(self.kernel_size), no_windows),
            same_length("the number of windows", columns[count], x[count], hint=_AS_UNFOLDED),
        )


class PixelShuffle(Spatial):
    """Channels laid out as positions: ``(c·r·r, h, w)`` to ``(c, h·r, w·r)``.

    Args:
        upscale_factor: how many times as high and wide the output is.
        data_format: whether the channels are the first axis, as in torch, or the last.

    >>> PixelShuffle(2).output_shape(Shape((256, 24, 24)))
    (64, 48, 48)
    """

    upscale_factor: Size = hyper("r", counts="")
    data_format: DataFormat = "channels_first"

    rank: ClassVar[int] = 2
    source: ClassVar[str] = "https://arxiv.org/abs/1609.05158 (equation 4)"

    def output_shape(self, x: Shape) -> Shape:
        r = self.upscale_factor
        return self.shaped(tuple(n * r for n in self.extent(x)), floor_div(self.channels(x), r * r))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        window = TransposedWindow(self.upscale_factor, self.upscale_factor)
        return tuple((axis, window) for axis in self.spatial_axes())

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        factor = self.upscale_factor * self.upscale_factor
        message = "{size} channels are not a multiple of the {factor} positions each becomes"
        return (multiple(self.channels(x), factor, message),)


class PixelUnshuffle(Spatial):
    """Positions laid out as channels: ``(c, h·r, w·r)`` to ``(c·r·r, h, w)``.

    Args:
        downscale_factor: how many times as high and wide the input is.
        data_format: whether the channels are the first axis, as in torch, or the last.

    >>> PixelUnshuffle(2).output_shape(Shape((64, 48, 48)))
    (256, 24, 24)
    """

    downscale_factor: Size = hyper("r", counts="")
    data_format: DataFormat = "channels_first"

    rank: ClassVar[int] = 2
    source: ClassVar[str] = f"{_TORCH}PixelUnshuffle.html"

    def output_shape(self, x: Shape) -> Shape:
        r = self.downscale_factor
        extent = tuple(floor_div(n, r) for n in self.extent(x))
        return self.shaped(extent, self.channels(x) * r * r)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        window = Window(self.downscale_factor, self.downscale_factor)
        return tuple((axis, window) for axis in self.spatial_axes())

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return tuple(
            multiple(
                x[axis],
                self.downscale_factor,
                f"input {self.axis_word(x, axis)} {{size}} is not a multiple of {{factor}}",
            )
            for axis in self.spatial_axes()
        )


class ChannelShuffle(Layer):
    """Channels in groups, taken in turn from each: the first of every group, the second, ….

    Args:
        groups: how many groups.
        axis: the axis of the channels, counted from 1 (0 is the batch); torch's is the first.

    >>> ChannelShuffle(3).output_shape(Shape((240, 28, 28)))
    (240, 28, 28)
    """

    groups: Size = hyper("g", counts="groups")
    axis: int = 1

    source: ClassVar[str] = "https://arxiv.org/abs/1707.01083 (section 3.1)"

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (axis_index(self.axis, x),)

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return (divided(x[axis_index(self.axis, x)], self.groups, "groups", "channels"),)
