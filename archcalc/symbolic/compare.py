"""Three-valued comparison: yes, no, or not decided while symbols have no numbers.

A bool would have to lie about ``h ≥ 7``.  The third answer, ``None``, keeps it as a requirement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, Rational, Symbol

from archcalc.symbolic.division import FloorDiv, least_value
from archcalc.symbolic.interval import Interval, added, extreme, floored, multiplied
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul, plain
from archcalc.symbolic.residues import in_classes
from archcalc.symbolic.sums import Index, Sum

__all__ = ["at_least", "bounds", "equal", "largest", "smallest"]

_POSITIVE: Interval = (Integer(1), None)
_NOT_NEGATIVE: Interval = (Integer(0), None)


def bounds(expression: Expr | int, known: Mapping[Symbol, Interval] | None = None) -> Interval:
    """Bounds on the value of `expression` when every symbol is at least 1.

    They hold always, and are not always the tightest.

    Args:
        expression: an expression of positive-integer symbols.
        known: tighter bounds for some of the symbols.

    >>> from archcalc.symbolic import symbols
    >>> h, k = symbols("h k")
    >>> bounds(2*h + 3), bounds(h - k)
    ((5, None), (None, None))
    """
    e = plain(expression)
    return _bounds(e, known or {})


def _bounds(e: Expr, known: Mapping[Symbol, Interval]) -> Interval:
    if isinstance(e, Rational):
        return e, e
    if isinstance(e, Symbol):
        return known.get(e, _NOT_NEGATIVE if isinstance(e, Index) else _POSITIVE)
    if isinstance(e, Sum):
        return _sum(e, known)
    if isinstance(e, OrderedAdd | OrderedMul):
        return _bounds(plain(e), known)
    if not isinstance(e, Add | Mul | Pow | FloorDiv | Max | Min):
        return None, None
    parts = [_bounds(a, known) for a in e.args]
    if isinstance(e, Add):
        return added(parts)
    if isinstance(e, Mul):
        return reduce(multiplied, parts)
    if isinstance(e, FloorDiv):
        return floored(*parts)
    if isinstance(e, Pow):
        return _power(*parts)
    return extreme(parts, max if isinstance(e, Max) else min)


def _sum(e: Sum, known: Mapping[Symbol, Interval]) -> Interval:
    fewest, most = _bounds(e.count, known)
    count = (Integer(0) if fewest is None else max(fewest, Integer(0)), most)
    last = None if most is None else max(most - 1, Integer(0))
    return multiplied(_bounds(e.term, {**known, e.index: (Integer(0), last)}), count)


def _power(base: Interval, exponent: Interval) -> Interval:
    low, most = exponent
    if _too_large(base, exponent):
        return None, None
    if low is None or low != most or not low.is_Integer:
        if base[0] is None or base[0] < 1 or low is None or low < 0:
            return None, None
        high = None if base[1] is None or most is None else base[1] ** -(-most // 1)
        return base[0] ** (low // 1), high  # a root is left to the next whole power
    n = int(low)
    if n < 0:
        return (Integer(0), None) if base[0] is not None and base[0] > 0 else (None, None)
    if base[0] is not None and base[0] >= 0:
        return base[0] ** n, None if base[1] is None else base[1] ** n
    return (Integer(0), None) if n % 2 == 0 else (None, None)


def _too_large(base: Interval, exponent: Interval) -> bool:
    """Whether a bound of the power would be too large to compute."""
    sizes = [max(abs(int(end.p)), int(end.q)).bit_length() for end in base if end is not None]
    tops = [abs(int(end)) for end in exponent if end is not None]
    return max(sizes, default=0) * max(tops, default=0) > LIMITS.early_power_bits


def at_least(a: Expr | int, b: Expr | int, *, by_classes: bool = False) -> bool | None:
    """Whether ``a ≥ b`` for all values of the symbols; ``None`` where that depends on them.

    Args:
        a, b: expressions.
        by_classes: look at each residue class too, where floors meet what they are floors of.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h = symbols("h")
    >>> at_least(h + 6, 7), at_least(h, 7), at_least(5, 7)
    (True, None, False)
    >>> at_least(h, 2*FloorDiv(h, 2)), at_least(h, 2*FloorDiv(h, 2), by_classes=True)
    (None, True)
    """
    if isinstance(a, int) and isinstance(b, int):
        return a >= b
    if isinstance(b, int) and (least := least_value(plain(a))) is not None and least >= b:
        return True  # most often no difference need be made
    difference = (plain(a) - plain(b)).expand()
    low, high = bounds(difference)
    if low is not None and low >= 0:
        return True
    if high is not None and high < 0:
        return False
    lows = (bounds(each)[0] for each in (in_classes(difference) if by_classes else ()))
    return _all(low is not None and low >= 0 for low in lows)


def _all(answers: Iterable[bool]) -> bool | None:
    """Whether all of some answers are yes, of which there is one at least; else it is open."""
    some = False
    for answer in answers:
        if not answer:
            return None
        some = True
    return some or None


def equal(a: Expr | int, b: Expr | int) -> bool | None:
    """Whether ``a = b`` for all values of the symbols; ``None`` where that depends on them.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h, w = symbols("h w")
    >>> equal(2*h, h + h), equal(h, w), equal(h + w, 1)
    (True, None, False)
    >>> equal(FloorDiv(h + 1, 2) + FloorDiv(h, 2), h)
    True
    """
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return False
    difference = (plain(a) - plain(b)).expand()
    low, high = bounds(difference)
    if low == high == 0:
        return True
    if (low is not None and low > 0) or (high is not None and high < 0):
        return False
    return _all(bounds(each) == (0, 0) for each in in_classes(difference))


def smallest(a: Expr | int, b: Expr | int) -> Expr | int:
    """The smaller of two dimensions; ``Min(a, b)`` where that depends on the symbols.

    >>> from archcalc.symbolic import FloorDiv, symbols
    >>> h = symbols("h")
    >>> smallest(FloorDiv(h, 2) + 1, FloorDiv(h + 1, 2))
    (h + 1)//2
    """
    first = _no_larger(a, b)
    if first is None:
        return Min(a, b)
    return a if first else b


def largest(a: Expr | int, b: Expr | int) -> Expr | int:
    """The larger of two dimensions; ``Max(a, b)`` where that depends on the symbols.

    >>> largest(2, 3)
    3
    """
    first = _no_larger(a, b)
    if first is None:
        return Max(a, b)
    return b if first else a


def _no_larger(a: Expr | int, b: Expr | int) -> bool | None:
    decided = at_least(b, a)
    if decided is not None:
        return decided
    reverse = at_least(a, b)
    if reverse is not None:
        return not reverse
    if plain(a).has(FloorDiv) != plain(b).has(FloorDiv):  # ⌊c/2⌋ is no larger than c
        if at_least(b, a, by_classes=True):
            return True
        if at_least(a, b, by_classes=True):
            return False
    return _floors_ordered(plain(a), plain(b))


def _floors_ordered(a: Expr, b: Expr) -> bool | None:
    """Floors of the same thing by the same divisor are ordered as the constants above them are."""
    (over_a, q_a), (over_b, q_b) = _as_one_floor(a), _as_one_floor(b)
    difference = (over_b - over_a).expand() if q_a == q_b else None
    if difference is None or not difference.is_number:
        return None
    return bool(difference >= 0)


def _as_one_floor(e: Expr) -> tuple[Expr, Expr]:
    """``⌊x/q⌋ + c`` as ``(x + c·q, q)``; anything else as itself over 1."""
    constant, rest = e.as_coeff_Add()
    if isinstance(rest, FloorDiv):
        return rest.numerator + constant * rest.divisor, rest.divisor
    return e, Integer(1)
