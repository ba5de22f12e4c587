"""Formulas as JavaScript that computes with whole numbers of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

from sympy import Expr

from archcalc.symbolic.division import is_whole
from archcalc.symbolic.errors import ExpressionError
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.fold import Fold, Strength
from archcalc.symbolic.printing.layout import Node, Number, Series, layout
from archcalc.symbolic.printing.raising import raised

__all__ = ["javascript_helpers", "to_javascript"]


def to_javascript(expression: Expr | int, names: Mapping[str, str] | None = None) -> str:
    """`expression` as JavaScript, exact at any size: every symbol is a BigInt, and so is the value.

    What is not whole, as a third is, is a fraction ``{n, d}``.  The code calls the functions of
    `javascript_helpers`, which a page has once.

    Args:
        expression: what to compute.
        names: what symbols are called, where not by their own names; a name that JavaScript keeps
            for itself has a ``$`` before it.

    Raises:
        ExpressionError: it holds a root or a logarithm, which have no exact value.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, k, new = symbols("h k new")
    >>> to_javascript(FloorDiv(h - k, 2)**2 + new)
    'floorDiv(h - k, 2n)**2n + $new'
    >>> to_javascript(h*(h - 1)/2)
    'quotient(times(h, add(h, -1n)), 2n)'
    """
    whole = is_whole(plain(expression)) if isinstance(expression, Expr) else True
    made = (_Whole if whole else _Exact)(dict(names or {}))
    return made.set(layout(expression))


@lru_cache(maxsize=1)
def javascript_helpers() -> str:
    """The functions that printed formulas call: divisions rounded down, powers, sums, fractions.

    >>> "function floorDiv(a, b)" in javascript_helpers()
    True
    """
    text = files("archcalc.symbolic.printing").joinpath("exact.js").read_text("utf-8")
    limits = f"const POWER_BITS = {LIMITS.power_bits}, SUMMED = {LIMITS.summed};"
    head, _, rest = text.partition("const POWER_BITS")
    return f"{head}{limits}{rest.partition(';')[2]}"


_WORDS = """
arguments await break case catch class const continue debugger default delete do else enum eval
export extends false finally for function if implements import in instanceof interface let new null
package private protected public return static super switch this throw true try typeof undefined
var void while with yield NaN Infinity BigInt Unanswered POWER_BITS SUMMED shorten shown gcd above
under lowest add times quotient larger max min floorDiv bits power total
"""

_RESERVED = frozenset(_WORDS.split())
"""What a symbol cannot be called: words of the language, and the functions that are called."""


class _Whole(Fold):
    """Operators of BigInts, for what is whole in every part."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def number(self, value: int) -> str:
        return f"{value}n"

    def name(self, name: str) -> str:
        return self._names.get(name) or (f"${name}" if name in _RESERVED else name)

    def negative(self, node: Node) -> str:
        # -x**2n is a syntax error in JavaScript, so only what cannot begin with a power goes bare
        return "-" + self.set(node, Strength.ATOM)

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return first + "".join(f" {'-' if minus else '+'} {term}" for minus, term in rest)

    def product(self, factors: Sequence[Node]) -> str:
        return "*".join(self.set(factor, Strength.FACTOR) for factor in factors)

    def power(self, base: Node, exponent: Node) -> str:
        if isinstance(exponent, Number):
            return f"{self.set(base, Strength.ATOM)}**{self.set(exponent)}"
        return f"power({self.set(base)}, {self.set(exponent)})"

    def root(self, degree: int, inside: Node) -> str:
        raise _inexact("a root")

    def quotient(self, numerator: Node, divisor: Node) -> str:
        return f"quotient({self.set(numerator)}, {self.set(divisor)})"

    def floor(self, numerator: Node, divisor: Node) -> str:
        return f"floorDiv({self.set(numerator)}, {self.set(divisor)})"

    def ceiling(self, numerator: Node, divisor: Node) -> str:
        return self.floor(raised(numerator, divisor), divisor)

    def call(self, function: str, arguments: Sequence[str]) -> str:
        if function == "log":
            raise _inexact("a logarithm")
        return f"{function}({', '.join(arguments)})"

    def series(self, node: Series) -> str:
        return f"total({self.set(node.count)}, ({self.set(node.index)}) => {self.set(node.term)})"


class _Exact(_Whole):
    """Functions that take fractions too."""

    quotient_strength = Strength.ATOM

    def negative(self, node: Node) -> str:
        if isinstance(node, Number):
            return "-" + self.set(node)
        return f"times(-1n, {self.set(node)})"

    def sum(self, first: str, rest: Sequence[tuple[bool, str]]) -> str:
        return f"add({first}, {', '.join(self._signed(*part) for part in rest)})"

    @staticmethod
    def _signed(minus: bool, term: str) -> str:
        if not minus:
            return term
        return f"-{term}" if term[:-1].isdecimal() else f"times(-1n, {term})"

    def product(self, factors: Sequence[Node]) -> str:
        if len(factors) == 1:
            return self.set(factors[0])
        return f"times({', '.join(map(self.set, factors))})"

    def power(self, base: Node, exponent: Node) -> str:
        return f"power({self.set(base)}, {self.set(exponent)})"

    def brackets(self, text: str) -> str:
        return text  # every part is a call, a name or a number


def _inexact(what: str) -> ExpressionError:
    return ExpressionError(
        f"{what} has no exact value", code="not-exact", hint="print it as Python, for floats"
    )
