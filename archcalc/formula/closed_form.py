"""A positive real number in closed form, with roots and logarithms of symbols in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Self

from sympy import Expr, Float, Rational, Symbol, expand_log

from archcalc.formula.notations import Notations
from archcalc.formula.values import open_requirements, read_values
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import NoSolutionError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.substitution import substitute

__all__ = ["ClosedForm"]

_DIGITS = 15
"""Behind the point, of a number that is not rational."""

_MOST_DOUBLINGS = 4
"""Of the digits, to tell a number from a whole one."""


@dataclass(frozen=True, repr=False)
class ClosedForm(Notations):
    """What a symbol must be for something to hold, in terms of other symbols.

    Attributes:
        expr: the sympy expression.
        unknown: the name of the symbol that it is a value of.
        requirements: what must hold of the other symbols.

    >>> from archcalc.symbolic import symbols
    >>> from sympy import sqrt
    >>> d = symbols("d")
    >>> s = ClosedForm(sqrt(d + 1), "s")
    >>> s, s(d=8), s(d=9)
    (√(d + 1), 3, 3.162277660168379)
    """

    expr: Expr
    unknown: str
    requirements: tuple[Requirement, ...] = ()

    def _sympy_(self) -> Expr:
        return self.expr

    @property
    def ordered(self) -> Expr:
        """The expression."""
        return self.expr

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Its symbols, by name."""
        return tuple(sorted(self.expr.free_symbols, key=lambda s: s.name))

    @property
    def known_symbols(self) -> dict[str, Symbol]:
        """Its symbols and those of its requirements, by name."""
        found = set(self.symbols).union(*(r.symbols for r in self.requirements))
        return {s.name: s for s in sorted(found, key=lambda s: s.name)}

    def __call__(self, /, **values: Any) -> Any:
        """The number at `values`.

        Args:
            values: a positive integer for a symbol; or a symbol or an expression, to rename or
                to couple.

        Returns:
            An ``int`` or ``Fraction`` where it is one.  Else a sympy ``Float`` that has 15 digits
            behind the point, and is whole only if the number is, so that its floor is right.
            Where symbols are left, another closed form.

        Raises:
            UnknownSymbolError: a name that it does not have.
            EvaluationError: a value that is no positive integer.
            NoSolutionError: there is no such positive number.
            RequirementError: the architecture does not exist at these values.
        """
        given = self._read(values, self.known_symbols)
        requirements = open_requirements(self.requirements, given)
        expression = substitute(self.expr, given)
        if expression.free_symbols:
            return self._with(expression, requirements)
        return self._evaluated(expression, values)

    def _read(self, values: Mapping[str, object], known: Mapping[str, Symbol]) -> dict[Symbol, Dim]:
        return read_values(values, known)

    def _with(self, expression: Expr, requirements: tuple[Requirement, ...]) -> Self:
        return replace(self, expr=expression, requirements=requirements)

    def _evaluated(self, e: Expr, values: Mapping[str, object]) -> int | Fraction | Float:
        plain = expand_log(e, force=True)
        if isinstance(plain, Rational) and plain > 0:
            return int(plain) if plain.q == 1 else Fraction(int(plain.p), int(plain.q))
        if plain.is_number and plain.is_real and plain.is_positive:
            return _rounded(plain)
        at = ", ".join(f"{name} = {value}" for name, value in values.items())
        raise NoSolutionError(f"there is no positive {self.unknown} at {at}", code="none-fits")


def _rounded(exact: Expr) -> Float:
    """With so many digits that it is whole only where `exact` is."""
    digits = int(exact.evalf(_DIGITS)).bit_length() * 3 // 10 + 1 + _DIGITS
    for _ in range(_MOST_DOUBLINGS):
        number = exact.evalf(digits)
        if not (number - int(number)).is_zero:
            break
        digits *= 2
    return number
