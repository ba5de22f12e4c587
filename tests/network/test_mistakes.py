"""Common mistakes are answered with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac
from archcalc.torch import nn


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
        (lambda: ac.Conv2D(8, 3, stride=2), "did you mean strides?"),
        (lambda: ac.BatchNormalization(eps=1e-3), "did you mean epsilon?"),
        (lambda: ac.Dropout(p=0.5), "did you mean rate?"),
        (lambda: ac.LSTM(hidden_size=8), "did you mean units?"),
        (lambda: ac.Conv2D(in_channels=3, out_channels=8, kernel_size=3),
         "in_channels is read off the input, so leave it out; out_channels is called filters here; "
         "torch's own names are in archcalc.torch.nn"),
        (lambda: ac.LSTM(8, bidirectional=True), "wrap the layer in Bidirectional"),
        (lambda: ac.Sequential(), "from_source reads code that adds them one by one"),
        (lambda: ac.Dense(3)(ac.Input(4), use_bias=False), "Dense(…, use_bias=False)"),
        (lambda: ac.LSTM(3)(ac.Input((4, 5)), mask=ac.Input(4)), "masks change no count here"),
        (lambda: setattr(ac.Dense(3), "trainable", False), "say trainable= where it is made"),
        (lambda: nn.Conv2d(3, 8, 3, strides=2), "strides is called stride in torch"),
        (lambda: nn.Conv2d(filters=8, kernel_size=3), "filters is called out_channels in torch"),
        (lambda: nn.Linear(3, 8, use_bias=False), "use_bias is called bias in torch"),
        (lambda: nn.Dropout(rate=0.5), "rate is called p in torch"),
        (lambda: nn.Embedding(input_dim=8, output_dim=3), "output_dim is called embedding_dim"),
        (lambda: nn.Conv2d(3, 8, 3, activation="relu"), "an activation is a module of its own"),
        (lambda: ac.Sequential([ac.Conv2D(3, 3)], input_shape=(1, 28, 28)).trace(),
         "if the channels stand first, write (28, 28, 1), or data_format='channels_first'"),
    ],
)  # fmt: skip
def test_what_was_meant(mistake: Callable[[], Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        mistake()
    assert said in str(caught.value)


def test_a_name_with_an_x_in_it_stays_a_symbol() -> None:
    assert ac.Input("hxw").shape == (ac.symbols("hxw"),)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 224, 224)])
def test_channels_first_are_pointed_out_where_they_go_in(shape: tuple[int, ...]) -> None:
    same = ac.Conv2D(8, 3, padding="same")
    (warning,) = ac.Sequential([same, same.model_copy()], input_shape=shape).trace().warnings
    assert warning.startswith("conv2d: ")
    assert "[channels-first]" in warning
    told = ac.Conv2D(8, 3, padding="same", data_format="channels_first")
    assert ac.Sequential([told], input_shape=shape).trace().warnings == ()


def test_a_map_that_only_looks_like_a_picture_is_none() -> None:
    made = ac.Sequential([ac.Reshape((1, 28, 28)), ac.Conv2D(8, 1)], input_shape=784)
    assert made.trace().warnings == ()
    assert ac.Sequential([ac.Conv2D(8, 1)], input_shape=(3, "n", "n")).trace().warnings == ()


def test_what_is_tied_in_one_of_two_networks_is_a_change() -> None:
    def made(*, tied: bool) -> ac.Sequential:
        table = ac.Embedding(100, 16)
        more = {"tied": {"kernel": table}} if tied else {}
        return ac.Sequential([table, ac.Dense(100, use_bias=False, **more)], input_shape=(5,))

    compared = ac.compare(made(tied=True), made(tied=False))
    shown = str(compared)
    assert shown.startswith("1,600 → 3,200: dense adds 1,600\n")
    assert [change.kind for change in compared.changes] == ["same", "changed"]
    assert "nothing changes" in str(ac.compare(made(tied=True), made(tied=True)))


def joined() -> ac.Model:
    """A network of two inputs."""
    pair = [ac.Input((4,)), ac.Input((4,))]
    return ac.Model(pair, ac.Add()(pair))


@pytest.mark.parametrize(
    ("around", "path"),
    [
        (lambda held: [ac.Dense(4), held], ""),
        (lambda held: [ac.Residual([held])], "residual/"),
        (lambda held: [ac.TimeDistributed(held)], "time_distributed/"),
        (lambda held: [ac.Repeat(held, 2)], "repeat"),
        (lambda held: [ac.Repeat(held, "L")], "repeat"),
    ],
)
@pytest.mark.parametrize("held", [joined, lambda: ac.Experts(ac.Dense(4), 2, 1)])
def test_a_network_inside_another_takes_as_many_inputs_as_it_has(
    held: Callable[[], ac.Layer], around: Callable[[ac.Layer], list[ac.Layer]], path: str
) -> None:
    with pytest.raises(ac.errors.ShapeError, match="takes 2 inputs, not 1") as caught:
        ac.Sequential(around(held())).trace((3, 4))
    assert (caught.value.code, caught.value.path[: len(path)]) == ("wrong-number-of-inputs", path)
