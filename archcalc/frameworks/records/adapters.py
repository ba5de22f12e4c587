"""Adapters: arguments of some layers in Keras, modules around others in torch (peft)."""

from __future__ import annotations

from archcalc.frameworks.record import Absent, Entry, Only, Record, Tensor, same, same_tensors
from archcalc.layers.adapters import Adaptable, LoRA

__all__ = ["ADAPTERS", "PARTS", "RECORDS"]

_TURNED = "o i -> i o"

ADAPTERS = same_tensors(
    *("lora_kernel_a", "lora_kernel_b", "lora_embeddings_a", "lora_embeddings_b")
)
"""What Keras' layers call their adapters."""

RECORDS = (
    Record(
        LoRA,
        keras=Absent(
            "its layers add the product of their own adapters to the kernel",
            hint="Dense, EinsumDense, convolutions and Embedding have lora_rank=",
        ),
        torch=Entry(
            ".LoRA",
            applied_outside=("layer", "rank", "targets", "bias"),
            only=(
                Only("merged", (False,), "the modules here add what adapters give beside a weight"),
            ),
            tensors=(
                Tensor("kernel", "layer.weight", _TURNED),
                Tensor("bias", "layer.bias"),
                Tensor("embeddings", "table.weight"),
                Tensor("lora_kernel_a", "lora_A.weight", _TURNED),
                Tensor("lora_kernel_b", "lora_B.weight", _TURNED),
                Tensor("lora_embeddings_a", "lora_embedding_A.weight"),
                Tensor("lora_embeddings_b", "lora_embedding_B.weight", _TURNED),
            ),
        ),
    ),
)

PARTS = (
    Record(
        Adaptable,
        keras=Entry(
            arguments=same("lora_rank"),
            tensors=ADAPTERS,
        ),
        torch=Entry(only=(Only("lora_rank", (None,), "torch's layers bring no adapters"),)),
        ranges={"lora_rank": (None, 1, 3)},
    ),
)
