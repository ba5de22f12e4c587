"""Attention as a function."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.sdpa import ScaledDotProductAttention

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        ScaledDotProductAttention,
        keras=keras_function("dot_product_attention"),
        torch=Entry(
            ".ScaledDotProductAttention", same("is_causal", "dropout", "scale", "enable_gqa")
        ),
    ),
)
