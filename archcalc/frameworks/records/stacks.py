"""Recurrent stacks: torch's modules with several layers are built of their layers."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Record
from archcalc.network.stacks import RecurrentStack

__all__ = ["RECORDS"]

RECORDS = (
    Record(
        RecurrentStack,
        keras=Absent("Keras has layers one on the other, each with a state of its own"),
        torch=Absent("torch's have one argument more", hint="nn.LSTM, nn.GRU and nn.RNN are built"),
    ),
)
