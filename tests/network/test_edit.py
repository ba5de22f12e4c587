"""Structural what-ifs: found by a path, replaced, put in, taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.costs.loops import often, owned
from archcalc.layers.base import Layer
from archcalc.testing import networks


def stands_at(path: str) -> str:
    """A trace's path without the numbers of copies."""
    return "/".join(part for part in path.split("/") if not part.isdigit())


def paths(net: ac.Network, *shapes: Any) -> list[str]:
    return [row.path for row in net.trace(*shapes).rows]


def facts(net: ac.Network) -> list[tuple[Any, ...]]:
    return [
        (row.path, row.layer.key, row.inputs, row.outputs, row.sources, row.loops, row.shared)
        for row in net.trace().rows
    ]


def called_at(net: ac.Network, path: str) -> list[ac.network.Row]:
    return [row for row in net.trace().rows if stands_at(row.path) == path]


APART = (
    *(ac.Bidirectional, ac.RNN, ac.StackedRNNCells, ac.network.RecurrentStack, ac.Transformer),
    *(ac.TransformerEncoder, ac.TransformerEncoderLayer),
    *(ac.TransformerDecoder, ac.TransformerDecoderLayer),
)
"""Networks that make layers themselves, or take none but recurrent ones; tested one by one."""


def test_a_stack_keeps_a_recurrent_layer() -> None:
    cell = ac.SimpleRNN(2, return_sequences=True)
    net = ac.Sequential([ac.network.RecurrentStack(cell, 2)], input_shape=(3, 2))
    wider = net.replace("recurrent_stack/simple_rnn", ac.LSTM(2, return_sequences=True))
    assert wider.trace().parameters == 4 * net.trace().parameters
    with pytest.raises(ac.ArchcalcError, match="gives no sequence to the next layer"):
        net.remove("recurrent_stack/simple_rnn")


def given_at(net: ac.Network, path: str) -> bool:
    """Whether any layer may stand at `path`; not so for what joins the branches around it."""
    parts = path.split("/")
    around = [net.at("/".join(parts[:i])) for i in range(1, len(parts))]
    if any(isinstance(network, APART) for network in around):
        return False
    made = {ac.Residual: "add", ac.Parallel: "concatenate", ac.Experts: "weighted_sum"}
    return not around or parts[-1] != made.get(type(around[-1]))


BOTH_WAYS = ac.Sequential(
    [ac.Bidirectional(ac.LSTM(2, return_sequences=True)), ac.RNN(ac.GRUCell(2))], input_shape=(3, 2)
)
BLOCKS = ac.Sequential(
    [
        ac.TransformerEncoder(ac.TransformerEncoderLayer(4, 2), 2, True),
        ac.TimeDistributed(ac.ReLU()),
    ],
    input_shape=(3, 4),
)


# Whatever the network


@given(networks())
@example(BOTH_WAYS)
@example(BLOCKS)
def test_every_path_of_a_trace_leads_to_its_layer(net: ac.Network) -> None:
    for row in net.trace().rows:
        if row.name != "weighted_sum":  # what adds up experts is no layer that anybody gives
            assert net.at(stands_at(row.path)).key == row.layer.key


@given(networks())
@example(BOTH_WAYS)
@example(BLOCKS)
def test_replaced_by_itself_nothing_changes(net: ac.Network) -> None:
    for row in net.trace().rows:
        path = stands_at(row.path)
        if given_at(net, path):
            assert net.replace(path, net.at(path)) is net
            again = net.replace(path, net.at(path).model_copy())
            assert facts(again) == facts(net)


@given(networks(), st.data(), st.sampled_from(["after", "before"]))
def test_remove_undoes_insert(net: ac.Network, data: st.DataObject, side: str) -> None:
    row = data.draw(st.sampled_from(net.trace().rows))
    path = stands_at(row.path)
    assume(given_at(net, path) and (side == "after" or len(row.inputs) == 1))
    new = ac.Identity(name="put_in")
    try:
        more = net.insert(new, **{side: path})
    except ac.errors.ShapeError as error:
        if error.code == "several-values" and len(row.outputs) > 1:
            return  # what goes on are the scores, say, beside what is attended to
        raise
    (where,) = {stands_at(p) for p in paths(more) if p.endswith("put_in")}
    assert more.at(where) is new
    assert len(more.trace().rows) > len(net.trace().rows)
    assert more.trace().outputs == net.trace().outputs
    back, once = facts(more.remove(where)), facts(net)
    if where.count("/") > path.count("/"):  # one layer became a Sequential to hold two
        assert where.rpartition("/")[0] == f"{path.rpartition('/')[0]}/sequential"
        back, once = [row[1:] for row in back], [row[1:] for row in once]
    assert back == once


