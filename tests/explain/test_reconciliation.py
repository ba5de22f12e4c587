"""Hand counts of real people, each with its source, and what lies between."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc as ac
from archcalc.explain import reconcile
from archcalc.explain.reconciling import EDITS
from tests.counting import at_most


def kinds(result: ac.explain.Reconciliation) -> list[tuple[str, int]]:
    return [(finding.kind, finding.amount) for finding in result.findings]


def conv(filters: int, k: int, shape: tuple[int, ...], **more: Any) -> ac.Sequential:
    return ac.Sequential([ac.Conv2D(filters, k, **more)], input_shape=shape)


MNIST = ac.Sequential(
    [ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(100), ac.Dense(10)],
    input_shape=(28, 28, 1),
)
NORMED = ac.Sequential(
    [
        ac.Conv2D(32, 3, padding="same"),
        ac.BatchNormalization(),
        ac.Flatten(),
        ac.Dense(100),
        ac.Dense(10),
    ],
    input_shape=(64, 64, 1),
)


def test_input_channels_and_bias_left_out() -> None:
    """From "Understanding number of parameters in Keras Conv2D layer": 288 where Keras says 896."""
    r = reconcile(conv(32, 3, (32, 32, 3), padding="same"), layers={"conv2d": "32*(3*3)"})
    assert (r.difference, r.explained) == (608, True)
    assert kinds(r) == [("missing-input-channels", 576), ("missing-bias", 32)]


def test_formula_that_forgets_the_input_channels() -> None:
    r = reconcile(conv(64, 5, (14, 14, 32)), layers={"conv2d": "(5*5+1)*64"})
    assert kinds(r) == [("missing-input-channels", 5 * 5 * 31 * 64)]
    assert "claimed (5*5+1)*64 = 1,664" in r.to_text()


def test_formula_in_the_layers_own_notation() -> None:
    r = reconcile(MNIST, layers={"dense": "(n_in + 1)*n_out", "conv2d": "k*k*c_in*f"})
    assert kinds(r) == [("missing-bias", 32)]


def test_statistics_counted_as_keras_does() -> None:
    """https://stackoverflow.com/questions/60079783: 64 more in Keras than in torch."""
    r = reconcile(NORMED, total=13_108_758)
    assert kinds(r) == [("statistics-counted", -64)]
    assert r.explained
    assert reconcile(NORMED, total=13_108_694).right


def test_shared_layer_counted_twice() -> None:
    """https://github.com/keras-team/keras/issues/3661: 220 where 110 is right."""
    x, dense = ac.Input((10,)), ac.Dense(10)
    r = reconcile(ac.Model(x, dense(dense(x))), total=220)
    assert kinds(r) == [("shared-counted-twice", -110)]


def test_recurrent_biases_as_torch_counts_them() -> None:
    net = ac.Sequential([ac.LSTM(128), ac.Dense(3)], input_shape=(10, 128))
    r = reconcile(net, layers={"lstm": 132_096, "dense": 387})
    assert kinds(r) == [("recurrent-bias-two", -512)]
    assert r.explained
    assert "recurrent bias: two biases in each gate, as in torch and cuDNN" in r.to_text()
    assert reconcile(net, total=132_096 + 387).explained


def test_a_gru_counted_as_in_the_paper() -> None:
    """From "calculating the number of parameters of a GRU layer": 9,408 where Keras has 9,600."""
    net = ac.Sequential([ac.Embedding(4500, 16), ac.Bidirectional(ac.GRU(32))], input_shape=("t",))
    r = reconcile(net, total=4500 * 16 + 9_408)
    assert kinds(r) == [("reset-gate-before", 96)] * 2
    assert r.explained


def test_an_lstm_of_which_only_the_first_kernel_was_counted() -> None:
    """datascience.stackexchange.com/questions/128705: 4·9 where Keras has 396."""
    r = reconcile(ac.Sequential([ac.LSTM(9)], input_shape=("t", 1)), layers={"lstm": "4*9"})
    assert kinds(r) == [("missing-weight", 324), ("missing-bias", 36)]
    assert r.explained


def test_slopes_and_embeddings_as_others_count_them() -> None:
    net = ac.Sequential([ac.Embedding(100, 8), ac.PReLU()], input_shape=(20,))
    r = reconcile(net, layers={"embedding": 0, "p_re_lu": 1})
    assert kinds(r) == [("embeddings-left-out", 800), ("slopes-one-for-all", 159)]


def test_weights_of_an_activation_left_out() -> None:
    net = ac.Sequential([ac.Conv1D(50, 3), ac.PReLU()], input_shape=(100, 100))
    r = reconcile(net, layers={"conv1d": 15050, "p_re_lu": 0})
    assert kinds(r) == [("missing-weight", 4900)]
    assert "is right" in r.to_text()


