"""What feeds what: the one representation that every network is followed through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archcalc.layers.base import Layer
from archcalc.network.naming import named
from archcalc.symbolic.errors import LookupFailedError, quoted

__all__ = ["INPUT", "Graph", "Node", "Ref", "chain"]

INPUT = -1
"""The number of the node that stands for the inputs of the graph."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One output of one node."""

    node: int
    output: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A layer called once."""

    name: str
    layer: Layer
    inputs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, each after those that feed it, and what comes out."""

    arity: int
    nodes: tuple[Node, ...]
    outputs: tuple[Ref, ...]

    @staticmethod
    def of(
        arity: int, calls: Sequence[tuple[Layer, tuple[Ref, ...]]], outputs: tuple[Ref, ...]
    ) -> Graph:
        """A graph of layers and what feeds each; the names are made up here."""
        names = named(layer for layer, _ in calls)
        nodes = [Node(n, layer, refs) for n, (layer, refs) in zip(names, calls, strict=True)]
        return Graph(arity, tuple(nodes), outputs)

    def with_layers(self, layers: Iterable[Layer]) -> Graph:
        """The same with other layers in the places of those of the same names.

        Raises:
            LookupFailedError: there is no layer of such a name.
        """
        named = {layer.name: layer for layer in layers}
        there = [node.name for node in self.nodes]
        for name in named:
            if name not in there:
                raise LookupFailedError(
                    f"there is no layer {quoted(name, 60)} to stand in the place of",
                    hint=f"there are {', '.join(there)}",
                )
        nodes = tuple(replace(node, layer=named.get(node.name, node.layer)) for node in self.nodes)
        return replace(self, nodes=nodes)


def chain(layers: Sequence[Layer]) -> Graph:
    """Layers one after the other.

    >>> from archcalc.layers import Dense, Flatten
    >>> [node.name for node in chain([Flatten(), Dense(10)]).nodes]
    ['flatten', 'dense']
    """
    calls = [(layer, (Ref(i - 1) if i else Ref(INPUT),)) for i, layer in enumerate(layers)]
    return Graph.of(1, calls, (Ref(len(calls) - 1) if calls else Ref(INPUT),))
