"""A layer applied to input shapes: its facts, each computed once and only when asked for."""

from __future__ import annotations

from functools import cached_property

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.bounds import all_bounds
from archcalc.layers.facts import Remark, Weight, Work
from archcalc.symbolic.requirement import undecided
from archcalc.symbolic.shape import Shape

__all__ = ["Applied"]


class Applied:
    """`layer` on `inputs`: every fact it states there.

    Raises:
        ShapeError: the layer cannot take these shapes.
        RequirementError: something it requires does not hold, whatever the symbols.

    >>> from archcalc.layers import Conv2D
    >>> conv = Applied(Conv2D(32, 3), (Shape((28, 28, 1)),))
    >>> conv.output, [w.size for w in conv.weights], conv.work[0].macs
    ((26, 26, 32), [288, 32], 194688)
    """

    def __init__(self, layer: Layer, inputs: tuple[Shape, ...]) -> None:
        layer.check(*inputs)
        self.layer = layer
        self.inputs = inputs
        facts = (*layer.expected(*inputs), *layer.requirements(*inputs))
        needed = (*facts, *all_bounds(layer))  # a rule of the layer says more than a bound
        self.requirements = undecided(needed)
        self.outputs: tuple[Shape, ...] = layer.output_shapes(*inputs)
        self.output: Shape = self.outputs[0]

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """The tensors the layer owns."""
        return self.layer.weights(*self.inputs)

    @cached_property
    def work(self) -> tuple[Work, ...]:
        """Its multiply-accumulates."""
        return self.layer.work(*self.inputs, self.output)

    @cached_property
    def windows(self) -> tuple[AxisWindow, ...] | None:
        """How it sees its input along each axis."""
        return self.layer.windows(*self.inputs)

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is legal here but rarely meant."""
        return self.layer.remarks(*self.inputs)
