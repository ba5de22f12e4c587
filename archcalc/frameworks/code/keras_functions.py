"""What Keras has as a function of ``keras.ops`` or an operator, and no layer: as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.code.names import literal
from archcalc.frameworks.code.torch_functions import EXPRESSIONS, Written
from archcalc.layers.axes import axis_indices
from archcalc.symbolic.shape import Shape

__all__ = ["OPERATIONS"]

_REDUCED: Mapping[str, str] = {
    "mean": "mean", "sum": "sum", "max": "max", "min": "min", "product": "prod",
}  # fmt: skip


def _reduce(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    if layer.how not in _REDUCED:
        return ""
    axes = range(len(x[0])) if layer.axis is None else sorted(axis_indices(layer.axis, x[0]))
    keep = ", keepdims=True" if layer.keepdims else ""
    axis = literal(tuple(axis + 1 for axis in axes))
    return f"ops.{_REDUCED[layer.how]}({names[0]}, axis={axis}{keep})"


def _function(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"ops.{layer.how}({names[0]})"


def _clip(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    if layer.low is None or layer.high is None:
        name, end = ("minimum", layer.high) if layer.low is None else ("maximum", layer.low)
        return f"ops.{name}({names[0]}, {literal(end)})"
    return f"ops.clip({names[0]}, {literal(layer.low)}, {literal(layer.high)})"


def _along(function: str) -> Written:
    return lambda layer, x, names: f"ops.{function}({names[0]}, axis={layer.axis})"


def _matmul(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    if layer.transpose_first or layer.transpose_second:
        return ""
    return f"ops.matmul({names[0]}, {names[1]})"


OPERATIONS: Mapping[str, Written] = {
    "Reduce": _reduce, "Function": _function, "Clip": _clip, "Matmul": _matmul,
    "Squeeze": _along("squeeze"), "ExpandDims": _along("expand_dims"), "Flip": _along("flip"),
    "Stack": lambda layer, x, names: f"ops.stack([{', '.join(names)}], axis={layer.axis})",
    "Select": EXPRESSIONS["Select"], "Slice": EXPRESSIONS["Slice"],
    "Divide": EXPRESSIONS["Divide"],
    "StopGradient": lambda layer, x, names: f"ops.stop_gradient({names[0]})",
}  # fmt: skip
"""By our layer's name; empty text where this one is not written."""
