"""Exact floor division of integers and integer-valued expressions.

sympy's own ``floor`` is not safe on shapes: in 1.14 ``floor(b*(24*c + 672)/22)`` silently drops the
floor, nested floors never merge, and ``lambdify`` sends them through floats.  `FloorDiv` keeps
integers integers and applies these rules, for positive divisors:

| rule | what it does |
|---|---|
| R1 | ``x//1 = x``; integers fold exactly; a zero divisor is an error |
| R2 | ``(q·t + r)//q = t + r//q``, by integer coefficients |
| R3 | the constant is reduced into ``[0, q)`` |
| R4 | ``(x//m + k)//n = (x + k·m)//(m·n)`` |
| R5 | ``(g·x + k)//(g·q) = (x + k//g)//q`` |
| R6 | ``⌈x/q⌉ = (x + q − 1)//q``: one head only |
| R7 | a symbolic divisor cancels exactly or what it shares, outgrows the rest, or stays opaque |

so that five stride-2 convolutions give ``⌈h/32⌉`` and not five nested floors.
R1 to R6 are in Graham, Knuth, Patashnik, *Concrete Mathematics*, chapter 3.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, prod
from typing import Any, overload

from sympy import (
    Add,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    expand_mul,
    fraction,
    sympify,
    together,
)

from archcalc.symbolic.errors import ArithmeticRuleError
from archcalc.symbolic.factors import (
    common_factor,
    exact_quotient,
    factor_powers,
    with_plain_exponents,
)
from archcalc.symbolic.sums import Index, Sum, with_joined_powers

__all__ = [
    "CeilDiv",
    "FloorDiv",
    "ceil_div",
    "floor_div",
    "has_denominator",
    "is_whole",
    "least_value",
]

Terms = dict[Expr, int]
"""A numerator: monomial to integer coefficient; the constant stands at ``S.One``."""


class FloorDiv(Expr):
    """``⌊x/q⌋`` in canonical form; made by calling, it may come back as something simpler.

    Raises:
        ArithmeticRuleError: the divisor is zero.

    >>> from archcalc.symbolic import symbols
    >>> h, k = symbols("h k")
    >>> FloorDiv(2*h + 3, 2)
    h + 1
    >>> FloorDiv(FloorDiv(h + 1, 2) + 1, 2)
    (h + 3)//4
    """

    __slots__ = ()
    is_integer = True
    is_commutative = True

    args: tuple[Expr, Expr]

    def __new__(cls, numerator: Any, divisor: Any) -> Expr:
        return _divide(sympify(numerator, strict=True), sympify(divisor, strict=True))

    @property
    def numerator(self) -> Expr:
        """What is divided."""
        return self.args[0]

    @property
    def divisor(self) -> Expr:
        """What it is divided by."""
        return self.args[1]

    def _eval_is_nonnegative(self) -> bool | None:
        return True if _at_least(self, 0) else None

    def _sympystr(self, printer: Any) -> str:
        numerator, divisor = (printer.parenthesize(a, _PRODUCT) for a in self.args)
        text = f"{numerator}//{divisor}"
        return f"({text})" if printer._print_level > 1 else text

    _sympyrepr = _sympystr

    def _pythoncode(self, printer: Any) -> str:
        return f"(({printer._print(self.numerator)})//({printer._print(self.divisor)}))"

    _numpycode = _lambdacode = _pythoncode

    def _latex(self, printer: Any) -> str:
        numerator, divisor = (printer._print(a) for a in self.args)
        return rf"\left\lfloor \frac{{{numerator}}}{{{divisor}}} \right\rfloor"

    def _eval_derivative(self, variable: Expr) -> Expr:
        # Almost everywhere; the jumps carry no derivative.  `sensitivity` counts them exactly.
        return S.Zero


_PRODUCT = 60
"""Just above the precedence of a product in sympy's printers: only atoms go without parentheses."""


def CeilDiv(numerator: Any, divisor: Any) -> Expr:
    """``⌈x/q⌉``, which is ``(x + q − 1)//q`` (R6).

    >>> from archcalc.symbolic import symbols
    >>> CeilDiv(symbols("h"), 2)
    (h + 1)//2
    """
    x, q = _cleared(sympify(numerator, strict=True), sympify(divisor, strict=True))
    if not is_whole(x):
        return -FloorDiv(-x, q)
    # before the rest is added, which does not share them; the divisor must stay positive
    x, q = _without_shared_factors(x, q, positive=True)
    exact = exact_quotient(_sum(_terms(x)), _sum(_terms(q))) if q.is_Add and is_whole(q) else None
    if exact is not None:
        return exact if is_whole(exact) else CeilDiv(exact, S.One)
    return FloorDiv(Add(x, q, S.NegativeOne), q)


