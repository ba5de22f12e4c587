"""Formulas as presentation MathML, which browsers show without any script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from sympy import Expr, Symbol

from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import Node, Product, Series, Signed, Sum, layout
from archcalc.symbolic.printing.names import GREEK, split_name

__all__ = ["to_mathml"]

_APPLY = "\N{FUNCTION APPLICATION}"


def to_mathml(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
    *,
    display: bool = False,
    apart: bool = False,
) -> str:
    """`expression` as a ``<math>`` element, escaped for HTML and XML alike.

    Args:
        expression: what to set.
        values: see `layout`.
        order: see `layout`.
        display: set on a line of its own, and not within a line of text.
        apart: terms of sums are elements of their own, between which browsers break lines: they do
            not within one.

    >>> from archcalc.symbolic import symbols
    >>> n1 = symbols("n1")
    >>> print(to_mathml(n1 + 1))
    <math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><msub><mi>n</mi><mn>1</mn></msub><mo>+</mo><mn>1</mn></mrow></math>
    """
    block = ' display="block"' if display else ""
    node = layout(expression, values, order)
    pieces = _MATHML.pieces(node) if apart else [_MATHML.set(node)]
    begin = f'<math xmlns="http://www.w3.org/1998/Math/MathML"{block}>'
    return "<wbr/>".join(f"{begin}{piece}</math>" for piece in pieces)


class _Mathml(Fold):
    """Every part is exactly one element, since ``msup`` and ``mfrac`` count their children."""

    quotient_strength = Strength.FACTOR
    series_strength = Strength.SUM
    root_strength = Strength.ATOM

    def pieces(self, node: Node) -> list[str]:
        """What may stand on lines of its own: terms, those within low brackets too."""
        match node:
            case Sum(terms):
                return [piece for i, term in enumerate(terms) for piece in self._term(term, i)]
            case Product(factors):
                return self._factors(factors)
            case _:
                return [self.set(node)]

    def _term(self, term: Signed, place: int) -> list[str]:
        sign = "−" if term.negative else "+" if place else ""
        inner = term.node
        first, *rest = (
            [self.set(inner, Strength.PRODUCT)] if isinstance(inner, Sum) else self.pieces(inner)
        )
        return [
            f"{_between_terms(sign) if place else _operator(sign) if sign else ''}{first}",
            *rest,
        ]

    def _factors(self, factors: Sequence[Node]) -> list[str]:
        made = [""]
        for place, factor in enumerate(factors):
            made[-1] += _between_terms("·") if place else ""
            whole = self.set(factor, Strength.FACTOR)
            if isinstance(factor, Sum) and not _is_tall(whole) and _letters(whole) > _SHORT:
                first, *rest = self.pieces(factor)
                made[-1] += _LOW[0] + first
                made += rest
                made[-1] += _LOW[1]
            else:
                made[-1] += whole
        return made

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


def _between_terms(sign: str) -> str:
    """A sign at the beginning of a piece, which is set as between two."""
    return f'<mo form="infix">{sign}</mo>'


def _row(*elements: str) -> str:
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def _between(elements: Iterable[str], sign: str) -> list[str]:
    return [part for element in elements for part in (sign, element)][1:]


_TALL = ("<mfrac>", "<munderover>", "<msqrt>", "<mroot>")


_LOW = ('<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>')


_SHORT = 24
"""Brackets around no more letters than this are not broken into lines."""


def _letters(markup: str) -> int:
    return len(re.sub("<[^>]*>", "", markup))


def _is_tall(inside: str) -> bool:
    return any(tag in inside for tag in _TALL)


def _fenced(left: str, inside: str, right: str) -> str:
    """Brackets, which grow with what is tall only: browsers stretch them around a subscript too."""
    if _is_tall(inside):
        return _row(_operator(left), inside, _operator(right))
    before, after = (f'<mo stretchy="false">{sign}</mo>' for sign in (left, right))
    return _row(before, inside, after)


def _word(word: str) -> str:
    if word.isdecimal():
        return f"<mn>{word}</mn>"
    return f"<mi>{escape(GREEK.get(word, word))}</mi>"


_MATHML = _Mathml()
