"""Where arguments that many types share come from.

What a key that is missing means stands in `defaults`; what null means stands behind ``??``.
"""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.huggingface.sources import (
    Choice,
    Const,
    Letters,
    Source,
    Sparse,
    Switched,
    Windows,
)

__all__ = [
    "BIASED", "BIASED_IN", "CROSS", "EQUAL", "EVERYWHERE", "EXPERTS", "GROUPED", "LAYERS_NAMED_N",
    "QWEN_WINDOWS", "SHARED_EXPERTS", "SIZES", "TOKENS", "in_turn", "normed",
]  # fmt: skip

SIZES: Mapping[str, Source] = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "vocab": "vocab_size",
}

TOKENS: Mapping[str, Source] = {**SIZES, "tied": "tie_word_embeddings"}

EQUAL: Mapping[str, Source] = {
    **TOKENS,
    "head_dim": "= width/heads",
    "ffn": "intermediate_size ?? 4*width",
    "activation": "hidden_act",
}
"""As many keys as queries, and heads that part the width."""

GROUPED: Mapping[str, Source] = {
    **TOKENS,
    "kv_heads": "num_key_value_heads ?? heads",
    "head_dim": "head_dim ?? width/heads",
    "ffn": "intermediate_size",
    "activation": "hidden_act",
}
"""Fewer keys than queries, and heads of a size of their own."""

LAYERS_NAMED_N: Mapping[str, Source] = {
    **TOKENS,
    "layers": "n_layer",
    "width": "n_embd",
    "heads": "n_head",
    "head_dim": "= width/heads",
    "ffn": "n_inner ?? 4*width",
    "activation": "activation_function",
}
"""The names of GPT-2."""

BIASED: Mapping[str, Source] = {"bias": Letters({"attention_bias": "qkvo"})}
BIASED_IN: Mapping[str, Source] = {"bias": Letters({"attention_bias": "qkv"})}
"""One key for the biases of attention: of all projections, or of those in."""

EVERYWHERE: Mapping[str, Source] = {
    "window": "sliding_window ?? none",
    "windows": Windows(types=""),
}
"""A window in every layer, or in none."""

QWEN_WINDOWS: Mapping[str, Source] = {
    "window": Switched("use_sliding_window", "sliding_window ?? none", Const(None)),
    "windows": Windows(since="max_window_layers"),
}

EXPERTS: Mapping[str, Source] = {
    "experts": "num_local_experts",
    "active": "num_experts_per_tok",
    "expert_ffn": "intermediate_size",
}
"""Experts in every layer, and no other MLP."""

SHARED_EXPERTS: Mapping[str, Source] = {
    "sparse": Sparse(first="first_k_dense_replace"),
    "experts": "n_routed_experts",
    "active": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
    "shared": "n_shared_experts ?? 0",
    "shared_ffn": "= shared*expert_ffn",
}
"""Experts behind the first layers, and some that every word meets."""

CROSS: Mapping[str, str] = {"add_cross_attention": "attention to an encoder"}


def in_turn(period: int, key: str = "") -> Mapping[str, Source]:
    """A window in all layers but every so many-th.

    >>> in_turn(2)["windows"].period
    2
    """
    return {
        "window": "sliding_window ?? none",
        "windows": Windows(period=period, period_key=key),
    }


def normed(key: str, over: str) -> Mapping[str, Source]:
    """Queries and keys are normalised where a field is true, and over what.

    >>> normed("qk_layernorm", "head")["qk_norm"].key
    'qk_layernorm'
    """
    return {"qk_norm": Choice(key, {True: over, False: ""})}
