"""A network unrolled: what is called, on what, whose weights; and what is symbolic is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archcalc as ac
from archcalc.network.unroll import Source, unroll
from archcalc.symbolic.errors import FrameworkError


def test_repeated_blocks_are_written_out_with_weights_of_their_own() -> None:
    net = ac.Sequential([ac.Repeat([ac.Dense(8), ac.ReLU()], 3), ac.Dense(2)], input_shape=8)
    made = unroll(net)
    paths = [f"repeat/{i}/{name}" for i in range(3) for name in ("dense", "re_lu")]
    assert [call.path for call in made.calls] == [*paths, "dense"]
    assert [call.owner for call in made.calls] == list(range(7))
    assert [call.inputs for call in made.calls] == [(Source(i - 1),) for i in range(7)]
    assert made.outputs == (Source(6),)
    assert made.output_shapes == ((2,),)


def test_a_layer_that_stands_twice_is_the_first_once_more() -> None:
    shared = ac.Dense(4)
    x = ac.Input(4)
    made = unroll(ac.Model(x, ac.Add()([shared(x), shared(shared(x))])))
    assert [call.owner for call in made.calls if call.layer is shared] == [0, 0, 0]


def test_a_tie_names_the_call_that_owns_the_weight() -> None:
    table = ac.Embedding(10, 4)
    net = ac.Sequential([table, ac.Dense(10, use_bias=False, tied={"kernel": table})])
    ((tied, owner),) = unroll(net, 5).calls[1].ties
    assert (tied.weight, tied.transposed, owner) == ("kernel", True, 0)


def test_what_is_one_call_is_said_by_who_asks() -> None:
    net = ac.Sequential([ac.TimeDistributed(ac.Dense(3))], input_shape=(5, 4))
    assert [call.path for call in unroll(net).calls] == ["time_distributed/dense"]
    whole = unroll(net, None, lambda layer: isinstance(layer, ac.TimeDistributed))
    assert [call.path for call in whole.calls] == ["time_distributed"]


SYMBOLIC: dict[str, Callable[[], ac.Network]] = {
    "shape": lambda: ac.Sequential([ac.Dense(3)], input_shape="s"),
    "hyperparameter": lambda: ac.Sequential([ac.Dense("s")], input_shape=3),
    "formula": lambda: ac.Sequential([ac.Conv2D(3, ("2*s + 1", 3))], input_shape=(9, 9, 1)),
    "repeat": lambda: ac.Sequential([ac.Repeat(ac.Dense(3), "s")], input_shape=3),
    "ladder": lambda: ac.Sequential(
        [
            ac.Ladder(
                ac.Dense(4), ac.MaxPooling2D(2), ac.Dense(4), ac.UpSampling2D(2), ac.Dense(4), "s"
            )
        ],
        input_shape=(64, 64, 3),
    ),
    "within a copy": lambda: ac.Sequential(
        [ac.Repeat([ac.Dense("s"), ac.Dense(3)], 2)], input_shape=3
    ),
    "beside the number of a copy": lambda: ac.Sequential(
        [ac.Repeat([ac.Dense("s + i"), ac.Dense(3)], 2, index="i")], input_shape=3
    ),
    "within a wrapper": lambda: ac.Sequential(
        [ac.TimeDistributed(ac.Dense("s"))], input_shape=(5, 3)
    ),
    "cell": lambda: ac.Sequential([ac.RNN(ac.LSTMCell("s"))], input_shape=(5, 3)),
    "shortcut": lambda: ac.Sequential(
        [ac.Residual([ac.Dense("s")], shortcut=ac.Dense("s"))], input_shape=3
    ),
    "parameter": lambda: ac.Model(x := ac.Input(3), ac.Add()([x, ac.Parameter(("s",))])),
}


@pytest.mark.parametrize("where", SYMBOLIC)
def test_what_is_symbolic_is_refused_wherever_it_is(where: str) -> None:
    with pytest.raises(FrameworkError, match=r"^s has no number") as error:
        unroll(SYMBOLIC[where]())
    assert error.value.code == "symbols-left"


def test_the_number_of_a_copy_is_a_number() -> None:
    net = ac.Sequential([ac.Repeat(ac.Dense("2**i"), 3, index="i")], input_shape=1)
    assert [call.applied.output for call in unroll(net).calls] == [(1,), (2,), (4,)]
