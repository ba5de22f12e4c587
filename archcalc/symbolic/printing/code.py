"""Formulas as program code: Python and NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import product
from math import lcm, prod

from sympy import Add, Expr, Integer, Poly, Pow, fraction, reduced_totient, together

from archcalc.symbolic.division import has_denominator, is_whole
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import (
    Ceiling,
    Floor,
    Node,
    Quotient,
    Series,
    layout,
)
from archcalc.symbolic.printing.raising import raised

__all__ = ["to_numpy", "to_python"]


def to_python(expression: Expr | int) -> str:
    """`expression` as Python code, exact in integers; the parser reads it back.

    A fraction is written ``/``: exact to the parser, rounded to a float when Python runs it.

    >>> from archcalc.symbolic import CeilDiv, FloorDiv, symbols
    >>> h, k = symbols("h k")
    >>> to_python(k**2*FloorDiv(h - k, 2) + h), to_python(CeilDiv(h, k))
    ('((h - k)//2)*k**2 + h', '(h + k - 1)//k')
    """
    return _PYTHON.set(layout(expression))


def to_numpy(expression: Expr | int) -> str:
    """`expression` as code for NumPy arrays named like its symbols, with NumPy as ``np``.

    Exact in ``int64`` as long as no part goes past it.  Fractions are put over one divisor, which
    is divided by at last: with ``//`` where that is known to leave no rest, as in
    ``L*(L - 1)//2``, else with ``/``, which gives floats.

    >>> from archcalc.symbolic import symbols
    >>> L, f = symbols("L f")
    >>> to_numpy(f*L**2/2 - f*L/2)
    '(f*L**2 - f*L)//2'
    >>> to_numpy(L/f)
    'L/f'
    """
    flat = plain(expression)
    if not has_denominator(flat):
        return _NUMPY.set(layout(expression))
    above, under = fraction(together(flat))
    expanded = above.expand()
    above = expanded if is_whole(expanded) else above  # 3**(s - 1) would become 3**s/3
    divide = Floor if isinstance(under, Integer) and _divides(int(under), above) else Quotient
    return _NUMPY.set(divide(layout(above), layout(under)))


class _Code(Fold):
    """Python, and what the others share with it."""

    floor_strength = Strength.PRODUCT

    def negative(self, node: Node) -> str:
        return "-" + self._after_sign(node)

    def _after_sign(self, node: Node) -> str:
        """`node` where a sign may stand before it: ``-h//2`` is the floor of ``-h/2``."""
        floor = isinstance(node, Floor | Ceiling)
        return self.set(node, Strength.FACTOR if floor else Strength.PRODUCT)

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return first + "".join(f" {'-' if minus else '+'} {term}" for minus, term in rest)

    def product(self, factors: Sequence[Node]) -> str:
        return "*".join(self.set(factor, Strength.FACTOR) for factor in factors)

    def power(self, base: Node, exponent: Node) -> str:
        return f"{self.set(base, Strength.ATOM)}**{self.set(exponent, Strength.ATOM)}"

    def root(self, degree: int, inside: Node) -> str:
        return f"{self.set(inside, Strength.ATOM)}**(1/{degree})"

    def quotient(self, numerator: Node, divisor: Node) -> str:
        return f"{self._after_sign(numerator)}/{self.set(divisor, Strength.POWER)}"

    def floor(self, numerator: Node, divisor: Node) -> str:
        return f"{self.set(numerator, Strength.FACTOR)}//{self.set(divisor, Strength.POWER)}"

    def ceiling(self, numerator: Node, divisor: Node) -> str:
        return self.floor(raised(numerator, divisor), divisor)

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def series(self, node: Series) -> str:
        return f"sum({self.set(node.term)} for {node.index.name} in range({self.set(node.count)}))"


class _Numpy(_Code):
    def series(self, node: Series) -> str:
        # one count for each configuration: a term counts where there are as many copies
        often, number = self.set(node.count), node.index.name
        kept = f"np.where({number} < {often}, {self.set(node.term)}, 0)"
        return f"sum({kept} for {number} in range(np.max({often})))"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        if function == "log":
            return f"np.log({arguments[0]})"
        name = {"max": "np.maximum", "min": "np.minimum"}[function]
        return reduce(lambda a, b: f"{name}({a}, {b})", arguments)


_MOST_RESIDUES = 4_096


def _divides(n: int, x: Expr) -> bool:
    """Whether `n` divides `x` whatever its symbols: tried at all residues, where they are few.

    ``3**s`` has residues that come round with those of ``s``; any other part may have any.
    """
    if not x.free_symbols:
        return False  # the fraction is in lowest terms
    scale, poly = Poly(x).clear_denoms()  # sympy takes 3**(s - 1) for 3**s/3
    n *= int(scale)
    if n > _MOST_RESIDUES or not all(map(is_whole, poly.gens)):
        return False
    powers = [gen for gen in poly.gens if isinstance(gen, Pow) and _of_a_number(gen)]
    around = lcm(n, int(reduced_totient(n))) + n.bit_length() if powers else n
    free = sorted({s for p in powers for s in p.free_symbols} | {*poly.gens} - {*powers}, key=str)
    if around ** len(free) > _MOST_RESIDUES:
        return False
    terms = [(exponents, int(c)) for exponents, c in poly.terms()]
    for point in product(range(1, around + 1), repeat=len(free)):
        at = dict(zip(free, point, strict=True))
        residues = [at[g] if g in at else _power_at(g, at, n) for g in poly.gens]
        each = (
            c * prod(pow(r, e, n) for r, e in zip(residues, exponents, strict=True))
            for exponents, c in terms
        )
        if sum(each) % n:
            return False
    return True


def _of_a_number(power: Pow) -> bool:
    """Whether it is a number to the power of a sum of symbols."""
    linear = all(
        term.is_Number or term.as_coeff_Mul()[1].is_Symbol for term in Add.make_args(power.exp)
    )
    return linear and bool(power.base.is_Integer) and is_whole(power)


def _power_at(power: Pow, at: Mapping[Expr, int], n: int) -> int:
    exponent = power.exp.xreplace({s: Integer(v) for s, v in at.items()})
    return pow(int(power.base), int(exponent), n)


_PYTHON = _Code()
_NUMPY = _Numpy()
