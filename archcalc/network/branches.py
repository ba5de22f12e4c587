"""Branches side by side, and what joins them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.layers.fields import option
from archcalc.layers.merging import Add, Concatenate
from archcalc.network.base import Network
from archcalc.network.fields import Block, Blocks, OptionalBlock
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.sequential import Sequential
from archcalc.symbolic.errors import InvalidLayerError, quoted

__all__ = ["Parallel", "Residual"]


class Residual(Network):
    """A body and a shortcut around it, added: ``body(x) + shortcut(x)``.

    Args:
        body: a layer, a network, or a list of layers.
        shortcut: what stands on the other branch; ``None`` is the identity.

    >>> from archcalc.layers import Conv2D
    >>> Residual([Conv2D("c", 3, padding="same")]).trace(("h", "w", "c")).output
    (h, w, c)
    """

    body: Block
    shortcut: OptionalBlock = option(default=None)

    source: ClassVar[str] = "https://arxiv.org/abs/1512.03385 (equations 1 and 2)"

    @field_validator("body", "shortcut", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return None if value is None else as_layer(value)

    @cached_property
    def _graph(self) -> Graph:
        calls: list[tuple[Layer, tuple[Ref, ...]]] = []
        branches = [_append(calls, branch) for branch in (self.body, self.shortcut)]
        calls.append((Add(), tuple(branches)))
        return Graph.of(1, calls, (Ref(len(calls) - 1),))

    def graph(self) -> Graph:
        return self._graph


class Parallel(Network):
    """Branches that all take the input, and a layer that joins what they give.

    Args:
        branches: layers, networks, or lists of layers; an empty list gives the input as it is.
        merge: what joins them; ``None`` puts them one after the other along the channels.

    Source: the blocks of Szegedy et al., *Going Deeper with Convolutions* (2014), and Huang et al.,
    *Densely Connected Convolutional Networks* (2016), whose layers add to what came before:

    >>> from archcalc.layers import Conv2D
    >>> net = Parallel([[], Conv2D("g", 3, padding="same")])
    >>> from archcalc.symbolic.shape import Shape
    >>> net.output_shape(Shape((8, 8, 64))), net.trace((8, 8, 64)).parameters
    ((8, 8, g + 64), 577·g)
    """

    branches: Blocks
    merge: OptionalBlock = option(default=None)

    source: ClassVar[str] = "https://arxiv.org/abs/1409.4842 (figure 2)"

    @field_validator("branches", mode="before")
    @classmethod
    def _as_layers(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise InvalidLayerError(
                f"{quoted(value)} is not a list of branches",
                code="not-a-layer",
                hint="give at least one, such as [[], Conv2D(8, 3)]",
            )
        return tuple(_as_chain(branch) for branch in value)

    @field_validator("merge", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return None if value is None else as_layer(value)

    @cached_property
    def _graph(self) -> Graph:
        calls: list[tuple[Layer, tuple[Ref, ...]]] = []
        ends = [_append(calls, branch) for branch in self.branches]
        calls.append((self.merge or Concatenate(), tuple(ends)))
        return Graph.of(1, calls, (Ref(len(calls) - 1),))

    def graph(self) -> Graph:
        return self._graph


def _as_chain(branch: Any) -> Sequential:
    """A branch is always a chain without a name, so that it may lose every layer and be there."""
    open_ = isinstance(branch, Sequential) and branch.name is None
    return branch if open_ else Sequential(branch)


def _append(calls: list[tuple[Layer, tuple[Ref, ...]]], branch: Layer | None) -> Ref:
    """Add a branch that starts at the input to `calls`; where it ends.

    A list of layers without a name stands open, so that its paths stay short.
    """
    layers: tuple[Layer, ...] = () if branch is None else (branch,)
    if isinstance(branch, Sequential) and branch.name is None and branch.trainable:
        layers = branch.layers
    end = Ref(INPUT)
    for layer in layers:
        calls.append((layer, (end,)))
        end = Ref(len(calls) - 1)
    return end
