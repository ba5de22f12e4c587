"""Budgets: a model must not grow beyond what was said."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from archcalc.costs import Flops, Macs, Parameters
from archcalc.costs.base import Additive
from archcalc.network import Trace
from archcalc.symbolic.errors import shorten
from archcalc.testing.bounds import BoundError
from archcalc.testing.hiding import assertions
from archcalc.testing.measured import QUANTITIES, Measured, measured

__all__ = ["BudgetError", "assert_budget"]

__tracebackhide__ = assertions

_LIMIT = re.compile(r"\s*(<=|>=|==|<|>)?\s*([0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][+]?[0-9]{1,2})?)\s*")

_HOLDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}

_COSTS: dict[str, Additive] = {"parameters": Parameters(), "macs": Macs(), "flops": Flops()}
"""What can be said of every layer on its own."""

_SHOWN = 3


class BudgetError(AssertionError):
    """A model is not within its budget.

    Attributes:
        measured: every quantity that was asked for.
    """

    def __init__(self, message: str, measured: dict[str, int]) -> None:
        super().__init__(message)
        self.measured = measured


def assert_budget(model: Any, *, input_shape: Any = None, **limits: str | int) -> None:
    """That a model stays within a budget.

    Args:
        model: a network, a trace, the path of a file that `load` reads, ``"module:attribute"``, a
            Keras model, or a torch module.
        input_shape: what goes in, without the batch, where the model does not know it.
        limits: for ``parameters``, ``trainable_parameters``, ``total_params``, ``macs``,
            ``flops``, and where it is known what goes in ``activations``: a limit such as
            ``"<= 25_557_032"``, ``"<= 4.1e9"`` or ``"== 542_230"``; a number alone is the most that
            it may be.

    Raises:
        BudgetError: it does not; it is an `AssertionError`, and says by how much, and for a
            network which layers cost most.
        BoundError: a limit is none, or is for a quantity that the model does not have.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(100), Dense(10)], input_shape=784)
    >>> assert_budget(net, parameters="<= 79_510", macs="<= 8e4")
    >>> assert_budget(net, parameters="<= 50_000")
    Traceback (most recent call last):
    archcalc.testing.budgets.BudgetError: Sequential is not within its budget
      parameters  79,510 is not <= 50,000: 29,510 too many (59.0 %)
        dense     78,500
        dense_1    1,010
    """
    if not limits:
        raise BoundError("no limit is given", hint="give parameters='<= 1_000_000'")
    asked = measured(model, input_shape)
    found: dict[str, int] = {}
    broken: list[str] = []
    for name, limit in limits.items():
        how, most = _limit(name, limit)
        found[name] = _amount(asked, name)
        if not _HOLDS[how](Fraction(found[name]), most):
            broken.append(_said(name, found[name], how, most))
            broken.extend(_largest(asked.trace, name))
    if broken:
        head = f"{asked.name} is not within its budget"
        raise BudgetError("\n".join([head, *broken]), found)


def _amount(asked: Measured, name: str) -> int:
    if name not in asked.of:
        known = ", ".join(asked.of)
        why = "is no quantity" if name not in QUANTITIES else f"is not known of {asked.name}"
        raise BoundError(f"{shorten(name, 40)} {why}", hint=f"there are {known}")
    return asked.of[name]()


def _limit(name: str, limit: object) -> tuple[str, Fraction]:
    if isinstance(limit, int) and not isinstance(limit, bool):
        return "<=", Fraction(limit)
    read = _LIMIT.fullmatch(limit) if isinstance(limit, str) and len(limit) <= 60 else None
    if read is None:
        raise BoundError(
            f"{name}={shorten(repr(limit), 60)} is no limit", hint="write '<= 25_557_032'"
        )
    number = read[2].replace(",", "").replace("_", "")
    return read[1] or "<=", Fraction(number)


def _said(name: str, amount: int, how: str, most: Fraction) -> str:
    away = abs(Fraction(amount) - most)
    shown = f"{int(away):,}" if away.denominator == 1 else f"{float(away):,}"
    word = "too many" if amount > most else "too few"
    part = f" ({float(100 * away / most):.1f} %)" if most else ""
    limit = f"{int(most):,}" if most.denominator == 1 else f"{float(most):,}"
    return f"  {name}  {amount:,} is not {how} {limit}: {shown} {word}{part}"


def _largest(trace: Trace | None, name: str) -> list[str]:
    """The layers that cost most."""
    if trace is None or name not in _COSTS:
        return []
    counted = zip(_COSTS[name].by_row(trace.rows), trace.rows, strict=True)
    costs = [(int(times) * int(amount), row.path) for (times, amount), row in counted]
    top = sorted((cost for cost in costs if cost[0]), key=lambda c: -c[0])[:_SHOWN]
    wide = max((len(path) for _, path in top), default=0)
    high = max((len(f"{cost:,}") for cost, _ in top), default=0)
    return [f"    {path:{wide}}  {cost:>{high},}" for cost, path in top]
