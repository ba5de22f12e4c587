"""Operations that compute without weights."""

from __future__ import annotations

from archcalc.frameworks.table import Entry, Table, same
from archcalc.frameworks.tables.converters import keras_function

__all__ = ["KERAS", "TORCH"]

KERAS: Table = {
    "Reduce": keras_function("mean", "sum", "max", "min", "prod", "var", "std", "norm"),
    "CumulativeSum": keras_function("cumsum"),
    "Divide": keras_function("divide"),
    "Power": keras_function("power"),
    "Compare": keras_function("equal", "less", "greater"),
    "Where": keras_function("where"),
    "TakeAlongAxis": keras_function("take_along_axis"),
    "Matmul": keras_function("matmul"),
    "Einsum": keras_function("einsum"),
    "ScaledDotProductAttention": keras_function("dot_product_attention"),
}

TORCH: Table = {
    "Reduce": Entry(".Reduce", same("how", "axis", "keepdims", "correction")),
    "CumulativeSum": Entry(".CumulativeSum", same("axis")),
    "Divide": Entry(".Divide", same("value")),
    "Power": Entry(".Power", same("value")),
    "Compare": Entry(".Compare", same("how", "value")),
    "Where": Entry(".Where"),
    "TakeAlongAxis": Entry(".TakeAlongAxis", same("axis")),
    "Matmul": Entry(".Matmul", same("transpose_first", "transpose_second")),
    "Einsum": Entry(".Einsum", same("equation")),
    "ScaledDotProductAttention": Entry(
        ".ScaledDotProductAttention", same("is_causal", "dropout", "scale", "enable_gqa")
    ),
}
