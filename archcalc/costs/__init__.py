"""Costs: quantities folded from the facts of a trace, one class each."""

from archcalc.costs.activations import Activations
from archcalc.costs.base import Additive, Cost
from archcalc.costs.memory import (
    DTYPES,
    OPTIMIZERS,
    ActivationBytes,
    GradientBytes,
    OptimizerBytes,
    WeightBytes,
)
from archcalc.costs.parameters import (
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
)
from archcalc.costs.receptive import Field, ReceptiveField
from archcalc.costs.time import StepTime, Traffic
from archcalc.costs.work import Flops, Macs, TrainingFlops

__all__ = [
    "DTYPES",
    "OPTIMIZERS",
    "ActivationBytes",
    "Activations",
    "Additive",
    "Cost",
    "Field",
    "Flops",
    "GradientBytes",
    "Macs",
    "OptimizerBytes",
    "Parameters",
    "ReceptiveField",
    "Statistics",
    "StepTime",
    "TotalParameters",
    "Traffic",
    "TrainableParameters",
    "TrainingFlops",
    "WeightBytes",
]
