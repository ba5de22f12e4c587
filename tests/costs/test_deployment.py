"""Deployments: what devices hold, keep and compute, against torch, papers and identities."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import archcalc as ac
from archcalc.costs import (
    APPROXIMATIONS,
    PARTS,
    Accelerator,
    CacheBytes,
    DecodeFlops,
    Deployment,
    Flops,
    InferenceBytes,
    Mesh,
    PartFlops,
    PeakBytes,
    Roofline,
    SavedBytes,
    TrainingBytes,
    TrainingFlops,
    WeightBytes,
)
from archcalc.costs.mesh import on_device
from archcalc.costs.parameters import Parameters
from archcalc.errors import LookupFailedError, RequirementError
from archcalc.families import llama
from archcalc.families.attention import attention
from archcalc.families.decoder import block
from archcalc.families.feedforward import experts, gated_mlp
from tests.costs.language_models import deepseek_v3, qwen_3_30b
from tests.costs.test_saved import kept_by_torch
from tests.network.test_experts import SIZES, Gated, Mixtral, sparse

torch = pytest.importorskip("torch")

SMALL = (3, 32, 48, 64, 4, 2, 8)
"""A Llama: layers, width, ffn, vocab, heads, kv heads, head size."""


def holds(net: ac.Network, mesh: Mesh) -> Any:
    """The parameters of the fullest device."""
    amount, needs = on_device(Parameters(), net.trace(), mesh)
    return ac.Formula(amount, needs)


# What is saved for the backward pass, against torch


def torch_block(d: int, a: int, g: int, e: int, f: int, eager: bool) -> Any:
    """A block of Llama as torch's functions make it."""
    nn, functional = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = {"q": (d, a * e), "k": (d, g * e), "v": (d, g * e), "o": (a * e, d),
                     "gate": (d, f), "up": (d, f), "down": (f, d)}  # fmt: skip
            self.of = nn.ModuleDict({n: nn.Linear(*s, bias=False) for n, s in sizes.items()})
            self.norms = nn.ModuleList([nn.RMSNorm(d), nn.RMSNorm(d)])

        def forward(self, x: Any, cos: Any, sin: Any) -> Any:
            b, t, _ = x.shape
            y = self.norms[0](x)
            heads = {"q": a, "k": g, "v": g}
            q, k, v = (self.of[n](y).view(b, t, h, e).transpose(1, 2) for n, h in heads.items())
            q, k = (z * cos + turned(z) * sin for z in (q, k))
            y = (
                self.scored(q, k, v)
                if eager
                else functional.scaled_dot_product_attention(
                    q, k, v, is_causal=True, enable_gqa=a != g
                )
            )
            x = x + self.of["o"](y.transpose(1, 2).reshape(b, t, a * e))
            y = self.norms[1](x)
            return x + self.of["down"](functional.silu(self.of["gate"](y)) * self.of["up"](y))

        def scored(self, q: Any, k: Any, v: Any) -> Any:
            b, _, t, _ = q.shape
            k, v = (z[:, :, None].expand(b, g, a // g, t, e).reshape(b, a, t, e) for z in (k, v))
            hidden = torch.full((t, t), float("-inf")).triu(1)
            return functional.softmax(q @ k.transpose(2, 3) * e**-0.5 + hidden, -1) @ v

    def turned(z: Any) -> Any:
        half = z.shape[-1] // 2
        return torch.cat((-z[..., half:], z[..., :half]), -1)

    return Block()


@pytest.mark.parametrize("kernels", ["torch on the CPU", "eager on the CPU"])
@pytest.mark.parametrize("sizes", [(32, 4, 2, 8, 48), (32, 4, 4, 8, 48), (24, 4, 1, 10, 40)])
def test_what_torch_saves_of_a_llama_block(kernels: str, sizes: tuple[int, ...]) -> None:
    d, a, g, e, f = sizes
    module = torch_block(d, a, g, e, f, kernels.startswith("eager"))
    x = torch.randn(3, 6, d, requires_grad=True)
    trace = block(d, attention(d, a, g, e), gated_mlp(d, f)).trace((6, d))
    cost = SavedBytes(3, kernels=kernels)
    assert not cost.unstated(trace)
    assert trace.cost(cost) == kept_by_torch(module, x, torch.randn(6, e), torch.randn(6, e))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("d", "f", "count", "active"), SIZES)
def test_what_torch_saves_of_experts(
    d: int, f: int, count: int, active: int, normalize: bool
) -> None:
    """The tokens gathered for each expert, which were best, and what is added up."""
    whole = sparse("d", "f", "E", "k", ("t", "d"), normalize).trace()
    found = whole.cost(SavedBytes("b", kernels="torch on the CPU"))
    numbers = sparse(d, f, count, active, (5, d), normalize).trace()
    cost = SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(numbers)
    measured = kept_by_torch(Mixtral(d, f, count, active, normalize), torch.randn(3, 5, d))
    assert numbers.cost(cost) == measured
    assert found(d=d, f=f, E=count, k=active, t=5, b=3) == measured


def test_what_torch_saves_of_experts_and_one_that_all_tokens_meet() -> None:
    """The sparse block of transformers' modeling_qwen2_moe.py: a shared expert with its gate."""
    d, f, shared, count, active = 8, 6, 10, 8, 2

    class Qwen(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.routed = Mixtral(d, f, count, active, normalize=False)
            self.shared, self.gate = Gated(d, shared), torch.nn.Linear(d, 1, bias=False)

        def forward(self, x: Any) -> Any:
            return self.routed(x) + torch.sigmoid(self.gate(x)) * self.shared(x)

    beside: dict[str, Any] = {"shared": gated_mlp(d, shared, name="shared"), "shared_gate": True}
    one = gated_mlp(d, f, axes=(), name=None)
    trace = experts(d, one, count, active, normalize=False, **beside).trace((5, d))
    cost = SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(trace)
    assert trace.cost(cost) == kept_by_torch(Qwen(), torch.randn(3, 5, d))


def test_experts_in_a_tower_each_gather_tokens() -> None:
    """What a layer after the first is given is gathered there too; two mixtures gather apart."""
    two = [sparse(4, 6, 8, 2, (5, 4)) for _ in range(2)]
    tower = ac.Sequential([ac.Repeat(ac.Sequential(two), 3)])
    cost = SavedBytes(3, kernels="torch on the CPU")
    blocks = [Mixtral(4, 6, 8, 2) for _ in range(6)]
    net = torch.nn.Sequential(*blocks)
    assert tower.trace((5, 4)).cost(cost) == kept_by_torch(net, torch.randn(3, 5, 4))


def gpt_block() -> ac.Network:
    """A block as Korthikanti et al. count it: width h = a·k, scores by their definition."""
    a, k = ac.symbols("a k")
    heads = {"kernel": ("width", ("heads", a), ""), "bias": (("heads", a), "", "")}
    x = ac.Input(("s", a * k))
    y = ac.LayerNormalization(name="norm1")(x)
    made = "btd,dae->bate", (a, None, k)
    q, keys, v = (
        ac.EinsumDense(*made, bias_axes="ae", name=n, weight_axes=heads)(y) for n in "qkv"
    )
    z = core()(q, keys, v)
    joined = {"kernel": (("heads", a), "", "width")}
    z = ac.EinsumDense("bate,aed->btd", (None, a * k), bias_axes="d", weight_axes=joined)(z)
    y = ac.Add()(x, ac.Dropout(0.1)(z))
    z = ac.LayerNormalization(name="norm2")(y)
    z = ac.GELU()(ac.Dense(4 * a * k, weight_axes={"kernel": ("width", "ffn")})(z))
    z = ac.Dense(a * k, weight_axes={"kernel": ("ffn", "width")})(z)
    return ac.Model(x, ac.Add()(y, ac.Dropout(0.1)(z)))


def core() -> ac.Network:
    """Scores, their softmax, a dropout, and the mean of values."""
    q, k, v = (ac.Input(("a", "s", "k")) for _ in range(3))
    shares = ac.Dropout(0.1)(ac.Softmax()(ac.Matmul(transpose_second=True)(q, k)))
    return ac.Model([q, k, v], ac.Matmul()(shares, v), name="core")


STATISTICS = "16*b*s"
"""Means and deviations of two norms in 32 bits, which the paper leaves out as small."""


@pytest.mark.parametrize(
    ("mesh", "paper"),
    [
        (Mesh(), "s*b*h*34 + 5*a*s**2*b"),
        (Mesh(tensor=8), "s*b*h*(10 + 24/8) + 5*a*s**2*b/8"),
        (Mesh(tensor=8, sequence="tensor"), "(s*b*h*34 + 5*a*s**2*b)/8"),
    ],
)
def test_korthikanti(mesh: Mesh, paper: str) -> None:
    """Korthikanti et al. (2022), equations 1, 2 and 4: bytes of a layer, 16 bits, masks of 8."""
    kept = gpt_block().trace().cost(SavedBytes("b", "float16", mesh=mesh))
    values = {"a": 16, "k": 64, "s": 512, "b": 4}
    beside = ac.Formula(STATISTICS)(s=512, b=4) // (8 if mesh.sequence == "tensor" else 1)
    form = ac.Formula(paper)
    assert kept(**values) == form(**{n: v for n, v in values.items() if n != "k"}, h=1024) + beside


def test_selective_recomputation() -> None:
    """Korthikanti et al. (2022), table 4: 34·s·b·h a layer, and 5·a·s/h saved of 34 + 5·a·s/h."""
    net = ac.Repeat(gpt_block(), "L")
    trace = net.trace(("s", "a*k"))
    cost = SavedBytes("b", "float16", recompute=("model/core",))
    assert trace.cost(cost).equals("L*(34*a*b*k*s + 16*b*s) + 5*a*b*s**2")
    plain = trace.cost(SavedBytes("b", "float16")).equals("L*(34*a*b*k*s + 16*b*s + 5*a*b*s**2)")
    assert plain
    for a, s, h, ratio, share in ((96, 2048, 12288, 80, 70), (128, 2048, 20480, 64, 65)):
        assert 5 * a * s == ratio * h
        assert round(100 * Fraction(ratio, 34 + ratio)) == share


def test_full_recomputation() -> None:
    """2·s·b·h a layer, its input alone (section 5)."""
    net = ac.Sequential([ac.Repeat(gpt_block(), "L"), ac.Dense(1)])
    trace = net.trace(("s", "a*k"))
    where = Deployment(batch="b", formats="float16 mixed", recompute="full")
    parts = {part.name: part.bytes for part in where.training(trace).parts(trace)}
    more = "2*a*b*k*s*(L + 1) + 32*a*b*k*s + 16*b*s + 5*a*b*s**2"
    assert parts["activations"].equals(more)


# Devices


def test_a_mesh_of_ones_is_none() -> None:
    trace = llama().trace()
    ones = Mesh(1, 1, 1, 1, 1)
    for one, none in (
        (SavedBytes("b", mesh=ones), SavedBytes("b")),
        (CacheBytes("bf16", "b", ones), CacheBytes("bf16", "b")),
        (PeakBytes("b", mesh=ones), PeakBytes("b")),
        (WeightBytes("bf16", ones), WeightBytes("bf16")),
        (TrainingBytes("b", mesh=ones), TrainingBytes("b")),
    ):
        assert trace.cost(one) == trace.cost(none)


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_zero_on_one_device_splits_nothing(stage: int) -> None:
    trace = llama(*SMALL).trace()
    assert trace.cost(TrainingBytes("b", zero=stage)) == trace.cost(TrainingBytes("b"))


def test_symbols_then_numbers() -> None:
    by_symbols = holds(llama(), Mesh(tensor="p", pipeline="q"))
    for tensor, pipeline in ((1, 1), (2, 1), (4, 3), (2, 2)):
        values = dict(zip("LdfVage", SMALL, strict=True))
        direct = holds(llama(*SMALL), Mesh(tensor=tensor, pipeline=pipeline))
        assert by_symbols(**values, p=tensor, q=pipeline) == direct


def by_hand(layers: int, d: int, f: int, v: int, a: int, g: int, e: int, tensor: int) -> int:
    """The parameters of one device of a Llama, weight by weight."""
    heads, keys = a // tensor, max(g // tensor, 1)
    mixing = 2 * d * heads * e + 2 * d * keys * e
    return layers * (mixing + 3 * d * f // tensor + 2 * d) + d + 2 * v * d // tensor


@pytest.mark.parametrize("tensor", [1, 2, 4])
def test_few_heads_of_keys_stand_on_several_devices(tensor: int) -> None:
    assert holds(llama(*SMALL), Mesh(tensor=tensor)) == by_hand(*SMALL, tensor)


def test_heads_are_not_cut() -> None:
    with pytest.raises(RequirementError, match="4 heads cannot be split evenly among 3") as raised:
        holds(llama(*SMALL), Mesh(tensor=3))
    assert raised.value.code == "parts-do-not-divide"


def test_a_latent_is_on_every_device() -> None:
    trace = deepseek_v3().trace()
    for mesh in (Mesh(tensor=8), Mesh(data=8, expert=8)):
        assert trace.cost(CacheBytes("bf16", mesh=mesh)) == trace.cost(CacheBytes("bf16"))
    halves = trace.cost(CacheBytes("bf16", mesh=Mesh(sequence=2)))
    assert halves(t=4096) * 2 == trace.cost(CacheBytes("bf16"))(t=4096)


def test_experts_are_split_among_devices_of_data() -> None:
    net = qwen_3_30b()
    routed = 48 * 128 * 3 * 2048 * 768
    whole = int(net.trace().parameters)
    assert holds(net, Mesh(data=16, expert=8)) == whole - routed + routed // 8
    assert holds(net, Mesh(data=8)) == whole
    with pytest.raises(RequirementError, match="expert 8 does not divide the 4 devices of data"):
        holds(net, Mesh(data=4, expert=8))


def test_stages_hold_the_fuller_end() -> None:
    _, d, _, v, *_ = SMALL
    whole = int(llama(*SMALL).trace().parameters)
    blocks = whole - 2 * v * d - d
    assert holds(llama(*SMALL), Mesh(pipeline=3)) == blocks // 3 + v * d + d
    assert holds(llama(*SMALL, tied=True), Mesh(pipeline=3)) == blocks // 3 + v * d + d


def test_bytes_of_few_bits() -> None:
    net = ac.Sequential([ac.Dense(256, use_bias=False)]).trace(512)
    sizes = {"int4": 1 / 2, "int4/128": 1 / 2 + 2 / 128, "mxfp4": 17 / 32, "nf4": 9 / 16}
    for name, size in sizes.items():
        assert net.cost(WeightBytes(name)) == int(256 * 512 * size)
    with pytest.raises(LookupFailedError, match="int5"):
        net.cost(WeightBytes("int5/32"))


# Compute


def test_parts_are_the_whole() -> None:
    for net in (llama(), deepseek_v3(), qwen_3_30b()):
        trace = net.trace()
        for mask in ("full", "exact"):
            whole = trace.cost(Flops(mask=mask))
            parts = [trace.cost(PartFlops(part=p, mask=mask)) for p in PARTS]
            assert sum(parts[1:], parts[0]) == whole


def test_every_token_together_is_the_prefill() -> None:
    for net in (llama(*SMALL), block(32, attention(32, 4, 2, 8, window=3), gated_mlp(32, 48))):
        trace = net.trace()
        one, whole = trace.cost(DecodeFlops()), trace.cost(Flops(mask="exact"))
        first = whole(t=1)
        assert first + sum(one(t=n) for n in range(1, 12)) == whole(t=12)


def test_the_backward_pass_is_twice_the_forward_pass() -> None:
    """Where every operand has a gradient, as in all blocks that follow a table."""
    trace = llama().trace()
    assert trace.cost(TrainingFlops()) == 3 * trace.cost(Flops())
    part = PartFlops(part="scores")
    assert trace.cost(TrainingFlops(forward=part)) == 3 * trace.cost(part)


def test_heads_that_share_nothing_are_plain_heads() -> None:
    grouped, plain = (
        block("d", attention("d", "a", g, "e"), gated_mlp("d", "f")).trace() for g in ("a", None)
    )
    for cost in (CacheBytes("bf16"), SavedBytes("b"), WeightBytes("bf16"), Flops()):
        assert grouped.cost(cost) == plain.cost(cost)


def test_one_expert_is_a_dense_layer_and_its_router() -> None:
    one = experts("d", gated_mlp("d", "f", axes=()), 1, 1).trace(("t", "d"))
    dense = gated_mlp("d", "f").trace(("t", "d"))
    assert (one.parameters - dense.parameters).equals("d")
    assert (one.cost(Flops()) - dense.cost(Flops())).equals("2*d*t")
    two = experts("d", gated_mlp("d", "f", axes=()), 2, 1).trace(("t", "d"))
    assert two.cost(PartFlops(part="experts")) == two.cost(Flops())


@pytest.mark.parametrize("name", list(APPROXIMATIONS))
def test_what_approximations_leave_out(name: str) -> None:
    """On a Llama without a mask: N has norms and a table, of which no product is made."""
    trace = llama().trace()
    left = {
        "6·N·D": "12*a*e*L*t**2 - 12*d*L*t - 6*d*t*V - 6*d*t",
        "Kaplan": "6*a*e*L*t**2 - 12*d*L*t - 6*d*t + 6*d*t*V",
        "PaLM": "-12*d*L*t - 6*d*t*V - 6*d*t",
        "Chinchilla": "-9*a*L*t**2 - 6*d*t*V",
        "Megatron": "-L*(4*a*e*t**2 + 4*a*d*e*t + 4*d*e*g*t + 6*d*f*t)",
    }
    assert APPROXIMATIONS[name].left_out(trace).equals(left[name])


def test_megatron_is_its_equation() -> None:
    """Narayanan et al. (2021), equation 3, of a GPT: 96·B·s·l·h²·(1 + s/(6·h) + V/(16·l·h))."""
    from tests.costs.language_models import gpt

    trace = gpt(4, 64, 4, 1000, 256).trace()
    s, layers, h, v = 128, 4, 64, 1000
    paper = 96 * s * layers * h**2 * (1 + Fraction(s, 6 * h) + Fraction(v, 16 * layers * h))
    assert trace.cost(APPROXIMATIONS["Megatron"])(t=s) == paper


# Time


def test_roofline() -> None:
    trace = llama(*SMALL).trace()
    mine = Accelerator("mine", {"bfloat16": 1000}, 10, 2**20, link=100)
    bound = trace.cost(Roofline(Deployment(batch=2), mine, "decode"))
    unread = (64 - 2) * 32  # two sequences look up two words of 64, of a table that is not tied
    moved = 2 * (trace.parameters - unread) + trace.cost(CacheBytes("bf16", 2))
    assert bound.moved == moved
    assert bound.sent == 0
    assert bound.flops == 2 * trace.cost(DecodeFlops())
    assert bound.seconds(t=8) == max(Fraction(bound.flops(t=8), 1000), Fraction(moved(t=8), 10))
    two = trace.cost(Roofline(Deployment(batch=2, mesh=Mesh(tensor=2)), mine, "prefill"))
    # a sum of the table and of two parts of each block, of which each of two devices sends as much
    assert two.sent == (2 * 3 + 1) * 32 * 2 * 2 * ac.Formula("t")


def test_what_devices_send() -> None:
    """Tokens to eight experts and back, of which an eighth stays (all-to-all); a ring of keys."""
    mine = Accelerator("mine", {"any": 1}, 1, 1, link=1)
    trace = qwen_3_30b().trace()
    spread = trace.cost(Roofline(Deployment(mesh=Mesh(data=8, expert=8)), mine, "prefill"))
    assert spread.sent(t=100) == 48 * 100 * 8 * 2048 * 2 * 2 * 7 // 8
    ring = trace.cost(Roofline(Deployment(mesh=Mesh(sequence=4)), mine, "prefill"))
    assert ring.sent(t=100) == 3 * trace.cost(CacheBytes("bf16"))(t=100) // 4


def test_a_decoder_that_writes_reads_nothing_of_its_encoder() -> None:
    """Of a token, heads of attention and of the source's: keys and values of that are kept."""
    from archcalc.families import encoder_decoder

    d, f, words, a, e, layers, s, t = 8, 12, 50, 2, 4, 3, 9, 7
    net = encoder_decoder(2, layers, d, f, words, a, e, norm="rms", bias="", mlp_bias=False)
    bound = net.trace(("s",), ("t",)).cost(Roofline(Deployment(), "H100", "decode"))
    weights = layers * (4 * d * a * e + 2 * d * a * e + 2 * d * f + 3 * d) + d + words * d
    cache = layers * 2 * a * e * (s + t)
    assert bound.moved(s=s, t=t) == 2 * (weights + cache)


def test_fewer_experts_than_there_are_are_read() -> None:
    trace = qwen_3_30b().trace()
    mine = Accelerator("mine", {"any": 1}, 1, 1)
    one, many = (
        trace.cost(Roofline(Deployment(batch=n), mine, "decode")).moved(t=1) for n in (1, 1000)
    )
    cache = int(trace.cost(CacheBytes("bf16"))(t=1))
    words, width = 151_936, 2048  # of a table that is not the head's a word is a row
    assert one - cache == 2 * (trace.active_parameters - (words - 1) * width)
    assert many - 1000 * cache == 2 * (trace.parameters - (words - 1000) * width)


def test_a_table_that_is_the_head_is_read_whole() -> None:
    """GPT-2's words are multiplied as well, its positions are looked up: one of 1,024."""
    trace = ac.from_huggingface({"model_type": "gpt2"}).trace()
    bound = trace.cost(Roofline(Deployment(formats="bfloat16"), "H100", "decode"))
    cache = trace.cost(CacheBytes("bf16"))
    assert bound.moved == 2 * (124_439_808 - 1023 * 768) + cache
    read = trace.cost(Roofline(Deployment(batch=3, formats="bfloat16"), "H100", "prefill"))
    assert read.moved(t=100) == 2 * (124_439_808 - 724 * 768) + 3 * int(cache(t=100))


# The sheet


def test_sheet() -> None:
    where = Deployment(batch=8, length=8192, mesh=Mesh(tensor=2))
    sheet = ac.deploy(llama(*SMALL), where, memory=2_000_000)
    whole = sheet["inference together"].formula
    most = sheet["largest batch"].result()
    assert whole(batch=most, length=8192) <= 2_000_000 < whole(batch=most + 1, length=8192)
    assert sheet.fits is (most >= 8)
    assert ac.deploy(llama(*SMALL), where, memory=300_000)["largest batch"].result == 0
    made = sheet.derive("cache")
    assert sum(p.times() * p.each(length=8192) for p in made.parts) * 16 == sheet["cache"].result()
    with pytest.raises(LookupFailedError, match="weights"):
        sheet["nothing"]
    parts = InferenceBytes(where).parts(llama(*SMALL).trace())
    assert sheet["weights"].result == next(p.bytes for p in parts if p.name == "weights")
