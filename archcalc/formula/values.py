"""Reading values of symbols, and deciding requirements by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympy import Symbol

from archcalc.symbolic.dims import Dim, as_expr
from archcalc.symbolic.errors import (
    DimensionError,
    EvaluationError,
    UnknownSymbolError,
    quoted,
    shorten,
)
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.words import meaning

__all__ = ["open_requirements", "read_values"]


def read_values(values: Mapping[str, Any], known: Mapping[str, Symbol]) -> dict[Symbol, Dim]:
    """`values` by symbol, each a positive integer or an expression.

    Raises:
        UnknownSymbolError: a name that is not among `known`; it lists those that are.
        EvaluationError: a value that is neither a positive integer nor an expression.

    >>> from archcalc.symbolic import symbols
    >>> read_values({"q": 1}, {"k": symbols("k")})
    Traceback (most recent call last):
    archcalc.symbolic.errors.UnknownSymbolError: ...
    """
    read: dict[Symbol, Dim] = {}
    for name, value in values.items():
        if name not in known:
            listed = f"the symbols are {', '.join(known)}" if known else "there are only numbers"
            raise UnknownSymbolError(
                f"there is no symbol {shorten(str(name), 40)} here",
                values={"name": name},
                hint=listed,
            )
        read[known[name]] = _read(name, value)
    return read


def _read(name: str, value: Any) -> Dim:
    meant = meaning(value)
    if meant:
        raise EvaluationError(
            f"{name} = {quoted(value, 40)} is neither a number nor a symbol",
            values={name: value},
            hint=f"{quoted(value, 40)} is {meant}",
        )
    try:
        dim = as_expr(value)
    except DimensionError as error:
        raise _refused(name, value) from error
    if (isinstance(dim, int) and dim < 1) or (not isinstance(dim, int) and dim.is_number):
        raise _refused(name, value)
    return dim


def _refused(name: str, value: object) -> EvaluationError:
    return EvaluationError(
        f"{name} = {quoted(value, 40)} is not a positive integer",
        values={name: value},
        hint="every symbol stands for a dimension: 1, 2, 3, …",
    )


def open_requirements(
    requirements: Iterable[Requirement], values: Mapping[Symbol, Dim]
) -> tuple[Requirement, ...]:
    """What is still to be decided of `requirements` once `values` are known.

    Raises:
        RequirementError: one of them does not hold; the error names its layer.
    """
    left: list[Requirement] = []
    for requirement in requirements:
        now = requirement
        if requirement.symbols & values.keys():
            now = requirement.at(values)
        holds = now.holds()
        if holds is False:
            raise now.error()
        if holds is None:
            left.append(now)
    return tuple(left)
