"""Pools to a size that is asked for: global, adaptive and fractional."""

from __future__ import annotations

from archcalc.frameworks.converters import NO_PLACES, ratios_there
from archcalc.frameworks.record import Absent, Argument, Entry, Name, each, same
from archcalc.layers.adaptive import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
    FractionalMaxPooling2D,
    FractionalMaxPooling3D,
)

__all__ = ["RECORDS"]

_EVERY_SIZE = (
    (lambda layer: None not in layer.output_size, "Keras asks for the size of every axis"),
)


RECORDS = (
    *each(
        AdaptiveMaxPooling1D,
        AdaptiveMaxPooling2D,
        AdaptiveMaxPooling3D,
        keras=Entry(
            arguments=same("output_size", "data_format"), only=(NO_PLACES,), limits=_EVERY_SIZE
        ),
        torch=Entry(
            "AdaptiveMaxPool{n}d",
            same("output_size", "return_indices"),
            applied_outside=("data_format",),
        ),
        names=(Name("AdaptiveMaxPool{n}d", "output_size, return_indices=False"),),
    ),
    *each(
        AdaptiveAveragePooling1D,
        AdaptiveAveragePooling2D,
        AdaptiveAveragePooling3D,
        keras=Entry(arguments=same("output_size", "data_format"), limits=_EVERY_SIZE),
        torch=Entry("AdaptiveAvgPool{n}d", same("output_size"), applied_outside=("data_format",)),
        names=(Name("AdaptiveAvgPool{n}d", "output_size"),),
    ),
    *each(
        FractionalMaxPooling2D,
        FractionalMaxPooling3D,
        keras=Absent("it is torch's", hint="AdaptiveMaxPooling gives a size without chance"),
        torch=Entry(
            "FractionalMaxPool{n}d",
            (
                Argument("pool_size", "kernel_size"),
                *same("output_size", "return_indices"),
                Argument("output_ratio", "output_ratio", ratios_there),
            ),
            applied_outside=("data_format",),
            core="resizing.fractional",
        ),
        names=(
            Name(
                "FractionalMaxPool{n}d",
                "kernel_size, output_size=None, output_ratio=None, return_indices=False, "
                "_random_samples=None",
            ),
        ),
    ),
)
