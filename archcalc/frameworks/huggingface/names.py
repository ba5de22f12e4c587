"""What the tensors of a checkpoint are called, by type: as data.

What a type does not say is called as in Llama.

Source: https://github.com/huggingface/transformers, ``models/*/modeling_*.py``; names of released
files from ``conversion_mapping.py`` there.
"""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.huggingface.naming import Names, When

__all__ = ["NAMES", "names_of"]

_LLAMA = Names(
    base="model.",
    layer={"layers": "layers.{i}"},
    parts={"self_attn/core": "self_attn", "mlp/router": "mlp.gate",
           "mlp/experts/expert": "mlp.experts"},
)  # fmt: skip

_BOTH = _LLAMA.but(
    parts={
        "post_mixer_layernorm": "post_attention_layernorm",
        "post_attention_layernorm": "pre_feedforward_layernorm",
    }
)

_RESULT = _LLAMA.but(
    parts={
        "input_layernorm": "post_attention_layernorm",
        "post_attention_layernorm": "post_feedforward_layernorm",
    }
)

_PLAIN = {"mlp/up_proj": "mlp.dense_h_to_4h", "mlp/down_proj": "mlp.dense_4h_to_h"}
_FC = {"mlp/up_proj": "mlp.fc1", "mlp/down_proj": "mlp.fc2"}
_C_FC = {"mlp/up_proj": "mlp.c_fc", "mlp/down_proj": "mlp.c_proj"}

_GPT = Names(
    base="transformer.",
    layer={"layers": "h.{i}"},
    top={"embed_tokens": "wte", "embed_positions": "wpe", "norm": "ln_f"},
    parts={
        "input_layernorm": "ln_1", "post_attention_layernorm": "ln_2",
        "self_attn/qkv_proj": "attn.c_attn", "self_attn/o_proj": "attn.c_proj", **_C_FC,
    },
)  # fmt: skip

_GPT_J = _GPT.but(
    parts={
        **{f"self_attn/{x}_proj": f"attn.{x}_proj" for x in ("q", "k", "v", "qkv")},
        "self_attn/o_proj": "attn.out_proj",
        "mlp/up_proj": "mlp.fc_in", "mlp/down_proj": "mlp.fc_out",
    }
)  # fmt: skip

_BLOOM = Names(
    base="transformer.",
    layer={"layers": "h.{i}"},
    top={"embed_tokens": "word_embeddings", "norm": "ln_f",
         "embed_norm": "word_embeddings_layernorm"},
    parts={
        "self_attn/qkv_proj": "self_attention.query_key_value",
        "self_attn/o_proj": "self_attention.dense", **_PLAIN,
    },
)  # fmt: skip

_NEOX = Names(
    base="gpt_neox.",
    layer={"layers": "layers.{i}"},
    top={"embed_tokens": "embed_in", "norm": "final_layer_norm"},
    parts={
        "self_attn/qkv_proj": "attention.query_key_value", "self_attn/o_proj": "attention.dense",
        **_PLAIN,
    },
    released={r"^lm_head\.": "embed_out."},
)  # fmt: skip

_OPT = Names(
    base="model.",
    layer={"layers": "decoder.layers.{i}"},
    top={
        "norm": "decoder.final_layer_norm",
        **{part: f"decoder.{part}" for part in
           ("embed_tokens", "embed_positions", "project_in", "project_out")},
    },
    parts={
        "input_layernorm": "self_attn_layer_norm", "post_attention_layernorm": "final_layer_norm",
        "self_attn/o_proj": "self_attn.out_proj", "mlp/up_proj": "fc1", "mlp/down_proj": "fc2",
    },
)  # fmt: skip

_MPT = Names(
    base="transformer.",
    layer={"layers": "blocks.{i}"},
    top={"embed_tokens": "wte", "norm": "norm_f"},
    parts={
        "input_layernorm": "norm_1", "post_attention_layernorm": "norm_2",
        "self_attn/qkv_proj": "attn.Wqkv", "self_attn/o_proj": "attn.out_proj",
        "mlp/up_proj": "ffn.up_proj", "mlp/down_proj": "ffn.down_proj",
    },
)  # fmt: skip

