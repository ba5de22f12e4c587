"""How large a formula from outside may become, measured before anything large is computed."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, lcm, prod

from sympy import Add, Expr, Mul, Pow, Rational, preorder_traversal

from archcalc.symbolic.limits import LIMITS

__all__ = [
    "Sizes",
    "TooLargeError",
    "coefficient_bits",
    "require",
]


class TooLargeError(Exception):
    """A value passed a bound; the caller, which has the text, raises the error."""


def require(condition: bool) -> None:
    """Raise `TooLargeError` unless `condition` holds."""
    if not condition:
        raise TooLargeError


def coefficient_bits(e: Expr) -> int:
    """The bits of the number in front of `e`."""
    return _bits(e.as_coeff_Mul()[0])


def _bits(number: Rational) -> int:
    return max(int(number.p).bit_length(), int(number.q).bit_length())


@dataclass(frozen=True, slots=True)
class _Size:
    """The nodes and degree of a value, and how many terms it would at most be, multiplied out,
    with coefficients of how many bits over a common divisor.
    """

    nodes: int
    degree: int
    terms: int
    bits: int
    divisor: int = 1


class Sizes:
    """The sizes of all parts of the values met so far; what is shared is measured once."""

    def __init__(self) -> None:
        self._known: dict[Expr, _Size] = {}

    def check(self, e: Expr) -> None:
        """Make sure that `e` can be kept.

        Raises:
            TooLargeError: a part has too many nodes, too large a number or, as a sum, too high
                a degree: sympy looks for the roots of a sum to learn its sign.
        """
        self._of(e)

    def check_degree(self, e: Expr) -> None:
        """Make sure that `e` can be compared: sympy makes a sum of what it compares.

        Raises:
            TooLargeError: the degree of `e` is too high.
        """
        require(self._of(e).degree <= LIMITS.degree)

    def check_expansion(self, numerator: Expr, divisor: Expr) -> None:
        """Make sure that ``numerator/divisor`` can be multiplied out.

        Raises:
            TooLargeError: some part would have too many terms or too large a number.
        """
        for part in (*preorder_traversal(numerator), *preorder_traversal(divisor)):
            size = self._of(part)
            require(size.terms <= LIMITS.divided_terms and size.bits <= 4 * LIMITS.bits)
            require(size.divisor < _LARGE)
        require(self._of(numerator).terms * self._of(divisor).terms <= 4 * LIMITS.divided_terms)

    def _of(self, e: Expr) -> _Size:
        found = self._known.get(e)
        if found is None:
            found = self._known[e] = _measured(e, [self._of(a) for a in e.args])
            require(found.nodes <= LIMITS.parts)
            require(not e.is_Add or found.degree <= LIMITS.degree)
        return found


def _measured(e: Expr, parts: list[_Size]) -> _Size:
    nodes = 1 + sum(part.nodes for part in parts)
    if isinstance(e, Rational):
        require(_bits(e) <= LIMITS.bits)
        return _Size(nodes, 0, 1, _bits(e), int(e.q))
    degree = max((part.degree for part in parts), default=1)
    if isinstance(e, Add):
        terms = _few(sum(part.terms for part in parts))
        divisor = _bounded(lcm(*(part.divisor for part in parts)))
        bits = max(part.bits + (divisor // part.divisor).bit_length() - 1 for part in parts)
        return _Size(nodes, degree, terms, bits + terms.bit_length(), divisor)
    if isinstance(e, Mul):
        degree, bits = sum(part.degree for part in parts), sum(part.bits for part in parts)
        divisor = _bounded(prod(part.divisor for part in parts))
        return _Size(nodes, degree, _few(prod(part.terms for part in parts)), bits, divisor)
    if isinstance(e, Pow) and e.exp.is_Integer:
        base, n = parts[0], abs(int(e.exp))
        require(n <= LIMITS.exponent)
        bits = n * (base.bits + base.terms.bit_length() - 1)
        divisor = _bounded(base.divisor**n) if e.exp > 0 else 1
        return _Size(nodes, n * base.degree, _few(comb(n + base.terms - 1, n)), bits, divisor)
    return _Size(nodes, max(degree, 1), 1, 0)


_LARGE = 1 << 4 * LIMITS.bits
"""A divisor that is too large anyway."""


def _bounded(divisor: int) -> int:
    """`divisor`, or a number that is too large anyway: what is measured must stay small."""
    return min(divisor, _LARGE)


def _few(terms: int) -> int:
    """`terms`, or a number that is too many anyway: the count itself must stay small."""
    return min(terms, 2 * LIMITS.divided_terms)
