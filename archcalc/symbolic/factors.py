"""The factors of products, and quotients of polynomials that leave nothing over."""

from __future__ import annotations

from functools import reduce
from math import gcd
from typing import cast

from sympy import Add, Expr, Integer, Mul, Pow, S, sring

__all__ = ["common_factor", "exact_quotient", "factor_powers", "with_plain_exponents"]

_LARGEST_SHIFT = 64
"""A number in an exponent stays there where it is larger."""

_STEPS = 1_000
"""A quotient of more terms than this is not looked for."""


def factor_powers(x: Expr) -> dict[Expr, int]:
    """The factors of a product with their powers; of a sum its number is a factor of its own."""
    powers: dict[Expr, int] = {}
    for factor in Mul.make_args(x):
        base, power = factor.as_base_exp()
        if not (power.is_Integer and power > 0):
            base, power = factor, S.One
        number, base = base.primitive() if base.is_Add else (S.One, base)
        for part in (number, base) if number is not S.One else (base,):
            powers[part] = powers.get(part, 0) + int(power)
    return powers


def common_factor(monomials: list[Expr]) -> Expr:
    """The greatest monomial that divides every one of `monomials`."""
    split = [monomial.as_coeff_Mul() for monomial in monomials]
    number = reduce(gcd, (int(c) for c, _ in split))
    powers = [rest.as_powers_dict() for _, rest in split]
    shared = set.intersection(*map(set, powers))
    return Mul(Integer(number), *[base ** _least([p[base] for p in powers]) for base in shared])


def _least(exponents: list[Expr]) -> Expr:
    """The least of `exponents` where that is known, else 0, which takes nothing out."""
    least = exponents[0]
    for exponent in exponents[1:]:
        difference = least - exponent
        if not difference.is_Integer:
            return S.Zero
        least = exponent if difference > 0 else least
    return least


def with_plain_exponents(e: Expr) -> Expr:
    """``2^(i + 1)`` as ``2·2^i``, and ``2·2^(i − 1)`` as ``2^i``: sympy cancels them only so."""
    if not any(_is_exponential(part) for part in Mul.make_args(e)):
        return e
    number, rest = e.as_coeff_Mul()
    factors: list[Expr] = []
    for part in Mul.make_args(rest):
        base, exponent = part.as_base_exp()
        if _is_exponential(part):
            more, exponent = exponent.as_coeff_Add()
            if more.is_Integer and 0 < more <= _LARGEST_SHIFT:
                number, more = number * base**more, S.Zero
            while -_LARGEST_SHIFT <= more < 0 and number % base == 0:
                number, more = number / base, more + 1
            part = Pow(base, exponent + more)
        factors.append(part)
    return Mul(number, *factors)


def _is_exponential(part: Expr) -> bool:
    return bool(part.is_Pow and part.base.is_Integer and part.base > 1 and part.exp.is_Add)


def exact_quotient(x: Expr, q: Expr) -> Expr | None:
    """``x/q`` where `q` divides `x` as a polynomial with rational coefficients, else ``None``.

    sympy's ``cancel`` would look for a common divisor, which takes hours on some sparse input.
    """
    ring, (rest, divisor) = sring([x, q], expand=False)
    content, divisor = divisor.primitive()  # by what is left a quotient is whole (Gauss)
    lead, coefficient = divisor.LT
    quotient = ring.zero
    for _ in range(_STEPS):
        if not rest:
            exact = cast("Expr", quotient.as_expr())
            return Add(*[term / int(content) for term in Add.make_args(exact)])
        monomial, c = rest.LT
        if c % coefficient or any(a < b for a, b in zip(monomial, lead, strict=True)):
            return None
        powers = tuple(a - b for a, b in zip(monomial, lead, strict=True))
        term = ring.term_new(powers, c // coefficient)
        quotient += term
        rest -= term * divisor
    return None
