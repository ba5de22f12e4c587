"""Integers, words and sound, encoded."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Argument, Entry, Only, Table, same, same_tensors
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class

__all__ = ["KERAS", "TORCH"]


def _as_it_is(kind: str, *but: str) -> tuple[Argument, ...]:
    """All fields but a few, which Keras calls as we do."""
    fields = layer_class(kind).model_fields
    return same(*(n for n in fields if n not in Layer.model_fields and n not in but))


_SEEN = Only(
    "vocabulary_size", (None,), "Keras takes the vocabulary itself, or makes one of the data"
)

_ENCODED = ("CategoryEncoding", "Discretization")
_HASHED = ("Hashing", "HashedCrossing")
_LOOKED_UP = ("IntegerLookup", "StringLookup", "TextVectorization")
_HEARD = ("MelSpectrogram", "STFTSpectrogram")

KERAS: Table = {
    **{kind: Entry(kind, _as_it_is(kind)) for kind in (*_ENCODED, "MelSpectrogram")},
    **{kind: Entry(kind, _as_it_is(kind), needs="tensorflow") for kind in _HASHED},
    **{
        kind: Entry(kind, _as_it_is(kind, "vocabulary_size"), only=(_SEEN,), needs="tensorflow")
        for kind in _LOOKED_UP
    },
    "STFTSpectrogram": Entry(
        "STFTSpectrogram",
        _as_it_is("STFTSpectrogram"),
        tensors=same_tensors("real_kernel", "imag_kernel"),
    ),
}

TORCH: Table = {
    "CategoryEncoding": Absent("torch has a function, torch.nn.functional.one_hot"),
    "Discretization": Absent("torch has a function, torch.bucketize"),
    **dict.fromkeys(
        (*_HASHED, *_LOOKED_UP),
        Absent("torch has no hashes and no text", hint="look tokens up before the network"),
    ),
    **dict.fromkeys(
        _HEARD, Absent("torch has a function, torch.stft", hint="torchaudio has modules")
    ),
}
