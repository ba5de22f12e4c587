"""A convolution whose kernel is an input."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Record, same
from archcalc.layers.convolve import Convolve

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Convolve,
        keras=Absent(
            "the kernel of a convolution of Keras belongs to the layer",
            hint="write a layer that calls keras.ops.conv",
        ),
        torch=Entry(".Convolve", same("strides", "padding", "dilation_rate", "groups")),
    ),
)
