"""Padding and cropping."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import flat_back, flat_there, one, pair_back
from archcalc.frameworks.keras_chains import channels_last_there
from archcalc.frameworks.record import Argument, Entry, Name, Only, Record, each, same
from archcalc.layers.padding import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Padding1D,
    Padding2D,
    Padding3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)

__all__ = ["RECORDS"]

_ADDS = (
    lambda layer: all(amount >= 0 for pair in layer.padding for amount in pair),
    "Keras' layers add, and take off as Cropping",
)
_ONE_PAIR = Argument("padding", "padding", one, pair_back)
_NO_MODES = "Keras' layers pad with zeros only"


def _zeros(*arguments: Argument) -> Entry:
    """Keras' padding, which has no modes."""
    return Entry(
        "ZeroPadding{n}D",
        (*arguments, *same("data_format")),
        only=(Only("mode", ("constant",), _NO_MODES), Only("value", (0.0,), _NO_MODES)),
        limits=(_ADDS,),
    )


def _flat(field: str, sign: int) -> Entry:
    """torch's padding by zeros; what is less than nothing is cut off."""
    return Entry(
        "ZeroPad{n}d",
        (Argument(field, "padding", flat_there(sign), flat_back(sign)),),
        applied_outside=("data_format",),
    )


_BY_MODE = Entry(
    {
        "constant": "ConstantPad{n}d",
        "reflect": "ReflectionPad{n}d",
        "replicate": "ReplicationPad{n}d",
        "circular": "CircularPad{n}d",
    },
    (Argument("padding", "padding", flat_there(1), flat_back(1)),),
    applied_outside=("value", "data_format"),
    by="mode",
    core="resizing.padding",
)
_MODES: Any = {
    "torch": _BY_MODE,
    "names": (
        Name("ReflectionPad{n}d", "padding", {"mode": "reflect"}),
        Name("ReplicationPad{n}d", "padding", {"mode": "replicate"}),
        Name("CircularPad{n}d", "padding", {"mode": "circular"}),
        Name(
            "ConstantPad{n}d",
            "padding, value",
            {"mode": "constant"},
            more=lambda given: {"value": given["value"]},
        ),
    ),
}
_ZERO: Any = {"torch": _flat("padding", 1), "names": (Name("ZeroPad{n}d", "padding"),)}

RECORDS = (
    Record(
        ZeroPadding1D,
        keras=Entry(arguments=(_ONE_PAIR, *same("data_format")), limits=(_ADDS,)),
        **_ZERO,
    ),
    *each(
        ZeroPadding2D,
        ZeroPadding3D,
        keras=Entry(arguments=same("padding", "data_format"), limits=(_ADDS,)),
        **_ZERO,
    ),
    Record(
        Cropping1D,
        keras=Entry(
            arguments=(Argument("cropping", "cropping", one, pair_back),),
            applied_outside=("data_format",),
            chain=channels_last_there,
        ),
        torch=_flat("cropping", -1),
    ),
    *each(
        Cropping2D,
        Cropping3D,
        keras=Entry(arguments=same("cropping", "data_format")),
        torch=_flat("cropping", -1),
    ),
    Record(Padding1D, keras=_zeros(_ONE_PAIR), **_MODES),
    *each(Padding2D, Padding3D, keras=_zeros(*same("padding")), **_MODES),
)
