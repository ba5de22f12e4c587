"""Reading the numbers that are put in for symbols, and what they do to requirements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympy import Expr, Pow, Rational, Symbol, sympify

from archcalc.symbolic.dims import Dim, as_expr
from archcalc.symbolic.errors import (
    DimensionError,
    EvaluationError,
    UnknownSymbolError,
    quoted,
    shorten,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.requirement import Requirement

__all__ = ["put_in", "read_values", "with_values"]

_SMALL_EXPONENT = 64


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


def put_in(
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
            for side in (requirement.left, requirement.right):
                _refuse_huge_powers(side, values)
            now = requirement.at(values)
        holds = now.holds()
        if holds is False:
            raise now.error()
        if holds is None:
            left.append(now)
    return tuple(left)


def with_values(expression: Expr, values: Mapping[Symbol, Dim]) -> Expr:
    """`expression` with `values` put in for symbols, all at once.

    Raises:
        EvaluationError: a power is too large to compute.

    >>> from archcalc.symbolic import symbols
    >>> c, L = symbols("c L")
    >>> with_values(c**2*2**L, {L: 3})
    8*c**2
    """
    _refuse_huge_powers(expression, values)
    return expression.xreplace({s: sympify(v, strict=True) for s, v in values.items()})


def _refuse_huge_powers(expression: Dim, values: Mapping[Symbol, Dim]) -> None:
    """sympy computes a power of numbers as soon as it sees one, however large it may become."""
    if isinstance(expression, int):
        return
    numbers = {s: v for s, v in values.items() if isinstance(v, int)}
    for power in expression.atoms(Pow):
        small = isinstance(power.exp, Rational) and abs(power.exp) <= _SMALL_EXPONENT
        if not small and power.free_symbols <= numbers.keys():
            evaluate(power, numbers)
