"""Transposed convolutions."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import (
    AROUND,
    BIAS,
    NOT_BOTH,
    SLIDING,
    amounts_only,
    channels,
    refuse,
)
from archcalc.frameworks.keras_chains import cropped
from archcalc.frameworks.record import (
    Argument,
    Chain,
    Entry,
    Given,
    Name,
    Only,
    Tensor,
    each,
    same,
    same_tensors,
)
from archcalc.layers.applied import Applied
from archcalc.layers.transposed import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose

__all__ = ["RECORDS"]


def _output_padding_below_strides(layer: Any) -> bool:
    extra = layer.output_padding or ()
    return all(a < b for a, b in zip(extra, layer.strides, strict=False))


def _by_amounts(layer: Any, applied: Applied) -> Chain:
    return cropped(layer) if isinstance(layer.padding, tuple) else [("", layer)]


def _refused(given: Given) -> None:
    amounts_only(given)
    if given["padding_mode"] != "zeros":
        refuse(f"padding_mode: {_ZEROS['padding_mode']}", "leave it out")


_ZEROS = {"padding_mode": "a transposed convolution has zeros only, in torch too"}


_TRANSPOSED = (
    "out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, "
    "dilation=1, padding_mode='zeros'"
)

RECORDS = each(
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
    keras=Entry(
        arguments=same("filters", "kernel_size", "strides", "padding", "output_padding")
        + same("data_format", "dilation_rate", "activation", "use_bias"),
        only=(Only("groups", (1,), "Keras has no transposed convolution in groups"),),
        tensors=same_tensors("kernel", "bias"),
        limits=(
            NOT_BOTH,
            (_output_padding_below_strides, "Keras wants output_padding smaller than strides"),
        ),
        chain=_by_amounts,
    ),
    torch=Entry(
        "ConvTranspose{n}d",
        (Argument("filters", "out_channels"), *SLIDING, *same("output_padding", "groups"), BIAS),
        implied=(("in_channels", channels),),
        applied_outside=AROUND,
        tensors=(Tensor("kernel", "weight", "i o * -> * o i"), Tensor("bias", "bias")),
        core="convolution.transposed",
    ),
    names=(
        Name("ConvTranspose{n}d", f"in_channels, {_TRANSPOSED}", check=_refused, refused=_ZEROS),
        Name("LazyConvTranspose{n}d", _TRANSPOSED, check=_refused, refused=_ZEROS),
    ),
)
