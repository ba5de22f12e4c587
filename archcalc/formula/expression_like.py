"""What the questions of a formula need to know of it, so that they stand below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from sympy import Expr, Symbol

from archcalc.symbolic.requirement import Requirement

__all__ = ["ExpressionLike"]


@runtime_checkable
class ExpressionLike(Protocol):
    """A closed form: an expression, its symbols, and what must hold for it to mean anything."""

    @property
    def expr(self) -> Expr: ...
    @property
    def symbols(self) -> tuple[Symbol, ...]: ...
    @property
    def known_symbols(self) -> Mapping[str, Symbol]: ...
    @property
    def requirements(self) -> tuple[Requirement, ...]: ...
    def __call__(self, /, **values: Any) -> Any: ...
