"""Costs: quantities folded from the facts of a trace, one class each."""

from archcalc.costs.activations import Activations
from archcalc.costs.base import Additive, Cost
from archcalc.costs.cache import Cache
from archcalc.costs.choice import Choice, Convention, Counted, Other
from archcalc.costs.conventions import CONVENTIONS, convention
from archcalc.costs.loops import Loop
from archcalc.costs.memory import (
    DTYPES,
    OPTIMIZERS,
    ActivationBytes,
    CacheBytes,
    GradientBytes,
    OptimizerBytes,
    WeightBytes,
)
from archcalc.costs.parameters import (
    ActiveParameters,
    NonEmbeddingParameters,
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
)
from archcalc.costs.receptive import Field, Phase, ReceptiveField
from archcalc.costs.time import StepTime, Traffic
from archcalc.costs.work import Flops, Macs, MacsByOutput, TrainingFlops

__all__ = [
    "CONVENTIONS",
    "DTYPES",
    "OPTIMIZERS",
    "ActivationBytes",
    "Activations",
    "ActiveParameters",
    "Additive",
    "Cache",
    "CacheBytes",
    "Choice",
    "Convention",
    "Cost",
    "Counted",
    "Field",
    "Flops",
    "GradientBytes",
    "Loop",
    "Macs",
    "MacsByOutput",
    "NonEmbeddingParameters",
    "OptimizerBytes",
    "Other",
    "Parameters",
    "Phase",
    "ReceptiveField",
    "Statistics",
    "StepTime",
    "TotalParameters",
    "Traffic",
    "TrainableParameters",
    "TrainingFlops",
    "WeightBytes",
    "convention",
]
