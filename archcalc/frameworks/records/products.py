"""Products of activations, without weights."""

from __future__ import annotations

from archcalc.frameworks.converters import keras_function
from archcalc.frameworks.record import Entry, Record, same
from archcalc.layers.products import Einsum, Matmul

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Matmul,
        keras=keras_function("matmul"),
        torch=Entry(".Matmul", same("transpose_first", "transpose_second")),
    ),
    Record(Einsum, keras=keras_function("einsum"), torch=Entry(".Einsum", same("equation"))),
)
