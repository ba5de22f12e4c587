"""How little an explanation assumes, and how little it must assume to be believed.

A description length, in bits.  Each edit costs what its kind does (log₂ of one in how many
miscounts it is the cause), the place where it was made (log₂ of how many there are), and half a bit
for being one more; a mistake that the same person made elsewhere costs half a bit.

To say only "this number is another one" costs log₂ of how many numbers it might have been.  An
explanation has to be shorter than that by `MARGIN`: of random numbers, about one in 2^MARGIN then
has one.  Besides, where so many edits as cheap were looked at that more than `CHANCE` of all
numbers would have been hit, hitting this one says nothing.  What costs `USUAL` at most is believed
all the same, unless such edits would hit more than `COMMON` of all numbers: these few are so usual
that a small number, too, may be one.
"""

from __future__ import annotations

from math import log2

__all__ = [
    "AGAIN", "ALONE", "CHANCE", "CHANCE_OF_ONE", "CHANCE_OF_ROUNDED", "COMMON", "EVERYWHERE",
    "MARGIN", "NEAR", "NEAR_BEFORE", "NEAR_OF_SEVERAL", "NEAR_USUAL", "ONE_CHOICE", "ONE_MORE",
    "ONE_OF_TWO", "UNLISTED", "USUAL", "USUAL_ANYWHERE", "believed", "numbers_there", "place_bits",
]  # fmt: skip

MARGIN = 3.0
"""By how many bits an explanation is shorter than the number that it explains."""

CHANCE = 0.05
"""The share of all numbers that explanations as cheap may hit."""

CHANCE_OF_ROUNDED = 0.03
"""The same of rounded figures: many edits come near one of two digits."""

CHANCE_OF_ONE = 0.07
"""The same for one edit alone, whose amount is the whole difference and no sum of two."""

USUAL = 3.2
"""What costs so much at most needs no more evidence."""

USUAL_ANYWHERE = 2.5
"""What costs so much at most, wherever it was made, needs no more evidence either: how many places
there are is in how many numbers it would have hit."""

COMMON = 0.15
"""The share of all numbers that the few usual mistakes may hit."""

NEAR = 4.5
"""Explanations that differ by so many bits are equally good."""

NEAR_USUAL = 3.0
"""The same beside a usual mistake, which is likelier than the others that amount to as much."""

NEAR_OF_SEVERAL = 7.0
"""The same where the best is several edits: many others then give the number as well."""

NEAR_BEFORE = 5.5
"""The same where the cause lies before what was claimed, and shows in sizes alone."""

UNLISTED = 0.1
"""How likely it may be that the cause is none of those listed, where several are."""

AGAIN = 0.5
"""The cost of a mistake that the same person made elsewhere."""

ONE_MORE = 0.5
"""The cost of a further edit, beside its own."""

ONE_OF_TWO = 4.0
"""The cost of a mistake in one of two directions that are one layer to a person."""

ONE_CHOICE = 2.0
"""The cost of another convention at one of several layers: a person chooses once, for all."""

ALONE = 2.0
"""The cost of one more cause: a person makes few mistakes that have nothing to do with another."""

EVERYWHERE = 1.0
"""The cost of making a mistake wherever it can be made, beside its own."""


def numbers_there(claimed: float, actual: float, width: float = 1) -> float:
    """How many numbers a claim might have been.

    >>> numbers_there(288, 320), numbers_there(138e6, 138e6, width=1e6)
    (320.0, 138.0)
    """
    return (
        max(abs(claimed), abs(actual), 2.0) / width
        if width > 1
        else float(max(abs(claimed), abs(actual), 2.0))
    )


def place_bits(places: int) -> float:
    """The cost of one place among several.

    >>> place_bits(8)
    3.0
    """
    return log2(places) if places > 1 else 0.0


def believed(
    bits: float,
    there: float,
    as_cheap: float,
    evidence: float = 0.0,
    exact: bool = True,
    chance: float = CHANCE,
    anywhere: float = float("inf"),
) -> bool:
    """Whether an explanation of `bits` is one.

    Args:
        bits: what it costs.
        there: how many numbers the claim might have been.
        as_cheap: how many other numbers an explanation as cheap would have hit.
        exact: whether the claim is one number, and no rounded figure.
        evidence: bits in its favour beside the number, as where a formula shows what was done.
        chance: the share of all numbers that explanations as cheap may hit.
        anywhere: what it costs without the place, where it is one edit.

    >>> believed(1.0, 320, 1), believed(9.0, 320, 40), believed(9.0, 540_900, 300)
    (True, False, True)
    """
    common = max(2.0, COMMON * there * 2**evidence)
    usual = bits <= USUAL + evidence or anywhere <= USUAL_ANYWHERE
    if exact and usual and as_cheap <= common:
        return True
    share = chance if exact else min(chance, CHANCE_OF_ROUNDED)
    return bits <= log2(there) - MARGIN + evidence and as_cheap <= share * there * 2**evidence
