"""Bytes: of weights, of activations, of the state of training, and of the cache at inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from archcalc.costs.activations import Activations
from archcalc.costs.base import Cost, Rows
from archcalc.costs.cache import Cache
from archcalc.costs.parameters import TotalParameters, TrainableParameters
from archcalc.formula import Formula
from archcalc.symbolic.dims import DimLike, as_dim
from archcalc.symbolic.errors import LookupFailedError, quoted

__all__ = [
    "DTYPES",
    "OPTIMIZERS",
    "ActivationBytes",
    "CacheBytes",
    "GradientBytes",
    "OptimizerBytes",
    "WeightBytes",
    "bytes_of",
    "slots_of",
]

DTYPES: Mapping[str, int] = MappingProxyType(
    {
        "float64": 8,
        "float32": 4,
        "tfloat32": 4,
        "float16": 2,
        "bfloat16": 2,
        "float8": 1,
        "int64": 8,
        "int32": 4,
        "int16": 2,
        "int8": 1,
        "uint8": 1,
        "bool": 1,
    }
)
"""Bytes an element."""

_SHORT = {
    "fp64": "float64", "fp32": "float32", "tf32": "tfloat32", "fp16": "float16", "half": "float16",
    "bf16": "bfloat16", "fp8": "float8", "double": "float64", "float": "float32",
}  # fmt: skip
"""What number formats are called for short."""

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


def bytes_of(dtype: str) -> int:
    """Bytes an element of `dtype`.

    Raises:
        LookupFailedError: it is not known; the error lists those that are.

    >>> bytes_of("bfloat16")
    2
    """
    return _look_up(DTYPES, _SHORT.get(dtype, dtype), "number format")


def slots_of(optimizer: str) -> int:
    """How many numbers `optimizer` keeps for every parameter.

    Raises:
        LookupFailedError: it is not known; the error lists those that are.

    >>> slots_of("adam")
    2
    """
    return _look_up(OPTIMIZERS, optimizer, "optimizer")


def _look_up(table: Mapping[str, int], name: str, what: str) -> int:
    if name not in table:
        raise LookupFailedError(
            f"{quoted(name, 40)} is not a known {what}",
            code=f"unknown-{what.replace(' ', '-')}",
            hint=f"known are {', '.join(table)}",
        )
    return table[name]


@dataclass(frozen=True)
class WeightBytes(Cost[Formula]):
    """Bytes of all weights, statistics included.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10)]).trace(784).cost(WeightBytes("float32"))
    31400
    """

    dtype: str = "float32"
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        return TotalParameters().over(trace) * bytes_of(self.dtype)


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
    """Bytes of what a batch of sequences keeps for its next step: see `Cache`.

    Each layer of Llama 3 8B: 8 keys and 8 values of 128 numbers for every position:

    >>> from archcalc.layers import GroupQueryAttention
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([GroupQueryAttention(128, 32, 8)]).trace(("t", 4096))
    >>> trace.cost(CacheBytes("bfloat16"))
    4096·t
    """

    dtype: str = "float32"
    batch: DimLike = 1
    unit = "bytes"

    def over(self, trace: Rows) -> Formula:
        return Cache().over(trace) * bytes_of(self.dtype) * as_dim(self.batch)
