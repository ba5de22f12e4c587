"""The middle of attention in language models: built as a module of ours."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Record, Tensor, same
from archcalc.layers.core_attention import Cached, CoreAttention

__all__ = ["RECORDS"]

_NOT_IN_KERAS = Absent("no layer there is attention without projections", hint="use to_torch()")

RECORDS = (
    Record(
        CoreAttention,
        keras=_NOT_IN_KERAS,
        torch=Entry(
            ".CoreAttention",
            same(
                "is_causal", "dropout", "scale", "enable_gqa", "sliding_window", "sinks",
                "soft_cap", "keeps",
            ),
            implied=(("heads", lambda x: x[:-2]),),
            tensors=(Tensor("sinks", "sinks"),),
        ),
        ranges={"soft_cap": (None, 30.0), "sliding_window": (None, 2, 5)},
    ),
    Record(
        Cached,
        keras=Absent("no layer there keeps what comes in", hint="leave it out"),
        torch=Entry(".Cached", same("sliding_window")),
    ),
)  # fmt: skip
