"""Formulas as plain text: ``(⌊(29 − k)/2⌋²·f + 1)·n``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Symbol

from archcalc.symbolic.printing.layout import (
    Call,
    Ceiling,
    Floor,
    Name,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Signed,
    Sum,
    layout,
)

__all__ = ["text_of", "to_text"]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4


def to_text(
    expression: Expr | int,
    values: Mapping[Symbol, Expr | int] | None = None,
    order: Sequence[Symbol] = (),
) -> str:
    """`expression` as text with ``·``, ``²`` and ``⌊ ⌋``; the parser reads it back.

    See `layout` for `values` and `order`.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k, s = symbols("h k s")
    >>> print(to_text(FloorDiv(h - k, s) + 1), "=", to_text(FloorDiv(h - k, s) + 1, {h: 28, k: 3, s: 1}))
    ⌊(h − k)/s⌋ + 1 = ⌊(28 − 3)/1⌋ + 1
    """
    return text_of(layout(expression, values, order))


def text_of(node: Node) -> str:
    """One laid-out formula as text."""
    return _set(node, 0)


def _set(node: Node, inside: int) -> str:
    """`node` as text, in parentheses where it binds more loosely than what it stands inside."""
    text, strength = _parts(node)
    return f"({text})" if strength < inside else text


def _parts(node: Node) -> tuple[str, int]:
    match node:
        case Number(value):
            return str(value), _ATOM
        case Name(name):
            return name, _ATOM
        case Signed(negative, inner):
            return (f"−{_set(inner, _PRODUCT)}", _SUM) if negative else _parts(inner)
        case Sum(terms):
            return _sum(terms), _SUM if len(terms) > 1 else _PRODUCT
        case Product(factors):
            return "·".join(_set(factor, _PRODUCT + 0.5) for factor in factors), _PRODUCT
        case Power(base, exponent):
            return _power(base, exponent), _POWER
        case Quotient(numerator, divisor):
            return f"{_set(numerator, _PRODUCT)}/{_set(divisor, _POWER)}", _PRODUCT
        case Floor(numerator, divisor):
            return f"⌊{_set(numerator, _PRODUCT)}/{_set(divisor, _POWER)}⌋", _ATOM
        case Ceiling(numerator, divisor):
            return f"⌈{_set(numerator, _PRODUCT)}/{_set(divisor, _POWER)}⌉", _ATOM
        case Call(function, arguments):
            return f"{function}({', '.join(_set(a, 0) for a in arguments)})", _ATOM


def _sum(terms: tuple[Signed, ...]) -> str:
    first, *others = terms
    text = _set(first, _SUM)
    for term in others:
        text += f" {'−' if term.negative else '+'} {_set(term.node, _PRODUCT)}"
    return text


def _power(base: Node, exponent: Node) -> str:
    below = _set(base, _ATOM)
    if isinstance(exponent, Number):
        return below + str(exponent.value).translate(_SUPERSCRIPTS)
    return f"{below}^{_set(exponent, _ATOM)}"
