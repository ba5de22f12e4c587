"""What puts the same elements in another shape."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.record import Argument, Chain, Entry, Name, Record, same
from archcalc.layers.applied import Applied
from archcalc.layers.reshaping import Flatten, Permute, RepeatVector, Reshape, Unflatten

__all__ = ["RECORDS"]


def _flatten(layer: Any, applied: Applied) -> Chain:
    if layer.start_dim == 1 and len(applied.output) == 1:
        return [("", layer.model_copy(update={"end_dim": -1}))]
    return [("", Reshape(tuple(applied.output), trainable=layer.trainable))]


def _unflatten(layer: Any, applied: Applied) -> Chain:
    return [("", Reshape(tuple(applied.output)))]


RECORDS = (
    Record(
        Flatten,
        keras=Entry(applied_outside=("start_dim", "end_dim"), chain=_flatten),
        torch=Entry(arguments=same("start_dim", "end_dim")),
        names=(Name("Flatten", "start_dim=1, end_dim=-1"),),
    ),
    Record(
        Unflatten,
        keras=Entry("Reshape", applied_outside=("dim", "unflattened_size"), chain=_unflatten),
        torch=Entry(arguments=same("dim", "unflattened_size")),
        names=(Name("Unflatten", "dim, unflattened_size"),),
    ),
    Record(
        Reshape,
        keras=Entry(arguments=same("target_shape")),
        torch=Entry(".Reshape", (Argument("target_shape", "shape"),)),
    ),
    Record(
        Permute,
        keras=Entry(arguments=same("dims")),
        torch=Entry(".Permute", same("dims")),
    ),
    Record(
        RepeatVector,
        keras=Entry(arguments=same("n")),
        torch=Entry(".RepeatVector", same("n")),
    ),
)
