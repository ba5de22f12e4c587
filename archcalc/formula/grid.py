"""A polynomial from its values on a grid, also one in each residue class, with exact fractions.

Source: Newton's divided differences along each symbol in turn; Ehrhart's quasi-polynomials, as in
Beck, Robins, *Computing the Continuous Discretely*, section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd
from typing import TypeAlias

from sympy import Add, Expr, Mul, Rational

from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.symbols import symbol

__all__ = ["Coefficients", "GridAxis", "coefficients", "depends_on", "expression"]

Coefficients: TypeAlias = dict[tuple[int, ...], Fraction]
"""Keys are residue and power of the first symbol, of the second, and so on."""


@dataclass(frozen=True, slots=True)
class GridAxis:
    """The values of one symbol at which a function is counted."""

    name: str
    degree: int
    start: int
    step: int
    period: int

    @property
    def classes(self) -> int:
        """How many residues the values have."""
        return self.period // gcd(self.period, self.step)

    def value(self, residue: int, number: int) -> int:
        """Value number `number` of a residue class, both counted from 0."""
        return self.start + self.step * (residue + self.classes * number)

    def place(self, at: int) -> int:
        """A value by its number among all."""
        return self.start + self.step * at

    @property
    def size(self) -> int:
        """How many values decide the formula."""
        return self.classes * (self.degree + 1)


def coefficients(axes: Sequence[GridAxis], count: Callable[[dict[str, int]], int]) -> Coefficients:
    """For each residue class and power of each symbol, its coefficient."""
    places = [list(product(range(axis.classes), range(axis.degree + 1))) for axis in axes]
    values: Coefficients = {}
    for chosen in product(*places):
        point = {a.name: a.value(*place) for a, place in zip(axes, chosen, strict=True)}
        values[tuple(n for place in chosen for n in place)] = Fraction(count(point))
    for number, axis in enumerate(axes):
        for residue in range(axis.classes):
            nodes = [axis.value(residue, j) for j in range(axis.degree + 1)]
            _along(values, 2 * number + 1, nodes, {2 * number: residue})
    return values


def _along(
    values: Coefficients, place: int, nodes: Sequence[int], where: Mapping[int, int]
) -> None:
    """In the place of values at `nodes`, along one place of the keys, the powers of a polynomial.

    Args:
        values: changed as said.
        place: the place of the keys.
        nodes: the values of the variable.
        where: what other places of the keys are.
    """
    lines = {k for k in values if k[place] == 0 and all(k[i] == n for i, n in where.items())}
    for key in lines:
        line = [(*key[:place], j, *key[place + 1 :]) for j in range(len(nodes))]
        for cell, coefficient in zip(line, _powers(nodes, [values[c] for c in line]), strict=True):
            values[cell] = coefficient


def _powers(nodes: Sequence[int], values: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of the polynomial with these values, by Newton's divided differences."""
    divided = list(values)
    for order in range(1, len(nodes)):
        for i in range(len(nodes) - 1, order - 1, -1):
            divided[i] = (divided[i] - divided[i - 1]) / (nodes[i] - nodes[i - order])
    made = [Fraction(0)] * len(nodes)
    for i in range(len(nodes) - 1, -1, -1):  # Horner, in powers of the variable
        shifted = [Fraction(0), *made[:-1]]
        made = [up - nodes[i] * same for up, same in zip(shifted, made, strict=True)]
        made[0] += divided[i]
    return made


def expression(axes: Sequence[GridAxis], values: Coefficients) -> Expr:
    """The sum of all powers, in which residues are written with floors."""
    parts: list[dict[tuple[int, int], Expr]] = []
    for number, axis in enumerate(axes):
        shift = _residues_as_powers(axis, number, values) if axis.classes > 1 else 0
        x = symbol(axis.name)
        rest = x + shift - axis.period * FloorDiv(x + shift, axis.period)
        powers = product(range(axis.classes), range(axis.degree + 1))
        parts.append({(a, b): rest**a * x**b for a, b in powers})
    terms = [
        Mul(
            Rational(coefficient.numerator, coefficient.denominator),
            *(part[key[2 * i], key[2 * i + 1]] for i, part in enumerate(parts)),
        )
        for key, coefficient in values.items()
        if coefficient
    ]
    return Add(*terms).expand()


def _residues_as_powers(axis: GridAxis, number: int, values: Coefficients) -> int:
    """In the place of residue classes the powers of a residue ``(x + shift) % period``.

    Of all shifts that with the fewest terms is taken: 0 for a floor, period − 1 for a ceiling.
    """
    tries: list[tuple[int, int, Coefficients]] = []
    for shift in range(axis.period):
        nodes = [(axis.place(r) + shift) % axis.period for r in range(axis.classes)]
        tried = dict(values)
        _along(tried, 2 * number, nodes, {})
        tries.append((sum(map(bool, tried.values())), shift, tried))
    best = min(tries, key=lambda one: one[:2])
    values.update(best[2])
    return best[1]


def depends_on(axes: Sequence[GridAxis], values: Coefficients) -> list[GridAxis]:
    """The symbols of which there is a power above 0."""
    powers = [{key[2 * i + 1] for key, c in values.items() if c} for i in range(len(axes))]
    return [axis for axis, found in zip(axes, powers, strict=True) if found - {0}]
