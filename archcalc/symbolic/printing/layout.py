"""What a formula looks like, before it is set in any notation.

`layout` decides once what every notation shares: the order of terms and factors, which sign stands
where, what is a fraction, and whether a floor reads shorter as a ceiling.  Each printer is then a
small fold over these nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, Rational, S, Symbol, fraction, log

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ExpressionError
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul, product_of
from archcalc.symbolic.sums import Sum as SumOfCopies

__all__ = [
    "Call",
    "Ceiling",
    "Floor",
    "Name",
    "Node",
    "Number",
    "Power",
    "Product",
    "Quotient",
    "Root",
    "Series",
    "Signed",
    "Sum",
    "layout",
]


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A term of a sum, or a negative value standing alone."""

    negative: bool
    node: Node


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Power:
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Root:
    """The root of that degree: 2 for the square root."""

    degree: int
    inside: Node


@dataclass(frozen=True, slots=True)
class Quotient:
    numerator: Node
    divisor: Node


@dataclass(frozen=True, slots=True)
class Floor:
    numerator: Node
    divisor: Node


@dataclass(frozen=True, slots=True)
class Ceiling:
    numerator: Node
    divisor: Node


@dataclass(frozen=True, slots=True)
class Call:
    """``max`` or ``min`` of several, or ``log`` of one."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A sum over the copies of a block: `term` for `index` from 0 to ``count − 1``."""

    term: Node
    index: Name
    count: Node
    last: Node


Node: TypeAlias = (
    Number
    | Name
    | Signed
    | Sum
    | Product
    | Power
    | Root
    | Quotient
    | Floor
    | Ceiling
    | Call
    | Series
)


def layout(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
) -> Node:
    """How `expression` is set out.

    Args:
        expression: what to set.
        values: symbols shown as these values, in place, without evaluating anything: the
            expression ``(h - k)//s`` with ``{h: 28, k: 3, s: 1}`` shows ``⌊(28 − 3)/1⌋``.
        order: the symbols in the order in which terms should name them; without it terms go by
            falling degree, then by name.

    Raises:
        ExpressionError: the expression holds something that is not integer arithmetic.
    """
    ranks = {s: i for i, s in enumerate(order)}
    return _Layout(dict(values or {}), ranks).node(expression)


