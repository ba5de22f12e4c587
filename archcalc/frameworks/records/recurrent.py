"""Recurrent layers and their cells.

torch has its recurrent layers with two biases only, and with ``tanh`` and ``sigmoid`` in place;
what else Keras has is done by a module that archcalc brings, one step at a time.  torch's modules
give every step and hold a whole stack; here a stack is `RecurrentStack`, and both directions
are `Bidirectional`, of the layer that they are made of.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import features, with_states
from archcalc.frameworks.record import (
    Argument,
    Entry,
    Given,
    Name,
    Only,
    Record,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.base import Layer
from archcalc.layers.recurrent import GRU, LSTM, GRUCell, LSTMCell, SimpleRNN, SimpleRNNCell
from archcalc.network.stacks import RecurrentStack
from archcalc.network.wrappers import Bidirectional
from archcalc.symbolic.errors import InvalidLayerError

__all__ = ["RECORDS"]


def _projection_is_smaller(layer: Any) -> bool:
    return layer.proj_size is None or bool(layer.proj_size < layer.units)


_ONE_BIAS = Only("recurrent_bias", (False,), "Keras adds one bias for both products")
_NO_PROJECTION = Only("proj_size", (None,), "Keras does not project the state")
_ACTIVATIONS = same("activation", "recurrent_activation", "use_bias")
_RETURNS = same("return_sequences", "return_state", "go_backwards")
_WEIGHTS = same_tensors("kernel", "recurrent_kernel", "bias")


def _keras(*arguments: Argument, only: tuple[Only, ...] = (), cell: bool = False) -> Entry:
    return Entry(
        arguments=arguments,
        only=only,
        tensors=_WEIGHTS,
        call_args=with_states,
        first_step=cell,
    )


_SIMPLE = same("units", "activation", "use_bias")
_GATES = (*same("units"), *_ACTIVATIONS)
_RESET = same("reset_after")


def _tensors(suffix: str, *biases: Tensor, gates: tuple[int, ...] = ()) -> tuple[Tensor, ...]:
    return (
        Tensor("kernel", f"weight_ih{suffix}", "o i -> i o", gates=gates),
        Tensor("recurrent_kernel", f"weight_hh{suffix}", "o i -> i o", gates=gates),
        *biases,
    )


def _two(suffix: str) -> tuple[Tensor, ...]:
    biases = Tensor("bias", f"bias_ih{suffix}"), Tensor("recurrent_bias", f"bias_hh{suffix}")
    return _tensors(suffix, *biases)


def _stacked(suffix: str) -> tuple[Tensor, ...]:
    """Keras' gates are update, reset, new; torch's reset, update, new."""
    gates = (1, 0, 2)
    both = [
        Tensor("bias", f"bias_{way}{suffix}", row=(i, 2), gates=gates)
        for i, way in enumerate(("ih", "hh"))
    ]
    one = Tensor("bias", f"bias{suffix}", gates=gates)  # where the reset acts before the product
    return _tensors(suffix, *both, one, gates=gates)


_SIZES = (Argument("units", "hidden_size"), Argument("use_bias", "bias"))
_INSIDE = same("activation", "recurrent_activation")
_ONE_GATE = (*_SIZES, *same("activation", "recurrent_bias"))
_FOUR_GATES = (*_SIZES, *_INSIDE, *same("recurrent_bias"))
_THREE_GATES = (*_SIZES, *_INSIDE, *same("reset_after"))
_IMPLIED = (("input_size", features),)
_PROJECTED = (Argument("proj_size", "proj_size", lambda p, x: p or 0, lambda p, x: p or None),)
_PROJECTION = (Tensor("projection_kernel", "weight_hr_l0", "o i -> i o"),)

_STACK = "batch_first=False, dropout=0.0, bidirectional=False"


def _stack(layer: Layer, given: Given) -> Layer:
    """`layer` in both directions if that is asked, and as often as it is asked."""
    many = given["num_layers"]
    if many == 1:  # in a stack only the first is told what comes in
        layer = type(layer)(**{**layer.given(), "expects": given["input_size"]})
    made = Bidirectional(layer) if given["bidirectional"] else layer
    return made if many == 1 else RecurrentStack(made, many, given["dropout"])


def _rnn(given: Given) -> Layer:
    return _stack(
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
    return _stack(layer, given)


def _gru(given: Given) -> Layer:
    return _stack(GRU(given["hidden_size"], use_bias=given["bias"], return_sequences=True), given)


def _cell(kind: Any, given: Given, **fields: Any) -> Layer:
    made: Layer = kind(
        given["hidden_size"], use_bias=given["bias"], expects=given["input_size"], **fields
    )
    return made


_BOTH = "input_size, hidden_size"

RECORDS = (
    Record(
        SimpleRNNCell,
        keras=_keras(*_SIMPLE, only=(_ONE_BIAS,), cell=True),
        torch=Entry(".SimpleRNNCell", _ONE_GATE, implied=_IMPLIED, tensors=_two("")),
        names=(
            Name(
                "RNNCell",
                f"{_BOTH}, bias=True, nonlinearity='tanh'",
                make=lambda g: _cell(
                    SimpleRNNCell, g, activation=g["nonlinearity"], recurrent_bias=g["bias"]
                ),
            ),
        ),
    ),
    Record(
        SimpleRNN,
        keras=_keras(*_SIMPLE, *_RETURNS, only=(_ONE_BIAS,)),
        torch=Entry(".SimpleRNN", _ONE_GATE + _RETURNS, implied=_IMPLIED, tensors=_two("_l0")),
        names=(
            Name(
                "RNN", f"{_BOTH}, num_layers=1, nonlinearity='tanh', bias=True, {_STACK}", make=_rnn
            ),
        ),
    ),
    Record(
        LSTMCell,
        keras=_keras(*_GATES, only=(_ONE_BIAS,), cell=True),
        torch=Entry(".LSTMCell", _FOUR_GATES, implied=_IMPLIED, tensors=_two("")),
        names=(
            Name(
                "LSTMCell",
                f"{_BOTH}, bias=True",
                make=lambda g: _cell(LSTMCell, g, recurrent_bias=g["bias"]),
            ),
        ),
    ),
    Record(
        LSTM,
        keras=_keras(*_GATES, *_RETURNS, only=(_ONE_BIAS, _NO_PROJECTION)),
        torch=Entry(
            ".LSTM",
            _FOUR_GATES + _PROJECTED + _RETURNS,
            implied=_IMPLIED,
            tensors=_two("_l0") + _PROJECTION,
            limits=((_projection_is_smaller, "torch projects to fewer than the units only"),),
        ),
        names=(
            Name("LSTM", f"{_BOTH}, num_layers=1, bias=True, {_STACK}, proj_size=0", make=_lstm),
        ),
    ),
    Record(
        GRUCell,
        keras=_keras(*_GATES, *_RESET, cell=True),
        torch=Entry(".GRUCell", _THREE_GATES, implied=_IMPLIED, tensors=_stacked("")),
        names=(Name("GRUCell", f"{_BOTH}, bias=True", make=lambda g: _cell(GRUCell, g)),),
    ),
    Record(
        GRU,
        keras=_keras(*_GATES, *_RESET, *_RETURNS),
        torch=Entry(".GRU", _THREE_GATES + _RETURNS, implied=_IMPLIED, tensors=_stacked("_l0")),
        names=(Name("GRU", f"{_BOTH}, num_layers=1, bias=True, {_STACK}", make=_gru),),
    ),
)
