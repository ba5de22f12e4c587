"""A lower bound on the time of a training step, from what a machine can do at best."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sympy import Max, Rational

from archcalc.costs.base import Cost, Rows
from archcalc.costs.memory import OptimizerBytes, WeightBytes
from archcalc.costs.number_formats import bytes_of
from archcalc.costs.work import TrainingFlops
from archcalc.formula import Formula
from archcalc.symbolic.dims import DimLike, as_dim
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.shape import product

__all__ = ["StepTime", "Traffic"]


@dataclass(frozen=True)
class Traffic(Cost[Formula]):
    """Bytes that a training step moves at the least: what must cross from memory once.

    Every weight and every number of the optimizer's state is read and written once, and the batch
    is read once.  Activations and gradients may stay on the chip, so they are not counted: this is
    a bound from below.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(Traffic(batch=32, optimizer="sgd"))
    163152
    """

    batch: DimLike = 1
    optimizer: str = "adam"
    dtype: str = "float32"
    unit = "bytes"
    source = "Williams et al., Roofline (2009): compulsory traffic"

    def over(self, trace: Rows) -> Formula:
        state = WeightBytes(self.dtype).over(trace)
        state = state + OptimizerBytes(self.optimizer, self.dtype).over(trace)
        read = sum((Formula(product(x)) for x in trace.inputs), Formula(0))
        return state * 2 + read * bytes_of(self.dtype) * as_dim(self.batch)


@dataclass(frozen=True)
class StepTime(Cost[Formula]):
    """Seconds that a training step takes at the least: compute or traffic, whichever is longer.

    Args:
        peak_flops: FLOP/s that the machine reaches at best.
        bandwidth: bytes/s of its memory.
        batch, optimizer, dtype: of the training.

    Raises:
        EvaluationError: a rate is not positive.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense(10)]).trace(784)
    >>> trace.cost(StepTime(10**12, 50 * 10**9, batch=32, optimizer="sgd"))
    10197/3125000000
    """

    peak_flops: int | Fraction
    bandwidth: int | Fraction
    batch: DimLike = 1
    optimizer: str = "adam"
    dtype: str = "float32"
    unit = "seconds"
    source = "Williams et al., Roofline (2009)"

    def over(self, trace: Rows) -> Formula:
        for name, rate in (("peak_flops", self.peak_flops), ("bandwidth", self.bandwidth)):
            if rate <= 0:
                raise EvaluationError(f"{name} = {rate} is not a positive rate")
        flops = TrainingFlops(self.batch).over(trace)
        moved = Traffic(self.batch, self.optimizer, self.dtype).over(trace)
        compute = flops.expr / Rational(Fraction(self.peak_flops))
        traffic = moved.expr / Rational(Fraction(self.bandwidth))
        return Formula(Max(compute, traffic), trace.requirements)
