"""A mixture of experts: all are there, some are run."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.costs import ActiveParameters, Macs, Parameters, TrainingFlops
from archcalc.network.substitution import substitute


def gated(width: Any, inner: Any) -> ac.Model:
    """An expert of Mixtral: ``w2(silu(w1(x))·w3(x))``."""
    x = ac.Input((width,))
    gate = ac.Dense(inner, "silu", use_bias=False)(x)
    up = ac.Dense(inner, use_bias=False)(x)
    return ac.Model(x, ac.Dense(width, use_bias=False)(ac.Multiply()([gate, up])))


def sparse(
    width: Any, inner: Any, count: Any, active: Any, shape: Any, normalize: bool = True
) -> ac.Model:
    """A router and its experts."""
    x = ac.Input(shape)
    scores = ac.Dense(count, "softmax", use_bias=False, name="router")(x)
    mixture = ac.Experts(gated(width, inner), count, active, normalize=normalize, name="moe")
    return ac.Model(x, mixture([x, scores]))


class Gated(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(width, inner, bias=False)
        self.w3 = nn.Linear(width, inner, bias=False)
        self.w2 = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Any:
        return self.w2(nn.functional.silu(self.w1(x)) * self.w3(x))


class Mixtral(nn.Module):
    """The sparse block of transformers' modeling_mixtral.py, written out again."""

    def __init__(
        self, width: int, inner: int, count: int, active: int, normalize: bool = True
    ) -> None:
        super().__init__()
        self.normalize = normalize
        self.gate = nn.Linear(width, count, bias=False)
        self.experts = nn.ModuleList(Gated(width, inner) for _ in range(count))
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(0, 1)
        scores = self.gate(tokens).softmax(-1)
        weights, chosen = scores.topk(self.active)
        if self.normalize:
            weights = weights / weights.sum(-1, keepdim=True)
        out = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            row, place = torch.where(chosen == number)
            if len(row):
                out = out.index_add(0, row, expert(tokens[row]) * weights[row, place, None])
        return out.view_as(x)


def counted(module: nn.Module, *inputs: Tensor, backward: bool = False) -> int:
    with FlopCounterMode(display=False) as counter:
        y = module(*inputs)
        if backward:
            y.sum().backward()
    return int(counter.get_total_flops())


SIZES = [(4, 6, 8, 2), (3, 5, 4, 1), (4, 2, 3, 3), (5, 7, 1, 1)]


@pytest.mark.parametrize(("d", "f", "count", "active"), SIZES)
@pytest.mark.parametrize("before", [False, True])
def test_what_is_counted_is_what_torch_counts(
    d: int, f: int, count: int, active: int, before: bool
) -> None:
    module: nn.Module = Mixtral(d, f, count, active)
    module = nn.Sequential(nn.Linear(d, d), module) if before else module
    x = torch.randn(1, 9, d)
    symbolic = sparse("d", "f", "E", "k", (9, "d"))
    net = ac.Sequential([*[ac.Dense("d")] * before, symbolic], input_shape=(9, "d"))
    values = {"d": d, "f": f, "E": count, "k": active}
    numbers = substitute(net, values)
    for trace, known in ((net.trace(), values), (numbers.trace(), {})):
        weights = {name: value for name, value in known.items() if name != "k"}
        assert trace.parameters(**weights) == sum(p.numel() for p in module.parameters())
        assert trace.flops(**known) == counted(module, x)
        assert trace.cost(TrainingFlops())(**known) == counted(module, x, backward=True)
    ours = numbers.to_torch()
    assert sum(p.numel() for p in ours.parameters()) == numbers.trace().parameters
    assert counted(ours, x, backward=True) == numbers.trace().cost(TrainingFlops())


