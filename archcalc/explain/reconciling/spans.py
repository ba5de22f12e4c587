"""What is claimed of some calls together, and what explains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from archcalc.explain.reconciling.candidates import Candidate
from archcalc.explain.reconciling.likelihood import numbers_there
from archcalc.explain.reconciling.slips import Slip

__all__ = ["Answer", "Explanation", "Span"]

_ROUNDED_FROM = 1_000
"""What is smaller is given to the last digit."""


@dataclass(frozen=True)
class Span:
    """What is claimed of some calls together.

    Attributes:
        path: where: the layer, the block, or the last of the calls.
        rows: the numbers of the calls; −1 stands for the network's input.
        low, high: between which numbers the claim lies; both are it where it is no rounded one.
        actual: the right number.
        written: the running total as it was put down, and the one before it.
        slips: what may have gone wrong in writing: the ``"digits"``, the ``"sum"``, or nothing.
        evidence: bits in favour of an explanation beside the number.
        about: how far from it the truth may lie for the claim to be right, rounded.
    """

    path: str
    rows: frozenset[int]
    low: int
    high: int
    actual: int
    written: tuple[int, int] | None = None
    slips: str = ""
    evidence: float = 0.0
    about: int = 0

    @property
    def claimed(self) -> int:
        """The claim; the middle of a rounded one."""
        return (self.low + self.high) // 2

    @property
    def exact(self) -> bool:
        """Whether it is one number, and no rounded figure."""
        return self.low == self.high

    @property
    def wanted(self) -> int:
        """What lies between the claim and the truth."""
        return self.actual - self.claimed

    @property
    def right(self) -> bool:
        """Whether the right number is what was claimed."""
        return self.low - self.about <= self.actual <= self.high + self.about

    @cached_property
    def width(self) -> int:
        """How many numbers the claim stands for: it has so few digits, or ends in noughts.

        Nobody rounds hundreds: that such a number ends in a nought says nothing.
        """
        noughts = _noughts(self.claimed) - _noughts(self.actual)
        rounded = noughts > 0 and self.claimed >= _ROUNDED_FROM
        return max(self.high - self.low + 1, 10**noughts if rounded else 1)

    @cached_property
    def there(self) -> float:
        """How many numbers it might have been."""
        return numbers_there(self.claimed, self.actual, self.width)

    def meets(self, amount: int) -> bool:
        """Whether an amount is what lies between the claim and the truth."""
        return self.low <= self.actual - amount <= self.high


def _noughts(number: int) -> int:
    """How many noughts a number ends in."""
    digits = str(number)
    return len(digits) - len(digits.rstrip("0"))


@dataclass(frozen=True)
class Explanation:
    """Edits that explain a claim.

    Attributes:
        bits: what they cost together.
        parts: the edits.
        amounts: what they add to each call.
        slip: the slip of the written number, if there is one.
    """

    bits: float
    parts: tuple[Candidate, ...]
    amounts: dict[int, int]
    slip: Slip | None = None

    @property
    def cause(self) -> object:
        """What they are, to tell one explanation from another."""
        parts = frozenset((p.cause or p.tag) for p in self.parts)
        return parts, self.slip.meant if self.slip else None

    @property
    def inputs(self) -> object:
        """The shapes that the network is taken to have begun with; ``None`` for its own."""
        return next((p.inputs for p in self.parts if p.inputs is not None), None)


@dataclass
class Answer:
    """What was found for one claim, the best first.

    Attributes:
        span: the claim.
        explanations: what is believed.
        nearest: the single edits that come nearest.
        possible: what fits and is not believed.
    """

    span: Span
    explanations: list[Explanation] = field(default_factory=list)
    nearest: list[Candidate] = field(default_factory=list)
    possible: list[Explanation] = field(default_factory=list)

    @property
    def explained(self) -> bool:
        """Whether one is believed."""
        return bool(self.explanations)
