"""Networks: composition, names, sharing, branches, and repetition."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.symbolic.shape import Shape


def paths(net: ac.Network, *shapes: Any) -> list[str]:
    return [row.path for row in net.trace(*shapes).rows]


def test_names_are_keras_like_and_unique() -> None:
    conv = [ac.Conv2D(4, 3), ac.MaxPooling2D(2), ac.Conv2D(4, 3, name="conv2d_1"), ac.Conv2D(4, 3)]
    net = ac.Sequential([*conv, ac.GlobalMaxPooling2D(), ac.PReLU()])
    assert paths(net, (32, 32, 3)) == [
        "conv2d",
        "max_pooling2d",
        "conv2d_1",
        "conv2d_2",
        "global_max_pooling2d",
        "p_re_lu",
    ]


def test_two_layers_of_one_name_are_refused() -> None:
    net = ac.Sequential([ac.Dense(4, name="a"), ac.Dense(4, name="a")])
    with pytest.raises(ac.errors.InvalidLayerError, match="two layers are called 'a'"):
        net.trace(3)


def test_networks_nest_and_paths_say_where() -> None:
    stage = ac.Sequential([ac.Dense(8), ac.Residual([ac.Dense(8)])], name="stage")
    net = ac.Sequential([stage, ac.Dense(1)])
    assert paths(net, 4) == ["stage/dense", "stage/residual/dense", "stage/residual/add", "dense"]
    assert net.trace(4)["stage/residual/dense"].output == (8,)


def test_an_error_says_where_it_is() -> None:
    stage = ac.Sequential([ac.Conv2D(8, 3), ac.Conv2D(8, 7, name="conv1")], name="stage2")
    with pytest.raises(ac.errors.RequirementError) as caught:
        ac.Sequential([stage]).trace((7, 7, 1))
    assert str(caught.value) == (
        "stage2/conv1: kernel 7 does not fit input height 5 with padding 'valid' "
        "(it needs at least 7); use padding='same', or a smaller kernel [kernel-exceeds-input]"
    )


def test_a_network_is_a_layer() -> None:
    inner = ac.Sequential([ac.Dense("n"), ac.Dense(10)])
    x = ac.Input((4,))
    net = ac.Model(x, inner(x))
    assert net.trace().parameters == inner.trace(4).parameters
    assert inner.output_shape((4,)) == (10,)  # type: ignore[arg-type]
    assert ac.Sequential([ac.Dense(10)], input_shape=4).output_shapes() == ((10,),)


def test_a_layer_used_twice_owns_its_weights_once() -> None:
    """https://github.com/keras-team/keras/issues/3661"""
    x, dense = ac.Input((10,)), ac.Dense(10)
    trace = ac.Model(x, dense(dense(x))).trace()
    assert int(trace.parameters) == 110
    assert int(trace.macs) == 200
    assert [row.shared for row in trace.rows] == [False, True]


def test_a_network_used_twice_owns_its_weights_once() -> None:
    x, inner = ac.Input((6,)), ac.Sequential([ac.Dense(6), ac.Dense(6)])
    assert int(ac.Model(x, inner(inner(x))).trace().parameters) == 84


def test_a_shared_layer_must_have_the_same_weights() -> None:
    x, dense = ac.Input((10,)), ac.Dense(7)
    with pytest.raises(ac.errors.ShapeError, match="shared with an earlier call"):
        ac.Model(x, dense(dense(x))).trace()


def test_a_shared_layer_whose_weights_may_be_the_same_is_a_requirement() -> None:
    x, dense = ac.Input(("n",)), ac.Dense("m")
    P = ac.Model(x, dense(dense(x))).trace().parameters
    assert P(n=4, m=4) == 20
    with pytest.raises(ac.errors.RequirementError, match="made for 3, not for 4"):
        P(n=3, m=4)


