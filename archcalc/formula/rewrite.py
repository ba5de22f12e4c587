"""Other forms of the same formula: by powers of a symbol, as a product, its dominating term."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, Mul, Pow, S, Symbol, factor

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.written import (
    WrittenProduct,
    WrittenSum,
    evaluated,
    product_of,
    tidied,
)

__all__ = ["collected", "dominating", "factored", "relaxed"]


def collected(written: Expr, symbols: Sequence[Symbol]) -> Expr:
    """`written` by falling powers of the first of `symbols`, each coefficient by the next.

    What does not hold the symbol stays as it was written.
    """
    if not symbols:
        return written
    first, *others = symbols
    powers: dict[Expr, list[Expr]] = {}
    for term in written.args if isinstance(written, WrittenSum) else (written,):
        for power, coefficient in _by_power(term, first):
            powers.setdefault(power, []).append(coefficient)
    ordered = sorted(powers, key=lambda p: (p.is_Number, p if p.is_Number else 0), reverse=True)
    terms = []
    for power in ordered:
        coefficient = collected(tidied(WrittenSum(*powers[power])), others)
        if power.is_zero:
            terms.append(coefficient)
        else:
            terms.append(product_of([Pow(first, power), coefficient]))
    return tidied_sum(terms)


def tidied_sum(terms: Sequence[Expr]) -> Expr:
    """The sum of `terms`, each kept whole."""
    kept = [term for term in terms if evaluated(term) != 0]
    return WrittenSum(*kept) if len(kept) > 1 else kept[0] if kept else S.Zero


def _by_power(term: Expr, first: Symbol) -> list[tuple[Expr, Expr]]:
    """The powers of `first` in one term, and the coefficient of each."""
    factors = term.args if isinstance(term, WrittenProduct) else (term,)
    free = [factor for factor in factors if first not in factor.free_symbols]
    bound = [evaluated(factor) for factor in factors if first in factor.free_symbols]
    if not bound:
        return [(S.Zero, term)]
    found: dict[Expr, list[Expr]] = {}
    for part in Add.make_args(Mul(*bound).expand()):
        power = part.as_powers_dict().get(first, S.Zero)
        found.setdefault(power, []).append(part / first**power)
    return [(power, product_of([*free, Add(*rest)])) for power, rest in found.items()]


def factored(expression: Expr) -> Expr:
    """`expression` as a product, with its factors kept as they are."""
    product = factor(expression)
    return WrittenProduct(*product.args) if product.is_Mul else product


def relaxed(expression: Expr) -> Expr:
    """`expression` with every floor as the plain quotient that it is close to."""
    return expression.replace(
        lambda e: isinstance(e, FloorDiv), lambda e: relaxed(e.numerator) / relaxed(e.divisor)
    )


def dominating(expression: Expr, variable: Symbol) -> Expr:
    """The terms of the highest growth in `variable`."""
    growth: dict[tuple[Expr, Expr], list[Expr]] = {}
    for term in Add.make_args(relaxed(expression).expand()):
        growth.setdefault(_growth(term, variable), []).append(term)
    highest = max(growth, key=lambda key: (float(key[0]), float(key[1])))
    return Add(*growth[highest])


def _growth(term: Expr, variable: Symbol) -> tuple[Expr, Expr]:
    """How a term grows: the base of its exponential, then its power."""
    base, power = S.One, S.Zero
    for part in Mul.make_args(term):
        if variable not in part.free_symbols:
            continue
        under, over = part.as_base_exp()
        if variable in over.free_symbols:
            base *= under ** over.coeff(variable)
        else:
            power += over
    return base, power
