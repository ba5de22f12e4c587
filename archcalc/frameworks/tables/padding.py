"""Padding and cropping."""

from __future__ import annotations

from dataclasses import replace

from archcalc.frameworks.table import Argument, Entry, Only, Table, ranked, same, theirs
from archcalc.frameworks.tables.converters import flat_back, flat_there, one, pair_back

__all__ = ["KERAS", "TORCH"]

_ADDS = (
    lambda layer: all(amount >= 0 for pair in layer.padding for amount in pair),
    "Keras' layers add, and take off as Cropping",
)
_NO_MODES = "Keras' layers pad with zeros only"
_KERAS_PADDING = Entry(
    "",
    same("padding", "data_format"),
    only=(Only("mode", ("constant",), _NO_MODES), Only("value", (0.0,), _NO_MODES)),
    limits=(_ADDS,),
)

KERAS: Table = {
    "ZeroPadding1D": Entry(
        "ZeroPadding1D",
        (Argument("padding", "padding", one, pair_back), *same("data_format")),
        limits=(_ADDS,),
    ),
    **ranked(
        "ZeroPadding{n}D",
        "ZeroPadding{n}D",
        Entry("", same("padding", "data_format"), limits=(_ADDS,)),
        (2, 3),
    ),
    "Cropping1D": Entry(
        "Cropping1D",
        (Argument("cropping", "cropping", one, pair_back),),
        around=("data_format",),
    ),
    **theirs("Cropping2D", "Cropping3D", entry=Entry("", same("cropping", "data_format"))),
    **ranked("Padding{n}D", "ZeroPadding{n}D", _KERAS_PADDING),
    "Padding1D": replace(
        _KERAS_PADDING,
        cls="ZeroPadding1D",
        arguments=(Argument("padding", "padding", one, pair_back), *same("data_format")),
    ),
}


def _by_mode(n: int) -> Entry:
    return Entry(
        {
            "constant": f"ConstantPad{n}d",
            "reflect": f"ReflectionPad{n}d",
            "replicate": f"ReplicationPad{n}d",
            "circular": f"CircularPad{n}d",
        },
        (Argument("padding", "padding", flat_there(1), flat_back(1)),),
        around=("value", "data_format"),
        by="mode",
    )


TORCH: Table = {
    **ranked(
        "ZeroPadding{n}D",
        "ZeroPad{n}d",
        Entry(
            "",
            (Argument("padding", "padding", flat_there(1), flat_back(1)),),
            around=("data_format",),
        ),
    ),
    **ranked(
        "Cropping{n}D",
        "ZeroPad{n}d",  # by less than nothing
        Entry(
            "",
            (Argument("cropping", "padding", flat_there(-1), flat_back(-1)),),
            around=("data_format",),
        ),
    ),
    **{f"Padding{n}D": _by_mode(n) for n in (1, 2, 3)},
}
