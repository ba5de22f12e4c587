"""What a person types, and what they see: the acceptance, as written."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import archcalc as ac

CLAIMS = {"conv2d": 288, "dense": 540988, "dense_1": 541988}


@pytest.fixture
def net() -> ac.Sequential:
    return ac.Sequential(
        [ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(100), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )


@pytest.fixture
def symbolic() -> ac.Formula:
    k, f, n = ac.symbols("k f n")
    net = ac.Sequential(
        [ac.Conv2D(f, k), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(n), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    return net.trace().parameters


def lines(text: str) -> list[str]:
    """Lines without the layout, which is free."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_derivation_says_rule_numbers_result_and_running_total(net: ac.Sequential) -> None:
    said = lines(net.trace().derivation().to_text())
    for expected in [
        "conv2d Conv2D 28×28×1 → 26×26×32",
        "size ⌊(h − k)/s⌋ + 1 = ⌊(28 − 3)/1⌋ + 1 = 26",
        "weights kernel k·k·c_in·f = 3·3·1·32 = 288, bias f = 32",
        "params (k·k·c_in + 1)·f = (3·3·1 + 1)·32 = 320 running 320",
        "dense Dense 5408 → 100",
        "params (n_in + 1)·n_out = (5408 + 1)·100 = 540,900 running 541,220",
        "dense_1 Dense 100 → 10",
        "params (n_in + 1)·n_out = (100 + 1)·10 = 1,010 running 542,230",
        "total 542,230 parameters (all trainable), 736,488 MACs, 2.07 MiB as float32",
    ]:
        assert expected in said


def test_reconciliation_of_the_missing_242(net: ac.Sequential) -> None:
    r = ac.reconcile(net, running=CLAIMS)
    assert (r.difference, r.explained) == (242, True)
    assert [(x.layer, x.kind, x.amount) for x in r.findings] == [
        ("conv2d", "missing-bias", 32),
        ("dense", "missing-bias", 100),
        ("dense", "arithmetic-slip", 100),
        ("dense_1", "missing-bias", 10),
    ]
    assert lines(r.to_text()) == [
        "conv2d claimed 288 is 320 +32 the bias was left out: one per filter, f = 32",
        "dense claimed 540,700 is 540,900 +100 the bias was left out: one per unit, n_out = 100",
        "+100 arithmetic slip: 288 + 540,800 = 541,088, not 540,988",
        "dense_1 claimed 1,000 is 1,010 +10 the bias was left out: one per unit, n_out = 10",
        "total claimed 541,988 is 542,230 +242 fully explained: 32 + 100 + 100 + 10",
    ]


def test_the_model_as_printed_warns_at_the_first_dense() -> None:
    printed = ac.Sequential(
        [ac.Conv2D(32, 3), ac.Dense(100), ac.Dense(10)], input_shape=(28, 28, 1)
    ).trace()
    assert int(printed.parameters) == 4630
    assert printed.output == (26, 26, 10)
    (warning,) = printed.warnings
    assert warning.startswith("dense: ")
    assert "last axis only" in warning
    assert "is a Flatten missing?" in warning


def test_symbols_instead_of_numbers(symbolic: ac.Formula) -> None:
    assert repr(symbolic) == "(k² + 1)·f + (⌊(29 − k)/2⌋²·f + 1)·n + 10·(n + 1)"
    assert symbolic(k=3, f=32, n=100) == 542230
    assert type(symbolic(k=3, f=32, n=100)) is int
    assert repr(symbolic(k=3)) == "10·f + (169·f + 1)·n + 10·(n + 1)"
    assert symbolic.solve("n", at_most=100_000, k=3, f=32) == 18
    assert symbolic(k=3, f=32, n=18) <= 100_000 < symbolic(k=3, f=32, n=19)


def test_sensitivity_is_exact(symbolic: ac.Formula) -> None:
    effects = symbolic.sensitivity(k=3, f=32, n=100)
    assert effects["n"].one_more == symbolic(k=3, f=32, n=101) - 542230
    assert effects["f"].one_more == symbolic(k=3, f=33, n=100) - 542230
    assert effects["k"].one_more == symbolic(k=4, f=32, n=100) - 542230


def test_sympy_takes_the_formula_itself(symbolic: ac.Formula) -> None:
    n = ac.symbols("n")
    assert isinstance(symbolic.expr, sympy.Expr)
    assert sympy.diff(symbolic, n) == sympy.diff(symbolic.expr, n)
    assert ac.Formula(symbolic.expr) == symbolic


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"q": 1}, KeyError, ["q", "f, k, n"]),
        ({"k": 0}, ValueError, ["k = 0", "positive integer"]),
        ({"k": 2.5}, ValueError, ["k = 2.5", "positive integer"]),
        ({"k": True}, ValueError, ["positive integer"]),
        ({"k": 29, "f": 1, "n": 1}, ValueError, ["conv2d", "29", "28"]),
        ({"k": 28, "f": 1, "n": 1}, ValueError, ["max_pooling2d"]),
    ],
)
def test_values_that_cannot_be(
    symbolic: ac.Formula, values: dict[str, object], kind: type[Exception], words: list[str]
) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        symbolic(**values)
    assert isinstance(caught.value, kind)
    for word in words:
        assert word in str(caught.value)


