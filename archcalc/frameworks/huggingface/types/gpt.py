"""GPT-2 and decoders of its time: learned positions or linear biases, plain MLPs, layer norms."""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.huggingface.sources import Choice, Const, Letters, Source, Switched
from archcalc.frameworks.huggingface.types.common import (
    BIASED,
    CROSS,
    EQUAL,
    GROUPED,
    LAYERS_NAMED_N,
    TOKENS,
    normed,
)
from archcalc.frameworks.huggingface.types.kind import Type

__all__ = ["GPT"]

_POSITIONS: Mapping[str, Source] = {"positions": "n_positions"}
_ROTARY: Mapping[str, Source] = {"rotary": "rotary_dim ?? head_dim"}

GPT: Mapping[str, Type] = {
    "gpt2": Type("gpt2", {**LAYERS_NAMED_N, **_POSITIONS}, CROSS, ignores=("n_special",)),
    "gpt_bigcode": Type(
        "gpt_bigcode",
        {
            **LAYERS_NAMED_N,
            **_POSITIONS,
            "kv_heads": Switched("multi_query", Const(1), "= heads"),
        },
        CROSS,
    ),
    "gpt_neo": Type(
        "gpt_neo",
        {
            **EQUAL,
            "layers": "num_layers",
            "heads": "num_heads",
            "positions": "max_position_embeddings",
            "activation": "activation_function",
        },
    ),
    "gptj": Type("gptj", {**LAYERS_NAMED_N, **_ROTARY}),
    "codegen": Type("codegen", {**LAYERS_NAMED_N, **_ROTARY}),
    "gpt_neox": Type(
        "gpt_neox",
        {
            **EQUAL,
            **BIASED,
            "order": Choice(
                "use_parallel_residual", {True: "beside, two norms", False: "before"}
            ),
        },
    ),
    "opt": Type(
        "opt",
        {
            **TOKENS,
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
            **TOKENS,
            "layers": "n_layer",
            "heads": "n_head",
            "head_dim": "= width/heads",
            "ffn": "= 4*width",
        },
        aliases={"n_embed": "hidden_size"},
        ignores=("n_inner",),
    ),
    "falcon": Type(
        "falcon",
        {
            **TOKENS,
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
            **TOKENS,
            "layers": "n_layers",
            "width": "d_model",
            "heads": "n_heads",
            "head_dim": "= width/heads",
            "ffn": "= 4*width",
        },
    ),
    "phi": Type("phi", {**GROUPED, **normed("qk_layernorm", "head")}),
    "persimmon": Type("persimmon", {**EQUAL, **normed("qk_layernorm", "head")}),
}  # fmt: skip
