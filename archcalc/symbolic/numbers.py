"""Exact numbers as people write and read them: ``542,230``, ``1e6``, ``25.6M``."""

from __future__ import annotations

import re
from fractions import Fraction

from archcalc.symbolic.limits import LIMITS

__all__ = ["SUFFIXES", "read_number", "shown"]

SUFFIXES = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12, "P": 15}
"""What stands behind a number for a power of ten; a billion is ``B``, and ``G`` as a prefix is."""

_SEPARATORS = ",_'\u202f\u00a0 "
_NUMBER = re.compile(
    rf"""(?P<whole>[0-9]{{1,600}}|[0-9]{{1,3}}(?:([{_SEPARATORS}])[0-9]{{3}})(?:\2[0-9]{{3}}){{0,199}}
          |[0-9]+(?:_[0-9]+){{0,200}}|(?=\.[0-9]))
        (?:\.(?P<decimals>[0-9]{{0,100}}))?
        (?:[eE](?P<exponent>[+-]?[0-9]{{1,3}}))?
        [ ]?(?P<suffix>[kKMGBTP])?""",
    re.VERBOSE,
)


def read_number(text: str) -> int | Fraction | None:
    """The number that `text` writes, exactly; ``None`` where it writes none.

    >>> read_number("541,988"), read_number("25.6M"), read_number("1e6"), read_number("2.5")
    (541988, 25600000, 1000000, Fraction(5, 2))
    >>> print(read_number("12,34"), read_number("2·k"))
    None None
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    exponent = int(found["exponent"] or 0)
    if abs(exponent) > LIMITS.decimal_digits:
        return None
    digits = re.sub(r"[^0-9]", "", found["whole"]) or "0"
    number = Fraction(f"{digits}.{found['decimals'] or 0}")
    number *= Fraction(10) ** (exponent + SUFFIXES.get(found["suffix"] or "", 0))
    return number.numerator if number.denominator == 1 else number


_READS_AS_IT_IS = 100
"""A ratio of smaller numbers needs no decimals."""


def shown(value: int | Fraction) -> str:
    """A number for people, no longer than a line; a long ratio with its decimals.

    >>> shown(542230), shown(2**10_000)
    ('542,230', 'an integer of 10,001 bits')
    >>> shown(Fraction(7, 2)), shown(Fraction(2084010, 10471))
    ('7/2', '2,084,010/10,471 ≈ 199.027')
    """
    longest = max(abs(value.numerator), value.denominator)
    if longest.bit_length() > 300:
        return f"an integer of {longest.bit_length():,} bits"
    if isinstance(value, int):
        return f"{value:,}"
    ratio = f"{value.numerator:,}/{value.denominator:,}"
    return ratio if longest < _READS_AS_IT_IS else f"{ratio} ≈ {float(value):,.6g}"
