"""Tables of vectors."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Only, Table, Tensor, same, same_tensors
from archcalc.frameworks.tables.core import NO_ADAPTERS

__all__ = ["KERAS", "TORCH"]

KERAS: Table = {
    "Embedding": Entry(
        "Embedding",
        same("input_dim", "output_dim", "lora_rank"),
        tensors=same_tensors("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
    ),
    "EmbeddingBag": Entry(
        "Embedding",
        (Argument("num_embeddings", "input_dim"), Argument("embedding_dim", "output_dim")),
        only=(Only("mode", ("mean", "max"), "Keras has no pool that sums"),),
        tensors=(Tensor("weight", "embeddings"),),
    ),
}

_SIZES = (Argument("input_dim", "num_embeddings"), Argument("output_dim", "embedding_dim"))

TORCH: Table = {
    "Embedding": Entry(
        "Embedding", _SIZES, only=(NO_ADAPTERS,), tensors=(Tensor("embeddings", "weight"),)
    ),
    "EmbeddingBag": Entry(
        "EmbeddingBag",
        same("num_embeddings", "embedding_dim", "mode"),
        tensors=(Tensor("weight", "weight"),),
    ),
}
