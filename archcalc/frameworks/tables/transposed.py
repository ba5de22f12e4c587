"""Transposed convolutions."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import (
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    ranked,
    same,
    same_tensors,
)
from archcalc.frameworks.tables.converters import BIAS, SLIDING, channels
from archcalc.frameworks.tables.convolution import AROUND, NOT_BOTH

__all__ = ["KERAS", "TORCH"]


def _output_padding_below_strides(layer: Any) -> bool:
    extra = layer.output_padding or ()
    return all(a < b for a, b in zip(extra, layer.strides, strict=False))


KERAS: Table = ranked(
    "Conv{n}DTranspose",
    "Conv{n}DTranspose",
    Entry(
        "",
        same("filters", "kernel_size", "strides", "padding", "output_padding", "data_format")
        + same("dilation_rate", "activation", "use_bias"),
        only=(Only("groups", (1,), "Keras has no transposed convolution in groups"),),
        tensors=same_tensors("kernel", "bias"),
        limits=(
            NOT_BOTH,
            (_output_padding_below_strides, "Keras wants output_padding smaller than strides"),
        ),
    ),
)

TORCH: Table = ranked(
    "Conv{n}DTranspose",
    "ConvTranspose{n}d",
    Entry(
        "",
        (Argument("filters", "out_channels"), *SLIDING, *same("output_padding", "groups"), BIAS),
        implied=(("in_channels", channels),),
        around=AROUND,
        tensors=(Tensor("kernel", "weight", "i o * -> * o i"), Tensor("bias", "bias")),
    ),
)
