"""Depth as a symbol: what is said of L copies is what L copies, written out, are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.network.substitution import network_symbols, substitute
from tests.sampling import examples, slow

MANY = examples(0.75, nightly=1_500, least=75)

QUANTITIES = ("parameters", "statistics", "macs", "flops", "activations")


def growing(growth: Any) -> ac.Model:
    """A block of a DenseNet: what it makes stands beside what it is given."""
    x = ac.Input(("a", "b", "x"))
    made = ac.Conv2D(growth, 3, padding="same", use_bias=False)(
        ac.ReLU()(ac.BatchNormalization()(x))
    )
    return ac.Model(x, ac.Concatenate()([x, made]))


# --- Random blocks -------------------------------------------------------------------------------

_WIDTHS = st.integers(1, 6) | st.sampled_from(
    ["f", "f + 2", "f*2**i", "f*(i + 1)", "3*2**i", "i + 2"]
)
_PADDINGS = st.sampled_from(["same", "valid"])


def _convolution(width: Any, k: int, s: int, padding: str, bias: bool) -> ac.Layer:
    return ac.Conv2D(width, k, strides=s, padding=padding, use_bias=bias)


def _residual(width: Any, s: int) -> ac.Layer:
    return ac.Residual(
        [ac.Conv2D(width, 3, strides=s, padding="same"), ac.BatchNormalization()],
        shortcut=ac.Conv2D(width, 1, strides=s, padding="same"),
    )


_PIECES = st.one_of(
    st.builds(_convolution, _WIDTHS, st.integers(1, 3), st.integers(1, 3), _PADDINGS,
              st.booleans()),
    st.builds(_residual, _WIDTHS, st.integers(1, 2)),
    st.builds(growing, st.integers(1, 4) | st.sampled_from(["g", "2*g", "i + 1"])),
    st.builds(lambda k, s, p: ac.MaxPooling2D(k, strides=s, padding=p),
              st.integers(1, 3), st.integers(1, 3), _PADDINGS),
    st.builds(lambda m: ac.DepthwiseConv2D(3, padding="same", depth_multiplier=m),
              st.integers(1, 3) | st.just("m")),
    st.builds(ac.ZeroPadding2D, st.integers(0, 2)),
    st.builds(ac.BatchNormalization),
    st.builds(ac.Dense, _WIDTHS),
    st.builds(lambda w, n: ac.Repeat([ac.Conv2D(w, 3, padding="same")], n),
              st.sampled_from([4, "f"]), st.integers(1, 3) | st.just("S")),
    st.builds(lambda g, n: ac.Repeat(growing(g), n), st.sampled_from([2, "g"]),
              st.integers(1, 3) | st.just("S")),
)  # fmt: skip

_VALUES = st.fixed_dictionaries(
    {"h": st.integers(1, 300), "w": st.integers(1, 300), "c": st.integers(1, 6),
     "f": st.integers(1, 5), "g": st.integers(1, 4), "m": st.integers(1, 3),
     "S": st.integers(1, 3), "L": st.integers(1, 6)}
)  # fmt: skip


@st.composite
def stages(draw: st.DrawFn) -> ac.Network:
    """A block, repeated by a symbol, that may change every dimension every time."""
    pieces = draw(st.lists(_PIECES, min_size=1, max_size=3))
    index = "i" if "i" in {s.name for s in network_symbols(ac.Sequential(pieces))} else ""
    shape = draw(st.sampled_from([("h", "w", "c"), ("h", "h", 3), (224, 224, 3), (97, "w", "c")]))
    stage = ac.Repeat(pieces, draw(st.sampled_from(["L", "L + 1", "2*L"])), index=index)
    head = draw(st.sampled_from([[], [ac.GlobalAveragePooling2D(), ac.Dense("f")]]))
    return ac.Sequential([stage, *head], input_shape=shape)


def at(value: Any, numbers: dict[str, int]) -> Any:
    formula = ac.Formula(value)
    return formula(**{n: v for n, v in numbers.items() if n in formula.known_symbols})


def written_out(net: ac.Network, numbers: dict[str, int]) -> ac.Network:
    known = {s.name for s in network_symbols(net)}
    return substitute(net, {n: v for n, v in numbers.items() if n in known})


@slow
@MANY
@given(net=stages(), numbers=_VALUES)
def test_the_closed_form_is_what_the_copies_are_written_out(net, numbers) -> None:
    try:
        trace = net.trace()
    except (
        ac.errors.RequirementError
    ):  # a window fits no copy but the first ones, however many there are
        with pytest.raises(ac.ArchcalcError):
            written_out(net, {**numbers, "L": 3}).trace()
        return
    try:
        plain = written_out(net, numbers).trace()
    except ac.ArchcalcError:  # a window does not fit somewhere: the formula says so too
        with pytest.raises(ac.errors.RequirementError):
            at(trace.parameters, numbers)
        return
    for quantity in QUANTITIES:
        assert at(getattr(trace, quantity), numbers) == int(getattr(plain, quantity)), quantity
    assert tuple(at(d, numbers) for d in trace.output) == tuple(plain.output)


def test_a_repetition_within_copies_counts_no_copies_where_there_is_one() -> None:
    inner = ac.Repeat([ac.Conv2D(4, 3, padding="same")], 3)
    stage = ac.Repeat([ac.Conv2D(1, 3, strides=2, padding="same"), inner], "L")
    net = ac.Sequential([stage], input_shape=("h", "w", "c"))
    numbers = {"h": 9, "w": 5, "c": 2}
    for copies in (1, 2, 3):
        plain = written_out(net, {**numbers, "L": copies}).trace()
        assert at(net.trace().macs, {**numbers, "L": copies}) == int(plain.macs)


@examples(0.4, nightly=500, least=10)
@given(net=stages(), numbers=_VALUES)
def test_training_is_counted_alike(net, numbers) -> None:
    cost = ac.costs.TrainingFlops(4)
    try:
        trace = net.trace()
        plain = written_out(net, numbers).trace()
    except ac.ArchcalcError:
        return
    assert at(trace.cost(cost), numbers) == int(plain.cost(cost))


@examples(0.5, nightly=500)
@given(net=stages(), numbers=_VALUES)
def test_what_is_said_is_read_back(net, numbers) -> None:
    again = ac.from_dict(net.to_dict())
    assert again.to_dict() == net.to_dict()
    try:
        net.trace()
    except ac.errors.RequirementError:
        return
    for quantity in ("parameters", "macs"):
        formula = getattr(net.trace(), quantity)
        for text in (formula.to_text(), formula.to_python()):
            read = ac.Formula(ac.parse(text), formula.requirements)
            assert read.known_symbols == formula.known_symbols
            try:
                value = at(formula, numbers)
            except ac.errors.RequirementError:
                continue
            assert at(read, numbers) == value
    assert net.trace().derivation().to_text()
    assert net.trace().summary()


# --- Each rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize("times", range(1, 7))
@pytest.mark.parametrize(
    ("block", "index"),
    [
        (ac.Conv2D(6, 3, strides=2, padding="same"), ""),
        (ac.Conv2D("f*2**i", 3, padding="same"), "i"),
        (growing(5), ""),
        ([growing("i + 1"), ac.MaxPooling2D(2)], "i"),
        ([ac.Conv2D(4, 3), ac.MaxPooling2D(2, padding="same")], ""),
        (ac.Dense("f"), ""),
    ],
)
def test_one_to_six_copies_are_the_copies(block, index: str, times: int) -> None:
    shape = (300, 280, 3)
    trace = ac.Repeat(block, "L", index=index).trace(shape)
    values = {"L": times, "f": 4}
    layers = ac.Repeat(block, times, index=index)
    plain = written_out(ac.Sequential([layers], input_shape=shape), values).trace()
    for quantity in QUANTITIES:
        assert at(getattr(trace, quantity), values) == int(getattr(plain, quantity))


def test_a_stride_halves_and_rounds_up() -> None:
    block = ac.Conv2D("c", 3, strides=2, padding="same")
    assert repr(ac.Repeat(block, "L").trace(("h", "w", "c")).output) == "(⌈h/2^L⌉, ⌈w/2^L⌉, c)"


def test_a_pool_halves_and_rounds_down() -> None:
    trace = ac.Repeat(ac.MaxPooling2D(2), "L").trace(("h", "w", "c"))
    assert repr(trace.output) == "(⌊h/2^L⌋, ⌊w/2^L⌋, c)"
    with pytest.raises(ac.errors.RequirementError, match="does not fit input height 1"):
        trace.activations(h=15, w=64, c=1, L=4)


def test_channels_that_double_give_powers_of_four() -> None:
    trace = ac.Repeat(ac.Conv2D("c*2**(i + 1)", 3, padding="same"), "L", index="i").trace(
        ("h", "w", "c")
    )
    assert repr(trace.parameters) == "6·c²·(4^L − 1) + 2·c·(2^L − 1)"
    assert trace.parameters == ac.Formula("6*c**2*(4**L - 1) + 2*c*(2**L - 1)")


def test_channels_that_grow_give_a_polynomial() -> None:
    trace = ac.Repeat(growing("g"), "L").trace(("h", "w", "c"))
    wanted = ac.Formula("9*g*(c*L + g*L*(L - 1)/2) + 2*c*L + g*L*(L - 1)")
    assert trace.parameters == wanted


def test_sizes_that_halve_stay_an_exact_sum() -> None:
    P = ac.Repeat(ac.Conv2D("c", 3, strides=2, padding="same"), "L").trace(("h", "h", "c")).macs
    assert repr(P) == "9·c²·∑(⌈h/2^(i + 1)⌉² for i < L)"
    assert P(h=224, c=64, L=5) == 9 * 64**2 * sum((224 // 2**i) ** 2 for i in range(1, 6))
    assert repr(P(L=2)) == "9·c²·(⌈h/2⌉² + ⌈h/4⌉²)"


def test_stages_of_stages() -> None:
    stage = [ac.Repeat(growing("g"), "n"), ac.Conv2D("f", 1), ac.MaxPooling2D(2)]
    trace = ac.Repeat(stage, "S").trace((64, 64, "f"))
    values = {"g": 3, "n": 4, "f": 8}
    plain = written_out(ac.Sequential([ac.Repeat(stage, 3)], input_shape=(64, 64, "f")), values)
    assert trace.parameters(S=3, **values) == int(plain.trace().parameters)


def test_to_frameworks_the_copies_are_copies() -> None:
    net = ac.Sequential([ac.Repeat(ac.Conv2D("4*2**i", 3), 3, index="i")], input_shape=(20, 20, 3))
    model = net.to_keras()
    assert model.count_params() == int(net.trace().parameters)
    assert sum(p.numel() for p in net.to_torch().parameters()) == model.count_params()


# --- The number of the copy ----------------------------------------------------------------------


def test_the_index_is_no_symbol_of_the_network() -> None:
    net = ac.Sequential([ac.Repeat(ac.Dense("d*(i + 1)"), "L", index="i")], input_shape="i")
    assert [s.name for s in network_symbols(net)] == ["L", "d", "i"]  # that of the input
    inner = ac.Repeat(ac.Dense("d*(i + 1)"), "L", index="i")
    assert [s.name for s in network_symbols(inner)] == ["L", "d"]
    assert net.trace().parameters(L=2, d=3, i=7) == (7 + 1) * 3 + (3 + 1) * 6


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"block": ac.Dense("d"), "times": "L", "index": "i"}, "unused-index"),
        ({"block": ac.Dense("d*i + 1"), "times": "i", "index": "i"}, "captured-index"),
        ({"block": ac.Dense("i"), "times": "L", "index": "i"}, None),
        ({"block": ac.Dense("d + i"), "times": "L", "index": "2i"}, None),
    ],
)
def test_a_wrong_index_is_refused(fields, code) -> None:
    with pytest.raises(ac.ArchcalcError) as error:
        ac.Repeat(**fields)
    assert code is None or error.value.code == code


def test_an_index_is_not_captured() -> None:
    net = ac.Sequential([ac.Repeat(ac.Dense("d*(i + 1)"), "L", index="i")], input_shape="x")
    with pytest.raises(ac.errors.EvaluationError, match="number of a copy"):
        substitute(net, {"d": "3*i"})


# --- What has no rule ----------------------------------------------------------------------------


def test_a_block_without_a_rule_is_refused() -> None:
    block = [ac.UpSampling1D(2), ac.MaxPooling1D(3)]
    with pytest.raises(ac.errors.ShapeError, match="by no rule that holds for every copy") as error:
        ac.Repeat(block, "L").trace(("n", 4))
    assert error.value.code == "repeat-changes-shape"
    assert tuple(ac.Repeat(block, 3).trace((100, 4)).output) == (29, 4)


def test_a_block_that_changes_the_number_of_axes_is_refused() -> None:
    with pytest.raises(ac.ArchcalcError):
        ac.Repeat(ac.RepeatVector("k"), "L").trace(("n",))


# --- Questions -----------------------------------------------------------------------------------


@given(h=st.integers(1, 2_000), most=st.integers(1, 10))
@example(h=8, most=3)
def test_how_deep_a_network_may_be(h: int, most: int) -> None:
    net = ac.Repeat([ac.MaxPooling1D(2), ac.Conv1D(1, 1)], "L")
    deepest = max((n for n in range(1, 13) if h >> n and 2 * n <= most), default=None)
    if deepest is None:
        with pytest.raises(ac.ArchcalcError):
            net.trace((h, 1)).parameters.solve("L", at_most=most)
    else:
        assert net.trace((h, 1)).parameters.solve("L", at_most=most) == deepest


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_windows_that_grow_from_copy_to_copy_add_up(times: int) -> None:
    block = ac.Conv1D("c", "2*i + 3", padding="same")
    field = ac.Repeat(block, "L", index="i").trace(("n", "c")).receptive_field[0]
    plain = ac.Repeat(block, times, index="i").trace(("n", "c")).receptive_field[0]
    assert at(field.size, {"L": times}) == plain.size == 1 + sum(2 * i + 2 for i in range(times))
    assert at(field.offset, {"L": times}) == plain.offset


# --- The same block every time -------------------------------------------------------------------


def feed_forward(width: Any, inner: Any) -> ac.Residual:
    return ac.Residual([ac.LayerNormalization(), ac.Dense(inner), ac.ReLU(), ac.Dense(width)])


class Shared(nn.Module):
    """A block that is run several times, as ALBERT's is, by hand."""

    def __init__(self, width: int, inner: int, times: int, head: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-3)
        self.into, self.out = nn.Linear(width, inner), nn.Linear(inner, width)
        self.head = nn.Linear(width, head)
        self.times = times

    def forward(self, x: Any) -> Any:
        for _ in range(self.times):
            x = x + self.out(torch.relu(self.into(self.norm(x))))
        return self.head(x)