def test_several_inputs_and_outputs() -> None:
    image, text = ac.Input((8, 8, 3), name="image"), ac.Input((5,), name="text")
    features = ac.Flatten()(image)
    both = ac.Concatenate()([features, text])
    net = ac.Model([image, text], [ac.Dense(2)(both), features])
    trace = net.trace()
    assert trace.outputs == ((2,), (192,))
    assert int(trace.parameters) == (192 + 5 + 1) * 2
    with pytest.raises(ac.errors.ShapeError, match="takes 2 inputs, not 1"):
        net.trace((8, 8, 3))


def test_a_network_of_two_outputs_is_followed_once_in_any_order() -> None:
    x = ac.Input((6,))
    two = ac.Model(x, [ac.Dense(3)(x), ac.Dense(4)(x)])
    y = ac.Input((6,))
    first, second = two(y)
    net = ac.Model(y, [ac.Dense(2)(second), first])
    assert int(net.trace().parameters) == 7 * 3 + 7 * 4 + 5 * 2
    assert len(net.trace().rows) == 3


def test_outputs_must_come_from_the_inputs() -> None:
    x, other = ac.Input((4,)), ac.Input((4,))
    with pytest.raises(ac.errors.CycleError, match="does not name"):
        ac.Model(x, ac.Add()([x, other]))


def test_branches_that_do_not_fit_say_which_with_both_shapes() -> None:
    x = ac.Input((8, 8, 3))
    with pytest.raises(ac.errors.ShapeError) as caught:
        ac.Add()([ac.Conv2D(4, 3)(x), ac.Conv2D(4, 1)(x)])
    assert "(6, 6, 4)" in str(caught.value)
    assert "(8, 8, 4)" in str(caught.value)


def test_branches_that_may_fit_are_a_requirement() -> None:
    h, w = ac.symbols("h w")
    x = ac.Input((h, w, 3))
    merged = ac.Add()([x, ac.Permute((2, 1, 3))(x)])
    formula = ac.Model(x, ac.Dense(2)(ac.Flatten()(merged))).trace().parameters
    assert formula(h=4, w=4) == (4 * 4 * 3 + 1) * 2
    with pytest.raises(ac.errors.RequirementError, match="branches of Add do not fit"):
        formula(h=4, w=5)


def test_a_deep_model_does_not_recurse() -> None:
    x = tensor = ac.Input((3,))
    for _ in range(3000):
        tensor = ac.Dense(3)(tensor)
    assert int(ac.Model(x, tensor).trace().parameters) == 3000 * 12


