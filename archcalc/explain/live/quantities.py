"""What a page counts: totals, each with its formula, and other ways to count them."""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.costs import (
    Activations,
    ActiveParameters,
    Cache,
    Flops,
    Macs,
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
    TrainingFlops,
    WeightBytes,
)
from archcalc.costs.base import Cost
from archcalc.formula import Formula
from archcalc.network import Trace
from archcalc.symbolic.errors import ArchcalcError

__all__ = ["QUANTITIES", "Other", "Quantity", "Total", "totals"]


@dataclass(frozen=True)
class Quantity:
    """Something that is counted: its name in code, in words, and the quantity that it is where the
    two are equal, so that it is not said."""

    name: str
    words: str
    cost: Cost[Formula]
    unless: str = ""
    unit: str = ""


QUANTITIES = (
    Quantity("parameters", "parameters", Parameters()),
    Quantity("trainable_parameters", "trainable parameters", TrainableParameters(), "parameters"),
    Quantity("active_parameters", "active parameters", ActiveParameters(), "parameters"),
    Quantity("statistics", "running statistics", Statistics(), "0"),
    Quantity("total_params", "total params, with statistics", TotalParameters(), "parameters"),
    Quantity("macs", "MACs of a sample", Macs()),
    Quantity("flops", "FLOPs of a sample", Flops()),
    Quantity("training_flops", "FLOPs of a training step, a sample", TrainingFlops()),
    Quantity("activations", "activation elements of a sample", Activations()),
    Quantity("cache", "elements kept for the next step", Cache(), "0"),
    Quantity("bytes", "bytes of the weights, float32", WeightBytes(), unit="bytes"),
)
"""In the order in which they stand on a page."""


@dataclass(frozen=True)
class Other:
    """Another way to count: the convention, the choice, and what it comes to."""

    words: str
    used_by: str
    formula: Formula


@dataclass(frozen=True)
class Total:
    """A quantity of a network, with other ways to count it."""

    quantity: Quantity
    formula: Formula
    convention: str = ""
    others: tuple[Other, ...] = ()


def totals(trace: Trace) -> list[Total]:
    """What there is to count of a network.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> [t.quantity.name for t in totals(Sequential([Dense(10)], input_shape=784).trace())][:3]
    ['parameters', 'macs', 'flops']
    """
    found: dict[str, Formula] = {}
    made: list[Total] = []
    for quantity in QUANTITIES:
        try:
            formula = trace.cost(quantity.cost)
        except ArchcalcError:  # a cost that this network has not got
            continue
        found[quantity.name] = formula
        same = found.get(quantity.unless)
        if (same is not None and same.ordered == formula.ordered) or formula.ordered == 0:
            continue
        made.append(Total(quantity, formula, *_counted(trace, quantity.name)))
    return made


def _counted(trace: Trace, name: str) -> tuple[str, tuple[Other, ...]]:
    """How it is counted, and every other way by which a tool would count something else."""
    effects = [effect for effect in trace.conventions if effect.convention.quantity == name]
    others = [
        Other(f"{effect.convention.name}: {other.choice.name}",
              ", ".join(other.choice.used_by), other.amount)
        for effect in effects
        for other in effect.others
    ]  # fmt: skip
    chosen = [e.choice.used_by[0] if e.choice else "as each layer says" for e in effects]
    return ", ".join(dict.fromkeys(chosen)), tuple(others)
