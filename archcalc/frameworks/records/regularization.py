"""What acts in training only."""

from __future__ import annotations

from archcalc.frameworks.converters import INPLACE, RATE
from archcalc.frameworks.record import Absent, Entry, Name, Record, same
from archcalc.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    FeatureAlphaDropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)

__all__ = ["RECORDS"]

_DROPPED = (RATE, *same(*INPLACE))
_ARGUMENTS = "p=0.5, inplace=False"

RECORDS = (
    Record(
        Dropout,
        keras=Entry(
            arguments=same("rate"),
            unsaid=INPLACE,
            also={"StochasticDepth": lambda given: {"rate": given["drop_path_rate"]}},
        ),
        torch=Entry(arguments=_DROPPED),
        names=(Name("Dropout", _ARGUMENTS),),
    ),
    Record(
        AlphaDropout,
        keras=Entry(arguments=same("rate"), unsaid=INPLACE),
        torch=Entry(arguments=_DROPPED),
        names=(Name("AlphaDropout", _ARGUMENTS),),
    ),
    Record(
        FeatureAlphaDropout,
        keras=Absent("it is torch's", hint="AlphaDropout drops single elements"),
        torch=Entry(arguments=_DROPPED),
        names=(Name("FeatureAlphaDropout", _ARGUMENTS),),
    ),
    Record(
        GaussianDropout,
        keras=Entry(arguments=same("rate")),
        torch=Entry(".GaussianDropout", same("rate")),
    ),
    Record(
        GaussianNoise,
        keras=Entry(
            arguments=same("stddev"),
            limits=((lambda layer: layer.stddev <= 1, "Keras wants stddev between 0 and 1"),),
        ),
        torch=Entry(".GaussianNoise", same("stddev")),
    ),
    Record(
        SpatialDropout1D,
        keras=Entry(arguments=same("rate"), unsaid=INPLACE),
        torch=Entry("Dropout1d", _DROPPED, order="features first"),
        names=(Name("Dropout1d", _ARGUMENTS),),
    ),
    *(
        Record(
            layer,
            keras=Entry(arguments=same("rate", "data_format"), unsaid=INPLACE),
            torch=Entry(f"Dropout{n}d", _DROPPED, applied_outside=("data_format",)),
            names=(Name(f"Dropout{n}d", _ARGUMENTS),),
        )
        for n, layer in ((2, SpatialDropout2D), (3, SpatialDropout3D))
    ),
    Record(
        ActivityRegularization,
        keras=Entry(arguments=same("l1", "l2")),
        torch=Entry("Identity", applied_outside=("l1", "l2")),
    ),
)
