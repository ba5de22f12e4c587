"""Sums over the copies of a repeated block: in closed form where there is one, exact where not.

A copy has a number, its `Index`, which counts from 0.  `summed` adds up what the copies cost:
polynomials of the index times powers such as ``4**i`` have a closed form; of anything else, as of
``⌊h/2^i⌋``, an exact `Sum` is kept.

Source: Graham, Knuth, Patashnik, *Concrete Mathematics*, chapter 2: a sum is an antidifference
taken at its two ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any

import sympy
from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    Tuple,
    factor,
    preorder_traversal,
)

from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul, plain

__all__ = [
    "Copies",
    "Index",
    "Sum",
    "index_for",
    "summed",
    "with_common_powers",
    "with_joined_powers",
]

_NAMES = "ijlmpqrtuvxyz"
"""What indices are called: the first that nothing near them is called."""

_MOST_WRITTEN_OUT = 64
"""A sum of at most so many terms is expanded."""

_MOST_PARTS = 4_096
"""It is expanded if that makes an expression of at most so many parts."""

_HIGHEST_POWER = 32
"""Beyond this power of the index no closed form is worked out."""

_LARGEST_SLOPE = 2_000
"""Numbers in exponents beyond this are left for the evaluation."""

_HIGHEST_ROOT = 12
"""A factor of an exponent goes into the base where it is no larger."""

_MOST_TERMS = 2_000
"""A term that multiplies out to more than this is summed as it is."""


class Index(Symbol):
    """The number of a copy, counted from 0.

    >>> Index("i").is_nonnegative, Index("i") == Index("i"), Index("i") == Symbol("i")
    (True, True, False)
    """

    __slots__ = ()

    def __new__(cls, name: str, **assumptions: Any) -> Index:
        made: Index = super().__new__(cls, name, integer=True, nonnegative=True)
        return made


def index_for(*expressions: Expr | int, preferred: str = "") -> Index:
    """An index that is called like nothing in `expressions`: as preferred, where that is so.

    >>> index_for(Symbol("i") + 1), index_for(Symbol("i") + 1, preferred="n")
    (j, n)
    """
    taken = {s.name for e in expressions if isinstance(e, Expr) for s in e.atoms(Symbol)}
    return next(Index(name) for name in _names(preferred) if name not in taken)


def _names(preferred: str) -> Iterator[str]:
    yield from filter(None, (preferred, *_NAMES))
    number = 1
    while True:
        yield f"i{number}"
        number += 1


def with_common_powers(e: Expr) -> Expr:
    """`e` with ``2**(2*L)``, which sympy makes of ``2**L*2**L``, as ``4**L``.

    >>> L = Symbol("L")
    >>> with_common_powers(2**L*2**L)
    4**L
    """
    if all(power.exp.is_Integer for power in e.atoms(Pow)):
        return e
    e = e.replace(lambda part: part.is_Mul, with_joined_powers)
    while any(map(_has_factor, e.atoms(Pow))):
        e = e.replace(_has_factor, lambda p: Pow(p.base ** p.exp.args[0], Mul(*p.exp.args[1:])))
    return e


def with_joined_powers(product: Expr) -> Expr:
    """A product with the powers of each base in one: sympy leaves ``2^L/2^(L − 1)`` as it is.

    >>> L = Symbol("L")
    >>> with_joined_powers(2**L/2**(L - 1))
    2
    """
    exponents: dict[Expr, list[Expr]] = {}
    for part in Mul.make_args(product):
        base, exponent = part.as_base_exp()
        exponents.setdefault(base, []).append(exponent)
    if all(len(each) == 1 for each in exponents.values()):
        return product
    return Mul(*[Pow(base, Add(*each)) for base, each in exponents.items()])


def _has_factor(e: Any) -> bool:
    if not (isinstance(e, Pow) and e.base.is_Integer and e.exp.is_Mul):
        return False
    number = e.exp.args[0]
    return bool(number.is_Integer and 1 < number <= _HIGHEST_ROOT)


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of a repeated block: `index` runs from 0 to ``count − 1``."""

    index: Index
    count: int | Expr

    def at(self, values: Mapping[Symbol, Expr]) -> Copies:
        """The same copies with `values` substituted for symbols."""
        if isinstance(self.count, int):
            return self
        count = self.count.xreplace(values)
        return Copies(self.index, int(count) if isinstance(count, Integer) else count)


