"""Tables for other programs: pandas, polars, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from archcalc.formula.compiling.operations import Array
from archcalc.formula.optional import optional

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["to_csv", "to_json", "to_pandas", "to_polars"]

_LARGEST = 2**127 - 1


class Rows(Protocol):
    """A table, row by row."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    def tuples(self) -> Iterator[tuple[Any, ...]]: ...


def to_pandas(columns: Mapping[str, Array]) -> Any:
    """A pandas data frame."""
    return optional("pandas", "pandas").DataFrame(dict(columns))


def to_polars(columns: Mapping[str, Array]) -> Any:
    """A polars data frame."""
    polars = optional("polars", "polars")
    return polars.DataFrame([_series(polars, name, array) for name, array in columns.items()])


def _series(polars: Any, name: str, array: Array) -> Any:
    if array.dtype != object:
        return polars.Series(name, array)
    values = array.tolist()
    if all(isinstance(v, int) and abs(v) <= _LARGEST for v in values):
        return polars.Series(name, values, dtype=polars.Int128)
    return polars.Series(name, [str(v) for v in values], dtype=polars.String)


def to_csv(table: Rows, path: str | PathLike[str] | None) -> str | None:
    """Comma-separated values: into a file, or as text."""
    if path is not None:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            _write(table, file)
        return None
    text = io.StringIO(newline="")
    _write(table, text)
    return text.getvalue()


def _write(table: Rows, file: Any) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.tuples())


def to_json(table: Rows) -> str:
    """A list of objects, one a row."""
    rows = [dict(zip(table.columns, values, strict=True)) for values in table.tuples()]
    return json.dumps(rows, default=_text)


def _text(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
