"""Parameters: what is learned, what is trained, and running statistics.

Conventions: papers and torch's ``parameters()`` count what is learned; running statistics are
torch's buffers and Keras' non-trainable weights; Keras' "Total params" counts both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archcalc.costs.base import Additive, TracedRow, ordered_sum
from archcalc.costs.loops import Factors, active
from archcalc.layers.base import Layer
from archcalc.layers.facts import Weight
from archcalc.symbolic.dims import Dim

__all__ = [
    "ActiveParameters",
    "NonEmbeddingParameters",
    "Parameters",
    "Statistics",
    "TotalParameters",
    "TrainableParameters",
    "is_trained",
    "learns",
    "trained_weights",
]


def is_trained(weight: Weight, layer: Layer) -> bool:
    """Whether training changes a weight of `layer`."""
    return weight.learned and layer.trainable and not weight.frozen


def learns(row: TracedRow) -> bool:
    """Whether training changes a weight of a row, its own or one that another row owns."""
    return bool(trained_weights(row))


def trained_weights(row: TracedRow) -> set[str]:
    """The weights of a row that training changes; of one that is tied, its owner says so."""
    own = {w.name: is_trained(w, row.layer) for w in row.applied.weights}
    own |= {tie.weight: tie.trained for tie in row.ties}
    return {name for name, trained in own.items() if trained}


def _sizes(weights: Iterable[Weight]) -> Dim:
    return ordered_sum(weight.shape for weight in weights)


@dataclass(frozen=True)
class Parameters(Additive):
    """The elements of all weights that are learned.

    >>> from archcalc.layers import BatchNormalization
    >>> from archcalc.network import Sequential
    >>> Sequential([BatchNormalization()]).trace(("h", "w", "c")).cost(Parameters())
    2·c
    """

    unit = "parameters"

    def of(self, row: TracedRow) -> Dim:
        return _sizes(weight for weight in row.weights if weight.learned)


@dataclass(frozen=True)
class ActiveParameters(Parameters):
    """The elements of all learned weights that one token meets: of experts, those that are run.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Experts, Sequential
    >>> trace = Experts(Dense(10), count=8, active=2).trace(4, 8)
    >>> trace.cost(Parameters()), trace.cost(ActiveParameters())
    (400, 100)
    """

    source = "Jiang et al., Mixtral of Experts (2024), section 2.1"

    def factors(self, row: TracedRow) -> Factors:
        return active(row.loops)


@dataclass(frozen=True)
class NonEmbeddingParameters(Parameters):
    """The elements of all weights that are learned, without tables of embeddings.

    >>> from archcalc.layers import Dense, Embedding
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Embedding(1000, 16), Dense(4)])
    >>> net.trace(10).cost(NonEmbeddingParameters())
    68
    """

    source = "Kaplan et al., Scaling Laws (2020), section 2.1: N"

    def of(self, row: TracedRow) -> Dim:
        return _sizes(w for w in row.weights if w.learned and w.role != "embedding")


@dataclass(frozen=True)
class TrainableParameters(Additive):
    """The elements of all weights that are learned, without layers of ``trainable=False``.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(10, trainable=False), Dense(2)]).trace(4).cost(TrainableParameters())
    22
    """

    unit = "parameters"

    def of(self, row: TracedRow) -> Dim:
        return _sizes(w for w in row.weights if is_trained(w, row.layer))


@dataclass(frozen=True)
class Statistics(Additive):
    """The elements of running statistics, which are kept but not learned.

    >>> from archcalc.layers import BatchNormalization
    >>> from archcalc.network import Sequential
    >>> Sequential([BatchNormalization()]).trace((8, 8, 32)).cost(Statistics())
    64
    """

    unit = "statistics"

    def of(self, row: TracedRow) -> Dim:
        return _sizes(weight for weight in row.weights if not weight.learned)


@dataclass(frozen=True)
class TotalParameters(Additive):
    """The elements of all weights, statistics included: Keras' "Total params".

    >>> from archcalc.layers import BatchNormalization
    >>> from archcalc.network import Sequential
    >>> Sequential([BatchNormalization()]).trace((8, 8, 32)).cost(TotalParameters())
    128
    """

    unit = "parameters"

    def of(self, row: TracedRow) -> Dim:
        return _sizes(row.weights)
