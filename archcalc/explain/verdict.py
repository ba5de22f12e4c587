"""Which of two totals is the smaller, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archcalc.explain.document import Inlines, Math
from archcalc.explain.text import line
from archcalc.formula import Formula
from archcalc.formula.crossing import Crossover, crossover
from archcalc.formula.sign import negative_where, signs_of
from archcalc.symbolic.errors import NoSolutionError
from archcalc.symbolic.shown import Shown

__all__ = ["Verdict"]

_ALWAYS = {
    (-1,): ("second", "the second is smaller"),
    (0,): ("same", "both are equal"),
    (1,): ("first", "the first is smaller"),
    (-1, 0): ("second or same", "the second is never larger"),
    (0, 1): ("first or same", "the first is never larger"),
    (): ("none", "the two exist together for no values"),
}
"""Data and words for what does not depend on the symbols, by the signs of the difference."""

_SIGNS = {"first": {-1}, "neither": {0}, "second": {1}, "by turns": {-1, 0, 1}}
"""The signs of the difference where nothing or the difference itself is the larger one."""


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """Which of two totals is the smaller, and when.

    Attributes:
        noun: what is counted.
        difference: the second total less the first.

    >>> Verdict("parameters", Formula("9*f*g + 10*f - 144*f*n"))
    parameters: the second is smaller where 9·g + 10 < 144·n
    >>> Verdict("MACs", Formula("f - 32*f*g"))
    MACs: the second is smaller
    >>> Verdict("parameters", Formula("4 - n"))
    parameters: the first is smaller for n ≤ 3, equal at n = 4, the second is smaller from n = 5 on
    """

    noun: str
    difference: Formula

    @cached_property
    def crossing(self) -> Crossover | None:
        """Where one overtakes the other, exactly, if the difference is one of a single symbol."""
        if len(self.difference.symbols) != 1:
            return None
        try:
            found = crossover(0, self.difference, self.difference.symbols[0])
        except NoSolutionError:
            return None
        return found if isinstance(found, Crossover) else None

    @cached_property
    def signs(self) -> tuple[int, ...]:
        """The signs that the difference may have, as far as they are known."""
        if self.crossing is None:
            return tuple(sorted(signs_of(self.difference)))
        return tuple(sorted({s for run in self.crossing.runs for s in _SIGNS[run.larger]}))

    @property
    def smaller(self) -> str:
        """``"first"``, ``"second"``, ``"same"``, ``"first or same"``, ``"second or same"``,
        ``"none"`` where the two never exist together, or ``"depends"``.
        """
        return _ALWAYS.get(self.signs, ("depends", ""))[0]

    def said(self) -> Inlines:
        """In words."""
        if self.signs in _ALWAYS:
            return (f"{self.noun}: {_ALWAYS[self.signs][1]}",)
        if self.crossing is not None:
            return (f"{self.noun}: {self.crossing}",)
        less, more = negative_where(self.difference)
        return (f"{self.noun}: the second is smaller where ", Math(less), " < ", Math(more))

    def to_dict(self) -> dict[str, Any]:
        """As data: runs of values where one symbol decides, else an inequality."""
        if self.smaller != "depends":
            return {"smaller": self.smaller}
        if self.crossing is not None:
            names = {"first": "second", "second": "first", "neither": "same"}
            runs: dict[str, list[tuple[int, int | None]]] = {}
            for run in self.crossing.runs:
                runs.setdefault(names.get(run.larger, run.larger), []).append((run.low, run.high))
            return {"smaller": "depends", "symbol": self.crossing.symbol, **runs}
        less, more = (Formula(side).to_python() for side in negative_where(self.difference))
        return {"smaller": "depends", "second": f"{less} < {more}"}

    def __str__(self) -> str:
        return line(self.said())

    __repr__ = __str__
