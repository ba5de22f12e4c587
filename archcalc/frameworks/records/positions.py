"""Positions of words: no layer of Keras or torch, and built as modules of ours."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Argument, Entry, Record, Tensor, same
from archcalc.layers.positions import (
    LinearPositionBias,
    PositionEmbedding,
    RelativePositionBias,
    RotaryEmbedding,
    SegmentEmbedding,
)

__all__ = ["RECORDS"]

_NOT_IN_KERAS = Absent("no layer there is for positions", hint="to_torch() builds it")

RECORDS = (
    Record(RotaryEmbedding, keras=_NOT_IN_KERAS, torch=Entry(".RotaryEmbedding", same("width"))),
    Record(
        PositionEmbedding,
        keras=_NOT_IN_KERAS,
        torch=Entry(
            ".PositionEmbedding",
            (Argument("positions", "num_embeddings"), Argument("offset", "offset")),
            implied=(("embedding_dim", lambda x: x[-1]),),
            tensors=(Tensor("embeddings", "weight"),),
        ),
    ),
    Record(
        SegmentEmbedding,
        keras=_NOT_IN_KERAS,
        torch=Entry(
            ".SegmentEmbedding",
            (Argument("segments", "num_embeddings"),),
            implied=(("embedding_dim", lambda x: x[-1]),),
            tensors=(Tensor("embeddings", "weight"),),
        ),
    ),
    Record(
        RelativePositionBias,
        keras=_NOT_IN_KERAS,
        torch=Entry(
            ".RelativePositionBias",
            same("heads", "buckets"),
            tensors=(Tensor("embeddings", "weight"),),
        ),
    ),
    Record(
        LinearPositionBias,
        keras=_NOT_IN_KERAS,
        torch=Entry(".LinearPositionBias", same("heads")),
    ),
)