@dataclass(frozen=True, slots=True)
class _Layout:
    values: Mapping[Symbol, Expr | int]
    ranks: Mapping[Symbol, int]

    def node(self, e: Expr | int) -> Node:
        if isinstance(e, int):
            return Signed(True, Number(-e)) if e < 0 else Number(e)
        if isinstance(e, Rational):
            return self._rational(e)
        if isinstance(e, Symbol):
            value = self.values.get(e)
            return Name(e.name) if value is None else replace(self, values={}).node(value)
        if isinstance(e, OrderedAdd | OrderedMul) and len(e.args) < 2:
            return self.node(e.args[0] if e.args else e.doit())
        if isinstance(e, OrderedAdd):
            return Sum(tuple(self._signed(term) for term in e.args))
        if isinstance(e, OrderedMul):
            return self._ordered_product(e)
        if isinstance(e, FloorDiv):
            return self._division(e, 0)
        if isinstance(e, Add):
            return self._sum(e)
        if isinstance(e, Mul):
            return self._product(e)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, Max | Min):
            arguments = sorted(e.args, key=self._term_key)
            name = "max" if isinstance(e, Max) else "min"
            return Call(name, tuple(self.node(a) for a in arguments))
        if isinstance(e, SumOfCopies):
            return Series(
                self.node(e.term),
                Name(e.index.name),
                self.node(e.count),
                self.node(e.count - 1),
            )
        if isinstance(e, log):
            return Call("log", (self.node(e.args[0]),))
        raise ExpressionError(f"{type(e).__name__} has no notation here")

    def _ordered_product(self, e: OrderedMul) -> Node:
        first, *others = e.args
        if first.is_Number and first < 0:  # the sign stands before the product, not in brackets
            rest = others if first == -1 else [-first, *others]
            return Signed(True, self.node(product_of(rest)))
        return Product(tuple(self.node(factor) for factor in e.args))

    def _rational(self, e: Rational) -> Node:
        size: Node = Number(abs(int(e.p)))
        if e.q != 1:
            size = Quotient(size, Number(int(e.q)))
        return Signed(True, size) if e.p < 0 else size

    def _signed(self, e: Expr) -> Signed:
        negative = (e.is_Number and e < 0) or (e.is_Mul and e.args[0].is_Number and e.args[0] < 0)
        node = self.node(-e if negative else e)
        if isinstance(node, Signed):  # a value shown in place may be negative itself
            return Signed(node.negative != negative, node.node)
        return Signed(bool(negative), node)

    def _sum(self, e: Add) -> Node:
        shared = _shared_divisor(e)
        if shared != 1:  # (total − 330)/5419, not each term over 5419
            return Quotient(self.node(Add(*[t * shared for t in e.args])), Number(shared))
        constant, rest = e.as_coeff_Add()
        if isinstance(constant, Integer) and isinstance(rest, FloorDiv):
            single = self._absorbed(rest, int(constant))
            if single is not None:
                return single
        terms = [self._signed(term) for term in sorted(e.args, key=self._term_key)]
        falling = [t for t in e.args if _is_falling(t)]
        if constant.is_Integer and constant > 0 and len(falling) == 1:
            terms = self._shared_out(e, int(constant), falling[0])
        first = next((i for i, term in enumerate(terms) if not term.negative), 0)
        return Sum((terms[first], *terms[:first], *terms[first + 1 :]))

    def _shared_out(self, e: Add, constant: int, falling: Expr) -> list[Signed]:
        """The terms of a sum whose one falling floor takes its share of the constant.

        ``2·⌊−k/2⌋ + 28`` reads better as ``2·⌊(28 − k)/2⌋``.
        """
        number, division = falling.as_coeff_Mul()
        share, left = divmod(constant, int(number))
        terms = [Signed(False, Number(left))] if left else []
        for term in sorted(e.args, key=self._term_key, reverse=True):
            if term is falling:
                inside = self._division(division, share)
                times = [Number(int(number)), inside] if number != 1 else [inside]
                terms.insert(0, Signed(False, Product(tuple(times)) if number != 1 else inside))
            elif not term.is_number:
                terms.insert(0, self._signed(term))
        return terms

    def _absorbed(self, division: FloorDiv, constant: int) -> Node | None:
        """``⌊x/q⌋ + c`` as the one division that it is, where that reads at least as well."""
        inner, rest = division.numerator.as_coeff_Add()
        if isinstance(division.divisor, Integer):
            whole = self._division(division, constant)
            clean = inner is S.Zero and constant > 0 and not _counts_down(rest)
            apart = clean and isinstance(whole, Ceiling)  # ⌊c/16⌋ + 1, not ⌈(c + 1)/16⌉
            return None if apart else whole
        if constant == 1 and rest is S.Zero:
            return Ceiling(self.node(inner + 1), self.node(_joined_power(division.divisor)))
        if constant == 1 and inner == -1 and not rest.is_Add:
            return Ceiling(self.node(rest), self.node(_joined_power(division.divisor)))
        return None

    def _division(self, e: FloorDiv, constant: int) -> Node:
        q = e.divisor
        if not isinstance(q, Integer):
            under_ceiling = Add(e.numerator, -q, S.One)
            if len(Add.make_args(under_ceiling)) < len(Add.make_args(e.numerator)):
                return Ceiling(self.node(under_ceiling), self.node(_joined_power(q)))
            return Floor(self.node(e.numerator), self.node(_joined_power(q)))
        inner, rest = e.numerator.as_coeff_Add()
        as_floor = int(inner) + constant * int(q)
        as_ceiling = as_floor - int(q) + 1
        headless = as_ceiling == 0 and _counts_down(rest)  # ⌊(1 − k)/2⌋, not ⌈(−k)/2⌉
        if _written_length(as_ceiling) < _written_length(as_floor) and not headless:
            return Ceiling(self.node(Add(rest, as_ceiling)), self.node(q))
        return Floor(self.node(Add(rest, as_floor)), self.node(q))

    def _product(self, e: Mul) -> Node:
        number, rest = e.as_coeff_Mul()
        if number < 0:
            return Signed(True, self.node(-e))
        above, under = fraction(e)
        if under is not S.One:
            return Quotient(self.node(above), self.node(under))
        factors = [self.node(f) for f in sorted(Mul.make_args(rest), key=self._factor_key)]
        return Product((Number(int(number)), *factors)) if number != 1 else Product(tuple(factors))

    def _power(self, e: Pow) -> Node:
        if e.exp.could_extract_minus_sign():
            return Quotient(Number(1), self.node(Pow(e.base, -e.exp)))
        if isinstance(e.exp, Rational) and e.exp.p == 1:
            return Root(int(e.exp.q), self.node(e.base))
        return Power(self.node(e.base), self.node(e.exp))

    def _term_key(self, term: Expr) -> tuple[object, ...]:
        rest = term.as_coeff_Mul()[1]
        symbols = rest.free_symbols
        rank = min((self.ranks[s] for s in symbols if s in self.ranks), default=len(self.ranks))
        return (not symbols, rank, -_degree(rest), *self._names(rest))

    def _factor_key(self, factor: Expr) -> tuple[object, ...]:
        base = factor.base if factor.is_Pow else factor
        shown = base.as_coeff_Add()[1]
        kind = 0 if isinstance(shown, FloorDiv) else 1 if base.is_Symbol or base.is_Number else 2
        rank = self.ranks.get(base, len(self.ranks))
        return (kind, rank, *self._names(base))

    @staticmethod
    def _names(e: Expr) -> tuple[object, ...]:
        names = sorted(natural(s.name) for s in e.free_symbols)
        return (tuple(names), e.sort_key())


