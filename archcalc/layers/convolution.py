"""Convolutions: plain, depthwise and separable, in one to three dimensions.

Sources: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning* (2016); grouped:
Krizhevsky et al. (2012); depthwise separable: Chollet, *Xception* (2017).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from archcalc.layers.adapters import Adaptable
from archcalc.layers.base import AxisWindow
from archcalc.layers.facts import Arithmetic, Kept, Operand, Saved, State, Weight, Work
from archcalc.layers.fields import Padding, Size, Sizes, hyper
from archcalc.layers.functions import ActivationName, applied, kept_by
from archcalc.layers.kept import EVERY, of_weights
from archcalc.layers.requirements import reaching
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import AxisPadding, Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
]


class Sliding(Spatial, abstract=True):
    """What slides a window over the spatial axes."""

    @model_validator(mode="after")
    def _causal_is_for_time(self) -> Any:
        if getattr(self, "padding", None) == "causal" and self.rank != 1:
            raise InvalidLayerError(
                f"padding 'causal' is for one axis of time, not for {self.rank} axes",
                code="invalid-padding",
                hint="use 'same', 'valid' or amounts",
            )
        return self

    def spatial_windows(self) -> tuple[Window, ...]:
        """The window along each spatial axis."""
        parts = zip(self.kernel_size, self.strides, self.dilation_rate, self.pads(), strict=True)
        return tuple(Window(*part) for part in parts)

    def pads(self) -> tuple[AxisPadding, ...]:
        """The padding along each spatial axis."""
        pads = self.padding
        return (pads,) * self.rank if isinstance(pads, str) else pads  # type: ignore[return-value]

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return tuple(zip(self.spatial_axes(), self.spatial_windows(), strict=True))

    def state(self, x: Shape) -> tuple[State, ...]:
        """The inputs that a window reads again at the next step, where it reads none to come."""
        if self.rank != 1:
            return ()
        ((axis,), (window,)) = self.spatial_axes(), self.spatial_windows()
        again = lower(window.span - 1)
        if again == 0 or window.pads(x[axis]) != (again, 0):
            return ()
        return (State("inputs", Shape((again, self.channels(x))), x[axis]),)

    def output_extent(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial dimensions that come out."""
        return tuple(
            w.output(n) for w, n in zip(self.spatial_windows(), self.extent(x), strict=True)
        )

    if TYPE_CHECKING:  # every subclass declares these, each in the order of its own arguments

        @property
        def kernel_size(self) -> tuple[Dim, ...]: ...
        @property
        def strides(self) -> tuple[Dim, ...]: ...
        @property
        def dilation_rate(self) -> tuple[Dim, ...]: ...
        @property
        def padding(self) -> str | tuple[tuple[Dim, Dim], ...]: ...


_EACH_AXIS = ("kernel_size", "strides", "padding", "dilation_rate")


