"""Costs: quantities folded from the facts of a trace, one class each."""

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
    from archcalc.costs.activations import Activations
    from archcalc.costs.approximations import (
        APPROXIMATIONS,
        Approximation,
        Chinchilla,
        Kaplan,
        Megatron,
        PaLM,
        SixN,
    )
    from archcalc.costs.base import Additive, Cost
    from archcalc.costs.cache import Cache
    from archcalc.costs.choice import Alternative, Choice, Convention, ConventionEffect
    from archcalc.costs.compute import PARTS, DecodeFlops, PartFlops
    from archcalc.costs.conventions import CONVENTIONS, convention
    from archcalc.costs.deployment import Deployment, InferenceBytes
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
    from archcalc.costs.roofline import ACCELERATORS, Accelerator, Bound, Roofline
    from archcalc.costs.saved import KERNELS, Kernels, SavedBytes, SavedTensor
    from archcalc.costs.time import StepTime, Traffic
    from archcalc.costs.training import FORMATS, Formats, MemoryPart, TrainingBytes
    from archcalc.costs.work import Flops, Macs, MacsByOutput, TrainingFlops

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

_HOMES = {
    "activations": "Activations",
    "approximations": "APPROXIMATIONS Approximation Chinchilla Kaplan Megatron PaLM SixN",
    "base": "Additive Cost",
    "cache": "Cache",
    "choice": "Alternative Choice Convention ConventionEffect",
    "compute": "PARTS DecodeFlops PartFlops",
    "conventions": "CONVENTIONS convention",
    "deployment": "Deployment InferenceBytes",
    "loops": "Loop",
    "memory": "OPTIMIZERS ActivationBytes CacheBytes GradientBytes OptimizerBytes WeightBytes",
    "mesh": "PLACEMENT Mesh",
    "number_formats": "DTYPES PACKED",
    "operations": "TALLIES EveryFlops Rule Tally Uncounted",
    "parameters": "ActiveParameters NonEmbeddingParameters Parameters Statistics"
    " TotalParameters TrainableParameters",
    "peak": "Alive Peak PeakBytes PeakMoment",
    "receptive": "Field Phase ReceptiveField",
    "roofline": "ACCELERATORS Accelerator Bound Roofline",
    "saved": "KERNELS Kernels SavedBytes SavedTensor",
    "time": "StepTime Traffic",
    "training": "FORMATS Formats MemoryPart TrainingBytes",
    "work": "Flops Macs MacsByOutput TrainingFlops",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
