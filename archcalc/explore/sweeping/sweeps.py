"""Formulas over a grid: every configuration that is a network, with its numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, overload

from archcalc.explore.naming import how_to_give, ranges_by_name
from archcalc.explore.progress import Progress
from archcalc.explore.sweeping.grid import Grid, read_grid
from archcalc.explore.sweeping.lazy import LazyTable, read_chunks
from archcalc.explore.sweeping.plan import SweepPlan, plan_for
from archcalc.explore.sweeping.table import Table
from archcalc.formula.compiling.compiled import Kept, read_dtype
from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.values import read_values
from archcalc.network import Network, Trace, traced
from archcalc.network.spec.files import names_file
from archcalc.symbolic.errors import DimensionError, EvaluationError, shorten
from archcalc.symbolic.symbols import symbol

__all__ = ["sweep"]


@overload
def sweep(
    formulas: Mapping[str, FormulaLike] | FormulaLike | Network | Trace | os.PathLike[str],
    more: Mapping[str, Any] | None = ...,
    /,
    *,
    chunks: None = None,
    dtype: Kept | type | None = None,
    **ranges: Any,
) -> Table: ...
@overload
def sweep(
    formulas: Mapping[str, FormulaLike] | FormulaLike | Network | Trace | os.PathLike[str],
    more: Mapping[str, Any] | None = ...,
    /,
    *,
    chunks: int | str,
    dtype: Kept | type | None = None,
    **ranges: Any,
) -> LazyTable: ...
def sweep(
    formulas: Mapping[str, FormulaLike] | FormulaLike | Network | Trace | os.PathLike[str],
    more: Mapping[str, Any] | None = None,
    /,
    *,
    chunks: int | str | None = None,
    dtype: Kept | type | None = None,
    **ranges: Any,
) -> Table | LazyTable:
    """Formulas at every combination of values, as a table.

    Args:
        formulas: formulas by the names of their columns; or one, whose column is ``value``; or a
            network, its trace, or a file that describes one, whose parameters and MACs are the
            columns.
        more: ranges of symbols that are called as an option of this function is.
        chunks: how many rows a part has, or ``"auto"``: the table is then computed by Dask, part by
            part, when something is asked of it, on a cluster where there is one.
        dtype: how numbers are kept.  Left out, as 64-bit integers where these surely hold them,
            else as Python integers; ``"float64"`` for floats, ``"object"`` for Python integers
            always, ``"int64"`` for 64-bit integers or an error.
        ranges: for each symbol a range, a list, an array, or one integer; the last one varies
            fastest.

    Returns:
        One row for each configuration that is a network.  Those that a layer or an assumption
        forbids are left out; `Table.excluded` says how many and why.

    Raises:
        UnknownSymbolError: a range for a symbol that no formula has.
        EvaluationError: a symbol has no range, a range is empty or holds something else than
            positive integers, or the table would not fit in memory.
        FrameworkError: `chunks` are given, and Dask is not installed.
        ArithmeticRuleError: a divisor is zero at some configuration.

    >>> table = sweep({"parameters": "(k**2 + 1)*f", "macs": "26*26*k**2*f"}, k=[1, 3], f=[8, 16])
    >>> print(table)
    k   f  parameters    macs
    1   8          16   5,408
    1  16          32  10,816
    3   8          80  48,672
    3  16         160  97,344
    4 configurations
    >>> table.where("parameters <= 100").best("macs", largest=True)
    k = 3, f = 8: parameters = 80, macs = 48,672
    """
    read = _read_formulas(formulas)
    grid = _read_ranges(read, ranges_by_name(more, ranges))
    kept = read_dtype(dtype)
    plan = _plan(read, grid, kept)
    grid, excluded = plan.without_forbidden_values(grid)
    if chunks is not None:
        return LazyTable(plan, grid, read_chunks(chunks), excluded=tuple(excluded))
    with Progress(grid.size * len(read), "numbers") as progress:
        return plan.table(grid, progress).with_excluded(excluded)


_OPTIONS = ("chunks", "dtype")
"""What the keywords of a sweep mean besides symbols."""


def _read_formulas(
    formulas: Mapping[str, FormulaLike] | FormulaLike | Network | Trace | os.PathLike[str],
) -> dict[str, Formula]:
    if isinstance(formulas, Network | Trace | os.PathLike) or names_file(formulas):
        trace = traced(formulas)
        return {"parameters": trace.parameters, "macs": trace.macs}
    named = formulas if isinstance(formulas, Mapping) else {"value": formulas}
    if not named:
        raise EvaluationError("there is no formula to sweep", code="no-formula")
    for name in named:
        _check_name(name)
    return {name: f if isinstance(f, Formula) else Formula(f) for name, f in named.items()}


def _check_name(name: object) -> None:
    try:
        symbol(name if isinstance(name, str) else "")
    except DimensionError as error:
        raise EvaluationError(
            f"{shorten(name, 40)} is not a name for a column", code="bad-name",
            hint="use a letter followed by letters, digits or underscores",
        ) from error  # fmt: skip


def _read_ranges(formulas: Mapping[str, Formula], ranges: Mapping[str, Any]) -> Grid:
    known = {name: s for f in formulas.values() for name, s in f.accepted_symbols.items()}
    read_values(dict.fromkeys(ranges, 1), dict(sorted(known.items())))
    for name in formulas:
        if name in ranges:
            raise EvaluationError(
                f"{name} is the name of a symbol and of a column", code="name-taken",
                hint="name the column otherwise",
            )  # fmt: skip
    needed = {s.name for formula in formulas.values() for s in formula.symbols}
    missing = sorted(needed.difference(ranges))
    if missing:
        raise EvaluationError(
            f"there is no range for {', '.join(missing)}", code="symbols-left",
            hint=how_to_give(missing[0], 64, _OPTIONS),
        )  # fmt: skip
    return read_grid(ranges)


def _plan(formulas: Mapping[str, Formula], grid: Grid, dtype: Kept | None) -> SweepPlan:
    expressions = {name: formula.expr for name, formula in formulas.items()}
    asked = dict.fromkeys(r for formula in formulas.values() for r in formula.requirements)
    return plan_for(expressions, list(asked), grid, dtype)
