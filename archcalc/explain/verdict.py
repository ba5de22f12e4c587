"""Which of two totals is the smaller, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archcalc.explain.document import Inlines, Math
from archcalc.explain.text import line
from archcalc.formula import Formula
from archcalc.formula.sign import negative_where, signs_of

__all__ = ["Verdict"]

_ALWAYS = {
    (-1,): ("the second has fewer", "second"),
    (0,): ("both have as many", "same"),
    (1,): ("the first has fewer", "first"),
    (-1, 0): ("the second never has more", "second or same"),
    (0, 1): ("the first never has more", "first or same"),
    (): ("there are none to compare:", "none"),
}
"""What is said, in words and as data, where it does not depend on the symbols."""


@dataclass(frozen=True)
class Verdict:
    """Which of two totals is the smaller, and when.

    Attributes:
        difference: the second total less the first.
        noun: what is counted.

    >>> print(Verdict(Formula("9*f*g + 10*f - 144*f*n"), "parameters"))
    the second has fewer parameters where 9·g + 10 < 144·n
    >>> print(Verdict(Formula("f - 32*f*g"), "MACs"))
    the second has fewer MACs
    """

    difference: Formula
    noun: str

    @cached_property
    def signs(self) -> tuple[int, ...]:
        """The signs that the difference may have, as far as they are known."""
        return tuple(sorted(signs_of(self.difference)))

    @property
    def smaller(self) -> str:
        """``"first"``, ``"second"``, ``"same"``, ``"first or same"``, ``"second or same"``, or
        ``"depends"``.
        """
        return _ALWAYS.get(self.signs, ("", "depends"))[1]

    def said(self) -> Inlines:
        """In words."""
        if self.signs in _ALWAYS:
            return (f"{_ALWAYS[self.signs][0]} {self.noun}",)
        less, more = negative_where(self.difference)
        return (f"the second has fewer {self.noun} where ", Math(less), " < ", Math(more))

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        if self.smaller != "depends":
            return {"smaller": self.smaller}
        less, more = (Formula(side).to_python() for side in negative_where(self.difference))
        return {"smaller": "depends", "second": f"{less} < {more}"}

    def __str__(self) -> str:
        return line(self.said())
