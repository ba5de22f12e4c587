"""Boxes small enough that every configuration is computed, in arrays.

Where the objective and all rules only rise or only fall along one axis, the configurations that
differ there alone are a line: where on it every rule holds is a run, whose ends are found by
bisection on all lines at once, and the best is at one end of the run.  Elsewhere every
configuration is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from archcalc.explore.searching.boxes import Box
from archcalc.explore.searching.plan import SearchPlan
from archcalc.explore.searching.tally import Found, Tally
from archcalc.formula.compiling.bounds import bounds_of
from archcalc.formula.compiling.operations import Array, NotWholeError
from archcalc.formula.compiling.running import Runner
from archcalc.formula.monotone import Direction

__all__ = ["look_at"]

_Test = Callable[[Array], Array]
"""Where something holds, at a place on each line."""


def look_at(
    plan: SearchPlan, box: Box, rules: Sequence[int], best: Found | None
) -> tuple[Tally, Found | None]:
    """What becomes of the configurations of a box, and the best of them if it is not worse.

    Args:
        plan: what is searched.
        box: where.
        rules: those that are not known to be met in all of it.
        best: what was found before.

    Raises:
        ArithmeticRuleError: a divisor is zero at some configuration.
    """
    if plan.inner is None:
        return _Points(plan, box).look_at(rules, best)
    return _Lines(plan, box, plan.inner).look_at(rules, best)


class _Rows:
    """Configurations, or lines of them, as arrays of the places on some axes.

    Places that are all the same are kept once.
    """

    def __init__(self, plan: SearchPlan, box: Box, across: Sequence[int]) -> None:
        self.plan = plan
        self.box = box
        self.across = across
        lengths = [box[axis][1] - box[axis][0] for axis in across]
        self.count = prod(lengths)
        own = [np.arange(*box[axis]) for axis in across]
        open_grid = np.ix_(*own) if own else ()
        self.places: dict[int, Array] = {
            axis: np.broadcast_to(grid, lengths).reshape(-1) if grid.size > 1 else grid.reshape(-1)
            for axis, grid in zip(across, open_grid, strict=True)
        }
        self.values = {axis: plan.axes[axis].taken(p) for axis, p in self.places.items()}

    def keep(self, keep: Array) -> None:
        """Only the rows where `keep` is true."""
        if keep.all():
            return
        self.count = int(np.count_nonzero(keep))
        for kept in (self.places, self.values):
            for axis, array in kept.items():
                if len(array) == len(keep) > 1:
                    kept[axis] = array[keep]

    def numbers(self, step: int, more: dict[int, Array] | None = None) -> Array:
        """The result of a step in every row."""
        inputs = {self.plan.axes[a].name: v for a, v in (self.values | (more or {})).items()}
        bounds = bounds_of(self.plan.program, self.plan.spans(self.box), [step])
        try:
            found = Runner(self.plan.program, inputs, bounds).results([step])[0]
        except NotWholeError:
            found = Runner(self.plan.program, inputs, bounds, "object").results([step])[0]
        return np.broadcast_to(found, (self.count,))

    def first(self, more: dict[int, Array] | None = None) -> tuple[int, ...]:
        """The turns of the row that comes first, of which `more` are known already."""
        turns = {axis: self.plan.axes[axis].turns(p) for axis, p in self.places.items()}
        turns |= more or {}
        columns = [np.broadcast_to(turns[a], (self.count,)) for a in range(len(turns))]
        row = np.lexsort(columns[::-1])[0]
        return tuple(int(column[row]) for column in columns)


class _Points(_Rows):
    """Every configuration of a box."""

    def __init__(self, plan: SearchPlan, box: Box) -> None:
        super().__init__(plan, box, range(len(box)))

    def look_at(self, rules: Sequence[int], best: Found | None) -> tuple[Tally, Found | None]:
        tally = Tally.empty(len(self.plan.rules))
        for which in rules:
            rule, need = self.plan.rules[which], self.plan.program.needs[which]
            holds = _truth(need.holds_at(self.numbers(need.step) - int(rule.strict)))
            tally.broken[which] = self.count - int(np.count_nonzero(holds))
            self.keep(holds)
            if not self.count:
                return tally, None
        values = self.numbers(self.plan.value_step)
        tally.evaluated = self.count
        most = _exact(values.max())
        if best is not None and most < best.value:
            return tally, None
        self.keep(_truth(values == most))
        return tally, Found(most, self.first())


class _Lines(_Rows):
    """The lines of a box along the inner axis; on each, the places not yet ruled out."""

    def __init__(self, plan: SearchPlan, box: Box, inner: int) -> None:
        super().__init__(plan, box, [axis for axis in range(len(box)) if axis != inner])
        self.inner = inner
        start, stop = box[inner]
        self.low = np.full(self.count, start)
        self.high = np.full(self.count, stop - 1)

    def look_at(self, rules: Sequence[int], best: Found | None) -> tuple[Tally, Found | None]:
        tally = Tally.empty(len(self.plan.rules))
        pruned = best is None
        for which in rules:
            if not pruned and self.plan.rules[which].is_constraint:
                tally.worse += self._drop_worse(best)
                pruned = True
            if self.count:
                tally.broken[which] = self._narrow(which)
        if not self.count:
            return tally, None
        rises = self.plan.objective_ways[self.inner] is Direction.RISING
        values = self._at(self.plan.value_step, self.high if rises else self.low)
        tally.evaluated = self.count
        tally.worse += self._left() - self.count
        most = _exact(values.max())
        if best is not None and most < best.value:
            return tally, None
        self._keep(_truth(values == most))
        self._narrow_to_best(most)
        turns = self.plan.axes[self.inner].first_turns(self.low, self.high)
        return tally, Found(most, self.first({self.inner: turns}))

    def _narrow_to_best(self, most: int | Fraction) -> None:
        """Keep the run on each line where the objective is `most`, which it reaches on all."""
        way, step = self.plan.objective_ways[self.inner], self.plan.value_step
        if way is Direction.RISING:
            self.low = self._first_where(lambda at: _truth(self._at(step, at) >= most))
        elif way is Direction.FALLING:
            self.high = self._first_where(lambda at: _truth(self._at(step, at) < most)) - 1

    def _at(self, step: int, places: Array) -> Array:
        return self.numbers(step, {self.inner: self.plan.axes[self.inner].taken(places)})

    def _left(self) -> int:
        """How many configurations are not ruled out."""
        return sum((self.high - self.low + 1).tolist())

    def _keep(self, keep: Array) -> None:
        self.keep(keep)
        self.low, self.high = self.low[keep], self.high[keep]

    def _drop_worse(self, best: Found | None) -> int:
        """Drop the lines on which nothing is as good; how many configurations they held."""
        rises = self.plan.objective_ways[self.inner] is Direction.RISING
        before = self._left()
        values = self._at(self.plan.value_step, self.high if rises else self.low)
        self._keep(_truth(values >= best.value) if best else np.ones(self.count, bool))
        return before - self._left()

    def _narrow(self, which: int) -> int:
        """Rule out what breaks a rule; how many configurations that are."""
        rule, need = self.plan.rules[which], self.plan.program.needs[which]
        way = self.plan.rule_ways[which][self.inner]
        before = self._left()
        least = int(rule.strict)
        self._narrow_by(lambda at: _truth(self._at(need.step, at) >= least), way)
        if need.exactly and self.count:
            self._narrow_by(lambda at: _truth(self._at(need.step, at) <= 0), _REVERSED[way])
        return before - self._left()

    def _narrow_by(self, holds: _Test, way: Direction) -> None:
        if way is Direction.RISING:
            self.low = self._first_where(holds)
        elif way is Direction.FALLING:
            self.high = self._first_where(lambda at: ~holds(at)) - 1
        else:
            self._keep(holds(self.low))
            return
        self._keep(self.low <= self.high)

    def _first_where(self, holds: _Test) -> Array:
        """The first place on each line where what then stays true is true; one past it if none."""
        low, high = self.low.copy(), self.high + 1
        while (searching := low < high).any():
            middle = (low + high) // 2
            there = holds(np.minimum(middle, self.high))
            high = np.where(searching & there, middle, high)
            low = np.where(searching & ~there, middle + 1, low)
        return low


_REVERSED = {
    Direction.RISING: Direction.FALLING,
    Direction.FALLING: Direction.RISING,
    Direction.CONSTANT: Direction.CONSTANT,
}


def _truth(array: Any) -> Array:
    """Truth values also of what compared Python integers."""
    return np.asarray(array, bool)


def _exact(value: Any) -> int | Fraction:
    return value if isinstance(value, Fraction) else int(value)
