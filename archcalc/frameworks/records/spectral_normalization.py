"""A kernel divided by its largest singular value."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.keras_chains import steps
from archcalc.frameworks.record import (
    Absent,
    Chain,
    Entry,
    Record,
    same,
    same_tensors,
)
from archcalc.frameworks.records.adapters import ADAPTERS
from archcalc.layers.applied import Applied
from archcalc.layers.spectral_normalization import SpectralNormalization

__all__ = ["RECORDS"]


def _around_the_kernel(layer: Any, applied: Applied) -> Chain:
    """Around the layer that has the weights, not around its padding."""
    inner = steps(Applied(layer.layer, applied.inputs))
    around = [(name, layer.model_copy(update={"layer": part})) for name, part in inner]
    return [one if one[0] else other for one, other in zip(inner, around, strict=True)]


RECORDS = (
    Record(
        SpectralNormalization,
        keras=Entry(
            arguments=same("layer", "power_iterations"),
            tensors=(*same_tensors("kernel", "embeddings", "vector_u", "bias"), *ADAPTERS),
            chain=_around_the_kernel,
        ),
        torch=Absent(
            "there it is a parametrization of a module, "
            "torch.nn.utils.parametrizations.spectral_norm, which keeps two vectors"
        ),
    ),
)
