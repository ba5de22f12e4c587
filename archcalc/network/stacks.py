"""Recurrent layers one on the other, with the states of all in one tensor, as torch has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, field_validator

from archcalc.layers.base import Layer
from archcalc.layers.fields import Size
from archcalc.layers.regularization import Dropout
from archcalc.layers.states import TakesStates, check_states, same_state
from archcalc.network.base import Network
from archcalc.network.fields import Block
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref, chain
from archcalc.network.repeat import Repeat, V
from archcalc.network.sequential import Sequential
from archcalc.network.tracer import Scope, Tracer, Value
from archcalc.network.wrappers import Bidirectional
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["RecurrentStack"]


class RecurrentStack(TakesStates, Network):
    """A recurrent layer several times over, each on the sequence that the one before gives.

    It takes a sequence, and maybe the first state of each kind: one tensor ``(num_layers·ways, u)``
    for all layers, those of both ways of a layer one after the other.  The last states then come
    out in the same form, as of torch's ``LSTM``, ``GRU`` and ``RNN``.

    Args:
        layer: an LSTM, GRU or SimpleRNN that gives its sequence, or `Bidirectional` around one.
        num_layers: how many there are; a number or a symbol.
        dropout: the part of what goes from layer to layer that is dropped while training.

    >>> from archcalc.layers import GRU
    >>> stack = RecurrentStack(GRU(3, return_sequences=True), 2)
    >>> stack.output_shapes(Shape((4, 5)), Shape((2, 3)))
    ((4, 3), (2, 3))
    >>> stack.trace((4, 5), (2, 3)).parameters, stack.trace((4, 5)).parameters
    (162, 162)
    >>> RecurrentStack(GRU("u", return_sequences=True), "L").trace(("t", "u"), ("L", "u")).outputs
    ((t, u), (L, u))
    """

    layer: Block
    num_layers: Size
    dropout: float = Field(default=0.0, ge=0, le=1)

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    stands_open: ClassVar[bool] = True
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html"

    @field_validator("layer", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)

    @field_validator("layer")
    @classmethod
    def _gives_sequences(cls, value: Any) -> Any:
        one = value.layer if isinstance(value, Bidirectional) else value
        if not getattr(one, "return_sequences", False) or not isinstance(one, TakesStates):
            raise InvalidLayerError(
                f"{type(one).__name__} gives no sequence to the next layer",
                code="not-recurrent",
                hint="give an LSTM, GRU or SimpleRNN with return_sequences=True",
            )
        return value

    @property
    def ways(self) -> int:
        """How many directions the sequence is taken in."""
        return 2 if isinstance(self.layer, Bidirectional) else 1

    @cached_property
    def segments(self) -> tuple[Repeat, ...]:
        """All layers; or those after which something is dropped, and the last."""
        if not self.dropout or self.num_layers == 1:
            return (Repeat(self.layer, self.num_layers),)
        dropped = Repeat([self.layer, Dropout(self.dropout)], lower(self.num_layers - 1))
        return dropped, Repeat(self.layer.model_copy(), 1)

    @cached_property
    def _graph(self) -> Graph:
        first, *others = self.segments
        return chain([first, *(last.block for last in others)]) if others else first.graph()

    def graph(self) -> Graph:
        return self._graph

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs[:1])
        check_states(self, inputs[1:], [self._states(inputs[0])])

    def _states(self, x: Shape) -> list[Shape]:
        """The shapes of the states of all layers."""
        one = self.layer.layer if isinstance(self.layer, Bidirectional) else self.layer
        rows = product((self.num_layers, self.ways))
        return [Shape((rows, *state.shape)) for state in one.state(x)]

    def needs(self, *inputs: Shape) -> tuple[Requirement, ...]:
        pairs = zip(inputs[1:], self._states(inputs[0]), strict=False)
        return tuple(needed for given, kept in pairs for needed in same_state(given, kept))

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """One layer after the other, each with its part of the states."""
        x, *states = values
        if not states and len(self.segments) == 1:
            return self.segments[0].follow(tracer, values, at)
        if not states:
            return super().follow(tracer, values, at)
        tracer.require(self.needs(*(value.shape for value in values)), at)
        parts = [state._replace(shape=state.shape.replace(0, self.ways)) for state in states]
        made: tuple[Value, ...] = (x,)
        for node, segment in zip(self._places(), self.segments, strict=True):
            place = at.under(node) if node else at
            made = _Fed.of(segment, len(states)).follow(tracer, (made[0], *parts), place)
        rows = product((self.num_layers, self.ways))
        return made[0], *(last._replace(shape=last.shape.replace(0, rows)) for last in made[1:])

    def copies(self) -> Iterator[tuple[str, Layer, Sequence[Layer], tuple[int, int]]]:
        """Where each layer stands, the layer, what comes after it, and what its copy is told by."""
        for node, segment in zip(self._places(), self.segments, strict=True):
            block = segment.block
            layer, *after = block.layers if isinstance(block, Sequential) else (block,)
            for number in range(int(segment.times)):
                place = f"{node}/{number}".lstrip("/")
                yield place, layer, after, (id(segment), number)

    def _places(self) -> list[str]:
        """Where the segments stand: under names where there are two, the last at once."""
        return ["repeat", ""] if len(self.segments) > 1 else [""]


class _Fed(Repeat, abstract=True):
    """Layers of which each takes the sequence of the one before, and states of its own."""

    _of: Repeat | None = PrivateAttr(None)
    _states: int = PrivateAttr(0)

    @classmethod
    def of(cls, segment: Repeat, states: int) -> _Fed:
        """The same layers, fed with so many states."""
        made = cls(segment.block, segment.times)
        made._of, made._states = segment, states
        return made

    @property
    def place_mark(self) -> int:
        return id(self._of)

    @cached_property
    def _graph(self) -> Graph:
        layer, *after = self.block.layers if isinstance(self.block, Sequential) else (self.block,)
        inputs = tuple(Ref(INPUT, i) for i in range(1 + self._states))
        calls = [(layer, inputs), *((part, (Ref(0),)) for part in after)]
        states = (Ref(0, 1 + i) for i in range(self._states))
        return Graph.of(len(inputs), calls, (Ref(len(calls) - 1), *states))

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        x, *states = values
        return super().follow(tracer, (x, *states, *states), at)

    def _one(
        self, tracer: Tracer, values: Sequence[Value], at: Scope, number: Dim
    ) -> tuple[Value, ...]:
        return super()._one(tracer, values[: 1 + self._states], at, number)

    def _fed_back(self, values: Sequence[Value]) -> Sequence[Value]:
        return values[:1]

    def _results(self, values: Sequence[Value]) -> Sequence[Value]:
        return values[0], *values[1 + self._states :]

    @staticmethod
    def carried(values: Sequence[V], made: Sequence[V]) -> tuple[V, ...]:
        """The sequence goes on; the states that come in are the same, and the last come out."""
        y, *last = made
        return y, *values[1 : 1 + len(last)], *last
