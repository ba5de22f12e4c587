"""The oracle for formulas: a function must count what the formula says, wherever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sympy import Expr, factorint

from archcalc.formula import Formula
from archcalc.symbolic.errors import UnknownSymbolError
from archcalc.testing.bounds import BoundError, whole
from archcalc.testing.hiding import assertions

__all__ = ["FormulaError", "assert_formula"]

__tracebackhide__ = assertions

_EXAMPLES = 100
_LARGEST = 16


class FormulaError(AssertionError):
    """A function counts something else than the formula says.

    Attributes:
        values: the smallest numbers at which it does.
        expected: what the formula says there.
        counted: what the function counts.
    """

    def __init__(self, message: str, values: dict[str, int], expected: Any, counted: Any) -> None:
        super().__init__(message)
        self.values = values
        self.expected = expected
        self.counted = counted


def assert_formula(
    formula: str | Expr | Formula,
    count: Callable[..., Any],
    /,
    *,
    max_examples: int = _EXAMPLES,
    **strategies: SearchStrategy[int],
) -> None:
    """That ``count(**values)`` is what the formula says, for random numbers in its symbols.

    Where it is not, the failure shows the smallest numbers that Hypothesis finds, both counts, and
    their difference, taken apart into factors.

    Args:
        formula: as text, as a sympy expression, or a `Formula`.
        count: called with a number for every symbol, by name; it may build a model and count.
        max_examples: how often it is called, about.
        strategies: for each symbol, what it may be; 1 to 16 where nothing is said.

    Raises:
        FormulaError: it counts something else; it is an `AssertionError`.
        UnknownSymbolError: a strategy is given for what is no symbol of the formula.

    >>> assert_formula("(n + 1)*m", lambda n, m: n * m + m)
    >>> assert_formula("(n + 1)*m", lambda n, m: n * m)
    Traceback (most recent call last):
    archcalc.testing.oracle_formula.FormulaError: m·(n + 1) is not what is counted
      at          m = 1, n = 1
      formula     2
      counted     1
      difference  −1
    """
    total = formula if isinstance(formula, Formula) else Formula(formula)
    names = list(total.known_symbols)
    unknown = sorted(strategies.keys() - set(names))
    if unknown:
        raise UnknownSymbolError(
            f"{', '.join(unknown)}: the formula has no such symbol",
            hint=f"the symbols are {', '.join(names) or 'none'}",
        )
    for name, strategy in strategies.items():
        if not isinstance(strategy, SearchStrategy):
            raise BoundError(f"{name}: this is no strategy; write hypothesis.strategies.integers()")
    drawn = {name: strategies.get(name, st.integers(1, _LARGEST)) for name in names}
    found: list[FormulaError] = []

    @settings(
        max_examples=whole("max_examples", max_examples),
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    @given(st.fixed_dictionaries(drawn))
    def agrees(values: dict[str, int]) -> None:
        expected, counted = total(**values), _number(count(**values))
        if expected != counted:
            found.append(
                FormulaError(_said(total, values, expected, counted), values, expected, counted)
            )
            raise found[-1]

    try:
        agrees()
    except FormulaError:
        last = found[-1]  # the smallest, without what Hypothesis notes of its own test
        raise FormulaError(str(last), last.values, last.expected, last.counted) from None


def _number(counted: Any) -> Any:
    """What was counted, as an exact number."""
    if isinstance(counted, Formula):
        return counted()
    return counted if isinstance(counted, int | Fraction) else int(counted)


def _said(total: Formula, values: dict[str, int], expected: Any, counted: Any) -> str:
    at = ", ".join(f"{name} = {value:,}" for name, value in values.items())
    difference = counted - expected
    rows = [
        ("at", at or "no symbols"),
        ("formula", f"{expected:,}"),
        ("counted", f"{counted:,}"),
        ("difference", f"{difference:+,}".replace("-", "−") + _factors(difference, values)),
    ]
    lines = [f"{total} is not what is counted"]
    return "\n".join([*lines, *(f"  {name:12}{text}" for name, text in rows)])


_MOST_FACTORS = 10**12


def _factors(difference: Any, values: dict[str, int]) -> str:
    """The difference as a product of the values, where it is one; or of its prime factors."""
    size = abs(difference)
    if not isinstance(size, int) or size < 2 or size > _MOST_FACTORS:
        return ""
    rest, parts = size, []
    for name, value in sorted(values.items(), key=lambda item: -item[1]):
        power = 0
        while value > 1 and rest % value == 0:
            rest, power = rest // value, power + 1
        if power:
            parts.append(_power(name, power))
    sign = "−" if difference < 0 else ""
    if parts:
        return f" = {sign}{'·'.join([*([str(rest)] if rest > 1 else []), *sorted(parts)])} there"
    primes = [_power(str(prime), power) for prime, power in factorint(size).items()]
    return f" = {sign}{'·'.join(primes)}" if primes != [str(size)] else ""


def _power(base: str, power: int) -> str:
    """A power as it is written: ``n²``."""
    return base if power == 1 else base + str(power).translate(_RAISED)


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
