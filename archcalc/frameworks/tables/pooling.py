"""Pools: sliding, global, adaptive."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Only, Table, ranked, same
from archcalc.frameworks.tables.converters import PADDING

__all__ = ["KERAS", "TORCH"]

_FLOORS = Only("ceil_mode", (False,), "Keras has no ceil_mode; its pools round down")
_NAMED_PADDING = Only(
    "padding", ("valid", "same"), "Keras' pools pad with 'valid' or 'same', not by amounts"
)
_NO_DILATION = Only("dilation_rate", ((1,), (1, 1), (1, 1, 1)), "Keras' pools have no dilation")
_KERAS_AVERAGE = Entry(
    "", same("pool_size", "strides", "padding", "data_format"), only=(_FLOORS, _NAMED_PADDING)
)
_KERAS_MAX = Entry(
    "",
    same("pool_size", "strides", "padding", "data_format"),
    only=(_FLOORS, _NAMED_PADDING, _NO_DILATION),
)
_KERAS_GLOBAL = Entry("", same("data_format", "keepdims"))
_KERAS_ADAPTIVE = Entry(
    "",
    same("output_size", "data_format"),
    limits=(
        (lambda layer: None not in layer.output_size, "Keras asks for the size of every axis"),
    ),
)

KERAS: Table = {
    **ranked("MaxPooling{n}D", "MaxPooling{n}D", _KERAS_MAX),
    **ranked("AveragePooling{n}D", "AveragePooling{n}D", _KERAS_AVERAGE),
    **ranked("GlobalMaxPooling{n}D", "GlobalMaxPooling{n}D", _KERAS_GLOBAL),
    **ranked("GlobalAveragePooling{n}D", "GlobalAveragePooling{n}D", _KERAS_GLOBAL),
    **ranked("AdaptiveMaxPooling{n}D", "AdaptiveMaxPooling{n}D", _KERAS_ADAPTIVE),
    **ranked("AdaptiveAveragePooling{n}D", "AdaptiveAveragePooling{n}D", _KERAS_ADAPTIVE),
}

_WINDOW = (Argument("pool_size", "kernel_size"), Argument("strides", "stride"), PADDING)
_TORCH_MAX = Entry(
    "",
    (*_WINDOW, Argument("dilation_rate", "dilation"), *same("ceil_mode")),
    around=("data_format",),
)
_TORCH_AVERAGE = Entry("", (*_WINDOW, *same("ceil_mode")), around=("data_format",))
_TORCH_GLOBAL = Entry(
    "", implied=(("output_size", lambda x: 1),), around=("data_format", "keepdims")
)
_TORCH_ADAPTIVE = Entry("", same("output_size"), around=("data_format",))

TORCH: Table = {
    **ranked("MaxPooling{n}D", "MaxPool{n}d", _TORCH_MAX),
    **ranked("AveragePooling{n}D", "AvgPool{n}d", _TORCH_AVERAGE),
    **ranked("GlobalMaxPooling{n}D", "AdaptiveMaxPool{n}d", _TORCH_GLOBAL),
    **ranked("GlobalAveragePooling{n}D", "AdaptiveAvgPool{n}d", _TORCH_GLOBAL),
    **ranked("AdaptiveMaxPooling{n}D", "AdaptiveMaxPool{n}d", _TORCH_ADAPTIVE),
    **ranked("AdaptiveAveragePooling{n}D", "AdaptiveAvgPool{n}d", _TORCH_ADAPTIVE),
}
