"""Running totals: what layers hold together, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archcalc.costs.base import Total, total
from archcalc.explain.document import Amount, Code, Inlines
from archcalc.explain.summary import plain_formula
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim

__all__ = ["Counting", "RunningTotal"]

_MOST_TERMS = 8
"""A running total of more terms than this is not written out after every layer."""


@dataclass(frozen=True, slots=True, repr=False)
class RunningTotal:
    """What layers hold together, up to one of them.

    Attributes:
        ordered: the total, where it is short enough to be written out after each layer.
        before: the path of the layer before that holds something; empty where there is none.
        adds: what the layer adds to that.
    """

    ordered: Formula | None
    before: str
    adds: Dim
    _counted: list[tuple[Dim, Dim]]
    _length: int

    @property
    def formula(self) -> Formula:
        """The total, written out however long it is."""
        if self.ordered is not None:
            return self.ordered
        return Formula(total(self._counted[: self._length]))

    def shown(self) -> Inlines:
        """The total; a long one as what the layer adds to the one before."""
        if self.ordered is None:
            return ("running after ", Code(self.before), " + ", Amount(Formula(self.adds).ordered))
        value = self.ordered() if self.ordered.is_number else self.ordered.ordered
        return ("running ", Amount(value))

    def to_dict(self) -> dict[str, Any]:
        """As data; a long total as what the layer adds to the one before."""
        if self.ordered is not None:
            return {"running": self.ordered.to_text()}
        adds = {"after": self.before, "adds": plain_formula(Formula(self.adds))}
        return {"running": None, "running_by": adds}

    def __repr__(self) -> str:
        return repr(self.formula)


class Counting:
    """Running totals as they are made: each takes as long as what is added.

    >>> counting = Counting()
    >>> counting.add("conv", 1, 320)
    >>> counting.add("dense", 1, 7850)
    >>> counting.so_far()
    8170
    """

    def __init__(self) -> None:
        self._total = Total()
        self._counted: list[tuple[Dim, Dim]] = []
        self._paths = ["", ""]
        self._latest: RunningTotal | None = None

    def add(self, path: str, times: Dim, amount: Dim) -> None:
        """Count what a layer holds."""
        self._total.add(times, amount)
        self._counted.append((times, amount))
        self._paths = [self._paths[-1], path]
        self._latest = None

    def so_far(self) -> RunningTotal:
        """What has been counted."""
        if self._latest is None:
            short = self._total.terms <= _MOST_TERMS
            written = Formula(self._total.ordered()) if short else None
            times, amount = self._counted[-1] if self._counted else (1, 0)
            self._latest = RunningTotal(
                written,
                self._paths[0],
                total([(times, amount)]),
                self._counted,
                len(self._counted),
            )
        return self._latest
