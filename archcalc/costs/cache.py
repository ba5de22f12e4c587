"""The cache: what the layers of a network keep of a sequence for its next step at inference."""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.costs.base import Additive, TracedRow, ordered_sum
from archcalc.costs.loops import Factor, Factors, called
from archcalc.symbolic.dims import Dim

__all__ = ["Cache"]


@dataclass(frozen=True)
class Cache(Additive):
    """The elements that one sequence keeps once it has been read, folded from `State`.

    Keys and values of attention, as many as a later query may see; states of recurrent layers; the
    last inputs of causal convolutions.  Convention: as a decoder keeps them.  Attention that is run
    once on a whole sequence, as in an encoder, needs none of it afterwards.

    >>> from archcalc.layers import LSTM
    >>> from archcalc.network import Sequential
    >>> Sequential([LSTM("u")]).trace(("t", 64)).cost(Cache())
    2·u
    """

    unit = "elements"
    source = "Pope et al., Efficiently Scaling Transformer Inference (2022), section 2.2"

    def factors(self, row: TracedRow) -> Factors:
        """One a call; positions side by side each have their own, steps in turn hand theirs on."""
        beside = tuple(Factor(around.count) for around in row.rounds if around.kind == "steps")
        return (*called(row.loops), *beside)

    def of(self, row: TracedRow) -> Dim:
        return ordered_sum(state.factors for state in row.applied.state)
