"""Pools that slide, and their undoing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.table import Absent, Argument, Entry, Only, Table, ranked, same
from archcalc.frameworks.tables.adaptive import NO_PLACES
from archcalc.frameworks.tables.converters import PADDING, as_tuple, even, one

__all__ = ["KERAS", "TORCH"]

_FLOORS = Only("ceil_mode", (False,), "Keras has no ceil_mode; its pools round down")
_NAMED_PADDING = Only(
    "padding", ("valid", "same"), "Keras' pools pad with 'valid' or 'same', not by amounts"
)
_NO_DILATION = Only("dilation_rate", ((1,), (1, 1), (1, 1, 1)), "Keras' pools have no dilation")
_KERAS_AVERAGE = Entry(
    "",
    same("pool_size", "strides", "padding", "data_format"),
    only=(
        _FLOORS,
        _NAMED_PADDING,
        Only("divisor_override", (None,), "Keras divides by how many are added"),
    ),
    unsaid=("count_include_pad",),  # of amounts, which Keras has not
)
_KERAS_MAX = Entry(
    "",
    same("pool_size", "strides", "padding", "data_format"),
    only=(_FLOORS, _NAMED_PADDING, _NO_DILATION, NO_PLACES),
)
_NO_POWERS = Absent("it is torch's", hint="MaxPooling and AveragePooling are its extremes")
_NO_INDICES = Absent("Keras' max pools do not say where the largest values were")

KERAS: Table = {
    **ranked("MaxPooling{n}D", "MaxPooling{n}D", _KERAS_MAX),
    **ranked("AveragePooling{n}D", "AveragePooling{n}D", _KERAS_AVERAGE),
    **{f"LPPooling{n}D": _NO_POWERS for n in (1, 2, 3)},
    **{f"MaxUnpooling{n}D": _NO_INDICES for n in (1, 2, 3)},
}

_STEPS = (Argument("pool_size", "kernel_size"), Argument("strides", "stride"))


def _places_inside(layer: Any) -> bool:
    amounts = isinstance(layer.padding, tuple) and even(layer.padding)
    return not layer.return_indices or layer.padding == "valid" or amounts


def _counts_all_or_pads_alike(layer: Any) -> bool:
    return layer.count_include_pad or isinstance(layer.padding, str) or even(layer.padding)


_TORCH_MAX = Entry(
    "",
    (
        *_STEPS,
        PADDING,
        Argument("dilation_rate", "dilation"),
        *same("ceil_mode", "return_indices"),
    ),
    around=("data_format",),
    limits=((_places_inside, "torch counts places in the input, and pads both ends alike"),),
)
_TORCH_AVERAGE = Entry(
    "",
    (*_STEPS, PADDING, *same("ceil_mode", "count_include_pad", "divisor_override")),
    around=("data_format",),
    limits=(
        (_counts_all_or_pads_alike, "torch pads both ends alike, and counts all of it or nothing"),
        (
            lambda layer: layer.divisor_override is None or layer.padding != "same",
            "torch pads by amounts where the divisor is given",
        ),
    ),
)
_TORCH_AVERAGE_1D = replace(
    _TORCH_AVERAGE,
    cls="AvgPool1d",
    arguments=(*_STEPS, PADDING, *same("ceil_mode", "count_include_pad")),
    only=(Only("divisor_override", (None,), "torch has it for two axes and three"),),
)
_TORCH_POWERS = Entry("", (*_STEPS, *same("norm_type", "ceil_mode")), around=("data_format",))
_TORCH_UNPOOL = Entry(
    "",
    (*_STEPS, PADDING),
    around=("output_size", "data_format"),
    limits=((lambda layer: even(layer.padding), "torch's pools pad both ends alike"),),
)

TORCH: Table = {
    **ranked("MaxPooling{n}D", "MaxPool{n}d", _TORCH_MAX),
    "AveragePooling1D": _TORCH_AVERAGE_1D,
    **ranked("AveragePooling{n}D", "AvgPool{n}d", _TORCH_AVERAGE, (2, 3)),
    "LPPooling1D": replace(
        _TORCH_POWERS,
        cls="LPPool1d",
        arguments=(
            Argument("pool_size", "kernel_size", one, as_tuple),
            *_TORCH_POWERS.arguments[1:],
        ),
    ),
    **ranked("LPPooling{n}D", "LPPool{n}d", _TORCH_POWERS, (2, 3)),
    **ranked("MaxUnpooling{n}D", "MaxUnpool{n}d", _TORCH_UNPOOL),
}
