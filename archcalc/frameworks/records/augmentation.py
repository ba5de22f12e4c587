"""Images changed at random in training: pixels moved, erased, mixed."""

from __future__ import annotations

from archcalc.frameworks.converters import NO_IMAGES, every_field
from archcalc.frameworks.record import Entry, Record
from archcalc.layers import augmentation

__all__ = ["RECORDS"]

RECORDS = tuple(
    Record(changed, keras=Entry(arguments=every_field(changed)), torch=NO_IMAGES)
    for changed in (getattr(augmentation, name) for name in augmentation.__all__)
)
