"""What can be claimed: parameters, work, sizes, and what one call adds to each."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from archcalc.costs import (
    CONVENTIONS,
    Additive,
    Convention,
    Flops,
    Macs,
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
)
from archcalc.costs.loops import Loop, called, often, owned, positions, repeated
from archcalc.costs.parameters import is_trained
from archcalc.explain.reconciling.terms import Factor, Term, Terms, factors_of
from archcalc.layers.facts import Weight, Work
from archcalc.layers.notation import Notation
from archcalc.network import Row, Trace
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.shape import product

__all__ = ["OF_WEIGHTS", "QUANTITIES", "Quantity", "quantity_of"]

OF_WEIGHTS = ("parameters", "total_params", "trainable_parameters", "bytes")
"""The quantities that are sums over weights."""

_FLOAT = 4
"""Bytes of a number as float32."""


@dataclass(frozen=True)
class Quantity(ABC):
    """What is counted.

    Attributes:
        name: as ``of=`` takes it.
        unit: what there is so many of.
    """

    name: str
    unit: str

    @property
    def adds_up(self) -> bool:
        """Whether the whole is the sum over the layers."""
        return True

    def conventions(self) -> tuple[Convention, ...]:
        """The conventions by which it would be counted otherwise."""
        return ()

    def amount(self, row: Row) -> Dim:
        """What one call adds."""
        raise TypeError(f"{self.name} is not added up")

    def terms(self, row: Row, notation: Notation) -> Terms:
        """What one call adds, as a sum of products; none where that is not told."""
        return ()

    def before(self, trace: Trace) -> int:
        """What is there before the first layer."""
        return 0

    def alone(self) -> Quantity:
        """What is meant where it is claimed of one layer, and not of all."""
        return self


def _times(factors: Sequence[Any], loops: Sequence[Loop]) -> int | None:
    """How often, where every turn is alike."""
    count = often(factors) if all(loop.index is None for loop in loops) else None
    return count if isinstance(count, int) else None


_PARAMETERS, _MACS = Parameters(), Macs()


@dataclass(frozen=True)
class _Weights(Quantity):
    """Elements of weights."""

    cost: Additive = _PARAMETERS
    each: int = 1

    def conventions(self) -> tuple[Convention, ...]:
        return tuple(c for c in CONVENTIONS.values() if c.quantity == "parameters")

    def amount(self, row: Row) -> Dim:
        ((times, amount),) = self.cost.by_row([row])
        return product((self.each, times, amount))

    def _counts(self, weight: Weight, row: Row) -> bool:
        match self.cost:
            case TotalParameters():
                return True
            case Statistics():
                return not weight.learned
            case TrainableParameters():
                return is_trained(weight, row.layer)
        return weight.learned

    def terms(self, row: Row, notation: Notation) -> Terms:
        times = _times(owned(row.loops), row.loops)
        if times is None:
            return ()
        names = {weight.name for weight in row.weights}
        found: list[Term] = []
        for rule, real in zip(notation.weights, row.applied.weights, strict=True):
            if real.name in names and self._counts(real, row):
                factors = factors_of(rule.shape, real.shape, notation.values)
                if factors is None:
                    return ()
                byte = (Factor(self.each, self.each),) if self.each > 1 else ()
                found.append(Term(real.name, real.role, (*factors, *byte), times))
        return tuple(found)


@dataclass(frozen=True)
class _Products(Quantity):
    """Multiply-accumulates, or operations."""

    cost: Additive = _MACS
    each: int = 1

    def conventions(self) -> tuple[Convention, ...]:
        of = ("macs",) if self.each == 1 else ("flops",)
        return tuple(c for c in CONVENTIONS.values() if c.quantity in of)

    def amount(self, row: Row) -> Dim:
        ((times, amount),) = self.cost.by_row([row])
        return product((times, amount))

    def terms(self, row: Row, notation: Notation) -> Terms:
        times = _times(called(row.loops), row.loops)
        if times is None or len(notation.work) != len(row.applied.work):
            return ()
        steps = tuple(Factor(n, n) for n in positions(row.loops) if isinstance(n, int))
        found: list[Term] = []
        for i, (rule, real) in enumerate(zip(notation.work, row.applied.work, strict=True)):
            factors = factors_of(rule.factors, real.factors, notation.values)
            if factors is None:
                return ()
            two = (Factor(self.each, self.each),) if self.each > 1 else ()
            name = real.weight or _unnamed(row.applied.work, i)
            found.append(Term(name, "product", (*two, *steps, *factors), times))
        return tuple(found)


def _unnamed(work: Sequence[Work], place: int) -> str:
    """A product of activations: the first are scores, those after them what they weigh."""
    alike = [i for i, done in enumerate(work) if not done.weight]
    names = {0: "scores", 1: "weighted values"}
    return names.get(alike.index(place), f"product {place + 1}")


@dataclass(frozen=True)
class _Outputs(Quantity):
    """Elements that come out of layers."""

    each: int = 1

    def amount(self, row: Row) -> Dim:
        if row.layer.storage() != "own":
            return 0
        return self._elements(row)

    def alone(self) -> Quantity:
        return _EachOutput(self.name, self.unit, self.each)

    def _elements(self, row: Row) -> Dim:
        sums = [repeated(called(row.loops), product((*positions(row.loops), *y)))
                for y in row.outputs]  # fmt: skip
        parts = [product((self.each, *part)) for part in sums]
        return sum(parts[1:], parts[0])

    def terms(self, row: Row, notation: Notation) -> Terms:
        times = _times(called(row.loops), row.loops)
        if times is None:
            return ()
        steps = tuple(Factor(n, n) for n in positions(row.loops) if isinstance(n, int))
        found: list[Term] = []
        for i, (rule, real) in enumerate(zip(notation.outputs, row.outputs, strict=True)):
            rules = (
                rule if len(rule) == len(real) else real
            )  # where another is believed to come out
            factors = factors_of(rules, real, notation.values)
            if factors is None:
                return ()
            byte = (Factor(self.each, self.each),) if self.each > 1 else ()
            found.append(Term(f"output {i + 1}", "output", (*steps, *factors, *byte), times))
        return tuple(found)

    def before(self, trace: Trace) -> int:
        sizes = [shape.elements for shape in trace.inputs]
        return self.each * sum(size for size in sizes if isinstance(size, int))


@dataclass(frozen=True)
class _EachOutput(_Outputs):
    """Elements that come out of one layer, also where they are its input's own."""

    def amount(self, row: Row) -> Dim:
        return self._elements(row)

    def before(self, trace: Trace) -> int:
        return 0


