"""Memory of training: weights, gradients, master copy, optimizer and activations, each in a format.

Source: Rajbhandari et al., *ZeRO* (2020), section 3.1: 2 + 2 + 12 bytes a parameter with Adam in
mixed precision; Micikevicius et al., *Mixed Precision Training* (2018), section 3.1: the master
copy; Chen et al., *Training Deep Nets with Sublinear Memory Cost* (2016): recomputation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from archcalc.costs.base import Additive, Cost, Rows, TracedRow, ordered_sum
from archcalc.costs.memory import slots_of
from archcalc.costs.mesh import ONE_DEVICE, Holding, Mesh, on_device
from archcalc.costs.number_formats import is_packed, long_name, stored_bytes
from archcalc.costs.parameters import Parameters, Statistics, TrainableParameters
from archcalc.costs.saved import Kernels, SavedBytes
from archcalc.formula import Formula
from archcalc.layers.facts import Weight
from archcalc.symbolic.dims import Dim, DimLike, exact_div
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.shown import Shown

__all__ = [
    "FORMATS",
    "STAGES",
    "WEIGHTS",
    "Formats",
    "MemoryPart",
    "TrainingBytes",
    "formats_called",
    "weight_parts",
]


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
        experts: weights of experts that tokens are routed to; as `weights` where ``None``.
        cache: what is kept of a sequence at inference; as `activations` where ``None``.

    Weights, experts and the cache may be of few bits, with scales of groups: ``"int4/128"``.  Only
    kernels are packed; tables, the head, norms and biases are stored like activations then.
    """

    weights: str = "float32"
    gradients: str = "float32"
    master: str | None = None
    state: str = "float32"
    activations: str = "float32"
    statistics: str = "float32"
    experts: str | None = None
    cache: str | None = None


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
    each: int | Fraction
    bytes: Formula


def formats_called(formats: str | Formats) -> Formats:
    """The formats of that name, or as they are.

    Raises:
        LookupFailedError: there are none of that name.

    >>> formats_called("autocast").activations, formats_called("bf16").weights
    ('bfloat16', 'bfloat16')
    """
    if isinstance(formats, Formats):
        return formats
    name = formats if formats in FORMATS else long_name(formats)
    if name not in FORMATS:
        raise LookupFailedError(
            f"{quoted(formats, 40)} is no known set of number formats",
            code="unknown-number-formats",
            hint=f"known are {', '.join(FORMATS)}; others are Formats(…)",
        )
    return FORMATS[name]


WEIGHTS = ("weights", "experts", "other weights")
"""The names of parts that are weights."""

STAGES = (0, 1, 2, 3)
"""The stages of ZeRO."""


