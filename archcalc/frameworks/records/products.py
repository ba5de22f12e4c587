"""Products of activations, without weights."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.products import Einsum, Matmul, ScaledDotProductAttention

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Matmul,
        keras=keras_function("matmul"),
        torch=Entry(".Matmul", same("transpose_first", "transpose_second")),
    ),
    Record(Einsum, keras=keras_function("einsum"), torch=Entry(".Einsum", same("equation"))),
    Record(
        ScaledDotProductAttention,
        keras=keras_function("dot_product_attention"),
        torch=Entry(".ScaledDotProductAttention", same("is_causal", "dropout", "scale")),
    ),
)
