"""Where torch's functions are found by name.

A function of the files beside this takes a `Workbench`, which has the tensors, and the arguments of
the call as torch names them, and gives values.  One that cannot say its call raises
`NotLoweredError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from archcalc.frameworks.importing.values import Value

__all__ = ["FUNCTIONS", "Lower", "Lowered", "lowers"]

Lowered: TypeAlias = Value | Sequence[Value]
Lower: TypeAlias = Callable[..., Any]

FUNCTIONS: dict[str, Lower] = {}
"""By torch's name."""


_F = TypeVar("_F", bound=Lower)


def lowers(*names: str) -> Callable[[_F], _F]:
    """Register a function under torch's names."""

    def register(function: _F) -> _F:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return register
