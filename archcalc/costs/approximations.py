"""Approximations of training compute that people use, each as a cost with its source.

Each is what its paper writes, folded from the same facts as the exact count: so the difference of
the two says, as a formula, what it leaves out or counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from archcalc.costs.base import Additive, Cost, Rows, TracedRow, ordered_sum
from archcalc.costs.compute import PartFlops, tokens_of
from archcalc.costs.loops import Factors, called, positions
from archcalc.costs.parameters import ActiveParameters
from archcalc.costs.work import Flops, Macs, TrainingFlops
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain

__all__ = ["APPROXIMATIONS", "Approximation", "Chinchilla", "Kaplan", "Megatron", "PaLM", "SixN"]


@dataclass(frozen=True)
class Approximation(Cost[Formula]):
    """FLOPs of a step of training on one sequence as some paper approximates them.

    Attributes:
        title: what it is called.
        rule: the formula as the paper writes it.
    """

    title: ClassVar[str] = ""
    rule: ClassVar[str] = ""
    unit = "FLOPs"

    def left_out(self, trace: Rows) -> Formula:
        """What a step of training takes more than this says, exactly; below 0 where it is less."""
        apart = plain(TrainingFlops().over(trace).expr) - plain(self.over(trace).expr)
        return Formula(lower(apart.expand()), trace.requirements)


@dataclass(frozen=True)
class SixN(Approximation):
    """Six times the parameters for each token; those that a token meets, of experts.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense("n", use_bias=False)]).trace(("t", "d")).cost(SixN())
    6·d·n·t
    """

    title = "6·N·D"
    rule = "6·N a token"
    source = "Hoffmann et al., Training Compute-Optimal LLMs (2022), section 3.3: C ≈ 6·N·D"

    def over(self, trace: Rows) -> Formula:
        return ActiveParameters().over(trace) * 6 * Formula(tokens_of(trace))


@dataclass(frozen=True)
class _Outside(ActiveParameters):
    """Parameters that a token meets, without tables of embeddings."""

    def of(self, row: TracedRow) -> Dim:
        return ordered_sum(
            w.shape
            for w in row.weights
            if w.learned and w.role != "embedding" and all(x.name != "vocab" for x in w.axes)
        )


@dataclass(frozen=True)
class Kaplan(Approximation):
    """``3·(2·N + 2·n_layer·n_ctx·d_attn)`` a token, N without embeddings and without the head."""

    title = "Kaplan"
    rule = "3·(2·N + 2·n_layer·n_ctx·d_attn) a token, N without embeddings"
    source = "Kaplan et al., Scaling Laws (2020), equation 2.2 and table 1"

    def over(self, trace: Rows) -> Formula:
        weights = _Outside().over(trace) * 2 * Formula(tokens_of(trace))
        return (weights + Macs(("attention",)).over(trace)) * 3


@dataclass(frozen=True)
class PaLM(Approximation):
    """``6·N + 12·L·H·Q·T`` a token: every parameter, and attention without its mask."""

    title = "PaLM"
    rule = "6·N + 12·L·H·Q·T a token"
    source = "Chowdhery et al., PaLM (2022), appendix B"

    def over(self, trace: Rows) -> Formula:
        return SixN().over(trace) + Macs(("attention",)).over(trace) * 6


@dataclass(frozen=True)
class _SoftmaxElements(Additive):
    """The scores of which attention makes shares."""

    def factors(self, row: TracedRow) -> Factors:
        return called(row.loops)

    def of(self, row: TracedRow) -> Dim:
        if not any(work.kind == "attention" for work in row.work):
            return 0
        done = [x for x in row.applied.arithmetic or () if x.kind == "softmax"]
        return ordered_sum((*positions(row.loops), *x.outputs) for x in done)


@dataclass(frozen=True)
class _Looked(Additive):
    """The elements of tables of words, which the table takes for one-hot products."""

    def factors(self, row: TracedRow) -> Factors:
        return called(row.loops)

    def of(self, row: TracedRow) -> Dim:
        tables = (w for w in row.applied.weights if w.role == "embedding")
        return ordered_sum(w.shape for w in tables if w.axes and w.axes[0].name == "vocab")


@dataclass(frozen=True)
class Chinchilla(Approximation):
    """Every product without masks, a softmax of three operations, an embedding as a product."""

    title = "Chinchilla"
    rule = "3·(2·T·V·d + products + 3·H·T·T a layer): an embedding is a product"
    source = "Hoffmann et al., Training Compute-Optimal LLMs (2022), appendix F"

    def over(self, trace: Rows) -> Formula:
        looked = _Looked().over(trace) * 2 * Formula(tokens_of(trace))
        return (Flops().over(trace) + looked + _SoftmaxElements().over(trace) * 3) * 3


@dataclass(frozen=True)
class Megatron(Approximation):
    """``96·B·s·l·h²·(1 + s/6h + V/16lh)``: blocks are run forward twice, the head once.

    Args:
        recompute: whether every block is computed once more, as there; otherwise 72 for 96.
    """

    recompute: bool = True
    title = "Megatron"
    rule = "4·blocks + 3·head: 96·B·s·l·h²·(1 + s/(6·h) + V/(16·l·h))"
    source = "Narayanan et al., Efficient Large-Scale Training on GPU Clusters (2021), equation 3"

    def over(self, trace: Rows) -> Formula:
        every, head = Flops().over(trace), PartFlops(part="head").over(trace)
        return every * 4 - head if self.recompute else every * 3


APPROXIMATIONS: Mapping[str, Approximation] = MappingProxyType(
    {x.title: x for x in (SixN(), Kaplan(), PaLM(), Chinchilla(), Megatron())}
)
"""Approximations by name."""
