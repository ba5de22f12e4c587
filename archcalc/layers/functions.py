"""The functions that layers apply to what comes of them, by Keras' names."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["TOGETHER", "ActivationName"]

ActivationName: TypeAlias = Literal[
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
]
"""Keras' names of activation functions that leave the shape alone; none of them has weights."""

TOGETHER = frozenset({"softmax", "log_softmax"})
"""Those of them in which every value of the last axis depends on all others."""
