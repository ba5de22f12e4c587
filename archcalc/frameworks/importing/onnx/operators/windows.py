"""Operators on windows of images and signals: convolutions, pools, resizing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.folding import whole
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.tensors import Node, Stored, array_of
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.layers.base import Layer
from archcalc.network.wrappers import TimeDistributed

_CONVOLUTIONS: dict[int, Any] = {1: ac.Conv1D, 2: ac.Conv2D, 3: ac.Conv3D}
_MAXIMA: dict[int, Any] = {1: ac.MaxPooling1D, 2: ac.MaxPooling2D, 3: ac.MaxPooling3D}
_AVERAGES: dict[int, Any] = {
    1: ac.AveragePooling1D, 2: ac.AveragePooling2D, 3: ac.AveragePooling3D
}  # fmt: skip


@lowers("Conv")
def convolution(bench: OnnxBench, node: Node) -> Any:
    value, kernel, bias = bench.of(node.input(0)), node.input(1), bench.bias(node.input(2))
    if not isinstance(kernel, Stored):
        raise NotLoweredError("a kernel that is computed")
    filters, _, *size = kernel.shape
    layer = _CONVOLUTIONS[len(size)](
        filters, tuple(size), strides=_each(node, "strides", len(size)),
        padding=_padding(node, len(size), size), data_format="channels_first",
        dilation_rate=_each(node, "dilations", len(size)), groups=node.get("group", 1),
        use_bias=bias is not None,
    )  # fmt: skip
    return _weighted(bench, layer, value, kernel, bias)


@lowers("ConvTranspose")
def transposed(bench: OnnxBench, node: Node) -> Any:
    from archcalc.torch import nn

    value, kernel, bias = bench.of(node.input(0)), node.input(1), bench.bias(node.input(2))
    if not isinstance(kernel, Stored):
        raise NotLoweredError("a kernel that is computed")
    channels, filters, *size = kernel.shape
    rank, groups = len(size), node.get("group", 1)
    strides, dilations = _each(node, "strides", rank), _each(node, "dilations", rank)
    more = tuple(node.get("output_padding") or (0,) * rank)
    pads = list(node.get("pads") or [0] * 2 * rank)
    asked = node.get("output_shape")
    if asked or node.get("auto_pad", "NOTSET") != "NOTSET":
        pads, more = _fitting(node, value, size, strides, dilations, more)
    before, after = pads[:rank], pads[rank:]
    more = tuple(m + b - a for m, b, a in zip(more, before, after, strict=True))
    if min(more) < 0:
        raise NotLoweredError("padding that differs from side to side")
    kind = getattr(nn, f"ConvTranspose{rank}d")
    layer = kind(
        channels, filters * groups, tuple(size), stride=strides, padding=tuple(before),
        output_padding=more, groups=groups, bias=bias is not None, dilation=dilations,
    )  # fmt: skip
    return _weighted(bench, layer, value, kernel, bias)


def _fitting(
    node: Node, value: Value, size: Sequence[int], strides: Any, dilations: Any, more: Any
) -> tuple[list[int], tuple[int, ...]]:
    """The padding with which what comes out is as long as the node asks."""
    rank = len(size)
    asked = node.get("output_shape") or [
        n * s for n, s in zip(value.shape[-rank:], strides, strict=True)
    ]
    pads = []
    for n, out, k, s, d, m in zip(
        value.shape[-rank:], asked[-rank:], size, strides, dilations, more, strict=True
    ):
        pads.append(s * (n - 1) + m + (k - 1) * d + 1 - out)
    before = [int(p) // 2 for p in pads]
    return before + [int(p) - b for p, b in zip(pads, before, strict=True)], tuple(more)


def _weighted(bench: OnnxBench, layer: Layer, value: Value, kernel: Stored, bias: Any) -> Value:
    held = bench.held_by(layer, value, kernel, bias)
    return _each_of(bench, held, value)


def _each_of(bench: OnnxBench, layer: Layer, value: Value) -> Value:
    """A layer of images on a tensor without a batch: its first axis is in the batch's place."""
    if value.at is None:
        layer = TimeDistributed(layer, name=layer.name)
    return bench.layer(layer, [value])[0]


def _each(node: Node, name: str, rank: int) -> tuple[int, ...]:
    return tuple(node.get(name) or (1,) * rank)


