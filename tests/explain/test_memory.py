"""What is shown of memory and of every operation, against counts from outside."""

from __future__ import annotations

import json

import pytest

import archcalc as ac
from archcalc.costs import TALLIES
from archcalc.explain import memory


@pytest.fixture
def gpt_block() -> ac.Trace:
    """Feed-forward blocks of a transformer by the number of blocks and of features."""
    inside = [ac.LayerNormalization(), ac.Dense("4*d", activation="gelu"), ac.Dense("d")]
    return ac.Repeat(ac.Residual(inside), "L").trace(("t", "d"))


def test_mixed_precision_takes_16_bytes_a_parameter(gpt_block: ac.Trace) -> None:
    """Rajbhandari et al., ZeRO (2020), section 3.1: 2 + 2 + K with K = 12 for Adam."""
    found = memory(gpt_block, formats="bfloat16 mixed")
    states = sum((part.bytes for part in found.parts[:-1]), ac.Formula(0))
    assert states.equals(gpt_block.parameters * 16)
    assert [part.each * part.slots for part in found.parts[:-1]] == [2, 2, 4, 8]


def test_autocast_keeps_weights_whole(gpt_block: ac.Trace) -> None:
    found = memory(gpt_block, formats="autocast", optimizer="sgd")
    assert [(part.name, part.each) for part in found.parts[:-1]] == [
        ("weights", 4), ("gradients", 4)
    ]  # fmt: skip


def test_all_formats_say_it(gpt_block: ac.Trace) -> None:
    found = memory(gpt_block, batch="b", recompute=("residual",))
    for shown in (found.to_text(), found.to_markdown(), found.to_latex(), found.to_html()):
        assert "alive at the peak" in shown
    data = json.loads(found.to_json())
    assert list(data) == ["setting", "training", "kept", "recomputed", "unstated", "inference"]
    assert data["inference"]["peak"][0]["alive"]


def test_what_does_not_say_what_it_keeps_is_named() -> None:
    found = memory(ac.Sequential([ac.LSTM(3)], input_shape=(5, 2)))
    assert found.unstated == ("lstm",)
    assert "lstm" in found.to_text()


def test_the_account_by_kind_and_with_every_operation() -> None:
    net = ac.Sequential([ac.Dense(100), ac.ReLU(), ac.Dense(10)], input_shape=784)
    shown = ac.account(net, optimizer="adam", formats="bfloat16 mixed", tally="each operation")
    assert [figure.name for figure in shown.figures] == [
        "weights", "gradients", "master copy", "state", "activations", "together",
        "FLOPs a step", "forward, each operation",
    ]  # fmt: skip
    parameters = 785 * 100 + 101 * 10
    assert shown["together"].result == 16 * parameters + 2 * (784 + 100)
    products = 2 * (784 * 100 + 100 * 10)
    assert shown["forward, each operation"].result == products + 110 + 100
    fewer = ac.account(net, tally="fvcore")
    assert fewer.notes == ("not counted: re_lu: fvcore has no rule for: activation",)
    assert set(TALLIES) >= {"each operation", "fvcore"}