class Sum(sympy.Sum):
    """``Σ term`` for the index from 0 to ``count − 1``; what has a closed form comes back as that.

    It is sympy's sum, so that sympy's functions take it.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, L = symbols("h L")
    >>> i = Index("i")
    >>> Sum(3*i, (i, 0, L - 1))
    3*L*(L - 1)/2
    >>> Sum(FloorDiv(h, 2**i), (i, 0, L - 1)).xreplace({L: Integer(2)})
    h + (h//2)
    """

    __slots__ = ()
    is_commutative = True

    def __new__(cls, term: Expr, *limits: Any) -> Expr:
        ((index, first, last),) = limits
        if first != 0 or not isinstance(index, Index):
            inside = index_for(term, first, last)
            return cls(term.xreplace({index: inside + first}), (inside, S.Zero, last - first))
        return plain(summed(term, index, last + 1))

    @classmethod
    def _kept(cls, term: Expr, index: Index, count: Expr) -> Expr:
        """The sum itself, with an index whose name says nothing but what stands in it."""
        taken = (term.atoms(Symbol) - {index}) | count.atoms(Symbol)
        named = index_for(*taken)
        made: Expr = Expr.__new__(
            cls, term.xreplace({index: named}), Tuple(named, S.Zero, count - 1)
        )
        return made

    @property
    def term(self) -> Expr:
        """What is added up."""
        return self.args[0]

    @property
    def index(self) -> Index:
        """The number of a term, from 0."""
        return self.args[1][0]  # type: ignore[no-any-return]

    @property
    def count(self) -> Expr:
        """How many terms there are."""
        return self.args[1][2] + 1

    def _xreplace(self, rule: Mapping[Expr, Expr]) -> tuple[Expr, bool]:
        # sympy's own would put numbers in for the index too
        if self in rule:
            return rule[self], True
        term, index, count = self.term, self.index, self.count
        rule = {old: new for old, new in rule.items() if old != index}
        if any(index in new.free_symbols for new in rule.values()):
            fresh = index_for(term, count, *rule.values())
            term, index = term.xreplace({index: fresh}), fresh
        term, in_term = term._xreplace(rule)
        count, in_count = count._xreplace(rule)
        if not (in_term or in_count):
            return self, False
        return plain(summed(term, index, count)), True

    def _eval_is_integer(self) -> bool | None:
        return True if self.term.is_integer else None

    def _sympystr(self, printer: Any) -> str:
        term, index, count = (printer._print(part) for part in (self.term, self.index, self.count))
        return f"sum({term} for {index} in range({count}))"

    _sympyrepr = _sympystr


def summed(term: Expr | int, index: Index, count: Expr | int) -> Expr:
    """`term` added up for `index` from 0 to ``count − 1``, where `count` is not negative.

    What has a closed form is in closed form: an exact `Sum` holds the rest.

    >>> from archcalc.symbolic import symbols, to_text
    >>> c, L = symbols("c L")
    >>> i = Index("i")
    >>> print(to_text(summed(18*c**2*4**i + 2*c*2**i + 5, i, L)))
    6·c²·(4^L − 1) + 2·c·(2^L − 1) + 5·L
    """
    e, often = plain(term), plain(count)
    if index not in e.free_symbols:
        return OrderedMul(often, term) if isinstance(term, Expr) else often * e
    if isinstance(often, Integer) and _can_be_written_out(e, index, int(often)):
        return Add(*[e.xreplace({index: Integer(i)}) for i in range(int(often))])
    closed: dict[tuple[int, Rational], list[Expr]] = {}
    open_: dict[Expr, list[Expr]] = {}
    for part in _terms(e, index):
        constant, moving = part.as_independent(index, as_Add=False)
        found = _monomial(moving, index)
        if found is None or not _computable(found[1], often):
            content, moving = moving.as_content_primitive()
            open_.setdefault(moving, []).append(constant * content)
        else:
            scale, key = found[2], found[:2]
            closed.setdefault(key, []).append(constant * scale)
    fastest = sorted(closed, key=lambda key: (key[1], key[0]), reverse=True)
    parts = [
        *(_multiplied(Add(*closed[key]), _closed(*key, often)) for key in fastest),
        *(_multiplied(Add(*c), Sum._kept(moving, index, often)) for moving, c in open_.items()),
    ]
    parts = [part for part in parts if part is not S.Zero]
    return parts[0] if len(parts) == 1 else OrderedAdd(*parts)


def _terms(e: Expr, index: Index) -> Iterator[Expr]:
    """The terms of `e`, multiplied out where that leads to closed forms."""
    for term in Add.make_args(e):
        if _size(term) <= _MOST_TERMS and not any(index in p.free_symbols for p in _opaque(term)):
            yield from Add.make_args(term.expand(power_base=False))
        else:
            yield term


