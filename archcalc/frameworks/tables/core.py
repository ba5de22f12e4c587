"""Dense, Embedding and Identity."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Only, Table, Tensor, same, same_tensors
from archcalc.frameworks.tables.converters import BIAS, features

__all__ = ["KERAS", "NO_ADAPTERS", "TORCH"]

NO_ADAPTERS = Only("lora_rank", (None,), "torch's layers bring no adapters")

KERAS: Table = {
    "Dense": Entry(
        "Dense",
        same("units", "activation", "use_bias", "lora_rank"),
        tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    ),
    "Embedding": Entry(
        "Embedding",
        same("input_dim", "output_dim", "lora_rank"),
        tensors=same_tensors("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
    ),
    "Identity": Entry("Identity"),
}

TORCH: Table = {
    "Dense": Entry(
        "Linear",
        (Argument("units", "out_features"), BIAS),
        implied=(("in_features", features),),
        only=(NO_ADAPTERS,),
        around=("activation",),
        tensors=(Tensor("kernel", "weight", "o i -> i o"), Tensor("bias", "bias")),
    ),
    "Embedding": Entry(
        "Embedding",
        (Argument("input_dim", "num_embeddings"), Argument("output_dim", "embedding_dim")),
        only=(NO_ADAPTERS,),
        tensors=(Tensor("embeddings", "weight"),),
    ),
    "Identity": Entry("Identity"),
}
