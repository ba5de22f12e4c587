"""A cost: a quantity folded from the facts of a trace.

A cost is a small frozen value, orthogonal to what it counts.  Most are sums over layers; such a
cost says what one layer adds (`Additive.of`) and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

from sympy import Expr

from archcalc.costs.loops import Carry, Factors, Loop, owned, positions, repeated
from archcalc.formula import Formula
from archcalc.layers.applied import Applied
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Weight, Work
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul, sum_of_products
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.sums import Index

__all__ = [
    "Additive",
    "Cost",
    "Edge",
    "GoesRound",
    "HandedOn",
    "Rows",
    "Tied",
    "TracedRow",
    "alike",
    "ordered_sum",
    "same_work",
    "total",
]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
TR = TypeVar("TR", bound="TracedRow")


class Tied(Protocol):
    """What a cost sees of a weight that another row owns."""

    @property
    def weight(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def of(self) -> str: ...
    @property
    def trained(self) -> bool: ...


class GoesRound(Protocol):
    """What a cost sees of copies and steps in which a row stands."""

    @property
    def kind(self) -> str: ...
    @property
    def count(self) -> Dim: ...
    @property
    def index(self) -> Index | None: ...
    @property
    def carried(self) -> frozenset[int]: ...


class Edge(Protocol):
    """What a cost sees of what flows from one row to another."""

    @property
    def source(self) -> int: ...
    @property
    def output(self) -> int: ...
    @property
    def handed(self) -> tuple[tuple[int, int], ...]: ...


class HandedOn(Protocol):
    """What a cost sees of what one turn of a loop hands on to the next."""

    @property
    def taken(self) -> Edge: ...
    @property
    def given(self) -> Edge: ...
    @property
    def from_last(self) -> bool: ...


class TracedRow(Protocol):
    """What a cost sees of one call of one layer."""

    @property
    def path(self) -> str: ...
    @property
    def applied(self) -> Applied: ...
    @property
    def layer(self) -> Layer: ...
    @property
    def inputs(self) -> tuple[Shape, ...]: ...
    @property
    def output(self) -> Shape: ...
    @property
    def outputs(self) -> tuple[Shape, ...]: ...
    @property
    def sources(self) -> tuple[int, ...]: ...
    @property
    def loops(self) -> tuple[Loop, ...]: ...
    @property
    def shared(self) -> bool: ...
    @property
    def ties(self) -> Sequence[Tied]: ...
    @property
    def carried(self) -> tuple[Carry, ...]: ...
    @property
    def weights(self) -> tuple[Weight, ...]: ...
    @property
    def work(self) -> tuple[Work, ...]: ...
    @property
    def windows(self) -> tuple[AxisWindow, ...] | None: ...
    @property
    def outputs_of(self) -> tuple[int, ...]: ...
    @property
    def fed(self) -> Sequence[Edge]: ...
    @property
    def rounds(self) -> Sequence[GoesRound]: ...
    def as_if(self, *, layer: Layer | None = None, shared: bool | None = None) -> TracedRow: ...


class Rows(Protocol):
    """What a cost sees of a trace."""

    @property
    def inputs(self) -> tuple[Shape, ...]: ...
    @property
    def rows(self) -> Sequence[TracedRow]: ...
    @property
    def alike(self) -> Sequence[tuple[TracedRow, int]]: ...
    @property
    def handed_on(self) -> Mapping[tuple[int, int], Sequence[HandedOn]]: ...
    @property
    def results(self) -> Sequence[Edge]: ...
    @property
    def ends(self) -> tuple[int, ...]: ...
    @property
    def end_outputs(self) -> tuple[int, ...]: ...
    @property
    def outputs(self) -> tuple[Shape, ...]: ...
    @property
    def requirements(self) -> tuple[Requirement, ...]: ...


class Cost(Shown, ABC, Generic[R]):
    """Something counted over a trace; subclass it to count something else.

    Attributes:
        unit: what is counted.
        source: where the definition comes from.
    """

    unit: ClassVar[str] = ""
    source: ClassVar[str] = ""

    @abstractmethod
    def over(self, trace: Rows) -> R:
        """The quantity for a whole trace."""


@dataclass(frozen=True)
class Additive(Cost[Formula]):
    """A cost that is a sum over layers; a subclass says what one call of one layer adds.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> class Biases(Additive):
    ...     '''How many biases there are.'''
    ...     def of(self, row):
    ...         return ordered_sum(w.shape for w in row.weights if w.role == "bias")
    >>> Sequential([Dense("n"), Dense(10)], input_shape=784).trace().cost(Biases())
    n + 10
    """

    def of(self, row: TracedRow) -> Dim:
        """What one call of one layer adds: an int, or an expression, which may be written.

        The products in ``row.work`` are those at all positions that a call is made at.
        """
        raise TypeError(f"{type(self).__name__} does not say what a layer adds: define of(row)")

    def of_work(self, row: TracedRow, work: Sequence[Work]) -> Dim | None:
        """How much of that is for some of the row's products; ``None`` where that is not told."""
        return None

    def factors(self, row: TracedRow) -> Factors:
        """What the loops around a row multiply that by: for weights, how often they are there.

        A cost that is no number of weights says otherwise, with one of `archcalc.costs.loops`.
        """
        return owned(row.loops)

    def over(self, trace: Rows) -> Formula:
        found = Total()
        for row, count in trace.alike:
            found.add(*repeated(self.factors(row), self.of(row)), count)
        return Formula(found.ordered(), trace.requirements)

    def by_row(self, rows: Iterable[TracedRow]) -> Iterable[tuple[Dim, Dim]]:
        """``(times, amount)`` of each row; equal layers on equal shapes are worked out once."""
        known: dict[tuple[object, ...], Dim] = {}
        for row in rows:
            key = (row.shared, row.ties, *same_work(row))
            if key not in known:
                known[key] = self.of(row)
            yield repeated(self.factors(row), known[key])


