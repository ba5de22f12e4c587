"""torch's recurrent layers: several in a stack, in one direction or in both.

torch's modules give every step and hold a whole stack; here a stack is `Repeat`, and both
directions are `Bidirectional`, of the layer that they are made of.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.torch_names.spelling import Given, Spelling, signature
from archcalc.layers.base import Layer
from archcalc.layers.recurrent import GRU, LSTM, GRUCell, LSTMCell, SimpleRNN, SimpleRNNCell
from archcalc.layers.regularization import Dropout
from archcalc.network.repeat import Repeat
from archcalc.network.sequential import Sequential
from archcalc.network.wrappers import Bidirectional
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import InvalidLayerError

__all__ = ["SPELLINGS"]

_STACK = "batch_first=False, dropout=0.0, bidirectional=False"


def _stacked(layer: Layer, given: Given) -> Layer:
    """`layer` in both directions if that is asked, and as often as it is asked."""
    many, rate = given["num_layers"], given["dropout"]
    if many == 1:  # in a stack only the first is told what comes in
        layer = type(layer)(**{**layer.given(), "expects": given["input_size"]})
    made = Bidirectional(layer) if given["bidirectional"] else layer
    if many == 1 or not rate:  # torch drops between layers, and after the last of them nothing
        return made if many == 1 else Repeat(made, many)
    return Sequential([Repeat([made, Dropout(rate)], lower(many - 1)), made.model_copy()])


def _rnn(given: Given) -> Layer:
    return _stacked(
        SimpleRNN(
            given["hidden_size"],
            given["nonlinearity"],
            given["bias"],
            recurrent_bias=given["bias"],
            return_sequences=True,
        ),
        given,
    )


def _lstm(given: Given) -> Layer:
    small, units = given["proj_size"], given["hidden_size"]
    if isinstance(small, int) and isinstance(units, int) and small >= units:
        raise InvalidLayerError(
            f"proj_size {small} is not smaller than hidden_size {units}",
            code="refused-in-torch",
            hint="a projection makes the state smaller",
        )
    layer = LSTM(
        given["hidden_size"],
        use_bias=given["bias"],
        recurrent_bias=given["bias"],
        proj_size=given["proj_size"] or None,
        return_sequences=True,
    )
    return _stacked(layer, given)


def _gru(given: Given) -> Layer:
    return _stacked(GRU(given["hidden_size"], use_bias=given["bias"], return_sequences=True), given)


def _cell(kind: Any, given: Given, **fields: Any) -> Layer:
    made: Layer = kind(
        given["hidden_size"], use_bias=given["bias"], expects=given["input_size"], **fields
    )
    return made


def _of(name: str, layer: str, text: str, make: Any) -> dict[str, Spelling]:
    return {name: Spelling(name, layer, signature(text), {}, make=make)}


_SIZES = "input_size, hidden_size"

SPELLINGS: dict[str, Spelling] = {
    **_of(
        "RNN",
        "SimpleRNN",
        f"{_SIZES}, num_layers=1, nonlinearity='tanh', bias=True, {_STACK}",
        _rnn,
    ),
    **_of("LSTM", "LSTM", f"{_SIZES}, num_layers=1, bias=True, {_STACK}, proj_size=0", _lstm),
    **_of("GRU", "GRU", f"{_SIZES}, num_layers=1, bias=True, {_STACK}", _gru),
    **_of(
        "RNNCell",
        "SimpleRNNCell",
        f"{_SIZES}, bias=True, nonlinearity='tanh'",
        lambda g: _cell(SimpleRNNCell, g, activation=g["nonlinearity"], recurrent_bias=g["bias"]),
    ),
    **_of(
        "LSTMCell",
        "LSTMCell",
        f"{_SIZES}, bias=True",
        lambda g: _cell(LSTMCell, g, recurrent_bias=g["bias"]),
    ),
    **_of("GRUCell", "GRUCell", f"{_SIZES}, bias=True", lambda g: _cell(GRUCell, g)),
}
