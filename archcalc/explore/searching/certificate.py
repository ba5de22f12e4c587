"""What became of every configuration of a search."""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.symbolic.shown import Shown

__all__ = ["Certificate", "Exclusion"]


@dataclass(frozen=True, slots=True, repr=False)
class Exclusion(Shown):
    """Why configurations were left out.

    Attributes:
        kind: ``"requirement"`` of a network or an assumption, ``"constraint"``, or
            ``"objective"``: nothing there is better than the answer.
        text: the statement.
        count: how many configurations.
    """

    kind: str
    text: str
    count: int

    def __str__(self) -> str:
        return f"{self.count:,} {_LEFT_OUT[self.kind]}" + (f" {self.text}" if self.text else "")

    __repr__ = __str__


_LEFT_OUT = {
    "requirement": "are no networks, which need",
    "constraint": "break",
    "objective": "are known not to be better",
}


@dataclass(frozen=True, slots=True)
class Certificate(Shown):
    """Each configuration has one fate, so the numbers add up to all of them.

    A configuration that breaks several rules is counted with the first that it was seen to break.

    Attributes:
        total: all configurations.
        evaluated: those that meet every rule and whose objective was computed.
        excluded: the others, by reason.
        left: those not examined, where the search was interrupted.
    """

    total: int
    evaluated: int
    excluded: tuple[Exclusion, ...]
    left: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every configuration is accounted for."""
        return self.total == self.evaluated + self.left + sum(r.count for r in self.excluded)

    def __str__(self) -> str:
        parts = [f"{self.evaluated:,} evaluated", *map(str, self.excluded)]
        if self.left:
            parts.append(f"{self.left:,} not looked at")
        many = "configuration" if self.total == 1 else "configurations"
        return f"{self.total:,} {many}: {'; '.join(parts)}"

    __repr__ = __str__
