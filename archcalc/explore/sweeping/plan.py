"""What a sweep computes, worked out once: for a whole grid or for any part of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import prod

import numpy as np
from sympy import Expr

from archcalc.explore.progress import Progress
from archcalc.explore.sweeping.grid import Grid
from archcalc.explore.sweeping.rows import Excluded
from archcalc.explore.sweeping.table import Table
from archcalc.formula.compiling.bounds import bounds_of, fits, is_safe
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.compiled import Kept
from archcalc.formula.compiling.forms import cheapest_form
from archcalc.formula.compiling.operations import Array, NotWholeError
from archcalc.formula.compiling.program import ArrayProgram, Need
from archcalc.formula.compiling.running import BLOCK, Runner
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.requirement import Requirement

__all__ = ["SweepPlan", "plan_for"]

_SLAB = 1 << 20
"""Rows computed at once where a grid has holes."""

_DENSE = 4
"""Where at least one row in so many is wanted, all are computed, which is faster for each."""

_PYTHON_INTEGER = 48
"""Bytes of a Python integer and of the pointer to it."""


@dataclass(frozen=True)
class SweepPlan:
    """A program for some columns, and how their numbers are kept.

    Attributes:
        names: the columns, one for each output of the program.
        program: what computes them.
        requirements: what must hold for a configuration to be a network, as the program's needs.
        dtype: how numbers are kept.
    """

    names: tuple[str, ...]
    program: ArrayProgram
    requirements: tuple[Requirement, ...]
    dtype: Kept | None

    def without_forbidden_values(self, grid: Grid) -> tuple[Grid, list[Excluded]]:
        """`grid` without the values that some requirement forbids by themselves."""
        excluded = []
        for requirement, need in self._asked:
            names = sorted(s.name for s in requirement.symbols)
            varying = [name for name in names if grid.sizes[name] > 1]
            if len(varying) > 1 or not grid.size:
                continue
            (axis,) = varying or names[:1]
            holds = self._holding(need, Grid({name: grid.axes[name] for name in names}))
            if not holds.all():
                lost = grid.size // grid.sizes[axis] * int(np.count_nonzero(~holds))
                excluded.append(Excluded(requirement, lost))
                grid = grid.keeping(axis, holds)
        return grid, excluded

    @property
    def _asked(self) -> Iterable[tuple[Requirement, Need]]:
        return zip(self.requirements, self.program.needs, strict=True)

    def _holding(self, need: Need, grid: Grid) -> Array:
        """Where it holds along the one axis that has more than one value."""
        bounds = bounds_of(self.program, grid.spans(), [need.step])
        numbers = Runner(self.program, grid.inputs(), bounds).results([need.step])[0]
        holds = need.holds_at(numbers).astype(bool)
        return np.broadcast_to(holds, grid.shape).reshape(-1)

    def table(self, grid: Grid, progress: Progress) -> Table:
        """The table over `grid`.

        Raises:
            EvaluationError: it would not fit in memory; or its numbers not in 64 bits, where that
                was asked for.
            ArithmeticRuleError: a divisor is zero at some configuration.
        """
        if not grid.size:
            none = np.empty(0, np.int64)
            return Table(grid, dict.fromkeys(self.names, none), none)
        self._check_memory(grid)
        rows, excluded = self._allowed(grid)
        try:
            columns = self._columns(grid, rows, self.dtype or "int64", progress)
        except NotWholeError:
            if self.dtype == "int64":
                raise _does_not_hold("a fraction") from None
            columns = self._columns(grid, rows, "object", progress)
        return Table(grid, columns, rows, excluded)

    def _allowed(self, grid: Grid) -> tuple[Array | None, list[Excluded]]:
        """The rows in which every requirement holds; ``None`` for all of them."""
        spans = grid.spans()
        bounds = bounds_of(self.program, spans, [need.step for need in self.program.needs])
        asked = [(r, n) for r, n in self._asked if not n.holds_within(bounds[n.step])]
        if not asked:
            return None, []
        runner = Runner(self.program, grid.inputs(), bounds)
        found, lost, start = list[Array](), [0] * len(asked), 0
        for region, parts in runner.parts([need.step for _, need in asked], grid.shape):
            alive = np.ones([s.stop - s.start for s in region], bool)
            for i, ((_, need), numbers) in enumerate(zip(asked, parts, strict=True)):
                before = alive.sum()
                alive &= need.holds_at(numbers).astype(bool, copy=False)
                lost[i] += int(before - alive.sum())
            found.append(np.flatnonzero(alive) + start)
            start += alive.size
        excluded = [Excluded(r, n) for (r, _), n in zip(asked, lost, strict=True) if n]
        return (np.concatenate(found) if excluded else None), excluded

    def _columns(
        self, grid: Grid, rows: Array | None, dtype: Kept, progress: Progress
    ) -> dict[str, Array]:
        outputs = self.program.outputs
        bounds = bounds_of(self.program, grid.spans(), outputs)
        if dtype == "int64" == self.dtype and not all(fits(bounds[at]) for at in outputs):
            raise _does_not_hold("all results")
        if rows is None:
            into = self._whole(grid, dtype, progress)
        elif _DENSE * len(rows) >= grid.size and is_safe(self.program, bounds):
            whole = self._whole(grid, dtype, progress)
            into = {at: grid.taken(array, rows) for at, array in whole.items()}
        else:
            into = self._in_slabs(grid, rows, dtype, progress)
        return {name: into[at] for name, at in zip(self.names, outputs, strict=True)}

    def _whole(self, grid: Grid, dtype: Kept, progress: Progress) -> dict[int, Array]:
        """The outputs in all rows, each on the axes on which it depends."""
        outputs = self.program.outputs
        bounds = bounds_of(self.program, grid.spans(), outputs)
        # What a sum takes long to compute is not to be computed over axes of others.
        sums = any(step.body is not None for step in self.program.steps)
        inputs = grid.merged_inputs(0 if sums else BLOCK)
        runner = Runner(self.program, inputs, bounds, dtype)
        into = {at: np.empty(runner.shapes[at], runner.dtypes[at]) for at in outputs}
        for done in runner.filling(into):
            progress.advance(done)
        return {at: grid.unmerged(array) for at, array in into.items()}

    def _in_slabs(
        self, grid: Grid, rows: Array, dtype: Kept, progress: Progress
    ) -> dict[int, Array]:
        """The outputs in some rows, so many at once that what is between needs little room."""
        bounds = bounds_of(self.program, grid.spans(), self.program.outputs)
        into: dict[int, Array] = {}
        for start in range(0, max(len(rows), 1), _SLAB):
            part = rows[start : start + _SLAB]
            inputs = {name: grid.at(name, part) for name in grid.axes}
            runner = Runner(self.program, inputs, bounds, dtype)
            for at in self.program.outputs:
                into.setdefault(at, np.empty(len(rows), runner.dtypes[at]))
            room = {at: array[start : start + _SLAB] for at, array in into.items()}
            for done in runner.filling(room):
                progress.advance(done)
        return into

    def _check_memory(self, grid: Grid) -> None:
        bounds = bounds_of(self.program, grid.spans(), self.program.outputs)
        runner = Runner(self.program, grid.inputs(), bounds)
        size = sum(
            prod(runner.shapes[at]) * (8 if fits(bounds[at]) else _PYTHON_INTEGER)
            for at in self.program.outputs
        )
        if size > _memory():
            raise EvaluationError(
                f"a table of {grid.size:,} rows would take {size / 1e9:,.1f} GB of memory",
                code="too-large",
                values={"rows": grid.size, "bytes": size},
                hint="give chunks=… to work in parts, or ask ac.search, which holds no table",
            )


def plan_for(
    expressions: Mapping[str, Expr],
    requirements: Sequence[Requirement],
    grid: Grid,
    dtype: Kept | None,
) -> SweepPlan:
    """The plan with the fewest passes over the large axes of `grid`.

    Requirements on symbols that have no values are left, as when a formula is called.
    """
    forms = [cheapest_form(e, grid.sizes, grid.spans()) for e in expressions.values()]
    decidable = [r for r in requirements if {s.name for s in r.symbols} <= grid.axes.keys()]
    program = build(forms, decidable, grid.sizes)
    return SweepPlan(tuple(expressions), program, tuple(decidable), dtype)


def _does_not_hold(what: str) -> EvaluationError:
    return EvaluationError(
        f"64-bit integers do not hold {what}",
        code="not-64-bit",
        hint="leave dtype out for what is exact, or take 'float64'",
    )


def _memory() -> int:
    """Half of the memory of this machine, in bytes."""
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return 8 * 10**9
