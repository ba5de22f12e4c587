"""Formulas as plain text: ``(⌊(29 − k)/2⌋²·f + 1)·n``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Symbol

from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import Node, Number, Series, layout

__all__ = ["text_of", "to_text"]

_ROOTS = {2: "√", 3: "∛", 4: "∜"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_text(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
) -> str:
    """`expression` as text with ``·``, ``²`` and ``⌊ ⌋``; the parser reads it back.

    See `layout` for `values` and `order`.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k, s = symbols("h k s")
    >>> size = FloorDiv(h - k, s) + 1
    >>> print(to_text(size), "=", to_text(size, {h: 28, k: 3, s: 1}))
    ⌊(h − k)/s⌋ + 1 = ⌊(28 − 3)/1⌋ + 1
    """
    return text_of(layout(expression, values, order))


def text_of(node: Node) -> str:
    """One laid-out formula as text."""
    return _TEXT.set(node)


class _Text(Fold):
    def negative(self, node: Node) -> str:
        return "−" + self.set(node, Strength.PRODUCT)

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return first + "".join(f" {'−' if minus else '+'} {term}" for minus, term in rest)

    def product(self, factors: Sequence[Node]) -> str:
        return "·".join(self.set(factor, Strength.FACTOR) for factor in factors)

    def power(self, base: Node, exponent: Node) -> str:
        below = self.set(base, Strength.ATOM)
        if isinstance(exponent, Number):
            return below + str(exponent.value).translate(_SUPERSCRIPTS)
        return f"{below}^{self.set(exponent, Strength.ATOM)}"

    def root(self, degree: int, inside: Node) -> str:
        sign = _ROOTS.get(degree)
        if sign is None:
            return f"{self.set(inside, Strength.ATOM)}^(1/{degree})"
        return sign + self.set(inside, Strength.ATOM)

    def quotient(self, numerator: Node, divisor: Node) -> str:
        return f"{self.set(numerator, Strength.PRODUCT)}/{self.set(divisor, Strength.POWER)}"

    def floor(self, numerator: Node, divisor: Node) -> str:
        return f"⌊{self.quotient(numerator, divisor)}⌋"

    def ceiling(self, numerator: Node, divisor: Node) -> str:
        return f"⌈{self.quotient(numerator, divisor)}⌉"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def series(self, node: Series) -> str:
        return f"∑({self.set(node.term)} for {node.index.name} < {self.set(node.count)})"


_TEXT = _Text()
