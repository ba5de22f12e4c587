"""Convolutions: plain, depthwise, separable."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import (
    AROUND,
    BIAS,
    NOT_BOTH,
    SLIDING,
    WORDS,
    channels,
    refuse,
)
from archcalc.frameworks.keras_chains import padded
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
from archcalc.layers.convolution import (
    Conv1D,
    Conv2D,
    Conv3D,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)

__all__ = ["RECORDS"]


def _by_amounts(layer: Any, applied: Applied) -> Chain:
    """Keras' convolutions take no amounts: what is added comes before."""
    return padded(layer, layer.padding) if isinstance(layer.padding, tuple) else [("", layer)]


def _causal_too(layer: Any, applied: Applied) -> Chain:
    """Only Conv1D has "causal" in Keras."""
    if layer.padding != "causal":
        return _by_amounts(layer, applied)
    (window,) = layer.spatial_windows()
    return padded(layer, ((window.span - 1, 0),))


def _one(value: Any) -> bool:
    """Whether a value for every axis is 1."""
    return all(part == 1 for part in (value if isinstance(value, list | tuple) else (value,)))


def _padding(given: Given) -> None:
    """torch's convolutions take two words for a padding, one of them at stride 1 only."""
    padding = given["padding"]
    if padding not in WORDS[:2] and str(padding).lower() in WORDS:
        refuse(f"padding: torch has no {padding!r}", "use 'same', 'valid' or amounts")
    if padding == "same" and not _one(given["stride"]):
        refuse("padding: torch has 'same' at stride 1 only", "give amounts")


_CONV = (
    "out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros'"
)
_DEPTHWISE_KERNEL = ("(c m) 1 * -> * c m", ("m", "depth_multiplier"))

RECORDS = (
    *each(
        Conv1D,
        Conv2D,
        Conv3D,
        keras=Entry(
            arguments=same("filters", "kernel_size", "strides", "padding", "data_format")
            + same("dilation_rate", "groups", "activation", "use_bias"),
            only=(Only("padding_mode", ("zeros",), "Keras' convolutions pad with zeros"),),
            tensors=same_tensors("kernel", "bias"),
            limits=(NOT_BOTH,),
            chain=_by_amounts,
        ),
        torch=Entry(
            "Conv{n}d",
            (Argument("filters", "out_channels"), *SLIDING, *same("groups", "padding_mode"), BIAS),
            implied=(("in_channels", channels),),
            applied_outside=AROUND,
            tensors=(Tensor("kernel", "weight", "o i * -> * i o"), Tensor("bias", "bias")),
            core="convolution.convolution",
        ),
        names=(
            Name("Conv{n}d", f"in_channels, {_CONV}", check=_padding),
            Name("LazyConv{n}d", _CONV, check=_padding),
        ),
    ),
    *each(
        DepthwiseConv1D,
        DepthwiseConv2D,
        keras=Entry(
            arguments=same("kernel_size", "strides", "padding", "depth_multiplier", "data_format")
            + same("dilation_rate", "activation", "use_bias"),
            tensors=same_tensors("kernel", "bias"),
            chain=_causal_too,
        ),
        torch=Entry(
            "Conv{n}d",
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
            applied_outside=AROUND,
            tensors=(Tensor("kernel", "weight", *_DEPTHWISE_KERNEL), Tensor("bias", "bias")),
            core="convolution.convolution",
        ),
    ),
    *each(
        SeparableConv1D,
        SeparableConv2D,
        keras=Entry(
            arguments=same("filters", "kernel_size", "strides", "padding", "data_format")
            + same("dilation_rate", "depth_multiplier", "activation", "use_bias"),
            tensors=same_tensors("depthwise_kernel", "pointwise_kernel", "bias"),
            chain=_causal_too,
        ),
        torch=Entry(
            ".Separable",
            applied_outside=(
                *("filters", "kernel_size", "strides", "padding", "dilation_rate"),
                *("depth_multiplier", "use_bias", *AROUND),
            ),
            tensors=(
                Tensor("depthwise_kernel", "depthwise.weight", *_DEPTHWISE_KERNEL),
                Tensor("pointwise_kernel", "pointwise.weight", "o i * -> * i o"),
                Tensor("bias", "pointwise.bias"),
            ),
            core="convolution.separable",
        ),
    ),
)
