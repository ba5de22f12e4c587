"""Tables of vectors."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import refuse
from archcalc.frameworks.record import (
    Absent,
    Argument,
    Chain,
    Entry,
    Given,
    Name,
    Only,
    Record,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.applied import Applied
from archcalc.layers.embedding import (
    AdaptiveLogSoftmaxWithLoss,
    Embedding,
    EmbeddingBag,
    ReversibleEmbedding,
)
from archcalc.layers.global_pooling import GlobalAveragePooling1D, GlobalMaxPooling1D

__all__ = ["RECORDS"]

_TORCHS = ("norm_type", "scale_grad_by_freq", "sparse")


def _plain_rows(framework: str) -> tuple[Only, ...]:
    return (
        Only("padding_idx", (None,), f"{framework} trains every row of the table alike"),
        Only("max_norm", (None,), f"{framework} does not bring rows to a length"),
    )


_MOST_CLUSTERS = 64
"""More than anyone divides a vocabulary into; the weights of those that are there count."""

_CLUSTERS = tuple(
    Tensor(name, name)
    for cluster in range(_MOST_CLUSTERS)
    for name in (f"tail.{cluster}.0.weight", f"tail.{cluster}.1.weight")
)

_SIZES = (Argument("input_dim", "num_embeddings"), Argument("output_dim", "embedding_dim"))
_LOOKED_UP = same("padding_idx", "max_norm", *_TORCHS)


def _bag(layer: Any, applied: Applied) -> Chain:
    table = Embedding(layer.num_embeddings, layer.embedding_dim)
    pools = {"mean": GlobalAveragePooling1D, "max": GlobalMaxPooling1D}
    return [("", table), ("pool", pools[layer.mode]())]


def _whole_rows(given: Given) -> None:
    """Gradients of a few rows, and by how often a row is read, are for sums and means."""
    for name in ("sparse", "scale_grad_by_freq"):
        if given["mode"] == "max" and given[name]:
            refuse(f"{name}: torch has it for the modes 'sum' and 'mean' only", "leave it out")


def _kept(given: Given) -> Given:
    """A table that is frozen is not trained."""
    return {"trainable": False} if given["_freeze"] else {}


RECORDS = (
    Record(
        Embedding,
        keras=Entry(
            arguments=same("input_dim", "output_dim"),
            only=_plain_rows("Keras"),
            unsaid=_TORCHS,
            tensors=same_tensors("embeddings"),
        ),
        torch=Entry(
            arguments=(*_SIZES, *_LOOKED_UP),
            tensors=(Tensor("embeddings", "weight"),),
        ),
        names=(
            Name(
                "Embedding",
                "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
                "scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False",
                more=_kept,
            ),
        ),
    ),
    Record(
        ReversibleEmbedding,
        keras=Entry(
            arguments=same("input_dim", "output_dim", "tie_weights", "logit_soft_cap"),
            called=same("reverse"),
            only=_plain_rows("Keras"),
            unsaid=_TORCHS,
            tensors=same_tensors("embeddings", "reverse_embeddings"),
            limits=(
                (
                    lambda layer: layer.tie_weights or layer.lora_rank is None,
                    "Keras adds no second table once there are adapters",
                ),
            ),
        ),
        torch=Entry(
            ".ReversibleEmbedding",
            same("input_dim", "output_dim", "tie_weights", "logit_soft_cap", "reverse"),
            only=(
                *_plain_rows("a table that is read both ways"),
                Only("norm_type", (2.0,), "it is for max_norm"),
                Only("scale_grad_by_freq", (False,), "a table read both ways has whole gradients"),
                Only("sparse", (False,), "a table read both ways has whole gradients"),
            ),
            tensors=same_tensors("embeddings", "reverse_embeddings"),
        ),
    ),
    Record(
        EmbeddingBag,
        keras=Entry(
            "Embedding",
            (Argument("num_embeddings", "input_dim"), Argument("embedding_dim", "output_dim")),
            only=(
                Only("mode", ("mean", "max"), "Keras has no pool that sums"),
                *_plain_rows("Keras"),
            ),
            unsaid=_TORCHS,
            tensors=(Tensor("weight", "embeddings"),),
            chain=_bag,
        ),
        torch=Entry(
            arguments=(*same("num_embeddings", "embedding_dim", "mode"), *_LOOKED_UP),
            tensors=(Tensor("weight", "weight"),),
            limits=(
                (
                    lambda layer: (
                        layer.mode != "max" or not (layer.sparse or layer.scale_grad_by_freq)
                    ),
                    "torch has sparse and scale_grad_by_freq for sums and means only",
                ),
            ),
        ),
        names=(
            Name(
                "EmbeddingBag",
                "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, "
                "scale_grad_by_freq=False, mode='mean', sparse=False, _weight=None, "
                "include_last_offset=False, padding_idx=None",
                check=_whole_rows,
            ),
        ),
    ),
    Record(
        AdaptiveLogSoftmaxWithLoss,
        keras=Absent("it is torch's", hint="Dense with a softmax scores all classes alike"),
        torch=Entry(
            arguments=same("in_features", "n_classes", "cutoffs", "div_value", "head_bias"),
            tensors=(*same_tensors("head.weight", "head.bias"), *_CLUSTERS),
            limits=(
                (
                    lambda layer: len(layer.cutoffs) <= _MOST_CLUSTERS,
                    f"a table of {_MOST_CLUSTERS} clusters is read, not of more",
                ),
            ),
            core="embedding.log_probabilities",
        ),
        names=(
            Name(
                "AdaptiveLogSoftmaxWithLoss",
                "in_features, n_classes, cutoffs, div_value=4.0, head_bias=False",
                kept={"cutoffs": lambda module: module.cutoffs[:-1]},  # it adds all classes
            ),
        ),
    ),
)