def flops_of(module: nn.Module, x: Any, backward: bool) -> int:
    with FlopCounterMode(display=False) as counter:
        y = module(x)
        if backward:
            y.sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("before", [False, True])
def test_a_shared_block_is_there_once_and_works_every_time(times: int, before: bool) -> None:
    module: nn.Module = Shared(6, 10, times, 3)
    module = nn.Sequential(nn.Linear(6, 6), module) if before else module
    layers = [ac.Repeat(feed_forward("d", "f"), "n", shared=True), ac.Dense(3)]
    net = ac.Sequential([ac.Dense("d")] * before + layers, input_shape=(7, "d"))
    values = {"d": 6, "f": 10, "n": times}
    numbers = substitute(net, values)
    for trace in (net.trace(), numbers.trace()):
        known = {} if trace.parameters.is_number else values
        weights = {name: value for name, value in known.items() if name != "n"}
        assert trace.parameters(**weights) == sum(p.numel() for p in module.parameters())
        assert trace.flops(**known) == flops_of(module, torch.zeros(1, 7, 6), False)
        training = trace.cost(ac.costs.TrainingFlops())
        assert training(**known) == flops_of(module, torch.zeros(1, 7, 6), True)
    assert sum(p.numel() for p in numbers.to_torch().parameters()) == numbers.trace().parameters
    assert numbers.to_keras().count_params() == numbers.trace().parameters


