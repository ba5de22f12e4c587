"""Any quantity, any way to claim it, and what is not made up.

The hand counts are those of people; the file says where each stands and what is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.explain import Edit, Place, Variant, reconcile, register_edit
from archcalc.explain.reconciling.candidates import Field
from archcalc.explain.reconciling.edit import EDITS
from archcalc.explain.reconciling.quantities import quantity_of
from archcalc.explain.reconciling.terms import twice
from tests.sampling import NIGHTLY

HAND = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "data" / "hand_counts.json").read_text(encoding="utf-8")
    )["cases"]
}


def kinds(found: Any) -> list[tuple[str, str, Any]]:
    return [(f.layer, f.kind, f.amount) for f in found.findings]


def chain(shape: Any, *layers: ac.Layer) -> ac.Sequential:
    return ac.Sequential(list(layers), input_shape=shape)


MNIST = chain(
    (28, 28, 1), ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(100), ac.Dense(10)
)
ALEXNET_FIRST = chain((224, 224, 3), ac.Conv2D(96, 11, strides=4))
FLAT = chain(
    (28, 28, 1), ac.Conv2D(6, 4), ac.MaxPooling2D(2), ac.Conv2D(16, 3), ac.MaxPooling2D(2),
    ac.Flatten(),
)  # fmt: skip
SHARED_INPUT, SHARED = ac.Input((10,)), ac.Dense(10)

CASES: dict[str, tuple[Any, dict[str, Any], list[tuple[str, str, Any]]]] = {
    "seed-mnist-242": (
        MNIST,
        {"running": {"conv2d": 288, "dense": 540_988, "dense_1": 541_988}},
        [
            ("conv2d", "missing-bias", 32), ("dense", "missing-bias", 100),
            ("dense", "arithmetic-slip", 100), ("dense_1", "missing-bias", 10),
        ],
    ),
    "so-conv2d-896": (
        chain((32, 32, 3), ac.Conv2D(32, 3, padding="same")),
        {"layers": {"conv2d": "32*(3*3)"}},
        [("conv2d", "missing-input-channels", 576), ("conv2d", "missing-bias", 32)],
    ),
    "fastai-1505290": (
        chain((3, 224, 224), ac.BatchNormalization(axis=1), ac.Flatten(), ac.Dense(10)),
        {"layers": {"dense": "10*3*224*224"}},
        [("dense", "missing-bias", 10)],
    ),
    "bn-keras-vs-torch": (
        chain((64, 64, 1), ac.Conv2D(32, 3, padding="same"), ac.BatchNormalization(),
              ac.Flatten(), ac.Dense(100), ac.Dense(10)),
        {"of": "total_params", "total": 13_108_694},
        [("batch_normalization", "statistics-left-out", 64)],
    ),
    "lstm-396": (
        chain(("t", 1), ac.LSTM(9)),
        {"layers": {"lstm": "4*9"}},
        [("lstm", "missing-weight", 324), ("lstm", "missing-bias", 36)],
    ),
    "gru-9600": (
        chain((200, 16), ac.Bidirectional(ac.GRU(32))),
        {"layers": {"bidirectional": "((16+32)*32+32)*3*2"}},
        [
            ("bidirectional/forward_gru", "reset-gate-before", 96),
            ("bidirectional/backward_gru", "reset-gate-before", 96),
        ],
    ),
    "prelu-4900": (
        chain((100, 100), ac.Conv1D(50, 3), ac.PReLU()),
        {"layers": {"conv1d": 15_050, "p_re_lu": 0}},
        [("p_re_lu", "missing-weight", 4900)],
    ),
    "keras-shared-110": (
        ac.Model(SHARED_INPUT, SHARED(SHARED(SHARED_INPUT))),
        {"total": 220},
        [("dense", "shared-counted-twice", -110)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_hand_counts_are_explained_by_the_right_cause(name: str) -> None:
    net, claims, causes = CASES[name]
    found = reconcile(net, **claims)
    assert kinds(found) == causes
    assert found.explained is True
    if "total" in claims:
        assert found.actual == HAND[name]["truth"]


def test_the_plus_one_dropped_at_every_step() -> None:
    """144 for 400: 28 − 4 = 24, (24 − 2)/2 = 11, …"""
    found = reconcile(
        FLAT, of="activations", layers={"flatten": HAND["ds-fc-144-400"]["claims"][0]["value"]}
    )
    assert found.explained
    assert {f.kind for f in found.findings} == {"plus-one-dropped"}
    assert found.actual == 400


def test_neurons_of_alexnets_first_layer() -> None:
    """224 gives 54 positions, 227 gives 55; the paper's own number is of neither."""
    case = HAND["alexnet-54-55"]
    paper, right, other = (claim["value"] for claim in case["claims"])
    assert reconcile(ALEXNET_FIRST, of="activations", layers={"conv2d": right}).right
    found = reconcile(ALEXNET_FIRST, of="activations", layers={"conv2d": other})
    assert any(
        "227×227×3" in f.text for whole in (found.findings, *found.alternatives) for f in whole
    )
    assert not reconcile(ALEXNET_FIRST, of="activations", layers={"conv2d": paper}).explained


