"""Layers around a layer: once a step, in both directions, or over time.

Each is a network of what it holds, so that a derivation shows what is inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from archcalc.costs.loops import Loop
from archcalc.layers.adapters import LoRA
from archcalc.layers.base import Layer
from archcalc.layers.facts import State
from archcalc.layers.fields import option
from archcalc.layers.kept import EVERY, OVER_TIME
from archcalc.layers.merging import Add, Average, Concatenate, Multiply
from archcalc.layers.states import TakesStates, check_states, in_layers, same_state
from archcalc.network.base import Network, followed
from archcalc.network.fields import Block, Layers, OptionalBlock
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref, chain
from archcalc.network.naming import name_of
from archcalc.network.sequential import Sequential
from archcalc.network.tracer import Round, Scope, Tracer, Value
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.shape import Shape

__all__ = ["RNN", "Bidirectional", "StackedRNNCells", "TimeDistributed", "Wrapper"]


class _Holding(Network, abstract=True):
    """A network around one layer, which is its first field."""

    built_with: ClassVar[tuple[str, ...]] = EVERY
    arity: ClassVar[tuple[int, int | None]] = (1, 1)

    def held(self) -> Layer:
        """The layer inside."""
        found: Layer = getattr(self, next(iter(_own_fields(type(self)))))
        return found

    def inside(self, x: Shape, *states: Shape) -> tuple[Shape, ...]:
        """The shape that the layer inside gets; no weight depends on the states."""
        return (x,)

    @cached_property
    def _graph(self) -> Graph:
        return chain([self.held()])

    def graph(self) -> Graph:
        return self._graph


def _own_fields(cls: type[Layer]) -> list[str]:
    return [name for name in cls.model_fields if name not in Layer.model_fields]


class _PerStep(_Holding, abstract=True):
    """What it holds is called at every position along the first axes, with the same weights."""

    def leading(self) -> int:
        """How many axes hold the positions."""
        return 1

    per_step: ClassVar[bool] = True

    def inside(self, x: Shape, *states: Shape) -> tuple[Shape, ...]:
        axes = self.leading()
        if len(x) <= axes:
            first = "first axis is time" if axes == 1 else f"first {axes} axes hold the steps"
            raise ShapeError(
                f"{type(self).__name__} takes steps of features, at least {axes + 1} axes, not "
                f"{x!r}",
                code="wrong-number-of-axes",
                hint=f"the {first}; is a Reshape missing?",
            )
        return (Shape(x[axes:]),)

    def step(
        self, tracer: Tracer, value: Value, at: Scope, states: Sequence[Value] = ()
    ) -> tuple[Value, ...]:
        """What one step gives, at each of them."""
        (x,) = self.inside(value.shape)
        (node,) = self.graph().nodes
        inner, rounds = at.under(node.name), at.rounds
        for count in value.shape[: self.leading()]:
            rounds = (*rounds, Round(self.taken(), len(tracer.rows), count))
            inner = inner.inside(Loop.steps(count))
        fed = [value._replace(shape=x), *states]
        return followed(node.layer, tracer, fed, inner._replace(rounds=rounds))

    def taken(self) -> str:
        """How the steps are taken: side by side, or one after the other."""
        return "steps"


class Wrapper(_Holding):
    """Nothing around a layer: it gives what the layer gives, and has its weights.

    >>> from archcalc.layers import Dense
    >>> Wrapper(Dense(10)).output_shape(Shape((784,)))
    (10,)
    """

    layer: Block

    source: ClassVar[str] = "https://keras.io/api/layers/base_layer/"

    @field_validator("layer", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)


class TimeDistributed(_PerStep):
    """A layer or network at every step, with the same weights: ``(t, …)`` to ``(t, …)``.

    The work is done once a step; the weights are there once.  So a layer of so many axes acts
    position by position on more of them: frames, windows, heads, which code folds into the batch.

    Args:
        layer: what is called at every position along the first axes.
        axes: how many axes hold positions; Keras has one, and several as one in another.

    >>> from archcalc.layers import Conv2D
    >>> TimeDistributed(Conv2D(64, 3)).output_shape(Shape((10, 128, 128, 3)))
    (10, 126, 126, 64)
    >>> TimeDistributed(Conv2D(64, 3)).trace((10, 128, 128, 3)).parameters
    1792

    Attention within the 7×7 windows of a Swin transformer:

    >>> from archcalc.layers import MultiHeadAttention
    >>> windows = TimeDistributed(MultiHeadAttention(3, 32), axes=2)
    >>> windows.output_shape(Shape((8, 8, 49, 96)))
    (8, 8, 49, 96)
    """

    layer: Block
    axes: int = Field(default=1, ge=1, kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/time_distributed/"

    @field_validator("layer", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)

    def leading(self) -> int:
        return self.axes

    def nested(self) -> TimeDistributed:
        """The same with one axis in each of several, one in the other, as Keras has it."""
        if self.axes == 1:
            return self
        inner = TimeDistributed(self.layer, axes=self.axes - 1, trainable=self.trainable)
        return self.model_copy(update={"layer": inner, "axes": 1})

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        (value,) = values
        steps = value.shape[: self.axes]
        made = self.step(tracer, value, at)
        return tuple(out._replace(shape=Shape((*steps, *out.shape))) for out in made)


class StackedRNNCells(TakesStates, Network):
    """Cells one on the other: each step of one is the input of the next.

    Args:
        cells: the cells, in order.

    >>> from archcalc.layers import LSTMCell
    >>> StackedRNNCells([LSTMCell(128), LSTMCell(64)]).output_shape(Shape((32,)))
    (64,)
    """

    cells: Layers

    built_with: ClassVar[tuple[str, ...]] = EVERY
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/stacked_rnn_cell/"

    @field_validator("cells", mode="before")
    @classmethod
    def _as_cells(cls, value: Any) -> Any:
        cells = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not cells or not all(isinstance(cell, Layer) for cell in cells):
            raise InvalidLayerError(
                "cells are layers, at least one", code="not-a-layer", hint="LSTMCell(32), …"
            )
        return cells

    def inside(self, x: Shape, *states: Shape) -> tuple[Shape, ...]:
        """The shape that the first cell gets; a cell takes its input's length as it comes."""
        return (x,)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs[:1])
        if len(inputs) > 1:
            check_states(self, inputs[1:], [[s.shape for s in self.state(inputs[0])]])

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """One cell after the other, each with its own of the states."""
        x, *states = values
        made: tuple[Value, ...] = (x,)
        for node in self.graph().nodes:
            mine = len(node.layer.state(made[0].shape)) if states else 0
            made = followed(node.layer, tracer, (made[0], *states[:mine]), at.under(node.name))
            states = states[mine:]
        return made

    @cached_property
    def _graph(self) -> Graph:
        return chain(self.cells)

    def graph(self) -> Graph:
        return self._graph


