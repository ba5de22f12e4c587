"""A deployment: how a network is run, and the memory that this takes on one device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archcalc.costs.base import Cost, Rows, TracedRow
from archcalc.costs.memory import CacheBytes
from archcalc.costs.mesh import ONE_DEVICE, Mesh, on_device
from archcalc.costs.parameters import Statistics
from archcalc.costs.peak import PeakBytes
from archcalc.costs.saved import Kernels
from archcalc.costs.training import (
    Formats,
    MemoryPart,
    TrainingBytes,
    formats_called,
    weight_parts,
)
from archcalc.formula import Formula
from archcalc.symbolic.dims import DimLike, read_dim
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.shown import Shown

__all__ = ["Deployment", "InferenceBytes", "Recomputation", "recomputed_paths"]

Recomputation: TypeAlias = Literal["none", "selective", "full"]
"""What is computed once more in the backward pass: nothing, the middle of attention, or every
repeated block (Korthikanti et al., *Reducing Activation Recomputation*, 2022, section 5)."""


@dataclass(frozen=True)
class Deployment(Shown):
    """How a network is run: what costs of memory and time take.

    Args:
        batch: sequences at once, of each replica of the network; a number or a symbol.
        length: positions of a sequence, those read and those generated together; a number or a
            symbol; as the network was traced where ``None``.
        formats: a name in `archcalc.costs.FORMATS`, or `Formats`: for weights, gradients, the
            master copy, the state of the optimizer, activations and the cache.
        mesh: the devices.
        optimizer: a name in `archcalc.costs.OPTIMIZERS`.
        zero: the stage of ZeRO, or of FSDP: 0 to 3; see `TrainingBytes`.
        kernels: a name in `archcalc.costs.KERNELS`, or `Kernels`: whether attention is fused.
        recompute: what the backward pass computes once more: ``"none"``, ``"selective"`` or
            ``"full"``.

    >>> where = Deployment(batch=8, length=8192, mesh=Mesh(tensor=2))
    >>> where.mesh.devices, where.formats
    (2, 'bfloat16')
    """

    batch: DimLike = 1
    length: DimLike | None = None
    formats: str | Formats = "bfloat16"
    mesh: Mesh = ONE_DEVICE
    optimizer: str = "adamw"
    zero: int = 0
    kernels: str | Kernels = "torch on CUDA"
    recompute: Recomputation = "none"

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", read_dim("batch", self.batch))
        if self.length is not None:
            object.__setattr__(self, "length", read_dim("length", self.length))

    def training(self, trace: Rows) -> TrainingBytes:
        """What a step of training has in memory on one device, as a cost.

        Args:
            trace: the network, of which the blocks that are computed once more are found.
        """
        return TrainingBytes(
            self.batch,
            self.optimizer,
            self.formats,
            self.kernels,
            recomputed_paths(trace, self.recompute),
            self.mesh,
            self.zero,
        )


def recomputed_paths(trace: Rows, how: Recomputation) -> tuple[str, ...]:
    """The paths of what is computed once more: for `SavedBytes`.

    Raises:
        LookupFailedError: there is no such way.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Repeat, Sequential
    >>> net = Sequential([Repeat(Dense(16), "L"), Dense(10)])
    >>> recomputed_paths(net.trace(("t", 16)), "full")
    ('repeat',)
    """
    if how == "none":
        return ()
    if how == "selective":
        rows = [row for row in trace.rows if any(w.kind == "attention" for w in row.work)]
        return tuple(dict.fromkeys(row.path for row in rows))
    if how == "full":
        rows = [row for row in trace.rows if _repeated(row)]
        return tuple(dict.fromkeys(_of_block(row) for row in rows))
    raise LookupFailedError(
        f"{quoted(how, 40)} is no way to recompute",
        code="unknown-recomputation",
        hint="there are none, selective and full",
    )


def _repeated(row: TracedRow) -> bool:
    return any(loop.kind == "copies" and loop.in_turn for loop in row.loops)


def _of_block(row: TracedRow) -> str:
    """The path of the repeated block that a row stands in: the first part of its path."""
    return row.path.partition("/")[0]


@dataclass(frozen=True)
class InferenceBytes(Cost[Formula]):
    """Bytes that inference has in memory on one device: the sum of its `parts`.

    Weights, the cache of a batch of sequences, and the most that is alive of activations at once.

    Args:
        deployment: how the network is run.

    >>> from archcalc.layers import GroupQueryAttention
    >>> from archcalc.network import Sequential
    >>> net = Sequential([GroupQueryAttention(128, 32, 8, use_bias=False)]).trace(("t", 4096))
    >>> cost = InferenceBytes(Deployment(batch="b", mesh=Mesh(tensor=2)))
    >>> [(part.name, part.bytes) for part in cost.parts(net)]
    [('weights', 41943040), ('cache', 2048·b·t), ('activations', 16384·b·t)]
    """

    deployment: Deployment = Deployment()
    unit = "bytes"
    source = "Pope et al., Efficiently Scaling Transformer Inference (2022), section 2"

    def over(self, trace: Rows) -> Formula:
        return sum((part.bytes for part in self.parts(trace)), Formula(0, trace.requirements))

    def parts(self, trace: Rows) -> tuple[MemoryPart, ...]:
        """What is stored, kind by kind; none of which there is nothing."""
        return tuple(part for part in self._parts(trace) if part.bytes != 0)

    def _parts(self, trace: Rows) -> Iterator[MemoryPart]:
        """Weights, cache and activations."""
        yield from self.stored(trace)
        where, formats = self.deployment, formats_called(self.deployment.formats)
        peak = PeakBytes(where.batch, formats.activations, mesh=where.mesh).over(trace)
        yield MemoryPart("activations", peak, 1, 1, peak)

    def stored(self, trace: Rows) -> Iterator[MemoryPart]:
        """What stays from step to step: weights, statistics and the cache."""
        where, formats = self.deployment, formats_called(self.deployment.formats)

        def held(cost: object, which: object = "all") -> Formula:
            amount, needs = on_device(cost, trace, where.mesh, which)  # type: ignore[arg-type]
            return Formula(amount, (*trace.requirements, *needs))

        yield from weight_parts(held, formats)
        running = held(Statistics())
        yield MemoryPart("statistics", running, 1, 4, running * 4)
        dtype = formats.cache or formats.activations
        cache = CacheBytes(dtype, where.batch, where.mesh)
        yield MemoryPart("cache", cache.over(trace), 1, 1, cache.over(trace))
