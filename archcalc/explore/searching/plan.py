"""What is searched: axes, an objective, and rules; and what is known of them on a whole box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from math import inf, prod
from typing import TypeAlias

from sympy import Expr, Integer

from archcalc.explore.axis import Axis
from archcalc.explore.searching.bounding import Profile, profiles
from archcalc.explore.searching.boxes import Box, size_of
from archcalc.formula.compiling.bounds import bounds_of, fits
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.program import ArrayProgram, Need
from archcalc.formula.monotone import Direction, direction
from archcalc.formula.sameness import canonical
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArithmeticRuleError
from archcalc.symbolic.interval import IntegerInterval
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.symbols import symbol

__all__ = ["Bound", "BoxVerdict", "Rule", "SearchPlan", "Ways", "gap_of"]

Bound: TypeAlias = int | float
"""What the objective does not pass; infinite where nothing is known."""

Ways: TypeAlias = tuple[Direction, ...]
"""How a value moves along each axis."""

_POINTS = 1 << 17
"""So many configurations are computed at once."""

_LINES = 1 << 14
"""So many lines along the innermost axis are bisected at once."""


_PYTHON = 50
"""How much longer an operation takes on Python integers than on those of 64 bits, about."""

_ABOUT = 8
"""Axes are about as long as one another up to this factor."""


class BoxVerdict(Enum):
    """Whether a rule is met by the configurations of a box."""

    ALWAYS = "always"
    NEVER = "never"
    SOMETIMES = "not known to be either"


@dataclass(frozen=True)
class Rule:
    """What a configuration must meet.

    Attributes:
        requirement: the statement.
        label: how it is called in a certificate.
        strict: whether, of ``left ≥ right``, the two may not be equal.
        is_constraint: whether it was asked for, or is what a network asks for.
    """

    requirement: Requirement
    label: str
    strict: bool = False
    is_constraint: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The symbols that decide it."""
        return frozenset(s.name for s in self.requirement.symbols)

    def verdict(self, need: Need, span: IntegerInterval) -> BoxVerdict:
        """What holds where the number that decides it lies in `span`."""
        low, high = span
        least = int(self.strict)
        if need.holds_within((low - least, high - least)):
            return BoxVerdict.ALWAYS
        never = not low <= 0 <= high if need.exactly else high < least
        return BoxVerdict.NEVER if never else BoxVerdict.SOMETIMES


def gap_of(requirement: Requirement) -> Expr:
    """What must not be negative, or must be 0, for `requirement` to hold."""
    left, right = plain(requirement.left), plain(requirement.right)
    if requirement.relation is Relation.MULTIPLE_OF:
        return left - right * FloorDiv(left, right)
    return left - right


