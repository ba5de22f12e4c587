"""How an output position sees its input along one axis, and the sizes that follow.

Source of the formulas: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*
(2016), relationships 1 to 14; torch's documentation of ``Conv2d``, ``MaxPool2d`` and
``ConvTranspose2d``; Keras' ``"same"`` is TensorFlow's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from archcalc.symbolic.compare import largest, smallest
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import ceil_div, floor_div
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["AxisPadding", "Stretches", "TransposedWindow", "Window"]

AxisPadding: TypeAlias = Literal["valid", "same", "causal"] | tuple[Dim, Dim]
"""Padding along one axis: a named rule, or what is added before and after."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window that slides along one axis, as in a convolution or a pool.

    Attributes:
        kernel: how many positions it reads.
        stride: how far it moves.
        dilation: the distance between positions it reads.
        padding: ``"valid"`` (none), ``"same"`` (``⌈n/stride⌉`` come out), ``"causal"`` (all of it
            before), or numbers ``(before, after)``.
        ceil_mode: whether a last window that hangs over the end counts (torch's pools).

    >>> Window(3).output(28), Window(2, 2).output(26), Window(7, 2, padding=(3, 3)).output(224)
    (26, 13, 112)
    """

    kernel: Dim
    stride: Dim = 1
    dilation: Dim = 1
    padding: AxisPadding = "valid"
    ceil_mode: bool = False

    @property
    def span(self) -> Dim:
        """From the first position read to the last: ``dilation·(kernel − 1) + 1``."""
        return self.dilation * (self.kernel - 1) + 1

    def pads(self, n: Dim) -> tuple[Dim, Dim]:
        """What is added before and after an axis of length `n`."""
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return self.span - 1, 0
        if self.padding == "same":
            covered = (ceil_div(n, self.stride) - 1) * self.stride + self.span
            total = largest(covered - n, 0)
            before = floor_div(total, 2)
            return before, total - before
        return self.padding

    def output(self, n: Dim) -> Dim:
        """How many positions come out of an axis of length `n`."""
        if self.padding in ("same", "causal"):
            return ceil_div(n, self.stride)
        before, after = self.pads(n)
        added = before + after - self.span  # numbers first: they cost nothing
        if not self.ceil_mode:
            return floor_div(n + (added + self.stride), self.stride)
        # torch drops a last window that would start in the padding after the end
        windows = ceil_div(n + (added + self.stride), self.stride)
        return smallest(windows, ceil_div(n + before, self.stride))

    def reads(self, n: int, u: int) -> range:
        """What output position `u` reads of an axis of length `n`, both numbers.

        Positions below 0, and from `n` on, are padding.

        >>> list(Window(3, 2, dilation=2, padding="same").reads(8, 0))
        [-1, 1, 3]
        """
        start = u * int(self.stride) - int(self.pads(n)[0])
        return range(start, start + int(self.span), int(self.dilation))

    def fits(self, n: Dim, axis: str) -> tuple[Requirement, ...]:
        """What must hold for at least one window to fit an axis of length `n` called `axis`."""
        if self.padding in ("same", "causal"):
            return ()
        before, after = self.pads(n)
        span = self.span
        hanging = self.stride - 1 if self.ceil_mode else 0
        shown = self.padding if isinstance(self.padding, str) else None
        padding = f"padding '{shown}'" if shown else "padding {before} before and {after} after"
        dilated = "" if self.dilation == 1 else ", dilated by {dilation},"
        return (
            Requirement(
                n + (before + after + hanging),
                Relation.AT_LEAST,
                span,
                f"kernel {{kernel}}{dilated} does not fit input {axis} {{input}} with {padding}"
                " (it needs at least {needed})",
                code="kernel-exceeds-input",
                hint="use padding='same', or a smaller kernel",
                details=(
                    ("kernel", self.kernel),
                    ("dilation", self.dilation),
                    ("input", n),
                    ("before", before),
                    ("after", after),
                    ("needed", span - before - after - hanging),
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class Stretches:
    """An axis in `count` stretches of lengths that differ by one at most: an adaptive pool's.

    Neighbours share a position where their common end is no whole number.

    >>> [list(Stretches(3).reads(5, u)) for u in range(3)]
    [[0, 1], [1, 2, 3], [3, 4]]
    """

    count: Dim

    def output(self, n: Dim) -> Dim:
        """How many positions come out: one a stretch."""
        return self.count

    def reads(self, n: int, u: int) -> range:
        """What output position `u` reads of an axis of length `n`, both numbers."""
        count = int(self.count)
        return range(u * n // count, -(-(u + 1) * n // count))


@dataclass(frozen=True, slots=True)
class TransposedWindow:
    """The window of a transposed convolution: each input position writes `kernel` outputs.

    Attributes:
        kernel, stride, dilation: as in the convolution that it is the gradient of.
        padding: ``"valid"``, ``"same"`` (``n·stride`` come out), or numbers ``(before, after)``
            taken off the output.
        output_padding: what is added after the output; ``None`` lets Keras choose.

    >>> TransposedWindow(3, 2, padding="same").output(2)
    4
    """

    kernel: Dim
    stride: Dim = 1
    dilation: Dim = 1
    padding: Literal["valid", "same"] | tuple[Dim, Dim] = "valid"
    output_padding: Dim | None = None

    @property
    def span(self) -> Dim:
        """From the first position written to the last: ``dilation·(kernel − 1) + 1``."""
        return self.dilation * (self.kernel - 1) + 1

    def output(self, n: Dim) -> Dim:
        """How many positions come out of an axis of length `n`."""
        extra = self.output_padding
        if self.padding == "same":
            if extra is None:
                return n * self.stride
            odd = self.span - 2 * floor_div(self.span, 2)
            return (n - 1) * self.stride + odd + extra
        if self.padding == "valid":
            if extra is None:
                return n * self.stride + largest(self.span - self.stride, 0)
            return (n - 1) * self.stride + self.span + extra
        before, after = self.padding
        return (n - 1) * self.stride - before - after + self.span + (0 if extra is None else extra)

    def cuts(self, n: Dim) -> tuple[Dim, Dim]:
        """What is taken off all that is written, before and after; less than nothing is added.

        ``"same"`` is the gradient of TensorFlow's ``"same"``: of the padding of the equivalent
        convolution, the larger half comes first, and never more than ``span − 1``.

        >>> TransposedWindow(3, 2, padding="same").cuts(2)
        (0, 1)
        """
        out = self.output(n)
        before: Dim = 0
        if self.padding == "same":
            padding = out - (n - 1) * self.stride + self.span - 2
            before = self.span - 1 - smallest(floor_div(padding + 1, 2), self.span - 1)
        elif self.padding != "valid":
            before = self.padding[0]
        return before, (n - 1) * self.stride + self.span - out - before

    def writes(self, n: int, u: int) -> range:
        """To which output positions input position `u` of `n` writes, both numbers.

        Positions below 0, and from ``output(n)`` on, are cut off.

        >>> list(TransposedWindow(3, 2, padding="same").writes(2, 1))
        [2, 3, 4]
        """
        start = u * int(self.stride) - int(self.cuts(n)[0])
        return range(start, start + int(self.span), int(self.dilation))

    def fits(self, n: Dim, axis: str) -> tuple[Requirement, ...]:
        """What must hold for something to come out of an axis of length `n` called `axis`."""
        out = self.output(n)
        needs = [
            Requirement(
                out,
                Relation.AT_LEAST,
                1,
                f"nothing comes out of input {axis} {{input}}: its output would be {{output}}",
                code="empty-output",
                hint="use less padding, or a larger kernel",
                details=(("input", n), ("output", out)),
            )
        ]
        if self.output_padding is not None:
            needs.append(
                Requirement(
                    largest(self.stride, self.dilation),
                    Relation.AT_LEAST,
                    self.output_padding + 1,
                    "output_padding {extra} is not smaller than stride {stride}",
                    code="output-padding-too-large",
                    hint="the output is ambiguous by less than one stride only",
                    details=(("extra", self.output_padding), ("stride", self.stride)),
                )
            )
        return tuple(needs)
