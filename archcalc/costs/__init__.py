"""Costs: quantities folded from the facts of a trace, one class each."""

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing
from archcalc.costs.activations import Activations
from archcalc.costs.base import Additive, Cost
from archcalc.costs.cache import Cache
from archcalc.costs.choice import Alternative, Choice, Convention, ConventionEffect
from archcalc.costs.conventions import CONVENTIONS, convention
from archcalc.costs.loops import Loop
from archcalc.costs.memory import (
    OPTIMIZERS,
    ActivationBytes,
    CacheBytes,
    GradientBytes,
    OptimizerBytes,
    WeightBytes,
)
from archcalc.costs.mesh import PLACEMENT, Mesh
from archcalc.costs.number_formats import DTYPES, PACKED
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

if TYPE_CHECKING:
    from archcalc.costs.approximations import (
        APPROXIMATIONS,
        Approximation,
        Chinchilla,
        Kaplan,
        Megatron,
        PaLM,
        SixN,
    )
    from archcalc.costs.compute import PARTS, DecodeFlops, PartFlops
    from archcalc.costs.deployment import Deployment, InferenceBytes
    from archcalc.costs.roofline import ACCELERATORS, Accelerator, Bound, Roofline

_LATE = {
    **dict.fromkeys(
        ("APPROXIMATIONS", "Approximation", "Chinchilla", "Kaplan", "Megatron", "PaLM", "SixN"),
        "approximations",
    ),
    **dict.fromkeys(("PARTS", "DecodeFlops", "PartFlops"), "compute"),
    **dict.fromkeys(("Deployment", "InferenceBytes"), "deployment"),
    **dict.fromkeys(("ACCELERATORS", "Accelerator", "Bound", "Roofline"), "roofline"),
}
"""The modules of names that few ask for."""

__all__ = [
    "ACCELERATORS",
    "APPROXIMATIONS",
    "CONVENTIONS",
    "DTYPES",
    "FORMATS",
    "KERNELS",
    "OPTIMIZERS",
    "PACKED",
    "PARTS",
    "PLACEMENT",
    "TALLIES",
    "Accelerator",
    "ActivationBytes",
    "Activations",
    "ActiveParameters",
    "Additive",
    "Alive",
    "Alternative",
    "Approximation",
    "Bound",
    "Cache",
    "CacheBytes",
    "Chinchilla",
    "Choice",
    "Convention",
    "ConventionEffect",
    "Cost",
    "DecodeFlops",
    "Deployment",
    "EveryFlops",
    "Field",
    "Flops",
    "Formats",
    "GradientBytes",
    "InferenceBytes",
    "Kaplan",
    "Kernels",
    "Loop",
    "Macs",
    "MacsByOutput",
    "Megatron",
    "MemoryPart",
    "Mesh",
    "NonEmbeddingParameters",
    "OptimizerBytes",
    "PaLM",
    "Parameters",
    "PartFlops",
    "Peak",
    "PeakBytes",
    "PeakMoment",
    "Phase",
    "ReceptiveField",
    "Roofline",
    "Rule",
    "SavedBytes",
    "SavedTensor",
    "SixN",
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


def _late(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name not in _LATE:
        raise missing(__name__, name)
    value = getattr(loaded(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _late