class TestRepeat:
    """`Repeat` is the blocks written out, in closed form."""

    def test_a_block_that_keeps_its_shape(self) -> None:
        block = ac.Residual([ac.Conv2D("c", 3, padding="same"), ac.BatchNormalization()])
        trace = ac.Repeat(block, "L").trace(("h", "w", "c"))
        assert repr(trace.parameters) == "L·((9·c + 1)·c + 2·c)"
        assert repr(trace.output) == "(h, w, c)"
        assert len(trace.rows) == 3

    def test_a_first_block_that_changes_the_shape(self) -> None:
        P = ac.Repeat([ac.Dense("d")], "L").trace("x").parameters
        assert P(L=5, x=3, d=7) == (3 + 1) * 7 + 4 * (7 + 1) * 7
        assert P(L=1, x=3, d=7) == (3 + 1) * 7

    def test_zero_copies_are_none(self) -> None:
        trace = ac.Repeat(ac.Dense(9), 0).trace(4)
        assert trace.output == (4,)
        assert int(trace.parameters) == 0

    def test_too_few_copies_are_an_error(self) -> None:
        n = ac.symbols("n")
        P = ac.Repeat(ac.Dense("d"), n - 2).trace("x").parameters
        with pytest.raises(
            ac.errors.RequirementError, match="times = n − 2 must be at least 0, and is −1"
        ):
            P(n=1, d=2, x=2)
        with pytest.raises(ac.errors.RequirementError):
            P(n=2, d=3, x=2)  # the first copy changes the shape, so there must be one

    def test_nested(self) -> None:
        P = ac.Repeat(ac.Repeat(ac.Dense("d"), "a"), "b").trace("d").parameters
        assert P(a=3, b=4, d=5) == 12 * 30

    def test_two_repetitions_of_one_block_own_their_weights_apart(self) -> None:
        block = ac.Dense(4)
        twice, thrice = ac.Repeat(block, 2), ac.Repeat(block, 3)
        assert int(ac.Sequential([twice, thrice]).trace(4).parameters) == 5 * 20
        assert int(ac.Sequential([twice, twice]).trace(4).parameters) == 2 * 20

    def test_copies_own_their_weights(self) -> None:
        shared = ac.Dense(4)
        net = ac.Sequential([ac.Repeat(ac.Sequential([shared, shared]), 3)])
        assert int(net.trace(4).parameters) == 3 * 20

    def test_training_of_a_block_that_begins_frozen(self) -> None:
        block = [ac.Dense(4, trainable=False), ac.Dense(4)]
        pairs = [(ac.Dense(4, trainable=False), ac.Dense(4)) for _ in range(5)]
        written_out = [layer for pair in pairs for layer in pair]
        step = ac.costs.TrainingFlops(2)
        wanted = int(ac.Sequential(written_out).trace(4).cost(step))
        assert int(ac.Repeat(block, 5).trace(4).cost(step)) == wanted
        assert ac.Repeat(block, "L").trace(4).cost(step)(L=5) == wanted

    @given(times=st.integers(1, 6), first=st.integers(1, 5), d=st.integers(1, 5))
    def test_equals_the_blocks_written_out(self, times: int, first: int, d: int) -> None:
        block = [ac.Dense(d), ac.LayerNormalization(), ac.Dense(d, use_bias=False)]
        repeated = ac.Repeat(block, times).trace(first)
        unrolled = ac.Sequential(
            [
                layer
                for _ in range(times)
                for layer in [
                    ac.Dense(d),
                    ac.LayerNormalization(),
                    ac.Dense(d, use_bias=False),
                ]
            ]
        ).trace(first)
        symbolic = ac.Repeat(block, "L").trace(first)
        values = {"L": times}
        for name in ("parameters", "macs", "flops", "total_params"):
            wanted = int(getattr(unrolled, name))
            assert int(getattr(repeated, name)) == wanted
            assert getattr(symbolic, name)(**values) == wanted
        activations = [int(t.activations) for t in (repeated, unrolled)]
        assert activations[0] == activations[1] == symbolic.activations(**values)
        steps = [t.cost(ac.costs.TrainingFlops(4)) for t in (repeated, unrolled, symbolic)]
        assert int(steps[0]) == int(steps[1]) == steps[2](**values)


def test_the_garbage_collector_is_as_it_was() -> None:
    import gc

    for was_on in (True, False):
        (gc.enable if was_on else gc.disable)()
        try:
            ac.Sequential([ac.Dense(3)]).trace(4)
            with pytest.raises(ac.errors.ShapeError):
                ac.Sequential([ac.Conv2D(3, 9)]).trace((4, 4, 1))
            assert gc.isenabled() is was_on
        finally:
            gc.enable()


def test_requirements_name_the_layer_that_asks() -> None:
    k = ac.symbols("k")
    net = ac.Sequential([ac.Conv2D(4, k, name="stem"), ac.MaxPooling2D(2)], input_shape=(28, 28, 1))
    assert [str(r) for r in net.trace().requirements] == [
        "k ≤ 28 (stem)",
        "k ≤ 27 (max_pooling2d)",
    ]


def test_rows_are_found_by_path_or_name() -> None:
    trace = ac.Sequential([ac.Dense(3), ac.Sequential([ac.Dense(4, name="head")])]).trace(2)
    assert trace["head"].path == "sequential/head"
    with pytest.raises(ac.errors.LookupFailedError, match="no layer is called 'tail'"):
        trace["tail"]


