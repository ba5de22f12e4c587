"""Adapters: arguments of some layers in Keras, modules around others in torch (peft)."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Only, Table, Tensor

__all__ = ["KERAS", "TORCH"]

KERAS: Table = {
    "LoRA": Absent(
        "its layers add the product of their own adapters to the kernel",
        hint="Dense, EinsumDense, convolutions and Embedding have lora_rank=",
    )
}

_TURNED = "o i -> i o"

TORCH: Table = {
    "LoRA": Entry(
        ".LoRA",
        around=("layer", "rank", "targets"),
        only=(Only("merged", (False,), "the modules here add what adapters give beside a weight"),),
        tensors=(
            Tensor("kernel", "layer.weight", _TURNED),
            Tensor("bias", "layer.bias"),
            Tensor("embeddings", "table.weight"),
            Tensor("lora_kernel_a", "lora_A.weight", _TURNED),
            Tensor("lora_kernel_b", "lora_B.weight", _TURNED),
            Tensor("lora_embeddings_a", "lora_embedding_A.weight"),
            Tensor("lora_embeddings_b", "lora_embedding_B.weight", _TURNED),
        ),
    )
}
