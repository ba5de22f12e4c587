"""What all notations share: which part needs brackets inside which other.

A notation is a `Fold` over the nodes of `layout`: it says how each kind of node is printed, and
`Fold.set` puts brackets where a part binds more loosely than what it stands in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum

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
    Root,
    Series,
    Signed,
    Sum,
)

__all__ = ["Fold", "Strength"]


class Strength(IntEnum):
    """How tightly a printed part holds together."""

    ANY = 0
    SUM = 1
    PRODUCT = 2
    FACTOR = 3
    POWER = 4
    ATOM = 5


class Fold(ABC):
    """One notation.  Subclasses write the kinds of nodes; the places of brackets are theirs too,
    by the strength they ask of a part in `set`.
    """

    quotient_strength = Strength.PRODUCT
    """How tightly a fraction holds together: one set with a bar is a factor by itself."""
    floor_strength = Strength.ATOM
    """How tightly a division rounded down holds together: one set between bars is an atom."""

    series_strength = Strength.ATOM
    """How tightly a sum over copies holds together: one set between brackets is an atom."""
    root_strength = Strength.POWER
    """How tightly a root holds together: one set under a bar is an atom."""

    def set(self, node: Node, inside: Strength = Strength.ANY) -> str:
        """`node` in this notation, in brackets where it binds more loosely than `inside`."""
        text, strength = self._parts(node)
        return self.brackets(text) if strength < inside else text

    def _parts(self, node: Node) -> tuple[str, Strength]:
        match node:
            case Number(value):
                return self.number(value), Strength.ATOM
            case Name(name):
                return self.name(name), Strength.ATOM
            case Signed(negative, inner):
                return (self.negative(inner), Strength.SUM) if negative else self._parts(inner)
            case Sum((first, *others)):
                rest = [(term.negative, self.set(term.node, Strength.PRODUCT)) for term in others]
                return self.sum(self.set(first, Strength.SUM), rest), Strength.SUM
            case Product(factors):
                return self.product(factors), Strength.PRODUCT
            case Power(base, exponent):
                return self.power(base, exponent), Strength.POWER
            case Root(degree, inside):
                return self.root(degree, inside), self.root_strength
            case Quotient(numerator, divisor):
                return self.quotient(numerator, divisor), self.quotient_strength
            case Floor(numerator, divisor):
                return self.floor(numerator, divisor), self.floor_strength
            case Ceiling(numerator, divisor):
                return self.ceiling(numerator, divisor), self.floor_strength
            case Call(function, arguments):
                return self.call(function, [self.set(a) for a in arguments]), Strength.ATOM
            case Series():
                return self.series(node), self.series_strength
        raise AssertionError(f"{type(node).__name__} is no node of a layout")

    def brackets(self, text: str) -> str:
        """`text` in round brackets."""
        return f"({text})"

    def number(self, value: int) -> str:
        """A natural number."""
        return str(value)

    def name(self, name: str) -> str:
        """A symbol."""
        return name

    @abstractmethod
    def negative(self, node: Node) -> str:
        """Minus `node`, at the head of a sum or alone."""

    @abstractmethod
    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        """`first`, and each of `rest` taken away where its flag is set, else added."""

    @abstractmethod
    def product(self, factors: Sequence[Node]) -> str:
        """The product of `factors`."""

    @abstractmethod
    def power(self, base: Node, exponent: Node) -> str:
        """`base` to the power of `exponent`."""

    @abstractmethod
    def root(self, degree: int, inside: Node) -> str:
        """The root of `inside` of that degree."""

    @abstractmethod
    def quotient(self, numerator: Node, divisor: Node) -> str:
        """An exact fraction."""

    @abstractmethod
    def floor(self, numerator: Node, divisor: Node) -> str:
        """A division rounded down."""

    @abstractmethod
    def ceiling(self, numerator: Node, divisor: Node) -> str:
        """A division rounded up."""

    @abstractmethod
    def call(self, function: str, arguments: Sequence[str]) -> str:
        """``max``, ``min`` or ``log`` of arguments already set."""

    @abstractmethod
    def series(self, node: Series) -> str:
        """A sum over copies."""
