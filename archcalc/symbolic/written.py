"""Sums and products that stay as a person wrote them.

sympy does not keep a formula as written: ``32*(k**2*n + 1)`` distributes by itself and terms are
re-ordered.  `WrittenSum` and `WrittenProduct` are ordinary sympy expressions (symbols can be
replaced in them) that keep their parts and their order; `evaluated` gives the plain expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Add, Expr, Integer, Mul, S, sympify

__all__ = ["WrittenProduct", "WrittenSum", "evaluated", "product_of", "sum_of_products"]


class _Written(Expr):
    __slots__ = ()
    is_commutative = True

    def __new__(cls, *parts: Any) -> Expr:  # type: ignore[misc]
        made: Expr = Expr.__new__(cls, *[sympify(part, strict=True) for part in parts])
        return made

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(evaluated(self)))

    def _eval_expand_mul(self, **hints: Any) -> Expr:
        return evaluated(self)


class WrittenSum(_Written):
    """A sum whose terms stay in order and apart.

    >>> from archcalc.symbolic import symbols
    >>> k = symbols("k")
    >>> WrittenSum(1, k, k).args
    (1, k, k)
    """

    __slots__ = ()

    def doit(self, **hints: Any) -> Expr:
        """The plain sum."""
        return Add(*[evaluated(term) for term in self.args])


class WrittenProduct(_Written):
    """A product whose factors stay in order and apart.

    >>> from archcalc.symbolic import symbols
    >>> k, f = symbols("k f")
    >>> WrittenProduct(f, k, k, 3).doit()
    3*f*k**2
    """

    __slots__ = ()

    def doit(self, **hints: Any) -> Expr:
        """The plain product."""
        return Mul(*[evaluated(factor) for factor in self.args])


def evaluated(expression: Expr | int) -> Expr:
    """`expression` as a plain sympy expression, with nothing kept as written.

    >>> from archcalc.symbolic import symbols
    >>> n = symbols("n")
    >>> evaluated(WrittenProduct(10, WrittenSum(n, 1)))
    10*n + 10
    """
    if isinstance(expression, int):
        return Integer(expression)
    if isinstance(expression, _Written):
        return expression.doit()
    if expression.has(WrittenSum, WrittenProduct):
        return expression.replace(lambda part: isinstance(part, _Written), evaluated)
    return expression


def product_of(factors: Sequence[Expr | int]) -> Expr:
    """The product of `factors` as written: a single factor stays itself, none is 1."""
    if not factors:
        return S.One
    return sympify(factors[0]) if len(factors) == 1 else WrittenProduct(*factors)


def sum_of_products(products: Iterable[Sequence[Expr | int]]) -> Expr:
    """A sum of products with the trailing factors that all of them share taken out.

    So from a kernel ``(k, k, c_in, f)`` and a bias ``(f,)`` comes ``(k·k·c_in + 1)·f``.

    >>> from archcalc.symbolic import symbols
    >>> from archcalc.symbolic.printing import to_text
    >>> k, c_in, f = symbols("k c_in f")
    >>> print(to_text(sum_of_products([(k, k, c_in, f), (f,)])))
    (k·k·c_in + 1)·f
    """
    rows = [tuple(product) for product in products]
    if not rows:
        return S.Zero
    shared = 0
    shortest = min(map(len, rows))
    while shared < shortest and len({row[-1 - shared] for row in rows}) == 1:
        shared += 1
    if len(rows) == 1:
        return product_of(rows[0])
    if not shared:
        return WrittenSum(*[product_of(row) for row in rows])
    tail = rows[0][len(rows[0]) - shared :]
    terms = [product_of(row[: len(row) - shared]) for row in rows]
    ones = [term for term in terms if term is S.One]
    others = [term for term in terms if term is not S.One]
    if not others:
        return WrittenProduct(len(ones), *tail)
    inner = WrittenSum(*others, *([len(ones)] if ones else []))
    return WrittenProduct(inner if len(inner.args) > 1 else inner.args[0], *tail)
