"""What becomes of configurations: counted while searching, and merged."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

__all__ = ["Found", "Tally", "better"]

Value: TypeAlias = int | Fraction


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration that meets every rule.

    Attributes:
        value: the objective there, which is to be large.
        turns: the turn of its value on each axis.
    """

    value: Value
    turns: tuple[int, ...]

    @property
    def rank(self) -> tuple[Value, tuple[int, ...]]:
        """Greater for the better one; of those with the same value, the first is better."""
        return self.value, tuple(-turn for turn in self.turns)


def better(a: Found | None, b: Found | None) -> Found | None:
    """The better one of two, where there are two."""
    if a is None or b is None:
        return a or b
    return max(a, b, key=lambda found: found.rank)


@dataclass(slots=True)
class Tally:
    """How many configurations had which fate; each has one.

    Attributes:
        evaluated: they meet every rule, and the objective was computed there.
        worse: the objective is known not to be better there.
        broken: how many break each rule, of those that are known to break none before it.
    """

    evaluated: int
    worse: int
    broken: list[int]

    @classmethod
    def empty(cls, rules: int) -> Tally:
        """Nothing counted yet."""
        return cls(0, 0, [0] * rules)

    @property
    def total(self) -> int:
        """All that are counted."""
        return self.evaluated + self.worse + sum(self.broken)

    def add(self, other: Tally) -> None:
        """Count what `other` counted too."""
        self.evaluated += other.evaluated
        self.worse += other.worse
        self.broken = [a + b for a, b in zip(self.broken, other.broken, strict=True)]