@pytest.mark.parametrize("claim", [24_000_000, 15_184_000])
def test_a_source_that_is_wrong_is_not_explained_away(claim: int) -> None:
    """CS231n's 24M, and a sum of rounded rows, where VGG-16 has 15,237,608."""
    widths = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]
    layers: list[ac.Layer] = []
    for stage in widths:
        layers += [ac.Conv2D(f, 3, padding="same", activation="relu") for f in stage]
        layers.append(ac.MaxPooling2D(2))
    net = chain((224, 224, 3), *layers, ac.Flatten(), *map(ac.Dense, (4096, 4096, 1000)))
    found = reconcile(net, of="activations", total=claim)
    assert found.explained is False
    assert found.actual == HAND["cs231n-vgg-93mb"]["truth"]


# What was explained falsely


def test_a_head_as_large_as_the_embedding_is_ambiguous() -> None:
    net = chain((10,), ac.Embedding(1000, 64), ac.Dense(64), ac.Dense(1000, use_bias=False))
    found = reconcile(net, total=int(net.trace().parameters) - 64_000)
    assert found.explained == "ambiguous"
    assert {whole[0].layer for whole in found.alternatives} == {"embedding", "dense_1"}


def test_an_element_too_few_in_a_bare_parameter() -> None:
    x = ac.Input((16, 64))
    net = ac.Model(x, ac.Concatenate(axis=0)([ac.Parameter((1, 64)), x]))
    found = reconcile(net, total=63)
    assert found.explained is False
    assert kinds(found) == [("total", "unexplained", 1)]


def test_statistics_beside_a_bias_that_amount_to_the_same_are_ambiguous() -> None:
    """Three channels: a bias for each kernel is two more a filter, and so are the statistics."""
    net = chain((8, 8, 3), ac.Conv2D(16, 3), ac.BatchNormalization())
    found = reconcile(net, total=int(net.trace().parameters) + 32)
    assert found.explained == "ambiguous"
    named = {f.kind for whole in found.alternatives for f in whole}
    assert {"statistics-counted", "bias-per-kernel"} <= named


# Ways to claim


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3x3x1x32 + 32", 320), ("5,408*100", 540_800), ("3·3·1·32 + 32 = 320", 320),
        ("(3*3*1 + 1)*n", 320), ("3^2*n + n", 320), ("k*k*c_in*f + f", 320),
    ],
)  # fmt: skip
def test_formulas_as_people_write_them(written: str, value: int) -> None:
    layer = "conv2d" if value == 320 else "dense"
    found = reconcile(MNIST, layers={layer: written}, where={"n": 32})
    assert found.claimed == value
    assert found.right == (value == 320)


def test_formulas_are_compared_term_by_term() -> None:
    found = reconcile(MNIST, layers={"dense": "5000*n + n"}, where={"n": 100})
    assert found.findings[0].text == "your n_in is 5,000; here it is 5,408, in n_in·n_out"
    assert (found.difference, found.explained) == (40_800, True)


@pytest.mark.parametrize(("total", "right"), [("138M", True), ("138.4M", True), ("139M", False)])
def test_rounded_figures_are_intervals(total: str, right: bool) -> None:
    found = reconcile(ac.families.vgg16(), total=total)
    assert found.right is right
    assert found.actual == 138_357_544


