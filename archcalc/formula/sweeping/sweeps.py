"""Formulas over a grid: every configuration that is a network, with its numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from sympy import Expr

from archcalc.formula.formula import Formula, FormulaLike
from archcalc.formula.sweeping.bounds import bounds_of, fits
from archcalc.formula.sweeping.building import build
from archcalc.formula.sweeping.compiled import Kept, read_dtype
from archcalc.formula.sweeping.grid import Grid, read_grid
from archcalc.formula.sweeping.nesting import nested
from archcalc.formula.sweeping.operations import Array, NotWholeError
from archcalc.formula.sweeping.program import Program
from archcalc.formula.sweeping.progress import Progress
from archcalc.formula.sweeping.running import Runner
from archcalc.formula.sweeping.table import Excluded, Table
from archcalc.formula.values import read_values
from archcalc.symbolic.errors import DimensionError, EvaluationError, shorten
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.symbols import symbol

__all__ = ["Question", "sweep"]

_SLAB = 1 << 20
"""Rows computed at once where a grid has holes."""


def sweep(
    formulas: Mapping[str, FormulaLike] | FormulaLike,
    /,
    *,
    dtype: Kept | type | None = None,
    **ranges: Any,
) -> Table:
    """Formulas at every combination of values, as a table.

    Args:
        formulas: formulas by the names of their columns; or one, whose column is ``value``.
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
    question = Question.read(formulas, dtype)
    grid = question.grid(ranges)
    with Progress(grid.size * len(question.names), "configurations") as progress:
        return question.answer(grid, progress)


