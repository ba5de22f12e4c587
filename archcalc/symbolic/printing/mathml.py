"""Formulas as presentation MathML, which browsers show without any script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from sympy import Expr, Symbol

from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import Node, Series, layout
from archcalc.symbolic.printing.names import GREEK, split_name

__all__ = ["to_mathml"]

_APPLY = "\N{FUNCTION APPLICATION}"


def to_mathml(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
    *,
    display: bool = False,
) -> str:
    """`expression` as a ``<math>`` element, escaped for HTML and XML alike.

    Args:
        expression: what to set.
        values: see `layout`.
        order: see `layout`.
        display: set on a line of its own, and not within a line of text.

    >>> from archcalc.symbolic import symbols
    >>> n1 = symbols("n1")
    >>> print(to_mathml(n1 + 1))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><msub><mi>n</mi><mn>1</mn></msub><mo>+</mo><mn>1</mn></mrow></math>
    """
    block = ' display="block"' if display else ""
    inside = _MATHML.set(layout(expression, values, order))
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML"{block}>{inside}</math>'


class _Mathml(Fold):
    """Every part is exactly one element, since ``msup`` and ``mfrac`` count their children."""

    quotient_strength = Strength.FACTOR
    series_strength = Strength.SUM
    root_strength = Strength.ATOM

    def brackets(self, text: str) -> str:
        return _fenced("(", text, ")")

    def number(self, value: int) -> str:
        return f"<mn>{value}</mn>"

    def name(self, name: str) -> str:
        base, subscripts = split_name(name)
        if not subscripts:
            return _word(base)
        return (
            f"<msub>{_word(base)}{_row(*_between(map(_word, subscripts), _operator(',')))}</msub>"
        )

    def negative(self, node: Node) -> str:
        return _row(_operator("−"), self.set(node, Strength.PRODUCT))

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return _row(first, *[_operator("−" if minus else "+") + term for minus, term in rest])

    def product(self, factors: Sequence[Node]) -> str:
        set_apart = [self.set(factor, Strength.FACTOR) for factor in factors]
        return _row(*_between(set_apart, _operator("·")))

    def power(self, base: Node, exponent: Node) -> str:
        return f"<msup>{self.set(base, Strength.ATOM)}{self.set(exponent)}</msup>"

    def root(self, degree: int, inside: Node) -> str:
        if degree == 2:
            return f"<msqrt>{self.set(inside)}</msqrt>"
        return f"<mroot>{self.set(inside)}{self.number(degree)}</mroot>"

    def quotient(self, numerator: Node, divisor: Node) -> str:
        return f"<mfrac>{self.set(numerator)}{self.set(divisor)}</mfrac>"

    def floor(self, numerator: Node, divisor: Node) -> str:
        return _fenced("⌊", self.quotient(numerator, divisor), "⌋")

    def ceiling(self, numerator: Node, divisor: Node) -> str:
        return _fenced("⌈", self.quotient(numerator, divisor), "⌉")

    def call(self, function: str, arguments: Sequence[str]) -> str:
        listed = _row(*_between(arguments, _operator(",")))
        return _row(f"<mi>{function}</mi>", _operator(_APPLY), _fenced("(", listed, ")"))

    def series(self, node: Series) -> str:
        first = _row(self.set(node.index), _operator("="), self.number(0))
        sign = f"<munderover>{_operator('∑')}{first}{self.set(node.last)}</munderover>"
        return _row(sign, self.set(node.term, Strength.PRODUCT))


def _operator(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _row(*elements: str) -> str:
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def _between(elements: Iterable[str], sign: str) -> list[str]:
    return [part for element in elements for part in (sign, element)][1:]


_TALL = ("<mfrac>", "<munderover>", "<msqrt>", "<mroot>")


def _fenced(left: str, inside: str, right: str) -> str:
    """Brackets, which grow with what is tall only: browsers stretch them around a subscript too."""
    if any(tag in inside for tag in _TALL):
        return _row(_operator(left), inside, _operator(right))
    before, after = (f'<mo stretchy="false">{sign}</mo>' for sign in (left, right))
    return _row(before, inside, after)


def _word(word: str) -> str:
    if word.isdecimal():
        return f"<mn>{word}</mn>"
    return f"<mi>{escape(GREEK.get(word, word))}</mi>"


_MATHML = _Mathml()
