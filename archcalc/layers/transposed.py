"""Transposed convolutions: the gradient of a convolution with respect to its input.

Source: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning* (2016),
relationships 8 to 14; Keras' ``output_padding``; torch's ``ConvTranspose2d``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import model_validator

from archcalc.layers.base import AxisWindow
from archcalc.layers.convolution import divided, groups_of
from archcalc.layers.facts import Arithmetic, Saved, Weight, Work
from archcalc.layers.fields import OptionalAmounts, Padding, Size, Sizes, hyper
from archcalc.layers.functions import ActivationName, applied, kept_by
from archcalc.layers.kept import EVERY, of_weights
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.dims import lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


class _ConvTranspose(Spatial, abstract=True):
    filters: Size = hyper("f")
    kernel_size: Sizes = hyper("k")
    strides: Sizes = hyper("s", default=(1,))
    padding: Padding = hyper("p", default="valid")
    output_padding: OptionalAmounts = hyper("o", default=None)
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    activation: ActivationName | None = None
    use_bias: bool = True
    groups: Size = hyper("g", default=1, neutral=1, counts="groups")

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("kernel", "bias"))
    source: ClassVar[str] = "https://arxiv.org/abs/1603.07285 (relationships 8 to 14)"

    _spread = per_axis("kernel_size", "strides", "padding", "output_padding", "dilation_rate")

    @model_validator(mode="after")
    def _no_causal(self) -> Any:
        if self.padding == "causal":
            raise InvalidLayerError(
                "a transposed convolution has no padding 'causal'",
                code="invalid-padding",
                hint="use 'same', 'valid' or amounts",
            )
        return self

    def spatial_windows(self) -> tuple[TransposedWindow, ...]:
        """The window along each spatial axis."""
        pads, extra = self.padding, self.output_padding
        each = (pads,) * self.rank if isinstance(pads, str) else pads
        extras = (None,) * self.rank if extra is None else extra
        parts = zip(self.kernel_size, self.strides, self.dilation_rate, each, extras, strict=True)
        return tuple(TransposedWindow(*part) for part in parts)  # type: ignore[arg-type]

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return tuple(zip(self.spatial_axes(), self.spatial_windows(), strict=True))

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.spatial_windows(), self.extent(x), strict=True)
        return self.shaped(tuple(window.output(n) for window, n in pairs), self.filters)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, *shapes: Shape) -> Saved:
        return kept_by(self.activation, shapes[-1], Saved(for_weights=(0,)))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        share = floor_div(self.filters, self.groups)
        kernel = Weight(
            "kernel", Shape((*self.kernel_size, share, self.channels(x))), "kernel", outputs=0
        )
        return (
            (kernel, Weight("bias", Shape((self.filters,)), "bias")) if self.use_bias else (kernel,)
        )

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        # Every input position is multiplied with the whole kernel, whatever is cut off afterwards.
        share = floor_div(self.filters, self.groups)
        kernel = (*self.kernel_size, share, self.channels(x))
        return (Work("convolution", kernel, tuple(self.extent(x)), "kernel"),)

    def __call__(self, *tensors: Any, output_size: Any = None, **how: Any) -> Any:
        """As every layer; `output_size` is torch's: the size that comes out, not less than it can.

        Raises:
            InvalidLayerError: no `output_padding` gives that size.
        """
        if output_size is None:
            return super().__call__(*tensors, **how)
        return self.reaching(tensors[0].shape, output_size)(*tensors)

    def reaching(self, x: Shape, output_size: Any) -> Self:
        """The layer with the `output_padding` by which `output_size` comes out of `x`.

        >>> Conv1DTranspose(8, 3, strides=2, padding=1).reaching(Shape((5, 4)), 10).output_padding
        (1,)
        """
        sizes = self.told_sizes(output_size)
        plain = self.model_copy(update={"output_padding": (0,) * self.rank})
        least = [w.output(n) for w, n in zip(plain.spatial_windows(), self.extent(x), strict=True)]
        missing = [lower(size - n) for size, n in zip(sizes, least, strict=True)]
        if any(isinstance(n, int) and n < 0 for n in missing):
            raise InvalidLayerError(
                f"output_size {tuple(sizes)} is less than what comes out, {tuple(least)}",
                code="output-size-too-small",
                hint="leave output_size out, or pad more",
            )
        return type(self)(**{**self.given(), "output_padding": missing})

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return (
            *super().requirements(x),
            divided(self.channels(x), self.groups, "groups", "input channels"),
            *groups_of(self.filters, self.groups),
        )


class Conv1DTranspose(_ConvTranspose):
    """A transposed convolution over time: ``(t, c_in)`` to ``(t', filters)``.

    Args:
        filters, kernel_size, strides, data_format, dilation_rate, activation, use_bias: as in
            `Conv1D`.
        padding: ``"valid"``, ``"same"`` (``t·strides`` come out), or amounts taken off the output.
        output_padding: what is added at the end of the output; less than the stride.
        groups: torch's; Keras has none.

    >>> Conv1DTranspose(8, 4, strides=2, padding=1).output_shape(Shape((50, 16)))
    (100, 8)
    """

    rank: ClassVar[int] = 1


class Conv2DTranspose(_ConvTranspose):
    """A transposed convolution: ``(h, w, c_in)`` to ``(h', w', filters)``.

    Arguments as in `Conv1DTranspose`, one value or one for each axis.

    >>> Conv2DTranspose(1, 3, strides=2, padding="same").output_shape(Shape((2, 2, 1)))
    (4, 4, 1)
    """

    rank: ClassVar[int] = 2


class Conv3DTranspose(_ConvTranspose):
    """A transposed convolution over depth, height and width.

    Arguments as in `Conv1DTranspose`, one value or one for each axis.  By position they go as
    there; only here Keras has ``data_format`` before ``output_padding``.

    >>> Conv3DTranspose(4, 2, strides=2).output_shape(Shape((4, 8, 8, 16)))
    (8, 16, 16, 4)
    """

    rank: ClassVar[int] = 3
