"""Families of image classifiers: the counts that their publishers give, and one formula for all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc import families
from archcalc.families.parts import read_ratio, rounded
from tests.sampling import examples

TORCHVISION = {
    "mobilenet_v3_large": 5_483_032,
    "mobilenet_v3_small": 2_542_856,
    "efficientnet_b0": 5_288_548,
    "efficientnet_b1": 7_794_184,
    "efficientnet_b2": 9_109_994,
    "efficientnet_b3": 12_233_232,
    "efficientnet_b4": 19_341_616,
    "efficientnet_b5": 30_389_784,
    "efficientnet_b6": 43_040_704,
    "efficientnet_b7": 66_347_960,
    "convnext_tiny": 28_589_128,
    "convnext_small": 50_223_688,
    "convnext_base": 88_591_464,
    "convnext_large": 197_767_336,
    "vit_b_16": 86_567_656,
    "vit_b_32": 88_224_232,
    "vit_l_16": 304_326_632,
    "vit_l_32": 306_535_400,
    "swin_t": 28_288_354,
    "swin_s": 49_606_258,
    "swin_b": 87_768_224,
    "wide_resnet50_2": 68_883_240,
    "resnext50_32x4d": 25_028_904,
}
"""As torchvision's model pages say (https://pytorch.org/vision/stable/models.html)."""

FLOPS = {
    "mobilenet_v3_large": 433_179_520,
    "efficientnet_b0": 771_629_504,
    "convnext_tiny": 8_911_062_528,
    "vit_b_16": 35_127_656_448,
    "swin_t": 8_981_133_312,
    "wide_resnet50_2": 22_796_042_240,
}
"""Of one image, as torch 2.14's FlopCounterMode counts torchvision 0.29's models."""

KERAS = {
    ("mobilenet", 8): (470_072, 5_472),
    ("mobilenet", 16): (1_331_592, 10_944),
    ("mobilenet", 24): (2_585_560, 16_416),
    ("mobilenet", 32): (4_231_976, 21_888),
    ("mobilenet_v2", 0.35): (1_677_128, 14_080),
    ("mobilenet_v2", 0.5): (1_968_680, 18_544),
    ("mobilenet_v2", 0.75): (2_636_424, 26_640),
    ("mobilenet_v2", 1): (3_504_872, 34_112),
    ("mobilenet_v2", 1.3): (5_386_792, 44_256),
    ("mobilenet_v2", "7/5"): (6_108_776, 47_936),
}
"""Trainable and other weights of ``keras.applications`` in Keras 3, for ``alpha`` (32 times that,
where all numbers of channels are multiples)."""


@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_are_those_of_torchvision(name: str) -> None:
    assert int(getattr(families, name)().trace().parameters) == TORCHVISION[name]


@pytest.mark.parametrize("name", FLOPS)
def test_flops_are_those_that_torch_counts(name: str) -> None:
    assert 2 * int(getattr(families, name)().trace().macs) == FLOPS[name]


@pytest.mark.parametrize(("family", "width"), KERAS)
def test_weights_are_those_of_keras(family: str, width: Any) -> None:
    trace = getattr(families, family)(width, 1000).trace()
    assert (int(trace.parameters), int(trace.statistics)) == KERAS[family, width]


def test_networks_without_a_table() -> None:
    alexnet = families.alexnet(64, 1000, 4096).trace()
    assert (alexnet.parameters, 2 * alexnet.macs) == (61_100_840, 1_428_376_960)
    assert 2 * families.mobilenet_v2(1, 1000).trace().macs == 601_548_544
    inception = families.inception_v3(16, 1000).trace()
    # torchvision's without the auxiliary classifier; Keras' has no scale where it normalizes
    assert inception.parameters == 23_834_568
    scales = sum(
        int(w.size) for row in inception for w in row.weights if w.name == "gamma"
    )  # Keras says 23,851,784 in all, of which 34,432 are statistics
    assert inception.parameters - scales == 23_851_784 - 34_432