class _Conv(Sliding, Adaptable, abstract=True):
    filters: Size = hyper("f")
    kernel_size: Sizes = hyper("k")
    strides: Sizes = hyper("s", default=(1,))
    padding: Padding = hyper("p", default="valid")
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    groups: Size = hyper("g", default=1, neutral=1, counts="groups")
    activation: ActivationName | None = None
    use_bias: bool = True
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        default="zeros", kw_only=True
    )

    _spread = per_axis(*_EACH_AXIS)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("kernel", "bias"))
    source: ClassVar[str] = "https://arxiv.org/abs/1603.07285 (relationships 1 to 6)"

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.output_extent(x), self.filters)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, *shapes: Shape) -> Saved:
        return kept_by(self.activation, shapes[-1], Saved(for_weights=(0,)))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", Shape((self.filters,)), "bias"),) if self.use_bias else ()
        return (self._kernel(x), *bias)

    def _kernel(self, x: Shape) -> Weight:
        depth = floor_div(self.channels(x), self.groups)
        shape = Shape((*self.kernel_size, depth, self.filters))
        return Weight("kernel", shape, "kernel", outputs=int(self.groups == 1))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        kernel, places = self._kernel(x).shape, tuple(self.extent(y))
        return (Work("convolution", kernel, places, "kernel", bias="bias"),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return (
            *super().requirements(x),
            *self._reaches(x),
            divided(self.channels(x), self.groups, "groups", "input channels"),
            *groups_of(self.filters, self.groups),
        )

    def _reaches(self, x: Shape) -> tuple[Requirement, ...]:
        """What is padded with the input itself is no longer than the input."""
        return reaching(self, x, self._padded(x), self.padding_mode)

    def _padded(self, x: Shape) -> Iterator[tuple[Dim, Dim]]:
        """What is added along each spatial axis; no window is looked at until it is asked for."""
        for window, n in zip(self.spatial_windows(), self.extent(x), strict=True):
            yield window.pads(n)


class Conv1D(_Conv):
    """A convolution over time: ``(t, c_in)`` to ``(t', filters)``.

    Args:
        filters: the channels that come out.
        kernel_size: the length of the window.
        strides: how far the window moves.
        padding: ``"valid"`` none, ``"same"`` so that ``⌈t/strides⌉`` come out, ``"causal"`` all of
            it before, or amounts: one, or a pair ``((before, after),)``.
        data_format: whether the channels are the last axis or the first.
        dilation_rate: the distance between positions the window reads.
        groups: into how many groups the channels are divided, each convolved on its own.
        activation: a function applied to the result; it has no weights.
        use_bias: whether one number a filter is added.
        padding_mode: what stands in the padding, as in torch: zeros, or what `Padding1D` has.

    >>> Conv1D(50, 3).output_shape(Shape((100, 100)))
    (98, 50)
    """

    rank: ClassVar[int] = 1


class Conv2D(_Conv):
    """A convolution over height and width: ``(h, w, c_in)`` to ``(h', w', filters)``.

    Arguments as in `Conv1D`, one value or one for each axis.

    >>> conv, x = Conv2D(32, 3), Shape((28, 28, 1))
    >>> conv.output_shape(x), [w.size for w in conv.weights(x)]
    ((26, 26, 32), [288, 32])
    """

    rank: ClassVar[int] = 2


class Conv3D(_Conv):
    """A convolution over depth, height and width: ``(d, h, w, c_in)`` to ``(d', h', w', filters)``.

    Arguments as in `Conv1D`, one value or one for each axis.

    >>> Conv3D(8, 3, padding="same").output_shape(Shape((16, 32, 32, 1)))
    (16, 32, 32, 8)
    """

    rank: ClassVar[int] = 3


class _DepthwiseConv(Sliding, abstract=True):
    kernel_size: Sizes = hyper("k")
    strides: Sizes = hyper("s", default=(1,))
    padding: Padding = hyper("p", default="valid")
    depth_multiplier: Size = hyper("m", default=1, neutral=1, counts="")
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    activation: ActivationName | None = None
    use_bias: bool = True

    _spread = per_axis(*_EACH_AXIS)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("depthwise", "bias"))
    source: ClassVar[str] = (
        "https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/"
    )

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.output_extent(x), self.channels(x) * self.depth_multiplier)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, *shapes: Shape) -> Saved:
        return kept_by(self.activation, shapes[-1], Saved(for_weights=(0,)))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        c, m = self.channels(x), self.depth_multiplier
        kernel = Weight("kernel", Shape((*self.kernel_size, c, m)), "kernel", outputs=0)
        return (kernel, Weight("bias", Shape((c * m,)), "bias")) if self.use_bias else (kernel,)

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        kernel = (*self.kernel_size, self.channels(x), self.depth_multiplier)
        return (Work("convolution", kernel, tuple(self.extent(y)), "kernel", bias="bias"),)


