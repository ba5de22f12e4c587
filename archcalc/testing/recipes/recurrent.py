"""Recurrent layers: sequences, maybe states, and layers to stand around."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe, extent, formatted
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]

_MOST_UNITS = 5


def _recurrent(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Units that fit the states, where states are given."""
    _, *states = inputs
    units = int(states[-1][0]) if states else pick.size(_MOST_UNITS)
    made: Fields = {"units": units}
    if "proj_size" in cls.model_fields:
        fits = [None, *([1, units - 1] if units > 1 and not states else [])]
        made["proj_size"] = pick.one_of(pick.left.get("proj_size") or fits)
    return made


@st.composite
def _with_states(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """One input, seldom with states of one size; a state and a memory for an LSTM."""
    x = draw(small(len(cls.axis_names), longest=5))
    if draw(numbers(0, 3)) < 3:
        return (x,)
    state = Shape((draw(numbers(1, _MOST_UNITS)),))
    return (x, *[state] * (cls.arity[1] - 1))


def _convolutional(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths = extent(cls, Shape(inputs[0][1:]), made)
    padding = pick.one_of(("valid", "same"))
    strided = pick.flag()
    kernel = [pick.size(3 if padding == "same" else min(3, n)) for n in lengths]
    dilation = [
        1 if strided or (padding == "valid" and 2 * (k - 1) + 1 > n) else pick.size(2)
        for k, n in zip(kernel, lengths, strict=True)
    ]
    strides = [pick.size(2) if strided else 1 for _ in lengths]
    made |= {"kernel_size": kernel, "padding": padding, "strides": strides}
    return made | {"dilation_rate": dilation, "filters": pick.size(2)}


def _maps_over_time(cls: type[Any]) -> Any:
    return small(cls.rank + 2, longest=5 if cls.rank < 3 else 3).map(lambda x: (x,))


def _held(pick: Pick, x: Shape) -> Any:
    """Some layer that takes `x`."""
    kinds = {
        1: ("Dense", "LayerNormalization", "Activation"),
        2: ("Dense", "Conv1D", "MaxPooling1D"),
        3: ("Conv2D", "DepthwiseConv2D", "MaxPooling2D", "Flatten"),
    }
    return pick.layer(kinds[len(x)], (x,))


def _at_every_step(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    (x,) = inputs
    axes = pick.size(min(2, len(x) - 1))
    return {"layer": _held(pick, Shape(x[axes:])), "axes": axes}


def _wrapped(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"layer": _held(pick, inputs[0])}


def _routed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """An expert that takes one token; as many of them as there are scores."""
    x, scores = inputs
    token = Shape(x[len(scores) - 1 :])
    held = pick.layer(_EXPERTS[len(token)], (token,))
    return {"block": held, "count": int(scores[-1]), "active": pick.size(int(scores[-1]))}


@st.composite
def _tokens_and_scores(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Tokens along the first axes, or a sample as one token, and a score of each expert."""
    x = draw(small(1) | small(2) | small(3))
    routed = draw(numbers(0, len(x) - 1))
    return (x, Shape((*x[:routed], draw(numbers(1, _MOST_EXPERTS)))))


def _both_ways(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"layer": pick.layer(_LAYERS, inputs)}


def _in_layers(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A recurrent layer, maybe in both ways, that gives its sequence; as torch stacks them."""
    sequence, *_ = inputs
    made = pick.layer(_LAYERS, (sequence,)).model_copy(
        update={"return_sequences": True, "return_state": False, "go_backwards": False}
    )
    return {"layer": made, "num_layers": pick.size(3)}


def _stacked(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"cells": _cells(pick, inputs[0])}


def _over_time(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    cells = _cells(pick, Shape(inputs[0][1:]))
    return {"cell": cells[0] if len(cells) == 1 else cells}


def _cells(pick: Pick, x: Shape) -> list[Any]:
    made: list[Any] = []
    for _ in range(pick.size(3)):
        made.append(pick.layer(_CELLS, (x,)))
        x = made[-1].output_shape(x)
    return made


def _sequences(cls: type[Any]) -> Any:
    return small(2, longest=5).map(lambda x: (x,))


_MOST_EXPERTS = 4
_EXPERTS = {
    1: ("Dense", "LayerNormalization", "Activation"),
    2: ("Dense", "Conv1D", "LayerNormalization"),
    3: ("Conv2D", "DepthwiseConv2D", "Flatten"),
}
"""Layers with one output."""
_CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell")
_LAYERS = ("SimpleRNN", "LSTM", "GRU")
_CONVOLUTIONS = tuple(f"ConvLSTM{n}D" for n in (1, 2, 3))

RECIPES: dict[str, Recipe] = {
    **dict.fromkeys(_CELLS + _LAYERS, _recurrent),
    **dict.fromkeys(_CONVOLUTIONS, _convolutional),
    "TimeDistributed": _at_every_step,
    "Experts": _routed,
    "Wrapper": _wrapped,
    "Bidirectional": _both_ways,
    "RecurrentStack": _in_layers,
    "StackedRNNCells": _stacked,
    "RNN": _over_time,
}

INPUTS: dict[str, Inputs] = {
    **dict.fromkeys(_CELLS + _LAYERS, _with_states),
    **dict.fromkeys(_CONVOLUTIONS, _maps_over_time),
    "TimeDistributed": lambda cls: (small(2) | small(3) | small(4)).map(lambda x: (x,)),
    "Experts": _tokens_and_scores,
    "Wrapper": lambda cls: (small(1) | small(2) | small(3)).map(lambda x: (x,)),
    "Bidirectional": _sequences,
    "RecurrentStack": _sequences,
    "StackedRNNCells": lambda cls: small(1).map(lambda x: (x,)),
    "RNN": _sequences,
}

FITS: dict[str, Fits] = {
    "TimeDistributed": lambda x: 2 <= len(x) <= 4,
    "Wrapper": lambda x: len(x) <= 3,
    "Bidirectional": lambda x: len(x) == 2,
    "RecurrentStack": lambda x: len(x) == 2,
    "StackedRNNCells": lambda x: len(x) == 1,
    "RNN": lambda x: len(x) == 2,
}