@pytest.mark.parametrize(
    ("of", "claims"),
    [
        ("macs", {"total": 736_488}), ("flops", {"total": 1_472_976}),
        ("bytes", {"total": 2_168_920}), ("shape", {"layers": {"conv2d": "26x26x32"}}),
        ("receptive_field", {"layers": {"max_pooling2d": 4}}),
        ("activations", {"layers": {"flatten": 5408}}),
    ],
)  # fmt: skip
def test_any_quantity_can_be_claimed(of: str, claims: dict[str, Any]) -> None:
    assert reconcile(MNIST, of=of, **claims).right


def test_flops_claimed_as_macs() -> None:
    found = reconcile(MNIST, of="macs", total=2 * 736_488)
    assert found.explained
    assert {f.kind for f in found.findings} == {"flops-for-macs"}


def test_a_shape_counted_with_padding() -> None:
    found = reconcile(MNIST, of="shape", layers={"conv2d": (28, 28, 32)})
    assert " ".join(found.to_text().split()) == (
        "conv2d claimed 28×28×32 is 26×26×32 counted as with padding 'same': ⌈28/1⌉ = 28; "
        "here ⌊(28 − 3)/1⌋ + 1 = 26"
    )


def test_the_gates_of_an_lstm() -> None:
    found = reconcile(chain(("t", 127), ac.LSTM(48)), layers={"lstm": 8448})
    assert kinds(found) == [("lstm", "gates-counted-once", 25_344)]
    assert "the gates were counted once, not 4 times" in found.to_text()
    assert found.explained is True


def test_the_difference_of_two_formulas_is_a_formula() -> None:
    block = chain(("t", "d"), ac.MultiHeadAttention(8, "d//8", name="mha"))
    found = reconcile(block, layers={"mha": "4*d*d"})
    (finding,) = found.findings
    assert (finding.kind, str(finding.amount)) == ("missing-bias", "4·d")
    assert found.difference == ac.Formula("4*d")
    assert found.explained is True


def test_one_stride_upstream_explains_what_comes_after_it() -> None:
    layers = [ac.Conv2D(8, 3, strides=2, padding="same"), ac.Conv2D(16, 3), ac.Flatten()]
    net = chain((32, 32, 3), *layers, ac.Dense(10))
    shapes = {"conv2d": (32, 32, 8), "conv2d_1": (30, 30, 16), "flatten": (14_400,)}
    found = reconcile(net, of="shape", layers=shapes)
    assert found.explained
    assert {(f.layer, f.kind) for f in found.findings} == {("conv2d", "other-strides")}


# Honesty


def test_near_the_truth_only_a_usual_cause_is_believed() -> None:
    """A small difference is one of few, and edits whose amounts cancel give any of them."""
    found = {}
    for apart in {*range(-40, 41, 1 if NIGHTLY else 3), -10, -32} - {0}:
        told = reconcile(MNIST, total=542_230 + apart)
        if told.explained is not False:
            found[apart] = {f.kind for f in told.findings}
    assert found.pop(-10) == {"missing-bias"}
    assert found.pop(-32) == {"missing-bias"}
    assert len(found) <= (2 if NIGHTLY else 0)


def test_a_usual_cause_is_believed_in_a_long_network() -> None:
    """The bias of one of eight layers: that there are eight makes it no less usual."""
    net = chain((40,), *map(ac.Dense, (97, 64, 55, 48, 33, 24, 16, 5)))
    right = int(net.trace().parameters)
    found = reconcile(net, total=right - 5)
    assert (found.explained, [(f.layer, f.kind) for f in found.findings]) == (
        True, [("dense_7", "missing-bias")]
    )  # fmt: skip
    assert reconcile(net, total=right - 7).explained is False


def test_a_convention_is_chosen_once_for_all() -> None:
    """The statistics of one of two norms are no likelier than a norm that is not there."""
    norm = ac.BatchNormalization
    net = chain(
        (32, 32, 3), ac.Conv2D(40, 3), norm(), ac.Conv2D(24, 3), norm(), ac.Conv2D(56, 3),
        ac.Conv2D(24, 3), ac.Flatten(), ac.Dense(10),
    )  # fmt: skip
    found = reconcile(net, total=int(net.trace().parameters) + 48)
    told = {(f.layer, f.kind) for whole in (found.findings, *found.alternatives) for f in whole}
    assert found.explained == "ambiguous"
    assert ("conv2d_3", "norm-added") in told