@dataclass(frozen=True)
class TrainingBytes(Cost[Formula]):
    """Bytes that a step of training has in memory: the sum of its `parts`.

    Args:
        batch: samples in the batch; a number or a symbol.
        optimizer: a name in `archcalc.costs.OPTIMIZERS`.
        formats: a name in `FORMATS`, or `Formats`.
        kernels, recompute: of the activations; see `SavedBytes`.
        mesh: the devices; what is counted is what the fullest of them has.
        zero: what the devices that hold the same weights split among them: 1 the state and the
            master copy, 2 gradients too, 3 weights too (FSDP's full sharding); 0 nothing.  They
            split evenly: what fills up the last device's part is not counted.

    Raises:
        LookupFailedError: the optimizer, a format, a block, or a stage of ZeRO is not known.

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
    mesh: Mesh = ONE_DEVICE
    zero: int = 0
    unit = "bytes"
    source = "Rajbhandari et al., ZeRO (2020), section 3.1, and sections 5.1 to 5.3 for stages"

    def over(self, trace: Rows) -> Formula:
        return sum((part.bytes for part in self.parts(trace)), Formula(0, trace.requirements))

    def parts(self, trace: Rows) -> tuple[MemoryPart, ...]:
        """What is stored, kind by kind; none of which there is nothing."""
        return tuple(part for part in self._parts(trace) if part.bytes != 0)

    def _parts(self, trace: Rows) -> Iterator[MemoryPart]:
        formats, held = self.formats_of(), self._held
        trained = TrainableParameters()
        yield from weight_parts(lambda *what: held(trace, 3, *what), formats)
        yield _part("statistics", held(trace, 4, Statistics(), "all"), formats.statistics)
        yield _part("gradients", held(trace, 2, trained, "all"), formats.gradients)
        state = held(trace, 1, trained, "all")
        if formats.master is not None:
            yield _part("master copy", state, formats.master)
        yield _part("state", state, formats.state, slots_of(self.optimizer))
        saved = SavedBytes(self.batch, formats.activations, self.kernels, self.recompute, self.mesh)
        kept = saved.over(trace)
        yield MemoryPart("activations", kept, 1, 1, kept)

    def _held(self, trace: Rows, stage: int, cost: Additive, which: Holding) -> Formula:
        """What one device has of the weights, split from a stage of ZeRO on."""
        if self.zero not in STAGES:
            raise LookupFailedError(
                f"{quoted(self.zero, 40)} is no stage of ZeRO",
                code="unknown-zero-stage",
                hint="there are 0 (nothing is split), 1 (state), 2 (and gradients), "
                "3 (and weights)",
            )
        parts: tuple[Holding, ...] = ("others", "experts") if which == "all" else (which,)
        found = Formula(0, trace.requirements)
        for part in parts:
            amount, needs = on_device(cost, trace, self.mesh, part)
            if amount == 0:
                continue
            replicas = self._replicas(part) if self.zero >= stage else 1
            held = Formula(amount, needs)
            found = found + (held if replicas == 1 else held / Formula(replicas))
        return found

    def _replicas(self, which: Holding) -> Dim:
        """How many devices hold the same weights."""
        every = self.mesh.replicas
        return exact_div(every, self.mesh.of("expert")) if which == "experts" else every

    def formats_of(self) -> Formats:
        """The formats, by their name or as they are."""
        return formats_called(self.formats)


def weight_parts(
    held: Callable[[Additive, Holding], Formula], formats: Formats
) -> Iterator[MemoryPart]:
    """Weights in their formats: those of experts by themselves where theirs is another.

    Args:
        held: how many weights there are, of all rows, of experts or of the others.
        formats: the formats.
    """
    experts = formats.experts or formats.weights
    kinds: tuple[tuple[str, Holding, str], ...] = (("weights", "all", formats.weights),)
    if experts != formats.weights:
        kinds = ("weights", "others", formats.weights), ("experts", "experts", experts)
    left: list[Formula] = []
    for name, which, dtype in kinds:
        packed = is_packed(dtype)
        yield _part(name, held(Packable() if packed else Parameters(), which), dtype)
        left.extend([held(Unpackable(), which)] if packed else [])
    yield _part("other weights", sum(left, Formula(0)), formats.activations)


@dataclass(frozen=True)
class Packable(Parameters):
    """Weights that formats of few bits pack: kernels of products, but for that of a head of words.

    Tables, heads, norms and biases stay in 16 bits, as GPTQ, AWQ, bitsandbytes and gpt-oss have
    it; files of GGUF pack tables too, in formats of their own.
    """

    def of(self, row: TracedRow) -> Dim:
        return ordered_sum(w.shape for w in row.weights if w.learned and _packs(w))


@dataclass(frozen=True)
class Unpackable(Parameters):
    """The other weights that are learned."""

    def of(self, row: TracedRow) -> Dim:
        return ordered_sum(w.shape for w in row.weights if w.learned and not _packs(w))


def _packs(weight: Weight) -> bool:
    matrix = weight.role == "kernel" and len(weight.shape) > 1
    return matrix and all(axis.name not in ("vocab", "routes") for axis in weight.axes)


def _part(name: str, elements: Formula, dtype: str, slots: int = 1) -> MemoryPart:
    each = stored_bytes(dtype)
    return MemoryPart(name, elements, slots, each, elements * (slots * each))