_PHI = _LLAMA.but(
    top={"norm": "final_layernorm"},
    parts={
        "self_attn/o_proj": "self_attn.dense", "self_attn/q_norm": "self_attn.q_layernorm",
        "self_attn/k_norm": "self_attn.k_layernorm", **_FC,
    },
)  # fmt: skip

_MIXTRAL = _LLAMA.but(
    experts="block_sparse_moe.experts.{e}",
    each={"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"},
    released={r"\.mlp\.(gate|router)\.": ".block_sparse_moe.gate."},
)

_EMBEDDINGS = {
    "embed_tokens": "embeddings.word_embeddings",
    "embed_positions": "embeddings.position_embeddings",
    "embed_types": "embeddings.token_type_embeddings", "embed_norm": "embeddings.LayerNorm",
}  # fmt: skip

_BERT = Names(
    base="bert.",
    layer={"layers": "encoder.layer.{i}"},
    top={**_EMBEDDINGS, "pooler": "pooler.dense"},
    heads={
        "head_transform": "cls.predictions.transform.dense",
        "head_norm": "cls.predictions.transform.LayerNorm",
        "lm_head": "cls.predictions.decoder", "lm_head.bias": "cls.predictions.bias",
        "spare_bias.value": "cls.predictions.decoder.bias",
        "next_sentence": "cls.seq_relationship", "classifier": "classifier",
        "span": "qa_outputs",
    },
    parts={
        "self_attn/q_proj": "attention.self.query", "self_attn/k_proj": "attention.self.key",
        "self_attn/v_proj": "attention.self.value", "self_attn/o_proj": "attention.output.dense",
        "input_layernorm": "attention.output.LayerNorm", "mlp/up_proj": "intermediate.dense",
        "mlp/down_proj": "output.dense", "post_attention_layernorm": "output.LayerNorm",
    },
)  # fmt: skip

_CLASSIFIED = (
    When(
        "head", "classes", heads={"pooler": "classifier.dense", "classifier": "classifier.out_proj"}
    ),
)
"""What the first word is made into belongs to the head, and not to what is below it."""

_ROBERTA = _BERT.but(
    base="roberta.",
    heads={
        "head_transform": "lm_head.dense", "head_norm": "lm_head.layer_norm",
        "lm_head": "lm_head.decoder", "lm_head.bias": "lm_head.bias",
        "spare_bias.value": "lm_head.decoder.bias",
    },
    when=_CLASSIFIED,
)  # fmt: skip

_ELECTRA = _BERT.but(
    base="electra.",
    top={"project_in": "embeddings_project"},
    heads={
        "head_transform": "generator_predictions.dense",
        "head_norm": "generator_predictions.LayerNorm", "lm_head": "generator_lm_head",
        "lm_head.bias": "generator_lm_head.bias",
        "judged": "discriminator_predictions.dense",
        "replaced": "discriminator_predictions.dense_prediction",
    },
    when=_CLASSIFIED,
)  # fmt: skip

_ALBERT = _BERT.but(
    base="albert.",
    layer={"layers": "encoder.albert_layer_groups.{s}.albert_layers.{b}"},
    top={"project_in": "encoder.embedding_hidden_mapping_in", "pooler": "pooler"},
    heads={
        "head_transform": "predictions.dense", "head_norm": "predictions.LayerNorm",
        "lm_head": "predictions.decoder", "lm_head.bias": "predictions.bias",
        "spare_bias.value": "predictions.decoder.bias",
        "next_sentence": "sop_classifier.classifier",
    },
    parts={
        "self_attn/q_proj": "attention.query", "self_attn/k_proj": "attention.key",
        "self_attn/v_proj": "attention.value", "self_attn/o_proj": "attention.dense",
        "input_layernorm": "attention.LayerNorm", "mlp/up_proj": "ffn",
        "mlp/down_proj": "ffn_output", "post_attention_layernorm": "full_layer_layer_norm",
    },
)  # fmt: skip

