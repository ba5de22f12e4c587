"""Every tensor that a checkpoint of a network has: name and shape, from the rows of a trace.

A kernel is kept as torch keeps it, ``(out, in)``, with the heads of its axes joined; kernels of
experts either one by one, as most files that are released have them, or stacked in one tensor, as
transformers 5 keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.huggingface.names import Names, names_of
from archcalc.frameworks.huggingface.reading import Reading
from archcalc.layers.facts import Weight
from archcalc.network.tracer import Row
from archcalc.symbolic.errors import SpecificationError

__all__ = ["Expected", "Layout", "expected_tensors"]

Layout: TypeAlias = Literal["apart", "stacked"]
"""How kernels of experts are kept: one by one, or those of a layer in one tensor."""

_WORDS = {
    "kernel": "weight", "embeddings": "weight", "scale": "weight", "gamma": "weight",
    "offset": "bias", "beta": "bias", "bias": "bias", "value": "weight",
    "depthwise_kernel": "weight", "sinks": "sinks", "A_log": "A_log", "D": "D",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """A tensor of a checkpoint.

    Attributes:
        name: what it is called.
        shape: its shape.
        path: the row of the network that it belongs to.
        weight: the weight of that row.
    """

    name: str
    shape: tuple[int, ...]
    path: str
    weight: str


def expected_tensors(reading: Reading, layout: Layout = "apart") -> list[Expected]:
    """The tensors of a model, each once.

    Raises:
        SpecificationError: what the tensors of this type are called is not known.

    >>> from archcalc.frameworks.huggingface.reading import read_config
    >>> tensors = expected_tensors(read_config({"model_type": "llama", "num_hidden_layers": 1}))
    >>> tensors[1].name, tensors[1].shape
    ('model.layers.0.input_layernorm.weight', (4096,))
    """
    names = names_of(reading.type)
    if names is None:
        raise SpecificationError(
            f"{reading.type}: what its tensors are called is not known",
            code="names-unknown", path="model_type",
            hint="from_huggingface counts it; its checkpoint cannot be held against it",
        )  # fmt: skip
    rows = [row for row in reading.network().trace().rows if row.weights]
    return list(_Walk(names, layout, rows).tensors())


class _Walk:
    """The rows of a trace, and where the layers of each stack begin."""

    def __init__(self, names: Names, layout: Layout, rows: list[Row]) -> None:
        self.names, self.layout, self.rows = names, layout, rows
        self.periods: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        for row in rows:
            stack = row.path.split("/")[0]
            if _kind(stack, names) is not None:
                self.periods[stack] = max(self.periods.get(stack, 1), _place(row.path) + 1)
                self.counts[stack] = int(row.loops[0].count) if row.loops else 1

    def first(self, stack: str) -> int:
        """The number of the first layer of a stack."""
        found = 0
        for name, period in self.periods.items():
            if name == stack:
                return found
            if _kind(name, self.names) == _kind(stack, self.names):
                found += period * self.counts[name]
        return found

    def tensors(self) -> Iterator[Expected]:
        for row in self.rows:
            stack, *rest = row.path.split("/")
            kind = _kind(stack, self.names)
            if kind is None:
                for weight in row.weights:
                    yield self._of(row, weight, self._called(row.path, "", weight))
                continue
            part = "/".join(rest[1:])
            for i in range(self.counts[stack]):
                number = self.first(stack) + i * self.periods[stack] + _place(row.path)
                before = self.names.layer[kind].format(i=number)
                yield from self._in_layer(row, kind, part, before)

    def _in_layer(self, row: Row, kind: str, part: str, before: str) -> Iterator[Expected]:
        _, found, own = part.partition("experts/expert/")
        for weight in row.weights:
            if not found:
                yield self._of(row, weight, f"{before}.{self._called(part, kind, weight)}")
            elif self.layout == "apart":
                count = int(row.loops[-1].count)
                each = self.names.each.get(own, own)
                for e in range(count):
                    place = self.names.experts.format(e=e)
                    name = f"{before}.{place}.{each}.{_WORDS[weight.name]}"
                    yield self._of(row, weight, name)
            else:
                yield from self._stacked(row, weight, own, before)

    def _stacked(self, row: Row, weight: Weight, own: str, before: str) -> Iterator[Expected]:
        """Gate and values of all experts are one tensor."""
        if own == "up_proj":
            return
        count, sizes = int(row.loops[-1].count), [int(n) for n in weight.shape]
        if own == "gate_proj":
            sizes[-1] *= 2
        if self.names.experts_turned:
            sizes.reverse()
        word = {"gate_proj": "gate_up_proj"}.get(own, own) + (
            "_bias" if weight.role == "bias" else ""
        )
        home = self.names.parts.get("mlp/experts/expert", "mlp.experts")
        yield Expected(f"{before}.{home}.{word}", (count, *sizes), row.path, weight.name)

    def _called(self, part: str, kind: str, weight: Weight) -> str:
        table: Mapping[str, str] = self.names.parts if kind else self.names.top
        found = table.get(f"{kind} {part}", table.get(part))
        word = _WORDS.get(weight.name, weight.name)
        return f"{part.replace('/', '.') if found is None else found}.{word}"

    def _of(self, row: Row, weight: Weight, name: str) -> Expected:
        return Expected(name, _kept(weight, self.names.turned, row), row.path, weight.name)


def _kind(stack: str, names: Names) -> str | None:
    """Which stack of layers a part of a path names, without its number."""
    return next((kind for kind in names.layer if stack.partition("_")[0] == kind and
                 (stack == kind or stack.rpartition("_")[2].isdigit())), None)  # fmt: skip


def _place(path: str) -> int:
    """Where in a period a block stands."""
    block = path.split("/")[1]
    return int(block[6:]) if block.startswith("block_") else 0


def _kept(weight: Weight, turned: bool, row: Row) -> tuple[int, ...]:
    """A shape as a checkpoint has it: two axes for a kernel, and those of torch's convolutions."""
    sizes = tuple(int(n) for n in weight.shape)
    layer: Any = row.layer
    if weight.role != "kernel":
        return sizes if weight.role in ("embedding",) or weight.name == "A_log" else _flat(sizes)
    kind = type(layer).__name__
    if kind == "DepthwiseConv1D":
        return (sizes[1], sizes[2], sizes[0])
    if kind == "Conv1D":
        return (sizes[2], sizes[1], sizes[0])
    made = weight.outputs or 1
    into, out = prod(sizes[:-made]), prod(sizes[-made:])
    return (out, into) if turned else (into, out)


def _flat(sizes: tuple[int, ...]) -> tuple[int, ...]:
    return (prod(sizes),)
