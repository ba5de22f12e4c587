"""Activations along an axis."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import KERAS_AXIS, along
from archcalc.frameworks.record import Argument, Chain, Entry, Name, Record
from archcalc.frameworks.records.activations import fixed, keras_named
from archcalc.layers.applied import Applied
from archcalc.layers.rescaling import Rescaling
from archcalc.layers.softmax import LogSoftmax, Softmax, Softmin

__all__ = ["RECORDS"]

_DIM = (Argument("axis", "dim"),)


def _softmin(layer: Any, applied: Applied) -> Chain:
    return [("negate", Rescaling(-1.0)), ("", Softmax(layer.axis))]


RECORDS = (
    Record(
        Softmax,
        keras=Entry(arguments=(KERAS_AXIS,)),
        torch=Entry(arguments=_DIM),
        names=(Name("Softmax", "dim=None", more=along), Name("Softmax2d", fixed={"axis": -3})),
    ),
    Record(
        LogSoftmax,
        keras=keras_named("log_softmax", fixed("axis", -1)),
        torch=Entry(arguments=_DIM),
        names=(Name("LogSoftmax", "dim=None", more=along),),
    ),
    Record(
        Softmin,
        keras=Entry("Softmax", (KERAS_AXIS,), chain=_softmin),
        torch=Entry(arguments=_DIM),
        names=(Name("Softmin", "dim=None", more=along),),
    ),
)
