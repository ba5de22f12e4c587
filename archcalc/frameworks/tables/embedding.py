"""Tables of vectors."""

from __future__ import annotations

from archcalc.frameworks.table import (
    Absent,
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    same,
    same_tensors,
)
from archcalc.frameworks.tables.core import NO_ADAPTERS

__all__ = ["KERAS", "TORCH"]

_TORCHS = ("norm_type", "scale_grad_by_freq", "sparse")


def _plain_rows(framework: str) -> tuple[Only, ...]:
    return (
        Only("padding_idx", (None,), f"{framework} trains every row of the table alike"),
        Only("max_norm", (None,), f"{framework} does not bring rows to a length"),
    )


KERAS: Table = {
    "Embedding": Entry(
        "Embedding",
        same("input_dim", "output_dim", "lora_rank"),
        only=_plain_rows("Keras"),
        unsaid=_TORCHS,
        tensors=same_tensors("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
    ),
    "ReversibleEmbedding": Entry(
        "ReversibleEmbedding",
        same("input_dim", "output_dim", "tie_weights", "lora_rank", "logit_soft_cap"),
        called=same("reverse"),
        only=_plain_rows("Keras"),
        unsaid=_TORCHS,
        tensors=same_tensors(
            "embeddings", "lora_embeddings_a", "lora_embeddings_b", "reverse_embeddings"
        ),
        limits=(
            (
                lambda layer: layer.tie_weights or layer.lora_rank is None,
                "Keras adds no second table once there are adapters",
            ),
        ),
    ),
    "EmbeddingBag": Entry(
        "Embedding",
        (Argument("num_embeddings", "input_dim"), Argument("embedding_dim", "output_dim")),
        only=(
            Only("mode", ("mean", "max"), "Keras has no pool that sums"),
            *_plain_rows("Keras"),
        ),
        unsaid=_TORCHS,
        tensors=(Tensor("weight", "embeddings"),),
    ),
    "AdaptiveLogSoftmaxWithLoss": Absent(
        "it is torch's", hint="Dense with a softmax scores all classes alike"
    ),
}

_MOST_CLUSTERS = 64
"""More than anyone divides a vocabulary into; the weights of those that are there count."""

_CLUSTERS = tuple(
    Tensor(name, name)
    for cluster in range(_MOST_CLUSTERS)
    for name in (f"tail.{cluster}.0.weight", f"tail.{cluster}.1.weight")
)

_SIZES = (Argument("input_dim", "num_embeddings"), Argument("output_dim", "embedding_dim"))
_LOOKED_UP = same("padding_idx", "max_norm", *_TORCHS)

TORCH: Table = {
    "Embedding": Entry(
        "Embedding",
        (*_SIZES, *_LOOKED_UP),
        only=(NO_ADAPTERS,),
        tensors=(Tensor("embeddings", "weight"),),
    ),
    "ReversibleEmbedding": Entry(
        ".ReversibleEmbedding",
        same("input_dim", "output_dim", "tie_weights", "logit_soft_cap", "reverse"),
        only=(
            NO_ADAPTERS,
            *_plain_rows("a table that is read both ways"),
            Only("norm_type", (2.0,), "it is for max_norm"),
            Only("scale_grad_by_freq", (False,), "a table read both ways has whole gradients"),
            Only("sparse", (False,), "a table read both ways has whole gradients"),
        ),
        tensors=same_tensors("embeddings", "reverse_embeddings"),
    ),
    "EmbeddingBag": Entry(
        "EmbeddingBag",
        (*same("num_embeddings", "embedding_dim", "mode"), *_LOOKED_UP),
        tensors=(Tensor("weight", "weight"),),
        limits=(
            (
                lambda layer: layer.mode != "max" or not (layer.sparse or layer.scale_grad_by_freq),
                "torch has sparse and scale_grad_by_freq for sums and means only",
            ),
        ),
    ),
    "AdaptiveLogSoftmaxWithLoss": Entry(
        "AdaptiveLogSoftmaxWithLoss",
        same("in_features", "n_classes", "cutoffs", "div_value", "head_bias"),
        tensors=(*same_tensors("head.weight", "head.bias"), *_CLUSTERS),
        limits=(
            (
                lambda layer: len(layer.cutoffs) <= _MOST_CLUSTERS,
                f"a table of {_MOST_CLUSTERS} clusters is read, not of more",
            ),
        ),
    ),
}