class RNN(TakesStates, _PerStep):
    """A cell over time: ``(t, n_in)`` to what the cell gives at the last step, or at every.

    `LSTM` is this around `LSTMCell`, `GRU` around `GRUCell`, and `SimpleRNN` around
    `SimpleRNNCell`.

    Args:
        cell: a cell, or several, which become `StackedRNNCells`; a cell of one's own is a layer of
            one step.
        return_sequences: whether the output of every step comes out, or the last only.
        return_state: whether the last states come out as well.
        go_backwards: whether the steps are taken from the last to the first.

    >>> from archcalc.layers import LSTMCell
    >>> RNN(LSTMCell(128)).output_shape(Shape((10, 128)))
    (128,)
    >>> RNN(LSTMCell(128)).trace((10, 128)).parameters
    131584
    """

    cell: Block
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *OVER_TIME, "zero_output_for_mask")
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/rnn/"

    @field_validator("cell", mode="before")
    @classmethod
    def _as_cell(cls, value: Any) -> Any:
        return StackedRNNCells(value) if isinstance(value, list | tuple) else value

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        """What the cell keeps, from one of the steps to the next."""
        x = inputs[0]
        kept = self.cell.state(*self.inside(x))
        if not kept:
            raise InvalidLayerError(
                f"{type(self.cell).__name__} does not say which state it keeps",
                code="no-states",
                hint="define state(self, x), a tuple of State: what it keeps from step to step",
            )
        return tuple(replace(state, steps=x[0]) for state in kept)

    def taken(self) -> str:
        return "backwards" if self.go_backwards else "recurrent"

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs[:1])
        if len(inputs) > 1:
            check_states(self, inputs[1:], [[s.shape for s in self.state(*inputs)]])

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        value, *states = values
        out, *_ = self.step(tracer, value, at, states)
        y = Shape((value.shape[0], *out.shape)) if self.return_sequences else out.shape
        kept = [s.shape for s in self.state(value.shape)] if self.return_state else []
        return tuple(out._replace(shape=shape) for shape in (y, *kept))


_WAYS = 2

_MERGES = {"concat": Concatenate, "sum": Add, "mul": Multiply, "ave": Average}


