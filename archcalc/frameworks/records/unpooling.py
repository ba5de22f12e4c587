"""Max pools undone."""

from __future__ import annotations

from archcalc.frameworks.converters import (
    PADDING,
    even,
)
from archcalc.frameworks.record import (
    Absent,
    Argument,
    Entry,
    Name,
    each,
)
from archcalc.layers.unpooling import MaxUnpooling1D, MaxUnpooling2D, MaxUnpooling3D

__all__ = ["RECORDS"]

RECORDS = (
    *each(
        MaxUnpooling1D,
        MaxUnpooling2D,
        MaxUnpooling3D,
        keras=Absent("Keras' max pools do not say where the largest values were"),
        torch=Entry(
            "MaxUnpool{n}d",
            (Argument("pool_size", "kernel_size"), Argument("strides", "stride"), PADDING),
            applied_outside=("output_size", "data_format"),
            limits=((lambda layer: even(layer.padding), "torch's pools pad both ends alike"),),
            core="pooling.unpool",
        ),
        names=(Name("MaxUnpool{n}d", "kernel_size, stride=None, padding=0"),),
    ),
)
