"""What is in memory, and why: at the peak of inference, and in a step of training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from archcalc.costs import (
    Formats,
    Kernels,
    MemoryPart,
    Peak,
    PeakBytes,
    SavedBytes,
    SavedTensor,
    TrainingBytes,
)
from archcalc.costs.loops import often, repeated
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Inlines,
    Math,
    Paragraph,
    Table,
    equation,
)
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import amount, binary_bytes
from archcalc.formula import Formula
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.dims import Dim, DimLike, as_dim
from archcalc.symbolic.ordered import OrderedMul
from archcalc.symbolic.symbols import symbol

__all__ = ["Memory", "memory"]


@dataclass(frozen=True, repr=False)
class Memory(Renderable):
    """What inference and a step of training have in memory, each with what it is made of.

    Attributes:
        setting: batch, optimizer and formats, in words.
        peak: where inference has most in memory, and what.
        parts: what training stores, kind by kind.
        kept: the tensors that are kept for the backward pass.
        recomputed: those that are kept besides while a block is computed once more, by its path.
        unstated: the layers that do not say what they keep, of which inputs and outputs count.
    """

    setting: str
    peak: Peak
    parts: tuple[MemoryPart, ...]
    kept: tuple[SavedTensor, ...]
    recomputed: dict[str, tuple[SavedTensor, ...]]
    unstated: tuple[str, ...]

    @property
    def training(self) -> Formula:
        """The bytes of a step of training, all together."""
        return sum((part.bytes for part in self.parts), Formula(0))

    def document(self) -> Document:
        blocks: list[Block] = [Paragraph((self.setting,))]
        blocks.extend(self._of_training())
        blocks.extend(_tensors("kept for the backward pass", self.kept))
        for path, tensors in self.recomputed.items():
            blocks.extend(_tensors(f"kept while {path} is computed once more", tensors))
        if self.unstated:
            names = ", ".join(self.unstated)
            text = f"inputs and outputs, since they do not say what they keep: {names}"
            blocks.append(Paragraph((text,)))
        blocks.extend(self._of_inference())
        return Document("Memory", tuple(blocks))

    def _of_training(self) -> Iterable[Block]:
        rows = [((part.name,), _bytes(part.bytes), _forms(part)) for part in self.parts]
        rows.append((("training",), _bytes(self.training), ()))
        yield Table(("", "", ""), "lrl", tuple(rows), footer=1)

    def _of_inference(self) -> Iterable[Block]:
        for moment in self.peak.moments:
            yield Paragraph(("alive at the peak of inference, in ", Code(moment.path)))
            rows: list[tuple[Inlines, ...]] = [
                ((Code(x.path),), (x.shape,), (Amount(_plain(x.elements)),)) for x in moment.alive
            ]
            rows.append((("together",), (), (Amount(_plain(moment.elements)),)))
            yield Table(("output", "shape", "elements"), "llr", tuple(rows), footer=1)
        yield Paragraph(("inference: ", *_bytes(self.peak.bytes)), "total")

    def to_dict(self) -> dict[str, Any]:
        return {
            "setting": self.setting,
            "training": {part.name: _value(part.bytes) for part in self.parts},
            "kept": [_data(tensor) for tensor in self.kept],
            "recomputed": {p: [_data(t) for t in found] for p, found in self.recomputed.items()},
            "unstated": list(self.unstated),
            "inference": {
                "bytes": _value(self.peak.bytes),
                "peak": [
                    {
                        "path": moment.path,
                        "alive": [
                            {"path": x.path, "elements": _value(Formula(x.elements))}
                            for x in moment.alive
                        ],
                    }
                    for moment in self.peak.moments
                ],
            },
        }


def _forms(part: MemoryPart) -> Inlines:
    """The product that a part is: how many numbers, so many times, of so many bytes."""
    if part.name == "activations":
        return ("the tensors below",)
    slots, count, each = symbol("slots"), symbol("numbers"), symbol("bytes")
    values: dict[Any, Dim] = {slots: part.slots} if part.slots > 1 else {}
    values |= {count: _plain(part.elements.expr), each: part.each}
    order = tuple(values)
    rule = OrderedMul(*order)
    return equation(Math(rule, {}, order), Math(rule, values, order))


def _tensors(title: str, tensors: Sequence[SavedTensor]) -> Iterable[Block]:
    if not tensors:
        return
    yield Paragraph((title,))
    rows = tuple(
        (
            (Code(tensor.path),),
            (tensor.name,),
            (Amount(_plain(tensor.elements)),),
            (Amount(_plain(often(tensor.copies))),),
            (Code(tensor.saved_by),),
        )
        for tensor in tensors
    )
    yield Table(("of", "what", "elements", "copies", "kept by"), "llrrl", rows)


def _bytes(formula: Formula) -> Inlines:
    if not formula.is_number or formula() < 1024:
        return (amount(formula), " bytes")
    return (amount(formula), f" bytes, {binary_bytes(formula())}")


def _plain(value: Any) -> Any:
    formula = Formula(value)
    return formula() if formula.is_number else formula.ordered


def _value(formula: Formula) -> Any:
    return formula() if formula.is_number else formula.to_python()


def _data(tensor: SavedTensor) -> dict[str, Any]:
    times, elements = repeated(tensor.copies, tensor.elements)
    return {
        "path": tensor.path,
        "what": tensor.name,
        "elements": _value(Formula(elements) * Formula(times)),
        "kind": tensor.kind,
        "of": "batch" if tensor.of_batch else "sample",
        "kept by": tensor.saved_by,
    }


def memory(
    network: Network | Trace | str | os.PathLike[str],
    *,
    batch: DimLike = 1,
    optimizer: str = "adam",
    formats: str | Formats = "float32",
    kernels: str | Kernels = "torch on CUDA",
    recompute: tuple[str, ...] = (),
    order: Literal["network", "best"] = "network",
) -> Memory:
    """What a step of training and inference have in memory: each kind, each tensor, the peak.

    Args:
        network: a network, its trace, or a file that describes one.
        batch: samples in a batch, a number or a symbol.
        optimizer: a name in `archcalc.costs.OPTIMIZERS`.
        formats: a name in `archcalc.costs.FORMATS`, or `archcalc.costs.Formats`; inference has its
            format of activations.
        kernels, recompute: see `archcalc.costs.SavedBytes`.
        order: of the calls at inference; see `archcalc.costs.PeakBytes`.

    Raises:
        LookupFailedError: the optimizer, a format or a block is not known.
        EvaluationError: the peak of repeated blocks is undecided; see `archcalc.costs.PeakBytes`.

    >>> from archcalc.layers import Dense, ReLU
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(100), ReLU(), Dense(10)], input_shape=784)
    >>> found = memory(net, batch=32, formats="bfloat16 mixed")
    >>> found.training, found.peak.bytes
    (1328736, 56576)
    >>> [(tensor.path, tensor.elements) for tensor in found.kept]
    [('input', 784), ('re_lu', 100)]
    """
    trace = traced(network)
    step = TrainingBytes(batch, optimizer, formats, kernels, recompute)
    stored = step.formats_of()
    kept = SavedBytes(batch, stored.activations, kernels, recompute)
    named = formats if isinstance(formats, str) else "formats of their own"
    return Memory(
        f"batch {as_dim(batch)}, {optimizer}, {named}",
        PeakBytes(batch, stored.activations, order).peak(trace),
        step.parts(trace),
        kept.tensors(trace),
        kept.recomputed(trace),
        kept.unstated(trace),
    )
