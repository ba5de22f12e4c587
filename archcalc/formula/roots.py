"""The number at which an expression is zero, in closed form, where algebra has one.

An expression is brought into the form ``c₂·u² + c₁·u + c₀``, in which ``u`` is a power of the
symbol, perhaps shifted, or an exponential of it.  Which of the roots is meant is not guessed: the
parabola turns at ``−c₁/(2·c₂)``, and the caller knows that the one meant lies above or below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd, lcm
from typing import NamedTuple

from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    cancel,
    expand_log,
    gcd_list,
    log,
    perfect_power,
    sqrt,
)

from archcalc.formula.rewrite import expandable
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.ordered import plain

__all__ = ["Inner", "inner_form", "sign_of"]

Coefficients = dict[int, Expr]
"""The coefficient of each power that occurs."""

_MOST_SHIFTED = 12
"""No polynomial of a higher degree is shifted to see whether it is a pure power then."""


def sign_of(e: Expr, known: Mapping[Symbol, Interval] | None = None) -> int | None:
    """1 where `e` is always positive, −1 where always negative, 0 where zero; else ``None``.

    >>> from archcalc.symbolic import symbols
    >>> L, d = symbols("L d")
    >>> sign_of(L*d + 3), sign_of(-L), sign_of(L - d)
    (1, -1, None)
    """
    low, high = bounds(e.expand(), known)
    if low is not None and low > 0:
        return 1
    if high is not None and high < 0:
        return -1
    return 0 if low == high == 0 else None


@dataclass(frozen=True, slots=True)
class Inner:
    """``c₂·u² + c₁·u + c₀`` for some ``u`` that grows with the symbol.

    Attributes:
        coefficients: ``c₀``, ``c₁`` and, where there is one, ``c₂``.
        to_inner: ``u`` at a value of the symbol.
        from_inner: the symbol's value at one of ``u``.
    """

    coefficients: tuple[Expr, ...]
    to_inner: Callable[[Expr], Expr]
    from_inner: Callable[[Expr], Expr]

    @property
    def degree(self) -> int:
        """The highest power of ``u``."""
        return len(self.coefficients) - 1

    def side(self, at: Expr, known: Mapping[Symbol, Interval] | None = None) -> int | None:
        """1 where the symbol's value `at` is surely not below the turning point, −1 not above.

        Without a turning point it is 1.
        """
        if self.degree < 2:
            return 1
        _, c1, c2 = self.coefficients
        opens = sign_of(c2, known)
        low, high = bounds((2 * c2 * self.to_inner(at) + c1).expand(), known)
        if low is not None and low >= 0 and opens:
            return opens
        return -opens if high is not None and high <= 0 and opens else None

    def zero(self, side: int, known: Mapping[Symbol, Interval] | None = None) -> Expr:
        """The symbol's value at which it is zero, on that side of the turning point.

        The sign of ``c₂``, where there is one, must be known.
        """
        c0, c1, *rest = _in_lowest_terms(self.coefficients, known)
        if not rest:
            return self.from_inner(_quotient(-c0, c1))
        (c2,) = rest
        if sign_of(c2, known) == -1:
            c0, c1, c2 = -c0, -c1, -c2
        if c1 == 0:
            return self.from_inner(side * _root(_quotient(-c0, c2), 2))
        under = Add(c1**2, 4 * c2 * -c0)
        return self.from_inner(_over(Add(-c1, side * sqrt(under)), 2 * c2))


def _quotient(above: Expr, under: Expr) -> Expr:
    return cancel(above / under) if expandable(above) and expandable(under) else above / under


def _over(above: Expr, under: Expr) -> Expr:
    """A fraction that stays one: sympy would divide every term of `above` by a number."""
    fixed = under.is_number and under != 1 and not above.is_number
    return Mul(1 / under, above, evaluate=not fixed)


def _root(e: Expr, degree: int) -> Expr:
    """One root, where sympy would take one of every factor."""
    return e if degree == 1 else Pow(e, Rational(1, degree), evaluate=bool(e.is_number))


def _in_lowest_terms(
    coefficients: tuple[Expr, ...], known: Mapping[Symbol, Interval] | None
) -> tuple[Expr, ...]:
    """Without fractions, and without a factor that all share and that is not zero."""
    if not all(map(expandable, coefficients)):
        return coefficients
    numbers = [t.as_coeff_Mul()[0] for c in coefficients for t in Add.make_args(c.expand())]
    whole = lcm(*(int(number.q) for number in numbers))
    coefficients = tuple((whole * c).expand() if whole > 1 else c for c in coefficients)
    shared = gcd_list(list(coefficients))
    if shared == 1 or not sign_of(shared, known):
        return coefficients
    return tuple(cancel(c / shared) for c in coefficients)


def inner_form(
    expression: Expr, x: Symbol, known: Mapping[Symbol, Interval] | None = None
) -> Inner | None:
    """`expression` as a polynomial of the first or second degree in some ``u``, or ``None``.

    >>> from archcalc.symbolic import symbols
    >>> d, L, V = symbols("d L V")
    >>> inner_form(12*L*d**2 + d*(13*L + V) - 7, d).coefficients
    (-7, 13*L + V, 12*L)
    >>> inner_form(d**6 + V*d**3 - 1, d).coefficients, inner_form(d**3 + d - 1, d)
    ((-1, V, 1), None)
    >>> inner_form(L + 3*2**d + 4**d, d).coefficients
    (L, 3, 1)
    """
    flat = plain(expression)
    if not expandable(flat):
        return None
    terms = _terms(flat, x)
    if all(term.rate is S.One for term in terms):
        return _polynomial(_by_power(terms), x, known)
    return None if any(term.power for term in terms) else _exponential(terms, known)


class _Term(NamedTuple):
    """``c·bˣ·xᵖ``."""

    coefficient: Expr
    rate: Expr
    power: int


def _terms(e: Expr, x: Symbol) -> list[_Term]:
    """The terms of `e`; empty where one is of another kind."""
    split = [_split(term, x) for term in Add.make_args(e.expand())]
    found = [term for term in split if term is not None]
    return found if len(found) == len(split) else []


def _split(term: Expr, x: Symbol) -> _Term | None:
    coefficient, moving = term.as_independent(x, as_Add=False)
    rate: Expr = S.One
    power = 0
    for factor in Mul.make_args(moving):
        base, exponent = factor.as_base_exp()
        if base == x and isinstance(exponent, Integer):
            power += int(exponent)
        elif x not in base.free_symbols and _times(exponent, x) is not None:
            rate = rate * base ** _times(exponent, x)
        elif factor is not S.One:
            return None
    return _Term(coefficient, rate, power)


def _times(exponent: Expr, x: Symbol) -> int | None:
    """``a`` of an exponent ``a·x``."""
    a, rest = exponent.as_coeff_Mul()
    return int(a) if rest == x and isinstance(a, Integer) and a > 0 else None


def _by_power(terms: Iterable[_Term]) -> Coefficients:
    return _gathered((term.coefficient, term.power) for term in terms)


def _gathered(terms: Iterable[tuple[Expr, int]]) -> Coefficients:
    found: dict[int, list[Expr]] = {}
    for coefficient, power in terms:
        found.setdefault(power, []).append(coefficient)
    summed = {power: Add(*parts) for power, parts in found.items()}
    return {power: c for power, c in summed.items() if c != 0}


def _polynomial(
    coefficients: Coefficients, x: Symbol, known: Mapping[Symbol, Interval] | None
) -> Inner | None:
    coefficients = _divided(coefficients)
    pure = _in_powers(coefficients, S.Zero)
    degree = max(coefficients, default=0)
    if pure is not None or not 2 < degree <= _MOST_SHIFTED:
        return pure
    # (x + s)³ has no other powers once it is counted from −s
    shift = cancel(coefficients.get(degree - 1, S.Zero) / (degree * coefficients[degree]))
    least, _ = bounds(x + shift, known)
    if least is None or least < 0:
        return None
    moved = Add(*[c * (x - shift) ** p for p, c in coefficients.items()])
    if not expandable(moved):
        return None
    flat = {p: cancel(c) for p, c in _by_power(_terms(moved, x)).items()}
    return _in_powers({p: c for p, c in flat.items() if c != 0}, shift)


def _divided(coefficients: Coefficients) -> Coefficients:
    """By the power that all have: neither the symbol nor an exponential is zero."""
    least = min(coefficients, default=0)
    return {power - least: c for power, c in coefficients.items()}


def _in_powers(coefficients: Coefficients, shift: Expr) -> Inner | None:
    """As a polynomial of the first or second degree in ``(x + shift)ᵐ``."""
    m = reduce(gcd, coefficients, 0)
    if not m or max(coefficients) > 2 * m:
        return None
    return Inner(
        _listed(coefficients, m),
        lambda value: (value + shift) ** m,
        lambda u: _root(u, m) - shift,
    )


def _exponential(terms: Sequence[_Term], known: Mapping[Symbol, Interval] | None) -> Inner | None:
    """As a polynomial of the first or second degree in ``bˣ``."""
    bases = [_as_power(term.rate) for term in terms if term.rate is not S.One]
    base, _ = bases[0]
    if any(other != base for other, _ in bases) or sign_of(base - 1, known) != 1:
        return None
    exponents = [0 if term.rate is S.One else _as_power(term.rate)[1] for term in terms]
    m = reduce(gcd, exponents, 0)
    coefficients = _gathered(zip([t.coefficient for t in terms], exponents, strict=True))
    coefficients = _divided(coefficients)
    if not 0 < max(coefficients, default=0) <= 2 * m:
        return None
    u = base**m
    return Inner(_listed(coefficients, m), lambda value: u**value, lambda at: _logarithm(at, u))


def _logarithm(e: Expr, base: Expr) -> Expr:
    flat = log(e) / log(base)
    number = expand_log(flat, force=True) if flat.is_number else flat
    return number if number.is_Rational else flat


def _as_power(rate: Expr) -> tuple[Expr, int]:
    """``8`` as ``2³``: the base that is no power itself, and the exponent."""
    if isinstance(rate, Integer) and rate > 1:
        found = perfect_power(rate)
        return (Integer(found[0]), int(found[1])) if found else (rate, 1)
    base, exponent = (rate.base, rate.exp) if isinstance(rate, Pow) else (rate, S.One)
    return (base, int(exponent)) if isinstance(exponent, Integer) else (rate, 1)


def _listed(coefficients: Coefficients, m: int) -> tuple[Expr, ...]:
    return tuple(coefficients.get(i * m, S.Zero) for i in range(max(coefficients) // m + 1))