@dataclass(frozen=True, eq=False)
class SearchPlan:
    """A search over axes.

    Attributes:
        axes: the values of every symbol.
        objective: what is to be as large as it can be.
        rules: what a configuration must meet, in the order in which they are checked.
    """

    axes: tuple[Axis, ...]
    objective: Expr
    rules: tuple[Rule, ...]

    @cached_property
    def program(self) -> ArrayProgram:
        """What computes the objective and the rules."""
        return build([self.objective], [rule.requirement for rule in self.rules])

    @property
    def value_step(self) -> int:
        """The step that gives the objective."""
        return self.program.outputs[0]

    @property
    def size(self) -> int:
        """How many configurations there are."""
        return prod(axis.size for axis in self.axes)

    # Directions

    @cached_property
    def objective_ways(self) -> Ways:
        """How the objective moves along each axis."""
        return self._ways(self.objective)

    @cached_property
    def rule_ways(self) -> tuple[Ways, ...]:
        """How what must not be negative moves along each axis, for each rule."""
        return tuple(self._ways(gap_of(rule.requirement)) for rule in self.rules)

    def _ways(self, expression: Expr) -> Ways:
        known = {symbol(a.name): (a.at(0), a.at(a.size - 1)) for a in self.axes}
        names = {s.name for s in expression.free_symbols}
        return tuple(
            direction(expression, symbol(axis.name), known)
            if axis.size > 1 and axis.name in names
            else Direction.CONSTANT
            for axis in self.axes
        )

    @cached_property
    def inner(self) -> int | None:
        """A long axis along which everything only rises or only falls, if there is one.

        The later one, where two are about as long: what comes first is then found first.
        """
        every = [self.objective_ways, *self.rule_ways]
        monotone = [
            place
            for place, axis in enumerate(self.axes)
            if axis.size > 1 and all(ways[place].decided for ways in every)
        ]
        longest = max((self.axes[place].size for place in monotone), default=0)
        long = [place for place in monotone if self.axes[place].size * _ABOUT >= longest]
        return max(long, default=None)

    # Boxes

    def spans(self, box: Box) -> dict[str, IntegerInterval]:
        """The least and the largest value of each symbol in a box."""
        return {a.name: a.span(part) for a, part in zip(self.axes, box, strict=True)}

    def highest(self, box: Box) -> Bound:
        """What the objective does not pass in a box; it gets there where that is a corner."""
        try:
            corner = self._extreme(self.value_step, self.objective_ways, box, upper=True)
        except ArithmeticRuleError:  # as at a place where no network exists
            return self.ceiling
        spans = self.spans(box)
        along = (profile.most(*spans[profile.symbol.name]) for profile in self.profiles)
        return min(corner, self.ceiling, *along)

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """What rules say of the objective along one symbol: under a + b ≤ N, a·b ≤ a·(N − a)."""
        asked = [rule.requirement for rule in self.rules]
        gaps = [gap_of(r) for r in asked if r.relation is not Relation.MULTIPLE_OF and not r.each]
        ranges = {}
        for axis in self.axes:
            low, high = axis.span((0, axis.size))
            ranges[symbol(axis.name)] = (Integer(low), Integer(high))
        return tuple(profiles(self.objective, gaps, ranges)) if self.size > _POINTS else ()

    @cached_property
    def ceiling(self) -> Bound:
        """What a rule alone says of the objective: under ``P ≤ 1000``, P does not pass 1000."""
        bounds: list[Bound] = [inf]
        for rule in self.rules:
            if rule.requirement.relation is not Relation.MULTIPLE_OF:
                gap = gap_of(rule.requirement)
                gaps = (gap, -gap) if rule.requirement.relation is Relation.EQUAL else (gap,)
                together = [canonical(self.objective + each) for each in gaps]
                bounds += [int(e // 1) for e in together if e.is_Rational]
        return min(bounds)

    def verdict(self, which: int, box: Box) -> BoxVerdict:
        """Whether a box meets one of the rules."""
        rule, need, ways = self.rules[which], self.program.needs[which], self.rule_ways[which]
        try:
            high = self._extreme(need.step, ways, box, upper=True)
            low = self._extreme(need.step, ways, box, upper=False)
        except ArithmeticRuleError:
            return BoxVerdict.SOMETIMES
        return rule.verdict(need, (min(low, high), max(low, high)))

    def _extreme(self, step: int, ways: Ways, box: Box, *, upper: bool) -> int:
        """A bound on the result of a step, taken at the corner where its directions lead."""
        towards = Direction.RISING if upper else Direction.FALLING
        at: dict[str, IntegerInterval] = {}
        for axis, part, way in zip(self.axes, box, ways, strict=True):
            low, high = axis.span(part)
            if way.decided:
                end = high if way is towards else low
                at[axis.name] = (end, end)
            else:
                at[axis.name] = (low, high)
        return bounds_of(self.program, at, [step])[step][int(upper)]

    def is_leaf(self, box: Box) -> bool:
        """Whether all configurations of a box are computed."""
        if self.inner is None:
            return size_of(box) <= _POINTS
        start, stop = box[self.inner]
        return size_of(box) // (stop - start) <= _LINES

    def work(self, box: Box) -> int:
        """How long looking at a box as a whole takes, in operations on 64 bits, about."""
        wide = not all(
            map(fits, bounds_of(self.program, self.spans(box), [self.value_step]).values())
        )
        start, stop = (0, 1) if self.inner is None else box[self.inner]
        lines = size_of(box) // (stop - start) * (stop - start).bit_length()
        return lines * (_PYTHON if wide else 1)

    def halves(self, box: Box) -> tuple[Box, Box]:
        """A box cut in two across the axis along which the values differ most."""
        candidates = [
            place for place, (start, stop) in enumerate(box)
            if stop - start > 1 and place != self.inner
        ]  # fmt: skip
        cut = max(candidates, key=lambda place: self._spread(place, box))
        start, stop = box[cut]
        middle = (start + stop) // 2
        return (
            (*box[:cut], (start, middle), *box[cut + 1 :]),
            (*box[:cut], (middle, stop), *box[cut + 1 :]),
        )

    def _spread(self, place: int, box: Box) -> Fraction:
        low, high = self.axes[place].span(box[place])
        return Fraction(high, low)

    def first_turns(self, box: Box) -> tuple[int, ...]:
        """No configuration of a box comes before these turns on each axis."""
        return tuple(a.first_turn(part) for a, part in zip(self.axes, box, strict=True))

    def values_at(self, turns: Sequence[int]) -> Mapping[str, int]:
        """A configuration, from its turn on each axis."""
        return {a.name: a.given(turn) for a, turn in zip(self.axes, turns, strict=True)}
