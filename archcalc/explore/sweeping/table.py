"""What a sweep gives: a table of configurations and their numbers, and what one asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from archcalc.explain import html, latex, markdown, text
from archcalc.explain.canvas import PlotCanvas
from archcalc.explain.document import Document
from archcalc.explore.sweeping import exporting, order, showing
from archcalc.explore.sweeping.grid import Grid
from archcalc.explore.sweeping.plot import plot
from archcalc.explore.sweeping.rows import Configuration, Excluded
from archcalc.explore.sweeping.selecting import places_where
from archcalc.formula.compiling.operations import Array
from archcalc.formula.compiling.running import Region
from archcalc.symbolic.errors import EvaluationError, NoSolutionError, UnknownSymbolError, shorten
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shown import Shown

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure
    from pandas import DataFrame
    from polars import DataFrame as PolarsFrame

__all__ = ["Table"]

_AT_ONCE = 1 << 14
"""Rows made into Python objects at a time."""


class Table(Shown):
    """Configurations and their numbers; `sweep` makes it.

    It is not changed: what chooses or sorts rows gives another table.  As long as all rows of a
    grid are there, no column of symbols is kept, and a number that depends on few symbols is kept
    once for them.

    Attributes:
        grid: the values of each symbol.
        excluded: how many configurations are no network, and why.
        total: how many are one, also those that are not among the rows any more.
    """

    def __init__(
        self,
        grid: Grid,
        columns: Mapping[str, Array],
        rows: Array | None = None,
        excluded: Sequence[Excluded] = (),
        total: int | None = None,
    ) -> None:
        self.grid = grid
        self.excluded = tuple(excluded)
        self._columns = dict(columns)
        self._rows = rows
        self.total = len(self) if total is None else total

    # Columns and rows

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the columns that hold symbols."""
        return tuple(self.grid.axes)

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the columns that hold what formulas come to."""
        return tuple(self._columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return self.symbols + self.quantities

    def __len__(self) -> int:
        return self.grid.size if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, which: str) -> Array: ...
    @overload
    def __getitem__(self, which: int) -> Configuration: ...
    @overload
    def __getitem__(self, which: slice) -> Table: ...
    def __getitem__(self, which: str | int | slice) -> Array | Configuration | Table:
        """A column by its name, a row by its number, or some rows as a table.

        Raises:
            UnknownSymbolError: there is no such column.
            IndexError: there is no such row.
        """
        if isinstance(which, str):
            return self._column(which)
        if isinstance(which, slice):
            return self._taken(np.arange(*which.indices(len(self))))
        return self._configuration(range(len(self))[which])

    def __iter__(self) -> Iterator[Configuration]:
        many = len(self.symbols)
        for row in self.tuples():
            yield Configuration(
                dict(zip(self.symbols, row[:many], strict=True)),
                dict(zip(self.quantities, row[many:], strict=True)),
            )

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """The rows as plain tuples of Python's numbers, in the order of `columns`."""
        for start in range(0, len(self), _AT_ONCE):
            part = self[start : start + _AT_ONCE]
            yield from zip(*(part[name].tolist() for name in self.columns), strict=True)

    def _check(self, name: object) -> None:
        if name not in self.columns:
            raise UnknownSymbolError(
                f"there is no column {shorten(str(name), 40)} here",
                values={"name": name},
                hint=f"the columns are {', '.join(self.columns)}",
            )

    def _column(self, name: str) -> Array:
        self._check(name)
        if self._rows is not None:
            own = self.grid.axes
            return self.grid.at(name, self._rows) if name in own else self._columns[name]
        laid_out = self.grid.inputs()[name] if name in self.grid.axes else self._columns[name]
        return np.broadcast_to(laid_out, self.grid.shape).reshape(-1)

    def _configuration(self, place: int) -> Configuration:
        row = self._taken(np.array([place]))
        return next(iter(row))

    def _taken(self, places: Array) -> Table:
        """The rows at some places of this table."""
        if self._rows is None:
            rows = places
            columns = {name: self.grid.taken(a, places) for name, a in self._columns.items()}
        else:
            rows = self._rows[places]
            columns = {name: array[places] for name, array in self._columns.items()}
        return Table(self.grid, columns, rows, self.excluded, self.total)

    def with_excluded(self, more: Sequence[Excluded]) -> Table:
        """The same rows, with configurations excluded before these were computed."""
        excluded = (*more, *self.excluded)
        return Table(self.grid, self._columns, self._rows, excluded, self.total)

    def within(self, grid: Grid, region: Region) -> Table:
        """The same rows, as rows of a grid of which this table's is a part."""
        rows = np.arange(len(self)) if self._rows is None else self._rows
        columns = {name: self._column(name) for name in self.quantities}
        return Table(grid, columns, grid.rows_of(region, rows), self.excluded, self.total)

    @classmethod
    def joined(cls, tables: Sequence[Table]) -> Table:
        """The rows of tables over the same grid, one table after another."""
        lost: dict[Requirement, int] = {}
        for excluded in (e for table in tables for e in table.excluded):
            lost[excluded.requirement] = lost.get(excluded.requirement, 0) + excluded.count
        first = tables[0]
        return cls(
            first.grid,
            {n: np.concatenate([t._columns[n] for t in tables]) for n in first.quantities},
            np.concatenate([t._rows for t in tables if t._rows is not None]),
            [Excluded(requirement, count) for requirement, count in lost.items()],
            sum(t.total for t in tables),
        )

    # Questions

    def where(self, condition: str) -> Table:
        """The rows in which a condition on the columns holds.

        Args:
            condition: comparisons such as ``"parameters <= 1_000_000 and k != 3"``, joined by
                ``and``, ``or``, ``not`` and parentheses; each side a formula of columns, as in
                ``"macs/parameters > 1.5 or f % 32 == 0"``.  Nothing in it is executed.

        Raises:
            ExpressionError: it is no condition.
            UnknownSymbolError: it names something that is no column.
            ArithmeticRuleError: it divides by zero in some row.
        """
        if self._rows is None:
            return self._taken(places_where(condition, self.grid.inputs() | self._columns))
        return self._taken(places_where(condition, {n: self._column(n) for n in self.columns}))

    def best(self, by: str, *, largest: bool = False) -> Configuration:
        """The row with the smallest number in a column; of several the first.

        Args:
            by: the column.
            largest: whether the largest number is wanted instead.

        Raises:
            UnknownSymbolError: there is no such column.
            NoSolutionError: there is no row.
        """
        self._check(by)
        if not len(self):
            raise NoSolutionError(
                f"there is no best {by}: no row is left", code="no-rows",
                hint="loosen the condition, or sweep wider ranges",
            )  # fmt: skip
        return self._configuration(order.best(self._column(by), largest))

    def top(self, count: int, by: str, *, largest: bool = False) -> Table:
        """The rows with the smallest numbers in a column, in order; of equal ones the first.

        Args:
            count: how many rows.
            by: the column.
            largest: whether the largest numbers are wanted instead.

        Raises:
            UnknownSymbolError: there is no such column.
            EvaluationError: `count` is no positive integer.
        """
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            raise EvaluationError(
                f"top takes how many rows are wanted, not {shorten(count, 40)}",
                code="bad-count", hint="write top(10, 'parameters')",
            )  # fmt: skip
        return self._taken(order.top(int(count), self._column(by), largest))

    def sort(self, *by: str, largest: str | Sequence[str] = ()) -> Table:
        """The rows by the first column, those equal in it by the second, and so on.

        Args:
            by: the columns.
            largest: those of them in which large numbers come first.

        Raises:
            UnknownSymbolError: there is no such column.
            EvaluationError: no column is given.
        """
        return self._taken(order.sorted_by(self._keys("sort", by, largest)))

    def pareto(self, *by: str, largest: str | Sequence[str] = ()) -> Table:
        """The rows that no other row beats: none is better in one column and as good in the others.

        Args:
            by: the columns; small numbers are better.
            largest: those of them in which large numbers are better.

        Returns:
            The front, sorted by the columns.  It takes n·log n steps for two columns.

        Raises:
            UnknownSymbolError: there is no such column.
            EvaluationError: no column is given.
        """
        return self._taken(order.front(self._keys("pareto", by, largest)))

    def _keys(self, what: str, by: Sequence[str], largest: str | Sequence[str]) -> list[Array]:
        falling = (largest,) if isinstance(largest, str) else tuple(largest)
        if not by:
            raise EvaluationError(
                f"{what} needs the name of a column", code="no-column",
                hint=f"write {what}({', '.join(map(repr, self.quantities))})",
            )  # fmt: skip
        for name in falling:
            if name not in by:
                raise EvaluationError(
                    f"largest names {shorten(name, 40)}, which is not one of {', '.join(by)}",
                    code="no-column", hint="name it among the columns too",
                )  # fmt: skip
        return [order.key(self._column(name), name in falling) for name in by]

    def plot(
        self,
        *columns: str,
        largest: str | Sequence[str] = (),
        path: str | PathLike[str] | None = None,
    ) -> Figure:
        """A picture, chosen by what varies.

        One symbol varies: a curve of each quantity.  Two vary, and one quantity is shown: a map; a
        third symbol with few values gives a map for each.  Two quantities are shown: one against
        the other, with the Pareto front.

        Args:
            columns: the quantities to show; all of them where none is named.
            largest: those of them in which large numbers are better, for the front.
            path: a file to write, such as ``"front.png"`` or ``"front.svg"``; otherwise pyplot
                shows it.

        Returns:
            matplotlib's figure.

        Raises:
            FrameworkError: matplotlib is not installed.
            PictureError: there is nothing to see, more than a picture holds, or the file cannot be
                written.
            UnknownSymbolError: there is no such column.
        """
        for name in columns:
            self._check(name)
        return plot(self, columns, largest, PlotCanvas(path))

    # Elsewhere

    def to_numpy(self) -> dict[str, Array]:
        """All columns as arrays, by name: 64-bit integers, or objects where one does not fit."""
        return {name: self._column(name) for name in self.columns}

    def to_pandas(self) -> DataFrame:
        """A pandas data frame; integers beyond 64 bits are Python objects in it.

        Raises:
            FrameworkError: pandas is not installed.
        """
        frame: DataFrame = exporting.to_pandas(self.to_numpy())
        return frame

    def to_polars(self) -> PolarsFrame:
        """A polars data frame; integers beyond 64 bits are 128-bit in it, and text beyond these.

        Raises:
            FrameworkError: polars is not installed.
        """
        frame: PolarsFrame = exporting.to_polars(self.to_numpy())
        return frame

    @overload
    def to_csv(self) -> str: ...
    @overload
    def to_csv(self, path: str | PathLike[str]) -> None: ...
    def to_csv(self, path: str | PathLike[str] | None = None) -> str | None:
        """Comma-separated values, every digit of them; as text where no file is named."""
        return exporting.to_csv(self, path)

    def to_json(self) -> str:
        """A list of objects, one a row; fractions are text."""
        return exporting.to_json(self)

    def document(self, rows: int = showing.ROWS) -> Document:
        """The table as a document, of no more than so many rows from its two ends."""
        return showing.document(self, rows)

    def to_markdown(self, rows: int = showing.ROWS) -> str:
        """A table in Markdown, of no more than so many rows from its two ends."""
        return markdown.render(self.document(rows))

    def to_latex(self, rows: int = showing.ROWS) -> str:
        """A table in LaTeX, of no more than so many rows from its two ends."""
        return latex.render(self.document(rows))

    def to_html(self, rows: int = showing.ROWS, *, page: bool = False) -> str:
        """A table in HTML, of no more than so many rows from its two ends.

        Args:
            rows: how many.
            page: a page that stands by itself, with its style; otherwise a fragment.
        """
        return html.page(self.document(rows)) if page else html.render(self.document(rows))

    def to_text(self, rows: int = showing.ROWS) -> str:
        """A table as text, of no more than so many rows from its two ends."""
        return text.render(self.document(rows))

    def __repr__(self) -> str:
        return self.to_text()

    def __rich__(self) -> Any:
        return showing.to_rich(self)
