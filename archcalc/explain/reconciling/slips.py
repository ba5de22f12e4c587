"""Edits of the number as it was put down: a carry forgotten, digits exchanged, dropped or doubled.

A single wrong digit is none of these: any number is one wrong digit from 9 others a place, which
would explain whatever one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Slip", "slips"]


@dataclass(frozen=True, slots=True)
class Slip:
    """A number that may have been meant by another.

    Attributes:
        meant: the number that was meant.
        bits: what it costs.
        what: in words.
    """

    meant: int
    bits: float
    what: str


def slips(written: int, *, of_sum: bool) -> Iterator[Slip]:
    """The numbers that may have been meant where `written` was put down.

    Args:
        written: the number.
        of_sum: whether it was added up, so that a carry may have been forgotten.

    >>> [(s.meant, s.what) for s in slips(1219, of_sum=True)][:2]
    [(1229, 'a carry'), (1209, 'a carry')]
    """
    digits = str(written)
    seen = {written}
    for slip in (
        *(_carries(written) if of_sum else ()),
        *_exchanged(digits),
        *_dropped(digits),
    ):
        if slip.meant not in seen and slip.meant > 0:
            seen.add(slip.meant)
            yield slip


def _carries(written: int) -> Iterator[Slip]:
    for place in range(1, len(str(written))):
        for sign in (1, -1):
            yield Slip(written + sign * 10**place, 6.0, "a carry")


def _exchanged(digits: str) -> Iterator[Slip]:
    for i in range(len(digits) - 1):
        if digits[i] != digits[i + 1]:
            made = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
            if made[0] != "0" and len(digits) > 2:
                yield Slip(int(made), 5.5, "two digits exchanged")


def _dropped(digits: str) -> Iterator[Slip]:
    if len(digits) < 4:
        return
    for i in range(len(digits) - 1):
        if digits[i] == digits[i + 1]:
            yield Slip(int(digits[:i] + digits[i + 1 :]), 8.0, "a digit too many")
    for i in range(1, len(digits) + 1):
        for digit in "0123456789":
            yield Slip(int(digits[:i] + digit + digits[i:]), 10.5, "a digit dropped")
