"""The figures of a sheet on a language model: each a formula in the batch and the length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sympy import Rational, Symbol

from archcalc.costs import (
    ActiveParameters,
    Cache,
    NonEmbeddingParameters,
    Parameters,
    SavedBytes,
    TrainingFlops,
)
from archcalc.costs.approximations import APPROXIMATIONS
from archcalc.costs.base import Additive
from archcalc.costs.compute import (
    EXACT,
    PARTS,
    DecodeFlops,
    PartFlops,
    read_before,
    tokens_of,
)
from archcalc.costs.deployment import Deployment, InferenceBytes
from archcalc.costs.memory import CacheBytes
from archcalc.costs.mesh import contributions, on_device
from archcalc.costs.peak import PeakBytes
from archcalc.costs.roofline import Accelerator, Phase, Roofline
from archcalc.costs.training import WEIGHTS, MemoryPart, formats_called
from archcalc.explain.deployed_line import Part, SheetLine
from archcalc.formula import Formula
from archcalc.formula.crossing import crossover
from archcalc.formula.values import read_values
from archcalc.network import Trace
from archcalc.symbolic.dims import Dim, DimLike, as_dim
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.ordered import OrderedMul, plain
from archcalc.symbolic.symbols import symbol

__all__ = ["LENGTH", "Figures", "is_sequence"]

BATCH, LENGTH = symbol("batch"), symbol("length")
_TOKENS = "tokens"

_MIXED = {"float16": "float16 mixed", "bfloat16": "bfloat16 mixed"}
"""The formats of training where inference is in these and nothing else is said."""


class Figures:
    """The lines of a sheet.

    Args:
        trace: the network, on a sequence whose length is a symbol where it can be.
        where: how it is run.
        training: the formats of training; by what those of inference are where it is empty.
        values: numbers for symbols of the network.

    Raises:
        UnknownSymbolError: the network has no such symbol.
    """

    def __init__(
        self, trace: Trace, where: Deployment, training: str = "", values: Any = None
    ) -> None:
        self.trace = trace
        self.where = where
        self.general = replace(where, batch=BATCH)
        formats = formats_called(where.formats)
        usual = _MIXED.get(formats.activations, where.formats)
        self.train = replace(self.general, formats=training or usual)
        length = tokens_of(trace)
        self._sequence = is_sequence(trace)
        self._length = length if self._sequence and isinstance(length, Symbol) else None
        self._writes = self._sequence and trace.cost(Cache()) != 0
        given = read_values(values or {}, trace.parameters.accepted_symbols)
        firsts = {shape[0] for shape in trace.inputs if 1 <= len(shape) <= _OF_SEQUENCES}
        beside = firsts - {self._length} - set(given) if self._length is not None else set()
        others = {self._length, *beside} - {LENGTH}
        self._lengths = {s.name: LENGTH for s in others if isinstance(s, Symbol)}
        own: dict[str, DimLike | None] = {"batch": where.batch, "length": where.length}
        self.known: dict[str, Dim] = {
            name: as_dim(value) for name, value in own.items() if value is not None
        }
        if self._length is None:
            self.known["length"] = length
        for name, value in given.items():
            self.known["length" if name == self._length else name.name] = value

    def of(self, formula: Formula) -> Formula:
        """A formula in ``batch`` and ``length``; sequences of which nothing else is said are as
        long as that which is written."""
        names = {s.name for s in formula.symbols}
        lengths = {name: symbol for name, symbol in self._lengths.items() if name in names}
        made: Formula = formula(**lengths) if lengths else formula
        return made

    def _at(self, formula: Formula) -> Formula:
        """A formula of the length, with all other numbers put in."""
        general = self.of(formula)
        names = {s.name for s in general.symbols} - {"length"}
        return Formula(general(**{n: v for n, v in self.known.items() if n in names}))

    def line(
        self,
        name: str,
        group: Any,
        formula: Formula,
        unit: str,
        parts: Callable[[], tuple[Part, ...]] = tuple,
        rule: Any = None,
        values: dict[Symbol, Any] | None = None,
    ) -> SheetLine:
        """A line, with the batch and the length put into its formula."""
        general = self.of(formula)
        named = {s.name for s in general.symbols}
        given = {name: value for name, value in self.known.items() if name in named}
        result = Formula(general(**given)) if given else general
        shown = {symbol(name): value for name, value in given.items()}
        if rule is not None:
            general, shown = general, dict(values or {})
        return SheetLine(name, group, general, shown, result, unit, rule, parts=parts)

    def lines(self) -> Iterator[SheetLine]:
        """Parameters, memory and compute."""
        yield from self._parameters()
        yield from self._inference()
        yield from self._training()
        yield from self._compute()

    # Parameters

    def _parameters(self) -> Iterator[SheetLine]:
        every, active = self.trace.parameters, self.trace.active_parameters
        yield self._count("parameters", Parameters())
        if every != active:
            yield self._count("active a token", ActiveParameters())
        yield self._count("without embeddings", NonEmbeddingParameters())
        if not self.where.mesh.is_one:
            amount, needs = on_device(Parameters(), self.trace, self.where.mesh)
            held = Formula(amount, (*self.trace.requirements, *needs))
            parts = self._parts(Parameters(), self.where.mesh)
            yield self.line("on a device", "parameters", held, "parameters", parts)

    def _count(self, name: str, cost: Additive) -> SheetLine:
        found = self.trace.cost(cost)
        return self.line(name, "parameters", found, "parameters", self._parts(cost))

    def _parts(self, cost: Additive, mesh: Any = None) -> Callable[[], tuple[Part, ...]]:
        """What each row adds, where it adds something."""
        from_mesh = self.where.mesh if mesh is None and isinstance(cost, Cache) else mesh

        def found() -> tuple[Part, ...]:
            rows = contributions(cost, self.trace, from_mesh)
            return tuple(
                Part(path, self.of(Formula(times)), self.of(Formula(each)))
                for path, times, each in rows
            )

        return found

    # Memory

    def _inference(self) -> Iterator[SheetLine]:
        memory = InferenceBytes(self.general)
        total = Formula(0, self.trace.requirements)
        for part in memory.stored(self.trace):
            if part.bytes == 0 or (part.name == "cache" and not self._sequence):
                continue
            total = total + part.bytes
            if part.name == "cache":
                yield self._cache_of_one()
                parts = self._parts(Cache())
                yield self.line("cache", "inference", part.bytes, "bytes", parts)
            else:
                yield self._part(
                    part, part.name, "inference", self._parts(Parameters(), self.where.mesh)
                )
        whole = self._peak(self.trace)
        step = self._step() if self._writes else whole
        alive = "activations of a step" if self._writes else "activations"
        yield self.line(alive, "inference", step, "bytes")
        yield self.line("inference together", "inference", total + step, "bytes")
        if self._writes:
            yield self.line("activations of a prefill", "inference", whole, "bytes")

    def _part(
        self, part: MemoryPart, name: str, group: Any, parts: Callable[[], tuple[Part, ...]] = tuple
    ) -> SheetLine:
        """A line of what is so many elements in a format."""
        if part.each == 1 and part.slots == 1:
            return self.line(name, group, part.bytes, "bytes", parts)
        numbers = symbol(name.rpartition(" ")[2])
        values: dict[Symbol, Any] = {symbol("slots"): part.slots} if part.slots > 1 else {}
        if not part.elements.is_number:
            return self.line(name, group, part.bytes, "bytes", parts)
        values |= {numbers: part.elements(), symbol("bytes"): _exact(part.each)}
        return self.line(name, group, part.bytes, "bytes", parts, OrderedMul(*values), values)

    def _cache_of_one(self) -> SheetLine:
        """What one token more of one sequence adds, while no window is full; of a state that stays
        as large as it is, what one sequence has."""
        formats = formats_called(self.where.formats)
        dtype = formats.cache or formats.activations
        whole = self.trace.cost(CacheBytes(dtype, 1, self.where.mesh))
        if self._length is None or self._length not in whole.symbols:
            return self.line("cache a sequence", "inference", whole, "bytes")
        first, second = (Formula(whole(**{self._length.name: n})) for n in (1, 2))
        return self.line("cache a token", "inference", second - first, "bytes")

    def _step(self) -> Formula:
        """The most that is alive while one token of every sequence is worked on; a source has been
        read before, and what a decoder takes of it is in the cache."""
        read = read_before(self.trace)
        shapes = enumerate(self.trace.inputs)
        one = [shape if n in read else (1, *shape[1:]) for n, shape in shapes]
        try:
            step = self.trace.network.trace(*one)  # type: ignore[attr-defined]
        except ArchcalcError:
            return self._peak(self.trace)
        return self._peak(step, read)

    def _peak(self, trace: Trace, beforehand: tuple[int, ...] = ()) -> Formula:
        dtype = formats_called(self.where.formats).activations
        mesh = self.where.mesh
        return trace.cost(PeakBytes(BATCH, dtype, mesh=mesh, beforehand=beforehand))

    def _training(self) -> Iterator[SheetLine]:
        step = self.train.training(self.trace)
        total = Formula(0, self.trace.requirements)
        for part in step.parts(self.trace):
            total = total + part.bytes
            name = f"training {part.name}" if part.name in WEIGHTS else part.name
            parts = self._saved if part.name == "activations" else tuple
            name = "saved activations" if part.name == "activations" else name
            yield self._part(part, name, "training", parts)
        yield self.line("training together", "training", total, "bytes")

    def _saved(self) -> tuple[Part, ...]:
        step = self.train.training(self.trace)
        dtype = formats_called(self.train.formats).activations
        cost = SavedBytes(BATCH, dtype, step.kernels, step.recompute, step.mesh)
        found = []
        for tensor in cost.tensors(self.trace):
            times, each = cost.bytes_of_tensor(tensor)
            name = f"{tensor.path}: {tensor.name}"
            found.append(Part(name, self.of(Formula(times)), self.of(Formula(each)), "bytes"))
        return tuple(found)

    # Compute

    def _compute(self) -> Iterator[SheetLine]:
        batch = Formula(BATCH)
        parts = self._by_part()
        whole = self.trace.cost(EXACT) * batch
        name = "FLOPs of a prefill" if self._writes else "FLOPs of a forward pass"
        yield self.line(name, "compute", whole, "FLOPs", parts)
        if self._writes and self._length is not None:
            decode = self.trace.cost(DecodeFlops()) * batch
            yield self.line("FLOPs of a token more", "compute", decode, "FLOPs")
        step = self.trace.cost(TrainingFlops(BATCH, EXACT))
        yield self.line("FLOPs of a training step", "compute", step, "FLOPs")
        if not self._sequence:
            return
        each = self.of(step).expr / (BATCH * plain(self.of(Formula(tokens_of(self.trace))).expr))
        a_token = Formula(each.expand(), step.requirements)
        yield self.line("training FLOPs a token", "compute", a_token, "FLOPs")

    def _by_part(self) -> Callable[[], tuple[Part, ...]]:
        def found() -> tuple[Part, ...]:
            each = {p: self.trace.cost(PartFlops(part=p, mask="exact")) for p in PARTS}
            return tuple(
                Part(name, Formula(BATCH), self.of(flops), "FLOPs")
                for name, flops in each.items()
                if flops != 0
            )

        return found

    def approximations(self) -> Iterator[SheetLine]:
        """What people take a step of training for, and by how much that is short, of one sequence,
        of all products, masked or not: all are stated by the token."""
        if not self._sequence:
            return
        exact = self.trace.cost(TrainingFlops())
        for name, cost in APPROXIMATIONS.items():
            found = cost.over(self.trace)
            left = Formula((exact.expr - found.expr).expand())
            line = self.line(name, "approximations", found * Formula(BATCH), "FLOPs")
            note = f"short by {self.of(left)}" if left != 0 else "all products"
            yield replace(line, note=note)

    # Time

    def times(self, machine: Accelerator | None) -> Iterator[SheetLine]:
        """Lower bounds on the time of each phase, where a machine is given."""
        if machine is None:
            return
        phases: tuple[Phase, ...] = ("prefill", "decode", "training")
        for phase in phases:
            if phase == "decode" and not (self._writes and self._length is not None):
                continue
            where = self.train if phase == "training" else self.general
            bound = self.trace.cost(Roofline(where, machine, phase))
            name = phase if self._writes or phase != "prefill" else "forward pass"
            yield self.line(f"{name} ≥", "time", bound.seconds, "seconds")
            yield self.line(f"{name}: FLOPs a byte", "time", bound.intensity, "FLOPs/byte")

    # Crossings

    def overtaking(self) -> Iterator[SheetLine]:
        """The lengths from which scores cost more than the MLP and than all products with weights,
        and the cache is more than the weights."""
        if self._length is None or not self._writes:
            return
        full = {p: self._at(self.trace.cost(PartFlops(part=p))) for p in PARTS}
        masked = self._at(self.trace.cost(PartFlops(part="scores", mask="exact")))
        feed = full["MLP"] + full["experts"]
        for name, other in (("MLP", feed), ("all linear layers", feed + full["projections"])):
            found = _equal_at(full["scores"], other)
            exact = _equal_at(masked, other)
            where = f"{int(text):,}" if (text := str(exact)).isdecimal() else text
            note = f"where masked pairs count; where they do not: {where}" if exact else ""
            if found is not None:
                yield SheetLine(
                    f"scores = {name}", "overtaking", other, {}, found, _TOKENS, note=note
                )
        memory = {p.name: p.bytes for p in InferenceBytes(self.general).stored(self.trace)}
        weights = self._at(sum((memory[n] for n in WEIGHTS if n in memory), Formula(0)))
        found = _equal_at(self._at(memory["cache"]), weights)
        if found is not None:
            yield SheetLine("cache = weights", "overtaking", weights, {}, found, _TOKENS, note=" ")

    # What else is to be known

    def notes(self, memory: int | None) -> tuple[str, ...]:
        """What the figures take for granted."""
        alive = (
            "weights, cache, and what is alive while one token of every sequence is worked on; a "
            "prefill of whole prompts at once needs its own activations."
            if self._writes
            else "weights, and what is alive at once in a forward pass."
        )
        notes = [
            f"Together for inference: {alive} What a runtime keeps beside (its context, fragments "
            "of memory) is not counted."
        ]
        others = sorted(self._lengths.keys() - {str(self._length)})
        if others:
            notes.append(
                f"The source is as long as the target: length. --set {others[0]}=… gives it a "
                f"length of its own; it has been read when a token is written."
            )
        left = SavedBytes().unstated(self.trace)
        if left:
            some = ", ".join(left[:3]) + (", …" if len(left) > 3 else "")
            notes.append(f"Saved activations count inputs and outputs of what does not say: {some}")
        return tuple(notes)


_OF_SEQUENCES = 2
"""The axes of an input that is a sequence, at most: words, or vectors."""


def is_sequence(trace: Trace) -> bool:
    """Whether a sequence goes in, whose first axis is its length; an image has no tokens that one
    after the other comes in, so that nothing is kept for a next one.

    >>> from archcalc.families import llama, vit
    >>> is_sequence(llama().trace()), is_sequence(vit().trace())
    (True, False)
    """
    return bool(trace.inputs) and 1 <= len(trace.inputs[0]) <= _OF_SEQUENCES


def _equal_at(first: Formula, second: Formula) -> Any:
    """The length from which the first is as large as the second; ``None`` where that is unknown."""
    if LENGTH not in first.symbols or second == 0:
        return None
    try:
        found = crossover(first, second, "length")
    except ArchcalcError:
        return None
    if getattr(found, "at", None) is not None:
        return found.at  # type: ignore[union-attr]
    runs = [run for run in getattr(found, "runs", ()) if run.larger in ("neither", "first")]
    return Formula(runs[0].low) if runs else None


def _exact(number: int | Fraction) -> Any:
    return number if isinstance(number, int) else Rational(number)
