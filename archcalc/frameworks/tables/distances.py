"""How near two inputs are to one another."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Table, same

__all__ = ["KERAS", "TORCH"]

_NO_DISTANCE = Absent("it is torch's", hint="Dot(normalize=True) is the cosine of two vectors")

KERAS: Table = {"CosineSimilarity": _NO_DISTANCE, "PairwiseDistance": _NO_DISTANCE}

TORCH: Table = {
    "CosineSimilarity": Entry("CosineSimilarity", same("dim", "eps")),
    "PairwiseDistance": Entry("PairwiseDistance", same("p", "eps", "keepdim")),
}
