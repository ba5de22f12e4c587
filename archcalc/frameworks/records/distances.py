"""How near two inputs are to one another."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Name, Record, same
from archcalc.layers.distances import CosineSimilarity, PairwiseDistance

__all__ = ["RECORDS"]

_NO_DISTANCE = Absent("it is torch's", hint="Dot(normalize=True) is the cosine of two vectors")

RECORDS = (
    Record(
        CosineSimilarity,
        keras=_NO_DISTANCE,
        torch=Entry(arguments=same("dim", "eps")),
        names=(Name("CosineSimilarity", "dim=1, eps=1e-08"),),
    ),
    Record(
        PairwiseDistance,
        keras=_NO_DISTANCE,
        torch=Entry(arguments=same("p", "eps", "keepdim")),
        names=(
            Name(
                "PairwiseDistance",
                "p=2.0, eps=1e-06, keepdim=False",
                kept={"p": lambda module: module.norm},
            ),
        ),
    ),
)
