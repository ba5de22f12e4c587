r"""Formulas as LaTeX: ``\left\lfloor \frac{h - k}{s} \right\rfloor + 1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Symbol

from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import Node, Series, layout
from archcalc.symbolic.printing.names import GREEK, split_name

__all__ = ["to_latex"]


def to_latex(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
) -> str:
    r"""`expression` as LaTeX for mathematics mode, without dollar signs.

    Needs no package.  See `layout` for `values` and `order`, and for errors.

    >>> from archcalc.symbolic import symbols
    >>> c_in, f, k = symbols("c_in f k")
    >>> print(to_latex(k**2*c_in*f + 10*f))
    c_{\mathrm{in}} \cdot f \cdot k^{2} + 10 \cdot f
    """
    return _LATEX.set(layout(expression, values, order))


class _Latex(Fold):
    quotient_strength = Strength.FACTOR
    series_strength = Strength.SUM
    root_strength = Strength.ATOM

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def name(self, name: str) -> str:
        base, subscripts = split_name(name)
        if not subscripts:
            return _word(base)
        return f"{_word(base)}_{{{','.join(map(_word, subscripts))}}}"

    def negative(self, node: Node) -> str:
        return f"-{self.set(node, Strength.PRODUCT)}"

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return first + "".join(f" {'-' if minus else '+'} {term}" for minus, term in rest)

    def product(self, factors: Sequence[Node]) -> str:
        return r" \cdot ".join(self.set(factor, Strength.FACTOR) for factor in factors)

    def power(self, base: Node, exponent: Node) -> str:
        return f"{self.set(base, Strength.ATOM)}^{{{self.set(exponent)}}}"

    def root(self, degree: int, inside: Node) -> str:
        index = "" if degree == 2 else f"[{degree}]"
        return rf"\sqrt{index}{{{self.set(inside)}}}"

    def quotient(self, numerator: Node, divisor: Node) -> str:
        return rf"\frac{{{self.set(numerator)}}}{{{self.set(divisor)}}}"

    def floor(self, numerator: Node, divisor: Node) -> str:
        return rf"\left\lfloor {self.quotient(numerator, divisor)} \right\rfloor"

    def ceiling(self, numerator: Node, divisor: Node) -> str:
        return rf"\left\lceil {self.quotient(numerator, divisor)} \right\rceil"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return rf"\{function}\left({', '.join(arguments)}\right)"

    def series(self, node: Series) -> str:
        ends = f"_{{{self.set(node.index)}=0}}^{{{self.set(node.last)}}}"
        return rf"\sum{ends} {self.set(node.term, Strength.PRODUCT)}"


def _word(word: str) -> str:
    """A letter in italics, a Greek letter by its command, a longer word upright."""
    if word in GREEK:
        return f"\\{word}"
    if word in _COMMANDS:
        return _COMMANDS[word]
    if len(word) == 1 or word.isdecimal():
        return word
    return rf"\mathrm{{{word.replace('_', _COMMANDS['_'])}}}"


_COMMANDS = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"_": r"\_"}


_LATEX = _Latex()
