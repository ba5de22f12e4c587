"""A convention, its choices, and what another choice would make of a trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archcalc.costs.base import Additive, Rows, TracedRow, total
from archcalc.costs.loops import Factors
from archcalc.costs.parameters import Parameters
from archcalc.costs.work import Flops, Macs
from archcalc.formula import Formula
from archcalc.layers.facts import Work
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import LookupFailedError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import product
from archcalc.symbolic.shown import Shown

__all__ = ["Alternative", "Choice", "Convention", "ConventionEffect", "Quantity", "counted"]

Quantity: TypeAlias = Literal["parameters", "macs", "flops"]

BASES: dict[Quantity, Additive] = {"parameters": Parameters(), "macs": Macs(), "flops": Flops()}
"""What each quantity is where nothing else is chosen."""


def _as_it_is(row: TracedRow) -> TracedRow:
    return row


@dataclass(frozen=True, repr=False)
class Choice(Additive):
    """One way to count; a cost itself, so that ``trace.cost(choice)`` counts that way.

    Attributes:
        name: short, as it stands beside the convention's name.
        meaning: how it counts, in words.
        used_by: the tools and papers that count so.
        cost: what is counted.
        seen: the layer in whose place it is counted; by default the layer itself.
        kind: a stable name for a count that was made this way.
    """

    name: str
    meaning: str
    used_by: tuple[str, ...]
    cost: Additive
    seen: Callable[[TracedRow], TracedRow] = _as_it_is
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.used_by)})"

    def __repr__(self) -> str:
        return f"<{self}: {self.meaning}>"

    def of(self, row: TracedRow) -> Dim:
        return self.cost.of(self.seen(row))

    def factors(self, row: TracedRow) -> Factors:
        return self.cost.factors(self.seen(row))

    def of_work(self, row: TracedRow, work: Sequence[Work]) -> Dim | None:
        return self.cost.of_work(row, work) if self.seen(row) is row else None


@dataclass(frozen=True, repr=False)
class Convention(Shown):
    """A choice of counting, and its possible answers.

    Attributes:
        name: as it stands in explanations.
        question: what there is to choose.
        quantity: what it changes: ``"parameters"``, ``"macs"`` or ``"flops"``.
        choices: the answers; the first is the default.
    """

    name: str
    question: str
    quantity: Quantity
    choices: tuple[Choice, ...]

    def __repr__(self) -> str:
        return f"<{self.name}, of {self.quantity}: {'; or '.join(map(str, self.choices))}>"

    @property
    def default(self) -> Choice:
        """What is counted where nothing else is said."""
        return self.choices[0]

    @property
    def base(self) -> Additive:
        """What a trace counts: the default, or what a layer says of itself."""
        return BASES[self.quantity]

    def __getitem__(self, name: str) -> Choice:
        for choice in self.choices:
            if choice.name == name:
                return choice
        names = ", ".join(choice.name for choice in self.choices)
        raise LookupFailedError(
            f"{self.name}: there is no choice {name[:40]!r}", hint=f"there are {names}"
        )

    def kind_of(self, choice: Choice) -> str:
        """A stable name for a count that was made by `choice`: ``"recurrent-bias-two"``."""
        return choice.kind or re.sub(r"\W+", "-", f"{self.name} {choice.name}").lower()


@dataclass(frozen=True, repr=False)
class Alternative(Shown):
    """What a choice that was not made would give.

    Attributes:
        choice: the choice.
        amount: its count.
        difference: what is added to the count that was made.
    """

    choice: Choice
    amount: Formula
    difference: Formula

    def __repr__(self) -> str:
        return f"<{self.choice}: {self.amount}>"


@dataclass(frozen=True, repr=False)
class ConventionEffect(Shown):
    """How a trace is counted where a convention matters to it.

    Attributes:
        convention: the convention.
        choice: what was chosen; ``None`` where its layers differ in it.
        amount: the count.
        others: every other choice that would give another count.
    """

    convention: Convention
    choice: Choice | None
    amount: Formula
    others: tuple[Alternative, ...]

    def __repr__(self) -> str:
        chosen = "as each layer says" if self.choice is None else str(self.choice)
        others = "".join(f"; {other.choice}: {other.amount}" for other in self.others)
        return f"<{self.convention.name}: {chosen}: {self.amount}{others}>"


def counted(trace: Rows, conventions: Iterable[Convention]) -> tuple[ConventionEffect, ...]:
    """Those of `conventions` by which `trace` would be counted differently, and how."""
    known: dict[Quantity, list[tuple[Dim, Dim]]] = {}
    found: list[ConventionEffect] = []
    for convention in conventions:
        quantity = convention.quantity
        if quantity not in known:
            known[quantity] = list(convention.base.by_row(trace.rows))
        apart = [(c, _apart(known[quantity], c, trace)) for c in convention.choices]
        if any(differing for _, differing in apart):
            amount = Formula(total(known[quantity]), trace.requirements)
            others = tuple(_other(c, d, trace) for c, d in apart if d)
            chosen = next((c for c, differing in apart if not differing), None)
            found.append(ConventionEffect(convention, chosen, amount, others))
    return tuple(found)


def _apart(base: Sequence[tuple[Dim, Dim]], choice: Choice, trace: Rows) -> list[tuple[Dim, Dim]]:
    """By how much `choice` counts each row differently, where it does."""
    pairs = zip(base, choice.by_row(trace.rows), strict=True)
    found = (_between(here, there) for here, there in pairs if here != there)
    return [(times, amount) for times, amount in found if equal(amount, 0) is not True]


def _between(here: tuple[Dim, Dim], there: tuple[Dim, Dim]) -> tuple[Dim, Dim]:
    """What is added where ``times·amount`` becomes another."""
    (times, amount), (others, other) = here, there
    if times == others:
        return times, _difference(other, amount)
    return 1, _difference(product((others, plain(other))), product((times, plain(amount))))


def _difference(a: Dim, b: Dim) -> Dim:
    if isinstance(a, int) and isinstance(b, int):
        return a - b
    difference: Dim = (plain(a) - plain(b)).expand()
    return difference


def _other(choice: Choice, differing: list[tuple[Dim, Dim]], trace: Rows) -> Alternative:
    needs = trace.requirements
    return Alternative(choice, choice.over(trace), Formula(total(differing), needs))
