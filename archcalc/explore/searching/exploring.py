"""Branch and bound: boxes are excluded by what is known of them as a whole, or cut in two.

Source: Land, Doig, *An Automatic Method of Solving Discrete Programming Problems*, Econometrica
28(3), 1960; bounds on a box by its corners as in Tuy, *Monotonic Optimization*, SIAM Journal on
Optimization 11(2), 2000.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from math import inf

from archcalc.explore.progress import Progress
from archcalc.explore.searching.boxes import Box, size_of, whole
from archcalc.explore.searching.leaves import look_at
from archcalc.explore.searching.plan import Bound, BoxVerdict, SearchPlan
from archcalc.explore.searching.tally import Found, Tally, better
from archcalc.symbolic.errors import EvaluationError

__all__ = ["Branch", "Exploration"]


@dataclass(frozen=True, slots=True)
class Branch:
    """A box still to be searched.

    Attributes:
        box: the configurations.
        rules: the rules that are not known to be met in all of it.
        bound: what the objective does not pass there.
    """

    box: Box
    rules: tuple[int, ...]
    bound: Bound


@dataclass
class Exploration:
    """A search under way; it can be stopped after any box, and gone on with.

    Attributes:
        plan: what is searched.
        pending: what is left to do; the last one is next.
        best: the best that was found.
        tally: what became of the configurations that are done with.
        work: how much was computed for that, in operations on 64 bits, about.
    """

    plan: SearchPlan
    pending: list[Branch] = field(default_factory=list)
    best: Found | None = None
    tally: Tally = field(init=False)
    work: int = 0

    def __post_init__(self) -> None:
        self.tally = Tally.empty(len(self.plan.rules))

    @classmethod
    def of(cls, plan: SearchPlan) -> Exploration:
        """One that begins with everything."""
        begun = cls(plan)
        rules = tuple(range(len(plan.rules)))
        begun.pending = begun._judged([whole(plan.axes)], rules)
        return begun

    @property
    def bound(self) -> Bound:
        """What the objective does not pass in what is left."""
        return max((branch.bound for branch in self.pending), default=-inf)

    def run(
        self, progress: Progress, most_steps: int | None = None, most_work: int | None = None
    ) -> None:
        """Go on to the end, or for some steps; interrupted, it holds what was found so far.

        Raises:
            EvaluationError: there is more to do than `most_work`.
        """
        for steps in count():
            if not self.pending or steps == most_steps:
                return
            progress.done = self.tally.total
            progress.advance(0)
            if most_work is not None and self.work > most_work:
                raise self._too_much()
            branch = self.pending[-1]
            tally, best, more = self._step(branch)
            # in this order, whatever is interrupted: what is left is only taken away at last
            self.best = better(self.best, best)
            self.tally.add(tally)
            self.pending[-1:] = more

    def _too_much(self) -> EvaluationError:
        """The error where the bounds of boxes leave too much to compute."""
        names = [axis.name for axis in self.plan.axes]
        best = None if self.best is None else self.plan.values_at(self.best.turns)
        return EvaluationError(
            f"the search over {', '.join(names)} leaves {self.plan.size - self.tally.total:,} "
            f"configurations after a great many were examined",
            code="too-large",
            values={"best so far": best},
            hint="give shorter ranges or more constraints, or a client of a cluster, which has no "
            "limit",
        )

    def divide(self, parts: int) -> None:
        """Cut the largest boxes until there are so many, or none can be cut."""
        while 0 < len(self.pending) < parts:
            large = [b for b in self.pending if not self.plan.is_leaf(b.box)]
            if not large:
                return
            branch = max(large, key=lambda b: size_of(b.box))
            at = self.pending.index(branch)
            self.pending[at : at + 1] = self._judged(self.plan.halves(branch.box), branch.rules)

    def take(self, branch: Branch, tally: Tally, best: Found | None) -> None:
        """What came of a box elsewhere."""
        self.best = better(self.best, best)
        self.tally.add(tally)
        self.pending.remove(branch)

    def _step(self, branch: Branch) -> tuple[Tally, Found | None, list[Branch]]:
        """What comes of a box: fates, a better configuration, or smaller boxes."""
        tally = Tally.empty(len(self.plan.rules))
        if self.is_beaten(branch):
            tally.worse = size_of(branch.box)
            return tally, None, []
        if self.plan.is_leaf(branch.box):
            self.work += self.plan.work(branch.box)
            return *look_at(self.plan, branch.box, branch.rules, self.best), []
        return tally, None, self._judged(self.plan.halves(branch.box), branch.rules, tally)

    def _judged(
        self, boxes: Iterable[Box], rules: tuple[int, ...], tally: Tally | None = None
    ) -> list[Branch]:
        """The boxes in which no rule is broken throughout, the most promising last."""
        counted = self.tally if tally is None else tally
        kept = []
        for box in boxes:
            left = []
            for which in rules:
                verdict = self.plan.verdict(which, box)
                if verdict is BoxVerdict.NEVER:
                    counted.broken[which] += size_of(box)
                    break
                if verdict is BoxVerdict.SOMETIMES:
                    left.append(which)
            else:
                kept.append(Branch(box, tuple(left), self.plan.highest(box)))
        # of two that promise as much, the one whose turn is earlier comes first
        turns = self.plan.first_turns
        return sorted(kept, key=lambda b: (b.bound, [-turn for turn in turns(b.box)]))

    def is_beaten(self, branch: Branch) -> bool:
        """Whether nothing in a box is better than what was found."""
        if self.best is None:
            return False
        if branch.bound != self.best.value:
            return branch.bound < self.best.value
        return self.plan.first_turns(branch.box) > self.best.turns