def test_the_module_computes_what_mixtral_computes() -> None:
    ours = sparse(4, 6, 5, 2, (7, 4)).to_torch()
    module = Mixtral(4, 6, 5, 2)
    theirs = [module.gate.weight]
    for expert in module.experts:
        theirs += [expert.w1.weight, expert.w3.weight, expert.w2.weight]
    with torch.no_grad():
        for parameter, other in zip(ours.parameters(), theirs, strict=True):
            other.copy_(parameter)
        x = torch.randn(3, 7, 4)
        assert torch.allclose(ours(x), module(x), atol=1e-6)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_token_is_the_weighted_sum_of_its_best_experts(normalize: bool) -> None:
    net = ac.Experts(ac.Dense(3), 4, 2, normalize=normalize)
    module = net.to_torch([(5, 2), (5, 4)])
    x, scores = torch.randn(2, 5, 2), torch.rand(2, 5, 4)
    y = module(x, scores)
    linears = [part for part in module.modules() if isinstance(part, nn.Linear)]
    for sample in range(2):
        for token in range(5):
            s = scores[sample, token]
            best = sorted(range(4), key=lambda i, s=s: -s[i])[:2]
            whole = sum(s[i] for i in best) if normalize else 1
            wanted = sum(s[i] / whole * linears[i](x[sample, token]) for i in best)
            assert torch.allclose(y[sample, token], wanted, atol=1e-6)


def test_a_sample_may_be_routed_as_one() -> None:
    net = ac.Experts(ac.Conv2D(6, 3, padding="same"), 4, 2)
    trace = net.trace((8, 8, 3), 4)
    alone = ac.Sequential([ac.Conv2D(6, 3, padding="same")], input_shape=(8, 8, 3)).trace()
    assert trace.macs == 2 * alone.macs()
    assert trace.parameters == 4 * alone.parameters()
    assert trace.output == (8, 8, 6)
    module = net.to_torch([(8, 8, 3), (4,)])
    assert module(torch.zeros(2, 8, 8, 3), torch.rand(2, 4)).shape == (2, 8, 8, 6)


# --- Identities ----------------------------------------------------------------------------------

COSTS = [
    Parameters(),
    ActiveParameters(),
    Macs(),
    ac.costs.GradientBytes(),
    ac.costs.OptimizerBytes("adam"),
]


@pytest.mark.parametrize("cost", COSTS)
def test_one_expert_is_the_block(cost: Any) -> None:
    block = gated("d", "f")
    one = ac.Experts(block, 1, 1).trace(("t", "d"), ("t", 1))
    assert one.cost(cost) == ac.TimeDistributed(block).trace(("t", "d")).cost(cost)


@pytest.mark.parametrize("cost", COSTS)
def test_experts_that_are_all_active_are_copies(cost: Any) -> None:
    block = gated("d", "f")
    every = ac.Experts(block, "n", "n").trace(("t", "d"), ("t", "n"))
    copies = ac.TimeDistributed(ac.Repeat(block, "n")).trace(("t", "d"))
    assert every.cost(cost) == copies.cost(cost)


def test_in_a_tower_each_block_has_experts_of_its_own() -> None:
    """Mixtral 8x7B: 46,702,792,704 weights in its files (93,405,585,408 bytes in bfloat16)."""
    x = ac.Input(("t", "d"))
    norm = {"epsilon": 1e-5}
    attended = ac.GroupQueryAttention("d//32", 32, 8, use_bias=False)
    y = ac.RMSNormalization(**norm)(x)
    x1 = ac.Add()([x, attended([y, y])])
    x2 = ac.Add()([x1, sparse("d", "f", "E", "k", ("t", "d"))(ac.RMSNormalization(**norm)(x1))])
    net = ac.Sequential(
        [
            ac.Embedding("V", "d"),
            ac.Repeat(ac.Model(x, x2), "L"),
            ac.RMSNormalization(**norm),
            ac.Dense("V", use_bias=False),
        ],
        input_shape="t",
    )
    sizes = {"V": 32_000, "d": 4_096, "f": 14_336, "E": 8, "L": 32}
    trace = net.trace()
    assert trace.parameters(**sizes) == 46_702_792_704
    layer = 2 * 4_096**2 + 2 * 4_096 * 1_024 + 2 * 3 * 4_096 * 14_336 + 8 * 4_096 + 2 * 4_096
    active = 32 * layer + 2 * 32_000 * 4_096 + 4_096
    assert trace.active_parameters(k=2, **sizes) == active == 12_879_925_248
    assert f"{active / 1e9:.1f}" == "12.9"  # the paper: "13B active parameters"