@given(networks(), st.data())
def test_parameters_grow_by_those_of_what_is_put_in(net: ac.Network, data: st.DataObject) -> None:
    path = stands_at(data.draw(st.sampled_from(net.trace().rows)).path)
    assume(given_at(net, path))
    calls = called_at(net, path)
    assume(
        all(row.output and len(row.outputs) == 1 for row in calls)
    )  # a Dense takes one, no scalar
    features = int(calls[0].output[-1])
    assume(all(row.output[-1] == features for row in calls))  # a shared Dense has one size
    more = net.insert(ac.Dense(features), after=path)
    copies = sum(int(often(owned(row.loops))) for row in calls if not row.shared)
    added = copies * (features * features + features)
    assert more.trace().parameters == net.trace().parameters + added
    assert more.trace().outputs == net.trace().outputs


@given(networks(), st.data())
def test_parameters_shrink_by_those_of_what_is_taken_out(
    net: ac.Network, data: st.DataObject
) -> None:
    rows = net.trace().rows
    kept = {stands_at(row.path) for row in rows if row.inputs == row.outputs}
    kept -= {stands_at(row.path) for row in rows if row.inputs != row.outputs}
    kept = {path for path in kept if given_at(net, path)}
    assume(kept)
    path = data.draw(st.sampled_from(sorted(kept)))
    calls = called_at(net, path)
    lost = sum(
        int(w.size) * int(often(owned(row.loops)))
        for row in calls
        for w in row.weights
        if w.learned
    )
    less = net.remove(path)
    assert less.trace().parameters == net.trace().parameters - lost
    assert less.trace().outputs == net.trace().outputs
    assert len(net.trace().rows) == len(rows)


# At every depth


def around(kind: str, layers: list[Layer]) -> ac.Network:
    """Layers from 4 features to 4, deep inside something."""
    x = ac.Input((6, 4))
    y: Any = x
    for layer in layers:
        y = layer(y)
    made: dict[str, Callable[[], ac.Network]] = {
        "sequential": lambda: ac.Sequential(layers),
        "residual": lambda: ac.Residual(layers),
        "shortcut": lambda: ac.Residual(ac.ReLU(), layers),
        "repeat": lambda: ac.Repeat(layers, "L"),
        "model": lambda: ac.Model(x, y),
        "named": lambda: ac.Residual(ac.Sequential(layers, name="body")),
        "steps": lambda: ac.TimeDistributed(layers),
        "encoder": lambda: ac.TransformerEncoder(ac.Sequential(layers), 3, True),
        "wrapper": lambda: ac.Wrapper(ac.Repeat(ac.Residual(layers), 2)),
    }
    return ac.Sequential([ac.Sequential([made[kind]()], name="deep")], input_shape=(6, 4))


