"""Equal blocks that follow one another: where they are, and what goes from one to the next.

A block is one call or several.  Blocks are equal where their layers are, but for the names, and
where each takes from the one before it what that took from the one before; what else they take is
the same for all.  Nothing of a block is used elsewhere, but what goes on to the next.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
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
        every = everything(network)
        self._holding = {id(x) for x in every if x.tied or next(held(x), None) is not None}
        self._uses = _counted([network])
        self._forms: dict[int, list[list[object]]] = {}
        self._keys: dict[int, tuple[int, int]] = {}

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
        calls = _Calls(graph, [self._key(node.layer) for node in graph.nodes])
        chosen: list[Run] = []
        for period in range(1, min(len(graph.nodes) // 2, _LONGEST) + 1):
            found = list(self._with_period(calls, period))
            for run in sorted(found, key=lambda r: (len(r.carried), -r.times, r.start)):
                if not any(_is_part(run, other) for other in chosen):
                    chosen.append(run)
        return chosen

    def _with_period(self, calls: _Calls, period: int) -> Iterator[Run]:
        """The runs of blocks of one length; those that overlap begin at different nodes of one."""
        alike, steady = calls.alike(period), calls.steady(period)
        reached = [0] * period
        for start in range(len(calls.graph.nodes) - 2 * period + 1):
            if alike[start] < period or start < reached[start % period]:
                continue
            links = _links(calls.graph, start, period)
            if links is None:
                continue
            carried, constant = links
            most = 2 + min(alike[start + period], steady[start + period]) // period
            times = calls.unused_outside(start, period, most, {b for _, b in carried})
            if times < 2 or not _is_regular(calls.graph, start, period, times, dict(carried)):
                continue
            shared = self._shared(calls.graph, start, period, times)
            if shared is not None:
                reached[start % period] = start + period * times
                yield Run(start, period, times, carried, constant, shared)

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
            inside.update(_counted(layer for layer in copy if id(layer) in self._holding))
            if any(self._uses[key] != count for key, count in inside.items() if key in self._uses):
                return None
        return shared

    def _key(self, layer: Layer) -> tuple[int, int]:
        """The same for layers that are equal but for their names."""
        if id(layer) not in self._keys:
            form = form_of(layer, without=("name",))
            kind = hash((type(layer), len(form)))
            known = self._forms.setdefault(kind, [])
            if form not in known:
                known.append(form)
            self._keys[id(layer)] = kind, known.index(form)
        return self._keys[id(layer)]


class _Calls:
    """The calls of a graph, and how each is like the one that stands a number of calls on."""

    def __init__(self, graph: Graph, keys: Sequence[object]) -> None:
        self.graph = graph
        self._keys = keys
        self._users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, node in enumerate(graph.nodes):
            for ref in node.inputs:
                self._users[ref.node].append((ref.output, number))
        for ref in graph.outputs:
            self._users[ref.node].append((ref.output, len(graph.nodes)))

    def alike(self, period: int) -> list[int]:
        """From each call on, how many are of a layer like the one `period` calls on."""
        keys = self._keys
        return _stretches([a == b for a, b in zip(keys, keys[period:], strict=False)])

    def steady(self, period: int) -> list[int]:
        """From each call on, how many take what the one `period` calls on takes, as far on."""
        nodes = self.graph.nodes
        return _stretches(
            [
                _goes_on(a.inputs, b.inputs, period)
                for a, b in zip(nodes, nodes[period:], strict=False)
            ]
        )

    def unused_outside(self, start: int, period: int, times: int, given: set[Ref]) -> int:
        """How many blocks there are until one is used outside, but for what the last gives."""
        end = start + period * times
        for block in range(times):
            fewest = times
            for node in range(start + block * period, start + (block + 1) * period):
                for output, user in self._users.get(node, ()):
                    if user >= end:
                        goes_on = Ref(node - block * period, output) in given
                        fewest = min(fewest, block + goes_on)
            if fewest < times or block == times - 1:
                return fewest
        return times


def _goes_on(before: tuple[Ref, ...], now: tuple[Ref, ...], period: int) -> bool:
    pairs = zip(before, now, strict=False)
    return len(before) == len(now) and all(b in (a, _moved(a, period)) for a, b in pairs)


def _stretches(holds: list[bool]) -> list[int]:
    """From each place on, how many hold one after the other; one more place at the end."""
    lengths = [0] * (len(holds) + 1)
    for i in range(len(holds) - 1, -1, -1):
        lengths[i] = lengths[i + 1] + 1 if holds[i] else 0
    return lengths


def _is_part(run: Run, other: Run) -> bool:
    """Whether a run is another one at other places, or its blocks are several of the other's."""
    if run.period == other.period:
        return _overlap(run, other)
    inside = other.start <= run.start and run.end <= other.end
    return inside and run.period % other.period == 0


def _overlap(a: Run, b: Run) -> bool:
    return a.start < b.end and b.start < a.end


def _counted(layers: Iterable[Layer]) -> Counter[int]:
    """How often each layer stands below some, as a part or as the owner of a weight."""
    found = Counter[int]()
    every = {id(part): part for layer in layers for part in everything(layer)}
    for part in every.values():
        found.update(id(inner) for inner in held(part))
        found.update(id(tie.owner) for tie in part.tied)
    return found


Links = tuple[tuple[tuple[Ref, Ref], ...], tuple[Ref, ...]]


def _links(graph: Graph, start: int, period: int) -> Links | None:
    """What goes from the first block to the second, and what goes into both; ``None`` where the
    second takes something else."""
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
            elif not start <= b.node < start + period or carried.setdefault(a, b) != b:
                return None
    if not carried or set(carried) & set(constant) or len(set(carried.values())) < len(carried):
        return None
    return tuple(carried.items()), tuple(dict.fromkeys(constant))


def _is_regular(graph: Graph, start: int, period: int, times: int, carried: dict[Ref, Ref]) -> bool:
    """Whether every block from the third on takes what the first does, so many blocks on."""
    for i in range(period):
        first = graph.nodes[start + i].inputs
        for number in range(2, times):
            wanted = tuple(
                _moved(a, number * period)
                if a.node >= start
                else _moved(carried[a], (number - 1) * period)
                if a in carried
                else a
                for a in first
            )
            if graph.nodes[start + number * period + i].inputs != wanted:
                return False
    return True


def _moved(ref: Ref, by: int) -> Ref:
    return Ref(ref.node + by, ref.output)