# --- Shown, written, changed ---------------------------------------------------------------------


def test_experts_are_shown() -> None:
    trace = sparse(4, 6, 8, 2, (5, 4)).trace()
    text = trace.derivation().to_text()
    assert "2 of 8" in trace.summary()
    assert "at each of 5 steps  2 of 8 experts" in text
    assert "experts  all (total parameters); active (active parameters) would be −432" in text
    loops = [step["loops"] for step in trace.derivation().to_dict()["steps"]]
    assert loops[1] == [
        {"kind": "steps", "count": 5, "active": 5, "in_turn": False},
        {"kind": "experts", "count": 8, "active": 2, "in_turn": False},
    ]


def test_who_counts_the_active_experts_only_is_told_so() -> None:
    net = sparse(4, 6, 8, 2, (5, 4))
    told = ac.reconcile(net, total=int(net.trace().active_parameters))
    assert told.explained
    assert {finding.kind for finding in told.findings} == {"experts-active"}


def test_experts_in_files_and_code() -> None:
    net = sparse("d", "f", "E", "k", (5, "d"))
    assert ac.from_dict(net.to_dict()) == net
    assert ac.loads(ac.dumps(net)) == net
    assert eval(repr(net), vars(ac)) == net
    biased = net.replace("moe/model/dense_2", ac.Dense("d"))
    assert biased.trace().parameters == net.trace().parameters + ac.Formula("d*E")
    with pytest.raises(ac.errors.ShapeError, match=r"several inputs|2 inputs"):
        net.remove("moe")


def test_every_expert_has_weights_and_the_active_have_work() -> None:
    net = ac.Experts(ac.Dense(3), 4, 2)
    x, scores = ac.symbolic.Shape((5, 2)), ac.symbolic.Shape((5, 4))
    weights = net.weights(x, scores)
    assert [w.name for w in weights if w.role == "kernel"] == [
        f"dense/{i}/kernel" for i in range(4)
    ]
    assert sum(int(w.macs) for w in net.work(x, scores, x)) == net.trace(x, scores).macs


def test_experts_in_a_summary_of_differences() -> None:
    before, after = sparse(4, 6, 8, 2, (5, 4)), sparse(4, 6, 8, 4, (5, 4))
    changed = [change for change in ac.compare(before, after).changes if change.kind != "same"]
    of_an_expert, the_sum = 4, 1
    assert [int(change.parameters) for change in changed] == [0] * (of_an_expert + the_sum)
    assert sum(int(change.macs) for change in changed) == 5 * 2 * 3 * 4 * 6


# --- What does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: ac.Experts(ac.Dense(3), 2, 3), "too-many-active"),
        (lambda: ac.Experts(ac.Dense(3), "k", "k + 1"), "too-many-active"),
        (lambda: ac.Experts(ac.Dense(3), 2, 0), None),
        (lambda: ac.Experts(ac.Dense(3), "E", "k").trace((5, 4), (5, "E")).macs(E=2, k=3),
         "too-many-active"),
        (lambda: ac.Experts(ac.Dense(3), 4, 2).trace((5, 4), (5, 3)), "scores-do-not-fit"),
        (lambda: ac.Experts(ac.Dense(3), 4, 2).trace((5, 4), (6, 4)), "scores-do-not-fit"),
        (lambda: ac.Experts(ac.Dense(3), 4, 2).trace(4, (5, 4)), "scores-do-not-fit"),
        (lambda: ac.Experts(ac.Dense(3), "E", 2).trace((5, 4), (5, "n")).macs(E=4, n=3),
         "scores-do-not-fit"),
        (lambda: ac.Experts(ac.Dense(3), 4, 2).trace((5, 4)), "wrong-number-of-inputs"),
        (lambda: ac.Experts(ac.LSTM(3, return_state=True), 4, 2).trace((5, 4), 4),
         "several-outputs"),
        (lambda: sparse(4, 6, 8, 2, (5, 4)).to_keras(), "not-in-keras"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(make: Any, code: str | None) -> None:
    with pytest.raises(ac.ArchcalcError) as error:
        make()
    assert code is None or error.value.code == code
