"""Equal blocks in a row as one that is repeated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.forms import is_chain, is_model, is_plain_chain
from archcalc.network.generalizing.runs import Run, Runs
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.model import Model
from archcalc.network.repeat import Repeat
from archcalc.network.sequential import Sequential
from archcalc.network.tensor import Input, Tensor, called
from archcalc.network.transform import Transform
from archcalc.symbolic.dims import Dim

__all__ = ["Folding", "folded", "lengths"]


def lengths(network: Network) -> list[int]:
    """How many equal blocks follow one another, wherever some do in a network."""
    runs = Runs(network)
    nets = [part for part in everything(network) if is_model(part) or is_plain_chain(part)]
    return [run.times for net in nets for run in runs.every(net.graph())]


def folded(network: Network) -> Network:
    """`network` with a `Repeat` in the place of equal blocks that follow one another.

    Totals and shapes are the same; what is not equal stays as it is.

    >>> from archcalc.layers import Dense
    >>> net = Sequential([Dense(8), Dense(8), Dense(8), Dense(2)], input_shape=8)
    >>> folded(net).trace().parameters == net.trace().parameters, len(folded(net).trace())
    (True, 2)
    """
    made: Network = Folding(network, lambda times: times).layer(network)
    return made


class Folding(Transform):
    """Puts a `Repeat` in the place of equal blocks.

    Args:
        network: the whole.
        times: what stands for a number of blocks: itself, or a symbol; ``None`` where blocks of
            that number stay as they are.
    """

    def __init__(self, network: Network, times: Callable[[int], Dim | None]) -> None:
        super().__init__()
        self._runs = Runs(network)
        self._times = times
        self.folded: list[tuple[Dim, int]] = []

    def _wanted(self, times: int) -> bool:
        return self._times(times) is not None

    def _repeated(self, block: Layer, run: Run, graph: Graph) -> Repeat:
        times = self._times(run.times) or run.times
        self.folded.append((times, run.times))
        return Repeat(block, times, shared=run.shared, name=_name(run, graph, times))

    def _fields(self, layer: Layer) -> Layer:
        if not is_chain(layer) or not is_plain_chain(layer):
            return super()._fields(layer)
        graph = layer.graph()
        runs = self._runs.of(graph, self._wanted)
        if not runs:
            return super()._fields(layer)
        layers: list[Layer] = []
        done = 0
        for run in runs:
            layers.extend(self._between(layer.layers[done : run.start]))
            block = self._between(layer.layers[run.start : run.start + run.period])
            whole = block[0] if len(block) == 1 else Sequential(block)
            layers.append(self._repeated(whole, run, graph))
            done = run.end
        layers.extend(self._between(layer.layers[done:]))
        fields = {n: getattr(layer, n) for n in type(layer).model_fields}
        return type(layer)(**{**fields, "layers": layers})

    def _between(self, layers: Sequence[Layer]) -> list[Layer]:
        return [made for layer in layers for made in self.instead(layer)]

    def _model(self, model: Model) -> Model:
        graph = model.graph()
        runs = self._runs.of(graph, self._wanted)
        if not runs:
            return super()._model(model)
        inputs = tuple(Input(x.shape, x.name) for x in model.inputs)
        made: dict[Ref, Tensor] = {Ref(INPUT, i): tensor for i, tensor in enumerate(inputs)}
        starts = {run.start: run for run in runs}
        number = 0
        while number < len(graph.nodes):
            run = starts.get(number)
            if run is not None:
                self._folded(graph, run, made)
                number = run.end
                continue
            node = graph.nodes[number]
            tensors = called(self.layer(node.layer), tuple(made[ref] for ref in node.inputs))
            made.update({Ref(number, i): tensor for i, tensor in enumerate(tensors)})
            number += 1
        fields = {n: getattr(model, n) for n in type(model).model_fields}
        outputs = tuple(made[ref] for ref in graph.outputs)
        return type(model)(**{**fields, "inputs": inputs, "outputs": outputs})

    def _folded(self, graph: Graph, run: Run, made: dict[Ref, Tensor]) -> None:
        """One `Repeat` called in the place of a run."""
        taken = (*(a for a, _ in run.carried), *run.constant)
        given = tuple(b for _, b in run.carried)
        block = self._first(graph.nodes, run, taken, given, made)
        repeat = self._repeated(block, run, graph)
        tensors = called(repeat, tuple(made[ref] for ref in taken))
        last = (run.times - 1) * run.period
        for ref, tensor in zip(given, tensors, strict=True):
            made[Ref(ref.node + last, ref.output)] = tensor

    def _first(
        self,
        nodes: Sequence[Any],
        run: Run,
        taken: tuple[Ref, ...],
        given: tuple[Ref, ...],
        made: dict[Ref, Tensor],
    ) -> Layer:
        """The first block: its one layer, where that takes and gives just this; or a model."""
        first = nodes[run.start]
        outputs = tuple(Ref(run.start, i) for i in range(len(given)))
        if run.period == 1 and first.inputs == taken and given == outputs:
            layer: Layer = self.layer(first.layer)
            alone = len(layer.output_shapes(*(made[ref].shape for ref in taken)))
            if alone == len(given):
                return layer.model_copy(update={"name": "block"}) if layer.name else layer
        inputs = tuple(Input(made[ref].shape) for ref in taken)
        inside: dict[Ref, Tensor] = dict(zip(taken, inputs, strict=True))
        for number in range(run.start, run.start + run.period):
            node = nodes[number]
            tensors = called(self.layer(node.layer), tuple(inside[ref] for ref in node.inputs))
            inside.update({Ref(number, i): tensor for i, tensor in enumerate(tensors)})
        return Model(inputs, [inside[ref] for ref in given], name="block")


def _name(run: Run, graph: Graph, times: Dim) -> str | None:
    """What names have in common before their numbers: ``"h"`` of ``h_0``, ``h_1``, …; or the
    numbers themselves, ``"1-2"`` of ``1`` and ``2``, as torch writes them."""
    if run.period > 1:
        return None
    names = [node.name for node in graph.nodes[run.start : run.end]]
    if isinstance(times, int) and all(name.isdecimal() for name in names):
        return f"{names[0]}-{names[-1]}"
    stems = {re.sub(r"[._]*\d*$", "", name) for name in names}
    stem = stems.pop() if len(stems) == 1 else ""
    others = (node.name for node in (*graph.nodes[: run.start], *graph.nodes[run.end :]))
    taken = any(re.sub(r"[._]*\d*$", "", name) == stem for name in others)
    return None if taken or not stem else stem
