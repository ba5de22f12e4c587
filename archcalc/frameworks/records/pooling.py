"""Pools that slide, and their undoing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.converters import (
    NO_PLACES,
    PADDING,
    amounts_only,
    as_tuple,
    even,
    one,
)
from archcalc.frameworks.record import (
    Absent,
    Argument,
    Chain,
    Entry,
    Name,
    Only,
    Record,
    each,
    same,
)
from archcalc.layers.applied import Applied
from archcalc.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    LPPooling1D,
    LPPooling2D,
    LPPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)

__all__ = ["RECORDS"]

_FLOORS = Only("ceil_mode", (False,), "Keras has no ceil_mode; its pools round down")
_NONE = tuple(((0, 0),) * n for n in (1, 2, 3))
_NAMED_PADDING = Only(
    "padding",
    ("valid", "same", *_NONE),
    "Keras' pools pad with 'valid' or 'same', not by amounts",
)
_NO_DILATION = Only("dilation_rate", ((1,), (1, 1), (1, 1, 1)), "Keras' pools have no dilation")


def _without_nothing(layer: Any, applied: Applied) -> Chain:
    """Amounts that are all 0 are no padding."""
    if isinstance(layer.padding, tuple) and not any(map(any, layer.padding)):
        return [("", layer.model_copy(update={"padding": "valid"}))]
    return [("", layer)]


_IN_KERAS = Entry(
    arguments=same("pool_size", "strides", "padding", "data_format"), chain=_without_nothing
)
_AVERAGE_IN_KERAS = replace(
    _IN_KERAS,
    only=(
        _FLOORS,
        _NAMED_PADDING,
        Only("divisor_override", (None,), "Keras divides by how many are added"),
    ),
    unsaid=("count_include_pad",),  # of amounts, which Keras has not
)


def _places_inside(layer: Any) -> bool:
    amounts = isinstance(layer.padding, tuple) and even(layer.padding)
    return not layer.return_indices or layer.padding == "valid" or amounts


def _counts_all_or_pads_alike(layer: Any) -> bool:
    return layer.count_include_pad or isinstance(layer.padding, str) or even(layer.padding)


_STEPS = (Argument("pool_size", "kernel_size"), Argument("strides", "stride"))
_AVERAGE = Entry(
    "AvgPool{n}d",
    (*_STEPS, PADDING, *same("ceil_mode", "count_include_pad", "divisor_override")),
    applied_outside=("data_format",),
    limits=(
        (_counts_all_or_pads_alike, "torch pads both ends alike, and counts all of it or nothing"),
        (
            lambda layer: layer.divisor_override is None or layer.padding != "same",
            "torch pads by amounts where the divisor is given",
        ),
    ),
    core="pooling.pool",
)
_POWERS = Entry(
    "LPPool{n}d", (*_STEPS, *same("norm_type", "ceil_mode")), applied_outside=("data_format",)
)
_NO_POWERS = Absent("it is torch's", hint="MaxPooling and AveragePooling are its extremes")
_POOL = "kernel_size, stride=None, padding=0"
_AVERAGED = f"{_POOL}, ceil_mode=False, count_include_pad=True"
_POWER_NAMES = (Name("LPPool{n}d", "norm_type, kernel_size, stride=None, ceil_mode=False"),)

RECORDS = (
    *each(
        MaxPooling1D,
        MaxPooling2D,
        MaxPooling3D,
        keras=replace(_IN_KERAS, only=(_FLOORS, _NAMED_PADDING, _NO_DILATION, NO_PLACES)),
        torch=Entry(
            "MaxPool{n}d",
            (
                *_STEPS,
                PADDING,
                Argument("dilation_rate", "dilation"),
                *same("ceil_mode", "return_indices"),
            ),
            applied_outside=("data_format",),
            limits=(
                (_places_inside, "torch counts places in the input, and pads both ends alike"),
            ),
            core="pooling.pool",
        ),
        names=(
            Name(
                "MaxPool{n}d",
                f"{_POOL}, dilation=1, return_indices=False, ceil_mode=False",
                check=amounts_only,
            ),
        ),
    ),
    Record(
        AveragePooling1D,
        keras=_AVERAGE_IN_KERAS,
        torch=replace(
            _AVERAGE,
            arguments=(*_STEPS, PADDING, *same("ceil_mode", "count_include_pad")),
            only=(Only("divisor_override", (None,), "torch has it for two axes and three"),),
        ),
        names=(Name("AvgPool1d", _AVERAGED, check=amounts_only),),
    ),
    *each(
        AveragePooling2D,
        AveragePooling3D,
        keras=_AVERAGE_IN_KERAS,
        torch=_AVERAGE,
        names=(Name("AvgPool{n}d", f"{_AVERAGED}, divisor_override=None", check=amounts_only),),
    ),
    Record(
        LPPooling1D,
        keras=_NO_POWERS,
        torch=replace(
            _POWERS,
            arguments=(
                Argument("pool_size", "kernel_size", one, as_tuple),
                *_POWERS.arguments[1:],
            ),
        ),
        names=_POWER_NAMES,
    ),
    *each(LPPooling2D, LPPooling3D, keras=_NO_POWERS, torch=_POWERS, names=_POWER_NAMES),
)
