"""Costs: quantities folded from the facts of a trace, one class each."""

from typing import TYPE_CHECKING, Any

from archcalc._loading import missing
from archcalc.costs.activations import Activations
from archcalc.costs.base import Additive, Cost
from archcalc.costs.cache import Cache
from archcalc.costs.choice import Alternative, Choice, Convention, ConventionEffect
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
from archcalc.costs.operations import TALLIES, EveryFlops, Rule, Tally, Uncounted
from archcalc.costs.parameters import (
    ActiveParameters,
    NonEmbeddingParameters,
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
)
from archcalc.costs.peak import Alive, Peak, PeakBytes, PeakMoment
from archcalc.costs.receptive import Field, Phase, ReceptiveField
from archcalc.costs.saved import KERNELS, Kernels, SavedBytes, SavedTensor
from archcalc.costs.time import StepTime, Traffic
from archcalc.costs.training import FORMATS, Formats, MemoryPart, TrainingBytes
from archcalc.costs.work import Flops, Macs, MacsByOutput, TrainingFlops

__all__ = [
    "CONVENTIONS",
    "DTYPES",
    "FORMATS",
    "KERNELS",
    "OPTIMIZERS",
    "TALLIES",
    "ActivationBytes",
    "Activations",
    "ActiveParameters",
    "Additive",
    "Alive",
    "Alternative",
    "Cache",
    "CacheBytes",
    "Choice",
    "Convention",
    "ConventionEffect",
    "Cost",
    "EveryFlops",
    "Field",
    "Flops",
    "Formats",
    "GradientBytes",
    "Kernels",
    "Loop",
    "Macs",
    "MacsByOutput",
    "MemoryPart",
    "NonEmbeddingParameters",
    "OptimizerBytes",
    "Parameters",
    "Peak",
    "PeakBytes",
    "PeakMoment",
    "Phase",
    "ReceptiveField",
    "Rule",
    "SavedBytes",
    "SavedTensor",
    "Statistics",
    "StepTime",
    "Tally",
    "TotalParameters",
    "Traffic",
    "TrainableParameters",
    "TrainingBytes",
    "TrainingFlops",
    "Uncounted",
    "WeightBytes",
    "convention",
]


def _missing(name: str) -> Any:
    raise missing(__name__, name)


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _missing