_DISTILBERT = Names(
    base="distilbert.",
    layer={"layers": "transformer.layer.{i}"},
    top=_EMBEDDINGS,
    heads={
        "head_transform": "vocab_transform", "head_norm": "vocab_layer_norm",
        "lm_head": "vocab_projector", "pooler": "pre_classifier", "classifier": "classifier",
        "span": "qa_outputs",
    },
    parts={
        **{f"self_attn/{x}_proj": f"attention.{x}_lin" for x in "qkv"},
        "self_attn/o_proj": "attention.out_lin", "input_layernorm": "sa_layer_norm",
        "mlp/up_proj": "ffn.lin1", "mlp/down_proj": "ffn.lin2",
        "post_attention_layernorm": "output_layer_norm",
    },
)  # fmt: skip

_VIT = Names(
    base="vit.",
    layer={"layers": "layers.{i}"},
    top={
        "patches": "embeddings.patch_embeddings.projection", "norm": "layernorm",
        "placed/token.value": "embeddings.cls_token", "pooler": "pooler.dense",
        "placed/places.value": "embeddings.position_embeddings",
    },
    heads={"classifier": "classifier"},
    parts={
        **{f"self_attn/{x}_proj": f"attention.{x}_proj" for x in "qkvo"},
        "input_layernorm": "layernorm_before", "post_attention_layernorm": "layernorm_after", **_FC,
    },
    leading={"placed/token": 1, "placed/places": 1},
    released={
        r"^(vit\.)?layers\.": r"\1encoder.layer.",
        r"attention\.o_proj": "attention.output.dense",
        r"attention\.q_proj": "attention.attention.query",
        r"attention\.k_proj": "attention.attention.key",
        r"attention\.v_proj": "attention.attention.value",
        r"mlp\.fc1": "intermediate.dense", r"mlp\.fc2": "output.dense",
    },
)  # fmt: skip

_FED = {"encoder": "layer.1.DenseReluDense", "decoder": "layer.2.DenseReluDense"}

_T5 = Names(
    layer={"encoder": "encoder.block.{i}", "decoder": "decoder.block.{i}"},
    top={
        "embed_tokens": "shared",
        "encoder_norm": "encoder.final_layer_norm", "decoder_norm": "decoder.final_layer_norm",
        "encoder_bias": "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
        "decoder_bias": "decoder.block.0.layer.0.SelfAttention.relative_attention_bias",
    },
    parts={
        **{f"self_attn/{x}_proj": f"layer.0.SelfAttention.{x}" for x in "qkvo"},
        **{f"cross_attn/{x}_proj": f"layer.1.EncDecAttention.{x}" for x in "qkvo"},
        "self_attn_norm": "layer.0.layer_norm", "cross_attn_norm": "layer.1.layer_norm",
        "encoder mlp_norm": "layer.1.layer_norm", "decoder mlp_norm": "layer.2.layer_norm",
        **{f"{stack} mlp/{ours}": f"{home}.{theirs}" for stack, home in _FED.items()
           for ours, theirs in (("up_proj", "wi"), ("gate_proj", "wi_0"), ("down_proj", "wo"))},
    },
    when=(When("gated", True, {f"{s} mlp/up_proj": f"{home}.wi_1" for s, home in _FED.items()}),),
)  # fmt: skip

_WHISPER = Names(
    base="model.",
    layer={"encoder": "encoder.layers.{i}", "decoder": "decoder.layers.{i}"},
    top={
        "embed_tokens": "decoder.embed_tokens", "conv1": "encoder.conv1", "conv2": "encoder.conv2",
        **{f"{stack}_{ours}": f"{stack}.{theirs}" for stack in ("encoder", "decoder")
           for ours, theirs in (("positions", "embed_positions"), ("norm", "layer_norm"),
                                ("embed_norm", "layernorm_embedding"), ("tokens", "embed_tokens"))},
    },
    parts={
        "self_attn/o_proj": "self_attn.out_proj", "cross_attn/o_proj": "encoder_attn.out_proj",
        **{f"cross_attn/{x}_proj": f"encoder_attn.{x}_proj" for x in "qkv"},
        "self_attn_norm": "self_attn_layer_norm", "cross_attn_norm": "encoder_attn_layer_norm",
        "mlp_norm": "final_layer_norm", "mlp/up_proj": "fc1", "mlp/down_proj": "fc2",
    },
)  # fmt: skip

_BART = _WHISPER.but(top={"embed_tokens": "shared", "spare_table.value": "shared.weight"})

