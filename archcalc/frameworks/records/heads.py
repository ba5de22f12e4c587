"""Attention in heads.

torch has ``nn.MultiheadAttention`` alone, for sequences, with heads that are together as wide as
the query; for all else archcalc brings a module of its own.
"""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import ATTENDING, BIAS, features, query_and_value, refuse
from archcalc.frameworks.record import (
    Argument,
    Entry,
    Given,
    Name,
    Only,
    Record,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.heads import GroupQueryAttention, MultiHeadAttention
from archcalc.symbolic.dims import exact_div
from archcalc.symbolic.shape import Shape

__all__ = ["RECORDS"]


def _sizes_back(sizes: Any, x: Shape) -> Any:
    return tuple(sizes) if isinstance(sizes, list | tuple) else sizes


def _flash_with_dropout(layer: Any) -> bool:
    return not (layer.flash_attention and layer.dropout)


def _flash_with_scores(layer: Any) -> bool:
    return not (layer.flash_attention and layer.return_attention_scores)


_TOLD = ("embed_dim", "kdim", "vdim")
_PROJECTIONS = ("query", "key", "gate", "value")
_KERAS_TENSORS = tuple(
    Tensor(f"{ours}_{kind}", f"{theirs}/{kind}")
    for ours, theirs in (
        *zip(_PROJECTIONS, _PROJECTIONS, strict=True),
        ("output", "attention_output"),
    )
    for kind in ("kernel", "bias")
)
_LIMITS = (
    (_flash_with_dropout, "Keras' flash attention drops nothing: use dropout=0"),
    (_flash_with_scores, "Keras' flash attention gives no scores"),
)


_HEADS = ("a", "num_heads")
_OURS = tuple(f"{name}_{kind}" for name in (*_PROJECTIONS, "output") for kind in ("kernel", "bias"))
_EXTRA = ("bias_k", "bias_v")


def _packed(name: str, place: int) -> tuple[Tensor, ...]:
    """A projection in torch: a third of one weight, or, of other inputs, a weight of its own."""
    order = "(a k) i -> i a k"
    return (
        Tensor(f"{name}_kernel", "in_proj_weight", order, _HEADS, (place, 3)),
        Tensor(f"{name}_kernel", f"{name[0]}_proj_weight", order, _HEADS),
        Tensor(f"{name}_bias", "in_proj_bias", "(a k) -> a k", _HEADS, (place, 3)),
    )


_TORCH_TENSORS = (
    *_packed("query", 0),
    *_packed("key", 1),
    *_packed("value", 2),
    Tensor("output_kernel", "out_proj.weight", "o (a k) -> a k o", _HEADS),
    Tensor("output_bias", "out_proj.bias"),
)


def _heads(given: Given) -> Given:
    """All heads together are as wide as the query, and what is told of the others is checked."""
    width, heads = given["embed_dim"], given["num_heads"]
    if isinstance(width, int) and isinstance(heads, int) and width % heads:
        refuse(f"num_heads {heads} does not divide embed_dim {width}", "make it a multiple")
    told = {name: given[name] for name in ("kdim", "vdim")}
    return {"key_dim": exact_div(width, heads), "embed_dim": width, "expects": None, **told}


RECORDS = (
    Record(
        MultiHeadAttention,
        keras=Entry(
            arguments=(
                *same("num_heads", "key_dim", "value_dim", "dropout", "use_bias"),
                Argument("target_shape", "output_shape", decode=_sizes_back),
                *same("attention_axes", "sliding_window", "flash_attention", "use_gate"),
            ),
            called=ATTENDING,
            call_args=query_and_value,
            only=(
                Only("add_bias_kv", (False,), "Keras adds no learned key and value"),
                Only("add_zero_attn", (False,), "Keras adds no key and value of zeros"),
            ),
            unsaid=_TOLD,
            tensors=_KERAS_TENSORS,
            limits=_LIMITS,
        ),
        torch=Entry(
            {True: "MultiheadAttention", False: ".HeadedAttention"},
            (*same("num_heads", "dropout", "add_bias_kv", "add_zero_attn"), BIAS),
            implied=(("embed_dim", features), ("batch_first", lambda x: True)),
            joint=(("key_dim", lambda given: exact_div(given["embed_dim"], given["num_heads"])),),
            applied_outside=(
                *(
                    "value_dim",
                    "target_shape",
                    "attention_axes",
                    "sliding_window",
                    "flash_attention",
                ),
                *("use_gate", "return_attention_scores", "use_causal_mask"),
            ),
            unsaid=_TOLD,
            tensors=(*same_tensors(*_OURS), *_TORCH_TENSORS, *same_tensors(*_EXTRA)),
            by=MultiHeadAttention.is_torchs,
            core="attention.multi_head",
        ),
        names=(
            Name(
                "MultiheadAttention",
                "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, "
                "add_zero_attn=False, kdim=None, vdim=None, batch_first=False",
                more=_heads,
                kept={
                    "bias": lambda module: module.in_proj_bias is not None,
                    "add_bias_kv": lambda module: module.bias_k is not None,
                },
            ),
        ),
    ),
    Record(
        GroupQueryAttention,
        keras=Entry(
            arguments=same(
                "head_dim", "num_query_heads", "num_key_value_heads", "dropout", "use_bias"
            )
            + same("sliding_window", "flash_attention", "use_gate"),
            called=ATTENDING,
            call_args=query_and_value,
            also={"GroupedQueryAttention": lambda given: {}},
            tensors=_KERAS_TENSORS,
            limits=_LIMITS,
        ),
        torch=Entry(
            ".HeadedAttention",
            same("dropout", "sliding_window", "use_gate", "use_bias") + ATTENDING,
            applied_outside=(
                "head_dim",
                "num_query_heads",
                "num_key_value_heads",
                "flash_attention",
            ),
            tensors=same_tensors(*_OURS),
            core="attention.grouped",
        ),
    ),
)
