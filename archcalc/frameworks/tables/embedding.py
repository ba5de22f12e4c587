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

KERAS: Table = {
    "Embedding": Entry(
        "Embedding",
        same("input_dim", "output_dim", "lora_rank"),
        tensors=same_tensors("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
    ),
    "ReversibleEmbedding": Entry(
        "ReversibleEmbedding",
        same("input_dim", "output_dim", "tie_weights", "lora_rank", "logit_soft_cap"),
        called=same("reverse"),
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
        only=(Only("mode", ("mean", "max"), "Keras has no pool that sums"),),
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

TORCH: Table = {
    "Embedding": Entry(
        "Embedding", _SIZES, only=(NO_ADAPTERS,), tensors=(Tensor("embeddings", "weight"),)
    ),
    "ReversibleEmbedding": Entry(
        ".ReversibleEmbedding",
        same("input_dim", "output_dim", "tie_weights", "logit_soft_cap", "reverse"),
        only=(NO_ADAPTERS,),
        tensors=same_tensors("embeddings", "reverse_embeddings"),
    ),
    "EmbeddingBag": Entry(
        "EmbeddingBag",
        same("num_embeddings", "embedding_dim", "mode"),
        tensors=(Tensor("weight", "weight"),),
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
