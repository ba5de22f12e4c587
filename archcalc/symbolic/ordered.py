"""Sums and products that stay as a person wrote them.

sympy does not keep a formula as written: ``32*(k**2*n + 1)`` distributes by itself and terms are
re-ordered.  `OrderedAdd` and `OrderedMul` are ordinary sympy expressions (symbols can be
replaced in them) that keep their parts and their order; `plain` gives the plain expression.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any

from sympy import Add, Expr, Integer, Mul, S, sympify

__all__ = [
    "OrderedAdd",
    "OrderedMul",
    "collect_like_terms",
    "plain",
    "product_of",
    "sum_of_products",
]


class _Ordered(Expr):
    __slots__ = ()
    is_commutative = True

    def __new__(cls, *parts: Any) -> Expr:
        known = [p if isinstance(p, Expr) else sympify(p, strict=True) for p in parts]
        made: Expr = Expr.__new__(cls, *known)
        return made

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(plain(self)))

    def _eval_expand_mul(self, **hints: Any) -> Expr:
        return plain(self)


class OrderedAdd(_Ordered):
    """A sum whose terms stay in order and apart.

    >>> from archcalc.symbolic import symbols
    >>> k = symbols("k")
    >>> OrderedAdd(1, k, k).args
    (1, k, k)
    """

    __slots__ = ()

    def doit(self, **hints: Any) -> Expr:
        """The plain sum."""
        return Add(*[plain(term) for term in self.args])


class OrderedMul(_Ordered):
    """A product whose factors stay in order and apart.

    >>> from archcalc.symbolic import symbols
    >>> k, f = symbols("k f")
    >>> OrderedMul(f, k, k, 3).doit()
    3*f*k**2
    """

    __slots__ = ()

    def doit(self, **hints: Any) -> Expr:
        """The plain product."""
        return Mul(*[plain(factor) for factor in self.args])


def plain(expression: Expr | int) -> Expr:
    """`expression` as a plain sympy expression, with nothing kept as written.

    >>> from archcalc.symbolic import symbols
    >>> n = symbols("n")
    >>> plain(OrderedMul(10, OrderedAdd(n, 1)))
    10*n + 10
    """
    if isinstance(expression, int):
        return Integer(expression)
    if isinstance(expression, _Ordered):
        return expression.doit()
    if expression.args and expression.has(OrderedAdd, OrderedMul):
        return expression.replace(lambda part: isinstance(part, _Ordered), plain)
    return expression


def product_of(factors: Sequence[Expr | int]) -> Expr:
    """The product of `factors` as written: a single factor stays itself, none is 1."""
    if not factors:
        return S.One
    return sympify(factors[0], strict=True) if len(factors) == 1 else OrderedMul(*factors)


def sum_of_products(products: Iterable[Sequence[Expr | int]]) -> Expr:
    """A sum of products with the factors that all of them share taken out, at the end.

    So from a kernel ``(k, k, c_in, f)`` and a bias ``(f,)`` comes ``(k·k·c_in + 1)·f``.  Where they
    share nothing, each kernel is taken with the bias that follows it.

    >>> from archcalc.symbolic import sum_of_products, symbols, to_text
    >>> k, c_in, f = symbols("k c_in f")
    >>> print(to_text(sum_of_products([(k, k, c_in, f), (f,)])))
    (k·k·c_in + 1)·f
    >>> print(to_text(sum_of_products([(k, f), (f,), (k, f), (f,), (f, k), (k,)])))
    2·(k + 1)·f + (f + 1)·k
    """
    rows = [list(product) for product in products]
    if len(rows) < 2:
        return product_of(rows[0]) if rows else S.Zero
    shared = _take_shared(rows)
    if not shared and len(rows) > 2:
        return _sum_of_pairs(rows)
    terms = [product_of(row) for row in rows if row]
    ones = len(rows) - len(terms)
    if ones:
        terms.append(Integer(ones))
    inner = OrderedAdd(*terms) if len(terms) > 1 else terms[0]
    return product_of([inner, *shared])


def _sum_of_pairs(rows: list[list[Expr | int]]) -> Expr:
    """Each row with the next where that is a part of it; equal terms counted."""
    counts: dict[Expr, int] = {}
    pending = list(reversed(rows))
    while pending:
        pair = [pending.pop()]
        if pending and all(pair[0].count(f) >= pending[-1].count(f) for f in pending[-1]):
            pair.append(pending.pop())
        term = sum_of_products(pair)
        counts[term] = counts.get(term, 0) + 1
    terms = [_times(Integer(many), term) for term, many in counts.items()]
    return terms[0] if len(terms) == 1 else OrderedAdd(*terms)


def _take_shared(rows: list[list[Expr | int]]) -> list[Expr | int]:
    """Remove from each row, from its end, the factors that every row has; those factors."""
    shared: list[Expr | int] = []
    for factor in reversed(min(rows, key=len)[:]):
        if all(factor in row for row in rows):
            shared.insert(0, factor)
            for row in rows:
                del row[len(row) - 1 - row[::-1].index(factor)]
    return shared


def collect_like_terms(expression: Expr | int) -> Expr:
    """`expression` with numbers gathered and equal terms counted, and otherwise as written.

    Inside a term everything is evaluated, so that ``k·k·1 + 1`` becomes ``k² + 1``; numbers go to
    the front of a product and to the end of a sum.

    >>> from archcalc.symbolic import symbols
    >>> k, f, n = symbols("k f n")
    >>> conv = sum_of_products([(k, k, 1, f), (f,)])
    >>> collect_like_terms(OrderedAdd(conv, conv, OrderedMul(n, 10), 3, 4)).args
    (2*f*(k**2 + 1), 10*n, 7)
    """
    e = sympify(expression, strict=True)
    if isinstance(e, OrderedMul):
        return _tidy_product(*_number_and_factors(e))
    return _tidy_sum(e) if isinstance(e, OrderedAdd) else plain(e)


def _number_and_factors(e: OrderedMul) -> tuple[Expr, list[Expr]]:
    numbers: list[Expr] = []
    factors: list[Expr] = []
    for item in _all_factors(e):
        (numbers if item.is_Number else factors).append(item)
    return _number(numbers), factors


def _tidy_product(number: Expr, factors: list[Expr]) -> Expr:
    if number is S.Zero or not factors:
        return number
    if any(_divides(factor) for factor in factors):
        number, factors = _cancelled(number, factors)
    if not any(factor.is_Add or isinstance(factor, _Ordered) for factor in factors):
        return Mul(number, *factors)
    powers: dict[Expr, int] = {}
    for factor in factors:
        base, power = factor.as_base_exp()
        if not power.is_Integer:
            base, power = factor, S.One
        powers[base] = powers.get(base, 0) + int(power)
    merged = [factor**power for factor, power in powers.items()]
    return product_of(merged if number is S.One else [number, *merged])


def _all_factors(e: OrderedMul) -> Iterator[Expr]:
    """The factors of a product, and of the products in it."""
    for factor in e.args:
        if isinstance(factor, OrderedMul):
            yield from _all_factors(factor)
        else:
            part = _factor(factor)
            yield from part.args if isinstance(part, OrderedMul) or _is_whole(part) else (part,)


def _number(numbers: Sequence[Expr]) -> Expr:
    """The product of numbers, most often all whole."""
    if all(number.is_Integer for number in numbers):
        return Integer(prod(int(number) for number in numbers))
    return Mul(*numbers)


def _cancelled(number: Expr, factors: list[Expr]) -> tuple[Expr, list[Expr]]:
    """The same product where quotients meet what they are divided by: ``a·(d/a)`` is ``d``."""
    kept = [f for f in factors if f.is_Add or isinstance(f, _Ordered)]
    number, rest = Mul(number, *[f for f in factors if f not in kept]).as_coeff_Mul()
    return number, [*kept, *(f for f in Mul.make_args(rest) if f is not S.One)]


def _is_whole(factor: Expr) -> bool:
    """Whether it is a product without a quotient in it, such as the ``4·u`` rows of a kernel."""
    return bool(factor.is_Mul) and not _divides(factor)


def _divides(factor: Expr) -> bool:
    return any(
        part.exp.is_negative if part.is_Pow else part.is_Rational and not part.is_Integer
        for part in Mul.make_args(factor)
    )


def _factor(factor: Expr) -> Expr:
    """A factor keeps a sum of whole layers as written; anything smaller is evaluated."""
    if isinstance(factor, OrderedAdd) and any(_is_layered(term) for term in factor.args):
        return _tidy_sum(factor)
    return plain(factor)


def _is_layered(term: Expr) -> bool:
    return isinstance(term, OrderedMul) and any(
        isinstance(f, OrderedAdd) or f.is_Add for f in term.args
    )


def _tidy_sum(e: OrderedAdd) -> Expr:
    number: Expr = S.Zero
    counts: dict[Expr, Expr] = {}
    products: dict[object, Expr] = {}
    pending = list(reversed(e.args))
    while pending:
        times, term = _evaluated(pending.pop(), products)
        if isinstance(term, OrderedAdd):
            pending.extend(reversed(term.args))
        elif term.is_Number:
            number += times * term
        else:
            many, core = _counted(term)
            counts[core] = counts.get(core, S.Zero) + times * many
    terms = [_times(many, core) for core, many in counts.items() if many is not S.Zero]
    if number is not S.Zero or not terms:
        terms.append(number)
    return terms[0] if len(terms) == 1 else OrderedAdd(*terms)


def _evaluated(term: Expr, known: dict[object, Expr]) -> tuple[Expr, Expr]:
    """A term as a number of something evaluated; of equal products, one is: they cost the most."""
    if not isinstance(term, OrderedMul):
        return S.One, collect_like_terms(term)
    number, factors = _number_and_factors(term)
    if number is S.Zero or any(isinstance(factor, _Ordered) for factor in factors):
        return S.One, _tidy_product(number, factors)
    key = frozenset(Counter(factors).items())
    if key not in known:
        known[key] = _tidy_product(S.One, factors)
    return number, known[key]


def _counted(term: Expr) -> tuple[Expr, Expr]:
    """A term as a number and what it counts."""
    if isinstance(term, OrderedMul) and term.args[0].is_Number:
        return term.args[0], product_of(term.args[1:])
    number, rest = (S.One, term) if isinstance(term, OrderedMul) else term.as_coeff_Mul()
    return number, rest


def _times(many: Expr, core: Expr) -> Expr:
    if many is S.One:
        return core
    if isinstance(core, OrderedMul):
        return OrderedMul(many, *core.args)
    return OrderedMul(many, core) if core.is_Add else many * core
