"""Released language models of which published numbers are known, composed of parts."""

from __future__ import annotations

from functools import partial

from archcalc.families import llama
from archcalc.families.attention import attention, latent_attention
from archcalc.families.decoder import block, decoder, layer_norm
from archcalc.families.feedforward import experts, gated_mlp, mlp
from archcalc.layers import LayerNormalization
from archcalc.network import Network

bare_norm = partial(LayerNormalization, epsilon=1e-5, center=False)

LLAMA_3_8B = (32, 4096, 14336, 128256, 32, 8, 128)
LLAMA_3_70B = (80, 8192, 28672, 128256, 64, 8, 128)
LLAMA_3_405B = (126, 16384, 53248, 128256, 128, 8, 128)
QWEN_25_72B = (80, 8192, 29568, 152064, 64, 8, 128)
QWEN_3_06B = (28, 1024, 3072, 151936, 16, 8, 128)


def gpt(
    layers: int, d: int, heads: int, vocab: int, positions: int, *, bias: bool = True, ffn: int = 0
) -> Network:
    """A GPT of OpenAI's kind, its head the table of words."""
    norm = layer_norm if bias else bare_norm
    mixing = attention(d, heads, None, d // heads, bias="qkvo" if bias else "", rotary=False)
    one = block(d, mixing, mlp(d, ffn or 4 * d, use_bias=bias), norm=norm)
    return decoder([(layers, one)], d, vocab, norm=norm, positions=positions, tied=True)


def palm() -> Network:
    """PaLM 540B: one key for all heads, attention and MLP side by side, no biases."""
    one = block(
        18432,
        attention(18432, 48, 1, 256),
        gated_mlp(18432, 73728),
        norm=bare_norm,
        order="beside",
    )
    return decoder([(118, one)], 18432, 256000, norm=bare_norm, tied=True)


def gemma_3_27b() -> Network:
    """Gemma 3 27B as far as its cache goes: five windows of 1,024 for each layer without."""

    def one(window: int | None) -> Network:
        mixing = attention(5376, 32, 16, 128, window=window)
        return block(5376, mixing, gated_mlp(5376, 21504), order="both")

    near, far = one(1024), one(None)
    blocks = [(10, [near] * 5 + [far]), (2, near)]
    return decoder(blocks, 5376, 262208, tied=True)


def deepseek_v3() -> Network:
    """DeepSeek-V3: latent attention, three dense layers and 58 of experts."""
    mixing = latent_attention(
        7168, 128, latent=512, query_latent=1536, head_dim=128, rotary_dim=64, value_dim=128
    )
    routed = experts(
        7168,
        gated_mlp(7168, 2048, axes=(), name=None),
        256,
        8,
        shared=gated_mlp(7168, 2048, name="shared_experts"),
    )
    blocks = [
        (3, block(7168, mixing, gated_mlp(7168, 18432))),
        (58, block(7168, mixing, routed)),
    ]
    return decoder(blocks, 7168, 129280)


def qwen_3_30b() -> Network:
    """Qwen3-30B-A3B: 128 experts of which 8 are met, norms of queries and keys."""
    from archcalc.layers import RMSNormalization

    mixing = attention(2048, 32, 4, 128, norm=RMSNormalization)
    routed = experts(2048, gated_mlp(2048, 768, axes=(), name=None), 128, 8)
    return decoder([(48, block(2048, mixing, routed))], 2048, 151936)


def gpt_oss(layers: int, count: int) -> Network:
    """gpt-oss: experts with biases, sinks, windows of 128 in every second layer."""

    def one(window: int | None) -> Network:
        mixing = attention(2880, 64, 8, 64, bias="qkvo", sinks=True, window=window)
        expert = gated_mlp(2880, 2880, use_bias=True, axes=(), name=None)
        return block(2880, mixing, experts(2880, expert, count, 4, router_bias=True))

    return decoder([(layers // 2, [one(128), one(None)])], 2880, 201088)


def of_llama(sizes: tuple[int, ...]) -> Network:
    """A Llama of these sizes."""
    return llama(*sizes)
