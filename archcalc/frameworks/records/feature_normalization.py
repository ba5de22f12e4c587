"""Normalization of each position over its features."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import (
    EPSILON,
    KERAS_AFFINE,
    KERAS_AXES,
    refuse,
)
from archcalc.frameworks.record import (
    Argument,
    Entry,
    Given,
    Name,
    Only,
    Record,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.feature_normalization import (
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)

__all__ = ["RECORDS"]

_GAMMA = (Tensor("gamma", "weight"), Tensor("beta", "bias"))


def _last_axes(given: Given) -> Given:
    """As many axes as the shape that is given has, and as long."""
    shape = given["normalized_shape"]
    sizes = tuple(shape) if isinstance(shape, tuple) else (shape,)
    if not sizes:
        refuse("normalized_shape: torch normalises over one axis at least")
    made: dict[str, Any] = {"axis": tuple(range(-len(sizes), 0))}
    return {**made, **({"expects": sizes[0]} if len(sizes) == 1 else {"normalized_shape": sizes})}


def _layer_norm(given: Given) -> Given:
    learned = given["elementwise_affine"]
    return {**_last_axes(given), "scale": learned, "center": bool(learned and given["bias"])}


def _rms_norm(given: Given) -> Given:
    return {**_last_axes(given), "epsilon": given["eps"]}


RECORDS = (
    Record(
        LayerNormalization,
        keras=Entry(
            arguments=(KERAS_AXES, *KERAS_AFFINE),
            unsaid=("normalized_shape",),
            tensors=same_tensors("gamma", "beta"),
        ),
        torch=Entry(
            "LayerNorm",
            (
                EPSILON,
                Argument("scale", "elementwise_affine"),
                Argument("center", "elementwise_affine"),
                Argument("center", "bias"),
            ),
            applied_outside=("axis",),
            unsaid=("normalized_shape",),
            tensors=_GAMMA,
            core="normalization.along_last",
            order="axis last",
        ),
        names=(
            Name(
                "LayerNorm",
                "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True",
                more=_layer_norm,
            ),
        ),
    ),
    Record(
        RMSNormalization,
        keras=Entry(
            arguments=(KERAS_AXES, *same("epsilon")),
            only=(Only("scale", (True,), "Keras always learns the scale"),),
            unsaid=("normalized_shape",),
            limits=(
                (
                    lambda layer: layer.epsilon is not None,
                    "epsilon=None is torch's choice for the type of number",
                ),
            ),
            tensors=same_tensors("scale"),
        ),
        torch=Entry(
            "RMSNorm",
            (EPSILON, Argument("scale", "elementwise_affine")),
            applied_outside=("axis",),
            unsaid=("normalized_shape",),
            tensors=(Tensor("scale", "weight"),),
            core="normalization.along_last",
            order="axis last",
        ),
        names=(
            Name("RMSNorm", "normalized_shape, eps=None, elementwise_affine=True", more=_rms_norm),
        ),
    ),
    Record(
        UnitNormalization,
        keras=Entry(arguments=(KERAS_AXES,)),
        torch=Entry(".UnitNorm", (Argument("axis", "dim"),)),
    ),
)