@dataclass(frozen=True)
class _Sizes(Quantity):
    """Shapes, and the lengths that are read off them: a value of a layer, not a sum."""

    @property
    def adds_up(self) -> bool:
        return False


@dataclass(frozen=True)
class _Field(Quantity):
    """The receptive field: how many positions of the input one position sees."""

    @property
    def adds_up(self) -> bool:
        return False


_ALL = (
    _Weights("parameters", "parameters"),
    _Weights("total_params", "parameters", TotalParameters()),
    _Weights("trainable_parameters", "parameters", TrainableParameters()),
    _Weights("statistics", "statistics", Statistics()),
    _Weights("bytes", "bytes", Parameters(), _FLOAT),
    _Products("macs", "MACs"),
    _Products("flops", "FLOPs", Flops(), 2),
    _Outputs("activations", "elements"),
    _Outputs("activation_bytes", "bytes", _FLOAT),
    _Sizes("shape", "positions"),
    _Sizes("length", "positions"),
    _Field("receptive_field", "positions"),
)

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({q.name: q for q in _ALL})
"""What can be claimed, by name."""

_ALSO = {
    "params": "parameters", "weights": "parameters", "elements": "activations",
    "memory": "bytes", "shapes": "shape", "field": "receptive_field", "neurons": "activations",
    "output_shape": "shape", "sequence_length": "length", "mac": "macs", "flop": "flops",
}  # fmt: skip


def quantity_of(name: str) -> Quantity:
    """The quantity called `name`.

    Raises:
        LookupFailedError: there is none.

    >>> quantity_of("macs").unit
    'MACs'
    """
    known = str(name).strip().lower().replace(" ", "_").replace("-", "_")
    found = QUANTITIES.get(_ALSO.get(known, known))
    if found is None:
        raise LookupFailedError(
            f"{quoted(name, 40)} is nothing that can be claimed",
            code="unknown-quantity",
            hint=f"of= is one of {', '.join(QUANTITIES)}",
        )
    return found
