"""What acts in training only."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Table, ranked, same, theirs
from archcalc.frameworks.tables.converters import INPLACE, RATE

__all__ = ["KERAS", "TORCH"]

KERAS: Table = {
    **theirs("Dropout", "AlphaDropout", entry=Entry("", same("rate"), unsaid=INPLACE)),
    "GaussianDropout": Entry("GaussianDropout", same("rate")),
    "SpatialDropout1D": Entry("SpatialDropout1D", same("rate"), unsaid=INPLACE),
    **theirs(
        "SpatialDropout2D",
        "SpatialDropout3D",
        entry=Entry("", same("rate", "data_format"), unsaid=INPLACE),
    ),
    "FeatureAlphaDropout": Absent("it is torch's", hint="AlphaDropout drops single elements"),
    "GaussianNoise": Entry(
        "GaussianNoise",
        same("stddev"),
        limits=((lambda layer: layer.stddev <= 1, "Keras wants stddev between 0 and 1"),),
    ),
    "ActivityRegularization": Entry("ActivityRegularization", same("l1", "l2")),
}

_DROPPED = (RATE, *same(*INPLACE))

TORCH: Table = {
    **theirs("Dropout", "AlphaDropout", "FeatureAlphaDropout", entry=Entry("", _DROPPED)),
    "GaussianDropout": Entry(".GaussianDropout", same("rate")),
    "GaussianNoise": Entry(".GaussianNoise", same("stddev")),
    "SpatialDropout1D": Entry("Dropout1d", _DROPPED),
    **ranked(
        "SpatialDropout{n}D", "Dropout{n}d", Entry("", _DROPPED, around=("data_format",)), (2, 3)
    ),
    "ActivityRegularization": Entry("Identity", around=("l1", "l2")),
}
