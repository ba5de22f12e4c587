"""The types of models in ``config.json``, as data: which fields are which arguments of a family.

Of each type it says the family in `archcalc.families`, and for each argument where it comes from
(see `fields`).  What a key that is missing means stands in `defaults`, which a script made of the
classes of transformers; what null means stands here, behind ``??``.

Source: https://github.com/huggingface/transformers, ``models/*/configuration_*.py`` and
``modeling_*.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.huggingface.fields import (
    Choice,
    Const,
    Image,
    Labels,
    Letters,
    Rounded,
    Source,
    Sparse,
    Starts,
    Switched,
    Windows,
)

__all__ = ["TYPES", "Head", "Type"]


Head: TypeAlias = Literal["words", "masked", "both", "none"]
"""What a class has after its last layer: scores of the next word or of a class, of words that were
masked, those and of the next sentence, or nothing."""


@dataclass(frozen=True)
class Type:
    """One type of model.

    Attributes:
        family: the name of the family in `archcalc.families`.
        sources: where each argument of it comes from, in order.
        refuses: keys whose truth makes another model that is not known here, and why.
        heads: the arguments that a class has by its head, where the family tells heads apart.
        default_head: what a class has where none is named.
        beside: arguments that other arguments follow from, and that the family has not got.
        sequence: the argument for how many words a sequence has; empty for none.
    """

    family: str
    sources: Mapping[str, Source]
    refuses: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[Head, Mapping[str, Any]] = field(default_factory=dict)
    default_head: Head = "words"
    beside: tuple[str, ...] = ()
    sequence: str = "length"


_SIZES: Mapping[str, Source] = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "vocab": "vocab_size",
}

_TOKENS: Mapping[str, Source] = {**_SIZES, "tied": "tie_word_embeddings"}

_EQUAL: Mapping[str, Source] = {
    **_TOKENS,
    "head_dim": "= width/heads",
    "ffn": "intermediate_size ?? 4*width",
    "activation": "hidden_act",
}
"""As many keys as queries, and heads that part the width."""

_GROUPED: Mapping[str, Source] = {
    **_TOKENS,
    "kv_heads": "num_key_value_heads ?? heads",
    "head_dim": "head_dim ?? width/heads",
    "ffn": "intermediate_size",
    "activation": "hidden_act",
}
"""Fewer keys than queries, and heads of a size of their own."""

_LLAMA: Mapping[str, Source] = {
    **_GROUPED,
    "bias": Letters({"attention_bias": "qkvo"}),
    "mlp_bias": "mlp_bias",
}

_EVERYWHERE: Mapping[str, Source] = {
    "window": "sliding_window ?? none",
    "windows": Windows(types=""),
}
"""A window in every layer, or in none."""

_QWEN_WINDOWS: Mapping[str, Source] = {
    "window": Switched("use_sliding_window", "sliding_window ?? none", Const(None)),
    "windows": Windows(since="max_window_layers"),
}


def _in_turn(period: int, key: str = "") -> Mapping[str, Source]:
    """A window in all layers but every so many-th."""
    return {
        "window": "sliding_window ?? none",
        "windows": Windows(period=period, period_key=key),
    }


_EXPERTS: Mapping[str, Source] = {
    "experts": "num_local_experts",
    "active": "num_experts_per_tok",
    "expert_ffn": "intermediate_size",
}

_QWEN_EXPERTS: Mapping[str, Source] = {
    "sparse": Sparse(step="decoder_sparse_step", never="mlp_only_layers"),
    "active": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
}

_SHARED_EXPERTS: Mapping[str, Source] = {
    "sparse": Sparse(first="first_k_dense_replace"),
    "experts": "n_routed_experts",
    "active": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
    "shared": "n_shared_experts ?? 0",
    "shared_ffn": "= shared*expert_ffn",
}

_LATENT: Mapping[str, Source] = {
    **_TOKENS,
    "ffn": "intermediate_size",
    "activation": "hidden_act",
    "latent": "kv_lora_rank",
    "query_latent": "q_lora_rank ?? none",
    "head_dim": "qk_nope_head_dim",
    "rotary_dim": "qk_rope_head_dim",
    "value_dim": "v_head_dim",
    "latent_bias": "attention_bias",
}

_ROTARY: Mapping[str, Source] = {"rotary": "rotary_dim ?? head_dim"}

_GEMMA: Mapping[str, Source] = {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"})}

_GEMMA_2: Mapping[str, Source] = {
    **_GEMMA,
    "activation": "hidden_activation",
    "soft_cap": "attn_logit_softcapping",
}

_MAMBA: Mapping[str, Source] = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "vocab": "vocab_size",
    "expand": "expand",
    "inner": "= expand*width",
    "state": "state_size",
    "kernel": "conv_kernel",
    "rank": Rounded("time_step_rank", "width", 16),
    "use_bias": "use_bias",
    "conv_bias": "use_conv_bias",
    "tied": "tie_word_embeddings",
}

_BERT: Mapping[str, Source] = {
    **_SIZES,
    "head_dim": "= width/heads",
    "ffn": "intermediate_size",
    "positions": "max_position_embeddings",
    "types": "type_vocab_size",
    "activation": "hidden_act",
    "tied": "tie_word_embeddings",
}

_CROSS = {"add_cross_attention": "attention to an encoder"}

_BERT_HEADS: Mapping[Head, Mapping[str, Any]] = {
    "none": {"head": "pooler"}, "masked": {"head": "masked"}, "both": {"head": "both"},
}  # fmt: skip

_ENDS: Mapping[Head, Mapping[str, Any]] = {"none": {"head": False}}

# A file of T5 v1.1 says that its head is not tied, and holds one: 247,577,856 parameters of
# t5-v1_1-base, as published; transformers 5 ties it all the same, and builds 222,903,552.
_T5: Mapping[str, Source] = {
    "layers": "num_layers",
    "decoder_layers": "num_decoder_layers ?? layers",
    "width": "d_model",
    "ffn": "d_ff",
    "vocab": "vocab_size",
    "heads": "num_heads",
    "head_dim": "d_kv",
    "buckets": "relative_attention_num_buckets",
    "gated": Starts("feed_forward_proj", "gated-"),
    "activation": "feed_forward_proj",
    "norm": Const("rms"),
    "bias": Const(""),
    "mlp_bias": Const(False),
    "tied": "tie_word_embeddings",
}

_TWO: Mapping[str, Source] = {
    "layers": "encoder_layers",
    "decoder_layers": "decoder_layers",
    "width": "d_model",
    "ffn": "encoder_ffn_dim",
    "decoder_ffn": "decoder_ffn_dim",
    "heads": "encoder_attention_heads",
    "decoder_heads": "decoder_attention_heads",
    "head_dim": "= width/heads",
    "decoder_head_dim": "= width/decoder_heads",
    "vocab": "vocab_size",
    "activation": "activation_function",
    "tied": "tie_word_embeddings",
}

_BART: Mapping[str, Source] = {
    "places": "max_position_embeddings",
    "positions": "= places + 2",
    "decoder_positions": "= places + 2",
    "position_offset": Const(2),
    "embedding_norm": Const(True),
    "tied": Choice("tie_word_embeddings", {True: True}),
}

TYPES: Mapping[str, Type] = {
    # Llama and what is Llama by another name
    "llama": Type("llama", _LLAMA),
    "smollm3": Type("llama", {**_LLAMA, **_QWEN_WINDOWS}),
    "granite": Type("llama", _LLAMA),
    "helium": Type("llama", {**_LLAMA, "bias": Letters({"attention_bias": "qkv"})}),
    "arcee": Type("llama", {**_LLAMA, "gated": Const(False)}),
    "cwm": Type("llama", {**_LLAMA, "bias": Const(""), **_in_turn(4)}),
    "seed_oss": Type(
        "llama",
        {**_LLAMA, "bias": Letters({"attention_bias": "qkv", "attention_out_bias": "o"})},
    ),
    "ernie4_5": Type(
        "llama", {**_GROUPED, "bias": Letters({"use_bias": "qkvo"}), "mlp_bias": "use_bias"}
    ),
    "mistral": Type("llama", {**_GROUPED, **_EVERYWHERE}),
    "ministral": Type("llama", {**_GROUPED, **_in_turn(0)}),
    "ministral3": Type("llama", {**_GROUPED, **_EVERYWHERE}),
    "olmo": Type("olmo", {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"})}),
    "olmo2": Type("olmo2", {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"})}),
    "olmo3": Type(
        "olmo2", {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"}), **_in_turn(4)}
    ),
    "hunyuan_v1_dense": Type(
        "qwen3", {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"})}
    ),
    "exaone4": Type(
        "olmo2",
        {**_GROUPED, "qk_norm": Const("head"), **_in_turn(4, "sliding_window_pattern")},
    ),
    "qwen2": Type("qwen2", {**_GROUPED, **_QWEN_WINDOWS}),
    "qwen3": Type(
        "qwen3", {**_GROUPED, "bias": Letters({"attention_bias": "qkvo"}), **_QWEN_WINDOWS}
    ),
    "gemma": Type("gemma", _GEMMA),
    "gemma2": Type("gemma2", {**_GEMMA_2, **_in_turn(2)}),
    "gemma3_text": Type("gemma3", {**_GEMMA_2, **_in_turn(6, "sliding_window_pattern")}),
    "vaultgemma": Type("gemma", {**_GEMMA_2, **_in_turn(2)}),
    "cohere": Type(
        "cohere",
        {
            **_GROUPED,
            "bias": Letters({"attention_bias": "qkvo"}),
            "qk_norm": Choice("use_qk_norm", {True: "each", False: ""}),
        },
    ),
    "cohere2": Type(
        "cohere",
        {
            **_GROUPED,
            "head_dim": "= width/heads",
            "bias": Letters({"attention_bias": "qkvo"}),
            **_in_turn(4, "sliding_window_pattern"),
        },
    ),
    "glm": Type("glm", {**_GROUPED, "bias": Letters({"attention_bias": "qkv"})}),
    "glm4": Type("glm4", {**_GROUPED, "bias": Letters({"attention_bias": "qkv"})}),
    "phi3": Type("phi3", {**_GROUPED, **_EVERYWHERE}),
    "nemotron": Type("nemotron", _LLAMA),
    "jais2": Type(
        "nemotron", _LLAMA
    ),
    "stablelm": Type(
        "stablelm",
        {
            **_GROUPED,
            "head_dim": "= width/heads",
            "bias": Letters({"use_qkv_bias": "qkv"}),
            "qk_norm": Choice("qk_layernorm", {True: "each", False: ""}),
            "qk_norm_of": Const("factor"),
            "order": Choice("use_parallel_residual", {True: "beside", False: "before"}),
        },
    ),
    "starcoder2": Type(
        "starcoder2",
        {
            **_GROUPED,
            "bias": Letters({"use_bias": "qkvo"}),
            "mlp_bias": "use_bias",
            **_EVERYWHERE,
        },
    ),
    # GPT and its like
    "gpt2": Type(
        "gpt2",
        {
            **_TOKENS,
            "layers": "n_layer",
            "width": "n_embd",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "ffn": "n_inner ?? 4*width",
            "positions": "n_positions",
            "activation": "activation_function",
        },
        {"add_cross_attention": "attention to an encoder"},
    ),
    "gpt_bigcode": Type(
        "gpt_bigcode",
        {
            **_TOKENS,
            "layers": "n_layer",
            "width": "n_embd",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "kv_heads": Switched("multi_query", Const(1), "= heads"),
            "ffn": "n_inner ?? 4*width",
            "positions": "n_positions",
            "activation": "activation_function",
        },
        {"add_cross_attention": "attention to an encoder"},
    ),
    "gpt_neo": Type(
        "gpt_neo",
        {
            **_EQUAL,
            "layers": "num_layers",
            "heads": "num_heads",
            "head_dim": "= width/heads",
            "positions": "max_position_embeddings",
            "activation": "activation_function",
        },
    ),
    "gptj": Type(
        "gptj",
        {
            **_TOKENS,
            "layers": "n_layer",
            "width": "n_embd",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "ffn": "n_inner ?? 4*width",
            "activation": "activation_function",
            **_ROTARY,
        },
    ),
    "codegen": Type(
        "codegen",
        {
            **_TOKENS,
            "layers": "n_layer",
            "width": "n_embd",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "ffn": "n_inner ?? 4*width",
            "activation": "activation_function",
            **_ROTARY,
        },
    ),
    "gpt_neox": Type(
        "gpt_neox",
        {
            **_EQUAL,
            "bias": Letters({"attention_bias": "qkvo"}),
            "order": Choice(
                "use_parallel_residual", {True: "beside, two norms", False: "before"}
            ),
        },
    ),
    "opt": Type(
        "opt",
        {
            **_TOKENS,
            "head_dim": "= width/heads",
            "ffn": "ffn_dim",
            "max_positions": "max_position_embeddings",
            "positions": "= max_positions + 2",
            "embedding_width": "word_embed_proj_dim ?? width",
            "bias": Letters({"enable_bias": "qkvo"}),
            "mlp_bias": "enable_bias",
            "norm": Choice("layer_norm_elementwise_affine", {True: "layer", False: "bare"}),
            "order": Choice("do_layer_norm_before", {True: "before", False: "after"}),
            "final_norm": Switched(
                "do_layer_norm_before",
                Choice("_remove_final_layer_norm", {False: True, True: False}),
                Const(False),
            ),
            "activation": "activation_function",
        },
    ),
    "bloom": Type(
        "bloom",
        {
            **_TOKENS,
            "layers": "n_layer",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "ffn": "= 4*width",
        },
    ),
    "falcon": Type(
        "falcon",
        {
            **_TOKENS,
            "head_dim": "= width/heads",
            "kv_heads": Switched(
                "new_decoder_architecture",
                "num_kv_heads ?? heads",
                Switched("multi_query", Const(1), "= heads"),
            ),
            "ffn": "ffn_hidden_size ?? 4*width",
            "bias": Letters({"bias": "qkvo"}),
            "mlp_bias": "bias",
            "order": Switched(
                "parallel_attn",
                Choice("num_ln_in_parallel_attn", {
                    None: Choice(
                        "new_decoder_architecture", {True: "beside, two norms", False: "beside"}
                    ),
                    1: "beside",
                    2: "beside, two norms",
                }),
                Const("before"),
            ),
            "alibi": "alibi",
            "rotary": Choice("alibi", {True: False, False: True}),
            "activation": "activation",
        },
    ),
    "mpt": Type(
        "mpt",
        {
            **_TOKENS,
            "layers": "n_layers",
            "width": "d_model",
            "heads": "n_heads",
            "head_dim": "= width/heads",
            "ffn": "= 4*width",
        },
    ),
    "phi": Type(
        "phi",
        {
            **_GROUPED,
            "qk_norm": Choice("qk_layernorm", {True: "head", False: ""}),
        },
    ),
    "persimmon": Type(
        "persimmon",
        {
            **_EQUAL,
            "head_dim": "= width/heads",
            "qk_norm": Choice("qk_layernorm", {True: "head", False: ""}),
        },
    ),
    # Experts
    "mixtral": Type("mixtral", {**_GROUPED, **_EXPERTS, **_EVERYWHERE}),
    "minimax_m2": Type("olmoe", {**_GROUPED, **_EXPERTS}),
    "phimoe": Type(
        "phimoe",
        {
            **_GROUPED,
            **_EXPERTS,
            "active": Const(2),
            "bias": Letters({"attention_bias": "qkvo"}),
            "head_bias": "lm_head_bias",
            **_EVERYWHERE,
        },
    ),
    "granitemoe": Type(
        "mixtral", {**_GROUPED, **_EXPERTS, "bias": Letters({"attention_bias": "qkvo"})}
    ),
    "olmoe": Type(
        "olmoe",
        {
            **_GROUPED,
            **_EXPERTS,
            "experts": "num_experts",
            "bias": Letters({"attention_bias": "qkvo"}),
        },
    ),
    "flex_olmo": Type(
        "olmoe",
        {
            **_GROUPED,
            **_EXPERTS,
            "experts": "num_experts",
            "order": Const("result"),
            "bias": Letters({"attention_bias": "qkvo"}),
        },
    ),
    "qwen2_moe": Type(
        "qwen2_moe",
        {
            **_GROUPED,
            "experts": "num_experts",
            **_QWEN_EXPERTS,
            "shared_ffn": "shared_expert_intermediate_size",
            "bias": Letters({"qkv_bias": "qkv"}),
            **_QWEN_WINDOWS,
        },
    ),
    "qwen3_moe": Type(
        "qwen3_moe",
        {
            **_GROUPED,
            "experts": "num_local_experts",
            **_QWEN_EXPERTS,
            "bias": Letters({"attention_bias": "qkvo"}),
            "window": Switched("use_sliding_window", "sliding_window ?? none", Const(None)),
            "windows": Windows(types=""),
        },
    ),
    "gpt_oss": Type(
        "gpt_oss",
        {
            **_GROUPED,
            **_EXPERTS,
            "bias": Letters({"attention_bias": "qkvo"}),
            **_in_turn(2),
        },
    ),
    "deepseek_v2": Type("deepseek_v2", {**_LATENT, **_SHARED_EXPERTS}),
    "deepseek_v3": Type("deepseek_v3", {**_LATENT, **_SHARED_EXPERTS}),
    "youtu": Type("deepseek_v3", {**_LATENT, "experts": Const(None)}),
    "glm4_moe": Type(
        "glm4_moe",
        {
            **_GROUPED,
            **_SHARED_EXPERTS,
            "bias": Letters({"attention_bias": "qkv"}),
            "qk_norm": Choice("use_qk_norm", {True: "head", False: ""}),
        },
    ),
    "solar_open": Type(
        "glm4_moe",
        {**_GROUPED, **_SHARED_EXPERTS, "ffn": Const(1), "sparse": Const(()),
         "bias": Letters({"attention_bias": "qkv"})},
    ),
    "dots1": Type(
        "glm4_moe",
        {
            **_GROUPED,
            **_SHARED_EXPERTS,
            "qk_norm": Const("head"),
            "bias": Letters({"attention_bias": "qkvo"}),
            "window": "sliding_window ?? none",
            "windows": Windows(since="max_window_layers"),
        },
    ),
    "ernie4_5_moe": Type(
        "glm4_moe",
        {
            **_GROUPED,
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
    # State spaces
    **dict.fromkeys(("mamba", "falcon_mamba"), Type("mamba", _MAMBA, beside=("expand",))),
    # Encoders
    **dict.fromkeys(
        ("bert",), Type("encoder", _BERT, _CROSS, _BERT_HEADS, default_head="none")
    ),
    **dict.fromkeys(
        ("roberta", "xlm-roberta", "camembert"),
        Type("encoder", {**_BERT, "position_offset": Const(2)}, _CROSS, _BERT_HEADS,
             default_head="none"),
    ),
    "electra": Type(
        "encoder",
        {**_BERT, "embedding_width": "embedding_size"},
        _CROSS,
        {"none": {"head": "none"}, "masked": {"head": "masked"}},
        default_head="none",
    ),
    "distilbert": Type(
        "encoder",
        {
            "layers": "n_layers", "width": "dim", "heads": "n_heads", "vocab": "vocab_size",
            "head_dim": "= width/heads", "ffn": "hidden_dim", "activation": "activation",
            "positions": "max_position_embeddings", "types": Const(None),
            "tied": "tie_word_embeddings",
        },
        heads={
            "none": {"head": "none", "types": None},
            "masked": {"head": "masked", "types": None},
        },
        default_head="none",
    ),
    "albert": Type(
        "encoder",
        {
            **_BERT, "embedding_width": "embedding_size", "groups": "num_hidden_groups",
            "inner": "inner_group_num",
        },
        heads=_BERT_HEADS,
        default_head="none",
    ),
    "vit": Type(
        "vit",
        {
            "layers": "num_hidden_layers", "width": "hidden_size", "hidden": "intermediate_size",
            "heads": "num_attention_heads", "patch": "patch_size",
            "classes": Labels("num_labels", "id2label"),
            "input_shape": Image("image_size", "num_channels"),
            "biased": Choice("qkv_bias", {True: True}),
        },
        beside=("biased",), sequence="",
    ),
    # Encoders with decoders
    **dict.fromkeys(("t5", "mt5"), Type("encoder_decoder", _T5, heads=_ENDS)),
    "bart": Type(
        "encoder_decoder",
        {**_TWO, **_BART, "order": Const("after"), "final_norm": Const(False)},
        heads=_ENDS, beside=("places",),
    ),
    "mbart": Type("encoder_decoder", {**_TWO, **_BART}, heads=_ENDS, beside=("places",)),
    "whisper": Type(
        "encoder_decoder",
        {
            **_TWO, "bias": Const("qvo"), "mels": "num_mel_bins",
            "positions": "max_source_positions", "decoder_positions": "max_target_positions",
        },
        heads=_ENDS,
    ),
}  # fmt: skip
"""Every type that is known, by the name that ``model_type`` gives it."""