def _joined_power(q: Expr) -> Expr:
    """``2·2^i``, the divisor of a half that is halved ``i`` times, as ``2^(i + 1)``."""
    number, rest = q.as_coeff_Mul()
    base, exponent = rest.as_base_exp()
    if not (base.is_Integer and base > 1):
        return q
    while number % base == 0:
        number, exponent = number / base, exponent + 1
    return number * Pow(base, exponent)


def _is_falling(term: Expr) -> bool:
    """Whether a term is a positive multiple of a floor by a number whose symbols all count down."""
    number, division = term.as_coeff_Mul()
    if not isinstance(division, FloorDiv) or not isinstance(division.divisor, Integer):
        return False
    down = _counts_down(division.numerator.as_coeff_Add()[1])
    return bool(number.is_Integer and number > 0 and down)


def _counts_down(e: Expr) -> bool:
    """Whether every term of `e` is taken away."""
    return all(part.as_coeff_Mul()[0] < 0 for part in Add.make_args(e))


def _shared_divisor(e: Add) -> int:
    """What every term of a sum is divided by, where it is shorter to say that once."""
    numbers = [term.as_coeff_Mul()[0] for term in e.args]
    divisors = {int(number.q) if isinstance(number, Rational) else 1 for number in numbers}
    shared = divisors.pop() if len(divisors) == 1 else 1
    return shared if (len(e.args) - 1) * len(f"/{shared}") > len("()") else 1


def natural(name: str) -> tuple[list[int | str], str]:
    """A key that sorts ``n`` before ``n2`` before ``n10``, and capitals among the small letters.

    >>> sorted(["n10", "K", "n2", "n", "c"], key=natural)
    ['c', 'K', 'n', 'n2', 'n10']
    """
    parts = re.split(r"(\d+)", name)  # text and digits by turns
    return [int(part) if part.isdecimal() else part.casefold() for part in parts], name


def _degree(e: Expr) -> int:
    if e.is_Mul:
        return sum(_degree(a) for a in e.args)
    if e.is_Add:
        return max(_degree(a) for a in e.args)
    if e.is_Pow and e.exp.is_Integer:
        return _degree(e.base) * int(e.exp)
    return 1 if e.free_symbols else 0


def _written_length(constant: int) -> int:
    return len(str(constant)) if constant else 0
