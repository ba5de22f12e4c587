"""One sheet on a language model: what it weighs, keeps, computes and needs, and whether it fits.

Every figure is a formula in the batch and the length, so that each can be solved for either; each
says what it is made of.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import PurePath
from typing import Any

from archcalc.costs.compute import tokens_of
from archcalc.costs.deployment import Deployment
from archcalc.costs.number_formats import DTYPES, long_name, stored_bytes
from archcalc.costs.roofline import Accelerator, accelerator
from archcalc.costs.training import WEIGHTS, Formats
from archcalc.explain.deployed_line import Group, Made, SheetLine
from archcalc.explain.deployed_lines import LENGTH, Figures, is_sequence
from archcalc.explain.document import Block, Document, Paragraph, Table
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import binary_bytes
from archcalc.formula import Formula
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.errors import ArchcalcError, LookupFailedError, NoSolutionError, quoted

__all__ = ["Deployed", "deploy"]

_GROUPS: tuple[tuple[Group, str], ...] = (
    ("parameters", "Parameters"),
    ("inference", "Inference, on each device"),
    ("training", "Training, on each device"),
    ("compute", "Compute"),
    ("approximations", "A step by formulas of others"),
    ("time", "Time, at best"),
    ("overtaking", "Where one overtakes another"),
)


@dataclass(frozen=True, repr=False)
class Deployed(Renderable):
    """The sheet: lines by group, each with its formula; `deploy` makes it.

    Attributes:
        name: what the network is called.
        deployment: how it is run.
        memory: bytes of each device; ``None`` where that is not said.
        lines: the figures.
        notes: what else is to be known.
    """

    name: str
    deployment: Deployment
    memory: int | None
    lines: tuple[SheetLine, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> SheetLine:
        """The line called `name`, such as ``"cache"`` or ``"largest batch"``.

        Raises:
            LookupFailedError: there is none; the error lists those that are.
        """
        found = next((line for line in self.lines if line.name == name), None)
        if found is None:
            raise LookupFailedError(
                f"the sheet has no line {quoted(name, 40)}",
                code="unknown-line",
                hint=f"it has {', '.join(line.name for line in self.lines)}",
            )
        return found

    @property
    def fits(self) -> bool | None:
        """Whether inference fits into the memory; ``None`` where that is not said or decided."""
        return _fits(self["inference together"], self.memory)

    @property
    def trains(self) -> bool | None:
        """Whether a step of training fits; ``None`` where that is not said or decided."""
        return _fits(self["training together"], self.memory)

    def derive(self, name: str) -> Made:
        """What a line is made of: its formula, and each layer's part of it.

        Args:
            name: the line, such as ``"cache"``.

        Raises:
            LookupFailedError: there is no such line.
        """
        line = self[name]
        return Made(line, line.parts())

    def document(self) -> Document:
        blocks: list[Block] = [Paragraph((self._headline(),), "total")]
        for group, title in _GROUPS:
            rows = tuple(line.row() for line in self.lines if line.group == group)
            if rows:
                blocks.append(Table((title, "", ""), "lrl", rows))
        blocks.extend(Paragraph((note,)) for note in self.notes)
        return Document(self.name, tuple(blocks))

    def _headline(self) -> str:
        parts = [self[name].result for name in WEIGHTS if self._has(name)]
        whole = sum(parts, Formula(0))
        weights = binary_bytes(ceil(Fraction(whole()))) if whole.is_number else f"{whole} bytes"
        cache = self["cache"].said() if self._has("cache") else ""
        kept = f" and cache {cache}" if cache else ""
        said = [f"{self.name}: weights {weights}{kept} a device"]
        if self.memory is not None:
            into = f"into {binary_bytes(self.memory)}"
            verdict: dict[bool | None, str] = {
                True: f"fits {into}",
                False: f"does not fit {into}",
                None: f"whether it fits {into} depends on its symbols",
            }
            said.append(verdict[self.fits])
            for asked in ("largest batch", "longest sequence"):
                if self._has(asked):
                    said.append(f"the {asked} is {self[asked].said()}")
        return " · ".join(said)

    def _has(self, name: str) -> bool:
        return any(line.name == name for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "memory": self.memory,
            "fits": self.fits,
            "trains": self.trains,
            "lines": {line.name: line.data() for line in self.lines},
            "notes": list(self.notes),
        }


def _fits(line: SheetLine, memory: int | None) -> bool | None:
    if memory is None or not line.result.is_number:
        return None
    return bool(line.result() <= memory)


def deploy(
    network: Network | Trace | str | os.PathLike[str],
    deployment: Deployment | None = None,
    *,
    memory: int | str | None = None,
    machine: str | Accelerator | None = None,
    training: str = "",
    name: str = "",
    **values: Any,
) -> Deployed:
    """Whether a language model fits, what it weighs, keeps and computes, as formulas.

    Args:
        network: a network, or a file that describes one; the first axis of its input is the length.
        deployment: how it is run; one sequence on one device where it is left out.
        memory: bytes of each device, a number or text such as ``"80GiB"``; that of the machine
            where it is left out.
        machine: a name in `archcalc.costs.ACCELERATORS`, or an `Accelerator`: bounds on the time.
        training: the formats of training, a name in `archcalc.costs.FORMATS`; mixed precision with
            a master copy where inference is in 16 bits and nothing else is said.
        name: what the sheet calls the network.
        values: numbers for symbols of the network: formulas are shown in these symbols, and then
            with the numbers put in.

    Raises:
        LookupFailedError: a format, an optimizer or a machine is not known.
        RequirementError: heads cannot be split like that.

    >>> from archcalc.costs import Deployment, Mesh
    >>> from archcalc.families import llama
    >>> sheet = deploy(llama(32, 4096, 14336, 128256, 32, 8, 128),
    ...                Deployment(batch=8, length=8192, mesh=Mesh(tensor=2)), memory="80GiB")
    >>> sheet["weights"].result, sheet["cache"].result, sheet.fits
    (8030527488, 4294967296, True)
    >>> sheet["cache"].formula, sheet["largest batch"].result
    (65536·batch·length, 145)
    """
    where = Deployment() if deployment is None else deployment
    known = None if machine is None else accelerator(machine)
    bytes_ = known.memory if memory is None and known is not None else read_bytes(memory)
    trace = traced(network)
    long = str(tokens_of(trace))
    given = {"length" if name == long else name: value for name, value in values.items()}
    figures = Figures(_with_length(trace), where, training, given)
    lines = [*figures.lines(), *figures.approximations()]
    lines.extend([*figures.times(known), *figures.overtaking()])
    if bytes_ is not None:
        lines.extend(_answers(figures, lines, bytes_))
    return Deployed(name or "network", where, bytes_, tuple(lines), figures.notes(bytes_))


def _with_length(trace: Trace) -> Trace:
    """The network on a sequence that is ``length`` long, where it takes one.

    A first axis that weights depend on, as the features of a Dense layer, is no length.
    """
    length, made = tokens_of(trace), trace.network
    if length == LENGTH or not is_sequence(trace) or not isinstance(made, Network):
        return trace
    try:
        longer = made.trace(*(_longer(shape, length) for shape in trace.inputs))
    except ArchcalcError:
        return trace
    return trace if LENGTH in longer.parameters.symbols else longer


def _longer(shape: Any, length: Any) -> tuple[Any, ...]:
    return tuple(LENGTH if i == 0 and dim == length else dim for i, dim in enumerate(shape))


def _answers(figures: Figures, lines: Sequence[SheetLine], memory: int) -> list[SheetLine]:
    """The largest batch and the longest sequence with which what inference needs fits."""
    whole = next(line for line in lines if line.name == "inference together")
    found = []
    symbols = {s.name for s in whole.formula.symbols}
    for name, unknown in (("largest batch", "batch"), ("longest sequence", "length")):
        if unknown not in symbols:
            continue
        others = {k: v for k, v in figures.known.items() if k in symbols - {unknown}}
        answer = _most(whole.formula, unknown, memory, others)
        if answer is not None:
            text = f"with inference together ≤ {memory:,}" if answer else "not even one fits"
            made = Formula(answer)
            found.append(SheetLine(name, "inference", made, {}, made, "", note=text))
    return found


def formats_of(dtype: str, cache: str | None = None, experts: str | None = None) -> Formats:
    """The formats of inference by that of its weights: products are done in 16 bits or more.

    Args:
        dtype: of the weights, and of activations and the cache where it is not of few bits.
        cache: of the cache, where it is another.
        experts: of experts that are routed to, where it is another.

    Raises:
        LookupFailedError: a format is not known.

    >>> formats_of("mxfp4").activations, formats_of("bf16", "fp8").cache
    ('bfloat16', 'fp8')
    """
    for name in (dtype, cache, experts):
        if name is not None:
            stored_bytes(name)
    named = long_name(dtype)
    active = named if named in DTYPES and DTYPES[named] >= 2 and "int" not in named else "bfloat16"
    return Formats(
        weights=dtype, gradients=active, state=active, activations=active, experts=experts,
        cache=cache,
    )  # fmt: skip


def title_of(file: str) -> str:
    """What a sheet calls what is in a file: the folder of a ``config.json``, or the file's name.

    >>> title_of("models/Llama-3-8B/config.json"), title_of("nets/small.yaml")
    ('Llama-3-8B', 'small')
    """
    path = PurePath(file.rpartition(":")[2])
    stem = path.parent.name if path.name == "config.json" and path.parent.name else path.stem
    return stem or file


def _most(formula: Formula, unknown: str, bound: int, others: dict[str, Any]) -> int | None:
    """The largest value of a symbol within a bound: 0 where 1 is too much, ``None`` if unknown."""
    one = Formula(formula(**others, **{unknown: 1}))
    if not one.is_number:
        return None
    if one() > bound:
        return 0
    try:
        return formula.solve(unknown, at_most=bound, **others)
    except NoSolutionError:
        return None


_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
          "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}  # fmt: skip


def read_bytes(text: int | str | None) -> int | None:
    """A number of bytes: ``"80GiB"`` are 80·2³⁰, ``"80GB"`` are 80·10⁹.

    Raises:
        LookupFailedError: it is none.

    >>> read_bytes("80GiB"), read_bytes("24 GB")
    (85899345920, 24000000000)
    """
    if text is None or isinstance(text, int):
        return text
    digits = text.strip().rstrip("KMGTiBkmgtb ")
    unit = text.strip()[len(digits) :].strip().lower()
    try:
        size = int(Fraction(digits.replace(",", "").replace("_", "")) * _UNITS[unit])
        if size < 1:
            raise ValueError
        return size
    except (KeyError, ValueError, ZeroDivisionError):
        raise LookupFailedError(
            f"{quoted(text, 40)} is no number of bytes",
            code="bad-bytes",
            hint="write 80GiB, 80GB or 85899345920",
        ) from None
