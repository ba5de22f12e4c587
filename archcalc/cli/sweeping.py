"""Every configuration over ranges: ``sweep``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from archcalc.cli.options import Calls, File, Inputs, Output, Values, pairs
from archcalc.cli.plots import PlotOption
from archcalc.cli.questions import Quantity

if TYPE_CHECKING:
    from archcalc.explore import LazyTable, Table

__all__ = ["sweep"]


class TableFormat(StrEnum):
    """How a table is written: csv and json hold every row, the others show its two ends."""

    text = "text"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    html = "html"


def sweep(
    file: File,
    over: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=VALUES",
            help="The values of a symbol: 8:512 with both ends, 8:512:8 by steps, or 1,3,5. "
            "May be repeated.",
        ),
    ] = None,
    of: Annotated[
        list[Quantity] | None,
        Option(help="What is counted: a column. May be repeated. [default: parameters, macs]"),
    ] = None,
    where: Annotated[
        list[str] | None,
        Option(
            metavar="CONDITION",
            help="Keep rows in which this holds, as 'parameters <= 1e6 and k != 3'. "
            "May be repeated.",
        ),
    ] = None,
    best: Annotated[
        str | None, Option(metavar="COLUMN", help="Only the row with the smallest number.")
    ] = None,
    top: Annotated[
        int | None, Option(metavar="COUNT", help="With --best: so many rows, in order.")
    ] = None,
    pareto: Annotated[
        str | None,
        Option(metavar="COLUMNS", help="Only rows that no other beats, as parameters,macs."),
    ] = None,
    largest: Annotated[
        list[str] | None,
        Option(metavar="COLUMN", help="Large numbers are better here. May be repeated."),
    ] = None,
    rows: Annotated[int, Option(min=2, help="How many rows are shown of a long table.")] = 10,
    chunks: Annotated[
        str | None,
        Option(metavar="ROWS", help="Work through parts of so many rows (or auto), with Dask."),
    ] = None,
    plot: PlotOption = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    output: Output = None,
    how: Annotated[
        TableFormat, Option("--format", help="How to write the table.")
    ] = TableFormat.text,
) -> None:
    """Every configuration over ranges of its symbols, as a table, a best row, or a front.

    Exits with 1 where no configuration is left.
    """
    from archcalc.cli.answers import say
    from archcalc.cli.ranges import check_symbols, integers
    from archcalc.cli.reading import open_network
    from archcalc.explore import sweep as swept
    from archcalc.symbolic.errors import SpecificationError

    if top is not None and best is None:
        raise SpecificationError(
            "--top counts the rows of --best", code="bad-option",
            hint="add --best parameters",
        )  # fmt: skip
    given = pairs(over, "--over").items()
    ranges: Any = {name: integers(text, f"--over {name}") for name, text in given}
    parts: Any = int(chunks) if chunks is not None and chunks.isdecimal() else chunks
    opened = open_network(file, inputs, pairs(calls, "--call"))
    trace = opened.trace(pairs(values, "--set"))
    with opened.located():
        formulas = {q.value: getattr(trace, q.value) for q in of or _USUAL}
        check_symbols(formulas.values(), ranges)
        table: Table | LazyTable = swept(formulas, chunks=parts, **ranges)
        for condition in where or []:
            table = table.where(condition)
        columns = tuple(name.strip() for name in (pareto or "").split(",") if name.strip())
        if plot is not None:
            _whole(table).plot(*columns, largest=tuple(largest or ()), path=plot)
        answer = _asked(table, best, top, columns, tuple(largest or ()))
    say(_written(answer, best is not None and top is None, rows, how), output)


_USUAL = (Quantity.parameters, Quantity.macs)


def _whole(table: Table | LazyTable) -> Table:
    from archcalc.explore import Table

    return table if isinstance(table, Table) else table.compute()


def _asked(
    table: Table | LazyTable,
    best: str | None,
    top: int | None,
    columns: tuple[str, ...],
    largest: tuple[str, ...],
) -> Table:
    from archcalc.symbolic.errors import NoSolutionError

    found: Table | LazyTable = table
    if columns:
        found = found.pareto(*columns, largest=largest)
    if best is not None:
        found = found.top(1 if top is None else top, best, largest=best in largest)
    answer = _whole(found)
    if not len(answer):
        raise NoSolutionError(_why(answer), code="no-rows", hint="widen the ranges")
    return answer


def _why(table: Table) -> str:
    """Why no row is left."""
    if table.total:
        return f"none of {table.total:,} configurations meets the condition"
    needs = "; ".join(str(excluded.requirement) for excluded in table.excluded)
    return f"no configuration is a network, which needs {needs}"


def _written(table: Table, one: bool, rows: int, how: TableFormat) -> str:
    match how:
        case TableFormat.csv:
            return table.to_csv()
        case TableFormat.json:
            return table.to_json()
        case TableFormat.markdown:
            return table.to_markdown(rows)
        case TableFormat.html:
            return table.to_html(rows, page=True)
        case TableFormat.text:
            return str(table[0]) if one else table.to_text(rows)
