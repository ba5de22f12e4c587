"""Recurrent layers that are given their first states, and give the last, as Keras and torch do."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc as ac
from archcalc.torch import nn


def _inputs(*shapes: tuple[int, ...]) -> list[Any]:
    return [ac.Input(shape) for shape in shapes]


def test_states_are_given_as_keras_and_torch_take_them() -> None:
    x, h, c = _inputs((4, 2), (3,), (3,))
    lstm = ac.LSTM(3, return_sequences=True, return_state=True)
    by_name = ac.Model([x, h, c], lstm(x, initial_state=[h, c]))
    in_a_pair = ac.Model([x, h, c], lstm(x, (h, c)))
    in_a_list = ac.Model([x, h, c], lstm([x, h, c]))
    shapes = [tuple(tensor.shape) for tensor in by_name.outputs]
    assert shapes == [(4, 3), (3,), (3,)]
    assert by_name == in_a_pair == in_a_list
    assert ac.GRU(3)(x, initial_state=h).shape == (3,)
    assert nn.LSTM(2, 3)(x, (h, c)).shape == (4, 3)
    with pytest.raises(ac.ArchcalcError, match="Dense takes 1 input, not 2"):
        ac.Dense(3)(x, h)


def test_what_comes_out_is_what_frameworks_give() -> None:
    keras = pytest.importorskip("keras")
    torch = pytest.importorskip("torch")
    x, h, c = _inputs((4, 2), (3,), (3,))
    net = ac.Model(
        [x, h, c],
        ac.LSTM(3, recurrent_bias=True, return_sequences=True, return_state=True)(
            x, initial_state=(h, c)
        ),
    )
    given = [torch.zeros(5, *shape) for shape in ((4, 2), (3,), (3,))]
    out = net.to_torch()(*given)
    assert [tuple(y.shape[1:]) for y in out] == [tuple(t.shape) for t in net.outputs]
    theirs = keras.layers.GRU(3, return_state=True)
    y, state = theirs(keras.Input((4, 2)), initial_state=keras.Input((3,)))
    ours = ac.GRU(3, return_state=True)(x, initial_state=h)
    assert [tuple(t.shape) for t in ours] == [tuple(y.shape[1:]), tuple(state.shape[1:])]


@pytest.mark.parametrize("cell", [ac.LSTMCell(3), [ac.LSTMCell(3), ac.GRUCell(2)]])
def test_a_loop_over_a_cell_is_refused_by_torch_as_such(cell: Any) -> None:
    pytest.importorskip("torch")
    for net in (ac.RNN(cell), ac.Sequential([ac.RNN(cell)])):
        with pytest.raises(ac.ArchcalcError, match="RNN: torch has no loop over a cell") as caught:
            net.to_torch((4, 2))
        assert caught.value.hint == "use LSTM, GRU or SimpleRNN"
