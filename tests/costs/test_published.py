"""Numbers that papers, pages and calculators print, each reproduced or its convention named.

Where a number is not reproduced as it stands, the test says what separates it from the exact count,
and that this and nothing else does.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

import archcalc as ac
from archcalc.costs import (
    CacheBytes,
    Deployment,
    Flops,
    Formats,
    GradientBytes,
    InferenceBytes,
    Mesh,
    PaLM,
    PartFlops,
    SixN,
    TrainingBytes,
    TrainingFlops,
    WeightBytes,
)
from archcalc.costs.mesh import on_device
from archcalc.costs.parameters import Parameters
from archcalc.families.attention import attention
from archcalc.families.decoder import block
from archcalc.families.feedforward import gated_mlp
from tests.costs.language_models import (
    LLAMA_3_8B,
    LLAMA_3_70B,
    LLAMA_3_405B,
    QWEN_3_06B,
    QWEN_25_72B,
    deepseek_v3,
    gemma_3_27b,
    gpt,
    gpt_oss,
    of_llama,
    palm,
    qwen_3_30b,
)

GIB, K = 2**30, 1024
EXACT = Flops(mask="exact")


def test_gpt_2_by_nanogpt() -> None:
    """nanoGPT, transformer_sizing.ipynb: no biases, the mask counted in full, 6·N + 12·L·H·Q·T."""
    trace = gpt(12, 768, 12, 50257, 1024, bias=False).trace()
    assert trace.parameters == 124_337_664
    assert trace.flops(t=1024) == 291_648_307_200
    assert trace.cost(TrainingFlops())(t=1024) == 874_944_921_600
    assert trace.cost(PaLM())(t=1024) == 879_894_724_608


def test_palm() -> None:
    """Chowdhery et al. (2022), table 1 and section 4.1: 46.2 % of 6,144 chips of 275 TFLOP/s."""
    trace = palm().trace()
    assert trace.parameters == 540_356_474_880
    a_token = Fraction(trace.cost(PaLM())(t=2048), 2048)
    assert round(float(a_token * 238_300 / (6144 * 275 * 10**12)), 3) == 0.462


def test_six_n_d() -> None:
    """PaLM, table 21: 6·540e9·780e9; GPT-3, table D.1: 3.14e23, with tables of words in N."""
    net = ac.Sequential([ac.Dense(540_000, use_bias=False)]).trace(("t", 1_000_000))
    assert net.cost(SixN())(t=780 * 10**9) == 2527_200 * 10**18
    gpt_3 = gpt(96, 12288, 96, 50257, 2048).trace()
    a_token = Fraction(gpt_3.cost(SixN())(t=2048), 2048)
    assert f"{float(a_token * 300 * 10**9):.2e}" == "3.14e+23"


@pytest.mark.parametrize(("stage", "published"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_zero(stage: int, published: float) -> None:
    """Rajbhandari et al., ZeRO (2020), figure 1: 7.5B parameters on 64 devices, in 10⁹ bytes."""
    net = ac.Sequential([ac.Dense(75_000, use_bias=False)]).trace(100_000)
    cost = TrainingBytes(formats="float16 mixed", mesh=Mesh(data=64), zero=stage)
    stored = sum(int(part.bytes) for part in cost.parts(net) if part.name != "activations")
    assert round(stored / 10**9, 1) == published


def test_deepspeed_for_t5_3b() -> None:
    """DeepSpeed's docs, memory: printed as GB, they are GiB; its bytes a parameter are not ZeRO's.

    With stage 2 it adds gradients in 32 bits to what is split; with stage 3 weights in 16 bits
    beside those in 32, and twice the largest layer (here 32·10⁶ numbers) in 16 bits.
    """
    trained = 2_851_000_000
    net = ac.Sequential([ac.Dense(2851, use_bias=False)]).trace(1_000_000)
    assert net.parameters == trained
    assert f"{int(net.cost(WeightBytes('float16'))) / GIB:.2f}" == "5.31"
    gradients = net.cost(GradientBytes("float32"))

    def stored(stage: int) -> Fraction:
        cost = TrainingBytes(formats="float16 mixed", mesh=Mesh(data=8), zero=stage)
        return Fraction(sum(part.bytes for part in cost.parts(net) if part.name != "activations")())

    assert f"{float(stored(1) + Fraction(gradients(), 8)) / GIB:.2f}" == "15.93"
    more = Fraction(2 * trained, 8) + 4 * 32_000_000
    assert f"{float(stored(3) + more) / GIB:.1f}" == "6.1"


@pytest.mark.parametrize(
    ("net", "published"),
    [
        (of_llama(LLAMA_3_8B), 131_072),
        (of_llama(LLAMA_3_405B), 516_096),
        (of_llama(QWEN_25_72B), 327_680),
        (deepseek_v3(), 70_272),
    ],
)
def test_cache_of_a_token(net: ac.Network, published: int) -> None:
    """bf16; 405B and DeepSeek-V3: DeepSeek-AI, DeepSeek-V3 insights (2025), table 1."""
    assert net.trace().cost(CacheBytes("bf16"))(t=1) == published


@pytest.mark.parametrize(
    ("net", "length", "published"),
    [
        (gemma_3_27b(), 128 * K, "10.41"),
        (deepseek_v3(), 160 * K, "10.72"),
        (of_llama(QWEN_3_06B), 40 * K, "4.38"),
    ],
)
def test_cache_of_a_sequence(net: ac.Network, length: int, published: str) -> None:
    """unsloth#4757, GiB, said to be at 128K: each is at the longest sequence of its model, which
    is 160K for DeepSeek-V3 and 40K for Qwen3-0.6B."""
    cache = net.trace().cost(CacheBytes("bf16"))
    assert round(int(cache(t=length)) / GIB, 2) == pytest.approx(float(published), abs=0.0051)


def test_caches_of_hugging_face() -> None:
    """huggingface/blog#2345, at 128,000 tokens: GiB, and the row of 405B twice the truth."""
    published = {LLAMA_3_8B: 15.62, LLAMA_3_70B: 39.06, LLAMA_3_405B: 123.05}
    for sizes, said in published.items():
        exact = int(of_llama(sizes).trace().cost(CacheBytes("bf16"))(t=128_000)) / GIB
        twice = 2 if sizes == LLAMA_3_405B else 1
        assert abs(exact * twice - said) < 0.0051