KINDS = (
    *("sequential", "residual", "shortcut", "repeat", "model", "named", "steps", "encoder"),
    "wrapper",
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_gives_what_would_have_been_written(kind: str) -> None:
    a, b, c = ac.Dense(4), ac.ReLU(), ac.Dense(4, use_bias=False)
    net = around(kind, [a, b])
    (first,) = [path for path in paths(net) if net.at(path) is a]
    (second,) = [path for path in paths(net) if net.at(path) is b]
    assert facts(net.replace(second, c)) == facts(around(kind, [a, c]))
    assert facts(net.insert(c, after=first)) == facts(around(kind, [a, c, b]))
    assert facts(net.insert(c, before=first)) == facts(around(kind, [c, a, b]))
    assert facts(net.insert(c, before=second)) == facts(around(kind, [a, c, b]))
    assert facts(net.remove(first)) == facts(around(kind, [b]))
    assert facts(net) == facts(around(kind, [a, b]))


def test_one_layer_makes_room_for_several() -> None:
    net = ac.Sequential([ac.Residual(ac.Dense(4)), ac.Repeat(ac.Dense(4), "L")], input_shape=4)
    more = net.insert(ac.ReLU(), after="repeat/dense").insert(ac.ReLU(), before="residual/dense")
    assert paths(more) == [
        *("residual/re_lu", "residual/dense", "residual/add"),
        *("repeat/dense", "repeat/re_lu"),
    ]
    none = net.remove("residual/dense").remove("repeat/dense")
    assert paths(none) == ["residual/add"]
    assert ac.from_dict(none.to_dict()) == none


def test_cells_are_stacked() -> None:
    net = ac.Sequential([ac.RNN(ac.LSTMCell(8))], input_shape=("t", 3))
    more = net.insert(ac.GRUCell(5), after="rnn/lstm_cell")
    assert more == ac.Sequential([ac.RNN([ac.LSTMCell(8), ac.GRUCell(5)])], input_shape=("t", 3))
    with pytest.raises(
        ac.errors.InvalidLayerError, match="cells are layers, at least one"
    ) as caught:
        net.remove("rnn/lstm_cell")
    assert caught.value.path == "rnn"


def test_both_directions() -> None:
    net = ac.Sequential([ac.Bidirectional(ac.LSTM(4))], input_shape=("t", 3))
    path = "bidirectional/forward_lstm"
    assert net.at(path) == ac.LSTM(4)
    assert net.replace(path, ac.GRU(4)).layers == (ac.Bidirectional(ac.GRU(4)),)  # type: ignore[attr-defined]
    other = ac.Bidirectional(ac.LSTM(4), backward_layer=ac.GRU(4, go_backwards=True))
    changed = other.replace("backward_gru", ac.LSTM(4, go_backwards=True))
    assert changed.trace(("t", 3)).parameters == net.trace().parameters
    for edit in (lambda: net.remove(path), lambda: net.replace(path, ac.Dense(4))):
        with pytest.raises(ac.errors.InvalidLayerError, match="does not run over time") as caught:
            edit()
        assert caught.value.path == "bidirectional"
    with pytest.raises(ac.errors.InvalidLayerError, match="replace 'bidirectional' as a whole"):
        net.replace("bidirectional/backward_lstm", ac.GRU(4))


# Sharing and names


def shared() -> ac.Model:
    x = ac.Input((8,))
    twice = ac.Dense(8, name="twice")
    return ac.Model(x, ac.Dense(3)(ac.Add()([twice(x), twice(twice(x))])))


def test_a_shared_layer_is_replaced_in_all_its_places() -> None:
    net = shared().replace("twice", ac.Dense(8, use_bias=False))
    assert paths(net) == ["twice", "twice", "twice", "add", "dense"]
    assert net.trace().parameters == 8 * 8 + 8 * 3 + 3
    assert shared().insert(ac.Dense(8), after="twice").trace().parameters == 2 * 72 + 27
    assert paths(shared().remove("twice")) == ["add", "dense"]
    with pytest.raises(ac.errors.ShapeError, match="shared with an earlier call"):
        shared().replace("twice", ac.Dense(9)).trace()


def test_one_object_in_two_blocks_is_one_layer() -> None:
    same = ac.Dense(4)
    blocks = [ac.Residual(same), ac.Residual(same)]
    new = ac.Dense(4, use_bias=False)
    net = ac.Sequential(blocks, input_shape=4).replace("residual_1/dense", new)
    with_bias = [row.layer.given() for row in net.trace().rows if isinstance(row.layer, ac.Dense)]
    assert len(with_bias) == 2
    assert with_bias[0] == with_bias[1] != same.given()
    assert net.at("residual/dense") is net.at("residual_1/dense")


def test_given_names_stay_and_made_up_ones_are_made_anew() -> None:
    net = ac.Sequential([ac.Dense(4), ac.Dense(4), ac.Dense(2, name="head")], input_shape=3)
    assert paths(net.replace("dense", ac.ReLU())) == ["re_lu", "dense", "head"]
    assert paths(net.replace("head", ac.Dense(9))) == ["dense", "dense_1", "head"]
    assert paths(net.replace("head", ac.Dense(9, name="top"))) == ["dense", "dense_1", "top"]
    again = net.replace("head", net.at("dense"))  # now shared
    assert paths(again, 4) == ["dense", "dense_1", "dense"]


def test_what_is_not_touched_stays_the_same_object() -> None:
    inner = shared()
    net = ac.Sequential([inner, ac.Dense(3)], input_shape=8).replace("dense", ac.Dense(4))
    assert net.at("model") is inner


def test_a_comparison_says_what_changed() -> None:
    net = ac.Sequential([ac.Dense(100), ac.Dense(10)], input_shape=784)
    found = ac.compare(net, net.replace("dense", ac.Dense(50)))
    assert str(found).startswith("79,510 → 39,760: dense loses 39,250, dense_1 loses 500")


def test_torch_has_as_many_parameters() -> None:
    net = ac.Sequential([ac.Dense(8), ac.Residual([ac.Dense(8)])], input_shape=4)
    edited = net.insert(ac.LayerNormalization(), after="residual/dense").remove("dense")
    edited = edited.insert(ac.Dense(8, use_bias=False), before="residual")
    made = sum(p.numel() for p in edited.to_torch().parameters())
    assert edited.trace().parameters == made == 32 + 72 + 16


# What makes no sense


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("repeat/1/dense", "the copies of a repeated block are one layer: 'repeat/dense'"),
        ("repeat/dens", "did you mean repeat/dense or"),
        ("zzz", "there are dense, repeat, repeat/dense, repeat/re_lu"),
        ("", "there are dense"),
        (3, "a path is text, such as 'dense'"),
        ("x" * 5000, "there are dense"),
    ],
)
def test_a_path_that_leads_nowhere(path: Any, hint: str) -> None:
    block = ac.Repeat([ac.Dense(8), ac.ReLU()], 3)
    net = ac.Sequential([ac.Dense(4), block], input_shape=4)
    edits: list[Callable[[], object]] = [
        lambda: net.at(path),
        lambda: net.replace(path, ac.ReLU()),
        lambda: net.insert(ac.ReLU(), after=path),
        lambda: net.remove(path),
    ]
    for edit in edits:
        with pytest.raises(ac.errors.LookupFailedError) as caught:
            edit()
        assert hint in str(caught.value)
        assert len(str(caught.value)) < 400


