"""Memory of training: weights, gradients, master copy, optimizer and activations, each in a format.

Source: Rajbhandari et al., *ZeRO* (2020), section 3.1: 2 + 2 + 12 bytes a parameter with Adam in
mixed precision; Micikevicius et al., *Mixed Precision Training* (2018), section 3.1: the master
copy; Chen et al., *Training Deep Nets with Sublinear Memory Cost* (2016): recomputation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from archcalc.costs.base import Cost, Rows
from archcalc.costs.memory import bytes_of, slots_of
from archcalc.costs.parameters import Parameters, Statistics, TrainableParameters
from archcalc.costs.saved import Kernels, SavedBytes
from archcalc.formula import Formula
from archcalc.symbolic.dims import DimLike
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.shown import Shown

__all__ = ["FORMATS", "Formats", "MemoryPart", "TrainingBytes"]


@dataclass(frozen=True)
class Formats(Shown):
    """A number format for each kind of what training stores.

    Attributes:
        weights: the weights that the layers multiply with.
        gradients: one number for every weight that is trained.
        master: a copy of the trained weights that the optimizer changes; ``None`` where it changes
            the weights themselves.
        state: what the optimizer keeps.
        activations: what the backward pass needs.
        statistics: running means and variances.
    """

    weights: str = "float32"
    gradients: str = "float32"
    master: str | None = None
    state: str = "float32"
    activations: str = "float32"
    statistics: str = "float32"


FORMATS: Mapping[str, Formats] = MappingProxyType(
    {
        "float32": Formats(),
        "bfloat16 mixed": Formats("bfloat16", "bfloat16", "float32", "float32", "bfloat16"),
        "float16 mixed": Formats("float16", "float16", "float32", "float32", "float16"),
        "autocast": Formats(activations="bfloat16"),
        "bfloat16": Formats("bfloat16", "bfloat16", None, "bfloat16", "bfloat16"),
    }
)
"""Formats by name: all in float32; mixed precision with a master copy, as in ZeRO (16 bytes a
parameter with Adam); torch's autocast, whose weights stay in float32; all in bfloat16."""


@dataclass(frozen=True, slots=True)
class MemoryPart(Shown):
    """One kind of what is stored, and its bytes.

    Attributes:
        name: what it is.
        elements: how many numbers of each of its kind; of activations their bytes.
        slots: how many there are of each.
        each: the bytes of one.
        bytes: the product of all.
    """

    name: str
    elements: Formula
    slots: int
    each: int
    bytes: Formula


@dataclass(frozen=True)
class TrainingBytes(Cost[Formula]):
    """Bytes that a step of training has in memory: the sum of its `parts`.

    Args:
        batch: samples in the batch; a number or a symbol.
        optimizer: a name in `archcalc.costs.OPTIMIZERS`.
        formats: a name in `FORMATS`, or `Formats`.
        kernels, recompute: of the activations; see `SavedBytes`.

    Raises:
        LookupFailedError: the optimizer, a format, or a block is not known.

    A million parameters in mixed precision, without activations:

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(1000, use_bias=False)]).trace(1000)
    >>> cost = TrainingBytes(formats="bfloat16 mixed")
    >>> [(part.name, part.bytes) for part in cost.parts(net)][:4]
    [('weights', 2000000), ('gradients', 2000000), ('master copy', 4000000), ('state', 8000000)]
    >>> net.cost(cost) - cost.parts(net)[-1].bytes
    16000000
    """

    batch: DimLike = 1
    optimizer: str = "adam"
    formats: str | Formats = "float32"
    kernels: str | Kernels = "torch on CUDA"
    recompute: tuple[str, ...] = ()
    unit = "bytes"
    source = "Rajbhandari et al., ZeRO (2020), section 3.1"

    def over(self, trace: Rows) -> Formula:
        return sum((part.bytes for part in self.parts(trace)), Formula(0, trace.requirements))

    def parts(self, trace: Rows) -> tuple[MemoryPart, ...]:
        """What is stored, kind by kind; none of which there is nothing."""
        return tuple(part for part in self._parts(trace) if part.bytes != 0)

    def _parts(self, trace: Rows) -> Iterator[MemoryPart]:
        formats = self.formats_of()
        trained = TrainableParameters().over(trace)
        yield _part("weights", Parameters().over(trace), formats.weights)
        yield _part("statistics", Statistics().over(trace), formats.statistics)
        yield _part("gradients", trained, formats.gradients)
        if formats.master is not None:
            yield _part("master copy", trained, formats.master)
        yield _part("state", trained, formats.state, slots_of(self.optimizer))
        kept = SavedBytes(self.batch, formats.activations, self.kernels, self.recompute).over(trace)
        yield MemoryPart("activations", kept, 1, 1, kept)

    def formats_of(self) -> Formats:
        """The formats, by their name or as they are."""
        if isinstance(self.formats, Formats):
            return self.formats
        if self.formats not in FORMATS:
            raise LookupFailedError(
                f"{quoted(self.formats, 40)} is no known set of number formats",
                code="unknown-number-formats",
                hint=f"known are {', '.join(FORMATS)}; others are Formats(…)",
            )
        return FORMATS[self.formats]


def _part(name: str, elements: Formula, dtype: str, slots: int = 1) -> MemoryPart:
    each = bytes_of(dtype)
    return MemoryPart(name, elements, slots, each, elements * (slots * each))
