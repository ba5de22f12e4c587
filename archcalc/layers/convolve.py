"""A convolution as a function: its kernel is an input, as where weights are made from weights.

Weight standardisation (https://arxiv.org/abs/1903.10520) and conditional convolutions
(https://arxiv.org/abs/1904.04971) compute their kernels.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.convolution import divided
from archcalc.layers.facts import Arithmetic, Operand, Saved, Work
from archcalc.layers.fields import Amounts, Size, Sizes, hyper
from archcalc.layers.requirements import same_length
from archcalc.layers.window import Window
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Convolve"]

_WORDS = {1: ("time",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Convolve(Layer):
    """A convolution of one input with another: of ``(c_in, h, w)`` with a kernel
    ``(filters, c_in/groups, k, k)``, and maybe a bias ``(filters,)``; torch's ``conv1d`` to
    ``conv3d``, in as many axes as the input has beside its channels.

    Args:
        strides: how far the window moves: one amount, or one an axis.
        padding: zeros around the input: one amount, one an axis, or a pair (before, after) an axis.
        dilation_rate: the distance between positions that the window reads.
        groups: into how many groups the channels are divided, each convolved on its own.

    >>> x, kernel = Shape((3, 28, 28)), Shape((32, 3, 3, 3))
    >>> Convolve(padding=1).output_shape(x, kernel)
    (32, 28, 28)
    """

    strides: Sizes = hyper("s", default=(1,))
    padding: Amounts = hyper("p", default=((0, 0),))
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    groups: Size = hyper("g", default=1, neutral=1)

    arity: ClassVar[tuple[int, int | None]] = (2, 3)
    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html"
    )

    @field_validator("strides", "padding", "dilation_rate", mode="after")
    @classmethod
    def _equal_ones_once(cls, values: Any) -> Any:
        """The number of axes is the input's, so that one value says all that are equal."""
        return values[:1] if all(value == values[0] for value in values) else values

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        x, kernel, *bias = inputs
        rank = len(x) - 1
        if rank not in _WORDS or len(kernel) != rank + 2 or any(len(b) != 1 for b in bias):
            shapes = " and ".join(map(repr, inputs))
            raise ShapeError(
                f"Convolve takes an input of two to four axes, channels first, a kernel of one "
                f"axis more and a bias of one axis, not {shapes}",
                code="wrong-number-of-axes",
                hint="the kernel is (filters, c_in/groups, and its size along each axis)",
            )
        for name in ("strides", "padding", "dilation_rate"):
            if len(getattr(self, name)) not in (1, rank):
                raise ShapeError(
                    f"Convolve: {name} has {len(getattr(self, name))} values for {rank} axes",
                    code="wrong-number-of-values",
                )

    def windows(self, x: Shape, kernel: Shape, *bias: Shape) -> tuple[AxisWindow, ...]:
        rank = len(x) - 1
        parts = [_each(part, rank) for part in (self.strides, self.dilation_rate, self.padding)]
        found = zip(kernel[2:], *parts, strict=True)
        return tuple((axis, Window(*window)) for axis, window in enumerate(found, start=1))

    def output_shape(self, x: Shape, kernel: Shape, *bias: Shape) -> Shape:
        windows = self.windows(x, kernel)
        return Shape((kernel[0], *(window.output(x[axis]) for axis, window in windows)))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0,)

    def axis_word(self, x: Shape, axis: int) -> str:
        return "channels" if axis == 0 else _WORDS[len(x) - 1][axis - 1]

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_others=(0, 1))

    def work(self, x: Shape, kernel: Shape, *more: Shape) -> tuple[Work, ...]:
        """The product of input and kernel, each made from one of the inputs."""
        filters, depth, *size = kernel
        operands = (Operand((0,)), Operand((1,)))
        summed = (*size, depth, filters)
        return (Work("convolution", summed, tuple(more[-1][1:]), activations=operands),)

    def requirements(self, x: Shape, kernel: Shape, *bias: Shape) -> tuple[Requirement, ...]:
        needs: list[Any] = []
        for axis, window in self.windows(x, kernel):
            needs.extend(window.fits(x[axis], self.axis_word(x, axis)))
        needs.append(divided(x[0], self.groups, "groups", "input channels"))
        needs.append(divided(kernel[0], self.groups, "groups", "filters"))
        met = kernel[1] * self.groups
        if met != x[0]:
            needs.append(same_length("the number of input channels", met, x[0]))
        if bias and bias[0][0] != kernel[0]:
            needs.append(same_length("the number of filters", kernel[0], bias[0][0]))
        return tuple(needs)


def _each(values: Any, rank: int) -> tuple[Any, ...]:
    return tuple(values) * (rank if len(values) == 1 else 1)
