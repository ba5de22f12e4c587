"""Attention in heads: torch's own where it can say the layer, else a module of ours."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.lookup import arguments_of, class_of, entry_of
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.layers.attention import query_value_key
from archcalc.symbolic.shape import Shape

__all__ = ["grouped", "multi_head"]


def multi_head(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch's own where it can say the layer."""
    query, value, key = query_value_key(applied.inputs)
    entry = entry_of(TORCH, layer)
    names = ("return_attention_scores", "use_causal_mask")
    called = {name: getattr(layer, name) for name in names}
    if class_of(entry, layer, x) == "MultiheadAttention":
        given = {**arguments_of(entry, layer, x), "kdim": key[-1], "vdim": value[-1], **called}
        return [("core", modules.MultiheadAttention(**given))]
    core = modules.HeadedAttention(
        (query[-1], value[-1], key[-1]),
        (layer.num_heads, layer.num_heads),
        (layer.key_dim, layer.value_dim or layer.key_dim),
        layer.target_shape or query[-1:],
        [axis + 1 for axis in layer.attended_axes(query)],
        use_bias=layer.use_bias,
        use_gate=layer.use_gate,
        sliding_window=layer.sliding_window,
        add_bias_kv=layer.add_bias_kv,
        add_zero_attn=layer.add_zero_attn,
        dropout=layer.dropout,
        **called,
    )
    return [("core", core)]


def grouped(layer: Any, x: Shape, applied: Applied) -> Parts:
    """Heads that share keys and values."""
    query, value, key = query_value_key(applied.inputs)
    core = modules.HeadedAttention(
        (query[-1], value[-1], key[-1]),
        (layer.num_query_heads, layer.num_key_value_heads),
        (layer.head_dim, layer.head_dim),
        query[-1:],
        (1,),
        **arguments_of(entry_of(TORCH, layer), layer, x),
    )
    return [("core", core)]