class Bidirectional(TakesStates, _Holding):
    """A recurrent layer from the first step to the last, and another from the last to the first.

    Args:
        layer: the recurrent layer; the other is one like it, with weights of its own.
        merge_mode: how the two are joined: ``"concat"``, ``"sum"``, ``"mul"``, ``"ave"``, or
            ``None`` for two outputs.
        backward_layer: the other layer, where it is not one like the first.

    Source: Schuster and Paliwal, *Bidirectional Recurrent Neural Networks* (1997).

    >>> from archcalc.layers import GRU
    >>> Bidirectional(GRU(32)).output_shape(Shape((10, 16)))
    (64,)
    >>> Bidirectional(GRU(32)).trace(("t", 16)).parameters
    9600
    >>> Bidirectional(GRU(32, reset_after=False)).trace(("t", 16)).parameters
    9408
    """

    layer: Block
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = "concat"
    backward_layer: OptionalBlock = option(default=None, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "weights")
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/bidirectional/"

    @field_validator("layer", "backward_layer", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return None if value is None else as_layer(value)

    @field_validator("layer", "backward_layer")
    @classmethod
    def _goes_both_ways(cls, value: Any) -> Any:
        if isinstance(value, Sequential) and len(value.layers) == 1:  # a list of one, in a file
            value = value.layers[0]
        if value is not None and "go_backwards" not in type(_over_time(value)).model_fields:
            raise InvalidLayerError(
                f"{type(value).__name__} does not run over time",
                code="not-recurrent",
                hint="give an LSTM, GRU, SimpleRNN, ConvLSTM or RNN",
            )
        return value

    @cached_property
    def _graph(self) -> Graph:
        first: Any = self.layer
        other: Any = self.backward_layer or _turned(first)
        calls: list[tuple[Layer, tuple[Ref, ...]]] = [
            (_named(first, "forward"), (Ref(INPUT),)),
            (_named(other, "backward"), (Ref(INPUT),)),
        ]
        ends: tuple[Ref, ...] = (Ref(0), Ref(1))
        if self.merge_mode is not None:
            calls.append((_MERGES[self.merge_mode](), ends))
            ends = (Ref(2),)
        return Graph.of(1, calls, ends)

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """Each way after the other; behind the outputs come the states that the two give."""
        forward, backward, *merge = self.graph().nodes
        x, *states = values
        layers = in_layers([state.shape for state in states])
        ways = [
            followed(way.layer, tracer, (x, *mine), at.under(way.name))
            for way, mine in zip((forward, backward), self._parted(tracer, states, at), strict=True)
        ]
        ends = tuple(made[0] for made in ways)
        for node in merge:
            ends = followed(node.layer, tracer, ends, at.under(node.name))
        if not layers:
            return (*ends, *(value for made in ways for value in made[1:]))
        for number, both in enumerate(zip(*(made[1:] for made in ways), strict=True)):
            place = at.under(f"states_{number}" if number else "states")  # torch has both in one
            ends = (*ends, *followed(Concatenate(1), tracer, both, place))
        return ends

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs[:1])
        if len(inputs) > 1:
            kept = [state.shape for state in self.layer.state(inputs[0])]
            layers = [Shape((_WAYS, *shape)) for shape in kept]
            check_states(self, inputs[1:], [[*kept, *kept], layers])

    def _parted(self, tracer: Tracer, states: Sequence[Value], at: Scope) -> list[Sequence[Value]]:
        """The states of each way: Keras has those of one after those of the other."""
        half = len(states) // _WAYS
        if not in_layers([state.shape for state in states]):
            return [states[:half], states[half:]]
        for state in states:
            tracer.require(same_state(state.shape, state.shape.replace(0, _WAYS)), at)
        one = [state._replace(shape=state.shape.replace(0, 1)) for state in states]
        return [one, one]

    def origin(self, layer: Layer) -> Layer:
        forward, backward = (node.layer for node in self.graph().nodes[:2])
        if layer is backward and self.backward_layer is not None:
            return self.backward_layer
        return self.layer if layer is forward else layer

    def copied_from(self, layer: Layer) -> Layer | None:
        copied = self.backward_layer is None and layer is self.graph().nodes[1].layer
        return self.layer if copied else None


def _over_time(layer: Layer) -> Layer:
    """What runs over time: the layer, or the one that has its adapters around it."""
    return layer.layer if isinstance(layer, LoRA) else layer


def _turned(layer: Any) -> Any:
    """One like it, that takes the steps the other way; what it holds has weights of its own."""
    if isinstance(layer, LoRA):
        return layer.model_copy(update={"layer": _turned(layer.layer)})
    return layer.model_copy(update={"go_backwards": not layer.go_backwards}, deep=True)


def _named(layer: Layer, way: str) -> Layer:
    name = f"{way}_{name_of(layer)}"
    return layer.model_copy(update={"name": name})
