"""Equal blocks that follow one another: where they are, and what goes from one to the next.

A block is one call or several.  Blocks are equal where their layers are, but for the names, and
where each takes from the one before it what that took from the one before; what else they take is
the same for all.  Nothing of a block is used elsewhere, but what goes on to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.code import everything, form_of, held
from archcalc.network.graph import Graph, Ref

__all__ = ["Run", "Runs"]

_LONGEST = 64
"""Calls in one block."""


@dataclass(frozen=True, slots=True)
class Run:
    """Equal blocks in a graph.

    Attributes:
        start: the first node.
        period: how many nodes are one block.
        times: how many blocks there are.
        carried: what the first takes in the place of what the one before gives, with that: a node
            of the first block.
        constant: what every one of them takes.
        shared: whether they are the same layers, with the same weights.
    """

    start: int
    period: int
    times: int
    carried: tuple[tuple[Ref, Ref], ...]
    constant: tuple[Ref, ...]
    shared: bool

    @property
    def end(self) -> int:
        """The node after the last."""
        return self.start + self.period * self.times


class Runs:
    """The runs in the graphs of one network.

    Args:
        network: the whole, in which nothing of a run may be used elsewhere.
    """

    def __init__(self, network: Network) -> None:
        self._uses = _uses(network)
        self._forms: list[list[object]] = []
        self._keys: dict[int, int] = {}

    def of(self, graph: Graph, wanted: Callable[[int], bool] = lambda times: True) -> list[Run]:
        """The runs of a graph, one after the other, that are wanted by how many blocks they have.

        Of those that overlap the one is taken in which the fewest values go on, and of these that
        with the shortest blocks, and the first.
        """
        found = [run for run in self.every(graph) if wanted(run.times)]
        chosen: list[Run] = []
        for run in sorted(found, key=lambda r: (len(r.carried), r.period, r.start)):
            if not any(_overlap(run, other) for other in chosen):
                chosen.append(run)
        return sorted(chosen, key=lambda r: r.start)

    def every(self, graph: Graph) -> list[Run]:
        """The runs of a graph that are part of no longer one, and whose blocks are no runs."""
        keys = [self._key(node.layer) for node in graph.nodes]
        chosen: list[Run] = []
        for period in range(1, min(len(keys) // 2, _LONGEST) + 1):
            found = list(self._with_period(graph, keys, period))
            for run in sorted(found, key=lambda r: (len(r.carried), -r.times, r.start)):
                if not any(_overlap(run, other) and period % other.period == 0 for other in chosen):
                    chosen.append(run)
        return chosen

    def _with_period(self, graph: Graph, keys: list[int], period: int) -> Iterator[Run]:
        """The runs of blocks of one length; those that overlap begin at different nodes of one."""
        reached = [0] * period
        for start in range(len(keys) - 2 * period + 1):
            if keys[start] != keys[start + period] or start < reached[start % period]:
                continue
            run = self._run(graph, keys, start, period)
            if run is not None:
                reached[start % period] = run.end
                yield run

    def _run(self, graph: Graph, keys: list[int], start: int, period: int) -> Run | None:
        """The longest run that starts here, if nothing but what goes on is used after it."""
        times = 1
        while keys[start + times * period : start + (times + 1) * period] == keys[
            start : start + period
        ] and self._continues(graph, start, period, times):
            times += 1
        while times >= 2:
            links = _links(graph, start, period, times)
            shared = self._shared(graph, start, period, times)
            if links is not None and shared is not None:
                carried, constant = links
                return Run(start, period, times, carried, constant, shared)
            times -= 1
        return None

    def _continues(self, graph: Graph, start: int, period: int, times: int) -> bool:
        """Whether block number `times` takes what the one before it took, one block on."""
        if times < 2:
            return _links(graph, start, period, 2, after=False) is not None
        at = start + times * period
        for i in range(period):
            before, now = graph.nodes[at - period + i].inputs, graph.nodes[at + i].inputs
            if len(before) != len(now) or any(
                b not in (a, _moved(a, period)) or (b == a and a.node >= start)
                for a, b in zip(before, now, strict=True)
            ):
                return False
        return _links(graph, start, period, times + 1, after=False) is not None

    def _shared(self, graph: Graph, start: int, period: int, times: int) -> bool | None:
        """Whether the blocks are one; ``None`` where they share a part of it, or others do."""
        copies = [
            [graph.nodes[start + j * period + i].layer for i in range(period)] for j in range(times)
        ]
        shared = all(
            all(a is b for a, b in zip(copy, copies[0], strict=True)) for copy in copies[1:]
        )
        for copy in copies[:1] if shared else copies:
            inside = Counter[int]()
            for layer in copy:
                inside[id(layer)] += times if shared else 1
            _count(inside, list({id(layer): layer for layer in copy}.values()))
            if any(self._uses[key] != count for key, count in inside.items() if key in self._uses):
                return None
        return shared

    def _key(self, layer: Layer) -> int:
        if id(layer) not in self._keys:
            form = form_of(layer, without=("name",))
            number = next((i for i, known in enumerate(self._forms) if known == form), None)
            if number is None:
                number = len(self._forms)
                self._forms.append(form)
            self._keys[id(layer)] = number
        return self._keys[id(layer)]


def _overlap(a: Run, b: Run) -> bool:
    return a.start < b.end and b.start < a.end


def _uses(network: Network) -> Counter[int]:
    """How often each layer stands somewhere, as a part or as the owner of a weight."""
    found = Counter[int]()
    _count(found, [network])
    return found


def _count(found: Counter[int], layers: list[Layer]) -> None:
    every: dict[int, Layer] = {}
    for layer in layers:
        every.update({id(part): part for part in everything(layer)})
    for part in every.values():
        found.update(id(inner) for inner in held(part))
        found.update(id(tie.owner) for tie in part.tied)


Links = tuple[tuple[tuple[Ref, Ref], ...], tuple[Ref, ...]]


def _links(graph: Graph, start: int, period: int, times: int, after: bool = True) -> Links | None:
    """What goes from block to block, and what goes into all; ``None`` where that is not the same.

    Args:
        graph: the graph.
        start: the first node of the first block.
        period: the nodes of one block.
        times: how many blocks there are.
        after: whether nothing else may be used after the last.
    """
    carried: dict[Ref, Ref] = {}
    constant: list[Ref] = []
    for i in range(period):
        first, second = graph.nodes[start + i].inputs, graph.nodes[start + period + i].inputs
        if len(first) != len(second):
            return None
        for a, b in zip(first, second, strict=True):
            if a.node >= start:
                if b != _moved(a, period):
                    return None
            elif a == b:
                constant.append(a)
            elif start <= b.node < start + period:
                if carried.setdefault(a, b) != b:
                    return None
            else:
                return None
    if not carried or set(carried) & set(constant) or len(set(carried.values())) < len(carried):
        return None
    for j in range(2, times):
        for i in range(period):
            first = graph.nodes[start + i].inputs
            now = graph.nodes[start + j * period + i].inputs
            if len(first) != len(now):
                return None
            for a, b in zip(first, now, strict=True):
                if b != _expected(a, carried, start, period, j):
                    return None
    end = start + times * period
    given = {_moved(b, (times - 1) * period) for b in carried.values()}
    used = {ref for node in graph.nodes[end:] for ref in node.inputs} | set(graph.outputs)
    if after and any(start <= ref.node < end and ref not in given for ref in used):
        return None
    return tuple(carried.items()), tuple(dict.fromkeys(constant))


def _expected(a: Ref, carried: dict[Ref, Ref], start: int, period: int, number: int) -> Ref:
    """What stands in block `number` where the first takes `a`."""
    if a.node >= start:
        return _moved(a, number * period)
    return _moved(carried[a], (number - 1) * period) if a in carried else a


def _moved(ref: Ref, by: int) -> Ref:
    return Ref(ref.node + by, ref.output)