def _padding(node: Node, rank: int, size: Sequence[int]) -> Any:
    """The padding: a word, one number an axis, or one a side."""
    way = node.get("auto_pad", "NOTSET")
    if way == "VALID":
        return "valid"
    if way == "SAME_UPPER":
        return "same"
    if way == "SAME_LOWER":
        raise NotLoweredError("padding with more before than after")
    pads = tuple(node.get("pads") or (0,) * 2 * rank)
    before, after = pads[:rank], pads[rank:]
    if not any(pads):
        return "valid"
    return before if before == after else tuple(zip(before, after, strict=True))


@lowers("MaxPool", "AveragePool")
def pooled(bench: OnnxBench, node: Node) -> Any:
    value, size = bench.of(node.input(0)), tuple(node.get("kernel_shape"))
    rank = len(size)
    known: dict[str, Any] = {
        "strides": _each(node, "strides", rank), "padding": _padding(node, rank, size),
        "data_format": "channels_first",
    }  # fmt: skip
    if node.get("ceil_mode", 0):
        known["ceil_mode"] = True
    dilations = _each(node, "dilations", rank)
    if node.op == "AveragePool":
        if any(n != 1 for n in dilations):
            raise NotLoweredError("an average of places that are apart")
        layer = _AVERAGES[rank](
            size, **known, count_include_pad=bool(node.get("count_include_pad", 0))
        )
        return _each_of(bench, layer, value)
    made = _each_of(bench, _MAXIMA[rank](size, **known, dilation_rate=dilations), value)
    return [made, made]


@lowers("LpPool")
def lp_pool(bench: OnnxBench, node: Node) -> Any:
    from archcalc.torch import nn

    value, size = bench.of(node.input(0)), tuple(node.get("kernel_shape"))
    if any(node.get("pads") or ()) or len(size) > 2 or len(set(size)) > 1:
        raise NotLoweredError("a pool of powers with padding")
    strides = _each(node, "strides", len(size))
    layer = getattr(nn, f"LPPool{len(size)}d")(node.get("p", 2), size[0], stride=strides[0])
    return _each_of(bench, layer, value)


@lowers("GlobalAveragePool", "GlobalMaxPool")
def global_pool(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    rank = len(value.shape) - 2
    name = "avg" if node.op == "GlobalAveragePool" else "max"
    return bench.function(f"adaptive_{name}_pool{rank}d", (value, (1,) * rank), {})


@lowers("Resize", "Upsample")
def resize(bench: OnnxBench, node: Node) -> Any:
    """To the sizes that are given, or by scales that are whole."""
    value = bench.of(node.input(0))
    sizes, scales = node.input(3), node.input(1 if node.version < 11 else 2)
    mode = node.get("mode", "nearest")
    axes = node.get("axes")
    if node.op == "Upsample" and scales is None:
        scales = node.get("scales")
    rank = len(value.shape)
    places = [axis % rank for axis in axes] if axes else list(range(rank))
    if sizes is not None and 0 not in tuple(sizes.shape):
        asked: dict[int, Any] = dict(zip(places, whole(array_of(sizes)), strict=True))
        if any(axis in asked and asked[axis] != bench.real(value)[axis] for axis in (0, 1)):
            raise NotLoweredError("channels that are resized")
        to = tuple(asked.get(axis, value.shape[axis]) for axis in range(2, rank))
        return _interpolated(bench, value, mode, size=to)
    if scales is None:
        raise NotLoweredError("neither sizes nor scales")
    found = array_of(scales) if hasattr(scales, "shape") else scales
    by = dict(zip(places, [float(n) for n in found], strict=True))
    if any(by.get(axis, 1.0) != 1.0 for axis in (0, 1)):
        raise NotLoweredError("channels that are resized")
    factors = tuple(by.get(axis, 1.0) for axis in range(2, rank))
    if all(factor.is_integer() for factor in factors):
        return _interpolated(bench, value, mode, scale_factor=tuple(map(int, factors)))
    exact = [Fraction(factor).limit_denominator(1_000) for factor in factors]
    to = tuple(
        n * by.numerator // by.denominator for n, by in zip(value.shape[2:], exact, strict=True)
    )
    return _interpolated(bench, value, mode, size=to)


def _interpolated(bench: OnnxBench, value: Value, mode: str, **asked: Any) -> Any:
    rank = len(value.shape) - 2
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}.get(rank, mode)
    named = {"linear": linear, "cubic": "bicubic"}.get(mode, mode)
    return bench.function("interpolate", (value,), {**asked, "mode": named})
