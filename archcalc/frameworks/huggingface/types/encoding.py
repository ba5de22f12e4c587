"""Encoders of words and of images, and encoders with a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.frameworks.huggingface.sources import (
    Choice,
    Const,
    Image,
    Labels,
    Source,
    Starts,
    Unlike,
)
from archcalc.frameworks.huggingface.types.common import CROSS, TOKENS
from archcalc.frameworks.huggingface.types.kind import Head, Note, Type

__all__ = ["ENCODING"]

_BERT: Mapping[str, Source] = {
    **TOKENS,
    "head_dim": "= width/heads",
    "ffn": "intermediate_size",
    "positions": "max_position_embeddings",
    "types": "type_vocab_size",
    "activation": "hidden_act",
    "classes": Labels("num_labels", "id2label"),
}

_OF_WORDS: Mapping[Head, Mapping[str, Any]] = {
    "none": {"head": "none"}, "masked": {"head": "masked"}, "classes": {"head": "classes"},
    "each": {"head": "each"}, "span": {"head": "span"},
}  # fmt: skip

_SPARE: Mapping[str, Any] = {"head": "masked", "spare_bias": True}

_BERT_HEADS: Mapping[Head, Mapping[str, Any]] = {
    **_OF_WORDS, "none": {"head": "pooler"}, "masked": _SPARE, "both": {**_SPARE, "head": "both"},
}  # fmt: skip

_UNTIED = Note(
    "tie_word_embeddings", False,
    "the head is a tensor of its own, as in files that are released; transformers 5 ties it",
)  # fmt: skip
"""247,577,856 parameters of t5-v1_1-base are published; transformers 5 builds 222,903,552."""

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
    **_TWO,
    "places": "max_position_embeddings",
    "positions": "= places + 2",
    "decoder_positions": "= places + 2",
    "position_offset": Const(2),
    "embedding_norm": Const(True),
    "tables_apart": Choice("tie_word_embeddings", {True: False, False: True}),
}

_DISTILBERT: Mapping[str, Source] = {
    **TOKENS,
    "layers": "n_layers",
    "width": "dim",
    "heads": "n_heads",
    "head_dim": "= width/heads",
    "ffn": "hidden_dim",
    "activation": "activation",
    "positions": "max_position_embeddings",
    "types": Const(None),
    "classes": Labels("num_labels", "id2label"),
}

_VIT: Mapping[str, Source] = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "head_dim": "= width/heads",
    "hidden": "intermediate_size",
    "patch": "patch_size",
    "classes": Labels("num_labels", "id2label"),
    "input_shape": Image("image_size", "num_channels"),
    "bias": Choice("qkv_bias", {True: "qkvo", False: "o"}),
    "activation": "hidden_act",
    "pooled": "pooler_output_size ?? width",
}

_OFFSET: Mapping[str, Source] = {**_BERT, "position_offset": Const(2)}

ENCODING: Mapping[str, Type] = {
    "bert": Type(
        "encoder", _BERT, CROSS, _BERT_HEADS, default_head="none",
        ignores=("pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers"),
    ),
    **dict.fromkeys(
        ("roberta", "xlm-roberta", "camembert"),
        Type("encoder", _OFFSET, CROSS, _BERT_HEADS, default_head="none"),
    ),
    "electra": Type(
        "encoder", {**_BERT, "embedding_width": Unlike("embedding_size", "width")}, CROSS,
        {**_OF_WORDS, "both": {"head": "replaced"}}, default_head="none",
    ),
    "distilbert": Type("encoder", _DISTILBERT, heads=_OF_WORDS, default_head="none"),
    "albert": Type(
        "encoder",
        {
            **_BERT, "embedding_width": "embedding_size", "groups": "num_hidden_groups",
            "inner": "inner_group_num",
        },
        heads=_BERT_HEADS, default_head="none",
    ),
    "vit": Type(
        "vit", _VIT, heads={"image": {"head": "classes"}, "none": {"head": "pooler"}},
        default_head="image", beside=("head_dim",), sequence="",
    ),
    **dict.fromkeys(("t5", "mt5"), Type("encoder_decoder", _T5, notes=(_UNTIED,))),
    "bart": Type(
        "encoder_decoder", {**_BART, "order": Const("after"), "final_norm": Const(False)},
        beside=("places",), ignores=("num_hidden_layers",),
    ),
    "mbart": Type("encoder_decoder", _BART, beside=("places",), ignores=("num_hidden_layers",)),
    "whisper": Type(
        "encoder_decoder",
        {
            **_TWO, "bias": Const("qvo"), "mels": "num_mel_bins",
            "positions": "max_source_positions", "source_length": "max_source_positions",
            "decoder_positions": "max_target_positions",
        },
        ignores=("num_hidden_layers",),
    ),
}  # fmt: skip
