"""Padding and cropping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archcalc.frameworks.converters import flat_back, flat_there, one, pair_back, refuse
from archcalc.frameworks.keras_chains import channels_last_there
from archcalc.frameworks.record import Argument, Entry, Given, Name, Only, Record, each, same
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
from archcalc.symbolic.shape import Shape

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


def _pairs(rank: int, fewer: bool) -> Callable[[Given], None]:
    """That there is a pair for every axis, or one amount for all."""

    def check(given: Given) -> None:
        amounts = given["padding"]
        many = len(amounts) if isinstance(amounts, list | tuple) else 2 * rank
        if many % 2 or not (many == 2 * rank or (fewer and 0 < many < 2 * rank)):
            refuse(f"padding has {many} values", f"give one amount, or {2 * rank}")

    return check


def _on_last_axes(rank: int) -> Callable[[Given], dict[str, Any]]:
    """Amounts for fewer axes than there are: those of the others are 0."""

    def more(given: Given) -> dict[str, Any]:
        amounts = given["padding"]
        if not isinstance(amounts, list | tuple):
            return {}
        whole = (*amounts, *[0] * (2 * rank - len(amounts)))
        return {"padding": flat_back(1)(whole, Shape())}

    return more


def _named(rank: int, mode: str) -> Name:
    """A class of torch's by its mode, in so many dimensions."""
    return Name(f"{mode}Pad{{n}}d", "padding", {"mode": _WORDS[mode]}, check=_pairs(rank, False))


_WORDS = {"Reflection": "reflect", "Replication": "replicate", "Circular": "circular"}


def _modes(rank: int) -> Any:
    """Padding by mode, and torch's names for it."""
    zeros = _on_last_axes(rank)
    constant = Name(
        "ConstantPad{n}d",
        "padding, value",
        {"mode": "constant"},
        more=lambda given: {"value": given["value"], **zeros(given)},
        check=_pairs(rank, True),
    )
    return {"torch": _BY_MODE, "names": (*(_named(rank, mode) for mode in _WORDS), constant)}


def _zero(rank: int) -> Any:
    """Padding by zeros, and torch's name for it."""
    name = Name("ZeroPad{n}d", "padding", more=_on_last_axes(rank), check=_pairs(rank, True))
    return {"torch": _flat("padding", 1), "names": (name,)}


RECORDS = (
    Record(
        ZeroPadding1D,
        keras=Entry(arguments=(_ONE_PAIR, *same("data_format")), limits=(_ADDS,)),
        **_zero(1),
    ),
    *(
        Record(
            layer,
            keras=Entry(arguments=same("padding", "data_format"), limits=(_ADDS,)),
            **_zero(layer.rank),
        )
        for layer in (ZeroPadding2D, ZeroPadding3D)
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
    Record(Padding1D, keras=_zeros(_ONE_PAIR), **_modes(1)),
    Record(Padding2D, keras=_zeros(*same("padding")), **_modes(2)),
    Record(Padding3D, keras=_zeros(*same("padding")), **_modes(3)),
)