def test_bias_counted_where_there_is_none() -> None:
    r = reconcile(conv(8, 3, (9, 9, 4), use_bias=False), layers={"conv2d": 3 * 3 * 4 * 8 + 8})
    assert kinds(r) == [("extra-bias", -8)]


@pytest.mark.parametrize(
    ("written", "kind", "amount"),
    [
        ("5*5*3*8 + 1", "one-bias", 7),
        ("(5*5 + 1)*3*8", "bias-per-kernel", 8 - 3 * 8),
        ("5*5*6*8 + 8", "groups-ignored", (3 - 6) * 5 * 5 * 8),
        ("(5*5*8 + 1)*8", "other-input", 0),
    ],
)
def test_other_common_slips(written: str, kind: str, amount: int) -> None:
    groups = 2 if kind == "groups-ignored" else 1
    x = (16, 16, 6) if groups == 2 else (16, 16, 3)
    if kind == "other-input":  # the channels that the layer before takes, and not those it gives
        layers = [ac.Conv2D(4, 3, padding="same"), ac.Conv2D(8, 5)]
        r = reconcile(ac.Sequential(layers, input_shape=(16, 16, 8)), layers={"conv2d_1": written})
        assert kinds(r) == [(kind, (5 * 5 * 4 + 1) * 8 - (5 * 5 * 8 + 1) * 8)]
        assert "16×16×8, at conv2d, was taken for its input, which is 16×16×4" in r.to_text()
        return
    r = reconcile(conv(8, 5, x, groups=groups), layers={"conv2d": written})
    assert kinds(r) == [(kind, amount)]
    assert r.explained


def test_a_pool_that_was_forgotten() -> None:
    r = reconcile(MNIST, layers={"dense": (26 * 26 * 32 + 1) * 100})
    assert kinds(r) == [("layer-forgotten", (5408 - 21632) * 100)]
    assert r.explained is True
    assert r.findings[0].layer == "max_pooling2d"
    assert "MaxPooling2D was left out: 26×26×32 goes on, not 13×13×32" in r.to_text()


def test_copies_counted_once() -> None:
    net = ac.Sequential([ac.Repeat(ac.Dense(16), 6)], input_shape=16)
    (path,) = [row.path for row in net.trace().rows]
    r = reconcile(net, layers={path: 17 * 16})
    assert kinds(r) == [("counted-once", 5 * 17 * 16)]


def test_one_copy_of_a_block_is_claimed_by_its_number() -> None:
    block = ac.Sequential([ac.LayerNormalization(name="ln"), ac.Dense(16, name="d")])
    net = ac.Sequential([ac.Repeat(block, 6, name="blocks")], input_shape=(4, 16))
    assert reconcile(net, layers={"blocks/0": 304, "blocks[5]/ln": 32}).right
    found = reconcile(net, layers={"blocks/3/d": 256})
    assert kinds(found) == [("missing-bias", 16)]
    with pytest.raises(ac.errors.LookupFailedError):
        reconcile(net, layers={"blocks/6": 304})


def test_right_counts_are_said_to_be_right() -> None:
    r = reconcile(MNIST, running={"conv2d": 320, "dense": 541_220, "dense_1": 542_230})
    assert r.right
    assert r.explained
    assert r.to_text().count("is right") == 4


def test_what_cannot_be_explained_is_said_so_with_the_remainder() -> None:
    r = reconcile(MNIST, layers={"conv2d": 320, "dense": 540_567, "dense_1": 1010})
    assert not r.explained
    assert kinds(r) == [("unexplained", 333)]
    assert "unexplained: 333" in r.to_text()


def test_a_bare_total_is_not_guessed_at() -> None:
    r = reconcile(MNIST, total=541_988)
    assert not r.explained
    assert kinds(r) == [("unexplained", 242)]


def test_a_bare_total_without_any_bias() -> None:
    r = reconcile(MNIST, total=542_230 - 142)
    assert kinds(r) == [("missing-bias", 32), ("missing-bias", 100), ("missing-bias", 10)]


def test_two_places_that_would_explain_a_total_are_both_named() -> None:
    net = ac.Sequential([ac.Dense(8), ac.Dense(8), ac.Dense(3)], input_shape=5)
    r = reconcile(net, total=int(net.trace().parameters) - 8)
    assert r.explained == "ambiguous"
    assert [[(f.layer, f.kind) for f in found] for found in r.alternatives] == [
        [("dense", "missing-bias")],
        [("dense_1", "missing-bias")],
    ]
    assert "the same at dense_1" in r.to_text()