def test_numpy_integers_are_numbers(symbolic: ac.Formula) -> None:
    assert symbolic(k=np.int64(3), f=np.int32(32), n=np.uint16(100)) == 542230


def test_a_second_convolution_saves_parameters(net: ac.Sequential) -> None:
    deeper = ac.Sequential(
        [
            *[ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Conv2D(64, 3), ac.MaxPooling2D(2)],
            *[ac.Flatten(), ac.Dense(100), ac.Dense(10)],
        ],
        input_shape=(28, 28, 1),
    )
    headline = lines(repr(ac.compare(net, deeper)))[0]
    assert headline.startswith("542,230 → 179,926: the new layer")
    assert "adds 18,496" in headline
    assert "dense loses 380,800" in headline


def test_shapes_are_known_line_by_line() -> None:
    h, w, c = ac.symbols("h w c")
    x = ac.Input((h, w, 3))
    y = ac.Conv2D(c, 7, strides=2, padding=3)(x)
    assert repr(y.shape) == "(⌈h/2⌉, ⌈w/2⌉, c)"


def test_resnets_from_one_formula(resnet_formula: ac.Formula) -> None:
    P = resnet_formula
    assert [P(n1=3, n2=a, n3=b, n4=3, c=64, K=1000) for a, b in [(4, 6), (4, 23), (8, 36)]] == [
        25557032,
        44549160,
        60192808,
    ]
    collected = P.collect("c", "K")
    assert repr(collected).startswith("c²·(17·n1 + 68·n2 + 272·n3 + 1088·n4 + 505) + c·(")
    assert repr(collected).endswith(" + K")
    assert collected == ac.Formula(
        "c**2*(17*n1+68*n2+272*n3+1088*n4+505) + c*(12*n1+24*n2+48*n3+96*n4+32*K+269) + K"
    )


@pytest.fixture
def resnet_formula() -> ac.Formula:
    return (
        ac.families.resnet(depths=("n1", "n2", "n3", "n4"), width="c", classes="K")
        .trace()
        .parameters
    )


def test_five_strided_convolutions_give_one_ceiling() -> None:
    h, w, c = ac.symbols("h w c")
    chain = [ac.Conv2D(c, 3, strides=2, padding=1) for _ in range(5)]
    trace = ac.Sequential(chain, input_shape=(h, w, 3)).trace()
    assert str(trace.output) == "⌈h/32⌉×⌈w/32⌉×c"
    assert [(f.size, f.stride) for f in trace.receptive_field] == [(63, 32), (63, 32)]


def test_what_if_at_scale(symbolic: ac.Formula, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best row against every count by NumPy, as one writes it by hand."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    k, f, n = np.ix_([1, 3, 5], np.arange(8, 513), np.arange(1, 1025))
    side = 29 - k
    P, M = symbolic, ac.Formula("(29 - k)**2*k**2*f + ((29 - k)//2)**2*f*n + 10*n")
    parameters = (k**2 + 1) * f + ((side // 2) ** 2 * f + 1) * n + 10 * (n + 1)
    macs = side**2 * k**2 * f + (side // 2) ** 2 * f * n + 10 * n

    table = ac.sweep({"parameters": P, "macs": M}, k=[1, 3, 5], f=range(8, 513), n=range(1, 1025))
    best = table.where("parameters <= 1_000_000").best("macs", largest=True)
    assert best["macs"] == macs[parameters <= 1_000_000].max()
    assert (P(**best.symbols), M(**best.symbols)) == (best["parameters"], best["macs"])
    front = table.pareto("parameters", "macs")
    least = parameters.min()
    assert front[0]["parameters"] == least
    assert front[0]["macs"] == macs[parameters == least].min()
    assert len(table.to_pandas()) == len(table) == parameters.size
    assert table.where("k == 3 and f == 8").plot().axes[-1].get_xlabel() == "n"


def test_a_network_as_one_of_a_family() -> None:
    net = ac.families.resnet50()
    P = net.generalize(c=64, K=1000).trace().parameters
    assert [P(c=c, K=1000) for c in (64, 16, 96)] == [
        ac.families.resnet50(width=c).parameters for c in (64, 16, 96)
    ]


def test_a_count_of_which_nothing_else_is_known() -> None:
    def count(L: int, d: int, V: int) -> int:
        return L * (12 * d**2 + 13 * d) + 2 * d + (V + 1024) * d

    P = ac.interpolate_formula(count, {"L": 1, "d": 2, "V": 1})
    assert ac.Formula("L*(12*d**2 + 13*d) + 2*d + (V + 1024)*d") == P
    assert P(L=12, d=768, V=50257) == 124439808
