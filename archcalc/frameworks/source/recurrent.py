"""torch's recurrent modules, which give their output and the states that they end in."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.states import State
from archcalc.frameworks.source.values import Made

__all__ = ["is_recurrent", "recurrent"]


def is_recurrent(made: Made) -> bool:
    """Whether a module of torch's gives states beside its output."""
    return made.torch and made.cls in ("RNN", "LSTM", "GRU")


def recurrent(reader: Any, node: Any, made: Made, values: list[Value]) -> Any:
    """``output, (h, c)`` of an LSTM, ``output, h`` of the others."""
    layers, both = made.arguments["num_layers"], made.arguments["bidirectional"]
    single = layers == 1 and not both
    place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    if single and place in reader.wanted and not made.called:
        made.layer = made.layer.model_copy(update={"return_state": True})
    first, *states = values
    begun = [state for state in states if not reader.bench.is_constant(state)]
    if begun and not single:
        raise NotLoweredError("a recurrent stack that is given a state is not read")
    shaped = [_without_layers(reader, state) for state in begun]
    out = reader.bench.layer(reader.ready(made), [first, *shaped])
    units = made.arguments["hidden_size"]
    kinds = (False, True) if made.cls == "LSTM" else (False,)
    held = [
        State(
            reader, out[0], units, int(layers), 2 if both else 1, memory,
            out[1 + index] if single and len(out) > 1 + index else None, place,
        )
        for index, memory in enumerate(kinds)
    ]  # fmt: skip
    return out[0], tuple(held) if made.cls == "LSTM" else held[0]


def _without_layers(reader: Any, state: Value) -> Value:
    """A state without the axis that says of which layer it is."""
    if len(state.own) < 2:
        return state
    made: Value = reader.bench.function("squeeze", (state, 0), {})
    return made
