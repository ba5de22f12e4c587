"""U-Net: with symbolic depth, against torch's own counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.families import unet
from tests.families import by_hand
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")

ARGUMENTS = st.fixed_dictionaries(
    {
        "depth": st.integers(1, 5),
        "width": st.integers(1, 5),
        "classes": st.integers(1, 9),
        "normalized": st.booleans(),
        "up": st.sampled_from(["transposed", "upsampling"]),
    }
)


def test_the_common_implementation() -> None:
    """31,037,698: milesial's Pytorch-UNet with n_channels=3, n_classes=2, built by hand here."""
    given = {"depth": 4, "width": 64, "classes": 2, "normalized": True, "up": "transposed"}
    with torch.device("meta"):
        theirs = sum(p.numel() for p in by_hand.unet(**given).parameters())
    assert unet(4, 64, 2).trace((256, 256, 3)).parameters == theirs == 31_037_698
    assert unet().trace().parameters(L=4, c=64, K=2) == theirs


@examples(0.4, nightly=500, least=10)
@given(given=ARGUMENTS)
def test_it_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (96, 64, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.unet(**given, channels=2), image)
    assert by_hand.of_archcalc(unet(**given, input_shape=image)) == theirs


@examples(0.4, nightly=500, least=10)
@given(given=ARGUMENTS)
def test_symbols_first_or_numbers_first(given: dict[str, Any]) -> None:
    kind = {name: given[name] for name in ("normalized", "up")}
    trace = unet(**kind, input_shape=("h", "w", "d")).trace()
    numbers = unet(**given, input_shape=(96, 64, 2)).trace()
    values = {"L": given["depth"], "c": given["width"], "K": given["classes"]}
    values |= {"h": 96, "w": 64, "d": 2}
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(trace, of)
        known = {name: n for name, n in values.items() if name in formula.known_symbols}
        assert (formula(**known) if known else int(formula)) == int(getattr(numbers, of))


def test_what_comes_out_is_as_large_as_the_image() -> None:
    assert str(unet(3).trace(("8*h", "8*w", 3)).output) == "(8·h)×(8·w)×K"
    with pytest.raises(ac.ArchcalcError):
        unet(3, 8, 2).trace((20, 20, 3))
    with pytest.raises(ac.ArchcalcError):
        unet().trace().parameters(L=3, c=8, K=2, h=20, w=20)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"depth": 0}, "depth: 0 is not a dimension"),
        ({"width": 0}, "width: 0 is not a dimension"),
        ({"up": "bicubic"}, "up: 'bicubic' is not a choice; choices are transposed, upsampling"),
    ],
)
def test_arguments_that_are_none(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        unet(**given)
    assert said in str(caught.value)
