"""Depth as a symbol: what is said of L copies is what L copies, written out, are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.network.values import network_symbols, with_values
from tests.sampling import examples

MANY = examples(0.75, nightly=3, least=75)

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
    return with_values(net, {n: v for n, v in numbers.items() if n in known})


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


@examples(0.4, nightly=1, least=10)
@given(net=stages(), numbers=_VALUES)
def test_training_is_counted_alike(net, numbers) -> None:
    cost = ac.costs.TrainingFlops(4)
    try:
        trace = net.trace()
        plain = written_out(net, numbers).trace()
    except ac.ArchcalcError:
        return
    assert at(trace.cost(cost), numbers) == int(plain.cost(cost))


@examples(0.4, nightly=1, least=10)
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
        with_values(net, {"d": "3*i"})


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
