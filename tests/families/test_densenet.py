"""DenseNet: one formula for all of them, against torch's own counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.families import DENSENETS, densenet
from tests.families import by_hand

PUBLISHED = {
    "densenet121": 7_978_856,
    "densenet161": 28_681_000,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
}
"""As torchvision's model pages say (https://pytorch.org/vision/stable/models.html)."""

ARGUMENTS = st.fixed_dictionaries(
    {
        "depths": st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple),
        "growth": st.integers(1, 6),
        "width": st.integers(2, 9),
        "classes": st.integers(1, 20),
        "bottleneck": st.integers(1, 4),
        "compression": st.integers(1, 2),
    }
)


def test_every_published_number() -> None:
    counted = {name: int(densenet(**DENSENETS[name]).trace().parameters) for name in PUBLISHED}
    assert counted == PUBLISHED


def test_the_deepest_is_as_torch_counts_it() -> None:
    """The paper's DenseNet-264, which torchvision has not, built by hand in torch."""
    with torch.device("meta"):
        theirs = by_hand.densenet(**DENSENETS["densenet264"])
    ours = densenet(**DENSENETS["densenet264"]).trace()
    assert ours.parameters == sum(p.numel() for p in theirs.parameters())


def test_flops_are_those_that_torch_counts() -> None:
    """Of one image, as torch 2.14's FlopCounterMode counts torchvision 0.29's DenseNet-121."""
    assert 2 * int(densenet(**DENSENETS["densenet121"]).trace().macs) == 5_668_323_328


@given(given=ARGUMENTS)
def test_it_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (64, 48, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.densenet(**given, channels=2), image)
    assert by_hand.of_archcalc(densenet(**given, input_shape=image)) == theirs


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"depths": (3, 0)}, "depths[1]: 0 is not a dimension"),
        ({"growth": 0}, "growth: 0 is not a dimension"),
        ({"width": "c//"}, "width: "),
        ({"compression": 0.5}, "compression: "),
        ({"bottleneck": -1}, "bottleneck: -1 is not a dimension"),
    ],
)
def test_arguments_that_are_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        densenet(**given)
    assert said in str(caught.value)
