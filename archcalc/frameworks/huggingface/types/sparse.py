"""Decoders with experts, and those with attention to a latent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archcalc.frameworks.huggingface.sources import (
    Const,
    Letters,
    Source,
    Sparse,
    Switched,
    Windows,
)
from archcalc.frameworks.huggingface.types.common import (
    BIASED,
    BIASED_IN,
    EVERYWHERE,
    EXPERTS,
    GROUPED,
    QWEN_WINDOWS,
    SHARED_EXPERTS,
    TOKENS,
    in_turn,
    normed,
)
from archcalc.frameworks.huggingface.types.kind import Note, Type

__all__ = ["SPARSE"]

_OLMOE: Mapping[str, Source] = {**GROUPED, **EXPERTS, "experts": "num_experts", **BIASED}

_QWEN_SPARSE = Sparse(step="decoder_sparse_step", never="mlp_only_layers", some="num_experts")

_QWEN: Mapping[str, Source] = {
    **GROUPED,
    "sparse": _QWEN_SPARSE,
    "active": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
}

_LATENT: Mapping[str, Source] = {
    **TOKENS,
    "ffn": "intermediate_size",
    "activation": "hidden_act",
    "latent": "kv_lora_rank",
    "query_latent": "q_lora_rank ?? none",
    "head_dim": "qk_nope_head_dim",
    "rotary_dim": "qk_rope_head_dim",
    "value_dim": "v_head_dim",
    "latent_bias": "attention_bias",
}

_FURTHER = "files that are released have layers that predict further words; they are not counted"
_NEXT = (Note("num_nextn_predict_layers", True, _FURTHER),)

SPARSE: Mapping[str, Type] = {
    "mixtral": Type("mixtral", {**GROUPED, **EXPERTS, **EVERYWHERE}),
    "minimax_m2": Type(
        "olmoe", {**GROUPED, **EXPERTS},
        ignores=("mtp_transformer_layers", "rotary_dim", "use_routing_bias"),
        notes=(Note("num_mtp_modules", True, _FURTHER),),
    ),
    "phimoe": Type(
        "phimoe",
        {
            **GROUPED,
            **EXPERTS,
            "active": Const(2),
            **BIASED,
            "head_bias": "lm_head_bias",
            **EVERYWHERE,
        },
    ),
    "granitemoe": Type("mixtral", {**GROUPED, **EXPERTS, **BIASED}),
    "olmoe": Type("olmoe", _OLMOE),
    "flex_olmo": Type("olmoe", {**_OLMOE, "order": Const("result")}),
    "qwen2_moe": Type(
        "qwen2_moe",
        {
            **_QWEN,
            "experts": "num_experts",
            "shared_ffn": "shared_expert_intermediate_size",
            "bias": Letters({"qkv_bias": "qkv"}),
            **QWEN_WINDOWS,
            "windows": Windows(period=2, until="max_window_layers"),
        },
    ),
    "qwen3_moe": Type(
        "qwen3_moe",
        {
            **_QWEN,
            "sparse": replace(_QWEN_SPARSE, some="num_local_experts"),
            "experts": "num_local_experts",
            **BIASED,
            "window": Switched("use_sliding_window", "sliding_window ?? none", Const(None)),
            "windows": Windows(types=""),
        },
        ignores=("max_window_layers",),
    ),
    "gpt_oss": Type("gpt_oss", {**GROUPED, **EXPERTS, **BIASED, **in_turn(2)}),
    "deepseek_v2": Type("deepseek_v2", {**_LATENT, **SHARED_EXPERTS}),
    "deepseek_v3": Type("deepseek_v3", {**_LATENT, **SHARED_EXPERTS}, notes=_NEXT),
    "youtu": Type("deepseek_v3", {**_LATENT, "experts": Const(None)}),
    "glm4_moe": Type(
        "glm4_moe",
        {**GROUPED, **SHARED_EXPERTS, **BIASED_IN, **normed("use_qk_norm", "head")},
        notes=_NEXT,
    ),
    "solar_open": Type(
        "glm4_moe",
        {**GROUPED, **SHARED_EXPERTS, "ffn": Const(1), "sparse": Const(()), **BIASED_IN},
    ),
    "dots1": Type(
        "glm4_moe",
        {
            **GROUPED,
            **SHARED_EXPERTS,
            **BIASED,
            "qk_norm": Const("head"),
            "window": "sliding_window ?? none",
            "windows": Windows(since="max_window_layers"),
        },
    ),
    "ernie4_5_moe": Type(
        "glm4_moe",
        {
            **GROUPED,
            "experts": "moe_num_experts",
            "active": "moe_k",
            "expert_ffn": "moe_intermediate_size",
            "shared": "moe_num_shared_experts ?? 0",
            "shared_ffn": "= shared*expert_ffn",
            "sparse": Sparse(
                first="moe_layer_start_index", last="moe_layer_end_index",
                step="moe_layer_interval",
            ),
            "router_bias": Const(True),
            "shared_bias": "use_bias",
            "head_bias": "use_bias",
            "bias": Letters({"use_bias": "qkvo"}),
            "mlp_bias": "use_bias",
        },
    ),
}  # fmt: skip
