"""Common mistakes are answered with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac


def loaded(line: str) -> Any:
    return ac.loads(f"{line}\nlayers:\n  - {{Conv2D: [3, 3]}}\n").trace().output


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (lambda: ac.Sequential(ac.Dense(1), ac.Dense(2)), "layers go in a list"),
        (lambda: ac.Sequential(ac.Dense(1), ac.Dense(2), ac.Dense(3)), "layers go in a list"),
        (lambda: ac.Input((None, 28, 28, 1)), "without the batch axis: (28, 28, 1)"),
        (lambda: ac.Input((None, 10)), "without the batch axis: (10,)"),
        (lambda: ac.Input((28, None, 1)), "give a size that is not known a name"),
        (lambda: ac.Sequential([], input_shape=(None, 4, 1)), "without the batch axis: (4, 1)"),
        (lambda: ac.Sequential([ac.Conv2D(3, 3)]).trace((32, 28, 28, 1)),
         "is the batch axis in the shape"),
        (lambda: loaded("input: [null, 28, 28, 1]"),
         "line 1: input: (None, 28, 28, 1) has an axis of no size; "
         "shapes stand without the batch axis: (28, 28, 1)"),
        (lambda: loaded("input: [32, 28, 28, 1]"), "is the batch axis in the shape"),
        (lambda: loaded("input: (28, 28, 1)"), "write [28, 28, 1]"),
        (lambda: loaded("input: 28x28x1"), "write [28, 28, 1]"),
        (lambda: loaded("input_shape: [28, 28, 1]"), "did you mean input?"),
    ],
)  # fmt: skip
def test_what_was_meant(mistake: Callable[[], Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        mistake()
    assert said in str(caught.value)


def test_a_name_with_an_x_in_it_stays_a_symbol() -> None:
    assert ac.Input("hxw").shape == (ac.symbols("hxw"),)
