"""Other forms of the same formula: by powers of a symbol, multiplied out, as a product."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, prod

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, S, Symbol, factor, preorder_traversal

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import (
    OrderedAdd,
    OrderedMul,
    collect_like_terms,
    plain,
    product_of,
)

__all__ = [
    "collected",
    "expandable",
    "factorable",
    "factored",
    "length",
    "multiplied_out",
    "powers_of",
    "shortest",
]

_MOST_FACTORED = 400
"""A formula with more numbers and symbols than this is not taken apart into factors."""

Powers = dict[Expr, list[Expr]]
"""The coefficients of each power of a symbol, still to be added."""


def collected(ordered: Expr, symbols: Sequence[Symbol]) -> Expr:
    """`ordered` by falling powers of the first of `symbols`, each coefficient by the next.

    A coefficient keeps its form, unless it is shorter multiplied out.

    Raises:
        EvaluationError: it would have too many terms.
    """
    if not symbols:
        return _shorter(ordered)
    first, *others = symbols
    powers = powers_of(ordered, first)
    ordered = sorted(powers, key=_height, reverse=True)
    terms: list[Expr] = []
    for power in ordered:
        coefficient = collected(collect_like_terms(OrderedAdd(*powers[power])), others)
        if power is S.Zero:
            terms.extend(_parts(coefficient))
        elif coefficient != 0:
            terms.append(_times(Pow(first, power), _shared_out(coefficient)))
    return _summed(terms)


def _shared_out(total: Expr) -> Expr:
    """A sum with the powers that stand in all its terms before those that hold more, where that is
    shorter; those of a symbol that differ stay, as in a polynomial.

    >>> from archcalc.symbolic import symbols
    >>> a, d, f = symbols("a d f")
    >>> _shared_out(2*a*d + 3*d*f + 2*d), _shared_out(2*d**2 + d)
    (d*(2*a + 3*f) + 2*d, 2*d**2 + d)
    """
    terms = [term for part in _parts(total) for term in plain(part).as_ordered_terms()]
    each = [_exponents(term) for term in terms]
    shared = {s: n for s, n in each[0].items() if all(found.get(s) == n for found in each)}
    before = [s**n for s, n in shared.items()]
    rest = [term / prod(before) for term in terms]
    inside = [term for term in rest if not term.is_number]
    if not shared or len(inside) < 2:
        return total
    alone = [term for term, left in zip(terms, rest, strict=True) if left.is_number]
    made = _summed([product_of([*before, OrderedAdd(*inside)]), *alone])
    return made if length(made) < length(total) else total


def _exponents(term: Expr) -> dict[Symbol, int]:
    """The symbols that a term is a product with, and how often."""
    powers = (factor.as_base_exp() for factor in Mul.make_args(plain(term)))
    return {s: int(n) for s, n in powers if s.is_Symbol and n.is_Integer and n > 0}


def _times(power: Expr, coefficient: Expr) -> Expr:
    """Their product; of a coefficient that only takes away, the sign stands before it."""
    if coefficient.is_Add and all(term.as_coeff_Mul()[0] < 0 for term in coefficient.args):
        return OrderedMul(S.NegativeOne, power, -coefficient)
    return _multiplied(power, coefficient)


def _height(power: Expr) -> tuple[bool, Expr, str]:
    """Powers that are symbols stand before those that are numbers."""
    return not power.is_Number, power if power.is_Number else S.Zero, str(power)


def powers_of(e: Expr, x: Symbol) -> Powers:
    """The coefficients of every power of `x` in `e`; what holds no `x` is not touched.

    >>> from archcalc.symbolic import symbols
    >>> a, c = symbols("a c")
    >>> powers_of(c*(c + 3)*(a + 1)**2, c)
    {1: [3*(a + 1)**2], 2: [(a + 1)**2]}
    """
    if x not in e.free_symbols:
        return {S.Zero: [e]}
    if e == x:
        return {S.One: [S.One]}
    powers: Powers = {}
    if isinstance(e, Add | OrderedAdd):
        for term in e.args:
            for power, parts in powers_of(term, x).items():
                powers.setdefault(power, []).extend(parts)
    elif isinstance(e, Mul | OrderedMul):
        powers = _product_powers(e.args, x)
    elif isinstance(e, Pow):
        powers = _power_powers(e, x)
    return {S.Zero: [e]} if powers.keys() <= {S.Zero} else powers


def _power_powers(e: Pow, x: Symbol) -> Powers:
    base, exponent = e.args
    if base == x and x not in exponent.free_symbols:
        return {exponent: [S.One]}
    whole = isinstance(exponent, Integer) and exponent > 1
    if whole and powers_of(base, x).keys() > {S.Zero}:
        return powers_of(multiplied_out(e), x)
    return {}


def _product_powers(factors: Sequence[Expr], x: Symbol) -> Powers:
    free = [factor for factor in factors if x not in factor.free_symbols]
    total: Powers = {S.Zero: [product_of(free)]}
    for each in factors:
        if x in each.free_symbols:
            powers = powers_of(each, x)
            _refuse_beyond(_count(total) * _count(powers))
            total = _convolved(total, powers)
    return total


def _count(powers: Powers) -> int:
    return sum(map(len, powers.values()))


def _convolved(a: Powers, b: Powers) -> Powers:
    product: Powers = {}
    for p, left in a.items():
        for q, right in b.items():
            parts = [_multiplied(x, y) for x in left for y in right]
            product.setdefault(p + q, []).extend(parts)
    return product


def _multiplied(a: Expr, b: Expr) -> Expr:
    if a is S.One or b is S.One:
        return b if a is S.One else a
    return product_of([*_factors(a), *_factors(b)])


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.args if isinstance(e, OrderedMul) else (e,)


def _parts(e: Expr) -> tuple[Expr, ...]:
    return e.args if isinstance(e, OrderedAdd) else tuple(e.as_ordered_terms())


def _summed(terms: Sequence[Expr]) -> Expr:
    kept = [term for term in terms if term != 0]
    return OrderedAdd(*kept) if len(kept) > 1 else kept[0] if kept else S.Zero


def _shorter(ordered: Expr) -> Expr:
    """`ordered`, or what it is multiplied out where that has fewer numbers and symbols in it."""
    flat = plain(ordered)
    if not expandable(flat):
        return ordered
    expanded = flat.expand()
    return expanded if length(expanded) < length(ordered) else ordered


def length(e: Expr) -> int:
    """How many numbers and symbols `e` has.

    >>> from archcalc.symbolic import symbols
    >>> length(2*symbols("k") + 1)
    3
    """
    return sum(not part.args for part in preorder_traversal(e))


def shortest(ordered: Expr) -> Expr:
    """`ordered`, or where that is shorter, what it is as a sum or as a product.

    >>> from archcalc.symbolic import symbols
    >>> f, g, n = symbols("f g n")
    >>> shortest((169*f + 1)*n - (25*f + 1)*n), shortest(9*f*g + g)
    (144*f*n, 9*f*g + g)
    """
    closed, opened = without_floors(ordered)
    return min((_brief(ordered), _brief(closed).xreplace(opened)), key=length)


def _brief(ordered: Expr) -> Expr:
    flat = _shorter(ordered)
    product = factored(plain(flat)) if factorable(flat) else None
    return product if product is not None and length(product) < length(flat) else flat


def without_floors(e: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """`e` with a symbol for every floor, and for each of those what it stands for.

    Otherwise multiplying out takes apart what belongs together: 6 + ⌊(1 − k)/4⌋ is ⌊(25 − k)/4⌋.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> k, n = symbols("k n")
    >>> closed, opened = without_floors(n*FloorDiv(25 - k, 4)**2)
    >>> len(closed.args), list(opened.values()) == [FloorDiv(25 - k, 4)]
    (2, True)
    """
    names: dict[Expr, Expr] = {}
    walk = preorder_traversal(e)
    for part in walk:
        if isinstance(part.as_coeff_Add()[1], FloorDiv):
            names.setdefault(part, Dummy(f"floor{len(names)}", integer=True))
            walk.skip()
    return e.xreplace(names), {name: floor for floor, name in names.items()}


def factorable(e: Expr) -> bool:
    """Whether the factors of `e` are found quickly.

    >>> from archcalc.symbolic import symbols
    >>> factorable(symbols("k")**2 + 1)
    True
    """
    return length(e) <= _MOST_FACTORED and expandable(plain(e))


def factored(expression: Expr) -> Expr | None:
    """`expression` as a product, with its factors kept as they are; ``None`` where it is none.

    Raises:
        EvaluationError: it would have too many terms.
    """
    _refuse_beyond(_terms(expression))
    product = factor(expression)
    return OrderedMul(*product.args) if product.is_Mul else None


def multiplied_out(expression: Expr) -> Expr:
    """`expression` as a sum of products.

    Raises:
        EvaluationError: it would have too many terms.
    """
    _refuse_beyond(_terms(expression))
    return expression.expand()


def expandable(expression: Expr) -> bool:
    """Whether `expression` can be multiplied out without becoming too large.

    >>> from archcalc.symbolic import symbols
    >>> a, b, c = symbols("a b c")
    >>> expandable(c*(a + b)**2), expandable((a + b + c)**1000)
    (True, False)
    """
    return _terms(expression) <= LIMITS.expanded_terms


def _terms(e: Expr) -> int:
    """How many terms `e` has at most, multiplied out."""
    if not e.args:
        return 1
    parts = [_terms(a) for a in e.args]
    if e.is_Add:
        return sum(parts)
    if e.is_Mul:
        return min(prod(parts), LIMITS.expanded_terms + 1)
    if isinstance(e, Pow) and isinstance(e.exp, Integer) and parts[0] > 1:
        n = abs(int(e.exp))
        return LIMITS.expanded_terms + 1 if n > LIMITS.expanded_terms else comb(n + parts[0] - 1, n)
    return 1 if max(parts) <= LIMITS.expanded_terms else max(parts)


def _refuse_beyond(terms: int) -> None:
    if terms > LIMITS.expanded_terms:
        raise EvaluationError(
            f"multiplied out, this formula has more than {LIMITS.expanded_terms:,} terms",
            code="too-large",
            hint="put numbers in for some symbols first",
        )