def test_deepseek_v3_a_token() -> None:
    """DeepSeek-V3 insights (2025), table 2: 250 GFLOPs, pairs that are masked left out, 4,096."""
    step = deepseek_v3().trace().cost(TrainingFlops(1, EXACT))
    assert round(step(t=4096) / 4096 / 10**9) == 250


def test_qwen_3_by_torchtitan() -> None:
    """torchtitan#4300: masks in full; it multiplies every norm as if it were a kernel, 6·N."""
    trace = qwen_3_30b().trace()
    step = Fraction(trace.cost(TrainingFlops())(t=8192), 8192)
    norms = sum(
        int(ac.Formula(w.size)) * (48 if "layers" in row.path else 1)
        for row in trace.rows
        for w in row.weights
        if w.role == "scale"
    )
    assert step + 6 * norms == 37_578_559_488


def test_llama_3_405b_a_token() -> None:
    """Said to be 2,448 GFLOPs: it is the causal count at 2,048 tokens; at 4,096 it is 2,473."""
    trace = of_llama(LLAMA_3_405B).trace()

    def a_token(mask: str, length: int) -> int:
        step = trace.cost(TrainingFlops(1, Flops(mask=mask)))(t=length)  # type: ignore[arg-type]
        return round(Fraction(step, length) / 10**9)

    assert (a_token("exact", 4096), a_token("full", 4096)) == (2473, 2524)
    assert a_token("exact", 2048) == 2448


@pytest.mark.parametrize(("layers", "experts", "published"), [(36, 128, 60.8), (24, 32, 12.8)])
def test_gpt_oss(layers: int, experts: int, published: float) -> None:
    """gpt-oss model card (2025), table 1: kernels of experts in MXFP4, the rest bf16, GiB."""
    formats = Formats("bfloat16", "bfloat16", None, "bfloat16", "bfloat16", experts="mxfp4")
    parts = InferenceBytes(Deployment(formats=formats)).stored(gpt_oss(layers, experts).trace())
    stored = {part.name: Fraction(part.bytes()) for part in parts if part.name != "cache"}
    assert set(stored) >= {"weights", "experts", "other weights"}
    assert round(float(sum(stored.values())) / GIB, 1) == published


def test_where_scores_overtake() -> None:
    """Llama-3-8B: scores equal the MLP at 21,504 tokens and all linear layers at 26,624."""
    sheet = ac.deploy(of_llama(LLAMA_3_8B))
    assert sheet["scores = MLP"].result == 21_504
    assert sheet["scores = all linear layers"].result == 26_624
    trace = of_llama(LLAMA_3_8B).trace()
    scores = trace.cost(PartFlops(part="scores", mask="exact"))
    assert scores(t=2 * 21_504 - 1) == trace.cost(PartFlops(part="MLP"))(t=2 * 21_504 - 1)


def test_llama_3_70b_on_eight() -> None:
    """Not an eighth of 70,553,706,496: norms are on every device."""
    amount, _ = on_device(Parameters(), of_llama(LLAMA_3_70B).trace(), Mesh(tensor=8))
    assert amount == 8_820_367_360


def test_lora_of_llama_3_8b() -> None:
    """Rank 16 on all linear layers of the blocks: 41,943,040 trainable (peft's "all-linear")."""
    adapted = of_llama(LLAMA_3_8B).with_lora(16, "all-linear")
    assert adapted.trace().trainable_parameters == 41_943_040


@pytest.mark.parametrize(("tables", "published"), [(2, 247_577_856), (1, 222_903_552)])
def test_t5_of_version_1_1(tables: int, published: int) -> None:
    """google/t5-v1_1-base has a head of its own as published; transformers 5 ties it to the table.

    Twelve blocks read, twelve write and also attend to what was read; each half has 32 biases of
    relative positions for every head.
    """
    d, heads, words = 768, 12, 32_128
    of = {"rotary": False, "causal": False}
    one = block(d, attention(d, heads, None, 64, **of), gated_mlp(d, 2048))
    to_memory = attention(d, heads, None, 64, memory=True)
    blocks = 24 * one.trace(("t", d)).parameters
    crossing = 12 * (to_memory.trace(("t", d), ("s", d)).parameters + d)
    assert blocks + crossing + 2 * d + 2 * 32 * heads + tables * words * d == published
