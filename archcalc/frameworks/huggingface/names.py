"""What the tensors of a checkpoint are called, by type: as data.

Our paths and theirs differ in words alone: ``layers/block/self_attn/q_proj`` and its kernel
``(d, a, e)`` is ``model.layers.0.self_attn.q_proj.weight``, ``(a·e, d)``.  A type says which
of our words is which of theirs; what it does not say is called as in Llama.

Source: https://github.com/huggingface/transformers, ``models/*/modeling_*.py``; names of released
files from ``conversion_mapping.py`` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["NAMES", "Names", "names_of"]


@dataclass(frozen=True)
class Names:
    """The words of a type.

    Attributes:
        layer: what stands before the parts of a layer, by its stack; ``{i}`` is its number.
        top: what is no part of a layer.
        parts: the parts of a layer.
        turned: whether kernels of two axes are kept as ``(out, in)``, as torch's are.
        experts: what stands before the parts of an expert in a released file; ``{e}`` its number.
        each: the parts of an expert there.
        experts_turned: whether stacked kernels of experts are kept as ``(experts, out, in)``.
    """

    layer: Mapping[str, str] = field(default_factory=dict)
    top: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    turned: bool = True
    experts: str = "mlp.experts.{e}"
    each: Mapping[str, str] = field(default_factory=dict)
    experts_turned: bool = True

    def but(self, **changes: Mapping[str, str]) -> Names:
        """The same with further words in some of its tables."""
        merged = {name: {**getattr(self, name), **words} for name, words in changes.items()}
        return replace(self, **merged)  # type: ignore[arg-type]


_LLAMA = Names(
    layer={"layers": "model.layers.{i}"},
    top={"embed_tokens": "model.embed_tokens", "norm": "model.norm", "lm_head": "lm_head"},
    parts={
        "self_attn/core": "self_attn",
        "mlp/router": "mlp.gate",
        "mlp/experts/expert": "mlp.experts",
        "self_attn/qkv_proj": "self_attn.qkv_proj",
    },
)

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

_GPT = Names(
    layer={"layers": "transformer.h.{i}"},
    top={
        "embed_tokens": "transformer.wte", "embed_positions": "transformer.wpe",
        "norm": "transformer.ln_f", "lm_head": "lm_head",
    },
    parts={
        "input_layernorm": "ln_1", "post_attention_layernorm": "ln_2",
        "self_attn/qkv_proj": "attn.c_attn", "self_attn/o_proj": "attn.c_proj",
        "mlp/up_proj": "mlp.c_fc", "mlp/down_proj": "mlp.c_proj",
    },
)  # fmt: skip

_GPT_J = _GPT.but(
    parts={
        "self_attn/q_proj": "attn.q_proj", "self_attn/k_proj": "attn.k_proj",
        "self_attn/v_proj": "attn.v_proj", "self_attn/o_proj": "attn.out_proj",
        "self_attn/qkv_proj": "attn.qkv_proj",
        "mlp/up_proj": "mlp.fc_in", "mlp/down_proj": "mlp.fc_out",
    }
)  # fmt: skip

_BLOOM = Names(
    layer={"layers": "transformer.h.{i}"},
    top={
        "embed_tokens": "transformer.word_embeddings", "norm": "transformer.ln_f",
        "embed_norm": "transformer.word_embeddings_layernorm", "lm_head": "lm_head",
    },
    parts={
        "self_attn/qkv_proj": "self_attention.query_key_value",
        "self_attn/o_proj": "self_attention.dense",
        "mlp/up_proj": "mlp.dense_h_to_4h", "mlp/down_proj": "mlp.dense_4h_to_h",
    },
)  # fmt: skip

_NEOX = Names(
    layer={"layers": "gpt_neox.layers.{i}"},
    top={
        "embed_tokens": "gpt_neox.embed_in", "norm": "gpt_neox.final_layer_norm",
        "lm_head": "lm_head",
    },
    parts={
        "self_attn/qkv_proj": "attention.query_key_value", "self_attn/o_proj": "attention.dense",
        "mlp/up_proj": "mlp.dense_h_to_4h", "mlp/down_proj": "mlp.dense_4h_to_h",
    },
)  # fmt: skip

_OPT = Names(
    layer={"layers": "model.decoder.layers.{i}"},
    top={
        "embed_tokens": "model.decoder.embed_tokens",
        "embed_positions": "model.decoder.embed_positions",
        "norm": "model.decoder.final_layer_norm", "lm_head": "lm_head",
        "project_in": "model.decoder.project_in", "project_out": "model.decoder.project_out",
    },
    parts={
        "input_layernorm": "self_attn_layer_norm", "post_attention_layernorm": "final_layer_norm",
        "self_attn/o_proj": "self_attn.out_proj", "mlp/up_proj": "fc1", "mlp/down_proj": "fc2",
    },
)  # fmt: skip

_PHI = _LLAMA.but(
    top={"norm": "model.final_layernorm"},
    parts={
        "self_attn/o_proj": "self_attn.dense", "self_attn/q_norm": "self_attn.q_layernorm",
        "self_attn/k_norm": "self_attn.k_layernorm", "mlp/up_proj": "mlp.fc1",
        "mlp/down_proj": "mlp.fc2",
    },
)  # fmt: skip

_SHARED_MIXTRAL = replace(
    _LLAMA,
    experts="block_sparse_moe.experts.{e}",
    each={"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"},
)

_BERT = Names(
    layer={"layers": "encoder.layer.{i}"},
    top={
        "embed_tokens": "embeddings.word_embeddings",
        "embed_positions": "embeddings.position_embeddings",
        "embed_types": "embeddings.token_type_embeddings", "embed_norm": "embeddings.LayerNorm",
        "pooler": "pooler.dense",
    },
    parts={
        "self_attn/q_proj": "attention.self.query", "self_attn/k_proj": "attention.self.key",
        "self_attn/v_proj": "attention.self.value", "self_attn/o_proj": "attention.output.dense",
        "input_layernorm": "attention.output.LayerNorm", "mlp/up_proj": "intermediate.dense",
        "mlp/down_proj": "output.dense", "post_attention_layernorm": "output.LayerNorm",
    },
)  # fmt: skip

_T5 = Names(
    layer={"encoder": "encoder.block.{i}", "decoder": "decoder.block.{i}"},
    top={
        "embed_tokens": "shared", "lm_head": "lm_head",
        "encoder_norm": "encoder.final_layer_norm", "decoder_norm": "decoder.final_layer_norm",
        "encoder_bias": "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
        "decoder_bias": "decoder.block.0.layer.0.SelfAttention.relative_attention_bias",
    },
    parts={
        **{f"self_attn/{x}_proj": f"layer.0.SelfAttention.{x}" for x in "qkvo"},
        **{f"cross_attn/{x}_proj": f"layer.1.EncDecAttention.{x}" for x in "qkvo"},
        "self_attn_norm": "layer.0.layer_norm", "cross_attn_norm": "layer.1.layer_norm",
        "encoder mlp_norm": "layer.1.layer_norm", "decoder mlp_norm": "layer.2.layer_norm",
        **{f"encoder mlp/{ours}": f"layer.1.DenseReluDense.{theirs}" for ours, theirs in
           (("up_proj", "wi"), ("gate_proj", "wi_0"), ("down_proj", "wo"))},
        **{f"decoder mlp/{ours}": f"layer.2.DenseReluDense.{theirs}" for ours, theirs in
           (("up_proj", "wi"), ("gate_proj", "wi_0"), ("down_proj", "wo"))},
    },
)  # fmt: skip

_WHISPER = Names(
    layer={"encoder": "model.encoder.layers.{i}", "decoder": "model.decoder.layers.{i}"},
    top={
        "embed_tokens": "model.decoder.embed_tokens", "conv1": "model.encoder.conv1",
        "conv2": "model.encoder.conv2", "encoder_positions": "model.encoder.embed_positions",
        "decoder_positions": "model.decoder.embed_positions",
        "encoder_norm": "model.encoder.layer_norm", "decoder_norm": "model.decoder.layer_norm",
        "encoder_embed_norm": "model.encoder.layernorm_embedding",
        "decoder_embed_norm": "model.decoder.layernorm_embedding", "lm_head": "lm_head",
    },
    parts={
        "self_attn/o_proj": "self_attn.out_proj", "cross_attn/o_proj": "encoder_attn.out_proj",
        **{f"cross_attn/{x}_proj": f"encoder_attn.{x}_proj" for x in "qkv"},
        "self_attn_norm": "self_attn_layer_norm", "cross_attn_norm": "encoder_attn_layer_norm",
        "mlp_norm": "final_layer_norm", "mlp/up_proj": "fc1", "mlp/down_proj": "fc2",
    },
)  # fmt: skip

NAMES: Mapping[str, Names] = {
    "gpt2": replace(_GPT, turned=False),
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
    "falcon": _BLOOM,
    "phi": _PHI,
    "persimmon": _PHI.but(
        parts={
            "self_attn/qkv_proj": "self_attn.query_key_value",
            "mlp/up_proj": "mlp.dense_h_to_4h", "mlp/down_proj": "mlp.dense_4h_to_h",
        }
    ),
    "starcoder2": _LLAMA.but(parts={"mlp/up_proj": "mlp.c_fc", "mlp/down_proj": "mlp.c_proj"}),
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
    "mixtral": _SHARED_MIXTRAL,
    "phimoe": _SHARED_MIXTRAL.but(parts={"mlp/router": "mlp.router"}),
    "minimax_m2": _SHARED_MIXTRAL,
    "granitemoe": _LLAMA.but(
        parts={"mlp/router": "block_sparse_moe.router", "mlp/experts/expert":
               "block_sparse_moe.experts"}
    ),
    "qwen2_moe": _LLAMA.but(
        parts={
            "mlp/shared_experts/gate_proj": "mlp.shared_expert.gate_proj",
            "mlp/shared_experts/up_proj": "mlp.shared_expert.up_proj",
            "mlp/shared_experts/down_proj": "mlp.shared_expert.down_proj",
        }
    ),
    "gpt_oss": replace(_LLAMA.but(parts={"mlp/router": "mlp.router"}), experts_turned=False),
    "mamba": Names(
        layer={"layers": "backbone.layers.{i}"},
        top={
            "embed_tokens": "backbone.embeddings", "norm": "backbone.norm_f", "lm_head": "lm_head",
        },
        parts={"input_layernorm": "norm", "mixer/scan": "mixer"},
    ),
    "bert": _BERT,
    "t5": _T5,
    "whisper": _WHISPER,
    "bart": _WHISPER.but(
        top={"embed_tokens": "model.shared"}
    ),
    "mbart": _WHISPER.but(top={"embed_tokens": "model.shared"}),
}  # fmt: skip
"""The words of every type that has others than Llama."""

_ALIKE = {
    "falcon_mamba": "mamba", "mt5": "t5", "roberta": "bert", "xlm-roberta": "bert",
    "camembert": "bert", "electra": "bert",
}  # fmt: skip

_UNNAMED = frozenset(("vit", "albert", "distilbert", "mpt"))
"""Types whose tensors have names that are not known here."""


def names_of(kind: str) -> Names | None:
    """The words of a type, or ``None`` where they are not known.

    >>> names_of("llama").top["lm_head"]
    'lm_head'
    """
    kind = _ALIKE.get(kind, kind)
    return None if kind in _UNNAMED else NAMES.get(kind, _LLAMA)
