"""Every tensor that a checkpoint of a network has: name and shape, from the rows of a trace.

A kernel is kept as torch keeps it, ``(out, in)``, with the heads of its axes joined; kernels of
experts either one by one, as most files that are released have them, or stacked in one tensor, as
transformers 5 keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.huggingface.names import names_of
from archcalc.frameworks.huggingface.naming import Names
from archcalc.frameworks.huggingface.reading import Reading
from archcalc.layers.facts import Weight
from archcalc.network.tracer import Row

__all__ = ["Expected", "Layout", "expected_tensors"]

Layout: TypeAlias = Literal["released", "transformers", "gguf"]
"""As files have them that were released; as transformers 5 has them, which stacks the kernels of
the experts of a layer in one tensor; or as a ``.gguf`` is made of them, with each kind of kernel of
the experts of a layer in one tensor, and all kernels as ``(out, in)``."""

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


def expected_tensors(reading: Reading, layout: Layout = "released") -> list[Expected]:
    """The tensors of a model, each once.

    >>> from archcalc.frameworks.huggingface.reading import read_config
    >>> tensors = expected_tensors(read_config({"model_type": "llama", "num_hidden_layers": 1}))
    >>> tensors[1].name, tensors[1].shape
    ('model.layers.0.input_layernorm.weight', (4096,))
    """
    names = names_of(reading.type).of(reading.arguments)
    if reading.head == "none":
        names = replace(names, base="")
    if layout == "gguf":
        names = replace(names, turned=True, experts=names.experts or "mlp.experts.{e}")
    rows = [row for row in reading.network().trace().rows if row.weights]
    found = _Walk(names, layout, rows).tensors()
    if layout == "transformers":
        return list(found)
    return [replace(tensor, name=_released(tensor.name, names)) for tensor in found]


def _released(name: str, names: Names) -> str:
    for pattern, words in names.released.items():
        name = re.sub(pattern, words, name)
    return name


class _Walk:
    """The rows of a trace, and where the layers of each stack begin."""

    def __init__(self, names: Names, layout: Layout, rows: list[Row]) -> None:
        self.names, self.rows, self.layout = names, rows, layout
        self.stacked = layout == "transformers" or not names.experts
        self.periods: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        for row in rows:
            stack = row.path.split("/")[0]
            if _kind(stack, names) is not None:
                self.periods[stack] = max(self.periods.get(stack, 1), _place(row.path) + 1)
                owned = [loop for loop in row.loops[:1] if loop.kind == "copies"]
                self.counts[stack] = int(owned[0].count) if owned else 1

    def before(self, stack: str, kind: str, copy: int, place: int) -> str:
        """What stands before the parts of a layer, by its stack, copy and place in a period."""
        alike = [name for name in self.periods if _kind(name, self.names) == kind]
        run = alike.index(stack)
        first = sum(self.periods[name] * self.counts[name] for name in alike[:run])
        number = first + copy * self.periods[stack] + place
        return self.names.base + self.names.layer[kind].format(i=number, s=run, b=place)

    def tensors(self) -> Iterator[Expected]:
        for row in self.rows:
            stack, *rest = row.path.split("/")
            kind = _kind(stack, self.names)
            if kind is None:
                yield from self._outside(row)
                continue
            part = "/".join(rest[1:])
            for copy in range(self.counts[stack]):
                before = self.before(stack, kind, copy, _place(row.path))
                yield from self._in_layer(row, kind, part, before)

    def _outside(self, row: Row) -> Iterator[Expected]:
        for weight in row.weights:
            head = _looked_up(self.names.heads, row.path, weight)
            name = head or self.names.base + (
                _looked_up(self.names.top, row.path, weight) or _named(row.path, weight)
            )
            yield from self._of(row, weight, name, row.path, turned=True)

    def _in_layer(self, row: Row, kind: str, part: str, before: str) -> Iterator[Expected]:
        _, found, own = part.partition("experts/expert/")
        for weight in row.weights:
            if not found:
                parts = self.names.parts
                name = _looked_up(parts, f"{kind} {part}", weight) or _looked_up(
                    parts, part, weight
                )
                yield from self._of(row, weight, f"{before}.{name or _named(part, weight)}", part)
            elif self.stacked:
                yield from self._stacked(row, weight, own, before)
            elif self.layout == "gguf":
                home = self.names.experts.replace(".{e}", "")
                name = f"{before}.{home}.{self.names.each.get(own, own)}.{_WORDS[weight.name]}"
                shape = (int(row.loops[-1].count), *_kept(weight, True, row))
                yield Expected(name, shape, row.path, weight.name)
            else:
                each = self.names.each.get(own, own)
                for e in range(int(row.loops[-1].count)):
                    place = self.names.experts.format(e=e)
                    name = f"{before}.{place}.{each}.{_WORDS[weight.name]}"
                    yield from self._of(row, weight, name, part)

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

    def _of(
        self, row: Row, weight: Weight, name: str, part: str, *, turned: bool = False
    ) -> Iterator[Expected]:
        """One tensor, or one for each head; what is in no layer is always kept as ``(out, in)``."""
        shape = _kept(weight, turned or self.names.turned, row)
        leading = self.names.leading.get(part, self.names.leading.get(f"{part}.{weight.name}", 0))
        if "{h}" in name and self.layout == "gguf":
            yield Expected(name.replace(".norms.{h}", ""), shape, row.path, weight.name)
        elif "{h}" in name:
            for head in range(shape[0]):
                yield Expected(name.format(h=head), shape[1:], row.path, weight.name)
        else:
            yield Expected(name, (1,) * leading + shape, row.path, weight.name)


def _looked_up(table: Mapping[str, str], part: str, weight: Weight) -> str | None:
    """The whole name of a weight, if the table has its part."""
    whole = table.get(f"{part}.{weight.name}")
    found = table.get(part)
    return whole or (None if found is None else _named(found, weight))


def _named(part: str, weight: Weight) -> str:
    return f"{part.replace('/', '.')}.{_WORDS.get(weight.name, weight.name)}"


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
    if weight.role == "free":  # the axis of positions, between heads and features, is of length 1
        return sizes if len(sizes) < 3 else (sizes[0], sizes[-1])
    if weight.role != "kernel":
        return sizes if weight.role == "embedding" else (prod(sizes),)
    kind = type(layer).__name__
    if kind == "DepthwiseConv1D":
        return (sizes[1], sizes[2], sizes[0])
    if kind in ("Conv1D", "Conv2D"):
        return (sizes[-1], sizes[-2], *sizes[:-2])
    made = weight.outputs or 1
    into, out = prod(sizes[:-made]), prod(sizes[-made:])
    return (out, into) if turned else (into, out)
