"""Images whose colours are changed."""

from __future__ import annotations

from archcalc.frameworks.converters import NO_IMAGES, every_field
from archcalc.frameworks.record import Entry, Record
from archcalc.layers import colouring
from archcalc.layers.colouring import RandomColorJitter

__all__ = ["RECORDS"]

_COLOURS_LAST = (
    lambda layer: layer.data_format == "channels_last" or not layer.colours(),
    "Keras' changes saturation and hue of channels that come last, and only there",
)

RECORDS = tuple(
    Record(
        changed,
        keras=Entry(
            arguments=every_field(changed),
            limits=(_COLOURS_LAST,) if changed is RandomColorJitter else (),
        ),
        torch=NO_IMAGES,
    )
    for changed in (getattr(colouring, name) for name in colouring.__all__)
)