def test_a_network_lists_what_every_copy_owns_and_does() -> None:
    """As the trace, which counts copies together, says in sum."""
    net = ac.Sequential([ac.Repeat(ac.Dense(8), 3, name="body"), ac.Dense(2)])
    x = ac.Input((8,)).shape
    names = [weight.name for weight in net.weights(x)]
    assert names[::2] == [*(f"body/{i}/dense/kernel" for i in range(3)), "dense/kernel"]
    assert sum(weight.size for weight in net.weights(x)) == net.trace(8).parameters
    assert sum(work.macs for work in net.work(x, x)) == net.trace(8).macs


def test_a_symbolic_number_of_copies_is_not_listed() -> None:
    net = ac.Repeat(ac.Dense(8), "L")
    with pytest.raises(
        ac.errors.ShapeError, match="L copies cannot be listed one by one"
    ) as caught:
        net.weights(ac.Input((8,)).shape)
    assert caught.value.code == "symbolic-copies"


def test_branches_that_are_added_are_a_residual() -> None:
    body, x = [ac.Dense("d"), ac.ReLU(), ac.Dense("d")], ("t", "d")
    alike = ac.Parallel([body, []], ac.Add()).trace(x), ac.Residual(body).trace(x)
    first, second = ([(r.path, r.layer.key, r.inputs, r.outputs) for r in t] for t in alike)
    assert first == second


def test_branches_are_joined_along_the_channels() -> None:
    """A block of Szegedy et al. (2014), table 1: inception (3a) gives 64 + 128 + 32 + 32 = 256."""
    branches = [
        ac.Conv2D(64, 1),
        [ac.Conv2D(96, 1), ac.Conv2D(128, 3, padding="same")],
        [ac.Conv2D(16, 1), ac.Conv2D(32, 5, padding="same")],
        [ac.MaxPooling2D(3, 1, padding="same"), ac.Conv2D(32, 1)],
    ]
    trace = ac.Parallel(branches, name="inception_3a").trace((28, 28, 192))
    assert trace.output == (28, 28, 256)
    assert trace.parameters == 163_696  # as Keras counts it; "159K" in the table


@pytest.mark.parametrize("branches", [None, [], 3, "x"])
def test_branches_that_are_none(branches: Any) -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match="is not a list of branches"):
        ac.Parallel(branches)
    with pytest.raises(ac.errors.InvalidLayerError, match="3 is not a layer"):
        ac.Parallel([ac.ReLU(), 3])  # type: ignore[list-item]


def test_branches_must_fit_what_joins_them() -> None:
    with pytest.raises(ac.errors.ShapeError, match="concatenate"):
        ac.Parallel([[], ac.Conv2D(4, 3)]).trace((8, 8, 3))


def _product(*shapes: Any) -> ac.Trace:
    inputs = [ac.Input(shape) for shape in shapes]
    return ac.Model(inputs, ac.Matmul()(inputs)).trace()


_STRETCHING: dict[str, Any] = {
    "residual": lambda g, n: ac.Residual([ac.Dense(g)]).trace((n,)),
    "residual in copies": lambda g, n: ac.Repeat(ac.Residual([ac.Dense(g)]), 3).trace((n,)),
    "gate": lambda g, n: ac.Parallel([ac.Dense(g), []], ac.Multiply()).trace((5, n)),
    "maximum": lambda g, n: ac.Parallel([ac.Dense(g), [], ac.Dense(g)], ac.Maximum()).trace((n,)),
    "products": lambda g, n: _product((g, 2, 3), (n, 3, 4)),
}


@pytest.mark.parametrize("name", list(_STRETCHING))
def test_branches_of_symbols_fit_where_those_of_numbers_do(name: str) -> None:
    """An axis of length 1 is stretched, as in Keras and torch, whichever branch has it."""
    make = _STRETCHING[name]
    trace = make("g", "n")
    for g in range(1, 5):
        for n in range(1, 5):
            values = {"g": g, "n": n}
            if g != n and 1 not in (g, n):
                for ask in (lambda: make(g, n), lambda: trace.parameters(**values)):  # noqa: B023
                    with pytest.raises(ac.errors.RequirementError) as caught:
                        ask()
                    assert caught.value.code == "branches-differ"
            else:
                there = make(g, n)
                assert trace.parameters(**values) == there.parameters(), values
                assert trace.macs(**values) == there.macs(), values
                assert [_number(dim, values) for dim in trace.output] == list(there.output)