@pytest.mark.parametrize(
    ("written", "slip"),
    [(531_220, 10_000), (542_220, -1_000), (514_220, 27_000)],
)
def test_slips_show_in_the_digits(written: int, slip: int) -> None:
    """A carry forgotten or one too many; two neighbouring digits exchanged."""
    r = reconcile(MNIST, running={"conv2d": 320, "dense": written})
    assert kinds(r) == [("arithmetic-slip", slip)]
    assert r.explained is True
    assert f"320 + 540,900 = 541,220, not {written:,}" in r.to_text()


@pytest.mark.parametrize("amount", [900, 2_000, -30, 40_000, 7])
def test_one_digit_written_wrong_is_no_explanation(amount: int) -> None:
    """Any d·10ⁿ would explain a number in a hundred."""
    r = reconcile(MNIST, running={"conv2d": 320, "dense": 541_220 - amount})
    assert kinds(r) == [("unexplained", amount)]


def test_a_first_running_total_has_no_slip() -> None:
    r = reconcile(MNIST, running={"conv2d": 310})
    assert "arithmetic-slip" not in {kind for kind, _ in kinds(r)}


def test_the_same_mistake_again_is_likelier_than_a_larger_slip() -> None:
    r = reconcile(MNIST, running={"conv2d": 288, "dense": 540_988})
    assert kinds(r)[1:] == [("missing-bias", 100), ("arithmetic-slip", 100)]


def test_running_totals_may_leave_layers_out() -> None:
    r = reconcile(MNIST, running={"dense_1": 542_230 - 142})
    assert r.explained
    assert r.difference == 142


def test_a_total_besides_must_be_the_sum() -> None:
    layers = {"conv2d": 320, "dense": 540_900, "dense_1": 1010}
    assert reconcile(MNIST, layers=layers, total=542_230).right
    swapped = reconcile(MNIST, layers=layers, total=542_320)
    assert kinds(swapped) == [("arithmetic-slip", -90)]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "nothing-claimed"),
        ({"layers": {"conv3d": 1}}, "not-found"),
        ({"layers": {"conv2d": "k*z"}}, "unknown-symbol"),
        ({"layers": {"conv2d": 2.5}}, "not-a-dimension"),
        ({"layers": {"conv2d": -1}}, "bad-value"),
        ({"layers": {"conv2d": 1}, "running": {"conv2d": 1}}, "claimed-twice"),
    ],
)
def test_claims_that_cannot_be(claims: dict[str, Any], code: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        reconcile(MNIST, **claims)
    assert caught.value.code == code


def test_a_network_with_symbols_needs_numbers_first() -> None:
    net = ac.Sequential([ac.Dense("n")], input_shape=4)
    with pytest.raises(ac.errors.EvaluationError, match="give values for n"):
        reconcile(net, running={"dense": 5})


def test_formats_say_the_same() -> None:
    r = reconcile(MNIST, running={"conv2d": 288, "dense": 540_988, "dense_1": 541_988})
    assert "542{,}230" in r.to_latex()
    assert "| `conv2d` |" in r.to_markdown()
    assert "<table>" in r.to_html()
    assert '"difference": 242' in r.to_json()


def _chain(layers: int) -> tuple[ac.Sequential, dict[str, int]]:
    """Convolutions, and their running totals without biases."""
    net = ac.Sequential(
        [ac.Conv2D(16 + 8 * (i % 4), 3, padding="same") for i in range(layers)],
        input_shape=(16, 16, 3),
    )
    running, so_far = {}, 0
    for row in net.trace().rows:
        so_far += sum(int(w.size) for w in row.weights if w.role == "kernel")
        running[row.path] = so_far
    return net, running


def test_the_work_grows_with_the_layers() -> None:
    """An edit is weighed at the claims in which it is seen, not at every claim."""
    (few, some), (many, more) = _chain(26), _chain(78)
    reconcile(few, running=some)
    with at_most(2_000_000) as counted:
        reconcile(few, running=some)
    with at_most(7 * counted.calls // 2):
        assert reconcile(many, running=more).explained is True


def test_later_layers_are_not_looked_at_where_a_rule_explains(monkeypatch: Any) -> None:
    """A bias forgotten in a long network: nobody asks what another stride would have led to."""
    net, running = _chain(30)
    asked = []
    for edit in (e for e in EDITS if e.seen_after):
        monkeypatch.setattr(type(edit), "variants", lambda self, place: asked.append(self) or ())
    r = reconcile(net, total=running["conv2d_29"])
    assert r.explained is True
    assert not asked
    assert reconcile(net, total=running["conv2d_29"] - 12_345).explained is False
    assert asked