def test_beside_what_explains_a_claim_alone_nothing_is_told_that_does_nothing() -> None:
    """The 16 units read as the features: whichever input was taken for them adds nothing."""
    net = chain((50,), *map(ac.Dense, (100, 64, 24, 16)))
    found = reconcile(net, layers={"dense_3": (16 + 1) * 16})
    assert found.explained == "ambiguous"
    every = (found.findings, *found.alternatives)
    assert all(f.amount for whole in every for f in whole)


def test_a_likely_pair_is_listed_beside_an_unusual_single() -> None:
    """Both biases, of 6 and of 10, and not only the 16 units that were counted one too few."""
    net = chain((15,), ac.Dense(6), ac.Dense(10))
    right = int(net.trace().parameters)
    found = reconcile(net, total=right - 16)
    told = [{f.kind for f in whole} for whole in (found.findings, *found.alternatives)]
    assert {"missing-bias"} in told


def test_two_fields_of_one_layer_are_counted_together() -> None:
    trace = chain((8, 8, 16), ac.Conv2D(64, 5)).trace()
    field = Field(trace, quantity_of("parameters"))
    made = {c.words: c for c in field.moving(0)}
    two = [
        next(c for words, c in made.items() if text in words)
        for text in ("kernel_size=3", "filters=32")
    ]
    amounts, _ = field.followed({0: two}) or ({}, {})
    assert amounts == {0: (5 * 5 * 16 + 1) * 64 - (3 * 3 * 16 + 1) * 32}


def test_what_is_not_explained_has_hints() -> None:
    found = reconcile(MNIST, total=541_000)
    assert found.explained is False
    assert "1,230 = 2·3·5·41" in found.to_text()
    assert "the nearest single edit" in found.to_text()


def test_a_span_is_claimed_and_not_its_last_layer() -> None:
    found = reconcile(MNIST, running={"dense_1": 542_230 - 142})
    assert [f.layer for f in found.findings] == ["conv2d", "dense", "dense_1"]


def test_formats_have_both_derivations() -> None:
    found = reconcile(MNIST, layers={"conv2d": 288})
    side = found.derivation()
    assert "3·3·1·32 = 288" in side.to_text()
    assert "⟦32⟧ = 320" in side.to_text()
    assert "<table>" in side.to_html()
    assert "conv2d" in side.to_latex()
    assert "conv2d" in side.to_markdown()
    assert json.loads(found.to_json())["derivation"][0]["claimed"] == "3·3·1·32 = 288"


@pytest.fixture
def edits() -> Iterator[None]:
    before = list(EDITS)
    yield
    EDITS[:] = before


def test_an_edit_of_ones_own(edits: None) -> None:
    class ThreeBiases(Edit):
        kind, bits = "three-biases", 2.0

        def variants(self, place: Place) -> Iterator[Variant]:
            names = frozenset(term.name for term in place.terms if term.role == "bias")
            if names:
                yield Variant("three biases", lambda t: twice(twice(t, names), names)[:-1])

    claim: dict[str, Any] = {"layers": {"conv2d": 320 + 2 * 32}}
    assert "three-biases" not in {kind for _, kind, _ in kinds(reconcile(MNIST, **claim))}
    register_edit(ThreeBiases())
    assert kinds(reconcile(MNIST, **claim)) == [("conv2d", "three-biases", -64)]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"of": "colour", "total": 3}, "unknown-quantity"),
        ({"layers": {"conv2d": "n*3"}}, "unknown-symbol"),
        ({"layers": {"conv2d": "3*"}}, "invalid-expression"),
    ],
)
def test_claims_that_cannot_be(claims: dict[str, Any], code: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        reconcile(MNIST, **claims)
    assert caught.value.code == code or code == "invalid-expression"


def test_a_pool_forgotten_in_a_receptive_field() -> None:
    net = ac.Sequential(
        [ac.Conv2D(8, 3, name="a"), ac.MaxPooling2D(2, name="p"), ac.Conv2D(8, 3, name="b")],
        input_shape=(64, 64, 3),
    )
    found = reconcile(net, of="receptive_field", layers={"b": 5})
    assert [(f.layer, f.kind) for f in found.findings] == [("p", "layer-forgotten")]
