"""The rows of a table: one of them, what stands for those that are not there, and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, overload

from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shown import Shown

__all__ = ["Configuration", "Excluded", "Rows", "number"]


def number(value: Any) -> str:
    """A number with its thousands apart.

    >>> number(541988), number(2.5e9)
    ('541,988', '2,500,000,000.0')
    """
    return f"{value:,}" if isinstance(value, int | float) else str(value)


@dataclass(frozen=True, slots=True, repr=False)
class Excluded(Shown):
    """Configurations that are no network.

    Attributes:
        requirement: what they do not meet.
        count: how many do not meet it, of those that meet the conditions before it.
    """

    requirement: Requirement
    count: int

    def __repr__(self) -> str:
        return f"{self.count:,} for want of {self.requirement}"


class Configuration(Mapping[str, Any], Shown):
    """One row: the value of each symbol, and what the formulas come to there.

    >>> Configuration({"k": 3, "f": 32}, {"parameters": 320})
    k = 3, f = 32: parameters = 320

    Attributes:
        symbols: the values of the symbols alone, to be put into a formula: ``P(**row.symbols)``.
        results: what the formulas come to.
    """

    def __init__(self, symbols: Mapping[str, int], results: Mapping[str, Any]) -> None:
        self.symbols = dict(symbols)
        self.results = dict(results)

    def __getitem__(self, name: str) -> Any:
        return self.symbols[name] if name in self.symbols else self.results[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.symbols, *self.results))

    def __len__(self) -> int:
        return len(self.symbols) + len(self.results)

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        left, right = (
            ", ".join(f"{name} = {number(v)}" for name, v in part.items())
            for part in (self.symbols, self.results)
        )
        return f"{left}: {right}" if left else right


class Rows(Protocol):
    """What printing and plotting need of a table."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def quantities(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def total(self) -> int: ...
    @property
    def excluded(self) -> Sequence[Excluded]: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Configuration]: ...
    @overload
    def __getitem__(self, which: str) -> Array: ...
    @overload
    def __getitem__(self, which: int) -> Configuration: ...
    @overload
    def __getitem__(self, which: slice) -> Rows: ...
    def where(self, condition: str) -> Rows: ...
    def sort(self, *by: str, largest: str | Sequence[str] = ()) -> Rows: ...
    def pareto(self, *by: str, largest: str | Sequence[str] = ()) -> Rows: ...
