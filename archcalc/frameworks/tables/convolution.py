"""Convolutions: plain, depthwise, separable."""

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
from archcalc.frameworks.tables.core import NO_ADAPTERS

__all__ = ["AROUND", "KERAS", "NOT_BOTH", "TORCH"]

AROUND = ("data_format", "activation")
"""What torch says by layers before and after a convolution."""


def _strides_or_dilation(layer: Any) -> bool:
    return bool(max(layer.strides) == 1 or max(layer.dilation_rate) == 1)


NOT_BOTH = (_strides_or_dilation, "Keras refuses strides > 1 together with dilation_rate > 1")

_KERAS_CONV = Entry(
    "",
    same("filters", "kernel_size", "strides", "padding", "data_format")
    + same("dilation_rate", "groups", "activation", "use_bias", "lora_rank"),
    only=(Only("padding_mode", ("zeros",), "Keras' convolutions pad with zeros"),),
    tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    limits=(NOT_BOTH,),
)
_KERAS_DEPTHWISE = Entry(
    "",
    same("kernel_size", "strides", "padding", "depth_multiplier", "data_format")
    + same("dilation_rate", "activation", "use_bias"),
    tensors=same_tensors("kernel", "bias"),
)
_KERAS_SEPARABLE = Entry(
    "",
    same("filters", "kernel_size", "strides", "padding", "data_format")
    + same("dilation_rate", "depth_multiplier", "activation", "use_bias"),
    tensors=same_tensors("depthwise_kernel", "pointwise_kernel", "bias"),
)

KERAS: Table = {
    **ranked("Conv{n}D", "Conv{n}D", _KERAS_CONV),
    **ranked("DepthwiseConv{n}D", "DepthwiseConv{n}D", _KERAS_DEPTHWISE, (1, 2)),
    **ranked("SeparableConv{n}D", "SeparableConv{n}D", _KERAS_SEPARABLE, (1, 2)),
}

_KERNEL = Tensor("kernel", "weight", "o i * -> * i o")
_TORCH_CONV = Entry(
    "",
    (Argument("filters", "out_channels"), *SLIDING, *same("groups", "padding_mode"), BIAS),
    implied=(("in_channels", channels),),
    only=(NO_ADAPTERS,),
    around=AROUND,
    tensors=(_KERNEL, Tensor("bias", "bias")),
)
_TORCH_DEPTHWISE = Entry(
    "",
    (
        Argument(
            "depth_multiplier",
            "out_channels",
            lambda many, x: many * x[0],
            lambda filters, x: filters // x[0],
        ),
        *SLIDING,
        BIAS,
    ),
    implied=(("in_channels", channels), ("groups", channels)),
    around=AROUND,
    tensors=(
        Tensor("kernel", "weight", "(c m) 1 * -> * c m", ("m", "depth_multiplier")),
        Tensor("bias", "bias"),
    ),
)
_TORCH_SEPARABLE = Entry(
    ".Separable",
    around=(
        *("filters", "kernel_size", "strides", "padding", "dilation_rate"),
        *("depth_multiplier", "use_bias", *AROUND),
    ),
    tensors=(
        Tensor(
            "depthwise_kernel",
            "depthwise.weight",
            "(c m) 1 * -> * c m",
            ("m", "depth_multiplier"),
        ),
        Tensor("pointwise_kernel", "pointwise.weight", "o i * -> * i o"),
        Tensor("bias", "pointwise.bias"),
    ),
)

TORCH: Table = {
    **ranked("Conv{n}D", "Conv{n}d", _TORCH_CONV),
    **ranked("DepthwiseConv{n}D", "Conv{n}d", _TORCH_DEPTHWISE, (1, 2)),
    **ranked("SeparableConv{n}D", ".Separable", _TORCH_SEPARABLE, (1, 2)),
}