@dataclass(frozen=True)
class Question:
    """What is computed at every configuration.

    Attributes:
        names: the names of the columns.
        expressions: what they hold.
        requirements: what must hold for a configuration to be a network.
        dtype: how numbers are kept.
    """

    names: tuple[str, ...]
    expressions: tuple[Expr, ...]
    requirements: tuple[Requirement, ...]
    dtype: Kept | None

    @classmethod
    def read(cls, formulas: Mapping[str, FormulaLike] | FormulaLike, dtype: object) -> Question:
        """The question that the arguments of `sweep` put.

        Raises:
            EvaluationError: there is no formula, or a name is none for a column.
        """
        named = formulas if isinstance(formulas, Mapping) else {"value": formulas}
        if not named:
            raise EvaluationError("there is no formula to sweep", code="no-formula")
        for name in named:
            _check_name(name)
        read = [f if isinstance(f, Formula) else Formula(f) for f in named.values()]
        return cls(
            names=tuple(named),
            expressions=tuple(formula.expr for formula in read),
            requirements=tuple(dict.fromkeys(r for formula in read for r in formula.requirements)),
            dtype=read_dtype(dtype),
        )

    def grid(self, ranges: Mapping[str, Any]) -> Grid:
        """The grid over `ranges`.

        Raises:
            UnknownSymbolError: a range for a symbol that no formula has.
            EvaluationError: a symbol has no range; or a range is not valid.
        """
        own = {s.name for e in self.expressions for s in e.free_symbols}
        asked = {s.name for r in self.requirements for s in r.symbols}
        read_values(dict.fromkeys(ranges, 1), {n: symbol(n) for n in sorted(own | asked)})
        for name in self.names:
            if name in ranges:
                raise EvaluationError(
                    f"{name} is the name of a symbol and of a column", code="name-taken",
                    hint="name the column otherwise",
                )  # fmt: skip
        missing = sorted(own.difference(ranges))
        if missing:
            raise EvaluationError(
                f"there is no range for {', '.join(missing)}", code="symbols-left",
                hint=f"give one, as in {missing[0]}=range(1, 65), or a number",
            )  # fmt: skip
        return read_grid(ranges)

    def answer(self, grid: Grid, progress: Progress) -> Table:
        """The table over `grid`.

        Raises:
            EvaluationError: it would not fit in memory.
            ArithmeticRuleError: a divisor is zero at some configuration.
        """
        grid, excluded = self._without_forbidden_values(grid)
        if not grid.size:
            none = np.empty(0, np.int64)
            return Table(grid, dict.fromkeys(self.names, none), none, tuple(excluded))
        program = self._program(grid)
        _check_memory(program, grid)
        rows, more = self._allowed(program, grid)
        excluded += more
        try:
            columns = self._columns(program, grid, rows, self.dtype or "int64", progress)
        except NotWholeError:
            if self.dtype == "int64":
                raise EvaluationError(
                    "64-bit integers do not hold a fraction", code="not-64-bit",
                    hint="sweep with dtype='object' or 'float64'",
                ) from None  # fmt: skip
            columns = self._columns(program, grid, rows, "object", progress)
        return Table(grid, columns, rows, tuple(excluded))

    def _without_forbidden_values(self, grid: Grid) -> tuple[Grid, list[Excluded]]:
        """The grid without the values that some requirement forbids by themselves."""
        excluded = []
        for requirement in self._decidable(grid):
            names = sorted(s.name for s in requirement.symbols)
            varying = [name for name in names if grid.sizes[name] > 1]
            if len(varying) > 1 or not grid.size:
                continue
            (axis,) = varying or names[:1]
            own = Grid({name: grid.axes[name] for name in [axis, *(n for n in names if n != axis)]})
            holds = _holding(requirement, own)
            if not holds.all():
                lost = np.count_nonzero(~holds) * (grid.size // grid.sizes[axis])
                excluded.append(Excluded(requirement, int(lost)))
                grid = grid.keeping(axis, holds)
        return grid, excluded

    def _decidable(self, grid: Grid) -> list[Requirement]:
        """The requirements all of whose symbols have values."""
        return [r for r in self.requirements if {s.name for s in r.symbols} <= grid.axes.keys()]

    def _program(self, grid: Grid) -> Program:
        """The program with the fewest passes over the large axes."""
        order = [symbol(name) for name in reversed(list(grid.axes)) if grid.sizes[name] > 1]
        expressions = [self._cheapest(e, [e, nested(e, order)], grid) for e in self.expressions]
        return build(expressions, self._decidable(grid), grid.sizes)

    def _cheapest(self, expression: Expr, forms: Iterable[Expr], grid: Grid) -> Expr:
        return min(forms, key=lambda form: build([form], (), grid.sizes).passes(grid.sizes))

    def _allowed(self, program: Program, grid: Grid) -> tuple[Array | None, list[Excluded]]:
        """The rows in which every requirement holds; ``None`` for all of them."""
        spans = grid.spans()
        bounds = bounds_of(program, spans, [need.step for need in program.needs])
        needs = [
            (requirement, need)
            for requirement, need in zip(self._decidable(grid), program.needs, strict=True)
            if not need.holds_within(bounds[need.step])
        ]
        if not needs:
            return None, []
        steps = [need.step for _, need in needs]
        runner = Runner(program, grid.inputs(), bounds)
        found, lost, start = list[Array](), [0] * len(needs), 0
        for region, parts in runner.parts(steps, grid.shape):
            alive = np.ones([s.stop - s.start for s in region], bool)
            for i, ((_, need), numbers) in enumerate(zip(needs, parts, strict=True)):
                before = alive.sum()
                alive &= need.holds_at(numbers).astype(bool, copy=False)
                lost[i] += int(before - alive.sum())
            found.append(np.flatnonzero(alive) + start)
            start += alive.size
        excluded = [Excluded(r, n) for (r, _), n in zip(needs, lost, strict=True) if n]
        return (np.concatenate(found) if excluded else None), excluded

    def _columns(
        self, program: Program, grid: Grid, rows: Array | None, dtype: Kept, progress: Progress
    ) -> dict[str, Array]:
        bounds = bounds_of(program, grid.spans(), program.outputs)
        if dtype == "int64" == self.dtype and not all(fits(bounds[at]) for at in program.outputs):
            raise EvaluationError(
                "64-bit integers do not hold all results", code="not-64-bit",
                hint="leave dtype out for what is exact, or take 'float64'",
            )  # fmt: skip
        if rows is None:
            runner = Runner(program, grid.inputs(), bounds, dtype)
            into = {at: np.empty(runner.shapes[at], runner.dtypes[at]) for at in program.outputs}
            for done in runner.filling(into):
                progress.advance(done)
        else:
            into = _in_slabs(program, grid, rows, dtype, progress)
        return {name: into[at] for name, at in zip(self.names, program.outputs, strict=True)}


def _in_slabs(
    program: Program, grid: Grid, rows: Array, dtype: Kept, progress: Progress
) -> dict[int, Array]:
    """The outputs in some rows, so many at once that what is between needs little room."""
    bounds = bounds_of(program, grid.spans(), program.outputs)
    into: dict[int, Array] = {}
    for start in range(0, max(len(rows), 1), _SLAB):
        part = rows[start : start + _SLAB]
        inputs = {name: grid.at(name, part) for name in grid.axes}
        runner = Runner(program, inputs, bounds, dtype)
        for at in program.outputs:
            into.setdefault(at, np.empty(len(rows), runner.dtypes[at]))
        for done in runner.filling({at: into[at][start : start + _SLAB] for at in into}):
            progress.advance(done)
    return into


def _holding(requirement: Requirement, grid: Grid) -> Array:
    """Where `requirement` holds along the first axis, the only one with more than one value."""
    program = build([], [requirement])
    (need,) = program.needs
    bounds = bounds_of(program, grid.spans(), [need.step])
    numbers = Runner(program, grid.inputs(), bounds).results([need.step])[0]
    return np.broadcast_to(need.holds_at(numbers).astype(bool).reshape(-1), (grid.shape[0],))


def _check_name(name: object) -> None:
    try:
        symbol(name if isinstance(name, str) else "")
    except DimensionError as error:
        raise EvaluationError(
            f"{shorten(name, 40)} is not a name for a column", code="bad-name",
            hint="use a letter followed by letters, digits or underscores",
        ) from error  # fmt: skip


def _check_memory(program: Program, grid: Grid) -> None:
    bounds = bounds_of(program, grid.spans(), program.outputs)
    runner = Runner(program, grid.inputs(), bounds)
    size = sum(
        prod(runner.shapes[at]) * (8 if fits(bounds[at]) else _PYTHON_INTEGER)
        for at in program.outputs
    )
    if size > _memory():
        raise EvaluationError(
            f"a table of {grid.size:,} rows would take {size / 1e9:,.1f} GB of memory",
            code="too-large",
            values={"rows": grid.size, "bytes": size},
            hint="give chunks=… to work in parts, or ask ac.search, which holds no table",
        )


_PYTHON_INTEGER = 48
"""Bytes of a Python integer and of the pointer to it."""


def _memory() -> int:
    """Half of the memory of this machine, in bytes."""
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return 8 * 10**9