def test_a_shared_block_computes_what_the_same_module_in_a_loop_does() -> None:
    net = ac.Sequential([ac.Repeat(feed_forward(6, 10), 4, shared=True)], input_shape=(7, 6))
    ours = net.to_torch()
    module = Shared(6, 10, 4, 3)
    module.head = nn.Identity()
    mine = [*ours.parameters()]
    theirs = [*module.norm.parameters(), *module.into.parameters(), *module.out.parameters()]
    with torch.no_grad():
        for parameter, other in zip(mine, theirs, strict=True):
            other.copy_(parameter)
        x = torch.randn(2, 7, 6)
        assert torch.allclose(ours(x), module(x), atol=1e-5)


def test_a_shared_block_keeps_what_every_run_made() -> None:
    """Memory: weights, gradients and moments once, activations every time."""
    block = feed_forward("d", "f")
    shared = ac.Repeat(block, 5, shared=True).trace((7, "d"))
    apart = ac.Repeat(block, 5).trace((7, "d"))
    one = ac.Repeat(block, 1).trace((7, "d"))
    assert shared.activations == apart.activations
    for cost in (ac.costs.WeightBytes(), ac.costs.GradientBytes(), ac.costs.OptimizerBytes("adam")):
        assert shared.cost(cost) == one.cost(cost)
    assert shared.cost(ac.costs.Macs()) == apart.cost(ac.costs.Macs())
    assert (
        ac.Repeat(ac.Conv1D(4, 3, padding="same"), 5, shared=True).trace((100, 4)).receptive_field
        == ac.Repeat(ac.Conv1D(4, 3, padding="same"), 5).trace((100, 4)).receptive_field
    )


