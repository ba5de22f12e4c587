"""Bytes: of weights, of activations, of the state of training, and of the cache at inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from archcalc.costs.activations import Activations
from archcalc.costs.base import Cost, Rows
from archcalc.costs.cache import Cache
from archcalc.costs.mesh import ONE_DEVICE, Mesh, on_device
from archcalc.costs.number_formats import bytes_of, look_up, stored_bytes
from archcalc.costs.parameters import TotalParameters, TrainableParameters
from archcalc.formula import Formula
from archcalc.symbolic.dims import DimLike, as_dim

__all__ = [
    "OPTIMIZERS",
    "ActivationBytes",
    "CacheBytes",
    "GradientBytes",
    "OptimizerBytes",
    "WeightBytes",
    "slots_of",
]

OPTIMIZERS: Mapping[str, int] = MappingProxyType(
    {
        "sgd": 0,
        "sgd-momentum": 1,
        "nesterov": 1,
        "lion": 1,
        "adagrad": 1,
        "rmsprop": 1,
        "rmsprop-momentum": 2,
        "adadelta": 2,
        "adam": 2,
        "adamw": 2,
        "nadam": 2,
        "adamax": 2,
        "lamb": 2,
        "amsgrad": 3,
    }
)
"""Numbers an optimizer keeps for every parameter that is trained, as the papers define them."""


def slots_of(optimizer: str) -> int:
    """How many numbers `optimizer` keeps for every parameter.

    Raises:
        LookupFailedError: it is not known; the error lists those that are.

    >>> slots_of("adam")
    2
    """
    return look_up(OPTIMIZERS, optimizer, "optimizer")


@dataclass(frozen=True)
class WeightBytes(Cost[Formula]):
    """Bytes of all weights that one device has, statistics included.

    Args:
        dtype: the format; one of few bits has the scales of its groups with it.
        mesh: the devices.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(WeightBytes("float32"))
    31400
    """

    dtype: str = "float32"
    mesh: Mesh = ONE_DEVICE
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        amount, needs = on_device(TotalParameters(), trace, self.mesh)
        return Formula(amount, (*trace.requirements, *needs)) * stored_bytes(self.dtype)


@dataclass(frozen=True)
class GradientBytes(Cost[Formula]):
    """Bytes of the gradients: one number for every parameter that is trained.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(GradientBytes("float16"))
    15700
    """

    dtype: str = "float32"
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        return TrainableParameters().over(trace) * bytes_of(self.dtype)


@dataclass(frozen=True)
class OptimizerBytes(Cost[Formula]):
    """Bytes of what the optimizer keeps: its numbers for every parameter that is trained.

    Args:
        optimizer: a name in `OPTIMIZERS`.
        dtype: the format of its state.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(OptimizerBytes("adam"))
    62800
    """

    optimizer: str = "adam"
    dtype: str = "float32"
    unit = "bytes"
    source = "Kingma and Ba, Adam (2015), algorithm 1, and the papers of the others"

    def over(self, trace: Rows) -> Formula:
        each = slots_of(self.optimizer) * bytes_of(self.dtype)
        return TrainableParameters().over(trace) * each


@dataclass(frozen=True)
class ActivationBytes(Cost[Formula]):
    """Bytes of the activations of a batch, all kept, as training keeps them.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(ActivationBytes(batch=32))
    101632
    """

    batch: DimLike = 1
    dtype: str = "float32"
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        return Activations().over(trace) * bytes_of(self.dtype) * as_dim(self.batch)


@dataclass(frozen=True)
class CacheBytes(Cost[Formula]):
    """Bytes of what a batch of sequences keeps for its next step on one device: see `Cache`.

    Args:
        dtype: the format; one of few bits has the scales of its groups with it.
        batch: how many sequences there are.
        mesh: the devices: heads of keys are split among those of `tensor`, a latent is on each.

    Each layer of Llama 3 8B: 8 keys and 8 values of 128 numbers for every position:

    >>> from archcalc.layers import GroupQueryAttention
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([GroupQueryAttention(128, 32, 8)]).trace(("t", 4096))
    >>> trace.cost(CacheBytes("bfloat16"))
    4096·t
    """

    dtype: str = "float32"
    batch: DimLike = 1
    mesh: Mesh = ONE_DEVICE
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        amount, needs = on_device(Cache(), trace, self.mesh)
        held = Formula(amount, (*trace.requirements, *needs))
        return held * stored_bytes(self.dtype) * as_dim(self.batch)