def test_a_network_without_layers() -> None:
    with pytest.raises(ac.errors.LookupFailedError, match="the network has no layers"):
        ac.Sequential([]).at("dense")


def test_several_values_are_not_one() -> None:
    for edit in (
        lambda: shared().remove("add"),
        lambda: shared().insert(ac.ReLU(), before="add"),
    ):
        with pytest.raises(ac.errors.ShapeError, match="Add takes 2 inputs here") as caught:
            edit()
        assert (caught.value.path, caught.value.code) == ("add", "several-values")
    net = ac.Repeat(ac.TransformerDecoderLayer(8, 2, name="block"), 2)
    with pytest.raises(ac.errors.ShapeError, match="block: TransformerDecoderLayer takes 2 inputs"):
        net.remove("block")


def test_several_outputs() -> None:
    x = ac.Input((5, 3))
    y, state, _ = ac.LSTM(4, return_state=True)(x)
    net = ac.Sequential([ac.Model(x, ac.Add()([y, state]))])
    with pytest.raises(
        ac.errors.ShapeError, match="LSTM gives 2 outputs, not the first alone"
    ) as caught:
        net.insert(ac.ReLU(), after="model/lstm")
    assert caught.value.path == "model/lstm"
    with pytest.raises(
        ac.errors.ShapeError, match="2 outputs are used, and Dense gives 1"
    ) as caught:
        net.replace("model/lstm", ac.Dense(4))
    assert caught.value.path == "model/lstm"
    gru = net.replace("model/lstm", ac.GRU(4, return_state=True))
    assert gru.trace((5, 3)).parameters == 3 * (3 * 4 + 4 * 4 + 2 * 4)


def test_what_a_network_makes_itself() -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match="build one with other arguments"):
        ac.Residual(ac.Dense(4)).remove("add")
    with pytest.raises(ac.errors.InvalidLayerError, match="replace 'x' as a whole") as caught:
        ac.Sequential([ac.Transformer(name="x")]).remove("x/encoder/layers/linear1")
    assert caught.value.path == "x/encoder/layers/linear1"


def test_what_no_longer_fits_says_where() -> None:
    stage = ac.Sequential([ac.Conv2D(4, 3), ac.Conv2D(4, 3)], name="stage")
    net = ac.Sequential([stage], input_shape=(8, 8, 1))
    with pytest.raises(ac.errors.RequirementError, match=r"^stage/conv2d_1: kernel 3 does not fit"):
        net.replace("stage/conv2d", ac.Conv2D(4, 7)).trace()
    x = ac.Input((8, 8, 1))
    model = ac.Sequential([ac.Model(x, ac.Conv2D(4, 3)(ac.Conv2D(4, 3)(x)))])
    with pytest.raises(ac.errors.RequirementError, match=r"^model/conv2d_1: kernel 3 does not fit"):
        model.replace("model/conv2d", ac.Conv2D(4, 7))


def test_bad_arguments() -> None:
    net = ac.Sequential([ac.Dense(4)], input_shape=4)
    with pytest.raises(ac.errors.InvalidLayerError, match="5 is not a layer"):
        net.replace("dense", 5)  # type: ignore[arg-type]
    with pytest.raises(ac.errors.InvalidLayerError, match="either after= or before="):
        net.insert(ac.ReLU())
    with pytest.raises(ac.errors.InvalidLayerError, match="either after= or before="):
        net.insert(ac.ReLU(), after="dense", before="dense")
    with pytest.raises(ac.errors.InvalidLayerError, match="two layers are called 'a'"):
        net.insert([ac.ReLU(name="a"), ac.ELU(name="a")], after="dense").trace()
