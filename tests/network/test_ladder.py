"""Levels as a symbol: what is said of L levels is what L levels, written out, are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.network.substitution import network_symbols, substitute
from tests.sampling import examples

QUANTITIES = ("parameters", "statistics", "macs", "activations")


def conv(width: Any, k: int = 3, bias: bool = True) -> ac.Conv2D:
    return ac.Conv2D(width, k, padding="same", use_bias=bias)


_WIDTHS = st.sampled_from(["c*2**i", "c", "c + g*i", 4, "c*(i + 1)"])


@st.composite
def ladders(draw: st.DrawFn) -> ac.Ladder:
    """Random ladders: most depend on the level, and the bottom may be unlike the levels."""
    left, right, bottom = (draw(_WIDTHS) for _ in range(3))
    up = draw(st.sampled_from([ac.UpSampling2D(2), ac.Conv2DTranspose(left, 2, strides=2)]))
    join = draw(st.sampled_from([None, ac.Concatenate()]))
    parts = {
        "left": [conv(left), ac.BatchNormalization(), ac.ReLU()],
        "down": draw(st.sampled_from([ac.MaxPooling2D(2), conv("c", 1), conv(left, 2)])),
        "bottom": draw(st.sampled_from([conv(bottom), ac.Identity(), conv("b")])),
        "right": draw(st.sampled_from([conv(right), [conv(right), conv(right, 1)]])),
    }
    if not isinstance(parts["down"], ac.MaxPooling2D):
        up = conv(left)
    ladder = {**parts, "up": up, "join": join, "rungs": draw(st.sampled_from(["L", "L + 1"]))}
    fields = [ac.Sequential(v) if isinstance(v, list) else v for v in ladder.values()]
    names = {s.name for v in fields if isinstance(v, ac.Layer) for s in _symbols(v)}
    return ac.Ladder(**ladder, index="i" if "i" in names else "")


def _symbols(layer: ac.Layer) -> Any:
    return network_symbols(ac.Sequential([layer]))


def at(value: Any, numbers: dict[str, int]) -> Any:
    formula = ac.Formula(value)
    return formula(**{n: v for n, v in numbers.items() if n in formula.known_symbols})


def min_levels(trace: ac.Trace) -> int:
    """How many levels there must be: those that stand apart are asked for."""
    needs = [dict(r.details)["done"] for r in trace.requirements if r.code == "too-few-copies"]
    return max(needs, default=1)


@examples(0.4, nightly=500, least=10)
@given(
    ladder=ladders(),
    shape=st.sampled_from([("h", "w", 3), (64, 32, "b"), ("h", "h", "c")]),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    numbers=st.fixed_dictionaries(
        {"c": st.integers(1, 4), "g": st.integers(1, 3), "b": st.integers(1, 5),
         "L": st.integers(1, 4)}
    ),
)  # fmt: skip
def test_the_closed_form_is_what_the_levels_are_written_out(ladder, shape, sizes, numbers) -> None:
    net = ac.Sequential([ladder], input_shape=shape)
    values = {**numbers, "h": 8 * sizes[0], "w": sizes[1]}
    trace = net.trace()
    known = {s.name for s in network_symbols(net)}
    try:
        plain = substitute(net, {n: v for n, v in values.items() if n in known}).trace()
    except ac.ArchcalcError:
        with pytest.raises(ac.errors.RequirementError):
            at(trace.parameters, values)
        return
    least = min_levels(trace)
    if values["L"] + (str(ladder.rungs) != "L") < least:
        return  # levels that are unlike the others must be there
    for quantity in QUANTITIES:
        assert at(getattr(trace, quantity), values) == int(getattr(plain, quantity)), quantity
    assert tuple(at(d, values) for d in trace.output) == tuple(plain.output)


def test_frameworks_build_what_is_counted() -> None:
    net = ac.Ladder(
        conv("4*2**i"), ac.MaxPooling2D(2), conv("4*2**i"),
        ac.Conv2DTranspose("4*2**i", 2, strides=2), conv("4*2**i"), 3, index="i",
    )  # fmt: skip
    sized = ac.Sequential([net], input_shape=(16, 24, 3))
    total = int(sized.trace().parameters)
    assert sized.to_keras().count_params() == total
    assert sum(p.numel() for p in sized.to_torch().parameters()) == total


def test_levels_have_weights_of_their_own() -> None:
    net = ac.Ladder(conv(4), ac.MaxPooling2D(2), conv(4), ac.UpSampling2D(2), conv(4), "L")
    trace = net.trace((16, 16, 4))
    each = (9 * 4 + 1) * 4 + (9 * 8 + 1) * 4
    assert trace.parameters(L=3) == 3 * each + (9 * 4 + 1) * 4
    assert int(substitute(net, {"L": 3}).trace((16, 16, 4)).parameters) == trace.parameters(L=3)


def test_parts_are_found_and_replaced() -> None:
    net = ac.Ladder(conv("c"), ac.MaxPooling2D(2), conv("c"), ac.UpSampling2D(2), conv("c"), 2)
    assert net.at("left_1") == conv("c")
    other = net.replace("bottom", conv("d"))
    assert other.at("bottom") == conv("d")
    assert net.at("bottom") == conv("c")


def test_it_is_written_to_files_and_read() -> None:
    net = ac.Ladder(
        conv("c*2**i"), ac.MaxPooling2D(2), conv("c*2**i"), ac.UpSampling2D(2), conv("c"), "L",
        index="i",
    )  # fmt: skip
    again = ac.from_dict(net.to_dict())
    assert again.to_dict() == net.to_dict()
    assert repr(again.trace(("h", "w", 3)).parameters) == repr(net.trace(("h", "w", 3)).parameters)


def test_a_map_that_does_not_halve_evenly_does_not_meet_itself() -> None:
    net = ac.Ladder(conv("c"), ac.MaxPooling2D(2), conv("c"), ac.UpSampling2D(2), conv("c"), "L")
    macs = net.trace(("h", "h", 3)).macs
    assert macs(h=48, c=2, L=4) > 0
    with pytest.raises(ac.errors.RequirementError, match="4 is not 5"):
        macs(h=40, c=2, L=4)


def test_levels_that_follow_no_rule_are_refused() -> None:
    wide = conv("c*2**i")
    net = ac.Ladder(
        wide, ac.MaxPooling2D(2), wide, ac.UpSampling2D(2), ac.Identity(), "L", index="i"
    )
    with pytest.raises(ac.errors.ShapeError, match="no rule") as error:
        net.trace(("h", "w", 3))
    assert error.value.code == "repeat-changes-shape"