_MAMBA = Names(
    base="backbone.",
    layer={"layers": "layers.{i}"},
    top={"embed_tokens": "embeddings", "norm": "norm_f"},
    parts={"input_layernorm": "norm", "mixer/scan": "mixer"},
)

NAMES: Mapping[str, Names] = {
    "gpt2": _GPT.but(turned=False),
    "gpt_bigcode": _GPT,
    "gpt_neo": _GPT.but(
        parts={
            **{f"self_attn/{x}_proj": f"attn.attention.{x}_proj" for x in "qkv"},
            "self_attn/o_proj": "attn.attention.out_proj",
        }
    ),
    "gptj": _GPT_J,
    "codegen": _GPT_J,
    "gpt_neox": _NEOX,
    "opt": _OPT,
    "bloom": _BLOOM,
    "falcon": _BLOOM.but(
        when=(
            When(
                "order",
                "beside, two norms",
                {"input_layernorm": "ln_attn", "post_attention_layernorm": "ln_mlp"},
            ),
        )
    ),
    "mpt": _MPT,
    "phi": _PHI,
    "persimmon": _PHI.but(
        parts={"self_attn/qkv_proj": "self_attn.query_key_value", **_PLAIN}
    ),
    "starcoder2": _LLAMA.but(parts=_C_FC),
    "stablelm": _LLAMA.but(
        parts={f"self_attn/{x}_norm": f"self_attn.{x}_layernorm.norms.{{h}}" for x in "qk"}
    ),
    "gemma2": _BOTH,
    "gemma3_text": _BOTH,
    "vaultgemma": _LLAMA.but(parts={"post_attention_layernorm": "pre_feedforward_layernorm"}),
    "glm4": _LLAMA.but(
        parts={
            "post_mixer_layernorm": "post_self_attn_layernorm",
            "post_feedforward_layernorm": "post_mlp_layernorm",
        }
    ),
    "olmo2": _RESULT,
    "olmo3": _RESULT,
    "exaone4": _RESULT,
    "flex_olmo": _RESULT,
    "hunyuan_v1_dense": _LLAMA.but(
        parts={
            "self_attn/q_norm": "self_attn.query_layernorm",
            "self_attn/k_norm": "self_attn.key_layernorm",
        }
    ),
    "mixtral": _MIXTRAL,
    "phimoe": _MIXTRAL.but(parts={"mlp/router": "mlp.router"}),
    "minimax_m2": _MIXTRAL,
    "granitemoe": _LLAMA.but(
        parts={
            "mlp/router": "block_sparse_moe.router",
            "mlp/experts/expert": "block_sparse_moe.experts",
        },
        experts="",
        released={
            r"experts\.gate_up_proj$": "input_linear.weight",
            r"experts\.down_proj$": "output_linear.weight",
            r"router\.weight$": "router.layer.weight",
        },
    ),
    "qwen2_moe": _LLAMA.but(
        parts={
            f"mlp/shared_experts/{x}_proj": f"mlp.shared_expert.{x}_proj"
            for x in ("gate", "up", "down")
        }
    ),
    "ernie4_5_moe": _LLAMA.but(
        parts={"mlp/router.bias": "mlp.gate.moe_statics.e_score_correction_bias"},
        leading={"mlp/router.bias": 1},
        released={r"mlp\.gate\.moe_statics": "mlp.moe_statics"},
    ),
    "gpt_oss": _LLAMA.but(parts={"mlp/router": "mlp.router"}, experts="", experts_turned=False),
    "mamba": _MAMBA,
    "falcon_mamba": _MAMBA,
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "electra": _ELECTRA,
    "albert": _ALBERT,
    "distilbert": _DISTILBERT,
    "vit": _VIT,
    "t5": _T5,
    "mt5": _T5,
    "whisper": _WHISPER.but(heads={"lm_head": "proj_out"}),
    "bart": _BART,
    "mbart": _BART,
}  # fmt: skip
"""The words of every type that has others than Llama."""


def names_of(kind: str) -> Names:
    """The words of a type.

    >>> names_of("llama").heads["lm_head"], names_of("gpt2").base
    ('lm_head', 'transformer.')
    """
    return NAMES.get(kind, _LLAMA)
