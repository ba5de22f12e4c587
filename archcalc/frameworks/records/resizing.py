"""Images brought to another size."""

from __future__ import annotations

from archcalc.frameworks.converters import NO_IMAGES, every_field
from archcalc.frameworks.record import Entry, Only, Record
from archcalc.layers.resizing import CenterCrop, MaxNumBoundingBoxes, RandomCrop, Resizing

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        Resizing,
        keras=Entry(arguments=every_field(Resizing)),
        torch=Entry(
            "Upsample",
            only=(
                Only("antialias", (False,), "torch's Upsample does not smooth"),
                Only(
                    "interpolation",
                    ("nearest", "bilinear", "bicubic"),
                    "torch's Upsample has no Lanczos interpolation",
                ),
            ),
            applied_outside=(
                *("height", "width", "crop_to_aspect_ratio", "pad_to_aspect_ratio"),
                *("fill_mode", "fill_value", "data_format"),
            ),
            core="images.resizing",
        ),
    ),
    Record(
        CenterCrop,
        keras=Entry(arguments=every_field(CenterCrop)),
        torch=Entry(
            ".Pad", applied_outside=("height", "width", "data_format"), core="images.center_crop"
        ),
    ),
    *(
        Record(changed, keras=Entry(arguments=every_field(changed)), torch=NO_IMAGES)
        for changed in (RandomCrop, MaxNumBoundingBoxes)
    ),
)
