"""A program: steps on whole arrays that together compute one or more formulas.

Each step names the steps whose results it takes, so that what formulas share is computed once.
A step has the axes of what it depends on: a part that depends on ``k`` alone is computed on the
values of ``k`` alone, and is broadcast where it meets others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["ArrayProgram", "Body", "Kind", "Need", "Step"]


class Kind(Enum):
    """What a step does with its arguments, all of them integers but where it says otherwise."""

    INPUT = "input"
    CONSTANT = "constant"
    ADD = "+"
    SUBTRACT = "−"
    MULTIPLY = "·"
    POWER = "^"
    """The exponent is never negative."""
    FLOOR = "//"
    MAXIMUM = "max"
    MINIMUM = "min"
    WHOLE = "/ that must be whole"
    QUOTIENT = "/"
    """The one step whose result may be a fraction; nothing takes it as an argument."""
    SUM = "Σ"
    """A program of its own, run for the numbers from 0 up to the first argument."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    Attributes:
        kind: what it does.
        args: the steps whose results it takes, by their place in the program.
        value: the number of a constant.
        name: the symbol of an input.
        body: what a sum adds up.
    """

    kind: Kind
    args: tuple[int, ...] = ()
    value: int = 0
    name: str = ""
    body: Body | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a sum adds up, as a program with one output.

    Attributes:
        program: it computes one term.
        index: the input that counts the terms, from 0.
        names: the other inputs, in the order in which the step takes them, after the count.
    """

    program: ArrayProgram
    index: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What must hold for a configuration to be a network.

    Attributes:
        step: where the number is computed.
        exactly: whether it must be 0; else it must be at least 0.
    """

    step: int
    exactly: bool

    def holds_within(self, span: tuple[int, int]) -> bool:
        """Whether it holds for all numbers from the first to the second."""
        return span == (0, 0) if self.exactly else span[0] >= 0

    def holds_at(self, numbers: Any) -> Any:
        """Where it holds among the numbers computed: an array of truth values."""
        return numbers == 0 if self.exactly else numbers >= 0


@dataclass(frozen=True, slots=True)
class ArrayProgram:
    """Steps in an order in which each comes after what it takes.

    Attributes:
        steps: the operations.
        outputs: the steps that give the results, one for each formula.
        needs: what must hold, one for each requirement.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    needs: tuple[Need, ...]

    def needed_for(self, wanted: Iterable[int]) -> list[int]:
        """The steps without which those `wanted` cannot be computed, in order."""
        pending, found = list(wanted), set[int]()
        while pending:
            at = pending.pop()
            if at not in found:
                found.add(at)
                pending.extend(self.steps[at].args)
        return sorted(found)

    def axes(self) -> list[frozenset[str]]:
        """The symbols on which each step depends."""
        found: list[frozenset[str]] = []
        for step in self.steps:
            own = {step.name} if step.name else set()
            found.append(frozenset(own.union(*(found[a] for a in step.args))))
        return found
