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
from tests.sampling import examples

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


@examples(0.4, nightly=500, least=10)
@given(given=ARGUMENTS)
def test_it_is_the_network_that_torch_builds(given: dict[str, Any]) -> None:
    image = (64, 48, 2)
    with torch.device("meta"):
        theirs = by_hand.of_torch(by_hand.densenet(**given, channels=2), image)
    assert by_hand.of_archcalc(densenet(**given, input_shape=image)) == theirs


@pytest.fixture(scope="module")
def symbolic() -> ac.Trace:
    return densenet(input_shape=("h", "w", "d"), bottleneck="b").trace()


def test_one_formula_for_all(symbolic: ac.Trace) -> None:
    """Symbolic depths, growth and width; the paper's five, and torchvision's counts of them."""

    def at(given: dict[str, Any]) -> int:
        depths = {f"n{i}": n for i, n in enumerate(given["depths"], 1)}
        return int(
            symbolic.parameters(
                **depths, g=given["growth"], c=given["width"], K=given["classes"], b=4, d=3
            )
        )

    assert {name: at(dict(DENSENETS[name])) for name in PUBLISHED} == PUBLISHED


@given(
    depths=st.tuples(*[st.integers(1, 6)] * 4),
    values=st.fixed_dictionaries(
        {s: st.integers(1, 9) for s in "gKbd"} | {"c": st.integers(8, 20)}
    ),
)
def test_symbols_first_or_numbers_first(
    symbolic: ac.Trace, depths: tuple[int, ...], values: dict[str, int]
) -> None:
    growth, classes, bottleneck, channels, width = (values[s] for s in "gKbdc")
    image = (64, 96, channels)
    numbers = densenet(
        depths, growth, width, classes, bottleneck=bottleneck, input_shape=image
    ).trace()
    every = {f"n{i}": n for i, n in enumerate(depths, 1)} | values | {"h": 64, "w": 96}
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(symbolic, of)
        known = {name: n for name, n in every.items() if name in formula.known_symbols}
        assert formula(**known) == int(getattr(numbers, of))
    assert numbers.outputs == ((classes,),)


def test_no_floors_are_left_where_compression_divides() -> None:
    """An independent sum over the layers, for growth 8·g and a stem of 16·g."""
    P = densenet(growth="8*g", width="16*g").trace().parameters
    assert "//" not in P.to_python()
    n, g, classes = (3, 5, 2, 4), 3, 7
    c = 16 * g
    total = 49 * 3 * c + 2 * c
    for i, depth in enumerate(n):
        for _ in range(depth):
            total += 2 * c + 4 * 8 * g * c + 2 * 4 * 8 * g + 9 * 4 * 8 * g * 8 * g
            c += 8 * g
        total += 2 * c
        if i < 3:
            total += c * (c // 2)
            c //= 2
    total += (c + 1) * classes
    assert P(n1=3, n2=5, n3=2, n4=4, g=3, K=7) == total


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