def test_who_counts_a_shared_block_each_time_is_told_so() -> None:
    trace = ac.Repeat(ac.Dense(8), 5, shared=True).trace(8)
    (found,) = [c for c in trace.conventions if c.convention.name == "shared weights"]
    assert [(other.amount, other.difference) for other in found.others] == [(360, 288)]
    told = ac.reconcile(ac.Sequential([ac.Repeat(ac.Dense(8), 5, shared=True)], input_shape=8),
                        total=360)  # fmt: skip
    assert told.explained
    assert [f.kind for f in told.findings] == ["shared-counted-twice"]


def test_a_shared_block_in_files_and_code() -> None:
    net = ac.Sequential([ac.Repeat([ac.Dense("d")], "n", shared=True)], input_shape="d")
    assert ac.from_dict(net.to_dict()) == net
    assert net.to_dict()["layers"] == [
        {"Repeat": {"block": [{"Dense": "d"}], "times": "n", "shared": True}}
    ]
    assert eval(repr(net), vars(ac)) == net
    assert net != ac.Sequential([ac.Repeat([ac.Dense("d")], "n")], input_shape="d")
    wider = net.replace("repeat/dense", [ac.Dense("2*d"), ac.Dense("d")])
    assert wider.trace().parameters == ac.Formula("2*d*(d + 1) + d*(2*d + 1)")


