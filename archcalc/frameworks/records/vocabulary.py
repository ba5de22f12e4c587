"""Words and other tokens, looked up."""

from __future__ import annotations

from archcalc.frameworks.converters import every_field
from archcalc.frameworks.record import Absent, Entry, Only, Record
from archcalc.layers.vocabulary import IntegerLookup, StringLookup, TextVectorization

__all__ = ["RECORDS"]

_SEEN = Only(
    "vocabulary_size", (None,), "Keras takes the vocabulary itself, or makes one of the data"
)

RECORDS = tuple(
    Record(
        looked_up,
        keras=Entry(
            arguments=every_field(looked_up, "vocabulary_size"), only=(_SEEN,), needs="tensorflow"
        ),
        torch=Absent("torch has no hashes and no text", hint="look tokens up before the network"),
    )
    for looked_up in (IntegerLookup, StringLookup, TextVectorization)
)
