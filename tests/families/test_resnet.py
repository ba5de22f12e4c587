"""ResNet: one formula for all of them, against torch's own counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.families import RESNETS, resnet
from tests.families import by_hand
from tests.sampling import examples

PUBLISHED = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext50_32x4d": 25_028_904,
    "resnext101_32x8d": 88_791_336,
    "resnext101_64x4d": 83_455_272,
    "wide_resnet50_2": 68_883_240,
    "wide_resnet101_2": 126_886_696,
}
"""As torchvision's model pages say (https://pytorch.org/vision/stable/models.html)."""

FLOPS = {"resnet18": 3_628_146_688, "resnet50": 8_178_368_512, "wide_resnet50_2": 22_796_042_240}
"""Of one image, as torch 2.14's FlopCounterMode counts torchvision 0.29's models."""


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Small residual networks of every kind."""
    groups = draw(st.integers(1, 3))
    return {
        "depths": tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))),
        "width": groups * draw(st.integers(1, 5)),
        "classes": draw(st.integers(1, 20)),
        "block": draw(st.sampled_from(["bottleneck", "basic"])),
        "groups": groups,
        "widening": draw(st.integers(1, 3)),
    }


def test_every_published_number() -> None:
    counted = {name: int(resnet(**given).trace().parameters) for name, given in RESNETS.items()}
    assert counted == PUBLISHED


@pytest.mark.parametrize("name", FLOPS)
def test_flops_are_those_that_torch_counts(name: str) -> None:
    assert 2 * int(resnet(**RESNETS[name]).trace().macs) == FLOPS[name]


def test_the_formula_reads_as_in_the_acceptance() -> None:
    P = ac.families.resnet(depths=("n1", "n2", "n3", "n4"), width="c", classes="K")
    assert repr(P.trace().parameters.collect("c", "K")) == (
        "c²·(17·n1 + 68·n2 + 272·n3 + 1088·n4 + 505)"
        " + c·(32·K + 12·n1 + 24·n2 + 48·n3 + 96·n4 + 269) + K"
    )


@examples(0.4, nightly=500, least=10)
@given(given=arguments())
def test_it_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (64, 48, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.resnet(**given, channels=2), image)
    assert by_hand.of_archcalc(resnet(**given, input_shape=image)) == theirs


@examples(0.4, nightly=500, least=10)
@given(given=arguments())
def test_symbols_first_or_numbers_first(given: dict[str, Any]) -> None:
    depths = [f"n{i}" for i, _ in enumerate(given["depths"])]
    symbols = {"width": "c", "classes": "K", "groups": "g", "widening": "m"}
    trace = resnet(depths, block=given["block"], **symbols, input_shape=("h", "w", "d")).trace()
    values = dict(zip(depths, given["depths"], strict=True))
    values |= {symbol: given[name] for name, symbol in symbols.items()}
    numbers = resnet(**given, input_shape=(64, 48, 2)).trace()
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(trace, of)
        image = {"h": 64, "w": 48, "d": 2, **values}
        known = {name: n for name, n in image.items() if name in formula.known_symbols}
        assert formula(**known) == int(getattr(numbers, of))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"depths": (3, 0)}, "depths[1]: 0 is not a dimension"),
        ({"depths": "3463"}, "depths: '3463' is not a list of dimensions"),
        ({"depths": 3}, "depths: 3 is not a list of dimensions"),
        ({"depths": ()}, "depths: there is no stage"),
        ({"width": -1}, "width: -1 is not a dimension"),
        ({"width": 2.5}, "width: "),
        ({"classes": None}, "classes: "),
        ({"block": "wide"}, "block: 'wide' is not a choice; choices are bottleneck, basic"),
        ({"block": []}, "block: [] is not a choice"),
        ({"input_shape": (0, 1, 1)}, "0 is not a dimension"),
    ],
)
def test_arguments_that_are_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        resnet(**given)
    assert said in str(caught.value)


def test_groups_that_do_not_divide_are_refused_where_they_stand() -> None:
    with pytest.raises(
        ac.errors.RequirementError, match="stage1/residual/conv2d_1: groups 3 does not"
    ):
        resnet((1,), 64, 10, groups=3).trace()
    with pytest.raises(ac.errors.RequirementError, match="groups 3"):
        resnet((1,), "c", 10, groups=3).trace().parameters(c=64)
