"""Images changed at random in training: pixels moved, erased, mixed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.converters import NO_IMAGES, every_field
from archcalc.frameworks.record import Entry, Record
from archcalc.layers import augmentation
from archcalc.layers.augmentation import RandomShear
from archcalc.symbolic.shape import Shape

__all__ = ["RECORDS"]


def _one_number(value: Any, x: Shape) -> Any:
    """Keras keeps one number as the range to both sides, which it does not take itself."""
    both = isinstance(value, list | tuple) and value[0] == -value[1]
    return value[1] if both else value


_SHEAR = tuple(
    replace(argument, decode=_one_number) if argument.name in ("x_factor", "y_factor") else argument
    for argument in every_field(RandomShear)
)

RECORDS = tuple(
    Record(
        changed,
        keras=Entry(arguments=_SHEAR if changed is RandomShear else every_field(changed)),
        torch=NO_IMAGES,
    )
    for changed in (getattr(augmentation, name) for name in augmentation.__all__)
)
