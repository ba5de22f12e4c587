"""Pools to a size that is asked for: global, adaptive and fractional."""

from __future__ import annotations

from dataclasses import replace

from archcalc.frameworks.table import Absent, Argument, Entry, Only, Table, ranked, same
from archcalc.frameworks.tables.converters import ratios_there

__all__ = ["KERAS", "NO_PLACES", "TORCH"]

NO_PLACES = Only("return_indices", (False,), "Keras' max pools do not say where values were")

_KERAS_GLOBAL = Entry("", same("data_format", "keepdims"))
_KERAS_ADAPTIVE = Entry(
    "",
    same("output_size", "data_format"),
    limits=(
        (lambda layer: None not in layer.output_size, "Keras asks for the size of every axis"),
    ),
)
_KERAS_ADAPTIVE_MAX = replace(_KERAS_ADAPTIVE, only=(NO_PLACES,))
_NO_FRACTIONAL = Absent("it is torch's", hint="AdaptiveMaxPooling gives a size without chance")

KERAS: Table = {
    **ranked("GlobalMaxPooling{n}D", "GlobalMaxPooling{n}D", _KERAS_GLOBAL),
    **ranked("GlobalAveragePooling{n}D", "GlobalAveragePooling{n}D", _KERAS_GLOBAL),
    **ranked("AdaptiveMaxPooling{n}D", "AdaptiveMaxPooling{n}D", _KERAS_ADAPTIVE_MAX),
    **ranked("AdaptiveAveragePooling{n}D", "AdaptiveAveragePooling{n}D", _KERAS_ADAPTIVE),
    "FractionalMaxPooling2D": _NO_FRACTIONAL,
    "FractionalMaxPooling3D": _NO_FRACTIONAL,
}

_TORCH_GLOBAL = Entry(
    "", implied=(("output_size", lambda x: 1),), around=("data_format", "keepdims")
)
_TORCH_ADAPTIVE = Entry("", same("output_size"), around=("data_format",))
_TORCH_ADAPTIVE_MAX = Entry("", same("output_size", "return_indices"), around=("data_format",))
_TORCH_FRACTIONAL = Entry(
    "",
    (
        Argument("pool_size", "kernel_size"),
        *same("output_size", "return_indices"),
        Argument("output_ratio", "output_ratio", ratios_there),
    ),
    around=("data_format",),
)

TORCH: Table = {
    **ranked("GlobalMaxPooling{n}D", "AdaptiveMaxPool{n}d", _TORCH_GLOBAL),
    **ranked("GlobalAveragePooling{n}D", "AdaptiveAvgPool{n}d", _TORCH_GLOBAL),
    **ranked("AdaptiveMaxPooling{n}D", "AdaptiveMaxPool{n}d", _TORCH_ADAPTIVE_MAX),
    **ranked("AdaptiveAveragePooling{n}D", "AdaptiveAvgPool{n}d", _TORCH_ADAPTIVE),
    **ranked("FractionalMaxPooling{n}D", "FractionalMaxPool{n}d", _TORCH_FRACTIONAL, (2, 3)),
}
