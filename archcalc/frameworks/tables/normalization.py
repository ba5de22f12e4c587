"""Normalisations; in torch, what they normalise is moved to where torch wants it."""

from __future__ import annotations

from archcalc.frameworks.table import (
    Absent,
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    same,
    same_tensors,
)
from archcalc.frameworks.tables.converters import (
    EPSILON,
    KERAS_AFFINE,
    KERAS_AXES,
    KERAS_AXIS,
    TORCH_AFFINE,
    channels,
    rest,
)

__all__ = ["KERAS", "TORCH"]

_ADAPTERS = tuple(f"lora_{name}_{end}" for name in ("kernel", "embeddings") for end in "ab")

_MOVES = (
    lambda layer: layer.momentum is not None,
    "momentum=None: Keras' statistics are no means of all batches",
)

KERAS: Table = {
    "BatchNormalization": Entry(
        "BatchNormalization",
        (KERAS_AXIS, *same("momentum", "renorm"), *KERAS_AFFINE),
        only=(Only("track_running_stats", (True,), "Keras always keeps running statistics"),),
        unsaid=("spatial",),
        limits=(_MOVES,),
        tensors=same_tensors(
            "gamma",
            "beta",
            "moving_mean",
            "moving_variance",
            "moving_stddev",
            "renorm_mean",
            "renorm_stddev",
        ),
    ),
    "LayerNormalization": Entry(
        "LayerNormalization",
        (KERAS_AXES, *KERAS_AFFINE),
        unsaid=("normalized_shape",),
        tensors=same_tensors("gamma", "beta"),
    ),
    "GroupNormalization": Entry(
        "GroupNormalization",
        (*same("groups"), KERAS_AXIS, *KERAS_AFFINE),
        tensors=same_tensors("gamma", "beta"),
    ),
    "RMSNormalization": Entry(
        "RMSNormalization",
        (KERAS_AXES, *same("epsilon")),
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
    "UnitNormalization": Entry("UnitNormalization", (KERAS_AXES,)),
    "SpectralNormalization": Entry(
        "SpectralNormalization",
        same("layer", "power_iterations"),
        tensors=same_tensors("kernel", "embeddings", "vector_u", "bias", *_ADAPTERS),
    ),
    "LocalResponseNormalization": Absent("it is torch's", hint="Keras has none"),
    "InstanceNormalization": Absent(
        "it is torch's", hint="GroupNormalization(groups=-1) normalises each channel on its own"
    ),
}

_TRACKED = same("track_running_stats")
_GAMMA = (Tensor("gamma", "weight"), Tensor("beta", "bias"))
_MOVING = (Tensor("moving_mean", "running_mean"), Tensor("moving_variance", "running_var"))


def _by_rank(name: str) -> dict[int, str]:
    """torch's class by the number of axes; 1 and 2 axes go to the one-dimensional."""
    return {rank: f"{name}{max(rank - 1, 1)}d" for rank in (1, 2, 3, 4)}


TORCH: Table = {
    "BatchNormalization": Entry(
        _by_rank("BatchNorm"),
        (Argument("momentum", "momentum", rest, rest), EPSILON, *TORCH_AFFINE, *_TRACKED),
        implied=(("num_features", channels),),
        only=(Only("renorm", (False,), "torch does not renormalise batches"),),
        around=("axis",),
        unsaid=("spatial",),
        tensors=_GAMMA + _MOVING,
    ),
    "LayerNormalization": Entry(
        "LayerNorm",
        (
            EPSILON,
            Argument("scale", "elementwise_affine"),
            Argument("center", "elementwise_affine"),
            Argument("center", "bias"),
        ),
        around=("axis",),
        unsaid=("normalized_shape",),
        tensors=_GAMMA,
    ),
    "GroupNormalization": Entry(
        "GroupNorm",
        (
            Argument("groups", "num_groups", lambda groups, x: x[0] if groups == -1 else groups),
            EPSILON,
            *TORCH_AFFINE,
        ),
        implied=(("num_channels", channels),),
        around=("axis",),
        tensors=_GAMMA,
    ),
    "RMSNormalization": Entry(
        "RMSNorm",
        (EPSILON, Argument("scale", "elementwise_affine")),
        around=("axis",),
        unsaid=("normalized_shape",),
        tensors=(Tensor("scale", "weight"),),
    ),
    "SpectralNormalization": Absent(
        "there it is a parametrization of a module, torch.nn.utils.parametrizations.spectral_norm, "
        "which keeps two vectors"
    ),
    "UnitNormalization": Entry(".UnitNorm", (Argument("axis", "dim"),)),
    "LocalResponseNormalization": Entry(
        "LocalResponseNorm",
        same("size", "alpha", "beta", "k"),
        around=("axis",),
        unsaid=("spatial",),
    ),
    "InstanceNormalization": Entry(
        _by_rank("InstanceNorm"),
        (Argument("momentum", "momentum", rest, rest), EPSILON, *TORCH_AFFINE, *_TRACKED),
        implied=(("num_features", channels),),
        around=("axis",),
        unsaid=("spatial",),
        tensors=_GAMMA + _MOVING,
    ),
}
