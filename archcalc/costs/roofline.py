"""The roofline: how fast a machine can be at best, for a prefill, a token more and a training step.

Either the arithmetic takes its time at peak, or what must cross from memory does, or what must
cross between devices: the longest of them is a lower bound.

Sources: Williams et al., *Roofline* (2009); Pope et al., *Efficiently Scaling Transformer
Inference* (2022), section 2, for generation; Thakur et al., *Optimization of Collective
Communication Operations in MPICH* (2005), section 4.5, for what a ring sends: of a sum of n bytes
over p devices each sends 2·n·(p − 1)/p.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from sympy import Add, Max, Rational

from archcalc.costs.base import Cost, Rows, TracedRow
from archcalc.costs.compute import EXACT, DecodeFlops, read_before, tokens_of
from archcalc.costs.deployment import Deployment, InferenceBytes
from archcalc.costs.liveness import known_before
from archcalc.costs.loops import called, often, positions
from archcalc.costs.mesh import Mesh, is_expert, on_device
from archcalc.costs.number_formats import bytes_of, long_name, stored_bytes
from archcalc.costs.parameters import ActiveParameters, Parameters
from archcalc.costs.placement import Placement
from archcalc.costs.training import WEIGHTS, formats_called
from archcalc.costs.work import TrainingFlops
from archcalc.formula import Formula
from archcalc.symbolic.compare import smallest
from archcalc.symbolic.dims import Dim, as_dim, lower
from archcalc.symbolic.errors import EvaluationError, LookupFailedError, quoted
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.shown import Shown

__all__ = ["ACCELERATORS", "Accelerator", "Bound", "Phase", "Roofline", "accelerator"]

Rate: TypeAlias = int | Fraction
"""A rate a second, exactly."""

Phase: TypeAlias = Literal["prefill", "decode", "training"]
"""What is run: a whole prompt, one token more of each sequence, or a step of training."""

_T = 10**12
_G = 10**9
_GIB = 2**30


@dataclass(frozen=True)
class Accelerator(Shown):
    """A machine by what it reaches at best; one's own numbers do as well.

    Args:
        name: what it is called.
        peak: FLOP/s of dense products, by number format; ``"any"`` for those that are not named.
        bandwidth: bytes a second of its memory.
        memory: bytes of its memory.
        link: bytes a second that it can send to others, one way; ``None`` where that is not known.
        source: where the numbers stand.

    >>> mine = Accelerator("mine", {"bfloat16": 10**15}, 3 * 10**12, 80 * 2**30)
    >>> mine.peak_of("bf16")
    1000000000000000
    """

    name: str
    peak: Mapping[str, Rate]
    bandwidth: Rate
    memory: int
    link: Rate | None = None
    source: str = ""

    def __post_init__(self) -> None:
        rates = {**self.peak, "bandwidth": self.bandwidth, "memory": self.memory}
        rates |= {} if self.link is None else {"link": self.link}
        for name, rate in rates.items():
            if rate <= 0:
                raise EvaluationError(f"{name} = {rate} is not a positive rate")

    def peak_of(self, dtype: str) -> Rate:
        """FLOP/s of products in a format; those that are stored in few bits are done in 16 bits.

        Raises:
            LookupFailedError: nothing is known of it.
        """
        for name in (dtype, long_name(dtype), "any"):
            if name in self.peak:
                return self.peak[name]
        raise LookupFailedError(
            f"{self.name} has no peak for {quoted(dtype, 40)}",
            code="unknown-peak",
            hint=f"it has one for {', '.join(self.peak)}",
        )

    def __hash__(self) -> int:
        return hash((self.name, self.bandwidth, self.memory))


def _nvidia(
    name: str, half: Rate, eighth: Rate | None, single: Rate, speed: Rate, gib: int, link: Rate,
    source: str,
) -> Accelerator:  # fmt: skip
    peak: dict[str, Rate] = {"bfloat16": half, "float16": half, "float32": single}
    if eighth is not None:
        peak["float8"] = eighth
    return Accelerator(name, MappingProxyType(peak), speed, gib * _GIB, link, source)


_TABLE = (
    _nvidia("A100 40GB", 312 * _T, None, Fraction(195, 10) * _T, 1555 * _G, 40, 300 * _G,
            "NVIDIA A100 Tensor Core GPU datasheet (2021), SXM"),
    _nvidia("A100 80GB", 312 * _T, None, Fraction(195, 10) * _T, 2039 * _G, 80, 300 * _G,
            "NVIDIA A100 Tensor Core GPU datasheet (2021), SXM"),
    _nvidia("H100", Fraction(9895, 10) * _T, 1979 * _T, 67 * _T, 3350 * _G, 80, 450 * _G,
            "NVIDIA H100 Tensor Core GPU datasheet (2023), SXM, half of the rates with sparsity"),
    _nvidia("H200", Fraction(9895, 10) * _T, 1979 * _T, 67 * _T, 4800 * _G, 141, 450 * _G,
            "NVIDIA H200 Tensor Core GPU datasheet (2024), SXM, half of the rates with sparsity"),
    _nvidia("B200", 2250 * _T, 4500 * _T, 75 * _T, 7700 * _G, 180, 900 * _G,
            "NVIDIA Blackwell datasheet (2025), HGX B200, half of the rates with sparsity"),
    _nvidia("L40S", 362 * _T, 733 * _T, Fraction(916, 10) * _T, 864 * _G, 48, 32 * _G,
            "NVIDIA L40S datasheet (2023), half of the rates with sparsity, PCIe 4.0 x16"),
    Accelerator(
        "MI300X",
        MappingProxyType({"bfloat16": Fraction(13074, 10) * _T, "float16": Fraction(13074, 10) * _T,
                          "float8": Fraction(26149, 10) * _T, "float32": Fraction(1634, 10) * _T}),
        5300 * _G, 192 * _GIB, 448 * _G,
        "AMD Instinct MI300X data sheet (2023), without sparsity; seven links of 64 GB/s",
    ),
    Accelerator("TPU v4", MappingProxyType({"bfloat16": 275 * _T}), 1200 * _G, 32 * _GIB,
                300 * _G, "https://cloud.google.com/tpu/docs/v4; Jouppi et al., TPU v4 (2023):"
                " six links of 50 GB/s"),
    Accelerator("TPU v5e", MappingProxyType({"bfloat16": 197 * _T}), 819 * _G, 16 * _GIB,
                200 * _G, "https://cloud.google.com/tpu/docs/v5e, half of both ways of its links"),
    Accelerator("TPU v5p", MappingProxyType({"bfloat16": 459 * _T, "float8": 459 * _T}), 2765 * _G,
                95 * _GIB, 600 * _G,
                "https://cloud.google.com/tpu/docs/v5p, half of both ways of its links"),
)  # fmt: skip

ACCELERATORS: Mapping[str, Accelerator] = MappingProxyType({a.name: a for a in _TABLE})
"""Accelerators by name, each with its source.  Links are all of a device together, one way."""


def accelerator(name: str | Accelerator) -> Accelerator:
    """The accelerator of that name, also in other letters; one's own as it is.

    Raises:
        LookupFailedError: there is none; the error lists those that are.

    >>> accelerator("h100").memory
    85899345920
    """
    if isinstance(name, Accelerator):
        return name
    known = {key.lower(): value for key, value in ACCELERATORS.items()}
    if name.lower() not in known:
        raise LookupFailedError(
            f"there is no accelerator {quoted(name, 40)} in the table",
            code="unknown-accelerator",
            hint=f"there are {', '.join(ACCELERATORS)}; others are Accelerator(…)",
        )
    return known[name.lower()]


@dataclass(frozen=True)
class Bound(Shown):
    """A lower bound on the time of one phase, on each device.

    Attributes:
        phase: what is run.
        flops: floating-point operations of one device.
        moved: bytes that must cross from its memory.
        sent: bytes that it must send to others.
        compute, memory, link: the seconds each of these takes at best.
        intensity: FLOPs for each byte that is moved.
    """

    phase: Phase
    flops: Formula
    moved: Formula
    sent: Formula
    compute: Formula
    memory: Formula
    link: Formula
    intensity: Formula

    @property
    def seconds(self) -> Formula:
        """The longest of the three."""
        parts = [self.compute, self.memory, self.link]
        needs = dict.fromkeys(r for part in parts for r in part.requirements)
        return Formula(Max(*[part.expr for part in parts]), needs)

    @property
    def limited_by(self) -> str:
        """Which of the three it is: ``"compute"``, ``"memory"`` or ``"link"``; numbers only."""
        times = {"compute": self.compute, "memory": self.memory, "link": self.link}
        return max(times, key=lambda name: Fraction(times[name]()))


@dataclass(frozen=True)
class Roofline(Cost[Bound]):
    """The least time that a prefill, a token more, or a step of training takes.

    Prefill: products that masks do not hide; weights are read once, the cache is written once.
    Decode: one token more of every sequence; weights (of experts at most as many as the batch can
    meet, of an encoder none) and the cache are read once.  Of a table that no head is tied to, as
    many rows are read as there are tokens, if it has as many.

    Training: every weight is read forward and backward and written once, and so are the master copy
    and the state.  Activations may stay on the chip.

    Devices send sums of results (tensor), tokens to experts and back (expert), keys and values to
    those of other positions (sequence), and sums of gradients (data).  What goes from stage to
    stage is not counted.

    Args:
        deployment: how the network is run; work is split evenly among the devices of tensor,
            pipeline and sequence.
        machine: a name in `ACCELERATORS`, or an `Accelerator`.
        phase: what is run.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense(4096, use_bias=False)]).trace(("t", 4096))
    >>> bound = trace.cost(Roofline(Deployment(), "H100", "prefill"))
    >>> bound.flops, bound.moved, bound.intensity
    (33554432·t, 33554432, t)
    """

    deployment: Deployment
    machine: str | Accelerator
    phase: Phase = "decode"
    unit = "seconds"
    source = "Williams et al., Roofline (2009)"

    def over(self, trace: Rows) -> Bound:
        machine = accelerator(self.machine)
        dtype = formats_called(self.deployment.formats).activations
        flops, moved, sent = self._flops(trace), self._moved(trace), self._sent(trace)
        return Bound(
            self.phase,
            flops,
            moved,
            sent,
            flops / Formula(Rational(Fraction(machine.peak_of(dtype)))),
            moved / Formula(Rational(Fraction(machine.bandwidth))),
            self._time_of_link(sent, machine),
            flops / moved,
        )

    def _time_of_link(self, sent: Formula, machine: Accelerator) -> Formula:
        if sent == 0:
            return sent
        if machine.link is None:
            raise LookupFailedError(
                f"what {machine.name} can send to others is not known",
                code="unknown-link",
                hint="give an Accelerator with link=, in bytes a second",
            )
        return sent / Formula(Rational(Fraction(machine.link)))

    def _flops(self, trace: Rows) -> Formula:
        """Of one device: an even part of the work of a replica."""
        where, mesh = self.deployment, self.deployment.mesh
        if self.phase == "training":
            whole = TrainingFlops(where.batch, EXACT).over(trace)
        else:
            one = EXACT if self.phase == "prefill" else DecodeFlops()
            whole = one.over(trace) * Formula(where.batch)
        beside = product((mesh.of("tensor"), mesh.of("pipeline"), mesh.own_sequence))
        return whole if beside == 1 else whole / Formula(beside)

    def _moved(self, trace: Rows) -> Formula:
        where = self.deployment
        if self.phase == "training":
            step = where.training(trace)
            parts = {part.name: part.bytes for part in step.parts(trace)}
            weights = sum((parts[name] for name in WEIGHTS if name in parts), Formula(0))
            kept = parts.get("master copy", Formula(0)) + parts.get("state", Formula(0))
            return weights * 3 + kept * 2
        memory = InferenceBytes(where)
        cache = next(part.bytes for part in memory.stored(trace) if part.name == "cache")
        run = self._run(trace)
        parts = {part.name: part.bytes for part in memory.stored(run)}
        weights = sum((parts[name] for name in WEIGHTS if name in parts), Formula(0))
        return weights - self._idle(run) + cache

    def _run(self, trace: Rows) -> Any:
        """The rows that are run, with what is read of their tables."""
        tokens, rows = self._tokens(trace), list(trace.rows)
        if self.phase == "decode":  # without those that were called before
            known = known_before(trace, read_before(trace))
            rows = [row for n, row in enumerate(rows) if n not in known or not row.sources]
        multiplied = _multiplied(rows)
        return _With(trace, rows=[_read(row, tokens, multiplied) for row in rows])

    def _tokens(self, trace: Rows) -> Dim:
        """How many words of all sequences together are read at once."""
        batch = as_dim(self.deployment.batch)
        return batch if self.phase == "decode" else product((batch, tokens_of(trace)))

    def _idle(self, trace: Rows) -> Formula:
        """The weights of experts that no token of a step meets, at least."""
        where, formats = self.deployment, formats_called(self.deployment.formats)
        tokens = self._tokens(trace)
        every, needs = on_device(Parameters(), trace, where.mesh, "experts")
        if every == 0:
            return Formula(0)
        met, _ = on_device(ActiveParameters(), trace, where.mesh, "experts")
        most = lower(plain(every) - plain(met) * plain(tokens))
        left = Formula(Max(0, plain(most)), needs)
        return left * stored_bytes(formats.experts or formats.weights)

    def _sent(self, trace: Rows) -> Formula:
        """What a device sends: sums of what each has of a result, tokens to experts and back, keys
        and values of other positions, and sums of the gradients of replicas."""
        where, mesh = self.deployment, self.deployment.mesh
        degree, replicas, routed = mesh.of("tensor"), mesh.replicas, mesh.of("expert")
        formats = formats_called(where.formats)
        each = Formula(where.batch) * bytes_of(formats.activations)
        each = each / Formula(tokens_of(trace)) if self.phase == "decode" else each
        twice = 2 if self.phase == "training" else 1
        sent = Formula(0, trace.requirements)
        if degree != 1:
            sent = sent + each * twice * Formula(_summed(trace, mesh)) * Formula(_ring(degree))
        if routed != 1:
            sent = sent + each * twice * Formula(_routed(trace)) * Formula(_ring(routed))
        beside = mesh.own_sequence
        if beside != 1 and self.phase != "decode":
            parts = {part.name: part.bytes for part in InferenceBytes(where).stored(trace)}
            passes = 3 if self.phase == "training" else 1
            sent = sent + parts["cache"] * Formula(lower(plain(beside) - 1)) * passes
        if self.phase == "training" and replicas != 1:
            step = where.training(trace)
            gradients = next(p for p in step.parts(trace) if p.name == "gradients")
            held = gradients.bytes * (Formula(replicas) if where.zero >= 2 else Formula(1))
            sent = sent + held * Formula(_ring(replicas))
        return sent


class _With:
    """Something with these attributes in the place of its own."""

    def __init__(self, thing: Any, **instead: Any) -> None:
        self._thing = thing
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thing, name)


def _read(row: TracedRow, tokens: Dim, multiplied: Collection[tuple[str, str]]) -> Any:
    """A row with what is read of its weights: of a table at most a row for each token, unless
    something multiplies it, as a head that is tied to it does."""
    weights = tuple(
        replace(w, shape=Shape((lower(smallest(w.shape[0], tokens)), *w.shape[1:])))
        if w.role == "embedding" and (row.path, w.name) not in multiplied
        else w
        for w in row.weights
    )
    # Equal layers on equal shapes are counted once: what is read in another way is not equal.
    same = weights == row.weights
    return row if same else _With(row, weights=weights, applied=_With(row.applied))


def _multiplied(rows: Iterable[TracedRow]) -> set[tuple[str, str]]:
    """The weights that products name, by the paths of their owners and their names there."""
    found: set[tuple[str, str]] = set()
    for row in rows:
        owners = {tie.weight: (tie.owner, tie.of) for tie in row.ties}
        found |= {owners.get(w.weight, (row.path, w.weight)) for w in row.work if w.weight}
    return found


def _ring(devices: Dim) -> Rational:
    """What each device sends of a sum over a ring, for each byte of it."""
    return 2 * (plain(devices) - 1) / plain(devices)


def _routed(trace: Rows) -> Dim:
    """The elements of tokens that go to experts, of one sample: each to those that it meets."""
    entering: dict[tuple[object, ...], Dim] = {}
    for row in trace.rows:
        for source, shape in zip(row.sources, row.inputs, strict=True):
            inside = source >= 0 and is_expert(trace.rows[source])
            if is_expert(row) and not inside:
                times = (*(factor.count for factor in called(row.loops)), *positions(row.loops))
                entering[source, row.loops] = product((*times, *shape))
    return lower(Add(*map(plain, entering.values())))


def _summed(trace: Rows, mesh: Mesh) -> Dim:
    """The elements of results that devices add up, of one sample."""
    placed = Placement(trace, mesh)
    parts = [
        plain(product((often(called(row.loops)), *positions(row.loops), *row.output)))
        for row in (trace.rows[number] for number in placed.summed)
    ]
    return lower(Add(*parts))