class DepthwiseConv1D(_DepthwiseConv):
    """Every channel convolved on its own over time: ``(t, c)`` to ``(t', c·depth_multiplier)``.

    Args:
        kernel_size, strides, padding, data_format, dilation_rate, activation: as in `Conv1D`.
        depth_multiplier: how many filters each channel has.
        use_bias: whether one number an output channel is added.

    >>> DepthwiseConv1D(3).output_shape(Shape((100, 16)))
    (98, 16)
    """

    rank: ClassVar[int] = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Every channel convolved on its own: ``(h, w, c_in)`` to ``(h', w', c_in·depth_multiplier)``.

    Arguments as in `DepthwiseConv1D`, one value or one for each axis.

    >>> DepthwiseConv2D(3, padding="same").weights(Shape((112, 112, 32)))[0].shape
    (3, 3, 32, 1)
    """

    rank: ClassVar[int] = 2


class _SeparableConv(Sliding, abstract=True):
    filters: Size = hyper("f")
    kernel_size: Sizes = hyper("k")
    strides: Sizes = hyper("s", default=(1,))
    padding: Padding = hyper("p", default="valid")
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    depth_multiplier: Size = hyper("m", default=1, neutral=1, counts="")
    activation: ActivationName | None = None
    use_bias: bool = True

    _spread = per_axis(*_EACH_AXIS)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("depthwise", "pointwise", "bias"))
    source: ClassVar[str] = "https://arxiv.org/abs/1610.02357"

    def output_shape(self, x: Shape) -> Shape:
        return self.shaped(self.output_extent(x), self.filters)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, x: Shape, y: Shape) -> Saved:
        """What goes into each of the two convolutions."""
        between = self.shaped(self.extent(y), lower(self.channels(x) * self.depth_multiplier))
        plain = Saved(for_weights=(0,), own=(Kept("depthwise", between),))
        return kept_by(self.activation, y, plain)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        c, m, ones = self.channels(x), self.depth_multiplier, (1,) * self.rank
        kernels = (
            Weight("depthwise_kernel", Shape((*self.kernel_size, c, m)), "kernel", outputs=0),
            Weight("pointwise_kernel", Shape((*ones, c * m, self.filters)), "kernel"),
        )
        return (
            (*kernels, Weight("bias", Shape((self.filters,)), "bias")) if self.use_bias else kernels
        )

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        c, m, out = self.channels(x), self.depth_multiplier, tuple(self.extent(y))
        made = Operand((0,), ("depthwise_kernel",))
        return (
            Work("convolution", (*self.kernel_size, c, m), out, "depthwise_kernel"),
            Work("convolution", (c * m, self.filters), out, "pointwise_kernel", (made,), "bias"),
        )


class SeparableConv1D(_SeparableConv):
    """A depthwise convolution over time, then a pointwise one to ``filters`` channels.

    Arguments as in `Conv1D` and `DepthwiseConv1D`.

    >>> [w.size for w in SeparableConv1D(32, 3).weights(Shape((100, 16)))]
    [48, 512, 32]
    """

    rank: ClassVar[int] = 1


class SeparableConv2D(_SeparableConv):
    """A depthwise convolution, then a pointwise one to ``filters`` channels.

    Arguments as in `Conv2D` and `DepthwiseConv2D`.

    >>> [w.size for w in SeparableConv2D(128, 3, use_bias=False).weights(Shape((147, 147, 64)))]
    [576, 8192]
    """

    rank: ClassVar[int] = 2


def groups_of(filters: Dim, groups: Dim) -> tuple[Requirement, ...]:
    """That `groups` divides the filters; of one group a field's own rule says all."""
    return () if groups == 1 else (divided(filters, groups, "groups", "filters"),)


def divided(whole: Dim, parts: Dim, what: str, of: str) -> Requirement:
    """The requirement that `parts` divides `whole`."""
    return Requirement(
        whole,
        Relation.MULTIPLE_OF,
        parts,
        f"{what} {{parts}} does not divide {{whole}} {of}",
        code=f"{what.replace(' ', '-')}-do-not-divide",
        hint=f"make the {of} a multiple of {what}",
        details=(("parts", parts), ("whole", whole)),
    )
