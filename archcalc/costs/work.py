"""Compute: MACs and FLOPs, forward and in a step of training.

Convention: one MAC is two FLOPs; matrix products and convolutions count, biases and activations do
not.  These are the defaults of torch's ``FlopCounterMode``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from archcalc.costs.base import Additive, Cost, Rows, TracedRow, total, written_sum
from archcalc.costs.parameters import is_trained
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim, DimLike, as_dim
from archcalc.symbolic.written import WrittenProduct

__all__ = ["Flops", "Macs", "TrainingFlops"]

KINDS = ("matmul", "convolution", "attention", "adapter")
"""The kinds of work that are counted by default."""


@dataclass(frozen=True)
class Macs(Additive):
    """Multiply-accumulates of one sample, forward.

    Args:
        kinds: the kinds of work to count.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> Sequential([Conv2D(32, 3)]).trace((28, 28, 1)).cost(Macs())
    194688
    """

    kinds: tuple[str, ...] = KINDS
    unit = "MACs"

    def of(self, row: TracedRow) -> Dim:
        return written_sum(work.factors for work in row.work if work.kind in self.kinds)


@dataclass(frozen=True)
class Flops(Additive):
    """Floating-point operations of one sample, forward.

    Args:
        kinds: the kinds of work to count.
        per_mac: the operations of one multiply-accumulate.
        bias: whether the addition of a bias counts, one an output element.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense(10)]).trace(784)
    >>> trace.cost(Flops()), trace.cost(Flops(bias=True))
    (15680, 15690)
    """

    kinds: tuple[str, ...] = KINDS
    per_mac: int = 2
    bias: bool = False
    unit = "FLOPs"
    source = "torch.utils.flop_counter.FlopCounterMode"

    def of(self, row: TracedRow) -> Dim:
        products = [(self.per_mac, *w.factors) for w in row.work if w.kind in self.kinds]
        if self.bias and any(weight.name == "bias" for weight in row.applied.weights):
            products.append((row.steps, *row.output))
        return written_sum(products)


@dataclass(frozen=True)
class TrainingFlops(Cost[Formula]):
    """FLOPs of one step of training on a batch: forward, and both gradients of every layer.

    Each product of the forward pass comes back twice: once for the gradient of the weights, where
    the layer is trained, and once for the gradient of the input, where something trained lies
    before it.  So the first layer has no input gradient, and the total is a little less than three
    times the forward pass.

    Args:
        batch: samples in the batch; a number or a symbol.
        forward: how the forward pass is counted.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(100), Dense(10)]).trace(784).cost(TrainingFlops())
    319600
    """

    batch: DimLike = 1
    forward: Flops = Flops()
    unit = "FLOPs"
    source = "Kaplan et al., Scaling Laws (2020), section 2.1, made exact for the first layer"

    def over(self, trace: Rows) -> Formula:
        batch = as_dim(self.batch)
        amount = total(self._counted(trace.rows))
        whole = amount * batch if isinstance(amount, int) else WrittenProduct(batch, amount)
        return Formula(whole, trace.requirements)

    def _counted(self, rows: Sequence[TracedRow]) -> Iterable[tuple[Dim, Dim]]:
        trained: list[bool] = []
        known: dict[tuple[int, Dim], Dim] = {}
        for times, group in groupby(rows, key=lambda row: row.times):
            block = list(group)
            learning = any(_learns(row) for row in block)
            for row in block:
                before = any(source >= 0 and trained[source] for source in row.sources)
                trained.append(before or _learns(row))
                key = (id(row.applied), row.steps)
                if key not in known:
                    known[key] = self.forward.of(row)
                amount = known[key]
                if times == 1 or before or not learning:
                    yield self._passes(row, before) * times, amount
                else:  # of several copies in a row only the first has nothing trained before it
                    yield self._passes(row, before=False), amount
                    yield self._passes(row, before=True) * (times - 1), amount

    @staticmethod
    def _passes(row: TracedRow, before: bool) -> int:
        """How often each product of the forward pass is done: forward, and for each gradient."""
        inputs = len(row.inputs) if len(row.inputs) > 1 and not row.applied.weights else 1
        return 1 + _learns(row) + (inputs if before else 0)


def _learns(row: TracedRow) -> bool:
    return any(is_trained(weight, row.layer) for weight in row.applied.weights)
