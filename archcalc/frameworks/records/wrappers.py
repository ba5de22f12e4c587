"""What stands around layers: at every step, in both directions, over time."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import with_states
from archcalc.frameworks.record import Absent, Chain, Entry, Record, same
from archcalc.layers.applied import Applied
from archcalc.network.wrappers import (
    RNN,
    Bidirectional,
    StackedRNNCells,
    TimeDistributed,
    Wrapper,
)

__all__ = ["RECORDS"]


def _one_in_another(layer: Any, applied: Applied) -> Chain:
    return [("", layer.nested())]


_LOOP = "torch has no loop over a cell"

RECORDS = (
    Record(
        StackedRNNCells,
        keras=Entry(
            arguments=same("cells"),
            call_args=with_states,
            uncounted="Keras calls a stack of cells once more than there are steps",
            first_step=True,
        ),
        torch=Absent(_LOOP, hint="use LSTM, GRU or SimpleRNN layers one on the other"),
    ),
    Record(
        RNN,
        keras=Entry(
            arguments=same("cell", "return_sequences", "return_state", "go_backwards"),
            call_args=with_states,
        ),
        torch=Absent(_LOOP, hint="use LSTM, GRU or SimpleRNN"),
    ),
    Record(
        Bidirectional,
        keras=Entry(
            arguments=same("layer", "merge_mode", "backward_layer"),
            call_args=with_states,
            limits=(
                (
                    lambda both: not getattr(both.layer, "go_backwards", False),
                    "Keras wants the first layer to go forward",
                ),
            ),
        ),
        torch=Entry(".Bidirectional", same("layer", "merge_mode", "backward_layer")),
    ),
    Record(
        TimeDistributed,
        keras=Entry(arguments=same("layer"), applied_outside=("axes",), chain=_one_in_another),
        torch=Entry(".TimeDistributed", same("layer", "axes")),
    ),
    Record(
        Wrapper,
        keras=Absent("its Wrapper is a base class, and does not call what it holds"),
        torch=Absent("a module that holds another is called Sequential there"),
    ),
)
