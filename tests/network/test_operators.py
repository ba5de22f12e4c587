"""Operators on tensors of the functional API, against Keras' tensors under the same code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archcalc as ac

SHAPE = (4, 6)

CODE: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (y + 3),
    lambda x, y: x + 1,
    lambda x, y: 2 + x,
    lambda x, y: x - 1.5,
    lambda x, y: 1 - x,
    lambda x, y: x * 2,
    lambda x, y: 0.5 * x,
    lambda x, y: x / 255,
    lambda x, y: 2 / (x + 3),
    lambda x, y: x**2,
    lambda x, y: -x,
    lambda x, y: abs(x),
    lambda x, y: x[:, :, :4] @ y,
    lambda x, y: x[:, 0],
    lambda x, y: x[:, -1, 2:],
    lambda x, y: x[:, 1:, ::2],
    lambda x, y: x[..., 0],
    lambda x, y: x[:, None, :, 1],
    lambda x, y: x[:, :, None, 1:-1],
]


@pytest.mark.parametrize("code", range(len(CODE)))
def test_what_keras_tensors_do(code: int) -> None:
    keras = pytest.importorskip("keras")
    theirs = [keras.Input(SHAPE), keras.Input(SHAPE)]
    ours = [ac.Input(SHAPE), ac.Input(SHAPE)]
    made, mine = CODE[code](*theirs), CODE[code](*ours)
    assert tuple(mine.shape) == tuple(made.shape[1:])
    model = keras.Model(theirs, made)
    net = ac.Model(ours, mine)
    assert net.trace().output == mine.shape
    given = [np.random.default_rng(seed).uniform(-1, 1, (2, *SHAPE)) for seed in (1, 2)]
    got, right = net.to_keras()(given), model(given)
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (got, right)), rtol=1e-5)
    assert ac.loads(ac.dumps(net)) == net


def test_what_is_compared() -> None:
    x, y = ac.Input(SHAPE), ac.Input(SHAPE)
    layers = [(a.layer.how, a.layer.value) for a in (x < y, x > 0, x <= 1, x >= y)]
    assert layers == [("less", None), ("greater", 0), ("less_equal", 1), ("greater_equal", None)]


def test_a_free_tensor_takes_part() -> None:
    x, gain = ac.Input(("t", "d")), ac.Parameter("d")
    assert ac.Model(x, gain * x + gain).trace().parameters == ac.Formula("d")


def test_what_is_no_operation() -> None:
    x = ac.Input(SHAPE)
    with pytest.raises(ac.errors.ShapeError, match="takes apart the batch"):
        x[0]
    with pytest.raises(ac.errors.ShapeError, match="is not for 3 axes"):
        x[:, 0, 0, 0]
    with pytest.raises(TypeError):
        x + "y"
    with pytest.raises(TypeError):
        list(x)
