"""A table that is computed part by part, when something is asked of it: by Dask, anywhere.

Each part of the grid is swept, and asked, as a table of its own; what the parts answer is put
together and asked once more.  So a grid larger than any memory gives what it would give in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from operator import methodcaller
from typing import Any

import numpy as np

from archcalc.explore.progress import Progress, Unseen
from archcalc.explore.sweeping.filters import read_rows
from archcalc.explore.sweeping.grid import Grid
from archcalc.explore.sweeping.plan import SweepPlan
from archcalc.explore.sweeping.rows import Configuration, Excluded
from archcalc.explore.sweeping.table import Table
from archcalc.formula.compiling.running import Region, blocks
from archcalc.formula.optional import optional
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.shown import Shown

__all__ = ["LazyTable", "read_chunks"]

_AUTO = 1 << 21
"""Rows of a part: a few megabytes a column, and well above what it costs to send it away."""

_AT_ONCE = 32
"""Parts given to Dask at a time; their results are combined before the next ones."""

_ALL = methodcaller("__getitem__", slice(None))


@dataclass(frozen=True, eq=False, repr=False)
class LazyTable(Shown):
    """A `Table` that Dask computes part by part; ``sweep(…, chunks=…)`` makes it.

    What is asked of it runs on the `dask.distributed` client where there is one, and on the threads
    of this process where there is none.  The answers are those of a table in memory.

    Attributes:
        plan: what is computed.
        grid: the values of each symbol.
        chunks: how many rows a part has at most.
        conditions: what the rows have to meet.
        excluded: values that are no network, and so are not in the grid.
    """

    plan: SweepPlan
    grid: Grid
    chunks: int
    conditions: tuple[str, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return (*self.grid.axes, *self.plan.names)

    @property
    def parts(self) -> int:
        """How many parts it is computed in."""
        return sum(1 for _ in blocks(self.grid.shape, self.chunks)) if self.grid.size else 0

    def where(self, condition: str) -> LazyTable:
        """The rows in which a condition on the columns holds, as `Table.where` takes it.

        Raises:
            ExpressionError: it is no condition.
            UnknownSymbolError: it names something that is no column.
        """
        read_rows(condition, self.columns, {})
        return replace(self, conditions=(*self.conditions, condition))

    def best(self, by: str, *, largest: bool = False) -> Configuration:
        """The row with the smallest number in a column, or the largest; of several the first.

        Raises:
            UnknownSymbolError: there is no such column.
            NoSolutionError: there is no row.
        """
        return self.top(1, by, largest=largest).best(by, largest=largest)

    def top(self, count: int, by: str, *, largest: bool = False) -> Table:
        """The rows with the smallest numbers in a column, or the largest, in order.

        Raises:
            UnknownSymbolError: there is no such column.
            EvaluationError: `count` is no positive integer.
        """
        return self._asked(methodcaller("top", count, by, largest=largest))

    def pareto(self, *by: str, largest: str | Sequence[str] = ()) -> Table:
        """The rows that no other row beats, as `Table.pareto` gives them.

        Raises:
            UnknownSymbolError: there is no such column.
            EvaluationError: no column is given.
        """
        return self._asked(methodcaller("pareto", *by, largest=largest))

    def compute(self) -> Table:
        """The whole table, in memory."""
        return self._asked(_ALL)

    def __len__(self) -> int:
        """How many rows there are: all parts are computed for it."""
        return sum(count for _, count in self._answers(len))

    def _asked(self, ask: Callable[[Table], Table]) -> Table:
        found = Table.joined([self._none()])
        ask(found)  # what cannot be asked is refused before anything is computed
        answers = self._answers(ask)
        while some := list(islice(answers, _AT_ONCE)):
            tables = [table.within(self.grid, region) for region, table in some]
            found = ask(Table.joined([found, *tables]))
        return found.with_excluded(self.excluded)

    def _none(self) -> Table:
        none = np.empty(0, np.int64)
        return Table(self.grid, dict.fromkeys(self.plan.names, none), none)

    def _answers(self, ask: Callable[[Table], Any]) -> Iterator[tuple[Region, Any]]:
        """What each part answers, in order; Dask has some of them in hand at a time."""
        dask = optional("dask", "archcalc[dask]")
        work = dask.delayed(_Work(self.plan, self.conditions, ask), pure=False, traverse=False)
        regions = blocks(self.grid.shape, self.chunks) if self.grid.size else iter(())
        with Progress(self.grid.size, "configurations") as progress:
            while some := list(islice(regions, _AT_ONCE)):
                for region, answer in zip(
                    some, dask.compute(*(work(self.grid.part(r)) for r in some)), strict=True
                ):
                    progress.advance(prod(s.stop - s.start for s in region))
                    yield region, answer

    def __repr__(self) -> str:
        wanted = "".join(f", where {condition}" for condition in self.conditions)
        return (
            f"{self.grid.size:,} configurations of {', '.join(self.columns)}{wanted}, "
            f"to be computed in {self.parts:,} parts"
        )


@dataclass(frozen=True)
class _Work:
    """What is done with each part, wherever that is."""

    plan: SweepPlan
    conditions: tuple[str, ...]
    ask: Callable[[Table], Any]

    __name__ = "sweep"  # what Dask calls its tasks

    def __call__(self, grid: Grid) -> Any:
        table = self.plan.table(grid, Unseen(grid.size, "numbers"))
        for condition in self.conditions:
            table = table.where(condition)
        return self.ask(table)


def read_chunks(chunks: int | str) -> int:
    """How many rows a part has.

    Raises:
        EvaluationError: it is neither a positive integer nor ``"auto"``.
        FrameworkError: Dask is not installed.
    """
    optional("dask", "archcalc[dask]")
    if chunks == "auto":
        return _AUTO
    if isinstance(chunks, bool) or not isinstance(chunks, int | np.integer) or chunks < 1:
        raise EvaluationError(
            f"chunks = {shorten(chunks, 40)} is no number of rows", code="bad-chunks",
            hint="write chunks='auto', or chunks=1_000_000",
        )  # fmt: skip
    return int(chunks)
