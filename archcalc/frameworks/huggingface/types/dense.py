"""Llama, and what differs from it in norms, biases, windows or functions."""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.huggingface.sources import Choice, Const, Letters, Source, Windows
from archcalc.frameworks.huggingface.types.common import (
    BIASED,
    BIASED_IN,
    EVERYWHERE,
    GROUPED,
    QWEN_WINDOWS,
    in_turn,
    normed,
)
from archcalc.frameworks.huggingface.types.kind import Type

__all__ = ["DENSE"]

_LLAMA: Mapping[str, Source] = {**GROUPED, **BIASED, "mlp_bias": "mlp_bias"}

_ALL_BIASED: Mapping[str, Source] = {"bias": Letters({"use_bias": "qkvo"}), "mlp_bias": "use_bias"}

_GEMMA: Mapping[str, Source] = {**GROUPED, **BIASED}

_GEMMA_2: Mapping[str, Source] = {
    **_GEMMA,
    "activation": "hidden_activation",
    "soft_cap": "attn_logit_softcapping",
}

_WITHOUT_TURNING = Windows(period=4, period_key="no_rope_layer_interval", only=True)
"""Layers that turn no positions into queries and keys have the window."""

DENSE: Mapping[str, Type] = {
    "llama": Type("llama", _LLAMA),
    "smollm3": Type(
        "llama",
        {**_LLAMA, **QWEN_WINDOWS, "windows": _WITHOUT_TURNING},
        ignores=("max_window_layers",),
    ),
    "granite": Type("llama", _LLAMA),
    "helium": Type("llama", {**_LLAMA, **BIASED_IN}),
    "arcee": Type("llama", {**_LLAMA, "gated": Const(False)}),
    "cwm": Type(
        "llama",
        {**_LLAMA, "bias": Const(""), **in_turn(4), "windows": Windows(period=4, first=True)},
    ),
    "seed_oss": Type(
        "llama",
        {**_LLAMA, "bias": Letters({"attention_bias": "qkv", "attention_out_bias": "o"})},
    ),
    "ernie4_5": Type("llama", {**GROUPED, **_ALL_BIASED}),
    "mistral": Type("llama", {**GROUPED, **EVERYWHERE}),
    "ministral": Type("llama", {**GROUPED, **in_turn(0)}),
    "ministral3": Type("llama", {**GROUPED, **EVERYWHERE}),
    "olmo": Type("olmo", {**GROUPED, **BIASED}),
    "olmo2": Type("olmo2", {**GROUPED, **BIASED}),
    "olmo3": Type("olmo2", {**GROUPED, **BIASED, **in_turn(4)}),
    "hunyuan_v1_dense": Type("qwen3", {**GROUPED, **BIASED}),
    "exaone4": Type(
        "olmo2", {**GROUPED, "qk_norm": Const("head"), **in_turn(4, "sliding_window_pattern")}
    ),
    "qwen2": Type("qwen2", {**GROUPED, **QWEN_WINDOWS}),
    "qwen3": Type("qwen3", {**GROUPED, **BIASED, **QWEN_WINDOWS}),
    "gemma": Type("gemma", _GEMMA),
    "gemma2": Type("gemma2", {**_GEMMA_2, **in_turn(2)}),
    "gemma3_text": Type("gemma3", {**_GEMMA_2, **in_turn(6, "sliding_window_pattern")}),
    "vaultgemma": Type("gemma", {**_GEMMA_2, **in_turn(2)}),
    "cohere": Type("cohere", {**GROUPED, **BIASED, **normed("use_qk_norm", "each")}),
    "cohere2": Type(
        "cohere",
        {
            **GROUPED,
            **BIASED,
            "head_dim": "= width/heads",
            **in_turn(4, "sliding_window_pattern"),
        },
        ignores=("order_of_interleaved_layers",),
    ),
    "glm": Type("glm", {**GROUPED, **BIASED_IN}),
    "glm4": Type("glm4", {**GROUPED, **BIASED_IN}),
    "phi3": Type("phi3", {**GROUPED, **EVERYWHERE}),
    "nemotron": Type("nemotron", _LLAMA),
    "jais2": Type("nemotron", _LLAMA),
    "stablelm": Type(
        "stablelm",
        {
            **GROUPED,
            "head_dim": "= width/heads",
            "bias": Letters({"use_qkv_bias": "qkv"}),
            **normed("qk_layernorm", "each"),
            "qk_norm_of": Const("factor"),
            "order": Choice("use_parallel_residual", {True: "beside", False: "before"}),
        },
    ),
    "starcoder2": Type("starcoder2", {**GROUPED, **_ALL_BIASED, **EVERYWHERE}),
}
