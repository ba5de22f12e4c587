"""Integers and numbers, encoded."""

from __future__ import annotations

from archcalc.frameworks.converters import every_field
from archcalc.frameworks.record import Absent, Entry, Record
from archcalc.layers.encoding import CategoryEncoding, Discretization, HashedCrossing, Hashing

__all__ = ["RECORDS"]

_NO_HASHES = Absent("torch has no hashes and no text", hint="look tokens up before the network")

RECORDS = (
    Record(
        CategoryEncoding,
        keras=Entry(arguments=every_field(CategoryEncoding)),
        torch=Absent("torch has a function, torch.nn.functional.one_hot"),
    ),
    Record(
        Discretization,
        keras=Entry(arguments=every_field(Discretization)),
        torch=Absent("torch has a function, torch.bucketize"),
    ),
    *(
        Record(
            hashed,
            keras=Entry(arguments=every_field(hashed), needs="tensorflow"),
            torch=_NO_HASHES,
        )
        for hashed in (Hashing, HashedCrossing)
    ),
)