def _number(dim: Any, values: dict[str, int]) -> int:
    names = {symbol.name for symbol in getattr(dim, "free_symbols", ())}
    return int(ac.Formula(dim)(**{k: v for k, v in values.items() if k in names}))


def test_what_must_hold_of_branches_is_said_in_words() -> None:
    trace = ac.Residual([ac.Dense("g")]).trace(("n",))
    assert [str(need) for need in trace.requirements] == ["g = n, or one of them is 1 (add)"]
    P = ac.Sequential([ac.Residual([ac.Dense("g")]), ac.Dense(3)]).trace(("n",)).parameters
    assert str(P.solutions("n", equals=23, g=4)) == "1"
    assert ac.search(maximize=P, subject_to=[P <= 300], g=range(1, 50), n=range(1, 50)).best == {
        "g": 15,
        "n": 15,
    }
    down = ac.Parallel([ac.Conv2D("c", 3, strides=2, padding="same"), ac.MaxPooling2D(2)], ac.Add())
    needs = [str(need) for need in down.trace(("h", "w", "c")).requirements]
    assert "⌈h/2⌉ = ⌊h/2⌋, or ⌊h/2⌋ is 1 (add)" in needs
    with pytest.raises(ac.errors.RequirementError, match="t is not t − 2"):
        ac.Residual(ac.Conv1D("c", 3)).trace(("t", "c"))


FROZEN = {
    "sequential": lambda: ac.Sequential([ac.Dense(8), ac.Dense(8)], trainable=False),
    "named": lambda: ac.Residual(ac.Sequential([ac.Dense(8)], trainable=False, name="body")),
    "body": lambda: ac.Residual(ac.Sequential([ac.Dense(8)], trainable=False)),
    "residual": lambda: ac.Residual([ac.Dense(8)], trainable=False),
    "copies": lambda: ac.Repeat(ac.Dense(8), 3, trainable=False),
    "deep": lambda: ac.Repeat(ac.Residual([ac.Sequential([ac.Dense(8)])]), 2, trainable=False),
    "both ways": lambda: ac.Bidirectional(ac.LSTM(4, return_sequences=True), trainable=False),
    "steps": lambda: ac.TimeDistributed(ac.Dense(8), trainable=False),
    "encoder": lambda: ac.TransformerEncoder(
        ac.TransformerEncoderLayer(8, 2, 16), 2, norm=True, trainable=False
    ),
}


@pytest.mark.parametrize("kind", FROZEN)
def test_what_is_in_a_frozen_network_is_not_trained(kind: str) -> None:
    """As in Keras, whose ``model.trainable = False`` is said to every layer in it."""
    net = ac.Sequential([FROZEN[kind](), ac.Dense(3)], input_shape=(5, 8))
    trace = net.trace()
    assert trace.trainable_parameters == 8 * 3 + 3
    assert trace.parameters > trace.trainable_parameters
    module = net.to_torch()
    assert sum(p.numel() for p in module.parameters() if p.requires_grad) == 8 * 3 + 3
    assert sum(p.numel() for p in module.parameters()) == trace.parameters
    if kind != "encoder":
        trained = net.to_keras().trainable_weights
        assert sum(math.prod(w.shape) for w in trained) == 8 * 3 + 3


def test_a_layer_that_is_shared_is_frozen_where_it_stands_first() -> None:
    shared = ac.Dense(4)
    net = ac.Sequential([ac.Sequential([shared], trainable=False), shared], input_shape=4)
    assert net.trace().parameters == 20
    assert net.trace().trainable_parameters == 0