@overload
def floor_div(a: int, b: int) -> int: ...
@overload
def floor_div(a: int | Expr, b: int | Expr) -> int | Expr: ...
def floor_div(a: int | Expr, b: int | Expr) -> int | Expr:
    """``a // b`` for ints and expressions alike; ints stay Python ints.

    >>> floor_div(7, 2)
    3
    """
    if isinstance(a, int) and isinstance(b, int):
        if b == 0:
            raise ArithmeticRuleError(f"{a} cannot be divided by zero")
        return a // b
    itself = b == 1 and isinstance(a, Expr) and is_whole(a)  # R1
    result = a if itself else FloorDiv(a, b)
    return int(result) if isinstance(result, Integer) else result


@overload
def ceil_div(a: int, b: int) -> int: ...
@overload
def ceil_div(a: int | Expr, b: int | Expr) -> int | Expr: ...
def ceil_div(a: int | Expr, b: int | Expr) -> int | Expr:
    """``⌈a / b⌉`` for ints and expressions alike; ints stay Python ints.

    >>> ceil_div(7, 2)
    4
    """
    if isinstance(a, int) and isinstance(b, int):
        return -floor_div(-a, b)
    result = CeilDiv(a, b)
    return int(result) if isinstance(result, Integer) else result


@lru_cache(maxsize=8192)
def _divide(x: Expr, q: Expr) -> Expr:
    x, q = _cleared(x, q)
    q = with_plain_exponents(
        Mul(*q.args) if q.is_Mul else q
    )  # `together` leaves 3·(c + m) as it is
    if not (is_whole(x) and is_whole(q)):
        return Expr.__new__(FloorDiv, x, q)
    if q is S.One:  # R1
        return x
    if isinstance(x, Integer) and isinstance(q, Integer):
        return Integer(int(x) // int(q))
    x, q = _without_shared_factors(x, q)
    terms, q = _merge_inner_floor(_terms(x), q)
    return _by_integer(terms, int(q)) if isinstance(q, Integer) else _by_symbol(_sum(terms), q)


def _without_shared_factors(x: Expr, q: Expr, *, positive: bool = False) -> tuple[Expr, Expr]:
    """``(a·s)//(b·s)`` as ``a//b``, where `s` is a sum that stands as a factor in both (R7).

    Args:
        x, q: numerator and divisor.
        positive: take out only what is known to be positive.
    """
    if not any(factor.as_base_exp()[0].is_Add for factor in Mul.make_args(q)):
        return x, q
    powers = [factor_powers(part) for part in (x, q)]
    shared = {
        base: min(power, powers[1][base])
        for base, power in powers[0].items()
        if base.is_Add and base in powers[1] and (not positive or _at_least(base, 1))
    }
    if not shared:
        return x, q
    over, under = (
        Mul(*[base ** (power - shared.get(base, 0)) for base, power in each.items()])
        for each in powers
    )
    return over, under


def _cleared(x: Expr, q: Expr) -> tuple[Expr, Expr]:
    """``x/q`` without fractions in either, and with a divisor not known to be negative."""
    if q is S.Zero:
        raise ArithmeticRuleError(f"{x} cannot be divided by zero", values={"numerator": str(x)})
    if has_denominator(x) or has_denominator(q):
        (above, under), (times, part) = fraction(together(x)), fraction(together(q))
        x, q = above * part, times * under
    return (-x, -q) if _at_least(-q, 1) else (x, q)


def has_denominator(x: Expr) -> bool:
    """Whether a fraction stands anywhere in `x`, outside of the floors already exact."""
    if isinstance(x, Rational):
        return bool(x.q != 1)
    if isinstance(x, Pow):
        return bool(x.exp.could_extract_minus_sign()) or has_denominator(x.base)
    return isinstance(x, Add | Mul) and any(has_denominator(a) for a in x.args)


def is_whole(x: Expr) -> bool:
    """Whether `x` is an integer for sure: ``2**(L - 5)`` and ``Max(h/2, 3)`` are not.

    The rules hold for such numerators only, so a floor of anything else stays as it is.
    """
    if isinstance(x, Rational):
        return bool(x.q == 1)
    if isinstance(x, Pow) and not _at_least(x.exp, 0):
        return False
    return all(map(is_whole, x.args))


def _at_least(x: Expr, bound: int) -> bool:
    least = least_value(x)
    return least is not None and least >= bound


@lru_cache(maxsize=8192)
def least_value(x: Expr) -> int | None:
    """An integer that `x` is never below, with every symbol at least 1; ``None`` if none is seen.

    sympy's ``is_positive`` would look for the roots of a sum, which can take minutes.

    >>> from archcalc.symbolic import symbols
    >>> h, k = symbols("h k")
    >>> least_value(2*h + k - 3), least_value(h - k)
    (0, None)
    """
    if isinstance(x, Rational):
        return int(x.p) // int(x.q)
    if isinstance(x, Symbol):
        return 0 if isinstance(x, Index) else 1 if x.is_positive else None
    if isinstance(x, Sum):
        least = least_value(x.term)
        return 0 if least is not None and least >= 0 else None
    parts = [least_value(a) for a in x.args]
    if isinstance(x, Pow):
        return _least_power(*parts, even=x.exp.is_Integer and x.exp % 2 == 0)
    if isinstance(x, Max):
        return max((part for part in parts if part is not None), default=None)
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if isinstance(x, Add):
        return sum(known)
    if isinstance(x, Min):
        return min(known)
    if isinstance(x, Mul):
        return prod(known) if min(known) >= 0 else None
    return _least_quotient(known[0], known[1], x.divisor) if isinstance(x, FloorDiv) else None


def _least_quotient(numerator: int, least_divisor: int, divisor: Expr) -> int | None:
    if isinstance(divisor, Integer) and divisor > 0:
        return numerator // int(divisor)
    return 0 if numerator >= 0 and least_divisor >= 1 else None


def _least_power(base: int | None, exponent: int | None, *, even: bool) -> int | None:
    if base is None or base < 0:
        return 0 if even else None
    if exponent is None or exponent < 0:
        return 0 if base else None  # a positive fraction
    return min(base, 1) if exponent == 0 else base


def _terms(x: Expr) -> Terms:
    expanded = _expanded(x)
    while expanded != x:
        x, expanded = expanded, _expanded(expanded)
    return {term: int(c) for term, c in _settled_sum(x).as_coefficients_dict().items()}


def _settled_sum(x: Expr) -> Expr:
    return Add(*map(with_plain_exponents, Add.make_args(x)))


def _expanded(x: Expr) -> Expr:
    """`x` with its terms multiplied out once; ``2**(L - 1)`` is not torn into halves."""
    terms: list[Expr] = []
    for term in Add.make_args(x):
        expanded = term.expand(deep=False)
        terms.append(expanded if is_whole(expanded) else expand_mul(term, deep=False))
    return Add(*terms)


def _sum(terms: Terms) -> Expr:
    return Add(*[Mul(Integer(c), term) for term, c in terms.items()])


def _merge_inner_floor(terms: Terms, q: Expr) -> tuple[Terms, Expr]:
    """R4 where exactly one floor stands alone: between two the choice would be arbitrary."""
    while True:
        floors = [t for t, c in terms.items() if c == 1 and isinstance(t, FloorDiv)]
        if len(floors) != 1 or not _at_least(q, 1) or not all(map(is_whole, floors[0].args)):
            return terms, q
        inner = floors[0]
        others = _sum({term: c for term, c in terms.items() if term is not inner})
        terms, q = _terms(Add(inner.numerator, others * inner.divisor)), q * inner.divisor


def _by_integer(terms: Terms, q: int) -> Expr:
    """``⌊terms/q⌋`` for a positive integer `q`: R2 and R3, then R5 until nothing moves."""
    whole: Terms = {}
    rest: Terms = {}
    for term, c in terms.items():
        if term is S.One:
            whole[term], rest[term] = divmod(c, q)  # R3
        elif c % q == 0:
            whole[term] = c // q  # R2
        else:
            rest[term] = c
    constant = rest.pop(S.One, 0)
    if not rest:
        return _sum(whole)
    g = gcd(q, *rest.values())
    reduced = _sum({term: c // g for term, c in rest.items()} | {S.One: constant // g})  # R5
    if g > 1:
        return Add(_sum(whole), _divide(reduced, Integer(q // g)))
    return Add(_sum(whole), Expr.__new__(FloorDiv, reduced, Integer(q)))


def _by_symbol(x: Expr, q: Expr) -> Expr:
    """R7: what `q` divides exactly comes out, a common factor cancels, the rest stays opaque."""
    if q.is_Add:
        exact = exact_quotient(x, _sum(_terms(q)))
        if exact is None:
            return Expr.__new__(FloorDiv, x, q)
        return exact if is_whole(exact) else _divide(exact, S.One)
    whole: list[Expr] = []
    rest: list[Expr] = []
    for term in Add.make_args(x):
        quotient = with_joined_powers(term / q)
        if is_whole(quotient):
            whole.append(quotient)
        else:
            rest.append(term)
    if not rest:
        return Add(*whole)
    if len(rest) == 1 and rest[0].is_Integer:
        number = int(rest[0])
        if _at_least(q, -number if number < 0 else number + 1):
            return Add(*whole, Integer(number // (abs(number) + 1)))
    common = common_factor([*rest, q])
    remaining = Add(*[with_joined_powers(term / common) for term in rest])
    divisor = with_joined_powers(q / common)
    if common is S.One:
        return Add(*whole, Expr.__new__(FloorDiv, remaining, divisor))
    return Add(*whole, _divide(remaining, divisor))
