"""A network of numbers as one of a family."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

import archcalc as ac
from archcalc.layers.fields import counts_of
from archcalc.network.code import everything
from archcalc.network.generalizing.readings import numbers_of
from archcalc.network.substitution import network_symbols
from archcalc.testing import networks
from tests.sampling import examples


def conv(filters, **how):
    return ac.Conv2D(filters, 3, padding="same", **how)


def block(filters):
    return [conv(filters), ac.BatchNormalization(), ac.ReLU()]


@examples(2)
@given(networks(max_layers=6), st.data())
def test_at_its_numbers_a_family_is_what_it_was_made_of(net, data):
    sizes = {
        n
        for layer in everything(net)
        for name, counts in counts_of(type(layer)).items()
        if counts not in ("", "incoming", "groups")
        for n in numbers_of(getattr(layer, name))
        if n > 1
    }
    assume(sizes)
    chosen = data.draw(st.lists(st.sampled_from(sorted(sizes)), unique=True, max_size=3))
    given_ = {f"s{i}": n for i, n in enumerate(chosen)}
    before = net.trace()
    try:
        after = net.generalize(**given_).trace()
    except ac.errors.LookupFailedError as error:
        if error.code != "nothing-generalized":
            raise
        reject()
    for what in ("parameters", "total_params", "macs"):
        assert getattr(after, what)(**given_) == getattr(before, what)
    there = {s.name for s in network_symbols(after.network)}
    again = ac.substitute(after.network, {s: n for s, n in given_.items() if s in there})
    assert again.trace().outputs == before.outputs


def test_widths_and_classes():
    net = ac.Sequential(
        [*block(64), *block(128), ac.Flatten(), ac.Dense(1000)], input_shape=(8, 8, 3)
    )
    P = net.generalize(c=64, K=1000).trace().parameters
    assert P.collect("c", "K") == ac.Formula("18*c**2 + c*(128*K + 36) + K")
    assert P(c=64, K=1000) == net.parameters
    assert net.generalization is None


def test_a_kernel_a_stride_and_a_rate_are_no_sizes():
    net = ac.Sequential([ac.Conv2D(8, 8, strides=8), ac.Dense(16)], input_shape=(64, 64, 8))
    family = net.generalize(c=8)
    assert family.layers[0].kernel_size == family.layers[0].strides == (8, 8)
    assert {(k.field, k.number) for k in family.generalization.kept} == {
        ("kernel_size", 8), ("strides", 8),
    }  # fmt: skip
    assert family.own_inputs() == ((64, 64, ac.symbol("c")),)


def test_groups_follow_where_there_is_one_a_channel():
    def net(c, groups):
        return ac.Sequential([conv(c), conv(c, groups=groups)], input_shape=(8, 8, 3))

    each = net(16, 16).generalize(c=16).trace().parameters
    assert each(c=12) == net(12, 12).parameters
    four = net(16, 4).generalize(c=16)
    assert four.trace().parameters(c=12) == net(12, 4).parameters
    assert [k.field for k in four.generalization.kept] == ["groups"]


def test_the_nearest_reading_is_taken_and_others_are_told():
    net = ac.Sequential([ac.Dense(64), ac.Dense(32), ac.Dense(128)], input_shape=7)
    family = net.generalize(a=64, b=32)
    assert [str(d.units) for d in family.layers] == ["a", "b", "2*a"]
    (other,) = family.generalization.ambiguous
    assert (other.number, str(other.becomes), other.instead) == (128, "2*a", (4 * ac.symbol("b"),))
    assert [str(d.units) for d in net.generalize(a=64, b=128).layers] == ["a", "32", "b"]


def test_equal_layers_in_a_row_are_repeated():
    layers = [conv(16), *[part for _ in range(5) for part in block(16)], ac.Flatten()]
    net = ac.Sequential(layers, input_shape=(8, 8, 3))
    family = net.generalize(n=5, c=16)
    _, repeat, _ = family.layers
    assert isinstance(repeat, ac.Repeat)
    assert str(repeat.times) == "n"
    P = family.trace().parameters
    for n, c in ((5, 16), (2, 8), (9, 3)):
        there = [conv(c), *[part for _ in range(n) for part in block(c)], ac.Flatten()]
        assert P(n=n, c=c) == ac.Sequential(there, input_shape=(8, 8, 3)).parameters


def residuals(count, *, ends=False, shared=False):
    """Residual blocks called one after the other in one flat model, with a memory for all."""
    x, memory = ac.Input((7, 16)), ac.Input((5, 16))
    once = ac.Dense(16)
    y, every = x, []
    for _ in range(count):
        attended = ac.MultiHeadAttention(2, 8)(y, memory)
        y = ac.Add()([y, (once if shared else ac.Dense(16))(attended)])
        every.append(y)
    return ac.Model([x, memory], every if ends else y)


def test_blocks_in_a_flat_model_are_repeated_with_what_goes_into_all():
    family = residuals(4).generalize(L=4, d=16)
    (call,) = family.calls
    assert isinstance(call[0], ac.Repeat)
    for L in (1, 4, 6):
        assert family.trace().parameters(L=L, d=16) == residuals(L).parameters
        assert family.trace().macs(L=L, d=16) == residuals(L).trace().macs


@pytest.mark.parametrize("how", [{"ends": True}, {"shared": True}])
def test_blocks_of_which_something_is_used_elsewhere_stay(how):
    net = residuals(4, **how)
    with pytest.raises(ac.errors.LookupFailedError, match="no size is a multiple"):
        net.generalize(L=11)
    family = net.generalize(d=16)
    assert family.trace().parameters(d=16) == net.parameters
    assert not any(isinstance(layer, ac.Repeat) for layer, _ in family.calls)


def test_a_number_in_the_formula_of_a_copy_is_one_too():
    def net(c, L):
        return ac.families.unet(L, c, 5, input_shape=(64, 64, 3))

    family = net(64, 3).generalize(c=64, L=3)
    for c, L in ((64, 3), (8, 2), (24, 4)):
        assert family.trace().parameters(c=c, L=L) == net(c, L).parameters


def test_one_block_over_and_over_is_repeated_as_one():
    once = ac.Residual([ac.Dense(16), ac.ReLU()])
    net = ac.Sequential([ac.Dense(16), *[once] * 6, ac.Dense(3)], input_shape=9)
    family = net.generalize(L=6)
    trace = family.trace()
    assert family.layers[1].shared
    assert (trace.parameters, trace.macs(L=6)) == (net.parameters, net.trace().macs)
    assert trace.macs.diff("L") == 16 * 16


def test_shared_and_tied_layers_stay_so():
    table = ac.Embedding(100, 32)
    x = ac.Input((6,))
    twice = ac.Dense(32)
    y = twice(twice(table(x)))
    head = ac.Dense(100, use_bias=False, tied={"kernel": table})
    net = ac.Model(x, head(y))
    P = net.generalize(d=32, V=100).trace().parameters
    assert P.collect("d") == ac.Formula("d**2 + d*(V + 1)")


@pytest.mark.parametrize(("given_", "kind", "said"), [
    ({"c": 1}, ac.errors.EvaluationError, "every size is a multiple of 1"),
    ({"c": 2.5}, ac.errors.EvaluationError, "no whole number from 2 on"),
    ({"c": True}, ac.errors.EvaluationError, "no whole number from 2 on"),
    ({"a": 64, "b": 64}, ac.errors.EvaluationError, "a and b|b and a"),
    ({"c": 63}, ac.errors.LookupFailedError, "the nearest sizes are .*64"),
    ({"h": 64}, ac.errors.LookupFailedError, "has a symbol h already"),
    ({"not a name": 64}, ac.errors.DimensionError, "not a name"),
])  # fmt: skip
def test_what_cannot_be_generalized_says_why(given_, kind, said):
    net = ac.Sequential([conv(64), ac.Dense(10)], input_shape=("h", "h", 3))
    with pytest.raises(kind, match=said):
        net.generalize(given_)


def test_without_shapes_there_is_nothing_to_check():
    with pytest.raises(ac.errors.ShapeError, match="no input shape"):
        ac.Sequential([ac.Dense(64)]).generalize(c=64)


def test_a_family_is_an_ordinary_network():
    net = ac.Sequential([conv(64), ac.Flatten(), ac.Dense(10)], input_shape=(8, 8, 3))
    family = net.generalize(c=64)
    assert ac.loads(ac.dumps(family)) == family
    assert pickle.loads(pickle.dumps(family)) == family
    assert net.generalize() is net
    assert ac.substitute(family, {"c": 64}) == net
    text = str(family.generalization)
    assert "c = 64, a number of channels" in text
    assert "filters 64 → c, conv2d" in text


def test_copies_that_stand_together_with_symbols_and_apart_with_numbers():
    block = ac.Sequential([ac.Dense(8)])
    net = ac.Sequential([ac.Dense(2), ac.Permute([2, 1]), ac.Repeat(block, 3)], input_shape=(8, 1))
    family = net.generalize(a=3, b=4)
    assert family.trace().parameters(a=3, b=4) == net.parameters
    assert "units 8 → 2·b" in str(family.generalization)


def test_a_symbol_that_can_stand_nowhere_is_refused():
    net = ac.Sequential(
        [ac.StringLookup(vocabulary_size=30, max_tokens=40, num_oov_indices=0)], input_shape=[1]
    )
    with pytest.raises(ac.errors.LookupFailedError, match="nothing could become n = 30") as caught:
        net.generalize(n=30)
    assert "vocabulary_size 30" in caught.value.hint


def test_several_runs_in_one_network_have_names_of_their_own():
    layers = [part for c in (8, 16) for _ in range(3) for part in block(c)]
    family = ac.Sequential([conv(8), *layers], input_shape=(8, 8, 3)).generalize(n=3)
    assert [type(layer).__name__ for layer in family.layers].count("Repeat") >= 1
    dense = [ac.Dense(8, name=f"a_{i}") for i in range(4)]
    other = [ac.Dense(9, name="b"), *(ac.Dense(9, name=f"a_{i}") for i in range(4, 8))]
    net = ac.Sequential([ac.Dense(8, name="first"), *dense, *other], input_shape=8)
    family = net.generalize(n=5)
    assert family.trace().parameters(n=5) == net.parameters
