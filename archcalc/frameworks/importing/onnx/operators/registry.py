"""Where operators are found by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["OPERATORS", "Operator", "lowers"]

Operator: TypeAlias = Callable[..., Any]
"""From the bench and the node to a value, or to several."""

OPERATORS: dict[str, Operator] = {}
"""By ONNX's name; those of other domains with the domain before it."""


def lowers(*names: str) -> Callable[[Operator], Operator]:
    """Register a function under names of operators."""

    def register(function: Operator) -> Operator:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return register
