"""Products of activations, without weights."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_operation
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.products import Einsum, Matmul

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Matmul,
        keras=keras_operation("matmul", "matmul", "transpose_first", "transpose_second"),
        torch=Entry(".Matmul", same("transpose_first", "transpose_second")),
    ),
    Record(
        Einsum,
        keras=keras_operation("einsum", "einsum", "equation"),
        torch=Entry(".Einsum", same("equation")),
    ),
)