def test_a_frozen_network_is_fine_tuned() -> None:
    block = ac.Repeat(ac.Residual([ac.Dense(8, name="wide")]), 3, trainable=False)
    net = ac.Sequential([block], input_shape=(5, 8), trainable=False)
    tuned = net.with_lora(2, "wide").trace()
    assert tuned.trainable_parameters == 3 * 2 * (8 + 8)


def test_calls_as_keras_has_them() -> None:
    """The same code makes a model of Keras, which counts its weights."""
    keras = pytest.importorskip("keras")

    def made(k: Any, image: Any, other: Any) -> Any:
        x = k.BatchNormalization()(k.Dropout(0.5)(image, training=True), training=False)
        y = k.MultiHeadAttention(2, 5)(query=x, value=other, key=None)
        z = k.LSTM(3)(y, mask=None, training=False)
        w = k.Lambda(lambda pair: pair[0] * pair[1], output_shape=(3,))([z, k.Dense(3)(z)])
        return {"image": image, "other": other}, {"score": k.Dense(1)(w), "state": z}

    theirs = keras.Model(*made(keras.layers, keras.Input((6, 8)), keras.Input((4, 8))))
    net = ac.Model(*made(ac, ac.Input((6, 8)), ac.Input((4, 8))))
    assert net.trace().total_params == theirs.count_params()
    assert net.trace().outputs == ((1,), (3,))


def test_what_keras_says_of_a_call_of_attention_is_said_of_the_layer() -> None:
    keras = pytest.importorskip("keras")
    parameters = []
    for of, start in ((ac, ac.Input), (keras.layers, keras.Input)):
        x, attention = start((5, 8)), of.MultiHeadAttention(2, 4)
        y, scores = attention(x, x, use_causal_mask=True, return_attention_scores=True)
        z, _ = attention(y, x, use_causal_mask=True, return_attention_scores=True)
        assert tuple(scores.shape)[-3:] == (2, 5, 5)
        both = ac.Model(x, z) if of is ac else keras.Model(x, z)
        parameters.append(both.trace().parameters() if of is ac else both.count_params())
    assert parameters[0] == parameters[1]
    x, attention = ac.Input((5, 8)), ac.Attention()
    attention([x, x], use_causal_mask=True)
    with pytest.raises(ac.ArchcalcError, match="one call says use_causal_mask") as caught:
        attention([x, x])
    assert caught.value.hint == "say it of the layer: Attention(…, use_causal_mask=True)"


def test_what_a_keras_user_types_of_a_model() -> None:
    """Keras: 4·3 + 3 of the layer, and 4·3 of the normalization, half of them statistics."""
    net = ac.Sequential([ac.Dense(3), ac.BatchNormalization(name="norm")], input_shape=4)
    assert net.count_params() == 27
    assert net.get_layer("norm") is net.layers[1] is net.get_layer(index=-1)
    assert net.get_layer(index=0) is net.layers[0]
    for wrong in ({"index": 2}, {"index": -3}, {"name": "none"}, {}):
        with pytest.raises(ac.errors.LookupFailedError):
            net.get_layer(**wrong)


def test_flatten_takes_a_layout_by_position_as_in_keras() -> None:
    made = ac.Flatten("channels_first")
    assert made == ac.Flatten(data_format="channels_first")
    assert made.output_shape(Shape((2, 3, 4))) == (24,)
    assert ac.Flatten(2).output_shape(Shape((2, 3, 4))) == (2, 12)
    with pytest.raises(ac.errors.InvalidLayerError):
        ac.Flatten("relu")


@pytest.mark.parametrize(
    ("name", "way"),
    [("add", "from_source"), ("pop", "remove"), ("fit", "to_keras"), ("forward", "to_torch")],
)
def test_what_is_typed_on_a_model_of_a_framework_says_what_there_is(name: str, way: str) -> None:
    net = ac.Sequential([ac.Dense(3)], input_shape=4)
    with pytest.raises(AttributeError, match=rf"Sequential has no {name}: .*{way}"):
        getattr(net, name)
    assert not hasattr(net, name)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        net.nothing_of_the_kind  # type: ignore[attr-defined]  # noqa: B018
