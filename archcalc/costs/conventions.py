"""Conventions: choices of counting on which honest people differ, each named, with a default.

A choice is a cost: it says what one call of one layer adds.  So whatever tools disagree about is
one entry of `CONVENTIONS`, and explanations, reconciliation and the documentation read it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from archcalc.costs.base import Additive, TracedRow
from archcalc.costs.choice import Choice, Convention
from archcalc.costs.loops import owned, with_own_weights
from archcalc.costs.parameters import (
    ActiveParameters,
    NonEmbeddingParameters,
    Parameters,
    TotalParameters,
)
from archcalc.costs.work import Flops, Macs, MacsByOutput
from archcalc.layers.adapters import adapted_form
from archcalc.layers.facts import KINDS
from archcalc.symbolic.errors import LookupFailedError, quoted

__all__ = ["CONVENTIONS", "convention"]


@dataclass(frozen=True)
class _With:
    """A row as it would be if its layer had this value in a field, where it has the field.

    A class, as functions within functions cannot be pickled.
    """

    field: str
    value: object

    def __call__(self, row: TracedRow) -> TracedRow:
        layer = row.layer
        if self.field not in type(layer).model_fields or getattr(layer, self.field) == self.value:
            return row
        return row.as_if(layer=layer.model_copy(update={self.field: self.value}))


@dataclass(frozen=True)
class _Sharing:
    """A row as it would be if its PReLU shared its slopes along all axes before `end`."""

    end: int | None

    def __call__(self, row: TracedRow) -> TracedRow:
        if "shared_axes" not in type(row.layer).model_fields:
            return row
        axes = tuple(range(1, len(row.inputs[0]) + 1))[: self.end]  # axis 0 is the batch
        return row.as_if(layer=row.layer.model_copy(update={"shared_axes": axes, "along": None}))


@dataclass(frozen=True)
class _Adapted:
    """A row as it would be if its layer multiplied its adapters in this way, where it has some."""

    merged: bool

    def __call__(self, row: TracedRow) -> TracedRow:
        there = adapted_form(row.layer)
        if there is None or there.merged == self.merged:
            return row
        made: Any = there.model_copy(update={"merged": self.merged})
        return row.as_if(layer=made) if made.adapted(*row.inputs) else row


def _where(field: str, value: object, name: str, meaning: str, *used_by: str) -> Choice:
    """Parameters as they would be if every layer that has `field` had this value there."""
    return Choice(name, meaning, used_by, Parameters(), _With(field, value))


def _slopes(end: int | None, name: str, meaning: str, *used_by: str) -> Choice:
    """Parameters as they would be if every PReLU shared its slopes along the axes before `end`."""
    return Choice(name, meaning, used_by, Parameters(), _Sharing(end))


def _adapters(merged: bool, name: str, meaning: str, *used_by: str) -> Choice:
    """MACs as they would be if every layer with adapters multiplied them in this way."""
    return Choice(name, meaning, used_by, Macs(), _Adapted(merged))


def _each_time(row: TracedRow) -> TracedRow:
    own = owned(row.loops) == owned(with_own_weights(row.loops))
    return row.as_if(shared=False) if row.shared or row.ties or not own else row


def _plainly(name: str, meaning: str, used_by: tuple[str, ...], cost: Additive) -> Choice:
    return Choice(name, meaning, used_by, cost)


_COUNTER = "torch's FlopCounterMode"

_ALL = (
    Convention(
        "statistics",
        "Are the running statistics of normalization counted?",
        "parameters",
        (
            _plainly("left out", "running statistics are not counted",
                     ("papers", "torch's parameters()"), Parameters()),
            _plainly("counted", "running statistics are counted",
                     ("Keras' Total params",), TotalParameters()),
        ),
    ),
    Convention(
        "recurrent bias",
        "How many biases has each gate of a SimpleRNN or an LSTM?",
        "parameters",
        (
            _where("recurrent_bias", False, "one", "one bias in each gate", "Keras"),
            _where("recurrent_bias", True, "two", "two biases in each gate", "torch", "cuDNN"),
        ),
    ),
    Convention(
        "reset gate",
        "Does the reset gate of a GRU act before or after the product with the state?",
        "parameters",
        (
            _where("reset_after", True, "after",
                   "the reset gate acts after the product, which has a bias of its own",
                   "Keras", "torch", "cuDNN"),
            _where("reset_after", False, "before",
                   "the reset gate acts before the product, which has no bias",
                   "Cho et al. (2014)", "Keras before TensorFlow 2"),
        ),
    ),
    Convention(
        "slopes",
        "How many slopes does a PReLU learn?",
        "parameters",
        (
            _slopes(0, "one an element", "one slope for every element", "Keras' default"),
            _slopes(-1, "one a channel", "one slope for every channel, the last axis",
                    "He et al. (2015)"),
            _slopes(None, "one for all", "one slope for everything", "torch's default"),
        ),
    ),
    Convention(
        "shared weights",
        "How often do weights count that several calls share?",
        "parameters",
        (
            _plainly("once", "shared weights are counted once", ("Keras", "torch"), Parameters()),
            Choice("each time", "weights that another call owns are counted again",
                   ("sums over layers",), Parameters(), _each_time, kind="shared-counted-twice"),
        ),
    ),
    Convention(
        "experts",
        "Of experts, which weights count?",
        "parameters",
        (
            _plainly("all", "every expert's weights are counted",
                     ("total parameters",), Parameters()),
            _plainly("active", "those of the experts that a token meets are counted",
                     ("active parameters",), ActiveParameters()),
        ),
    ),
    Convention(
        "embeddings",
        "Are tables of embeddings counted?",
        "parameters",
        (
            _plainly("counted", "embeddings are counted",
                     ("Keras", "torch", "Hoffmann et al. (2022)"), Parameters()),
            _plainly("left out", "embeddings are left out",
                     ("Kaplan et al. (2020)",), NonEmbeddingParameters()),
        ),
    ),
    Convention(
        "transposed convolution",
        "Which positions does a transposed convolution multiply with its kernel?",
        "macs",
        (
            _plainly("input positions", "every input position, as is computed",
                     (_COUNTER,), Macs()),
            _plainly("output positions", "every output position, as a plain convolution has it",
                     ("torchinfo", "thop"), MacsByOutput()),
        ),
    ),
    Convention(
        "attention products",
        "Do the products of queries with keys, and of scores with values, count?",
        "macs",
        (
            _plainly("counted", "every product counts", (_COUNTER,), Macs()),
            _plainly("left out", "products of two activations are not seen", ("torchinfo", "thop"),
                     Macs(tuple(kind for kind in KINDS if kind != "attention"))),
        ),
    ),
    Convention(
        "adapters",
        "How are LoRA's adapters multiplied, and does it count with one sample?",
        "macs",
        (
            _plainly("counted", "as each layer says: beside its weight, or merged by lora_rank",
                     ("Keras", "peft"), Macs()),
            _adapters(False, "beside", "at each position, beside the frozen weight: x·A·B",
                      "peft", "Hu et al. (2021), in training"),
            _adapters(True, "merged", "A·B once for a whole batch, and added to the weight",
                      "Keras"),
            _plainly("left out", "the product is done beforehand, or shared by a large batch",
                     ("Hu et al. (2021), deployed",),
                     Macs(tuple(kind for kind in KINDS if kind != "adapter"))),
        ),
    ),
    Convention(
        "FLOPs a MAC",
        "How many operations is one multiply-accumulate?",
        "flops",
        (
            _plainly("2", "a multiplication and an addition", (_COUNTER, "Kaplan et al. (2020)"),
                     Flops()),
            _plainly("1", "a fused multiply-add", ("He et al. (2015)", "fvcore"),
                     Flops(per_mac=1)),
        ),
    ),
    Convention(
        "bias additions",
        "Do the additions of biases count?",
        "flops",
        (
            _plainly("left out", "only products count", (_COUNTER,), Flops()),
            _plainly("counted", "a bias is one addition for each result", ("torchinfo",),
                     Flops(bias=True)),
        ),
    ),
    Convention(
        "causal attention",
        "Where a mask hides what comes later, which products of attention count?",
        "flops",
        (
            _plainly("in full", "all of them, hidden or not",
                     (_COUNTER, "Chowdhery et al. (2022)"), Flops()),
            _plainly("half", "half of them, as in a causal kernel", ("FlashAttention",),
                     Flops(mask="half")),
            _plainly("exact", "those that the masks of the layers leave, t·(t + 1)/2 in each head",
                     ("kernels that skip single pairs",), Flops(mask="exact")),
        ),
    ),
)  # fmt: skip

CONVENTIONS: Mapping[str, Convention] = MappingProxyType({c.name: c for c in _ALL})
"""Every convention, by name; the first of its choices is the default."""


def convention(name: str) -> Convention:
    """The convention called `name`.

    Raises:
        LookupFailedError: there is none; the error lists those that are.

    >>> from archcalc.layers import LSTM
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([LSTM(128)]).trace(("t", 128))
    >>> [trace.cost(choice) for choice in convention("recurrent bias").choices]
    [131584, 132096]
    """
    found = CONVENTIONS.get(name)
    if found is None:
        raise LookupFailedError(
            f"there is no convention called {quoted(name, 40)}",
            hint=f"there are {', '.join(CONVENTIONS)}",
        )
    return found
