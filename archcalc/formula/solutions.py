"""All the integers at which a formula gives one result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import count, islice

from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.shown import Shown

__all__ = ["Solutions"]

_MOST_SHOWN = 9
"""Of more solutions than this only the first are printed."""


@dataclass(frozen=True, repr=False)
class Solutions(Shown):
    """All the integers at which a formula gives a result, rising; there may be no end to them.

    Attributes:
        progressions: the first, the last and the step of each run of them; the last is ``None``
            where there is none.

    >>> Solutions(((3, 3, 1), (5, 9, 2)))
    3, 5, 7 and 9
    """

    progressions: tuple[tuple[int, int | None, int], ...]

    @property
    def endless(self) -> bool:
        """Whether there are infinitely many."""
        return any(last is None for _, last, _ in self.progressions)

    def __iter__(self) -> Iterator[int]:
        return merge(
            *(
                count(first, step) if last is None else range(first, last + 1, step)
                for first, last, step in self.progressions
            )
        )

    def __len__(self) -> int:
        if self.endless:
            raise EvaluationError("there are infinitely many solutions", code="endless")
        return sum((last - first) // step + 1 for first, last, step in self.progressions if last)

    def __bool__(self) -> bool:
        return bool(self.progressions)

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and any(
            first <= number <= (number if last is None else last) and (number - first) % step == 0
            for first, last, step in self.progressions
        )

    def __repr__(self) -> str:
        listed = [f"{number:,}" for number in islice(self, _MOST_SHOWN)]
        if self.endless or len(self) > _MOST_SHOWN:
            return ", ".join([*listed[:3], "…"])
        return " and ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]])) or "none"
