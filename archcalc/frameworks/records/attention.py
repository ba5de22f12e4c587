"""Attention on inputs as they are."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import ATTENDING, features, query_and_value
from archcalc.frameworks.record import Entry, Record, same, same_tensors
from archcalc.layers.attention import AdditiveAttention, Attention

__all__ = ["RECORDS"]


def _in_a_list(*inputs: Any) -> tuple[Any, ...]:
    return (list(query_and_value(*inputs)),)


RECORDS = (
    Record(
        Attention,
        keras=Entry(
            arguments=same("use_scale", "score_mode", "dropout"),
            called=ATTENDING,
            call_args=_in_a_list,
            tensors=same_tensors("scale", "concat_score_weight"),
        ),
        torch=Entry(
            ".Attention",
            same("use_scale", "score_mode", "dropout") + ATTENDING,
            tensors=same_tensors("scale", "concat_score_weight"),
        ),
    ),
    Record(
        AdditiveAttention,
        keras=Entry(
            arguments=same("use_scale", "dropout"),
            called=ATTENDING,
            call_args=_in_a_list,
            tensors=same_tensors("scale"),
            uncounted="additive scores are summed element by element",
        ),
        torch=Entry(
            ".AdditiveAttention",
            same("use_scale", "dropout") + ATTENDING,
            implied=(("features", features),),
            tensors=same_tensors("scale"),
        ),
    ),
)
