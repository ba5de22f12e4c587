"""Blocks that are wide inside and narrow where they are added: of MobileNet and EfficientNet.

Source: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks* (2018), figure 3.
"""

from __future__ import annotations

from typing import NamedTuple

from archcalc.families.parts import depthwise, normalized, squeezed
from archcalc.layers import Activation, Layer
from archcalc.layers.functions import ActivationName
from archcalc.symbolic.dims import Dim

__all__ = ["Bottleneck"]


class Bottleneck(NamedTuple):
    """A block that is wide inside, and narrow where it is added.

    Attributes:
        inside: the channels inside.
        expands: whether a convolution makes them; else they are those that come in.
        out: the channels that come out.
        kernel: of the convolution of each channel.
        strides: of the same.
        activation: what stands behind both convolutions inside.
        squeeze: the channels in the middle of the squeeze; ``None`` without one.
        squeezing: the two activations of the squeeze.
    """

    inside: Dim
    expands: bool
    out: Dim
    kernel: int
    strides: int
    activation: ActivationName
    squeeze: Dim | None = None
    squeezing: tuple[ActivationName, ActivationName] = ("silu", "sigmoid")

    def layers(self) -> list[Layer]:
        """The layers, without what goes around them."""
        layers: list[Layer] = []
        if self.expands:
            layers += [*normalized(self.inside, 1), Activation(self.activation)]
        layers += [*depthwise(self.kernel, self.strides), Activation(self.activation)]
        if self.squeeze is not None:
            layers.append(squeezed(self.inside, self.squeeze, *self.squeezing))
        return [*layers, *normalized(self.out, 1)]
