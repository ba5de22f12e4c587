"""VGG: one formula for all of them, against torch's own counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.families import VGGS, doubling, vgg
from tests.families import by_hand
from tests.sampling import examples

PUBLISHED = {
    "vgg11": 132_863_336,
    "vgg13": 133_047_848,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "vgg11_bn": 132_868_840,
    "vgg13_bn": 133_053_736,
    "vgg16_bn": 138_365_992,
    "vgg19_bn": 143_678_248,
}
"""As torchvision's model pages say (https://pytorch.org/vision/stable/models.html)."""

ARGUMENTS = st.fixed_dictionaries(
    {
        "depths": st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple),
        "width": st.integers(1, 9),
        "classes": st.integers(1, 20),
        "hidden": st.integers(1, 9),
        "normalized": st.booleans(),
    }
)


def test_every_published_number() -> None:
    counted = {name: int(vgg(**given).trace().parameters) for name, given in VGGS.items()}
    assert counted == PUBLISHED


def test_flops_are_those_that_torch_counts() -> None:
    """Of one image, as torch 2.14's FlopCounterMode counts torchvision 0.29's VGG-16."""
    assert 2 * int(vgg(**VGGS["vgg16"]).trace().macs) == 30_940_528_640


@examples(0.4, nightly=500, least=10)
@given(given=ARGUMENTS)
def test_it_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (64, 48, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.vgg(**given, channels=2), image)
    assert by_hand.of_archcalc(vgg(**given, input_shape=image)) == theirs


@examples(0.4, nightly=500, least=10)
@given(given=ARGUMENTS)
def test_symbols_first_or_numbers_first(given: dict[str, Any]) -> None:
    depths = [f"n{i}" for i, _ in enumerate(given["depths"])]
    symbols = {"width": "c", "classes": "K", "hidden": "m"}
    normalized = given["normalized"]
    trace = vgg(depths, **symbols, normalized=normalized, input_shape=("h", "w", "d")).trace()
    values = dict(zip(depths, given["depths"], strict=True))
    values |= {symbol: given[name] for name, symbol in symbols.items()} | {"h": 64, "w": 48, "d": 2}
    numbers = vgg(**given, input_shape=(64, 48, 2)).trace()
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(trace, of)
        known = {name: n for name, n in values.items() if name in formula.known_symbols}
        assert (formula(**known) if known else int(formula)) == int(getattr(numbers, of))


# A symbolic number of stages


@st.composite
def towers(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "stages": draw(st.integers(1, 5)),
        "depth": draw(st.integers(1, 3)),
        "width": draw(st.integers(1, 5)),
        "classes": draw(st.integers(1, 9)),
        "normalized": draw(st.booleans()),
    }


@examples(0.4, nightly=500, least=10)
@given(given=towers())
def test_doubling_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (96, 64, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.doubling(**given, channels=2), image)
    assert by_hand.of_archcalc(doubling(**given, input_shape=image)) == theirs


@examples(0.4, nightly=500, least=10)
@given(given=towers())
def test_doubling_by_symbols(given: dict[str, Any]) -> None:
    trace = doubling(normalized=given["normalized"], input_shape=("h", "w", 2)).trace()
    numbers = doubling(**given, input_shape=(96, 64, 2)).trace()
    values = {"L": given["stages"], "n": given["depth"], "c": given["width"]}
    values |= {"K": given["classes"], "h": 96, "w": 64}
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(trace, of)
        known = {name: n for name, n in values.items() if name in formula.known_symbols}
        assert (formula(**known) if known else int(formula)) == int(getattr(numbers, of))


def test_parameters_grow_with_the_fourth_power() -> None:
    P = doubling(depth=1).trace().parameters
    assert repr(P.collect("c", "K")) == ("(3/2)·c²·(4^L − 4) + c·(2^(L − 1)·K + 2^L + 26) + K")
    assert P(L=1, c=5, K=3) == 28 * 5 + 6 * 3


def test_a_symbol_may_have_the_name_of_the_stage() -> None:
    assert (
        doubling("i", 1, "c", 10).trace().parameters(i=3, c=4)
        == doubling(3, 1, 4, 10).trace().parameters
    )


def test_a_map_that_is_too_small_is_refused() -> None:
    with pytest.raises(ac.errors.RequirementError):
        doubling(input_shape=(16, 16, 3)).trace().parameters(L=6, n=1, c=8, K=10)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"depths": ("n", 0)}, "depths[1]: 0 is not a dimension"),
        ({"hidden": 0}, "hidden: 0 is not a dimension"),
        ({"classes": True}, "classes: "),
    ],
)
def test_arguments_that_are_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        vgg(**given)
    assert said in str(caught.value)