def _opaque(e: Expr) -> Iterator[Expr]:
    """The parts of `e` that no sum goes through: floors, maxima, sums."""
    if isinstance(e, Add | Mul | Pow):
        for part in e.args:
            yield from _opaque(part)
    elif e.args:
        yield e


def _size(e: Expr) -> int:
    """How many terms `e` has at most, multiplied out."""
    if e.is_Add:
        return sum(map(_size, e.args))
    if e.is_Mul:
        size = 1
        for part in e.args:
            size *= _size(part)
        return size
    if e.is_Pow and e.exp.is_Integer and e.exp > 0 and e.base.is_Add:
        terms, n = _size(e.base), int(e.exp)
        return comb(n + terms - 1, n) if n <= _MOST_TERMS else n
    return 1


def _multiplied(constant: Expr, e: Expr) -> Expr:
    """A product that sympy does not multiply out."""
    number, rest = e.as_coeff_Mul()
    constant *= number
    kept = constant.is_number and constant not in (0, 1) and rest.is_Add
    return OrderedMul(constant, rest) if kept else constant * rest


def _can_be_written_out(e: Expr, index: Index, count: int) -> bool:
    """Whether there are few terms, in none of which a power becomes enormous."""
    few = count <= _MOST_WRITTEN_OUT and count * _parts(e) <= _MOST_PARTS
    return few and all(_is_linear(p.exp, index) for p in e.atoms(Pow))


def _parts(e: Expr) -> int:
    return len(list(preorder_traversal(e)))


def _is_linear(exponent: Expr, index: Index) -> bool:
    """Whether `exponent` rises by the same small amount from one copy to the next."""
    slope = exponent.coeff(index)
    rest = exponent - slope * index
    small = all(abs(int(n)) < _LARGEST_SLOPE for n in exponent.atoms(Integer))
    return small and index not in slope.free_symbols | rest.free_symbols


def _monomial(moving: Expr, index: Index) -> tuple[int, Rational, Expr] | None:
    """``i^p·r^i·x``, as ``(p, r, x)``; ``None`` where it is not such."""
    power, ratio, number = 0, S.One, S.One
    for part in Mul.make_args(moving):
        base, exponent = part.as_base_exp()
        if base == index and exponent.is_Integer and 0 < exponent <= _HIGHEST_POWER:
            power += int(exponent)
        elif isinstance(base, Rational) and base > 0:
            slope = exponent.coeff(index)
            rest = exponent - slope * index
            if not (slope.is_Integer and _is_linear(exponent, index)):
                return None
            ratio *= base**slope
            number *= base**rest
        else:
            return None
    return (power, ratio, number) if power <= _HIGHEST_POWER else None


def _computable(ratio: Rational, count: Expr) -> bool:
    bits = max(int(ratio.p).bit_length(), int(ratio.q).bit_length())
    return not count.is_Integer or ratio == 1 or bits * abs(int(count)) <= LIMITS.early_power_bits


def _closed(power: int, ratio: Rational, count: Expr) -> Expr:
    """``Σ i^power·ratio^i`` for `i` from 0 to ``count − 1``."""
    x = Symbol("x")
    found = Add(*[c * x**k for k, c in enumerate(_antidifference(power, ratio))])
    if ratio == 1:
        return factor(found).xreplace({x: count})
    grown = found.xreplace({x: count}).expand() * Pow(ratio, count)
    if power == 0:  # (rⁿ − 1)/(r − 1), with a bare symbol for exponent where there is one
        less, n = count.as_coeff_Add()
        sign = 1 if ratio > 1 else -1
        each, bracket = sign * found * ratio**less, sign * (Pow(ratio, n) - ratio**-less)
        return Mul(each, bracket, evaluate=False) if each != 1 else bracket
    return Add(grown, -found.xreplace({x: S.Zero}))


@lru_cache(maxsize=256)
def _antidifference(power: int, ratio: Rational) -> tuple[Rational, ...]:
    """The coefficients of the polynomial Q with ``ratio·Q(x + 1) − Q(x) = x^power``.

    They follow one from another, from the highest down.
    """
    shift = int(ratio == 1)  # where the highest terms cancel, Q is one degree higher
    q = [S.Zero] * (power + shift + 1)
    for k in range(power, -1, -1):
        above = Add(*[q[j] * comb(j, k) for j in range(k + 1 + shift, len(q))])
        wanted = Integer(int(k == power)) - ratio * above
        q[k + shift] = wanted / ((ratio - 1) if not shift else Integer(k + 1))
    return tuple(q)