def test_where_a_shared_block_is_shown_its_weights_are_once() -> None:
    trace = ac.Repeat(ac.Dense("d"), "n", shared=True).trace("d")
    assert "n shared" in trace.summary()
    title, *_ = trace.derivation().to_text().splitlines()[1:]
    assert title.endswith("×n with the same weights")
    listed = ac.Repeat(ac.Dense(3), 4, shared=True)
    assert [w.name for w in listed.weights(ac.symbolic.Shape((3,)))] == [
        "0/dense/kernel",
        "0/dense/bias",
    ]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: ac.Repeat(ac.Dense(5), 3, shared=True).trace(4), "repeat-changes-shape"),
        (lambda: ac.Repeat(ac.Flatten(), "n", shared=True).trace((3, 4)), "repeat-changes-shape"),
        (lambda: ac.Repeat(ac.Dense("i + 1"), 3, index="i", shared=True), "shared-copies-differ"),
        (lambda: ac.Repeat(ac.Dense(5), 0, shared=True), "shared-never-run"),
        (lambda: ac.Repeat(ac.Dense(5), "n - 1", shared=True).trace(5).macs(n=1),
         "field-too-small shared-never-run"),
        (lambda: ac.Repeat(ac.Dense("e"), 3, shared=True).trace("d").parameters(d=3, e=4),
         "repeat-changes-shape"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(make, code: str) -> None:
    with pytest.raises(ac.ArchcalcError) as error:
        make()
    assert error.value.code in code.split()


# --- No copy at all ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("before", [False, True])
def test_a_number_of_copies_that_may_be_none(count: int, before: bool) -> None:
    block = ac.Residual(ac.Dense("d"))
    stem = [ac.Dense("d")] * before
    net = ac.Sequential([*stem, ac.Repeat(block, "n - 1"), ac.Dense(3)], input_shape=(5, "d"))
    by_hand = ac.Sequential(
        [*[ac.Dense(4)] * before, *[ac.Residual(ac.Dense(4)) for _ in range(count)], ac.Dense(3)],
        input_shape=(5, 4),
    )
    for quantity in QUANTITIES[2:]:
        assert getattr(net.trace(), quantity)(n=count + 1, d=4) == getattr(
            by_hand.trace(), quantity
        )
    assert net.trace().parameters(n=count + 1, d=4) == by_hand.trace().parameters
    training = net.trace().cost(ac.costs.TrainingFlops())
    wanted = by_hand.trace().cost(ac.costs.TrainingFlops())
    assert training(n=count + 1, d=4) == wanted
    with pytest.raises(ac.errors.RequirementError, match="at least 0"):
        ac.Repeat(block, "n - 2").trace((5, "d")).parameters(n=1, d=4)


@pytest.mark.parametrize("block", [ac.Dense(8), ac.Residual(ac.Dense(4)), ac.MaxPooling1D(2)])
def test_no_copy_gives_what_it_takes(block: ac.Layer) -> None:
    net = ac.Sequential([ac.Repeat(block, 0), ac.Dense(2)], input_shape=(5, 4))
    alone = ac.Sequential([ac.Dense(2)], input_shape=(5, 4))
    assert ac.from_dict(net.to_dict()) == net
    for trace in (net.trace(), substitute(ac.Sequential(
        [ac.Repeat(block, "n - 1"), ac.Dense(2)], input_shape=(5, 4)), {"n": 1}).trace()
    ):  # fmt: skip
        assert trace.output == alone.trace().output
        assert trace.parameters == alone.trace().parameters
        assert trace.cost(ac.costs.TrainingFlops()) == alone.trace().cost(ac.costs.TrainingFlops())
    assert net.to_torch()(torch.zeros(1, 5, 4)).shape == (1, 5, 2)
    assert sum(p.numel() for p in net.to_torch().parameters()) == 10
    assert net.to_keras().count_params() == 10
    only = ac.Sequential([ac.Repeat(block, 0)], input_shape=(5, 4))
    assert only.trace().parameters == 0
    assert only.trace().output == (5, 4)
    assert only.to_torch()(torch.zeros(1, 5, 4)).shape == (1, 5, 4)
