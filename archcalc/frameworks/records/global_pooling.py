"""Pools over all positions."""

from __future__ import annotations

from archcalc.frameworks.record import Entry, each, same
from archcalc.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)

__all__ = ["RECORDS"]

_GLOBAL_IN_KERAS = Entry(arguments=same("data_format", "keepdims"))


def _global(cls: str) -> Entry:
    return Entry(
        cls,
        implied=(("output_size", lambda x: 1),),
        applied_outside=("data_format", "keepdims"),
        core="pooling.global_pool",
    )


RECORDS = (
    *each(
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GlobalMaxPooling3D,
        keras=_GLOBAL_IN_KERAS,
        torch=_global("AdaptiveMaxPool{n}d"),
    ),
    *each(
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalAveragePooling3D,
        keras=_GLOBAL_IN_KERAS,
        torch=_global("AdaptiveAvgPool{n}d"),
    ),
)
