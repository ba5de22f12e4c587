"""Normalisations; in torch, what they normalise is moved to where torch wants it."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import (
    EPSILON,
    FIRST,
    KERAS_AFFINE,
    KERAS_AXIS,
    TORCH_AFFINE,
    channels,
    rest,
)
from archcalc.frameworks.record import (
    Absent,
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
from archcalc.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LocalResponseNormalization,
)

__all__ = ["RECORDS"]


_MOVES = (
    lambda layer: layer.momentum is not None,
    "momentum=None: Keras' statistics are no means of all batches",
)

_TRACKED = same("track_running_stats")
_GAMMA = (Tensor("gamma", "weight"), Tensor("beta", "bias"))
_MOVING = (Tensor("moving_mean", "running_mean"), Tensor("moving_variance", "running_var"))


def _by_rank(name: str) -> dict[int, str]:
    """torch's class by the number of axes; 1 and 2 axes go to the one-dimensional."""
    return {rank: f"{name}{max(rank - 1, 1)}d" for rank in (1, 2, 3, 4)}


def _affine(given: Given) -> Given:
    """An offset goes with the factor, unless it is left out."""
    return {"center": bool(given["affine"] and given["bias"])}


def _instance(given: Given) -> Given:
    """Without weights and statistics nothing is made for a number of features."""
    made = {**_affine(given), "scale": given["affine"]}
    kept = given["affine"] or given["track_running_stats"]
    return made if kept else {**made, "expects": None}


_NORM = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, *, bias=True"
_UNTRACKED = "eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, *, bias=True"
_SYNC = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None, *, "
_SYNC += "bias=True"
_BATCH: Any = {"fixed": FIRST, "more": _affine}


def _over(name: str, arguments: str, more: Any) -> tuple[Name, ...]:
    """Names of a layer that is told how many spatial axes come in."""
    return tuple(
        Name(name.format(n=n), arguments, {**FIRST, "spatial": n}, more) for n in (1, 2, 3)
    )


RECORDS = (
    Record(
        BatchNormalization,
        keras=Entry(
            arguments=(KERAS_AXIS, *same("momentum", "renorm"), *KERAS_AFFINE),
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
        torch=Entry(
            _by_rank("BatchNorm"),
            (Argument("momentum", "momentum", rest, rest), EPSILON, *TORCH_AFFINE, *_TRACKED),
            implied=(("num_features", channels),),
            only=(Only("renorm", (False,), "torch does not renormalise batches"),),
            applied_outside=("axis",),
            unsaid=("spatial",),
            tensors=_GAMMA + _MOVING,
            core="normalization.along_channels",
            order="axis first",
        ),
        names=(
            *_over("BatchNorm{n}d", f"num_features, {_NORM}", _affine),
            *_over("LazyBatchNorm{n}d", _NORM, _affine),
            Name("SyncBatchNorm", f"num_features, {_SYNC}", **_BATCH),
        ),
    ),
    Record(
        GroupNormalization,
        keras=Entry(
            arguments=(*same("groups"), KERAS_AXIS, *KERAS_AFFINE),
            tensors=same_tensors("gamma", "beta"),
        ),
        torch=Entry(
            "GroupNorm",
            (
                Argument(
                    "groups", "num_groups", lambda groups, x: x[0] if groups == -1 else groups
                ),
                EPSILON,
                *TORCH_AFFINE,
            ),
            implied=(("num_channels", channels),),
            applied_outside=("axis",),
            tensors=_GAMMA,
            core="normalization.along_channels",
            order="axis first",
        ),
        names=(
            Name(
                "GroupNorm",
                "num_groups, num_channels, eps=1e-05, affine=True, *, bias=True",
                **_BATCH,
            ),
        ),
    ),
    Record(
        LocalResponseNormalization,
        keras=Absent("it is torch's", hint="Keras has none"),
        torch=Entry(
            "LocalResponseNorm",
            same("size", "alpha", "beta", "k"),
            applied_outside=("axis",),
            unsaid=("spatial",),
            core="normalization.local_response",
            order="axis first",
        ),
        names=(
            Name("LocalResponseNorm", "size, alpha=0.0001, beta=0.75, k=1.0", FIRST),
            Name("CrossMapLRN2d", "size, alpha=0.0001, beta=0.75, k=1", {**FIRST, "spatial": 2}),
        ),
    ),
    Record(
        InstanceNormalization,
        keras=Absent(
            "it is torch's", hint="GroupNormalization(groups=-1) normalises each channel on its own"
        ),
        torch=Entry(
            _by_rank("InstanceNorm"),
            (Argument("momentum", "momentum", rest, rest), EPSILON, *TORCH_AFFINE, *_TRACKED),
            implied=(("num_features", channels),),
            applied_outside=("axis",),
            unsaid=("spatial",),
            tensors=_GAMMA + _MOVING,
            core="normalization.along_channels",
            order="axis first",
        ),
        names=(
            *_over("InstanceNorm{n}d", f"num_features, {_UNTRACKED}", _instance),
            *_over("LazyInstanceNorm{n}d", _NORM, _instance),
        ),
    ),
)
