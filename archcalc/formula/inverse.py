"""The closed-form inverse of a formula: a symbol in terms of the result, where algebra has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from sympy import Expr, Rational, S, Symbol

from archcalc.formula.closed_form import ClosedForm
from archcalc.formula.domain import ranges_of
from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.roots import Inner, inner_form
from archcalc.formula.values import read_values
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import EvaluationError, NoSolutionError, shorten
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.symbols import symbol

__all__ = ["Inverse", "invert"]


@dataclass(frozen=True, repr=False)
class Inverse(ClosedForm):
    """A symbol of a formula in terms of the formula's value and its other symbols.

    It is a real number, and in general no whole one: the largest integer within a budget is its
    floor where the formula rises, and `Formula.solve` finds that exactly and says so where there
    is none.  At a value that the formula takes it is exactly the number that gives it.

    The value may be given as a ``Fraction`` too.

    Attributes:
        value: the name of the symbol that stands for the formula's value.

    >>> from archcalc.formula import Formula
    >>> d = Formula("L*(12*d**2 + 13*d)").invert("d", value="P")
    >>> d
    (√(169·L² + 48·L·P) − 13·L)/(24·L)
    >>> d(L=2, P=2660), d(L=2, P=2661)
    (10, 10.00197609...)
    """

    value: str = "total"

    def _read(self, values: Mapping[str, object], known: Mapping[str, Symbol]) -> dict[Symbol, Dim]:
        result = values.get(self.value)
        if not (isinstance(result, Fraction | Rational) and result > 0 and self.value in known):
            return super()._read(values, known)
        read = super()._read({**values, self.value: 1}, known)
        exact = Rational(int(result.numerator), int(result.denominator))
        return {**read, known[self.value]: exact}


def invert(
    formula: ExpressionLike, unknown: str | Symbol, value: str | Symbol | None = None
) -> Inverse:
    """`unknown` in terms of the value of `formula` and of its other symbols.

    There is a closed form where the formula is of the first or second degree in the symbol, in a
    power of it, in such a power counted from elsewhere, or in an exponential of it.  Of two roots
    the right one is known by the turning point: it lies before the smallest value of the symbol,
    or behind its largest.

    Args:
        formula: what is inverted.
        unknown: the symbol that is wanted.
        value: a name for the formula's value; without it, ``total`` or the like.

    Raises:
        UnknownSymbolError: the formula has no such symbol.
        EvaluationError: the name for the value is that of a symbol of the formula.
        NoSolutionError: ``no-inverse``, algebra has none; or it is not known which root is meant.
    """
    symbols = {s.name: s for s in formula.symbols}
    name = unknown.name if isinstance(unknown, Symbol) else str(unknown)
    x = next(iter(read_values({name: 1}, symbols)))
    result = _value_symbol(value, formula.known_symbols)
    known = ranges_of(formula.requirements) or {}
    inner = inner_form(formula.expr - result, x, known)
    if inner is None:
        raise _no_inverse(name, _why(formula.expr, x))
    side = _side(inner, known.get(x, (S.One, None)), known)
    if side is None:
        raise _no_inverse(name, f"the formula may rise as well as fall with {name}")
    kept = tuple(r for r in formula.requirements if x not in r.symbols)
    return Inverse(inner.zero(side, known), name, kept, result.name)


def _value_symbol(value: str | Symbol | None, taken: Mapping[str, Symbol]) -> Symbol:
    if value is None:
        return symbol(next(name for name in _names() if name not in taken))
    result = symbol(value.name if isinstance(value, Symbol) else value)
    if result.name in taken:
        raise EvaluationError(
            f"{result.name} is a symbol of the formula; its value needs another name",
            values={"value": result.name},
            hint=f"the symbols are {', '.join(taken)}",
        )
    return result


def _names() -> Iterator[str]:
    yield from ("total", "value", "result")
    yield from (f"total{i}" for i in count(1))


def _side(inner: Inner, ends: Interval, known: Mapping[Symbol, Interval]) -> int | None:
    """The side of the turning point on which all values between `ends` lie."""
    low, high = ends
    if low is not None and inner.side(low, known) == 1:
        return 1
    return -1 if high is not None and inner.side(high, known) == -1 else None


def _why(e: Expr, x: Symbol) -> str:
    if any(x in floor.free_symbols for floor in e.atoms(FloorDiv)):
        return f"{x.name} stands in a division that is rounded down"
    return f"{shorten(to_text(e), 60)} is solved for {x.name} by no quadratic, root or logarithm"


def _no_inverse(name: str, why: str) -> NoSolutionError:
    return NoSolutionError(
        f"there is no closed form of {name}: {why}",
        code="no-inverse",
        hint=f"solve({name!r}, at_most=…) finds the whole number exactly",
    )