GIVEN = {
    "alexnet": {"width": "c", "classes": "K", "hidden": "m"},
    "mobilenet": {"width": "c", "classes": "K", "depth": "n"},
    "mobilenet_v2": {"width": "w/8", "classes": "K"},
    "mobilenet_v3": {"width": "w/8", "classes": "K"},
    "efficientnet": {"width": "w/10", "depth": "n/10", "classes": "K"},
    "inception_v3": {"width": "w", "classes": "K"},
    "convnext": {"depths": ("n1", "n2"), "width": "c", "classes": "K"},
    "vit": {"layers": "L", "width": "8*d", "hidden": "f", "heads": 8, "classes": "K"},
    "swin": {"depths": ("n1", "n2"), "width": "32*c", "classes": "K"},
}


def number(value: Any, at: dict[str, int]) -> Any:
    """What an argument with symbols is at numbers."""
    if isinstance(value, tuple):
        return tuple(number(part, at) for part in value)
    if not isinstance(value, str):
        return value
    letter = next(name for name in sorted(at, key=len, reverse=True) if name in value)
    return str(ac.Formula(value).expr.subs(ac.symbol(letter), at[letter]))


@examples(0.5, nightly=1, least=9)
@given(family=st.sampled_from(sorted(GIVEN)), data=st.data())
def test_symbols_first_or_numbers_first(family: str, data: st.DataObject) -> None:
    given_ = GIVEN[family]
    made = getattr(families, family)(**given_).trace()
    at = {
        name: data.draw(st.integers(2, 12), label=name) for name in made.parameters.accepted_symbols
    }
    there = getattr(families, family)(**{k: number(v, at) for k, v in given_.items()}).trace()
    for of in ("parameters", "statistics", "macs"):
        formula = getattr(made, of)
        known = {name: n for name, n in at.items() if name in formula.accepted_symbols}
        assert formula(**known) == getattr(there, of)


def make_divisible(v: float, divisor: int = 8) -> int:
    """The authors' own: github.com/tensorflow/models, slim/nets/mobilenet/mobilenet.py."""
    new_v = max(divisor, int(v + divisor / 2) // divisor * divisor)
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v


@examples(1)
@given(st.integers(1, 4_000), st.sampled_from([1, 2, 4, 8, 16]))
def test_channels_are_rounded_as_the_authors_do(v: int, part: int) -> None:
    exact = v / part  # a power of two, so that no float is rounded, but for nine tenths of it
    if (9 * v) % (10 * part) or (9 * v // (10 * part)) % 8:
        assert rounded(read_ratio("width", f"{v}/{part}")) == make_divisible(exact)
        assert ac.Formula(rounded(read_ratio("width", f"w/{part}")))(w=v) == make_divisible(exact)


@pytest.mark.parametrize(
    ("family", "given_", "said"),
    [
        ("mobilenet_v2", {"width": 0}, "width: "),
        ("mobilenet_v2", {"width": "-1/2"}, "width: "),
        ("mobilenet_v2", {"width": float("nan")}, "width: "),
        ("mobilenet_v3", {"size": "medium"}, "choices are large, small"),
        ("efficientnet", {"depth": None}, "depth: "),
        ("convnext", {"depths": ()}, "there is no stage"),
        ("vit", {"heads": 0}, "heads: 0 is not a dimension"),
        ("swin", {"classes": 2.5}, "classes: "),
        ("inception_v3", {"width": True}, "width: "),
        ("alexnet", {"hidden": 0}, "hidden: 0 is not a dimension"),
    ],
)
def test_arguments_that_are_none(family: str, given_: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        getattr(families, family)(**given_)
    assert said in str(caught.value)


def test_a_width_is_a_multiple_of_the_heads() -> None:
    P = families.vit().trace().parameters
    with pytest.raises(ac.errors.RequirementError, match="d/a must be a whole number"):
        P(L=1, d=10, a=3, f=8, K=10)


def test_a_map_is_a_multiple_of_the_window() -> None:
    with pytest.raises(ac.errors.ArchcalcError):
        families.swin_t(input_shape=(228, 224, 3)).trace()


def test_every_name_makes_its_network() -> None:
    for name in dir(families):
        if name.islower() and name not in families.__all__:
            assert isinstance(getattr(families, name)(), ac.Network), name
