"""Recurrent layers, their cells, and what stands around layers.

torch has its recurrent layers with two biases only, and with ``tanh`` and ``sigmoid`` in place;
what else Keras has is done by a module that archcalc brings, one step at a time.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import (
    Absent,
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    ranked,
    same,
    same_tensors,
)
from archcalc.frameworks.tables.converters import features

__all__ = ["KERAS", "TORCH"]


def _with_states(x: Any, *states: Any) -> tuple[Any, ...]:
    """States come in a list, as the second argument."""
    return (x, list(states)) if states else (x,)


def _projection_is_smaller(layer: Any) -> bool:
    return layer.proj_size is None or bool(layer.proj_size < layer.units)


_ONE_BIAS = Only("recurrent_bias", (False,), "Keras adds one bias for both products")
_NO_PROJECTION = Only("proj_size", (None,), "Keras does not project the state")
_ACTIVATIONS = same("activation", "recurrent_activation", "use_bias")
_RETURNS = same("return_sequences", "return_state", "go_backwards")
_WEIGHTS = same_tensors("kernel", "recurrent_kernel", "bias")
_TWICE = "Keras calls a stack of cells once more than there are steps"


def _keras(cls: str, *arguments: Argument, only: tuple[Only, ...] = ()) -> Entry:
    return Entry(cls, arguments, only=only, tensors=_WEIGHTS, handed=_with_states)


_SIMPLE = same("units", "activation", "use_bias")
_GATES = (*same("units"), *_ACTIVATIONS)
_RESET = same("reset_after")
_WINDOW = same("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")

KERAS: Table = {
    "SimpleRNNCell": _keras("SimpleRNNCell", *_SIMPLE, only=(_ONE_BIAS,)),
    "SimpleRNN": _keras("SimpleRNN", *_SIMPLE, *_RETURNS, only=(_ONE_BIAS,)),
    "LSTMCell": _keras("LSTMCell", *_GATES, only=(_ONE_BIAS,)),
    "LSTM": _keras("LSTM", *_GATES, *_RETURNS, only=(_ONE_BIAS, _NO_PROJECTION)),
    "GRUCell": _keras("GRUCell", *_GATES, *_RESET),
    "GRU": _keras("GRU", *_GATES, *_RESET, *_RETURNS),
    **ranked("ConvLSTM{n}D", "ConvLSTM{n}D", _keras("", *_WINDOW, *_ACTIVATIONS, *_RETURNS)),
    "StackedRNNCells": Entry("StackedRNNCells", same("cells"), uncounted=_TWICE),
    "RNN": Entry("RNN", same("cell") + _RETURNS),
    "Bidirectional": Entry(
        "Bidirectional",
        same("layer", "merge_mode", "backward_layer"),
        limits=(
            (lambda both: not both.layer.go_backwards, "Keras wants the first layer to go forward"),
        ),
    ),
    "TimeDistributed": Entry("TimeDistributed", same("layer"), around=("axes",)),
    "Wrapper": Absent("its Wrapper is a base class, and does not call what it holds"),
}


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
_CONV_LSTM = "torch has no convolutional LSTM"
_LOOP = "torch has no loop over a cell"

TORCH: Table = {
    "SimpleRNNCell": Entry(".SimpleRNNCell", _ONE_GATE, implied=_IMPLIED, tensors=_two("")),
    "SimpleRNN": Entry(".SimpleRNN", _ONE_GATE + _RETURNS, implied=_IMPLIED, tensors=_two("_l0")),
    "LSTMCell": Entry(".LSTMCell", _FOUR_GATES, implied=_IMPLIED, tensors=_two("")),
    "LSTM": Entry(
        ".LSTM",
        _FOUR_GATES + _PROJECTED + _RETURNS,
        implied=_IMPLIED,
        tensors=_two("_l0") + _PROJECTION,
        limits=((_projection_is_smaller, "torch projects to fewer than the units only"),),
    ),
    "GRUCell": Entry(".GRUCell", _THREE_GATES, implied=_IMPLIED, tensors=_stacked("")),
    "GRU": Entry(".GRU", _THREE_GATES + _RETURNS, implied=_IMPLIED, tensors=_stacked("_l0")),
    **{f"ConvLSTM{n}D": Absent(_CONV_LSTM) for n in (1, 2, 3)},
    "StackedRNNCells": Absent(_LOOP, hint="use LSTM, GRU or SimpleRNN layers one on the other"),
    "RNN": Absent(_LOOP, hint="use LSTM, GRU or SimpleRNN"),
    "Bidirectional": Entry(".Bidirectional", same("layer", "merge_mode", "backward_layer")),
    "TimeDistributed": Entry(".TimeDistributed", same("layer", "axes")),
    "Wrapper": Absent("a module that holds another is called Sequential there"),
}