def alike(rows: Iterable[TR]) -> tuple[tuple[TR, int], ...]:
    """Rows of which each adds something else to a sum, and for how many rows each stands.

    Equal layers on equal shapes in equal loops add the same, so that a network of many equal
    blocks is added up as one of few.
    """
    counts: dict[tuple[object, ...], int] = {}
    first: list[TR] = []
    for row in rows:
        key = (row.shared, row.ties, id(row.applied), row.loops, _feeding(row))
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
            first.append(row)
    return tuple(zip(first, counts.values(), strict=True))


def same_work(row: TracedRow) -> tuple[object, ...]:
    """What the work of a row depends on: the layer on its shapes, its positions, and who feeds it.

    Attention to itself and to something of the same shape are the same layer on the same shapes.
    """
    return id(row.applied), positions(row.loops), _feeding(row)


def _feeding(row: TracedRow) -> int:
    """How many rows feed it."""
    sources = row.sources
    return len(sources) if len(sources) < 2 else len(set(sources))


class Total:
    """A sum of ``times·amount``: numbers in one, what stands equally often in one bracket.

    >>> counting = Total()
    >>> counting.add(1, 3)
    >>> counting.add(2, 5)
    >>> counting.ordered()
    13
    """

    def __init__(self) -> None:
        self._number = 0
        self._groups: dict[Dim, dict[Dim, int]] = {}

    @property
    def terms(self) -> int:
        """How many terms it has beside its number."""
        return sum(map(len, self._groups.values()))

    def add(self, times: Dim, amount: Dim, count: int = 1) -> None:
        """Count an amount that stands there so often, and that `count` times over."""
        if isinstance(times, int):
            if isinstance(amount, int):
                self._number += count * times * amount
            else:
                group = self._groups.setdefault(1, {})
                group[amount] = group.get(amount, 0) + count * times
        elif amount != 0:
            group = self._groups.setdefault(times, {})
            group[amount] = group.get(amount, 0) + count

    def ordered(self) -> Dim:
        """The sum as it is written."""
        terms: list[Dim] = []
        for times, amounts in self._groups.items():
            parts = [a if n == 1 else OrderedMul(n, a) for a, n in amounts.items()]
            if times == 1:
                terms.extend(parts)
            else:
                inner = OrderedAdd(*parts) if len(parts) > 1 else parts[0]
                terms.append(OrderedMul(times, inner))
        if self._number or not terms:
            terms.append(self._number)
        return OrderedAdd(*terms) if len(terms) > 1 else terms[0]


def total(counted: Iterable[tuple[Dim, Dim]]) -> Dim:
    """The sum of ``times·amount``: numbers in one, what stands equally often in one bracket.

    >>> total([(1, 3), (2, 5)])
    13
    """
    found = Total()
    for times, amount in counted:
        found.add(times, amount)
    return found.ordered()


def ordered_sum(products: Iterable[Sequence[Dim]]) -> Dim:
    """A sum of products of dimensions: an int where all are numbers, else as written.

    >>> ordered_sum([(3, 3, 1, 32), (32,)])
    320
    """
    rows = [tuple(product) for product in products]
    if any(isinstance(dim, Expr) for row in rows for dim in row):
        return sum_of_products(rows)
    number = 0
    for row in rows:
        size = 1
        for dim in row:
            size *= dim
        number += size
    return number
